"""Windows events in XML and in tables: the same rows as from the log itself, and damage that costs one event."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evtx import PyEvtxParser
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import Bytes, Found, damaged
from tests.readers.evtx_writer import Chunk, event, log

from wardround.errors import ReaderError
from wardround.readers import evtx, identify, windows_csv, windows_xml

Read = Callable[..., Found]

READER = windows_xml.READER
EVENT = """<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='P'/>
<EventID>{number}</EventID>
<TimeCreated SystemTime='2020-01-01T12:00:00.1234567Z'/><EventRecordID>5</EventRecordID><Channel>Security</Channel>
<Computer>ct1</Computer><Security/></System><EventData><Data Name='TargetUserName'>Agnès &lt;x&gt;</Data></EventData>
<RenderingInfo Culture='fr-FR'><Message>Échec</Message></RenderingInfo></Event>"""
ROOT = "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<Events>{events}</Events>"


def _rows(found: Found) -> list[dict[str, Any]]:
    rows = found.rows.get("windows_event", [])
    return [{name: value for name, value in row.items() if value is not None and name != "evidence_id"} for row in rows]


def _xml_of(log: bytes) -> list[str]:
    parser = PyEvtxParser(io.BytesIO(log), number_of_threads=1).records()
    found: list[str] = []
    while True:
        try:
            record = next(parser)
        except StopIteration:
            return found
        except RuntimeError:  # a record that the library cannot read
            continue
        if record is not None:
            found.append(str(record["data"]).partition("?>")[2])


def _agree(read_bytes: Read, data: bytes) -> int:
    """Compare a log with its XML; gives the number of events."""
    from_log = {row["EventRecordID"]: row for row in _rows(read_bytes(evtx.READER, data))}
    events = _xml_of(data)
    found = read_bytes(READER, ROOT.format(events="\n".join(events)).encode())
    rows = _rows(found)
    assert [row["record"] for row in rows] == list(range(1, len(events) + 1))
    assert found.codes() == []
    for row in rows:
        assert _as_xml_holds_it(row) == _as_xml_holds_it(from_log[row["EventRecordID"]])
    return len(rows)


def _as_xml_holds_it(row: dict[str, Any]) -> dict[str, Any]:
    """XML knows one kind of line end and no control characters, and the library writes nothing for a value that is none."""
    texts = {name: value for name, value in row.items() if isinstance(value, str) and value}
    plain = {name: re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "\ufffd", text.replace("\r\n", "\n")) for name, text in texts.items()}
    return {name: value for name, value in row.items() if not isinstance(value, str) and name != "record"} | plain


def test_xml_of_a_log_gives_the_rows_of_the_log(read_bytes: Read) -> None:
    chunk = Chunk(1)
    for number in range(1, 21):
        chunk.add(event(number, 4625, TargetUserName=f"user{number}", IpAddress="10.0.0.1", Empty=""))
    assert _agree(read_bytes, log(chunk.build())) == 20


@pytest.mark.corpus
def test_xml_of_real_logs_gives_the_rows_of_the_logs(read_bytes: Read, corpora: Path) -> None:
    logs = [path for path in sorted(corpora.rglob("*.evtx"))[::25] if path.stat().st_size < 4 << 20]
    assert sum(_agree(read_bytes, path.read_bytes()) for path in logs) > 200


LAYOUTS: dict[str, Callable[[list[str]], bytes]] = {
    "Event Viewer": lambda events: ROOT.format(events="".join(events)).encode(),
    "Event Viewer, with mark": lambda events: codecs.BOM_UTF8 + ROOT.format(events="".join(events)).encode(),
    "PowerShell, UTF-16": lambda events: ("\ufeff" + "\r\n".join(events)).encode("utf-16-le"),
    "UTF-16 without mark": lambda events: "\r\n".join(events).encode("utf-16-le"),
    "wevtutil, one after the other": lambda events: "".join(events).encode(),
    "a line each": lambda events: "\n".join(event.replace("\n", "") for event in events).encode(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(layout: str, read_bytes: Read) -> None:
    data = LAYOUTS[layout]([EVENT.format(number=number) for number in (4624, 4625)])
    assert identify(data) == ("windows_xml", READER)
    found = read_bytes(READER, data)
    assert [(row["record"], row["EventID"], row["TargetUserName"]) for row in _rows(found)] == [
        (1, 4624, "Agnès <x>"), (2, 4625, "Agnès <x>"),
    ]  # fmt: skip
    assert {(row["ts"], row["ts_zone"]) for row in _rows(found)} == {(1_577_880_000_123_456_700, "utc")}
    assert found.codes() == []


def test_a_damaged_event_costs_no_other(read_bytes: Read) -> None:
    whole = EVENT.format(number=1)
    data = whole + whole[:300] + whole + whole.replace("</System>", "</Sys>") + whole + "<Event><System>"
    found = read_bytes(READER, data.encode())
    assert [row["record"] for row in _rows(found)] == [1, 3, 5]
    assert sorted(found.codes()) == ["bad_record", "bad_record", "file_truncated"]


def test_an_endless_event_is_left_out(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_xml, "EVENT_BYTES", 4_096)
    monkeypatch.setattr(windows_xml, "_CHUNK", 1_000)
    whole = EVENT.format(number=1)
    found = read_bytes(READER, (whole + whole.replace("Agn", "A" * 20_000) + whole).encode())
    assert len(_rows(found)) == 2
    assert "record_too_long" in found.codes()


def test_entities_are_not_expanded(read_bytes: Read) -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>" + EVENT.format(number=1).replace("Agn", "&b;")
    found = read_bytes(READER, (EVENT.format(number=1) + bomb).encode())
    assert [row["EventID"] for row in _rows(found)] == [1]
    assert "aaaa" not in str(found.rows)


@pytest.mark.parametrize(
    "data",
    [b"", b"<Events/>", b"<Event>hello</Event>", b"<events><Event name='x'/></events>", b"<?xml version='1.0'?><nmaprun/>"],
)
def test_other_xml_is_left_to_others(data: bytes) -> None:
    assert READER.sniff(data) is None


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_stops_the_reader(data: st.DataObject) -> None:
    whole = ROOT.format(events="".join(EVENT.format(number=number) for number in range(3))).encode()
    found = Found()
    source = Bytes(damaged(data, whole), None)
    for span in READER.split(source):
        READER.read(source, span, found)
    assert len(_rows(found)) <= 3


HEADER = (
    "RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,ProcessId,ThreadId,Computer,UserId,MapDescription,"
    "Keywords,Payload"
)


def _table(*payloads: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    for number, payload in enumerate(payloads, 1):
        writer.writerow(
            [number, 5, "2020-01-01 12:00:00.1234567", 4625, "LogAlways", "P", "Security", 6, 7, "ct1", "", "x", "", payload]
        )
    return codecs.BOM_UTF8 + f"{HEADER}\r\n{out.getvalue()}".encode()


def test_a_table_of_evtxecmd(read_bytes: Read) -> None:
    payload = '{"EventData":{"Data":[{"@Name":"TargetUserName","#text":"ev\\r\\ne"},{"@Name":"IpAddress","#text":"10.0.0.9"}]}}'
    data = _table(payload, "{", payload)
    assert identify(data) == ("windows_csv", windows_csv.READER)
    found = read_bytes(windows_csv.READER, data)
    assert _rows(found) == [
        {
            "ts": 1_577_880_000_123_456_700, "ts_zone": "utc", "record": line, "Channel": "Security", "Provider_Name": "P",
            "EventID": 4625, "Computer": "ct1", "EventRecordID": 5, "Level": 0, "Execution_ProcessID": 6,
            "Execution_ThreadID": 7, "TargetUserName": "ev\r\ne", "IpAddress": "10.0.0.9",
        }
        for line in (2, 4)
    ]  # fmt: skip
    assert found.codes() == ["raw_unreadable"]


@pytest.mark.parametrize(
    "header",
    [
        "Keywords,Date and Time,Source,Event ID,Task Category",
        "Level\tDate and Time\tSource\tEvent ID\tTask Category",
        "Mots clés,Date et heure,Source,ID de l’événement,Catégorie de la tâche",
        "Niveau;Date et heure;Source;ID de l'événement;Catégorie de la tâche",
        '#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\n"Message","Id","ProviderName","LogName","TimeCreated"',
    ],
)
def test_a_table_without_fields_is_told(header: str, read_bytes: Read) -> None:
    data = (header + "\nAudit Failure,3/10/2026 7:00:00 AM,P,4625,Logon,text\n").encode()
    assert identify(data) == ("windows_csv", windows_csv.READER)
    with pytest.raises(ReaderError, match="XML"):
        read_bytes(windows_csv.READER, data)
