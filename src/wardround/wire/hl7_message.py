"""HL7 version 2 messages in the encoding with delimiters (ER7; HL7 v2.5.1 chapter 2): what of one goes into a row.

Who the patient is becomes tokens; no other value of a segment about a patient is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from wardround.privacy import Kind, token
from wardround.wire.connection import Connection, Rows
from wardround.wire.printable import printable

#: Segments that begin a message, and those that wrap a batch or a file of them.
HEADER = b"MSH"
BATCHES = (b"FHS", b"BHS")

#: Segments of one message that are looked at, and different ones that are named.
_SEGMENTS, _NAMED = 20_000, 64

_TEXT_BYTES = 200
_SECOND = 1_000_000_000

#: A sender's clock that is this close to the capture's, but for whole quarters of an hour, tells its time zone (seconds).
_CLOSE, _QUARTER, _FARTHEST = 300, 900, 14 * 3_600


@dataclass(slots=True)
class Message:
    """One message: its columns, and what pairs it with its acknowledgement."""

    from_orig: bool
    ts: int
    record: int
    columns: dict[str, Any] = field(default_factory=dict)
    answered: bool = False

    @property
    def control_id(self) -> str | None:
        """MSH-10."""
        return self.columns.get("control_id")

    @property
    def acknowledged(self) -> str | None:
        """MSA-2: the control ID of the message that this one answers."""
        return self.columns.get("acknowledged_id")


class _Segment:
    """The fields of a segment, numbered as the standard does."""

    def __init__(self, line: bytes, separators: bytes) -> None:
        field_separator, self._component, self._repetition = separators[:1], separators[1:2], separators[2:3]
        self.name = line[:3]
        # MSH-1 is the separator itself, so the fields of a header count from the character after it.
        self._fields = line.split(field_separator)
        if self.name in (HEADER, *BATCHES):
            self._fields.insert(1, field_separator)

    def part(self, number: int, component: int = 1) -> bytes:
        """A component of the first repetition of a field; empty where it is missing."""
        if number >= len(self._fields):
            return b""
        value = self._fields[number]
        if self._repetition:
            value = value.partition(self._repetition)[0]
        parts = value.split(self._component) if self._component else [value]
        found = parts[component - 1] if component <= len(parts) else b""
        return b"" if found == b'""' else found.strip()

    def text(self, number: int, component: int = 1) -> str | None:
        """The same as text, None where it is empty."""
        return printable(self.part(number, component), _TEXT_BYTES) or None


def begins(data: bytes) -> bool:
    """Whether a message, or a batch of them, begins with these bytes; the separators may be any that are no letters."""
    marks = data[3:8]
    return (
        data[:3] in (HEADER, *BATCHES)
        and len(marks) == 5
        and marks[:1] not in marks[1:4]
        and all(0x20 < mark < 0x7F and not chr(mark).isalnum() for mark in marks[:3])
    )


def messages(data: bytes) -> list[bytes]:
    """The messages in a block: one, or those of a batch."""
    lines = data.replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r")
    found: list[list[bytes]] = []
    for line in lines[: 2 * _SEGMENTS]:
        if line[:3] == HEADER:
            found.append([line])
        elif found and line and line[:3] not in (*BATCHES, b"BTS", b"FTS"):
            found[-1].append(line)
    return [b"\r".join(lines) for lines in found]


def read(data: bytes, from_orig: bool, ts: int, record: int) -> Message | None:
    """Read one message whose first byte came at ``ts`` (ns UTC) in frame ``record``; None where none begins."""
    if not begins(data):
        return None
    lines = data.split(b"\r")[:_SEGMENTS]
    separators = data[3:4] + lines[0][4:].partition(data[3:4])[0]
    message = Message(from_orig, ts, record)
    columns = message.columns
    names: dict[str, None] = {}
    zone: int | None = None
    for line in lines:
        name = line[:3]
        if len(name) == 3 and len(names) < _NAMED and name.isalnum() and name.isascii():
            names[name.decode("ascii")] = None
        reader = _READERS.get(name)
        if reader is not None:
            segment = _Segment(line[:65_536], separators)
            if name == HEADER:
                zone = _zone(segment.part(7), ts)
            reader(columns, segment, zone)
    columns["segments"] = list(names)
    columns |= {f"has_{name.lower()}": name in names for name in ("PID", "OBX", "ORC")}
    return message


def _header(columns: dict[str, Any], segment: _Segment, _: int | None) -> None:
    names = ("sending_application", "sending_facility", "receiving_application", "receiving_facility")
    for number, name in enumerate(names, 3):
        columns.setdefault(name, segment.text(number) or segment.text(number, 2))
    columns.setdefault("message_type", segment.text(9))
    columns.setdefault("trigger_event", segment.text(9, 2))
    columns.setdefault("control_id", segment.text(10))
    columns.setdefault("processing_id", segment.text(11))
    columns.setdefault("version", segment.text(12))


def _token(columns: dict[str, Any], name: str, kind: Kind, value: bytes) -> None:
    if value and not columns.get(name):
        columns[name] = token(kind, _text(value))


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _patient(columns: dict[str, Any], segment: _Segment, _: int | None) -> None:
    _token(columns, "patient_token", "patient", segment.part(3) or segment.part(2))
    _token(columns, "birth_token", "birth", segment.part(7)[:8])


def _merged(columns: dict[str, Any], segment: _Segment, _: int | None) -> None:
    _token(columns, "prior_patient_token", "patient", segment.part(1))


def _order(columns: dict[str, Any], segment: _Segment, zone: int | None) -> None:
    if columns.get("order_control") is None:
        columns["order_control"] = segment.text(1)
    _planned(columns, segment.part(7, 4), zone)


def _request(columns: dict[str, Any], segment: _Segment, zone: int | None) -> None:
    _token(columns, "order_token", "accession", segment.part(3) or segment.part(2))
    if columns.get("modality") is None:
        columns["modality"] = segment.text(24)
    _planned(columns, segment.part(36), zone)
    _planned(columns, segment.part(27, 4), zone)


def _schedule(columns: dict[str, Any], segment: _Segment, zone: int | None) -> None:
    _planned(columns, segment.part(11, 4), zone)


def _timing(columns: dict[str, Any], segment: _Segment, zone: int | None) -> None:
    _planned(columns, segment.part(7), zone)


def _planned(columns: dict[str, Any], value: bytes, zone: int | None) -> None:
    if columns.get("scheduled_ts") is None:
        columns["scheduled_ts"] = timestamp(value, zone)


def _acknowledgement(columns: dict[str, Any], segment: _Segment, _: int | None) -> None:
    columns["acknowledgement"] = segment.text(1)
    columns["acknowledged_id"] = segment.text(2)


_READERS = {
    HEADER: _header,
    b"PID": _patient,
    b"MRG": _merged,
    b"ORC": _order,
    b"OBR": _request,
    b"SCH": _schedule,
    b"TQ1": _timing,
    b"MSA": _acknowledgement,
}


def timestamp(value: bytes, zone: int | None = None) -> int | None:
    """A time (YYYYMMDDHHMM[SS[.S…]][+/-ZZZZ]) as ns UTC; without an offset in a ``zone`` of seconds east, else as UTC."""
    digits = value[:14].partition(b".")[0].partition(b"+")[0].partition(b"-")[0]
    if not digits.isdigit() or not 8 <= len(digits) <= 14 or len(digits) % 2:
        return None
    numbers = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, len(digits), 2))]
    try:
        moment = datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    offset = zone or 0
    sign = max(value.rfind(b"+"), value.rfind(b"-"))
    written = value[sign + 1 :]
    if sign >= 8 and len(written) == 4 and written.isdigit():
        offset = (int(written[:2]) * 3_600 + int(written[2:]) * 60) * (1 if value[sign : sign + 1] == b"+" else -1)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC) - timedelta(seconds=offset)
    nanoseconds = (since.days * 86_400 + since.seconds) * _SECOND
    return nanoseconds if abs(nanoseconds) < 1 << 62 else None


def _zone(written: bytes, ts: int) -> int | None:
    """The zone of a sender's clock in seconds east of UTC: stated, or told by the time of the capture; None if neither."""
    plain = timestamp(written)
    if plain is None:
        return None
    local = timestamp(written.partition(b"+")[0].partition(b"-")[0])
    if local is not None and local != plain:
        return (local - plain) // _SECOND
    behind = (plain - ts) // _SECOND
    quarters = round(behind / _QUARTER) * _QUARTER
    return quarters if abs(behind - quarters) <= _CLOSE and abs(quarters) <= _FARTHEST else None


class Exchange:
    """The messages of one connection, each with its acknowledgement from the other side as soon as that comes."""

    #: Messages that may wait for their acknowledgement; beyond, the oldest is written as it is.
    WAITING = 10_000

    def __init__(self, connection: Connection, rows: Rows, transport: str) -> None:
        self._connection, self._rows, self._transport = connection, rows, transport
        self._waiting: dict[tuple[bool, str], Message] = {}

    def take(self, message: Message) -> None:
        """Take a message in the order of time; it is written when nothing more can become known of it."""
        acknowledged = message.acknowledged
        if acknowledged is not None:
            asked = self._waiting.get((not message.from_orig, acknowledged))
            if asked is not None:
                self._answer(asked, message)
        if message.control_id is None or acknowledged is not None:
            self._write(message)
            return
        key = (message.from_orig, message.control_id)
        earlier = self._waiting.pop(key, None)
        if earlier is None and len(self._waiting) >= self.WAITING:
            earlier = self._waiting.pop(next(iter(self._waiting)))
        if earlier is not None:
            self._write(earlier)
        self._waiting[key] = message

    @staticmethod
    def _answer(asked: Message, answer: Message) -> None:
        """The first answer gives the latency; an acknowledgement of the application (A.) counts more than a receipt (C.)."""
        code = answer.columns.get("acknowledgement")
        if not asked.answered:
            asked.columns["latency"] = max(0, answer.ts - asked.ts) / _SECOND
        if not asked.answered or (code or "").startswith("A"):
            asked.columns["answer"] = code
        asked.answered = True

    def close(self) -> None:
        """Write what still waits."""
        for message in self._waiting.values():
            self._write(message)
        self._waiting.clear()

    def _write(self, message: Message) -> None:
        self._rows.add(
            "hl7_message", self._connection, message.ts, message.record,
            is_orig=message.from_orig, transport=self._transport, tls=False, **message.columns,
        )  # fmt: skip
