"""Zeek's JSON logs: the same rows as from text, whether a record names its log or only its keys tell it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify, lines
from wardround.readers.zeek import READER
from wardround.readers.zeek_names import LOGS, WEAK, marks
from wardround.schema import tables

Read = Callable[..., Any]

CONN = {
    "ts": 1517422326.539915,
    "uid": "C1",
    "id.orig_h": "10.0.0.1",
    "id.orig_p": 61843,
    "id.resp_h": "fe80::2",
    "id.resp_p": 80,
    "proto": "tcp",
    "duration": 108.985496,
    "orig_bytes": 719,
    "conn_state": "SF",
    "local_orig": True,
    "tunnel_parents": ["Ca", "Cb"],
}
DNS = {"ts": 2.25, "uid": "C2", "id.orig_h": "10.0.0.1", "query": "example.org", "rejected": False, "TTLs": [60.0, 1.5]}


def text(*records: object) -> bytes:
    return "".join(f"{json.dumps(record)}\n" for record in records).encode()


def test_values_become_typed_cells(read_bytes: Read) -> None:
    found = read_bytes(READER, text(CONN))
    assert found.diagnostics == []
    row = found.rows["conn"][0]
    assert {name: row[name] for name in CONN if name != "ts"} == {name: CONN[name] for name in CONN if name != "ts"}
    assert (row["ts"], row["ts_zone"], row["record"]) == (1517422326539915000, "utc", 1)


@pytest.mark.parametrize(
    ("ts", "zone"),
    [
        ("2018-01-31T18:12:06.539915Z", "stated"),
        ("2018-01-31T19:12:06.539915+01:00", "stated"),
        ("2018-01-31T18:12:06.539915", "assumed"),
    ],
)
def test_times_as_text(read_bytes: Read, ts: str, zone: str) -> None:
    row = read_bytes(READER, text({**CONN, "ts": ts})).rows["conn"][0]
    assert (row["ts"], row["ts_zone"]) == (1517422326539915000, zone)


def test_nested_ids_are_flattened(read_bytes: Read) -> None:
    record = {k: v for k, v in CONN.items() if not k.startswith("id.")}
    nested = {**record, "id": {k[3:]: v for k, v in CONN.items() if k.startswith("id.")}}
    assert identify(text(nested)) == ("zeek_json", READER)
    assert read_bytes(READER, text(nested)).rows == read_bytes(READER, text(CONN)).rows


def test_streams_of_several_logs(read_bytes: Read) -> None:
    named = [{**CONN, "_path": "conn", "_write_ts": "x"}, {**DNS, "_path": "dns"}, {"ts": 1, "_path": "stats", "mem": 3}]
    found = read_bytes(READER, text(*named, {**CONN, "_path": "conn"}))
    assert [row["record"] for row in found.rows["conn"]] == [1, 4]
    assert [row["record"] for row in found.rows["dns"]] == [2]
    assert found.codes() == ["ignored"]
    unnamed = read_bytes(READER, text(CONN, DNS, CONN))
    assert [row["record"] for row in unnamed.rows["conn"]] == [1, 3]
    assert [(row["record"], row["TTLs"], row["rejected"]) for row in unnamed.rows["dns"]] == [(2, [60.0, 1.5], False)]


def test_records_that_do_not_tell_their_log_are_said(read_bytes: Read) -> None:
    mixed = {"ts": 1.0, "uid": "C3", "conn_state": "SF", "rejected": True}
    found = read_bytes(READER, text(CONN, {"ts": 1.0, "uid": "C3", "proto": "tcp"}, mixed, DNS))
    assert (len(found.rows["conn"]), len(found.rows["dns"])) == (1, 1)
    assert found.diagnostics == [("unknown_log", "Records do not tell which log they are of: 2 records not read.", 2, False)]


@pytest.mark.parametrize("path", ["conn_2024", "evidence", "match", "windows_event", "suricata_alert", ""])
def test_logs_without_a_table_are_said(read_bytes: Read, path: str) -> None:
    found = read_bytes(READER, text({**CONN, "_path": path}))
    assert (found.rows, found.codes()) == ({}, ["unknown_log"])


def test_many_unknown_names_cost_one_diagnostic(read_bytes: Read) -> None:
    found = read_bytes(READER, text(*({**CONN, "_path": f"log{i}"} for i in range(500)), {**CONN, "_path": "conn"}))
    assert found.codes() == ["unknown_log"]
    assert len(found.rows["conn"]) == 1


def test_unknown_keys_and_unfit_values_are_said(read_bytes: Read) -> None:
    found = read_bytes(READER, text({**CONN, "mood": "fine", "id.orig_p": 99999, "duration": "long", "orig_bytes": None}))
    assert sorted(found.codes()) == ["bad_cell", "bad_cell", "unknown_column"]
    row = found.rows["conn"][0]
    assert (row["id.orig_p"], row["duration"], row["orig_bytes"], row["id.resp_p"]) == (None, None, None, 80)


def test_damaged_records_are_said_and_left_out(read_bytes: Read) -> None:
    data = text(CONN)[200:] + text(CONN) + b'{"ts": 1.0, "uid": \n\n[1]\n' + text(CONN)[:-1]
    found = read_bytes(READER, data)
    assert [row["record"] for row in found.rows["conn"]] == [2, 6]
    assert [(code, offset) for code, _, offset, _ in found.diagnostics] == [
        ("bad_record", 1),
        ("bad_record", 3),
        ("bad_record", 5),
    ]
    assert READER.sniff(data) == "zeek_json"


def test_spans_and_blocks_change_nothing(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    data = text(*({**CONN, "uid": f"C{i}", "service": "x" * (i % 70)} for i in range(200)))
    whole = read_bytes(READER, data)
    monkeypatch.setattr(lines, "SPAN_BYTES", 3000)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1000)
    parts = read_bytes(READER, data)
    assert parts.spans > 10
    assert (parts.rows, parts.diagnostics) == (whole.rows, [])


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"ts": 1},
        {"timestamp": "x", "event_type": "dns"},
        {"ts": 1, "msg": "hello"},
        {"uid": "C1", "id.orig_h": "x"},
        [1],
        5,
    ],
)
def test_other_json_is_not_taken_for_zeek(record: object) -> None:
    assert READER.sniff(text(record)) is None


def test_sip_is_not_taken_for_http(read_bytes: Read) -> None:
    common = {"ts": 1.0, "uid": "C4", "request_body_len": 0, "status_code": 200}
    sip, http = {**common, "call_id": "a@b"}, {**common, "host": "pacs"}
    found = read_bytes(READER, text(sip, http))
    assert (found.rows["sip"][0]["call_id"], found.rows["http"][0]["host"]) == ("a@b", "pacs")
    assert read_bytes(READER, text(sip)).rows.keys() == {"sip"}


def test_telling_columns_belong_to_one_log_only() -> None:
    for column, log in marks().items():
        assert tables()[log].column(column) is not None or column == "assigned_ip", (column, log)
        others = {name for name, table in LOGS.items() if table.column(column) is not None}
        assert others <= {log} or log == WEAK, column


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_logs_never_break_the_reader(read_bytes: Read, data: st.DataObject) -> None:
    damaged = bytearray(text(CONN, {**DNS, "_path": "dns"}, {**CONN, "service": "caf\u00e9"}, DNS))
    for _ in range(data.draw(st.integers(0, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    # The first line stays, so that the evidence is read as JSON.
    try:
        found = read_bytes(READER, text(CONN) + bytes(damaged[:cut]))
    except ReaderError:
        return
    assert found.rows["conn"][0]["uid"] == "C1"


@pytest.mark.corpus
def test_zeeks_own_logs_as_json_give_the_same_rows(corpora: Path, read_bytes: Read) -> None:
    compared = 0
    for path in sorted((corpora / "zeek" / "expected").rglob("*.log")):
        data = path.read_bytes().replace(b"XXXXXXXXXX.XXXXXX", b"1700000000.123456")
        for name, rows in read_bytes(READER, data).rows.items():
            times = {c.name for c in tables()[name].columns if c.kind == "time"}
            bare = [{k: v for k, v in row.items() if k not in {"ts_zone", "evidence_id", "record"}} for row in rows]
            # JSON as Zeek writes it: no unset fields, seconds with six decimals.
            records = [{k: v / 10**9 if k in times else v for k, v in row.items() if v is not None} for row in bare]
            again = read_bytes(READER, text(*({**record, "_path": name} for record in records)))
            assert again.diagnostics == [], path
            for row, expected in zip(again.rows[name], bare, strict=True):
                wanted = {k: None if v == [] else v for k, v in expected.items()}
                assert {k: row[k] for k in wanted} == wanted, path
                compared += 1
    assert compared > 500
