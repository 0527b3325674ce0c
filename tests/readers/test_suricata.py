"""EVE events of every kind land in the table of their protocol, in Zeek's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify, json_records, lines
from wardround.readers.suricata import READER
from wardround.readers.suricata_events import EVENTS

from .eve_events import CASES, COMMON, DNS_SHAPES, TS, dns, event, flow, text

Read = Callable[..., Any]


def only_row(found: Any, table: str) -> dict[str, Any]:
    assert found.diagnostics == []
    (row,) = found.rows[table]
    return dict(row)


@pytest.mark.parametrize(("kind", "more", "table", "wanted"), CASES, ids=[f"{case[0]}-{case[2]}" for case in CASES])
def test_each_kind_of_event(read_bytes: Read, kind: str, more: dict[str, Any], table: str, wanted: dict[str, Any]) -> None:
    row = only_row(read_bytes(READER, text(event(kind, **more))), table)
    assert {name: row[name] for name in wanted} == wanted
    assert (row["ts_zone"], row["record"]) == ("stated", 1)
    assert row["ts"] == wanted.get("ts", TS)
    if "uid" in row:
        assert row["uid"] == "S1567838537225881"
    if "id.orig_h" in row and "id.orig_h" not in wanted:
        assert (row["id.resp_h"], row["id.resp_p"]) == (COMMON["dest_ip"], COMMON["dest_port"]) or kind == "dhcp"


def test_every_kind_is_tested() -> None:
    tested = {case[0] for case in CASES} | {"dns", "flow", "rdp"}
    assert set(EVENTS) - tested == {"http2", "ikev2", "ldap"}  # the same mappings as http and ike; ldap below


def test_ldap(read_bytes: Read) -> None:
    request = {"operation": "bind_request", "message_id": 1, "bind_request": {"version": 3, "name": "cn=a"}}
    answer = {"operation": "bind_response", "message_id": 1, "bind_response": {"result_code": "success", "message": ""}}
    row = only_row(read_bytes(READER, text(event("ldap", ldap={"request": request, "responses": [answer]}))), "ldap")
    assert (row["opcode"], row["object"], row["result"], row["version"]) == ("bind_request", "cn=a", "success", 3)


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (flow("02", "00", 3, 0), "S0"),
        (flow("03", "00", 2, 0), "SH"),
        (flow("06", "00", 2, 0), "RSTOS0"),
        (flow("02", "14", 1, 1), "REJ"),
        (flow("1a", "1a"), "S1"),
        (flow("1b", "1b"), "SF"),
        (flow("1b", "1a"), "S2"),
        (flow("1a", "1b"), "S3"),
        (flow("1e", "1b"), "RSTO"),
        (flow("1b", "1e"), "RSTR"),
        (flow("18", "18"), "OTH"),
        (flow("", "", 2, 2, "UDP"), "SF"),
        (flow("", "", 2, 0, "UDP"), "S0"),
        (flow("", "", 0, 2, "UDP"), "SHR"),
        (flow("zz", "", 2, 2), "SF"),
    ],
)
def test_states_of_connections(read_bytes: Read, record: dict[str, Any], state: str) -> None:
    row = only_row(read_bytes(READER, text(record)), "conn")
    assert row["conn_state"] == state
    assert (row["ts"], row["duration"], row["service"]) == (1704161045000000000, 2.25, "ssl")
    assert (row["orig_bytes"], row["orig_pkts"], row["history"]) == (None, record["flow"]["pkts_toserver"], None)
    assert row["orig_ip_bytes"] == 60 * record["flow"]["pkts_toserver"]


@pytest.mark.parametrize("shape", DNS_SHAPES)
def test_query_and_answer_are_one_row(read_bytes: Read, shape: str) -> None:
    row = only_row(read_bytes(READER, text(*DNS_SHAPES[shape])), "dns")
    assert (row["query"], row["qtype_name"], row["trans_id"], row["rtt"]) == ("a.b", "A", 9, 1.0)
    assert row["answers"] == ["c.b", "10.1.1.1"]
    assert (row["rcode_name"], row["rcode"], row["RD"], row["RA"], row["AA"], row["TC"]) == (
        "NOERROR",
        0,
        True,
        True,
        False,
        False,
    )
    assert (row["record"], row["qtype"]) == (1, 1)


def test_the_oldest_shape_has_an_event_per_answer(read_bytes: Read) -> None:
    query = dns(1, type="query", id=9, rrname="a.b", rrtype="A")
    parts = [dns(2, type="answer", id=9, rrname="a.b", rrtype="A", rcode="NOERROR", ttl=n, rdata=f"10.0.0.{n}") for n in (1, 2)]
    row = only_row(read_bytes(READER, text(query, *parts)), "dns")
    assert (row["answers"], row["TTLs"], row["AA"]) == (["10.0.0.1", "10.0.0.2"], [1.0, 2.0], None)


def test_equal_queries_stay_apart(read_bytes: Read) -> None:
    query, answer = DNS_SHAPES["v2"]
    alone = [
        dns(5, 8, type="query", id=1, rrname="x"),
        dns(6, 9, type="answer", id=1, rrname="y", rcode="NXDOMAIN", flags="8183"),
    ]
    found = read_bytes(READER, text(query, query, answer, answer, *alone))
    assert [(r["query"], r["record"], r["rcode_name"]) for r in found.rows["dns"]] == [
        ("a.b", 1, "NOERROR"),
        ("a.b", 2, "NOERROR"),
        ("x", 5, None),
        ("y", 6, "NXDOMAIN"),
    ]


def test_the_parts_of_a_remote_desktop_connection_are_one_row(read_bytes: Read) -> None:
    parts = [
        {"tx_id": 0, "event_type": "initial_request", "cookie": "mstshash=scan"},
        {"tx_id": 1, "event_type": "initial_response", "protocol": "hybrid"},
        {
            "tx_id": 2,
            "event_type": "connect_request",
            "client": {
                "client_name": "WS1",
                "desktop_width": 1024,
                "color_depth": 24,
                "keyboard_layout": "fr-FR",
                "build": "Windows 10",
            },
            "channels": ["rdpdr", "MS_T120"],
        },
    ]
    found = read_bytes(READER, text(*(event("rdp", rdp=part) for part in parts), event("rdp", flow_id=2, rdp=parts[0])))
    first, second = found.rows["rdp"]
    assert (first["cookie"], first["security_protocol"], first["client_name"]) == ("mstshash=scan", "HYBRID", "WS1")
    assert (first["client_channels"], first["requested_color_depth"], first["record"]) == (["rdpdr", "MS_T120"], "24bit", 1)
    assert (second["uid"], second["client_name"], second["record"]) == ("S2", None, 4)


def test_packets_to_the_client_are_turned_round(read_bytes: Read) -> None:
    alert = {"signature_id": 1, "signature": "x"}
    directed = only_row(read_bytes(READER, text(event("alert", direction="to_client", alert=alert))), "suricata_alert")
    assert (directed["id.orig_h"], directed["id.orig_p"]) == ("10.0.0.9", 443)
    assert (directed["id.resp_h"], directed["id.resp_p"]) == ("10.0.0.5", 50000)
    ends = {"src_ip": "10.0.0.9", "dest_ip": "10.0.0.5", "src_port": 443, "dest_port": 50000}
    of_flow = only_row(read_bytes(READER, text(event("alert", flow=ends, alert=alert))), "suricata_alert")
    assert (of_flow["id.orig_h"], of_flow["id.resp_p"]) == ("10.0.0.9", 50000)


def test_icmp_has_type_and_code_as_ports(read_bytes: Read) -> None:
    record = {k: v for k, v in flow("", "", 1, 1, "ICMP").items() if k not in {"src_port", "dest_port"}}
    row = only_row(read_bytes(READER, text({**record, "icmp_type": 8, "icmp_code": 0})), "conn")
    assert (row["proto"], row["id.orig_p"], row["id.resp_p"]) == ("icmp", 8, 0)


def test_what_has_no_table_is_counted(read_bytes: Read) -> None:
    odd = [event("mqtt", mqtt={}), event("mqtt", mqtt={}), event("nfs", nfs={})]
    found = read_bytes(READER, text(event("stats", stats={"uptime": 1}), *odd, {**COMMON, "event_type": None}))
    assert found.rows == {}
    assert [(code, offset, recovered) for code, _, offset, recovered in found.diagnostics] == [
        ("ignored", 1, True),
        ("unknown_event", 2, False),
        ("unknown_event", 5, False),
    ]
    assert "mqtt (2), nfs (1)" in found.diagnostics[1][1]


def test_values_that_do_not_fit_are_null_and_said(read_bytes: Read) -> None:
    found = read_bytes(READER, text({**event("http", http={"status": "odd"}), "src_port": -3, "timestamp": "yesterday"}))
    row = found.rows["http"][0]
    assert (row["ts"], row["ts_zone"], row["id.orig_p"], row["status_code"]) == (None, "none", None, None)
    assert found.codes() == ["bad_cell", "bad_cell", "bad_cell"]


def test_an_array_of_events(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event("http", http={"hostname": f"h{i}", "url": '}{"['}) for i in range(50)]
    data = json.dumps(events, indent=1).encode()
    assert identify(data) == ("suricata_eve", READER)
    monkeypatch.setattr(json_records, "BLOCK_BYTES", 700)
    found = read_bytes(READER, data)
    assert found.diagnostics == []
    assert [(r["host"], r["record"]) for r in found.rows["http"]] == [(f"h{i}", i + 1) for i in range(50)]


def test_an_endless_record_ends_an_array(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_records, "BLOCK_BYTES", 100)
    monkeypatch.setattr(json_records, "LINE_BYTES", 1000)
    events = [event("http", http={"hostname": "h"}), event("http", http={"hostname": "x" * 5000})]
    found = read_bytes(READER, json.dumps(events).encode())
    assert (len(found.rows["http"]), found.diagnostics[0][0], found.diagnostics[0][3]) == (1, "record_too_long", False)


def test_spans_change_nothing(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    data = text(*(event("http", http={"hostname": "h" * (i % 50)}) for i in range(200)))
    whole = read_bytes(READER, data)
    monkeypatch.setattr(lines, "SPAN_BYTES", 5000)
    parts = read_bytes(READER, data)
    assert parts.spans > 5
    assert (parts.rows, parts.diagnostics) == (whole.rows, [])


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"event_type": "x"}', b'{"timestamp": 1, "EventID": 4}', b"event_type timestamp flow_id"]
)
def test_other_evidence_is_not_taken_for_eve(data: bytes) -> None:
    assert READER.sniff(data) is None


SAMPLES = text(*DNS_SHAPES["v2"], *(event(kind, **more) for kind, more, *_ in CASES), flow("1b", "1b"))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_logs_never_break_the_reader(read_bytes: Read, data: st.DataObject) -> None:
    damaged = bytearray(SAMPLES)
    for _ in range(data.draw(st.integers(0, 20))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    start = data.draw(st.integers(0, len(damaged)))
    try:
        found = read_bytes(READER, bytes(damaged[start:]))
    except ReaderError:
        return
    assert all(row["record"] >= 1 for rows in found.rows.values() for row in rows)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["hash", "answers", "rdata", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_values_of_any_shape_never_break_the_reader(read_bytes: Read, case: tuple[Any, ...], data: st.DataObject) -> None:
    kind, more, *_ = case
    record = event(kind, **json.loads(json.dumps(more)))
    part = record[kind] if isinstance(record.get(kind), dict) and data.draw(st.booleans()) else record
    name = data.draw(st.sampled_from(sorted(set(part) - {"event_type"})))
    part[name] = data.draw(JSON_VALUES)
    found = read_bytes(READER, text(record, event("http", http={"hostname": "after"})))
    assert any(row["host"] == "after" for row in found.rows["http"])


@pytest.mark.corpus
def test_collected_events_are_read_without_loss(corpora: Path, read_bytes: Read) -> None:
    paths = sorted((corpora / "evidence" / "suricata_eve").iterdir())
    assert paths
    for path in paths:
        events = [json.loads(line) for line in path.read_bytes().splitlines() if line]
        found = read_bytes(READER, path.read_bytes())
        assert set(found.codes()) <= {"ignored"}, path
        for kind, table in {
            "alert": "suricata_alert",
            "flow": "conn",
            "http": "http",
            "fileinfo": "files",
            "tls": "ssl",
        }.items():
            assert len(found.rows.get(table, [])) == sum(e["event_type"] == kind for e in events), (path, kind)
        queries = sum(e["event_type"] == "dns" and e["dns"]["type"] == "query" for e in events)
        assert len(found.rows.get("dns", [])) == queries, path
        for row in found.rows["suricata_alert"]:
            wanted = events[row["record"] - 1]
            assert row["signature"] == wanted["alert"]["signature"]
            assert row["signature_id"] == wanted["alert"]["signature_id"]
            assert (row["id.orig_h"], row["id.resp_p"]) == (wanted["src_ip"], wanted["dest_port"])
