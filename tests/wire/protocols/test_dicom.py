"""DICOM associations and operations: what a real stack says over loopback, damage, and hostile bytes."""

from __future__ import annotations

import ssl
import struct
from pathlib import Path
from typing import Any

import pytest
from demo.generate.recording import Conversation, Turn
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from tests.wire.packets import Tables, read
from tests.wire.protocols.certificates import write_pem
from tests.wire.protocols.dicom_suite import frames, image, serving
from tests.wire.protocols.talk import conversation, survives
from tests.wire.protocols.talk import read as talk_read

from wardround.privacy import token
from wardround.wire.protocols import dicom
from wardround.wire.streams import MappedStream


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
    return read(frames(suite.recorder.conversations))


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
    for secret in ("Placebo", "Paula", "P-4711", "19700102", "A00001", str(image().StudyInstanceUID)):
        assert secret not in everything


def test_inside_tls_only_the_port_tells(tmp_path: Path) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(write_pem(tmp_path))
    client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_side.check_hostname, client_side.verify_mode = False, ssl.CERT_NONE
    server, client = AE("ARCHIVE"), AE("STATION")
    server.add_supported_context(Verification)
    client.add_requested_context(Verification)
    with serving(server, [], server_side) as suite:
        association = client.associate(
            "127.0.0.1", suite.recorder.port, ae_title="ARCHIVE", tls_args=(client_side, "pacs.example")
        )
        assert association.send_c_echo().Status == 0
        association.release()
    (said,) = suite.recorder.conversations
    for port, count in ((2762, 1), (11112, 1), (4443, 0)):
        said.server = ("127.0.0.1", port)
        tables = read(frames([said]))
        assert len(tables.rows["dicom_association"]) == count
        assert [row["service"] for row in tables.rows["conn"]] == ["ssl"]
        for row in tables.rows["dicom_association"]:
            assert (row["tls"], row["result"], row["calling_ae"]) == (True, None, None)
            assert row["orig_bytes"] == sum(len(turn.data) for turn in said.turns if turn.up)


def _association() -> tuple[bytes, bytes]:
    """Both directions of a day's first association."""
    server, client = AE("ARCHIVE"), AE("STATION")
    for side in (server.add_supported_context, client.add_requested_context):
        side(CTImageStorage, ExplicitVRLittleEndian)
        side(Verification)
    with serving(server, [(evt.EVT_C_STORE, lambda _: 0x0000)]) as suite:
        association = client.associate("127.0.0.1", suite.recorder.port, ae_title="ARCHIVE", max_pdu=4_096)
        for number in range(1, 5):
            association.send_c_store(image(number, pixels=60_000), msg_id=number)
        association.send_c_echo(msg_id=9)
        association.release()
    (said,) = suite.recorder.conversations
    up, down = (b"".join(turn.data for turn in said.turns if turn.up is side) for side in (True, False))
    return up, down


@pytest.fixture(scope="module")
def said() -> tuple[bytes, bytes]:
    return _association()


def _rows(turns: list[tuple[str, bytes | int]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    connection, kept = talk_read("dicom", turns, port=104)
    assert connection.services == ["dicom"]
    return kept.tables.get("dicom_association", []), kept.tables.get("dicom_operation", [])


def test_one_direction_is_enough_to_see_what_was_done(said: tuple[bytes, bytes]) -> None:
    (association,), operations = _rows([(">", said[0])])
    assert (association["result"], association["calling_ae"]) == ("accepted", "STATION")
    assert [(row["operation"], row["status_class"]) for row in operations] == [
        *[("C-STORE", "unanswered")] * 4,
        ("C-ECHO", "unanswered"),
    ]
    assert operations[0]["patient_token"] == token("patient", "P-4711")
    (association,), operations = _rows([("<", said[1])])
    assert (association["result"], association["calling_ae"], association["called_version"]) == (
        "accepted", "STATION", "PYNETDICOM_304",
    )  # fmt: skip
    assert [(row["operation"], row["status"]) for row in operations] == [*[("C-STORE", "0x0000")] * 4, ("C-ECHO", "0x0000")]


@pytest.mark.parametrize("missing", [1, 700, 3_000, 30_000, 70_000])
def test_a_capture_that_begins_later_finds_the_next_message(said: tuple[bytes, bytes], missing: int) -> None:
    up, down = said
    answer = down.index(b"\4\0\0\0\0")
    (association,), operations = _rows([(">", up[missing:]), ("<", down[answer:])])
    assert association["result"] == "accepted"
    assert len([row for row in operations if row["operation"] == "C-STORE"]) >= 2
    assert operations[-1]["operation"] == "C-ECHO"


def test_a_gap_costs_what_it_covers_and_no_more(said: tuple[bytes, bytes]) -> None:
    up, down = said

    # A UID of the negotiation that is cut into another UID; the end of the last object's data set.
    @example(157, 1)
    @example(182_431, 60_654)
    @given(st.integers(0, 250_000), st.integers(1, 100_000))
    @settings(max_examples=60, deadline=None)
    def lose(begin: int, size: int) -> None:
        begin %= len(up)
        end = min(len(up), begin + size)
        turns: list[tuple[str, bytes | int]] = [(">", up[:begin]), (">", end - begin), (">", up[end:]), ("<", down)]
        _, kept = talk_read("dicom", [turn for turn in turns if turn[1]], port=104)
        operations = kept.tables["dicom_operation"]
        assert sorted((row["operation"], row["status"]) for row in operations if row["status"]) == [
            ("C-ECHO", "0x0000"), *[("C-STORE", "0x0000")] * 4,
        ]  # fmt: skip
        lost = [row for row in operations if row.get("patient_token") is None and row["operation"] == "C-STORE"]
        assert len(lost) <= 2 + size // 60_000 + 1
        assert len(kept.tables["dicom_association"]) == 1

    lose()


def test_bulk_is_counted_but_never_read(said: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    up, down = said
    read_bytes = 0
    plain = MappedStream._read

    def counted(self: MappedStream, start: int, limit: int) -> bytes:
        nonlocal read_bytes
        found = plain(self, start, limit)
        read_bytes += len(found)
        return found

    monkeypatch.setattr(MappedStream, "_read", counted)
    talk = Conversation(("192.0.2.1", 5_000), ("192.0.2.2", 104), [Turn(10**18, True, up), Turn(10**18 + 9, False, down)])
    tables = read(frames([talk]))
    (association,) = tables.rows["dicom_association"]
    assert association["bulk"] > 240_000
    assert read_bytes < 4 * 40_000 + 20_000


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
