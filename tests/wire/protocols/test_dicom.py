"""DICOM associations and operations: what a real stack says over loopback, damage, and hostile bytes."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from tests.wire.packets import Tables, read
from tests.wire.protocols.dicom_suite import image, serving
from tests.wire.protocols.talk import conversation, survives

from wardround.privacy import token
from wardround.wire.protocols import dicom


def _p_data(context: int, flags: int, value: bytes) -> bytes:
    item = struct.pack("!IBB", len(value) + 2, context, flags) + value
    return struct.pack("!BBI", 4, 0, len(item)) + item


def _find(event: evt.Event) -> Any:
    for number in range(3):
        match = Dataset()
        match.PatientName, match.PatientID, match.StudyInstanceUID = (
            "Placebo^Paula",
            f"P-{number // 2}",
            f"1.2.3.4.5.6.{number}",
        )
        yield 0xFF00, match
    yield 0x0000, None


@pytest.fixture(scope="module")
def day() -> Tables:
    """A few associations as tables."""
    server = AE("ARCHIVE")
    for context in (Verification, CTImageStorage, StudyRootQueryRetrieveInformationModelFind, ModalityWorklistInformationFind):
        server.add_supported_context(context)
    server.require_called_aet = True
    with serving(server, [(evt.EVT_C_FIND, _find), (evt.EVT_C_STORE, lambda _: 0xB000)]) as suite:
        client = AE("STATION")
        for context in (*(c.abstract_syntax for c in server.supported_contexts), StudyRootQueryRetrieveInformationModelMove):
            client.add_requested_context(context)
        association = client.associate("127.0.0.1", suite.recorder.port, ae_title="ARCHIVE")
        association.send_c_echo()
        association.send_c_store(image())
        query = Dataset()
        query.QueryRetrieveLevel, query.PatientName, query.StudyDate, query.PatientID = "STUDY", "P*", "20260101-20260310", ""
        list(association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind))
        step, worklist = Dataset(), Dataset()
        step.Modality, step.ScheduledProcedureStepStartDate, step.ScheduledStationAETitle = "CT", "20260310", ""
        worklist.PatientName, worklist.ScheduledProcedureStepSequence = "", [step]
        list(association.send_c_find(worklist, ModalityWorklistInformationFind))
        association.release()
        client.associate("127.0.0.1", suite.recorder.port, ae_title="WRONG")
        client.associate("127.0.0.1", suite.recorder.port, ae_title="ARCHIVE").abort()
    return read(suite.frames(suite.recorder.conversations))


def test_associations_accepted_rejected_and_aborted(day: Tables) -> None:
    first, second, third = sorted(day.rows["dicom_association"], key=lambda row: row["ts"])
    assert (first["calling_ae"], first["called_ae"], first["result"], first["released"], first["aborted"]) == (
        "STATION", "ARCHIVE", "accepted", True, False,
    )  # fmt: skip
    assert (first["operations"], first["refused"]) == (4, 1)
    assert StudyRootQueryRetrieveInformationModelMove in first["proposed"]
    assert StudyRootQueryRetrieveInformationModelMove not in first["accepted"]
    assert first["calling_version"].startswith("PYNETDICOM")
    assert (second["result"], second["reject_result"], second["reject_source"], second["reject_reason"]) == (
        "rejected",
        1,
        1,
        7,
    )
    assert (third["result"], third["aborted"], third["released"], third["abort_source"]) == ("accepted", True, False, 0)
    assert {row["service"] for row in day.rows["conn"]} == {"dicom"}


def test_operations_and_what_they_asked_for(day: Tables) -> None:
    echo, store, find, worklist = sorted(day.rows["dicom_operation"], key=lambda row: row["ts"])
    assert (echo["operation"], echo["status"], echo["sop_class_name"]) == ("C-ECHO", "0x0000", "Verification SOP Class")
    assert (store["operation"], store["status"], store["status_class"], store["modality"]) == (
        "C-STORE",
        "0xB000",
        "warning",
        "CT",
    )
    assert store["patient_token"] == token("patient", "P-4711")
    assert store["accession_token"] == token("accession", "A00001")
    assert store["study_token"] == token("study", image().StudyInstanceUID)
    assert store["bytes"] > 20_000
    assert (find["query_level"], find["responses"], find["studies"], find["patients"]) == ("STUDY", 3, 3, 2)
    assert (find["wildcard_keys"], find["universal_keys"], find["keys"]) == (["PatientName"], ["PatientID"], ["StudyDate"])
    assert find["date_range"] == "20260101-20260310"
    assert (worklist["query_level"], worklist["modality"], worklist["date_range"]) == ("WORKLIST", "CT", "20260310")
    assert worklist["universal_keys"] == ["PatientName", "ScheduledStationAETitle"]


def test_no_patient_is_named_anywhere(day: Tables) -> None:
    everything = repr(dict(day.rows))
    for secret in ("Placebo", "Paula", "4711", "19700102", "A00001", str(image().StudyInstanceUID)):
        assert secret not in everything


@given(st.binary(max_size=400), st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=3))
@settings(max_examples=150, deadline=None)
def test_hostile_bytes(client: bytes, server: bytes, cuts: list[int]) -> None:
    survives("dicom", client, server, cuts)
    survives("dicom", _p_data(1, 3, client) + client, _p_data(1, 2, server) + server, cuts)


@pytest.mark.parametrize(
    "begin", [b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0", b"\x04\0" * 40, b"\x01\0\0\0" * 30, b""]
)
def test_other_protocols_are_not_taken_for_dicom(begin: bytes) -> None:
    assert not dicom.sniff(conversation([(">", begin)]))
