"""Audit messages in XML and FHIR, alone and among other lines of a log."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround import readers
from wardround.errors import ReaderError
from wardround.privacy import token
from wardround.readers import base, syslog
from wardround.readers.audit_trail import READER
from wardround.readers.audit_xml import parse_audit_xml

Read = Callable[..., Any]

DICOM = b"""<AuditMessage>
 <EventIdentification EventActionCode="R" EventDateTime="2026-03-10T09:30:47.5+01:00" EventOutcomeIndicator="0">
  <EventID csd-code="110104" codeSystemName="DCM" originalText="DICOM Instances Transferred"/>
  <EventTypeCode csd-code="ITI-43" codeSystemName="IHE" originalText="Retrieve"/>
 </EventIdentification>
 <ActiveParticipant UserID="proc1" AlternativeUserID="AETITLES=PACS1;PACS2" UserIsRequestor="false"
   NetworkAccessPointID="10.2.0.5"><RoleIDCode csd-code="110153"/></ActiveParticipant>
 <ActiveParticipant UserID="dr.lind" AlternativeUserID="AETITLES=WS4" UserIsRequestor="true" NetworkAccessPointID="10.2.0.44">
  <RoleIDCode csd-code="110152" codeSystemName="DCM" originalText="Destination Role ID"/></ActiveParticipant>
 <AuditSourceIdentification AuditEnterpriseSiteID="Hospital" AuditSourceID="PACS1"/>
 <ParticipantObjectIdentification ParticipantObjectID="1.2.826.0.1.77.1" ParticipantObjectTypeCode="2"
   ParticipantObjectTypeCodeRole="3">
  <ParticipantObjectIDTypeCode csd-code="110180" codeSystemName="DCM" originalText="Study Instance UID"/>
  <ParticipantObjectDescription><SOPClass UID="1.2.840.10008.5.1.4" NumberOfInstances="1500"/></ParticipantObjectDescription>
 </ParticipantObjectIdentification>
 <ParticipantObjectIdentification ParticipantObjectID="PAT0042317^^^HOSP&amp;1.2.3&amp;ISO" ParticipantObjectTypeCode="1"
   ParticipantObjectTypeCodeRole="1"><ParticipantObjectIDTypeCode csd-code="2" codeSystemName="RFC-3881"/>
  <ParticipantObjectName>Dupont^Helene</ParticipantObjectName>
 </ParticipantObjectIdentification>
</AuditMessage>"""

FLAT = b" ".join(DICOM.split(b"\n"))

FHIR = {
    "resourceType": "AuditEvent",
    "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110112", "display": "Query"},
    "subtype": [{"code": "ITI-78", "display": "Mobile Patient Demographics Query"}],
    "action": "E",
    "recorded": "2026-03-10T08:00:00Z",
    "outcome": "0",
    "agent": [
        {
            "type": {"coding": [{"code": "110153"}]},
            "who": {"display": "portal"},
            "requestor": False,
            "network": {"address": "10.2.0.9"},
        },
        {
            "role": [{"coding": [{"code": "doctor"}]}],
            "who": {"identifier": {"value": "dr.lind"}},
            "altId": "lind",
            "requestor": True,
        },
    ],
    "source": {"observer": {"display": "archive"}},
    "entity": [
        {"what": {"reference": "https://fhir.example/Patient/PAT0042317/_history/2"}, "name": "Helene Dupont"},
        {"what": {"identifier": {"value": "urn:oid:1.2.826.0.1.77.1"}}, "type": {"code": "110180"}},
        {"query": "bmFtZT1EdXBvbnQ=", "what": {"reference": "Binary/1"}},
    ],
}


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path))


def events(found: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = found.rows.get("audit_event", [])
    return rows


def test_a_transfer(read_bytes: Read) -> None:
    assert READER.sniff(DICOM) == "audit_xml"
    found = read_bytes(READER, DICOM)
    assert found.diagnostics == []
    (row,) = events(found)
    assert row == dict.fromkeys(row) | {
        "ts": 1_773_131_447_500_000_000,
        "ts_zone": "stated",
        "evidence_id": "e1",
        "record": 1,
        "form": "dicom",
        "event_id": "110104",
        "event_name": "DICOM Instances Transferred",
        "event_types": ["ITI-43"],
        "action": "R",
        "outcome": 0,
        "user": "dr.lind",
        "user_alternative": "AETITLES=WS4",
        "roles": ["110152"],
        "node": "10.2.0.44",
        "source_node": "PACS1",
        "destination_node": "WS4",
        "source_id": "PACS1",
        "patient_token": token("patient", "PAT0042317"),
        "patients": 1,
        "study_tokens": [token("study", "1.2.826.0.1.77.1")],
        "studies": 1,
        "instances": 1500,
        "query": False,
    }


def test_the_same_in_rfc_3881(read_bytes: Read) -> None:
    (row,) = events(read_bytes(READER, DICOM.replace(b"csd-code=", b"code=").replace(b"originalText", b"displayName")))
    assert (row["form"], row["event_id"], row["event_name"]) == ("rfc3881", "110104", "DICOM Instances Transferred")
    assert (row["source_node"], row["studies"], row["patients"]) == ("PACS1", 1, 1)


@pytest.mark.parametrize(
    ("data", "records", "host"),
    [
        (b"<85>Mar 10 08:30:47 pacs1 archive: " + FLAT + b"\n", [1], "pacs1"),
        (
            b"<85>1 2026-03-10T08:30:47Z pacs1.hospital archive 123 IHE+RFC-3881 - \xef\xbb\xbf" + FLAT + b"\n",
            [1],
            "pacs1.hospital",
        ),
        (
            b"<85>1 2026-03-10T08:30:47Z - archive - - - " + FLAT + b"\n" + b"<85>1 2026-03-10T08:30:48Z - a - - - " + FLAT,
            [1, 2],
            None,
        ),
        (
            b"2000 <85>1 2026-03-10T08:30:47Z p a - - - " + FLAT + b"2000 <85>1 2026-03-10T08:30:47Z p a - - - " + FLAT,
            [1, 1],
            "p",
        ),
        (b"<?xml version='1.0'?>\n" + DICOM + b"\n<?xml version='1.0'?>\n" + DICOM, [2, 23], None),
        (b"<85>1 2026-03-10T08:30:47Z p a - - - <?xml version='1.0'?>\n" + DICOM + b"\n", [2], None),
    ],
)
def test_behind_every_header(read_bytes: Read, data: bytes, records: list[int], host: str | None) -> None:
    known = readers.identify(data)
    assert known is not None
    assert known[1] is READER
    found = read_bytes(READER, data)
    assert [(row["record"], row["host"], row["instances"]) for row in events(found)] == [(n, host, 1500) for n in records]
    assert found.diagnostics == []


def test_messages_among_other_lines_reach_both_tables(read_bytes: Read) -> None:
    ssh = b"<38>Mar 10 08:30:46 pacs1 sshd[12]: Failed password for root from 10.9.0.66 port 4242 ssh2\n"
    data = ssh + b"<85>Mar 10 08:30:47 pacs1 archive: " + FLAT + b"\n" + ssh
    known = readers.identify(data)
    assert known is not None
    assert known[1] is syslog.READER
    found = read_bytes(syslog.READER, data)
    assert [(row["record"], row["host"]) for row in events(found)] == [(2, "pacs1")]
    assert [row["record"] for row in found.rows["logon"]] == [1, 3]
    assert "Dupont" not in str(found)
    assert "PAT0042317" not in str(found)


def test_lines_that_are_no_audit_messages_are_told(read_bytes: Read) -> None:
    line = b"<85>Mar 10 08:30:47 pacs1 archive: " + FLAT + b"\n"
    found = read_bytes(READER, line + b"<85>Mar 10 08:30:48 pacs1 archive: started\n" + line)
    assert len(events(found)) == 2
    assert [(code, offset) for code, _, offset, _ in found.diagnostics] == [("not_an_audit_message", 2)]


@pytest.mark.parametrize(
    "data",
    [
        b"<AuditMessage><EventIdentification></AuditMessage>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><AuditMessage><EventIdentification/>&a;</AuditMessage>",
        b"<AuditMessage><Other/></AuditMessage>",
        b"<AuditMessage><EventIdentification/>",
        b"<AuditMessage>" + b"<a>" * 1000 + b"</AuditMessage>",
    ],
)
def test_broken_messages_are_diagnostics(read_bytes: Read, data: bytes) -> None:
    found = read_bytes(READER, data)
    assert events(found) == []
    assert found.codes() == ["audit_message_broken"]


def test_entities_are_not_expanded() -> None:
    assert parse_audit_xml(b"<!DOCTYPE x [<!ENTITY a 'b'>]><AuditMessage><EventIdentification/></AuditMessage>") is None
    assert parse_audit_xml(b"<AuditMessage><EventIdentification/></AuditMessage>") is not None


def test_an_endless_message_is_bounded(read_bytes: Read) -> None:
    found = read_bytes(READER, b"<AuditMessage>" + b"x" * 9_000_000 + FLAT)
    assert found.codes() == ["audit_message_broken"]
    assert len(events(found)) == 1


def test_spans_hold_every_message_once(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardround.readers.lines.SPAN_BYTES", 3_000)
    found = read_bytes(READER, b"\n".join([DICOM] * 20) + b"\n")
    assert found.spans > 5
    assert len({row["record"] for row in events(found)}) == len(events(found)) == 20
    assert found.diagnostics == []


@pytest.mark.parametrize(
    ("data", "records"),
    [
        (json.dumps(FHIR).encode(), [1]),
        (json.dumps(FHIR, indent=2).encode(), [1]),
        (json.dumps([FHIR, FHIR]).encode(), [1, 2]),
        (
            json.dumps(
                {"resourceType": "Bundle", "entry": [{"resource": FHIR}, {"resource": {}}, {"resource": FHIR}]}
            ).encode(),
            [1, 2],
        ),
        (b"\n".join([json.dumps(FHIR).encode()] * 3), [1, 2, 3]),
    ],
)
def test_fhir(read_bytes: Read, data: bytes, records: list[int]) -> None:
    assert READER.sniff(data) == "audit_fhir"
    found = read_bytes(READER, data)
    assert found.diagnostics == []
    assert [row["record"] for row in events(found)] == records
    row = events(found)[0]
    assert row == dict.fromkeys(row) | {
        "ts": 1_773_129_600_000_000_000,
        "ts_zone": "stated",
        "evidence_id": "e1",
        "record": 1,
        "form": "fhir",
        "event_id": "110112",
        "event_name": "Query",
        "event_types": ["ITI-78"],
        "action": "E",
        "outcome": 0,
        "user": "dr.lind",
        "user_alternative": "lind",
        "roles": ["doctor"],
        "source_node": "10.2.0.9",
        "source_id": "archive",
        "patient_token": token("patient", "PAT0042317"),
        "patients": 1,
        "study_tokens": [token("study", "1.2.826.0.1.77.1")],
        "studies": 1,
        "query": True,
    }


def test_fhir_r5_and_damaged_json(read_bytes: Read) -> None:
    event: dict[str, Any] = dict(FHIR) | {"outcome": {"code": {"code": "error"}}, "patient": {"reference": "Patient/17"}}
    event["code"] = {"coding": [event.pop("type")]}
    (row,) = events(read_bytes(READER, json.dumps(event).encode()))
    assert (row["event_id"], row["outcome"], row["patients"]) == ("110112", 8, 2)
    found = read_bytes(
        READER, b"\n".join([json.dumps(FHIR).encode(), b'{"resourceType": "AuditEvent"', json.dumps(FHIR).encode()])
    )
    assert (len(events(found)), found.codes()) == (2, ["json_broken"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_hostile_bytes(read_bytes: Read, data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([DICOM, FLAT, json.dumps(FHIR).encode()])))
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ReaderError):
        read_bytes(READER, bytes(whole[: data.draw(st.integers(0, len(whole)))]))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_members_of_any_type(read_bytes: Read, data: st.DataObject) -> None:
    odd: st.SearchStrategy[Any] = st.sampled_from(
        [None, 1, "x", [], {}, [1], [{}], {"coding": 1}, {"coding": [1]}, {"code": {}}]
    )
    event = dict(FHIR) | {name: data.draw(odd) for name in data.draw(st.sets(st.sampled_from(sorted(FHIR)))) - {"resourceType"}}
    read_bytes(READER, json.dumps(event).encode())


@pytest.mark.corpus
def test_real_messages(corpora: Path, read_bytes: Read) -> None:
    files = sorted((corpora / "evidence" / "ehr_audit").glob("*.xml"))
    assert files
    for file in files:
        found = read_bytes(READER, file.read_bytes())
        assert found.diagnostics == []
        (row,) = events(found)
        assert row["event_id"] in ("110104", "110112")
        assert row["ts"] is not None


def test_the_protocol() -> None:
    reader: base.Reader = READER
    assert reader.name == "audit_trail"
