"""DICOM associations over TCP on any port (PS3.8) and the DIMSE operations in them (PS3.7).

Bulk data is passed over by its length. A capture may begin and end anywhere, have gaps, or hold one direction only.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from wardround.wire import dicom_association, dicom_pdus
from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import saw
from wardround.wire.dicom_association import IDENTITIES, Context, Negotiation
from wardround.wire.dicom_names import OPERATIONS
from wardround.wire.dicom_operation import (
    ANSWER,
    ANSWERED_ID,
    CANCEL,
    DATA_SET_TYPE,
    FIELD,
    NO_DATA_SET,
    Command,
    Operation,
    request,
)
from wardround.wire.dicom_pdus import HEAD_BYTES, Piece

SERVICE = "dicom"

#: The kinds of PDU (see wardround.wire.candidates).
TCP_FIRST = bytes(range(1, 8))
TCP_HEADS = ({1: b"\0"},)
UDP_FIRST = b""

#: Bytes of a negotiation, and of a command set, that are read.
_NEGOTIATION_BYTES, _COMMAND_BYTES = 1 << 20, 65_536

#: In so many bytes of an object is usually all that is wanted of it.
_SHORT_HEAD = 4_096

#: Operations of one association that may wait for their answers; beyond, the oldest is written as it is.
_OPEN = 4_096

_ACCEPTED, _REJECTED, _ABORTED, _UNANSWERED = "accepted", "rejected", "aborted", "unanswered"


def sniff(connection: Connection) -> bool:
    """A PDU at the beginning of either direction."""
    return connection.proto == "tcp" and (_begins(connection.orig.head(80)) or _begins(connection.resp.head(80)))


def _begins(head: bytes) -> bool:
    """Whether a PDU begins here that can be nothing else."""
    if len(head) < 10 or not 1 <= head[0] <= 7 or head[1]:
        return False
    kind, length = head[0], int.from_bytes(head[2:6], "big")
    if kind <= dicom_pdus.ASSOCIATE_AC:
        named = head[10:42].strip(b"\0").translate(None, bytes(range(32))) == head[10:42].strip(b"\0")
        return (
            68 <= length <= 1 << 20
            and head[6] == 0
            and head[7] & 1 == 1
            and head[8:10] == b"\0\0"
            and (named and head[74:76] in (b"\x10\0", b"\x10", b""))
        )
    if kind != dicom_pdus.P_DATA:
        return length == 4 and head[6] == 0 and (kind == dicom_pdus.ABORT or head[7] <= (kind == 3) * 2)
    if len(head) < 20 or not head[10] & 1 or head[11] > 3:
        return False
    first = int.from_bytes(head[6:10], "big")
    command = head[11] & 1 == 1 and head[12:20] == b"\0\0\0\0\4\0\0\0"
    return 2 <= first <= length - 4 and (command or (first == length - 4 and head[11] & 1 == 0))


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of dicom_association and dicom_operation."""
    _Conversation(connection, rows).run()


@dataclass(slots=True)
class _DataSet:
    """A data set that is being sent: of a request, or of an answer to it."""

    operation: Operation
    answer: bool
    syntax: str | None
    from_orig: bool
    spans: list[tuple[int, int]] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class _Association:
    """An association so far."""

    ts: int
    frame: int
    begin: dict[bool, int]
    caller: bool = True
    asked: Negotiation | None = None
    answered: Negotiation | None = None
    result: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    operations: int = 0
    bulk: int = 0
    last_ts: int = 0
    talked: bool = False
    open: dict[tuple[bool, int | None], Operation] = field(default_factory=dict)
    commands: dict[tuple[bool, int], bytearray] = field(default_factory=dict)
    awaited: dict[tuple[bool, int], _DataSet] = field(default_factory=dict)

    def context(self, number: int) -> tuple[str | None, str | None]:
        """Abstract and transfer syntax of a context, as far as the negotiation was seen."""
        proposed = _numbered(self.asked).get(number)
        chosen = _numbered(self.answered).get(number)
        transfer = chosen.transfers[0] if chosen and chosen.transfers else None
        if transfer is None and proposed and len(proposed.transfers) == 1:
            transfer = proposed.transfers[0]
        return (proposed.abstract if proposed else None), transfer


def _numbered(side: Negotiation | None) -> dict[int, Context]:
    return {context.number: context for context in side.contexts} if side else {}


class _Conversation:
    """The associations of one connection; there is rarely more than one."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.streams = {True: connection.orig, False: connection.resp}
        self.association: _Association | None = None
        self.reached = {True: 0, False: 0}
        self.contexts: dict[int, tuple[str | None, str | None]] = {}

    def run(self) -> None:
        handlers = {
            dicom_pdus.ASSOCIATE_RQ: self._requested,
            dicom_pdus.ASSOCIATE_AC: self._accepted,
            dicom_pdus.ASSOCIATE_RJ: self._rejected,
            dicom_pdus.P_DATA: self._fragment,
            dicom_pdus.RELEASE_RQ: self._released,
            dicom_pdus.RELEASE_RP: self._released,
            dicom_pdus.ABORT: self._aborted,
        }
        seen = False
        for from_orig, piece in self._pieces():
            if piece.kind == dicom_pdus.LOST:
                self._lost(from_orig)
                continue
            if not seen:
                seen = True
                self.connection.confirm(SERVICE)
            handlers[piece.kind](from_orig, piece)
            self.reached[from_orig] = piece.start + piece.size
            if self.association is not None:
                self.association.last_ts = max(self.association.last_ts, piece.end_ts)
        self._finish(None)

    def _pieces(self) -> Iterator[tuple[bool, Piece]]:
        sides = [zip(repeat(side), dicom_pdus.walk(stream)) for side, stream in self.streams.items()]
        return heapq.merge(*sides, key=lambda item: (item[1].ts, item[1].frame))

    def _current(self, from_orig: bool, piece: Piece) -> _Association:
        """The association that a PDU belongs to; made where its beginning was not seen."""
        if self.association is None:
            begin = {from_orig: max(0, piece.start - 6), not from_orig: self.reached[not from_orig]}
            self.association = _Association(piece.ts, piece.frame, begin)
        return self.association

    def _body(self, from_orig: bool, piece: Piece, limit: int) -> bytes:
        return self.streams[from_orig].read(piece.start, min(piece.length, limit))

    def _requested(self, from_orig: bool, piece: Piece) -> None:
        if self.association is not None and self.association.asked is None and self.association.answered is not None:
            association = self.association  # the answer came first: packets out of order
        else:
            self._finish(self.reached)
            association = self._current(from_orig, piece)
        association.caller = from_orig
        association.asked = dicom_association.negotiation(self._body(from_orig, piece, _NEGOTIATION_BYTES))
        self.contexts.clear()

    def _accepted(self, from_orig: bool, piece: Piece) -> None:
        association = self._current(from_orig, piece)
        if association.asked is None:
            association.caller = not from_orig
        association.answered = dicom_association.negotiation(self._body(from_orig, piece, _NEGOTIATION_BYTES))
        association.result = _ACCEPTED
        self.contexts.clear()

    def _rejected(self, from_orig: bool, piece: Piece) -> None:
        association = self._current(from_orig, piece)
        if association.asked is None:
            association.caller = not from_orig
        body = self._body(from_orig, piece, 4)
        association.result = association.result or _REJECTED
        if len(body) == 4:
            association.columns |= {"reject_result": body[1], "reject_source": body[2], "reject_reason": body[3]}

    def _released(self, from_orig: bool, piece: Piece) -> None:
        association = self._current(from_orig, piece)
        association.talked = True
        if piece.kind == dicom_pdus.RELEASE_RP:
            association.columns["released"] = True

    def _aborted(self, from_orig: bool, piece: Piece) -> None:
        association = self._current(from_orig, piece)
        body = self._body(from_orig, piece, 4)
        association.columns["aborted"] = True
        if len(body) == 4:
            association.columns["abort_source"] = body[2]
            association.columns["abort_reason"] = body[3] if body[2] == 2 else None
        association.result = association.result or (_ACCEPTED if association.talked else _ABORTED)

    def _lost(self, from_orig: bool) -> None:
        """What a side had begun to send cannot be finished."""
        association = self.association
        if association is None:
            return
        for key in [key for key in association.commands if key[0] == from_orig]:
            del association.commands[key]
        for key in [key for key in association.awaited if key[0] == from_orig]:
            self._data_set_over(association, association.awaited.pop(key))

    def _fragment(self, from_orig: bool, piece: Piece) -> None:
        association = self._current(from_orig, piece)
        association.talked = True
        key = (from_orig, piece.context)
        if not piece.flags & dicom_pdus.COMMAND:
            self._data(association, key, piece)
            return
        begun = association.commands.setdefault(key, bytearray())
        begun += self._body(from_orig, piece, _COMMAND_BYTES - len(begun))
        if piece.flags & dicom_pdus.LAST:
            self._command(association, key, piece, Command(bytes(association.commands.pop(key))))

    def _data(self, association: _Association, key: tuple[bool, int], piece: Piece) -> None:
        association.bulk += piece.size
        current = association.awaited.get(key)
        if current is None:
            return
        current.operation.size += piece.size
        wanted = min(piece.length, HEAD_BYTES - current.size)
        if wanted > 0:
            current.spans.append((piece.start, wanted))
            current.size += wanted
        if piece.flags & dicom_pdus.LAST:
            self._data_set_over(association, association.awaited.pop(key))

    def _head(self, current: _DataSet, limit: int) -> bytes:
        """The beginning of a data set, as far as nothing of it is missing."""
        stream = self.streams[current.from_orig]
        parts: list[bytes] = []
        for start, length in current.spans:
            if limit <= 0:
                break
            part = stream.read(start, min(length, limit))
            parts.append(part)
            limit -= len(part)
            if len(part) < length:
                break
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _data_set_over(self, association: _Association, current: _DataSet) -> None:
        operation = current.operation
        if current.answer:
            operation.answered(self._head(current, HEAD_BYTES), current.syntax)
        elif operation.name != "C-STORE" or not operation.stored(self._head(current, _SHORT_HEAD), current.syntax):
            operation.asked(self._head(current, HEAD_BYTES), current.syntax)
        if current.operation.status is not None:
            self._write(association, current.operation)

    def _command(self, association: _Association, key: tuple[bool, int], piece: Piece, command: Command) -> None:
        from_orig, number = key
        kind = command.number(FIELD)
        if kind is None or kind == CANCEL:
            return
        answer = bool(kind & ANSWER)
        if number not in self.contexts:
            self.contexts[number] = association.context(number)
        abstract, transfer = self.contexts[number]
        if answer:
            operation = self._answered(association, from_orig, piece, command, kind)
        else:
            operation = self._asked(association, from_orig, piece, command)
        if operation is None:
            return
        operation.sop_class = operation.sop_class or abstract
        if key in association.awaited:
            self._data_set_over(association, association.awaited.pop(key))
        if command.number(DATA_SET_TYPE) not in (None, NO_DATA_SET):
            association.awaited[key] = _DataSet(operation, answer, transfer, from_orig)
            if not answer or operation.name == "C-FIND":
                operation.columns["transfer_syntax"] = transfer
        elif operation.status is not None:
            # Answered although its data set was not seen to its end: what was seen of it is all there will be.
            asked = association.awaited.get((not from_orig, number))
            if answer and asked is not None and asked.operation is operation:
                self._data_set_over(association, association.awaited.pop((not from_orig, number)))
            else:
                self._write(association, operation)

    def _asked(self, association: _Association, from_orig: bool, piece: Piece, command: Command) -> Operation | None:
        operation = request(command, from_orig, piece.ts, piece.frame)
        if operation is None:
            self.rows.weird(self.connection, "dicom_unknown_command")
            return None
        association.operations += 1
        key = (from_orig, operation.message_id)
        earlier = association.open.pop(key, None)
        if earlier is None and len(association.open) >= _OPEN:
            earlier = association.open.pop(next(iter(association.open)))
        if earlier is not None:
            self._write(association, earlier)
        association.open[key] = operation
        if operation.name == "C-STORE":
            for other in association.open.values():
                if other.name == "C-GET" and other.from_orig != from_orig:
                    other.matches += 1
        return operation

    def _answered(
        self, association: _Association, from_orig: bool, piece: Piece, command: Command, kind: int
    ) -> Operation | None:
        key = (not from_orig, command.number(ANSWERED_ID))
        operation = association.open.get(key)
        name = OPERATIONS.get(kind & ~ANSWER)
        if operation is None or operation.name != name:
            if name is None:
                self.rows.weird(self.connection, "dicom_unknown_command")
                return None
            if operation is not None:
                self._write(association, association.open.pop(key))
            # The request was not captured; that it was made is certain.
            operation = association.open[key] = Operation(name, not from_orig, key[1], piece.ts, piece.frame)
            association.operations += 1
        if operation.answer(command, piece.end_ts):
            del association.open[key]
        return operation

    def _write(self, association: _Association, operation: Operation) -> None:
        """A row of dicom_operation."""
        calling, called = association.asked or association.answered, association.asked or association.answered
        self.rows.add(
            "dicom_operation", self.connection, operation.ts, operation.frame,
            transport="dimse", tls=False, calling_ae=calling.calling or None if calling else None,
            called_ae=called.called or None if called else None, **operation.row(),
        )  # fmt: skip

    def _finish(self, reached: dict[bool, int] | None) -> None:
        """Write the association that is over; another one follows where the sides have ``reached``."""
        association = self.association
        self.association = None
        if association is None:
            return
        for current in list(association.awaited.values()):
            self._data_set_over(association, current)
        for operation in list(association.open.values()):
            self._write(association, operation)
        end = reached or {side: stream.length for side, stream in self.streams.items()}
        sent = {side: max(0, end[side] - association.begin[side]) for side in (True, False)}
        asked, answered = association.asked, association.answered
        if reached is None:
            association.last_ts = max(
                association.last_ts, *(dicom_association.last_ts(stream) for stream in self.streams.values())
            )
        result = association.result or (_ACCEPTED if association.talked else _UNANSWERED)
        self.rows.add(
            "dicom_association", self.connection, association.ts, association.frame,
            result=result, tls=False, operations=association.operations, bulk=association.bulk,
            orig_bytes=sent[association.caller], resp_bytes=sent[not association.caller],
            duration=max(0, association.last_ts - association.ts) / 1e9,
            **({"aborted": False, "released": False} | association.columns), **_negotiated(asked, answered),
        )  # fmt: skip
        if asked is not None and asked.password is not None:
            success = None if result == _UNANSWERED else result == _ACCEPTED
            where = (association.ts, association.frame)
            saw(self.rows, self.connection, where, SERVICE, asked.username, asked.password, success)


def _negotiated(asked: Negotiation | None, answered: Negotiation | None) -> dict[str, Any]:
    """What the negotiation gives for table dicom_association."""
    names = asked or answered
    columns: dict[str, Any] = {}
    if names is not None:
        columns |= {"calling_ae": names.calling or None, "called_ae": names.called or None}
    for side, found in (("calling", asked), ("called", answered)):
        if found is not None:
            columns |= {
                f"{side}_implementation": found.implementation,
                f"{side}_version": found.version,
                f"{side}_max_pdu": found.max_pdu,
            }
    if asked is not None:
        columns |= {
            "user_identity": IDENTITIES.get(asked.identity, "none"),
            "username": dicom_association.title(asked.username),
            "proposed": _each(context.abstract for context in asked.contexts),
            "proposed_transfer": _each(name for context in asked.contexts for name in context.transfers),
        }
    if answered is not None:
        abstract = {context.number: context.abstract for context in asked.contexts} if asked else {}
        good = [context for context in answered.contexts if context.result == 0]
        columns |= {
            "accepted": _each(abstract.get(context.number) for context in good),
            "accepted_transfer": _each(name for context in good for name in context.transfers),
            "refused": len(answered.contexts) - len(good),
        }
    return columns


def _each(names: Iterator[str | None] | Any) -> list[str] | None:
    """Every name once, in order."""
    return list(dict.fromkeys(name for name in names if name)) or None
