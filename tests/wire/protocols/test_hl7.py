"""HL7 version 2 over MLLP and HTTP: framing, separators, acknowledgements, times, tokens, hostile bytes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.talk import SECOND, Kept, conversation, read, survives

from wardround.privacy import token
from wardround.wire.hl7_message import timestamp
from wardround.wire.protocols import hl7

ORDER = (
    b"MSH|^~\\&|RIS|RADIO|PACS|RADIO|20260310081500||ORM^O01|42|P|2.3.1\r"
    b"PID|1||P-4711^^^RIS~X9||Placebo^Paula||19700102|F\r"
    b"ORC|NW|7|A0001\rOBR|1|7|A0001|CT^CT HEAD||||||||||||||||||||CT|||^^^20260310093000\r"
)
ACK = b"MSH|^~\\&|PACS|RADIO|RIS|RADIO|20260310081501||ACK^O01|77|P|2.3.1\rMSA|AA|42\r"


def block(message: bytes) -> bytes:
    return b"\x0b" + message + b"\x1c\r"


def _mllp(*turns: tuple[str, bytes | int]) -> Kept:
    return read("hl7", turns, port=2575)[1]


def test_an_order_and_its_acknowledgement() -> None:
    connection, kept = read("hl7", [(">", block(ORDER)), ("<", block(ACK))], port=6661)
    assert connection.services == ["hl7"]
    acknowledgement, order = kept.tables["hl7_message"]
    expected = {
        "sending_application": "RIS", "receiving_application": "PACS", "message_type": "ORM", "trigger_event": "O01",
        "control_id": "42", "processing_id": "P", "version": "2.3.1", "segments": ["MSH", "PID", "ORC", "OBR"],
        "has_pid": True, "has_obx": False, "has_orc": True, "order_control": "NW", "modality": "CT",
        "patient_token": token("patient", "P-4711"), "order_token": token("accession", "A0001"),
        "birth_token": token("birth", "19700102"), "answer": "AA", "latency": 1.0, "is_orig": True, "bytes": len(ORDER),
    }  # fmt: skip
    assert {name: order[name] for name in expected} == expected
    assert (acknowledgement["acknowledgement"], acknowledgement["acknowledged_id"], acknowledgement["is_orig"]) == (
        "AA",
        "42",
        False,
    )
    assert "Paula" not in repr(kept.tables)
    assert "P-4711" not in repr(kept.tables)


def test_several_messages_in_one_segment_and_one_over_many() -> None:
    both = block(ORDER) + block(ORDER.replace(b"|42|", b"|43|"))
    pieces: list[tuple[str, bytes | int]] = [(">", both[at : at + 11]) for at in range(0, len(both), 11)]
    kept = _mllp(*pieces, ("<", block(ACK) + block(ACK.replace(b"|42", b"|43").replace(b"|AA|", b"|AE|"))))
    rows = [row for row in kept.tables["hl7_message"] if row["message_type"] == "ORM"]
    assert [(row["control_id"], row["answer"]) for row in rows] == [("42", "AA"), ("43", "AE")]


def test_the_receiver_may_send_messages_of_its_own() -> None:
    kept = _mllp((">", block(ORDER)), ("<", block(ORDER)), (">", block(ACK)), ("<", block(ACK)))
    rows = [row for row in kept.tables["hl7_message"] if row["message_type"] == "ORM"]
    assert sorted((row["is_orig"], row["latency"]) for row in rows) == [(False, 1.0), (True, 3.0)]


def test_a_receipt_and_then_an_answer_of_the_application() -> None:
    kept = _mllp((">", block(ORDER)), ("<", block(ACK.replace(b"|AA|", b"|CA|"))), ("<", block(ACK.replace(b"|AA|", b"|AR|"))))
    order = kept.tables["hl7_message"][-1]
    assert (order["answer"], order["latency"]) == ("AR", 1.0)


@pytest.mark.parametrize(
    "message",
    [
        ORDER.replace(b"|", b"#").replace(b"^", b"$"),
        ORDER.replace(b"\r", b"\n"),
        ORDER.replace(b"\r", b"\r\n"),
        b"FHS|^~\\&|x\rBHS|^~\\&|x\r" + ORDER + b"BTS|1\rFTS|1\r",
    ],
)
def test_other_separators_and_batches(message: bytes) -> None:
    (row,) = _mllp((">", block(message))).tables["hl7_message"]
    assert (row["message_type"], row["trigger_event"], row["patient_token"]) == ("ORM", "O01", token("patient", "P-4711"))
    assert row["segments"] == ["MSH", "PID", "ORC", "OBR"]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (ORDER, 1),
        (b"\x0b" + ORDER + b"\x1c", 1),
        (b"\x0b" + ORDER + block(ORDER), 2),
        (ORDER[-80:] + b"\x1c\r" + block(ORDER), 1),
        (b"\x0b" + ORDER[:120], 1),
    ],
)
def test_framing_as_it_is_seen_in_practice(data: bytes, count: int) -> None:
    assert len(_mllp((">", data)).tables["hl7_message"]) == count


def test_a_gap_ends_a_message_and_the_next_one_is_found() -> None:
    kept = _mllp((">", b"\x0b" + ORDER[:100]), (">", 500), (">", b"junk\x1c\r" + block(ORDER.replace(b"|42|", b"|43|"))))
    assert [row["control_id"] for row in kept.tables["hl7_message"]] == ["42", "43"]


def test_planned_times_and_the_zone_of_the_senders_clock() -> None:
    nine = int(datetime(2026, 3, 10, 9, 30, tzinfo=UTC).timestamp()) * SECOND
    hour = 3_600 * SECOND
    assert timestamp(b"202603100930") == nine
    assert timestamp(b"20260310093000.1234+0100") == nine - hour
    assert timestamp(b"20260310093000", 7_200) == nine - 2 * hour
    assert [timestamp(value) for value in (b"", b"2026", b"20261310", b"2026031025", b"x", b"99999999999999")] == [None] * 6
    # The clock in MSH-7 reads an hour more than the capture does: the sender is an hour east of Greenwich.
    local = ORDER.replace(b"20260310081500", b"19700101010003")
    (row,) = _mllp((">", block(local))).tables["hl7_message"]
    assert row["scheduled_ts"] == nine - hour
    (row,) = _mllp((">", block(ORDER))).tables["hl7_message"]
    assert row["scheduled_ts"] == nine


def test_an_appointment_and_a_merge() -> None:
    head = ORDER.split(b"\r")[0].replace(b"ORM^O01", b"SIU^S12")
    appointment = head + b"\rSCH|1|2|||||||||^^^202603100930\rPID|||77\r"
    merge = head + b"\rPID|||77\rMRG|78\r"
    first, second = _mllp((">", block(appointment) + block(merge.replace(b"|42|", b"|44|")))).tables["hl7_message"]
    assert first["scheduled_ts"] == int(datetime(2026, 3, 10, 9, 30, tzinfo=UTC).timestamp()) * SECOND
    assert second["prior_patient_token"] == token("patient", "78")


def test_messages_in_http() -> None:
    head = "POST /hl7 HTTP/1.1\r\nContent-Type: application/hl7-v2; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
    reply = "HTTP/1.1 200 OK\r\nContent-Type: x-application/hl7-v2+er7\r\nContent-Length: %d\r\n\r\n"
    turns = [(">", (head % len(ORDER)).encode() + ORDER), ("<", (reply % len(ACK)).encode() + ACK)]
    connection, kept = read("http", turns)
    assert connection.services == ["http", "hl7"]
    acknowledgement, order = kept.tables["hl7_message"]
    assert (order["transport"], order["message_type"], order["answer"], order["latency"]) == ("http", "ORM", "AA", 1.0)
    assert acknowledgement["message_type"] == "ACK"
    assert "Paula" not in repr(kept.tables)


@given(st.binary(max_size=300), st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=3))
@settings(max_examples=200, deadline=None)
def test_hostile_bytes(client: bytes, server: bytes, cuts: list[int]) -> None:
    survives("hl7", b"\x0bMSH|^~\\&|" + client, server, cuts)
    survives("hl7", block(ORDER[: len(client)] + client + ORDER[len(client) :]), block(b"MSH" + server), cuts)


@pytest.mark.parametrize("begin", [b"MSH\r\n", b"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", b"MSHELLOWORLD", b"\x1c\r", b""])
def test_other_protocols_are_not_taken_for_hl7(begin: bytes) -> None:
    assert not hl7.sniff(conversation([(">", begin)]))
