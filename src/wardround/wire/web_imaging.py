"""What imaging leaves in HTTP: DICOMweb, WADO and HL7 in requests and their replies, for the parser of HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from wardround.wire import dicom_dataset, dicomweb, hl7_message
from wardround.wire.connection import Connection, Rows
from wardround.wire.dicom_names import uid_name
from wardround.wire.dicom_operation import Operation

#: Bytes of a body that are read: of an HL7 message or a list of matches, and of an object that is sent.
_TEXT_BYTES, _OBJECT_BYTES = 4 << 20, 65_536

_ORTHANC_LIST = re.compile(rb"\s*\[\s*\"[0-9a-f]{8}(?:-[0-9a-f]{8}){4}\"")

_STUDY, _PATIENT, _NAME = "0020000D", "00100020", "00100010"


@dataclass(frozen=True, slots=True)
class Side:
    """A request or a reply: when and in which frame it began, its headers, and the beginning of its body."""

    ts: int
    record: int
    headers: Mapping[str, str]
    body: bytes
    body_length: int


def wanted(headers: Mapping[str, str]) -> int:
    """How many bytes of the body are to be kept."""
    kind = headers.get("CONTENT-TYPE", "").lower()
    if "hl7" in kind or "application/dicom+json" in kind:
        return _TEXT_BYTES
    return _OBJECT_BYTES if "application/dicom" in kind else 0


def authentication(headers: Mapping[str, str]) -> str:
    """How a request says who asks: the scheme of its Authorization header, a cookie, or not at all."""
    scheme = (headers.get("AUTHORIZATION") or "").partition(" ")[0].lower()
    if scheme:
        return scheme if scheme.isalnum() and len(scheme) <= 16 else "other"
    if headers.get("X-API-KEY"):
        return "api_key"
    return "cookie" if headers.get("COOKIE") else "none"


class WebImaging:
    """What is kept over the requests of one connection."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection, self._rows = connection, rows
        self._exchange: hl7_message.Exchange | None = None

    def take(self, method: str, target: bytes, status_code: int | None, request: Side, reply: Side | None) -> None:
        """Take a request with its reply; rows of dicom_operation and hl7_message come of it."""
        self._hl7(True, request)
        if reply is not None:
            self._hl7(False, reply)
        types = {
            "request": request.headers.get("CONTENT-TYPE", ""),
            "accept": request.headers.get("ACCEPT", ""),
            "reply": reply.headers.get("CONTENT-TYPE", "") if reply else "",
            "ids": "yes" if reply and _ORTHANC_LIST.match(reply.body[:256]) else "",
        }
        columns = dicomweb.operation(method.upper(), target, types)
        if columns is None:
            return
        if columns["operation"] == "STOW-RS":
            columns |= _sent(request)
        elif reply is not None and "application/dicom+json" in types["reply"].lower():
            columns |= _matches(reply, columns["operation"] == "QIDO-RS")
        self._rows.add(
            "dicom_operation", self._connection, request.ts, request.record,
            tls=False, is_orig=True, authentication=authentication(request.headers),
            user_agent=request.headers.get("USER-AGENT"), status_code=status_code,
            status_class=status_class(status_code), bytes=request.body_length + (reply.body_length if reply else 0),
            duration=max(0, reply.ts - request.ts) / 1e9 if reply else None, **columns,
        )  # fmt: skip

    def _hl7(self, from_orig: bool, side: Side) -> None:
        if "hl7" not in side.headers.get("CONTENT-TYPE", "").lower():
            return
        for data in hl7_message.messages(side.body.lstrip(b"\x0b")):
            message = hl7_message.read(data.rstrip(b"\x1c\r\n"), from_orig, side.ts, side.record)
            if message is not None:
                message.columns["bytes"] = len(data)
                if self._exchange is None:
                    self._exchange = hl7_message.Exchange(self._connection, self._rows, "http")
                self._connection.confirm("hl7")
                self._exchange.take(message)

    def close(self) -> None:
        """The end of the connection."""
        if self._exchange is not None:
            self._exchange.close()


def status_class(code: int | None) -> str:
    """The class of a status of HTTP, in the words of DIMSE."""
    if not code:
        return "unanswered"
    return "warning" if code == 202 else "success" if 200 <= code < 400 else "failure"


def _matches(reply: Side, queried: bool) -> dict[str, Any]:
    """What a list of matches or of metadata holds: how many, and of how many studies and patients."""
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        # Longer than what is kept, or cut: each match names its study once.
        count = reply.body.count(b'"0020000D"')
        return {"responses": count, "named_patients": b'"00100020"' in reply.body} if queried else {}
    matches = [match for match in found if isinstance(match, dict)] if isinstance(found, list) else []
    columns: dict[str, Any] = {
        "studies": len({value for match in matches if (value := _first(match, _STUDY))}),
        "named_patients": any(_first(match, _NAME) or _first(match, _PATIENT) for match in matches),
    }
    if queried:
        columns |= {"responses": len(matches), "patients": len({v for match in matches if (v := _first(match, _PATIENT))})}
    return columns


def _first(match: dict[str, Any], tag: str) -> str:
    """The first value of an element in the JSON model (PS3.18 annex F), as text."""
    element = match.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return str(values[0]) if isinstance(values, list) and values and values[0] else ""


def _sent(request: Side) -> dict[str, Any]:
    """What the first object of a STOW-RS request is, as far as it begins in what was kept."""
    begin = request.body.find(b"DICM")
    if begin < 128:
        return {}
    at, syntax = begin + 4, None
    for _, tag, value in dicom_dataset.elements(request.body[at:], dicom_dataset.EXPLICIT_LITTLE):
        if tag == 0x00020000 and len(value) == 4:
            at += 12 + int.from_bytes(value, "little")
        elif tag == 0x00020010:
            syntax = value.strip(b"\0 ").decode("ascii", "replace")
        elif tag >> 16 != 2:
            break
    operation = Operation("C-STORE", True, None, 0, 0)
    operation.asked(request.body[at:], syntax)
    sop_class = operation.sop_class
    return operation.columns | {
        "sop_class": sop_class,
        "sop_class_name": uid_name(sop_class),
        "named_patients": operation.named,
    }
