"""Associations made by pynetdicom over the loopback interface, recorded, with what the stack itself said of each."""

from __future__ import annotations

import random
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from demo.generate.recording import Conversation, Recorder, capture, packets
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import _MESSAGE_TYPES

#: The stack's own log of every message costs more than the messages.
_config.LOG_HANDLER_LEVEL = "none"


@dataclass
class Told:
    """What the stack said of an association that it asked for, in the names of table dicom_association.

    ``operations`` has for each operation its name, whether the caller asked, its final status, and what else is known.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    operations: list[dict[str, Any]] = field(default_factory=list)
    conversation: Conversation | None = None


@dataclass
class Suite:
    """A server, and the conversations that were had with it."""

    recorder: Recorder
    server: Any


def frames(conversations: list[Conversation], seed: int = 1) -> bytes:
    """The conversations as a capture, in segments of random sizes."""
    chance = random.Random(seed)
    made: list[tuple[int, bytes]] = []
    for conversation in conversations:
        largest = chance.choice((60, 500, 1_460, 8_000))
        made += packets(conversation, size=lambda largest=largest: chance.randint(1, largest))  # type: ignore[misc]
    return capture(made)


class Witness:
    """Listens to the stack while it asks for an association, and tells afterwards what it saw."""

    def __init__(self) -> None:
        self.told = Told()
        self._open: dict[tuple[bool, int], dict[str, Any]] = {}

    def handlers(self) -> list[Any]:
        return [(evt.EVT_DIMSE_SENT, self._message, [True]), (evt.EVT_DIMSE_RECV, self._message, [False])]

    def _message(self, event: evt.Event, sent: bool) -> None:
        message, command = event.message, event.message.command_set
        name = type(message).__name__ if sent else message_name(command.CommandField)
        if name.endswith("_RQ") and name != "C_CANCEL_RQ":
            row = {"operation": name[:-3].replace("_", "-"), "is_orig": sent, "message_id": command.MessageID}
            row["sop_class"] = command.get("AffectedSOPClassUID") or command.get("RequestedSOPClassUID")
            self.told.operations.append(row)
            self._open[sent, command.MessageID] = row
        elif name.endswith("_RSP"):
            row = self._open[not sent, command.MessageIDBeingRespondedTo]
            row["status"] = f"0x{command.Status:04X}" if command.Status not in (0xFF00, 0xFF01) else row.get("status")
            row["pending"] = row.get("pending", 0) + (command.Status in (0xFF00, 0xFF01))
            for column, keyword in _COUNTS.items():
                if keyword in command:
                    row[column] = command[keyword].value

    def finish(self, association: Association, **columns: Any) -> Told:
        """What the stack says when the association is over."""
        asked, answered = association.requestor, association.acceptor
        answer: Any = answered.primitive
        rejected, accepted = association.is_rejected, answer is not None and answer.result == 0
        told = self.told.columns
        told["result"] = "rejected" if rejected else "accepted" if accepted else "aborted"
        told["calling_ae"], told["called_ae"] = asked.ae_title, answered.ae_title
        told["calling_implementation"] = str(asked.implementation_class_uid)
        told["calling_version"], told["calling_max_pdu"] = asked.implementation_version_name, asked.maximum_length
        told["proposed"] = [str(c.abstract_syntax) for c in asked.requested_contexts]
        if accepted:
            told["called_implementation"] = str(answered.implementation_class_uid)
            told["called_version"], told["called_max_pdu"] = answered.implementation_version_name, answered.maximum_length
            told["accepted"] = [str(c.abstract_syntax) for c in association.accepted_contexts]
            told["refused"] = len(association.rejected_contexts)
        if rejected:
            told |= {"reject_result": answer.result, "reject_source": answer.result_source, "reject_reason": answer.diagnostic}
        told["released"], told["aborted"] = association.is_released, association.is_aborted
        told |= columns
        return self.told


_COUNTS = {
    "completed": "NumberOfCompletedSuboperations", "failed": "NumberOfFailedSuboperations",
    "warning": "NumberOfWarningSuboperations",
}  # fmt: skip


def message_name(field_: int) -> str:
    """The name of a command as pynetdicom's classes have it."""
    return str(_MESSAGE_TYPES[field_][0]).replace("-", "_")


def image(number: int = 1, *, pixels: int = 20_000, patient: str = "P-4711", study: str | None = None) -> Dataset:
    """A small CT image of an invented patient."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = CTImageStorage
    data.SOPInstanceUID = generate_uid(entropy_srcs=[f"instance {number}"])
    data.StudyInstanceUID = study or generate_uid(entropy_srcs=[f"study of {patient}"])
    data.SeriesInstanceUID = generate_uid(entropy_srcs=[f"series of {patient}"])
    data.PatientName, data.PatientID, data.PatientBirthDate = "Placebo^Paula", patient, "19700102"
    data.AccessionNumber, data.Modality, data.StudyDate = f"A{number:05d}", "CT", "20260310"
    data.Rows, data.Columns = 100, pixels // 200
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.PixelData = random.Random(number).randbytes(pixels)
    return data


@contextmanager
def serving(ae: AE, handlers: list[Any], context: ssl.SSLContext | None = None) -> Iterator[Suite]:
    """Start the application entity as a server behind a recorder."""
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers, ssl_context=context)
    assert server is not None and server.socket is not None
    try:
        with Recorder(server.socket.getsockname()[1]) as recorder:
            yield Suite(recorder, server)
    finally:
        server.shutdown()
