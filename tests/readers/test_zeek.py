"""Zeek's text logs: every cell comes back, whatever happened to the file is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify, lines
from wardround.readers.zeek import READER
from wardround.schema import tables

Read = Callable[..., Any]

HEADER = b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"


def log(path: str, fields: str, *rows: str) -> bytes:
    body = "".join(f"{row}\n" for row in rows)
    return HEADER + f"#path\t{path}\n#fields\t{fields}\n".replace(" ", "\t").encode() + body.encode()


CONN = log(
    "conn",
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes local_orig tunnel_parents",
    "1521911721.258458\tCaaaaaaaaaaaaaaaa1\t10.0.0.1\t50000\t10.0.0.2\t445\ttcp\tgssapi,smb\t0.447460\t601\tT\t(empty)",
    "1521911722.000001\tCaaaaaaaaaaaaaaaa2\tfe80::1\t50001\tff02::fb\t5353\tudp\t-\t-\t-\tF\tCx,Cy",
)


def test_cells_become_typed_values(read_bytes: Read) -> None:
    found = read_bytes(READER, CONN)
    assert found.diagnostics == []
    first, second = found.rows["conn"]
    assert first["ts"] == 1521911721258458000
    assert first["ts_zone"] == "utc"
    assert first["record"] == 7
    assert second["record"] == 8
    assert (first["id.orig_h"], first["id.orig_p"]) == ("10.0.0.1", 50000)
    assert (first["service"], first["duration"], first["orig_bytes"]) == ("gssapi,smb", 0.44746, 601)
    assert (first["local_orig"], second["local_orig"]) == (True, False)
    assert (first["tunnel_parents"], second["tunnel_parents"]) == ([], ["Cx", "Cy"])
    assert second["id.resp_h"] == "ff02::fb"
    assert (second["service"], second["duration"], second["orig_bytes"]) == (None, None, None)
    assert first["community_id"] is None


@pytest.mark.parametrize(
    ("cell", "nanoseconds"),
    [
        ("0.000000", 0),
        ("1700000000.123456789", 1700000000123456789),
        ("1700000000.1234567899", 1700000000123456789),
        ("1700000000", 1700000000000000000),
        ("1700000000.5", 1700000000500000000),
        ("-1.500000", -1500000000),
        ("9007199254.740993", 9007199254740993000),
        ("253402300799.000000", 2**63 - 1),
    ],
)
def test_times_lose_nothing(read_bytes: Read, cell: str, nanoseconds: int) -> None:
    found = read_bytes(READER, log("x509", "ts certificate.not_valid_after", f"1.0\t{cell}"))
    assert found.rows["x509"][0]["certificate.not_valid_after"] == nanoseconds


@pytest.mark.parametrize("cell", ["", "x", "1.2.3", "1e9", ".", "0x10", "1 "])
def test_what_is_no_time_is_null_and_said(read_bytes: Read, cell: str) -> None:
    found = read_bytes(READER, log("conn", "ts uid proto", f"{cell}\tC1\ttcp", "5.0\tC2\tudp"))
    assert [row["ts"] for row in found.rows["conn"]] == [None, 5_000_000_000]
    assert [row["ts_zone"] for row in found.rows["conn"]] == ["none", "utc"]
    assert found.codes() == ["bad_cell"]


@pytest.mark.parametrize("cell", ["1e-06", "0.000001", "12345678901234567890.5", "1e400", "0.1", "123456.7890123456"])
def test_numbers_are_rounded_correctly(read_bytes: Read, cell: str) -> None:
    found = read_bytes(READER, log("conn", "ts uid duration", f"1.0\tC1\t{cell}"))
    assert found.rows["conn"][0]["duration"] == float(cell)


@pytest.mark.parametrize(
    ("cell", "column"), [("70000", "id.orig_p"), ("-1", "id.orig_p"), ("1.5", "orig_bytes"), ("T", "orig_bytes")]
)
def test_a_cell_that_does_not_fit_is_null_and_said(read_bytes: Read, cell: str, column: str) -> None:
    found = read_bytes(READER, log("conn", f"ts uid {column} proto", f"1.0\tC1\t{cell}\ttcp"))
    assert found.rows["conn"][0][column] is None
    assert found.rows["conn"][0]["proto"] == "tcp"
    assert found.codes() == ["bad_cell"]
    assert column in found.diagnostics[0][1]


def test_escapes_are_undone(read_bytes: Read) -> None:
    cells = [r"\\\\host\\IPC$", r"caf\xc3\xa9", r"\x2d", r"\x28empty)", "(empty)", r"raw\xff", r"a\x0ab", r"end\x2"]
    found = read_bytes(READER, log("smb_mapping", "ts path", *(f"1.0\t{cell}" for cell in cells)))
    paths = [row["path"] for row in found.rows["smb_mapping"]]
    assert paths == ["\\\\host\\IPC$", "café", "-", "(empty)", "", "raw\\xff", "a\nb", "end\\x2"]


def test_raw_bytes_that_are_not_utf8_are_kept_as_escapes(read_bytes: Read) -> None:
    found = read_bytes(READER, log("http", "ts uri", "1.0\t/a").replace(b"/a", b"/\xe9\xff\xc3") + b"2.0\t/b\n")
    assert [row["uri"] for row in found.rows["http"]] == ["/\\xe9\\xff\\xc3", "/b"]


def test_elements_of_sets_are_unescaped_one_by_one(read_bytes: Read) -> None:
    found = read_bytes(READER, log("dns", "ts answers TTLs", "1.0\ta\\x2cb,(empty),-\t1.5,2,3.0", "1.0\t-\t-"))
    assert [row["answers"] for row in found.rows["dns"]] == [["a,b", "", None], None]
    assert [row["TTLs"] for row in found.rows["dns"]] == [[1.5, 2.0, 3.0], None]


def test_rotated_files_in_one_stream_have_each_their_header(read_bytes: Read) -> None:
    data = CONN + b"#close\t2018-03-24\n" + log("dns", "ts uid query", "1.0\tC9\texample.org") + CONN
    found = read_bytes(READER, data)
    assert found.diagnostics == []
    assert [row["record"] for row in found.rows["conn"]] == [7, 8, 23, 24]
    assert [(row["query"], row["record"]) for row in found.rows["dns"]] == [("example.org", 16)]


def test_another_separator(read_bytes: Read) -> None:
    data = b"#separator ;\n#set_separator;|\n#empty_field;EMPTY\n#unset_field;none\n#path;dns\n#fields;ts;query;answers\n"
    found = read_bytes(READER, data + b"1.0;a-b;c|d\n2.0;EMPTY;none\n")
    assert [(row["query"], row["answers"]) for row in found.rows["dns"]] == [("a-b", ["c", "d"]), ("", None)]


@pytest.mark.parametrize("separator", [b"", b"\\x09\\x09"])
def test_separators_that_are_not_one_byte_are_refused(read_bytes: Read, separator: bytes) -> None:
    data = CONN.replace(b"#set_separator\t,", b"#set_separator\t" + separator)
    found = read_bytes(READER, data)
    assert (found.rows, found.codes()) == ({}, ["unsupported_header"])


def test_a_lost_header_is_said_and_nothing_guessed(read_bytes: Read) -> None:
    rows = b"".join(line + b"\n" for line in CONN.splitlines() if not line.startswith(b"#"))
    assert READER.sniff(rows) == "zeek_tsv"
    found = read_bytes(READER, rows + CONN)
    assert found.codes() == ["header_lost"]
    assert not found.diagnostics[0][3]
    assert [row["record"] for row in found.rows["conn"]] == [9, 10]


def test_a_header_without_path_is_recognised_by_its_columns(read_bytes: Read) -> None:
    found = read_bytes(READER, b"#fields\tts\tuid\tconn_state\n1.0\tC1\tSF\n")
    assert found.rows["conn"][0]["conn_state"] == "SF"
    found = read_bytes(READER, b"#fields\tts\tuid\tproto\n1.0\tC1\ttcp\n")
    assert (found.rows, found.codes()) == ({}, ["unknown_log"])


@pytest.mark.parametrize("path", ["http_2024", "evidence", "match", "windows_event", "suricata_alert"])
def test_logs_without_a_table_are_said(read_bytes: Read, path: str) -> None:
    found = read_bytes(READER, log(path, "ts uid", "1.0\tC1"))
    assert (found.rows, found.codes()) == ({}, ["unknown_log"])
    assert path in found.diagnostics[0][1]


def test_the_sensors_own_logs_are_ignored(read_bytes: Read) -> None:
    found = read_bytes(READER, log("packet_filter", "ts node filter", "1.0\tzeek\tip"))
    assert (found.rows, found.codes()) == ({}, ["ignored"])


def test_columns_of_packages_are_named_and_left_out(read_bytes: Read) -> None:
    found = read_bytes(READER, log("conn", "_write_ts ts mood record uid", "1\t1.0\tfine\t99\tC1"))
    assert found.codes() == ["unknown_column"]
    assert "mood, record" in found.diagnostics[0][1]
    assert "_write_ts" not in found.diagnostics[0][1]
    assert (found.rows["conn"][0]["uid"], found.rows["conn"][0]["record"]) == ("C1", 7)


def test_old_names_find_their_columns(read_bytes: Read) -> None:
    found = read_bytes(READER, log("dhcp", "ts uid id.orig_h id.resp_h assigned_ip", "1.0\tC1\t10.0.0.9\t10.0.0.1\t10.0.0.9"))
    row = found.rows["dhcp"][0]
    assert (row["uids"], row["client_addr"], row["server_addr"], row["assigned_addr"]) == (
        ["C1"],
        "10.0.0.9",
        "10.0.0.1",
        "10.0.0.9",
    )


def test_lines_with_too_few_or_too_many_cells_are_left_out(read_bytes: Read) -> None:
    found = read_bytes(READER, log("conn", "ts uid proto", "1.0\tC1\ttcp", "1.0\tC2", "", "1.0\tC3\ttcp\tx", "2.0\tC4\tudp"))
    assert [(row["uid"], row["record"]) for row in found.rows["conn"]] == [("C1", 7), ("C4", 11)]
    assert found.diagnostics == [("bad_line", "2 lines do not have the 3 cells that the header promises.", 8, True)]


def test_carriage_returns_and_a_missing_last_newline(read_bytes: Read) -> None:
    found = read_bytes(READER, CONN.replace(b"\n", b"\r\n").rstrip())
    assert found.rows == read_bytes(READER, CONN).rows


@pytest.mark.parametrize("streamed", [False, True])
def test_spans_and_blocks_change_nothing(read_bytes: Read, monkeypatch: pytest.MonkeyPatch, streamed: bool) -> None:
    rows = [f"{i}.5\tC{i}\t10.0.0.{i % 250}\t{'x' * (i % 90)}" for i in range(300)]
    data = log("http", "ts uid id.orig_h uri", *rows[:150]) + log("ftp", "ts uid id.orig_h arg", *rows[150:])
    whole = read_bytes(READER, data)
    monkeypatch.setattr(lines, "SPAN_BYTES", 1000)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 300)
    parts = read_bytes(READER, data, streamed=streamed)
    assert (parts.spans > 10) == (not streamed)
    assert (parts.rows, parts.diagnostics) == (whole.rows, [])
    assert [len(whole.rows[name]) for name in ("http", "ftp")] == [150, 150]


def test_endless_lines_are_skipped_in_bounded_memory(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES", 1000)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 100)
    data = log("http", "ts uri", "1.0\t/a", "2.0\t/" + "x" * 5000, "3.0\t/c")
    found = read_bytes(READER, data)
    assert [(row["uri"], row["record"]) for row in found.rows["http"]] == [("/a", 7), ("/c", 9)]
    assert found.diagnostics[0][:1] + found.diagnostics[0][2:] == ("line_too_long", 8, True)


@pytest.mark.parametrize(
    "head", [b"", b"#", b"# a comment\n", b"#fieldset\n", b"ts\tuid\n", b"{}", b"\x00" * 64, b"1.000000\tx\t", b"#!/bin/sh\n"]
)
def test_other_text_is_not_taken_for_zeek(head: bytes) -> None:
    assert READER.sniff(head) is None


@pytest.mark.parametrize("before", [b"", b"### exported on Monday\n# by nobody\n"])
def test_identified_by_bytes(before: bytes) -> None:
    assert identify(before + CONN) == ("zeek_tsv", READER)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "flag": st.booleans(),
    "count": st.integers(0, 10**18 - 1),
    "port": st.integers(0, 65535),
    "seconds": st.integers(0, 10**12).map(lambda n: n / 10**6),
    "time": st.integers(0, 2**62),
    # Zeek writes a list of one unset or empty element as it writes an unset or empty list.
    "texts": st.lists(st.none() | TEXT, max_size=4).filter(lambda elements: elements not in ([None], [""])),
    "reals": st.lists(st.integers(-(10**6), 10**6).map(lambda n: n / 8), max_size=4),
}
VALUES["label"] = VALUES["address"] = VALUES["text"]
VALUES["real"] = VALUES["seconds"]
VALUES["int"] = st.integers(-(10**18) + 1, 10**18 - 1)


def zeek_text(text: str, *, within_set: bool = False) -> str:
    """A string as Zeek's ASCII writer puts it down."""
    if text == "":
        return "(empty)"
    if text in {"-", "(empty)"}:
        return f"\\x{ord(text[0]):02x}{text[1:]}"
    special = re.compile("[\x00-\x1f\x7f\\\\" + ("," if within_set else "") + "]")
    return special.sub(lambda found: "\\\\" if found[0] == "\\" else f"\\x{ord(found[0]):02x}", text)


def zeek_cell(value: Any, kind: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        parts = [zeek_text(v, within_set=True) if isinstance(v, str) else zeek_cell(v, "real") for v in value]
        return ",".join(parts) if parts else "(empty)"
    if isinstance(value, bool):
        return "T" if value else "F"
    if kind == "time":
        return f"{value // 10**9}.{value % 10**9:09d}"
    return zeek_text(value) if isinstance(value, str) else repr(value)


@pytest.mark.parametrize("name", ["conn", "dns", "http", "x509", "smtp", "notice", "pe", "ldap_search"])
def test_what_is_written_comes_back(name: str, read_bytes: Read) -> None:
    columns = [c for c in tables()[name].columns if c.name not in {"ts_zone", "evidence_id", "record"}]
    row = st.tuples(*(st.none() | VALUES[c.kind] for c in columns))

    @settings(max_examples=25, deadline=None)
    @given(st.lists(row, min_size=1, max_size=4))
    def check(rows: list[tuple[Any, ...]]) -> None:
        written = ["\t".join(zeek_cell(v, c.kind) for v, c in zip(r, columns, strict=True)) for r in rows]
        found = read_bytes(READER, log(name, " ".join(c.name for c in columns), *written))
        assert found.diagnostics == []
        assert [tuple(r[c.name] for c in columns) for r in found.rows[name]] == rows

    check()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_logs_never_break_the_reader(read_bytes: Read, data: st.DataObject) -> None:
    damaged = bytearray(CONN + log("dns", "ts query answers TTLs", "1.0\t\\xc3\\xa9\ta,b\t1.0,2.0") + CONN)
    for _ in range(data.draw(st.integers(0, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    try:
        found = read_bytes(READER, bytes(damaged[:cut]))
    except ReaderError:
        return
    assert all(row["record"] >= 1 for rows in found.rows.values() for row in rows)


def expected_value(cell: str, kind: str) -> Any:
    """A cell of a Zeek log as its own header types it, worked out the slow and obvious way."""
    if cell == "-":
        return None
    if "[" in kind:
        inner = kind.partition("[")[2].rstrip("]")
        return [] if cell == "(empty)" else [expected_value(part, inner) for part in cell.split(",")]
    if kind == "time":
        return int(Decimal(cell) * 10**9)
    if kind in {"count", "int", "port"}:
        return int(cell)
    if kind in {"interval", "double"}:
        return float(cell)
    if kind == "bool":
        return {"T": True, "F": False}[cell]
    if cell == "(empty)":
        return ""
    raw = re.sub(rb"\\(x[0-9a-f]{2}|\\)", lambda m: b"\\" if m[1] == b"\\" else bytes([int(m[1][1:], 16)]), cell.encode())
    return raw.decode("utf-8", "backslashreplace")


@pytest.mark.corpus
def test_every_cell_of_zeeks_own_logs_comes_back(corpora: Path, read_bytes: Read) -> None:
    cells = 0
    for path in sorted((corpora / "zeek" / "expected").rglob("*.log")):
        # Zeek's tests mask the time at which they ran.
        data = path.read_bytes().replace(b"XXXXXXXXXX.XXXXXX", b"1700000000.123456")
        assert READER.sniff(data[:65536]) == "zeek_tsv"
        found = read_bytes(READER, data)
        assert found.diagnostics == [], path
        header, wanted = {}, []
        for number, line in enumerate(data.decode().split("\n"), 1):
            if line.startswith("#"):
                word, *rest = line.split("\t")
                header[word] = rest
            elif line:
                values = [expected_value(c, k) for c, k in zip(line.split("\t"), header["#types"], strict=True)]
                wanted.append({**dict(zip(header["#fields"], values, strict=True)), "record": number})
        rows = found.rows[header["#path"][0]]
        assert len(rows) == len(wanted), path
        for row, expected in zip(rows, wanted, strict=True):
            assert {name: row[name] for name in expected} == expected, path
            cells += len(expected)
    assert cells > 10_000


@pytest.mark.corpus
def test_collected_logs_are_read_without_loss(corpora: Path, read_bytes: Read) -> None:
    seen = set()
    for path in sorted((corpora / "evidence" / "zeek_logs").glob("*.log")):
        data = path.read_bytes()
        kind = READER.sniff(data[:65536])
        assert kind is not None, path
        found = read_bytes(READER, data)
        wanted = sum(1 for line in data.splitlines() if line and not line.startswith(b"#"))
        if "ignored" not in found.codes():
            assert sum(map(len, found.rows.values())) == wanted, path
        assert set(found.codes()) <= {"ignored", "unknown_column"}, path
        seen.add(kind)
    assert seen == {"zeek_tsv", "zeek_json"}
