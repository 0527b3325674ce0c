"""DIMSE (PS3.7): command sets, and operations put together from a request, its answers and their data sets."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from wardround import privacy
from wardround.privacy import Kind
from wardround.wire import dicom_dataset as dataset
from wardround.wire.dicom_association import title, uid
from wardround.wire.dicom_names import OPERATIONS, keyword, level, status_class, uid_name
from wardround.wire.printable import printable

AFFECTED_CLASS, REQUESTED_CLASS, FIELD, MESSAGE_ID, ANSWERED_ID = 0x0002, 0x0003, 0x0100, 0x0110, 0x0120
MOVE_DESTINATION, DATA_SET_TYPE, STATUS = 0x0600, 0x0800, 0x0900
AFFECTED_INSTANCE, REQUESTED_INSTANCE, MOVE_ORIGINATOR = 0x1000, 0x1001, 0x1030
_COUNTS = {"completed": 0x1021, "failed": 0x1022, "warning": 0x1023}

ANSWER = 0x8000
CANCEL = 0x0FFF
NO_DATA_SET = 0x0101

_PENDING = (0xFF00, 0xFF01)

#: Elements of one command set that are read, and keys of one query that are told.
_ELEMENTS, _KEYS = 64, 128

#: Different patients and studies that are counted for one operation.
_DISTINCT = 200_000


#: An element of a command set: group, element, length.
_ELEMENT = struct.Struct("<HHI").unpack_from


class Command:
    """A command set: elements of group 0000, always implicit VR little endian (PS3.7 6.3.1)."""

    __slots__ = ("_values",)

    def __init__(self, data: bytes) -> None:
        self._values: dict[int, bytes] = {}
        at, last = 0, len(data) - 8
        for _ in range(_ELEMENTS):
            if at > last:
                return
            group, element, length = _ELEMENT(data, at)
            if group:
                return
            at += 8
            self._values[element] = data[at : at + length]
            at += length

    def number(self, element: int) -> int | None:
        """A number, None where it is missing or not of two bytes."""
        value = self._values.get(element, b"")
        return int.from_bytes(value, "little") if len(value) == 2 else None

    def uid(self, element: int) -> str | None:
        """A UID."""
        return uid(self._values.get(element, b""))

    def title(self, element: int) -> str | None:
        """An AE title."""
        return title(self._values.get(element, b""))


@lru_cache(16_384)
def _token(_: bytes, kind: Kind, value: str) -> str | None:
    return privacy.token(kind, value)


def token(kind: Kind, value: str) -> str | None:
    """The token of a value; those of patients, studies and series come again with every image."""
    return _token(privacy.key(), kind, value)


@dataclass(slots=True)
class Operation:
    """A request with its answers so far; what of it names patients is in ``columns`` as tokens only."""

    name: str
    from_orig: bool
    message_id: int | None
    ts: int
    frame: int
    sop_class: str | None = None
    status: int | None = None
    pending: int = 0
    matches: int = 0
    size: int = 0
    answered_ts: int = 0
    named: bool = False
    columns: dict[str, Any] = field(default_factory=dict)
    studies: set[int] = field(default_factory=set)
    patients: set[int] = field(default_factory=set)

    def answer(self, command: Command, ts: int) -> bool:
        """Take an answer; gives whether it is the final one."""
        status = command.number(STATUS)
        self.answered_ts = max(self.answered_ts, ts)
        self.sop_class = self.sop_class or command.uid(AFFECTED_CLASS) or command.uid(REQUESTED_CLASS)
        for name, element in _COUNTS.items():
            count = command.number(element)
            if count is not None:
                self.columns[name] = count
        if status in _PENDING:
            self.pending += 1
            if self.name == "C-FIND":
                self.matches += 1
            return False
        self.status = status
        return True

    def asked(self, data: bytes, syntax: str | None) -> None:
        """Take the beginning of the data set of the request."""
        if self.name in ("C-FIND", "C-GET", "C-MOVE"):
            self._identifier(dataset.identifier(data, syntax))
        else:
            self._object(dataset.of_object(data, syntax, nested=self.name != "C-STORE"))

    def stored(self, data: bytes, syntax: str | None) -> bool:
        """Take the beginning of a stored object if it is enough; gives whether it was."""
        found = dataset.of_object(data, syntax)
        if dataset.SERIES not in found:
            return False
        self._object(found)
        return True

    def answered(self, data: bytes, syntax: str | None) -> None:
        """Take the beginning of the data set of an answer: of a query the identifier of a match."""
        if self.name != "C-FIND":
            return
        found = dataset.of_object(data, syntax, nested=True)
        self._count(self.studies, (found.get(dataset.STUDY, b""),))
        self._count(self.patients, (found.get(dataset.PATIENT_ID, b"") or found.get(dataset.PATIENT_NAME, b""),))
        self.named |= bool(found.get(dataset.PATIENT_NAME) or found.get(dataset.PATIENT_ID))

    def _identifier(self, found: dataset.Identifier) -> None:
        columns, values = self.columns, found.values
        columns["query_level"] = level(text(found.level), self.sop_class)
        for name, tags in (("keys", found.keys), ("wildcard_keys", found.wildcards), ("universal_keys", found.universal)):
            columns[name] = [keyword(tag) for tag in tags[:_KEYS]] or None
        columns["date_range"] = dates(values.get(dataset.STUDY_DATE) or values.get(dataset.SCHEDULED_DATE) or b"")
        self._object({tag: values[tag] for tag in found.keys})
        studies = values.get(dataset.STUDY, b"")
        if studies and dataset.STUDY in found.keys and self.name != "C-FIND":
            self._count(self.studies, studies.split(b"\\"))

    def _object(self, found: dict[int, bytes]) -> None:
        self.named |= bool(found.get(dataset.PATIENT_NAME) or found.get(dataset.PATIENT_ID))
        self.sop_class = self.sop_class or uid(found.get(dataset.SOP_CLASS, b""))
        self.columns["modality"] = modality(found.get(dataset.MODALITY) or found.get(dataset.MODALITIES) or b"")
        wanted: tuple[tuple[str, Kind, int], ...] = (
            ("patient_token", "patient", dataset.PATIENT_ID),
            ("study_token", "study", dataset.STUDY),
            ("series_token", "series", dataset.SERIES),
            ("instance_token", "instance", dataset.INSTANCE),
            ("accession_token", "accession", dataset.ACCESSION),
        )
        for column, kind, tag in wanted:
            value = found.get(tag, b"")
            if kind == "instance" and self.columns.get(column):
                continue  # the command set has said so already
            if value and (b"\\" not in value or kind not in ("study", "series", "instance")):
                self.columns[column] = token(kind, text(value))

    @staticmethod
    def _count(into: set[int], values: Iterable[bytes]) -> None:
        for value in values:
            if value and len(into) < _DISTINCT:
                into.add(hash(value))

    def row(self) -> dict[str, Any]:
        """The columns of the operation itself."""
        columns: dict[str, Any] = {
            "operation": self.name,
            "message_id": self.message_id,
            "is_orig": self.from_orig,
            "sop_class": self.sop_class,
            "sop_class_name": uid_name(self.sop_class),
            "status": None if self.status is None else f"0x{self.status:04X}",
            "status_class": status_class(self.status, self.pending > 0),
            "named_patients": self.named,
            "bytes": self.size,
            "duration": max(0, self.answered_ts - self.ts) / 1e9 if self.answered_ts else None,
        }
        if self.name in ("C-FIND", "C-GET"):
            columns["responses"] = self.matches
        if self.name == "C-FIND":
            columns |= {"patients": len(self.patients), "studies": len(self.studies)}
        elif self.studies:
            columns["studies"] = len(self.studies)
        return columns | self.columns


def request(command: Command, from_orig: bool, ts: int, frame: int) -> Operation | None:
    """The operation that a request begins, None for a command that is none."""
    name = OPERATIONS.get(command.number(FIELD) or 0)
    if name is None:
        return None
    operation = Operation(name, from_orig, command.number(MESSAGE_ID), ts, frame)
    operation.sop_class = command.uid(AFFECTED_CLASS) or command.uid(REQUESTED_CLASS)
    instance = command.uid(AFFECTED_INSTANCE) or command.uid(REQUESTED_INSTANCE)
    operation.columns = {
        "move_destination": command.title(MOVE_DESTINATION),
        "move_originator": command.title(MOVE_ORIGINATOR),
        "instance_token": privacy.token("instance", instance) if instance else None,
    }
    return operation


def text(value: bytes) -> str:
    """A value as text: UTF-8 where it is, else byte by byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def dates(value: bytes) -> str | None:
    """A date or a range of dates as it was asked for; None where it is none, for nothing else may be kept."""
    return value.decode("ascii") if value and len(value) <= 32 and not value.strip(b"0123456789-.") else None


def modality(value: bytes) -> str | None:
    """A modality, or several; None where it is none (PS3.5: a code string)."""
    plain = value.replace(b" ", b"").replace(b"_", b"").replace(b"\\", b"")
    good = len(value) <= 64 and plain.isalnum() and plain.isascii() and plain.upper() == plain
    return printable(value).replace("\\", ",") if good else None
