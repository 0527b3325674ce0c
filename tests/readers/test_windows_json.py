"""Every way in which tools write Windows events as JSON, and what is not one of them."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify, lines
from wardround.readers.windows_json import READER
from wardround.readers.windows_text import event_of_lines, event_of_xml

Read = Callable[..., Any]

NOON = 1_577_880_000 * 10**9  # 2020-01-01T12:00:00Z

DUMP = {
    "Event": {
        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        "System": {
            "Provider": {"#attributes": {"Name": "Service Control Manager", "Guid": "{x}"}},
            "EventID": {"#text": 7045, "#attributes": {"Qualifiers": 16384}},
            "Level": 4,
            "Keywords": "0x8080000000000000",
            "TimeCreated": {"#attributes": {"SystemTime": "2020-01-01T12:00:00.000000Z"}},
            "EventRecordID": 77,
            "Execution": {"#attributes": {"ProcessID": 4, "ThreadID": 8}},
            "Channel": "System",
            "Computer": "pacs",
            "Security": {"#attributes": {"UserID": "S-1-5-18"}},
        },
        "EventData": {"ServiceName": "PSEXESVC", "StartType": 3, "Delayed": False, "Empty": None},
    }
}
DUMPED = {
    "ts": NOON, "ts_zone": "utc", "record": 1, "Channel": "System", "Provider_Name": "Service Control Manager",
    "EventID": 7045, "Computer": "pacs", "EventRecordID": 77, "Level": 4, "Keywords": "0x8080000000000000",
    "Execution_ProcessID": 4, "Execution_ThreadID": 8, "Security_UserID": "S-1-5-18",
    "ServiceName": "PSEXESVC", "StartType": "3", "Delayed": "false",
}  # fmt: skip

SEPARATE = {
    "Event": {
        "System": {
            "Provider_attributes": {"Name": "P"},
            "EventID": 1,
            "Channel": "Security",
            "Computer": "c",
            "TimeCreated_attributes": {"SystemTime": "2020-01-01T12:00:00Z"},
            "Correlation_attributes": {"ActivityID": "{a}"},
        },
        "EventData": {"A": "b"},
    }
}
SEPARATED = {
    "ts": NOON, "ts_zone": "utc", "record": 1, "Channel": "Security", "Provider_Name": "P", "EventID": 1, "Computer": "c",
    "Correlation_ActivityID": "{a}", "A": "b",
}  # fmt: skip

WINLOGBEAT = {
    "@timestamp": "2020-01-01T12:00:00.000Z",
    "event": {"code": "4624"},
    "host": {"name": "ct1"},
    "log": {"level": "information"},
    "message": "An account was successfully logged on.",
    "winlog": {
        "channel": "Security",
        "provider_name": "Microsoft-Windows-Security-Auditing",
        "event_id": "4624",
        "computer_name": "ct1.hospital.example",
        "record_id": 5,
        "keywords": ["Audit Success", "Other"],
        "process": {"pid": 600, "thread": {"id": 7}},
        "event_data": {"LogonType": "10", "TargetUserName": "eve"},
    },
}
WINLOGBEATEN = {
    "ts": NOON, "ts_zone": "stated", "record": 1, "Channel": "Security",
    "Provider_Name": "Microsoft-Windows-Security-Auditing", "EventID": 4624, "Computer": "ct1.hospital.example",
    "EventRecordID": 5, "Level": 4, "Keywords": "Audit Success\nOther", "Execution_ProcessID": 600, "Execution_ThreadID": 7,
    "LogonType": "10", "TargetUserName": "eve",
}  # fmt: skip


def _flattened(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        flat |= _flattened(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


WINLOGBEAT_6 = {
    "@timestamp": "2020-01-01T12:00:00.000Z",
    "log_name": "Security",
    "source_name": "P",
    "event_id": 4624,
    "computer_name": "ct1",
    "record_number": "5",
    "level": "Information",
    "event_data": {"LogonType": "3"},
}
WINLOGBEATEN_6 = {
    "ts": NOON, "ts_zone": "stated", "record": 1, "Channel": "Security", "Provider_Name": "P", "EventID": 4624,
    "Computer": "ct1", "EventRecordID": 5, "Level": 4, "LogonType": "3",
}  # fmt: skip

NXLOG = {
    "EventTime": "2020-01-01 12:00:00",
    "Hostname": "ct1",
    "Keywords": -9214364837600034816,
    "EventType": "AUDIT_FAILURE",
    "SeverityValue": 4,
    "EventID": 4625,
    "SourceName": "P",
    "RecordNumber": 9,
    "Channel": "Security",
    "Message": "An account failed to log on.",
    "IpAddress": "10.0.0.9",
    "EventReceivedTime": "2020-01-01 12:00:03",
    "SourceModuleName": "in",
}
NXLOGGED = {
    "ts": NOON, "ts_zone": "assumed", "record": 1, "Channel": "Security", "Provider_Name": "P", "EventID": 4625,
    "Computer": "ct1", "EventRecordID": 9, "Level": 0, "Keywords": "-9214364837600034816",
    "Message": "An account failed to log on.", "IpAddress": "10.0.0.9",
}  # fmt: skip

DATA_SET = NXLOG | {"@timestamp": "2020-01-01T12:00:00.000Z", "@version": "1", "host": "relay", "port": 6000}

POWERSHELL = {
    "Id": 4624,
    "Version": 2,
    "Level": 0,
    "LogName": "Security",
    "ProviderName": "P",
    "RecordId": 5,
    "MachineName": "ct1",
    "UserId": {"BinaryLength": 12, "AccountDomainSid": None, "Value": "S-1-5-18"},
    "TimeCreated": "/Date(1577880000000)/",
    "Properties": [{"Value": "S-1-0-0"}, {"Value": "-"}, {"Value": 3}],
    "Message": "…",
}
POWERSHELLED = {
    "ts": NOON, "ts_zone": "stated", "record": 1, "Channel": "Security", "Provider_Name": "P", "EventID": 4624,
    "Computer": "ct1", "EventRecordID": 5, "Version": 2, "Level": 0, "Security_UserID": "S-1-5-18", "Data": "S-1-0-0\n-\n3",
}  # fmt: skip

HAYABUSA = {
    "Timestamp": "2020-01-01 13:00:00.000 +01:00",
    "RuleTitle": "Logon",
    "Level": "info",
    "Computer": "ct1",
    "Channel": "Sec",
    "EventID": 4624,
    "RecordID": 5,
    "AllFieldInfo": {"LogonType": 3},
}
HAYABUSAD = {
    "ts": NOON, "ts_zone": "stated", "record": 1, "Channel": "Security", "EventID": 4624, "Computer": "ct1",
    "EventRecordID": 5, "LogonType": "3",
}  # fmt: skip

XML = """<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='P'/>
<EventID Qualifiers='1'>7045</EventID><TimeCreated SystemTime='2020-01-01T12:00:00.000000100Z'/><EventRecordID>5</EventRecordID>
<Channel>System</Channel><Computer>ct1</Computer><Security/></System><EventData><Data Name='ServiceName'>a&amp;b</Data>
<Data>x</Data><Data>y</Data></EventData></Event>"""
SPLUNK_XML = {"preview": False, "result": {"_time": "2020-01-01 12:00:00.000 UTC", "_raw": XML}}
SPLUNKED_XML = {
    "ts": NOON + 100, "ts_zone": "utc", "record": 1, "Channel": "System", "Provider_Name": "P", "EventID": 7045,
    "Computer": "ct1", "EventRecordID": 5, "ServiceName": "a&b", "Data": "x\ny",
}  # fmt: skip

LINES = (
    "01/01/2020 12:00:00 PM\nLogName=Security\nEventCode=4625\nEventType=0\nType=Information\nComputerName=ct1\n"
    "SourceName=P\nRecordNumber=5\nMessage=An account failed to log on.\n\nSubject:\n\tSecurity ID=x"
)
SPLUNK_LINES = {"result": {"_time": "2020-01-01T12:00:00.000+00:00", "_raw": LINES}}
SPLUNKED_LINES = {
    "ts": NOON, "ts_zone": "stated", "record": 1, "Channel": "Security", "Provider_Name": "P", "EventID": 4625,
    "Computer": "ct1", "EventRecordID": 5, "Level": 4,
    "Message": "An account failed to log on.\n\nSubject:\n\tSecurity ID=x",
}  # fmt: skip

WAZUH = {
    "timestamp": "2020-01-01T12:00:03.000+0000",
    "rule": {"level": 5, "id": "60122", "groups": ["windows"]},
    "agent": {"id": "003", "name": "ct1"},
    "data": {
        "win": {
            "system": {
                "providerName": "P", "eventID": "4625", "level": "0", "systemTime": "2020-01-01T12:00:00.0000000Z",
                "eventRecordID": "5", "channel": "Security", "computer": "ct1", "processID": "600",
                "message": "An account failed to log on.",
            },
            "eventdata": {"targetUserName": "eve", "ipAddress": "10.0.0.9", "data": "x"},
        }
    },
}  # fmt: skip
WAZUHED = {
    "ts": NOON, "ts_zone": "stated", "record": 1, "Channel": "Security", "Provider_Name": "P", "EventID": 4625,
    "Computer": "ct1", "EventRecordID": 5, "Level": 0, "Execution_ProcessID": 600, "TargetUserName": "eve",
    "IpAddress": "10.0.0.9", "Data": "x",
}  # fmt: skip

VELOCIRAPTOR = {
    "System": {
        "Provider": {"Name": "P", "Guid": "x"},
        "EventID": {"Value": 4625},
        "Level": 0,
        "TimeCreated": {"SystemTime": 1577880000.5},
        "EventRecordID": 5,
        "Execution": {"ProcessID": 600, "ThreadID": 7},
        "Channel": "Security",
        "Computer": "ct1",
        "Security": {},
    },
    "EventData": {"TargetUserName": "eve", "LogonType": 3},
    "Message": "An account failed to log on.",
}
VELOCIRAPTURED = {
    "ts": NOON + 500_000_000, "ts_zone": "utc", "record": 1, "Channel": "Security", "Provider_Name": "P", "EventID": 4625,
    "Computer": "ct1", "EventRecordID": 5, "Level": 0, "Execution_ProcessID": 600, "Execution_ThreadID": 7,
    "TargetUserName": "eve", "LogonType": "3",
}  # fmt: skip

EVTXECMD = {
    "PayloadData1": "Target: eve",
    "Computer": "ct1",
    "Payload": json.dumps({"EventData": {"Data": [{"@Name": "TargetUserName", "#text": "eve"}, {"@Name": "Empty"}]}}),
    "Channel": "Security",
    "Provider": "P",
    "EventId": 4625,
    "EventRecordId": "5",
    "Level": "LogAlways",
    "TimeCreated": "2020-01-01T12:00:00.0000000+00:00",
    "RecordNumber": 1,
}
EVTXECMDED = {
    "ts": NOON, "ts_zone": "utc", "record": 1, "Channel": "Security", "Provider_Name": "P", "EventID": 4625,
    "Computer": "ct1", "EventRecordID": 5, "Level": 0, "TargetUserName": "eve",
}  # fmt: skip
ERASED = EVTXECMD | {
    "EventId": 1102,
    "Payload": json.dumps({"UserData": {"LogFileCleared": {"@xmlns": "x", "SubjectUserName": "eve", "Channel": "Security"}}}),
}
NAMELESS = EVTXECMD | {"Payload": json.dumps({"EventData": {"Data": ["a", "b"], "Binary": "00"}})}

EXPORTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "evtx_dump": (DUMP, DUMPED),
    "evtx_dump with separate attributes": (SEPARATE, SEPARATED),
    "Chainsaw hunt": ({"group": "g", "document": {"kind": "evtx", "data": SEPARATE}}, SEPARATED),
    "winlogbeat": (WINLOGBEAT, WINLOGBEATEN),
    "winlogbeat, dotted": (_flattened(WINLOGBEAT), WINLOGBEATEN),
    "Elasticsearch": ({"_index": "i", "_source": WINLOGBEAT}, WINLOGBEATEN),
    "winlogbeat 6": (WINLOGBEAT_6, WINLOGBEATEN_6),
    "NXLog": (NXLOG, NXLOGGED),
    "data set": (DATA_SET, NXLOGGED | {"ts_zone": "stated"}),
    "Get-WinEvent": (POWERSHELL, POWERSHELLED),
    "Get-WinEvent of PowerShell 7": (POWERSHELL | {"TimeCreated": "2020-01-01T14:00:00+02:00"}, POWERSHELLED),
    "Hayabusa": (HAYABUSA, HAYABUSAD),
    "Wazuh": (WAZUH, WAZUHED),
    "Wazuh's indexer": ({"_index": "wazuh-alerts", "_source": WAZUH}, WAZUHED),
    "Velociraptor": (VELOCIRAPTOR, VELOCIRAPTURED),
    "EvtxECmd": (EVTXECMD, EVTXECMDED),
    "EvtxECmd, data of the user": (
        ERASED,
        {k: v for k, v in EVTXECMDED.items() if k != "TargetUserName"}
        | {"EventID": 1102, "SubjectUserName": "eve", "EventData_Channel": "Security"},
    ),
    "EvtxECmd, data without names": (
        NAMELESS,
        {k: v for k, v in EVTXECMDED.items() if k != "TargetUserName"} | {"Data": "a\nb", "Binary": "00"},
    ),
    "Splunk, XML": (SPLUNK_XML, SPLUNKED_XML),
    "Splunk, lines": (SPLUNK_LINES, SPLUNKED_LINES),
    "Splunk, without result": ({"_raw": XML}, SPLUNKED_XML),
}


def _rows(found: Any) -> list[dict[str, Any]]:
    """The rows without their nulls and without the evidence."""
    rows = found.rows.get("windows_event", [])
    return [{name: value for name, value in row.items() if value is not None and name != "evidence_id"} for row in rows]


@pytest.mark.parametrize("name", EXPORTS)
def test_export(name: str, read_bytes: Read) -> None:
    record, expected = EXPORTS[name]
    line = json.dumps(record).encode() + b"\n"
    known = identify(line)
    assert known == ("windows_json", READER)
    found = read_bytes(READER, line * 2)
    assert _rows(found) == [expected, expected | {"record": 2}]
    assert found.codes() == (["time_without_zone"] if expected["ts_zone"] == "assumed" else [])


LAYOUTS: dict[str, Callable[[list[Any]], bytes]] = {
    "lines": lambda records: "\n".join(map(json.dumps, records)).encode(),
    "lines with a blank one": lambda records: ("\r\n".join(map(json.dumps, records)) + "\r\n\r\n").encode(),
    "array": lambda records: json.dumps(records).encode(),
    "indented array": lambda records: json.dumps(records, indent=2).encode(),
    "objects after headings": lambda records: "".join(f"Record 1\n{json.dumps(r, indent=2)}\n" for r in records).encode(),
    "UTF-8 with mark": lambda records: codecs.BOM_UTF8 + "\n".join(map(json.dumps, records)).encode(),
    "UTF-16": lambda records: ("\ufeff" + "\n".join(map(json.dumps, records))).encode("utf-16-le"),
    "UTF-16, big-endian array": lambda records: ("\ufeff" + json.dumps(records, indent=1)).encode("utf-16-be"),
    "UTF-16 without mark": lambda records: json.dumps(records).encode("utf-16-le"),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("streamed", [False, True])
def test_layout(layout: str, streamed: bool, read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1500)
    monkeypatch.setattr("wardround.readers.json_records.BLOCK_BYTES", 1500)
    data = LAYOUTS[layout]([DUMP] * 30)
    assert READER.sniff(data[:65536]) == "windows_json"
    found = read_bytes(READER, data, streamed=streamed)
    assert _rows(found) == [DUMPED | {"record": number} for number in range(1, 31)]
    assert found.diagnostics == []


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_spans_are_cut_at_lines(mark: bytes, read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SPAN_BYTES", 5000)
    found = read_bytes(READER, mark + (json.dumps(DUMP).encode() + b"\n") * 50)
    assert found.spans > 5
    assert [row["record"] for row in _rows(found)] == list(range(1, 51))
    assert found.diagnostics == []


def test_a_first_line_cut_short_is_one_line_lost(read_bytes: Read) -> None:
    line = json.dumps(DUMP).encode() + b"\n"
    data = line[len(line) // 2 :] + line * 3
    found = read_bytes(READER, b"{" + data)
    assert [row["record"] for row in _rows(found)] == [2, 3, 4]
    assert found.codes() == ["bad_record"]
    assert found.diagnostics[0][2] == 1


def test_other_documents_between_the_events_are_counted_not_kept(read_bytes: Read) -> None:
    other = {"@timestamp": "2020-01-01T00:00:00Z", "system": {"cpu": 3}}
    data = "\n".join(json.dumps(record) for record in (WINLOGBEAT, other, WINLOGBEAT)).encode()
    found = read_bytes(READER, data)
    assert [row["record"] for row in _rows(found)] == [1, 3]
    assert ("not_windows_events", 2) in [(code, offset) for code, _, offset, _ in found.diagnostics]


def test_a_record_longer_than_the_head_is_known_by_its_keys() -> None:
    long = DUMP | {"zzz": "x" * 100_000}
    assert READER.sniff(json.dumps(long).encode()[:65536]) == "windows_json"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"EventID": 1}',
        b'{"ts": 1.5, "uid": "C1", "id.orig_h": "10.0.0.1"}',
        b'{"timestamp": "2020-01-01T00:00:00Z", "flow_id": 1, "event_type": "dns"}',
        b'{"_raw": "GET / HTTP/1.1"}',
        b"[1, 2, 3]",
        b'{"a":' * 10_000,
        b"[" * 60_000,
        b"Record 1",
        b"<Event/>",
        b'{"n": ' + b"9" * 6000 + b"}",
    ],
)
def test_what_is_no_windows_event_is_left_to_others(data: bytes) -> None:
    assert READER.sniff(data) is None


_WHOLE = b"\n".join(json.dumps(record).encode() for record in (DUMP, WINLOGBEAT, SPLUNK_XML, SPLUNK_LINES, POWERSHELL))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(_WHOLE) - 1), st.integers(0, 255)), max_size=8), st.integers(0, len(_WHOLE)))
@example([(0, ord("["))], len(_WHOLE))
@example([(1, 0)], len(_WHOLE))
def test_no_damage_stops_the_reader(read_bytes: Read, damage: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(_WHOLE)
    for place, byte in damage:
        data[place] = byte
    READER.sniff(bytes(data[:cut]))
    try:
        found = read_bytes(READER, bytes(data[:cut]))
    except ReaderError:
        return
    assert len(_rows(found)) <= 5 + len(damage)


def test_xml_with_a_document_type_is_refused() -> None:
    assert event_of_xml(f"<!DOCTYPE x [<!ENTITY a 'b'>]>{XML}") is None
    assert event_of_xml("<Event><System>") is None
    assert event_of_xml("<Other/>") is None
    assert event_of_xml(XML) is not None


def test_lines_without_a_log_are_no_event() -> None:
    assert event_of_lines("EventCode=1\nMessage=x") is None


@pytest.mark.parametrize("payload", ["", "{", "[]", "[" * 100_000, '{"EventData": 3}', '{"EventData": {"Data": 3}}'])
def test_a_payload_of_any_kind_costs_its_own_event_at_most(payload: str, read_bytes: Read) -> None:
    found = read_bytes(READER, b"\n".join(json.dumps(event).encode() for event in (EVTXECMD | {"Payload": payload}, EVTXECMD)))
    assert _rows(found)[-1] == EVTXECMDED | {"record": 2}
    assert len(_rows(found)) + found.codes().count("raw_unreadable") == 2
