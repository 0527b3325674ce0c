"""LDAP over TCP and UDP into tables ldap and ldap_search: a row per operation with its result. Passwords are never kept.

Sources: RFC 4511 (messages), 4513 and 4752 (SASL and its signed messages), 4121 (Kerberos signatures), 4532 (who am I),
and Microsoft's MS-ADTS (Sicily binds) and MS-NLMP (NTLM signatures).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wardround.wire import ber, protocols
from wardround.wire.ber import Value
from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.framing import Message, heads, messages
from wardround.wire.printable import printable
from wardround.wire.protocols.gssapi import Authentication
from wardround.wire.protocols.ldap_filter import filter_text
from wardround.wire.protocols.ldap_names import (
    BINDS,
    CHANGES,
    DEREFERENCES,
    EXTENDED,
    OPERATIONS,
    RESULTS,
    SCOPES,
    START_TLS,
)

SERVICE = "ldap"
TCP_FIRST = b"0"
UDP_FIRST = b"0"

_BIND, _BIND_REPLY, _UNBIND, _SEARCH, _ENTRY, _SEARCH_DONE = 0x60, 0x61, 0x42, 0x63, 0x64, 0x65
_MODIFY, _DELETE, _COMPARE, _ABANDON, _EXTENDED, _EXTENDED_REPLY = 0x66, 0x4A, 0x6E, 0x50, 0x77, 0x78
_REPLIES = frozenset({_BIND_REPLY, _SEARCH_DONE, 0x67, 0x69, 0x6B, 0x6D, 0x6F, _EXTENDED_REPLY})
_FINISHED = _REPLIES | {_UNBIND, _ABANDON}
_SASL, _SIMPLE, _SICILY_NEGOTIATE, _SICILY_RESPONSE, _SERVER_CREDENTIALS = 0xA3, 0x80, 0x8A, 0x8B, 0x87
_IN_PROGRESS = RESULTS[14]

_REDACTED = "REDACTED"
_CONTROLS = dict.fromkeys((*range(32), 127), "?")

#: Bytes before the messages that a mechanism signs: a Kerberos or an NTLM signature.
_SIGNATURE = 16
_SEALED = 2

#: Operations that wait for their result, per connection; beyond, the oldest are written as they are.
_MAX_PENDING = 2_000


def _is_message(data: bytes | bytearray) -> bool:
    """Whether ``data`` begins with a sequence of a message number and an operation."""
    try:
        outer = ber.header(data, 0)
        if outer is None or outer[0] != ber.SEQUENCE or outer[2] - outer[1] < 5:
            return False
        number = ber.header(data, outer[1])
        if number is None or number[0] != ber.INTEGER or not 0 < number[2] - number[1] <= 4:
            return False
        operation = ber.header(data, number[2])
    except Malformed:
        return False
    return operation is not None and operation[0] in OPERATIONS and number[2] <= operation[2] <= outer[2]


def sniff(connection: Connection) -> bool:
    """A message of LDAP in one of the directions."""
    return any(_is_message(data) for data in heads(connection, 128))


def _extent(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """A message as it is, or what a SASL mechanism made of some, behind its length."""
    if at >= len(data):
        return None
    if data[at] == ber.SEQUENCE:
        return ber.extent(data, at)
    if len(data) < at + 4:
        return None
    return at + 4, at + 4 + int.from_bytes(data[at : at + 4], "big")


def _signed(data: bytes) -> bytes:
    """The messages behind the signature of a mechanism that does not encrypt; empty when it does, or is not known."""
    body = data[_SIGNATURE:]
    if data[:2] == b"\x05\x04" and len(data) >= _SIGNATURE:
        if data[2] & _SEALED:
            return b""
        extra, rotation = int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")
        if body and rotation:
            rotation %= len(body)
            body = body[rotation:] + body[:rotation]
        return body[: len(body) - extra] if extra <= len(body) else b""
    if data[:4] == b"\x01\0\0\0" and _is_message(body):
        return body
    return b""


def _operations(message: Message) -> Iterator[tuple[int, Value]]:
    """Message number and operation of each message; raises Malformed."""
    data = message.data
    if not data.startswith(b"0"):
        data = _signed(data)
    at = 0
    while at < len(data):
        outer = ber.value(data, at).expect(ber.SEQUENCE)
        number = outer.inner().expect(ber.INTEGER)
        yield number.number, ber.value(data, number.end, outer.end)
        at = outer.end


def parse(connection: Connection, rows: Rows) -> None:
    """A row per operation; after StartTLS the rest of the connection is read as TLS."""
    exchange = _Exchange(connection, rows)
    for message in messages(connection, _extent):
        try:
            for number, operation in _operations(message):
                exchange.operation(message, number, operation)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=message.ts, record=message.record)
        if exchange.secured is not None:
            break
    exchange.close()
    if exchange.secured is not None and connection.proto == "tcp":
        protocols.parse_inner(connection, "ssl", rows, *exchange.secured)


class _Pending:
    """An operation that waits for its result."""

    __slots__ = ("columns", "record", "table", "ts")

    def __init__(self, message: Message, number: int, search: bool) -> None:
        self.ts, self.record = message.ts, message.record
        self.table = "ldap_search" if search else "ldap"
        self.columns: dict[str, Any] = {"message_id": number}
        if search:
            self.columns["result_count"] = 0


def _words(field: Value) -> str | None:
    """A name or message; control characters as question marks, nothing when it is empty."""
    text = field.content[:4_096].decode("utf-8", "backslashreplace")
    return text.translate(_CONTROLS) or None


class _Exchange:
    """Operations of one connection by message number."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection, self._rows = connection, rows
        self._pending: dict[tuple[int, bool], _Pending] = {}
        self._requested: dict[bool, int] = {True: 0, False: 0}
        self._authentication = Authentication(connection, rows)
        self._start_tls: set[int] = set()
        #: Where TLS begins in the two directions, once it was agreed on.
        self.secured: tuple[int, int] | None = None

    def operation(self, message: Message, number: int, operation: Value) -> None:
        """Take a request or response; raises Malformed."""
        name = OPERATIONS.get(operation.tag)
        if name is None:
            raise Malformed("ldap_unknown_operation", f"{operation.tag:#x}")
        self._connection.confirm(f"{SERVICE}_{self._connection.proto}")
        self._requested[message.from_orig] = message.end
        search = name == "search"
        key = (number, search)
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending[key] = _Pending(message, number, search)
            if len(self._pending) > _MAX_PENDING:
                self._write(next(iter(self._pending)))
        columns = pending.columns
        if not search and name != "bind":
            columns["opcode"] = name
        if operation.tag == _ENTRY:
            columns["result_count"] += 1
        elif operation.tag in _REPLIES:
            self._result(columns, operation)
            if name == "bind":
                columns.setdefault("opcode", name)
        else:
            _REQUESTS.get(operation.tag, _named)(columns, operation)
        if name == "bind":
            self._authenticate(message, operation, columns)
        self._follow(message, number, operation, columns)
        if operation.tag in _FINISHED:
            self._write(key)

    def _authenticate(self, message: Message, operation: Value, columns: dict[str, Any]) -> None:
        """Hand the tokens of a bind on to the mechanism, and how the bind ended."""
        for field in operation.children()[2:8]:
            if field.tag == _SASL:
                for part in field.children()[1:2]:
                    self._authentication.token(part.content, message.ts, message.record)
            elif field.tag in (_SICILY_NEGOTIATE, _SICILY_RESPONSE, _SERVER_CREDENTIALS):
                self._authentication.token(field.content, message.ts, message.record)
        if operation.tag == _BIND_REPLY and columns.get("result") != _IN_PROGRESS:
            self._authentication.outcome(columns.get("result") == "success")

    def _follow(self, message: Message, number: int, operation: Value, columns: dict[str, Any]) -> None:
        """Note when TLS is agreed on."""
        if operation.tag == _EXTENDED and str(columns.get("object", "")).startswith(START_TLS):
            self._start_tls.add(number)
        elif operation.tag == _EXTENDED_REPLY and number in self._start_tls and columns.get("result") == "success":
            self.secured = (self._requested[True], message.end)

    def _result(self, columns: dict[str, Any], operation: Value) -> None:
        fields = operation.children()
        if len(fields) < 3 or fields[0].tag != ber.ENUMERATED:
            raise Malformed("ldap_bad_result")
        columns["result"] = RESULTS.get(fields[0].number, "unknown")
        columns["diagnostic_message"] = _words(fields[2])

    def _write(self, key: tuple[int, bool]) -> None:
        done = self._pending.pop(key)
        self._rows.add(done.table, self._connection, done.ts, done.record, **done.columns)

    def close(self) -> None:
        """Write what got no result."""
        for key in list(self._pending):
            self._write(key)
        self._authentication.close()


def _bind(columns: dict[str, Any], operation: Value) -> None:
    fields = operation.children()
    if len(fields) < 3:
        raise Malformed("ldap_bad_bind")
    version, name, credentials = fields[:3]
    columns["version"] = version.number
    columns["opcode"] = BINDS.get(credentials.tag, "bind")
    columns["object"] = _words(name)
    if credentials.tag == _SASL:
        columns["argument"] = printable(credentials.inner().content)
    elif credentials.tag == _SIMPLE and credentials.content:
        columns["argument"] = _REDACTED


def _search(columns: dict[str, Any], operation: Value) -> None:
    fields = operation.children()
    if len(fields) < 7:
        raise Malformed("ldap_bad_search")
    columns["base_object"] = _words(fields[0])
    columns["scope"] = SCOPES.get(fields[1].number, "unknown")
    columns["deref_aliases"] = DEREFERENCES.get(fields[2].number, "unknown")
    columns["filter"] = filter_text(fields[6])


def _modify(columns: dict[str, Any], operation: Value) -> None:
    """What is changed, but not to what: values may be passwords."""
    fields = operation.children()
    if len(fields) < 2:
        raise Malformed("ldap_bad_modify")
    columns["object"] = _words(fields[0])
    changes = []
    for change in fields[1].children()[:64]:
        parts = change.children()
        if len(parts) > 1:
            changes.append(f"{CHANGES.get(parts[0].number, 'unknown')} {printable(parts[1].inner().content)}")
    columns["argument"] = ", ".join(changes) or None


def _extended(columns: dict[str, Any], operation: Value) -> None:
    name = printable(operation.inner().content)
    columns["object"] = f"{name} ({EXTENDED.get(name, 'unknown')})"


def _plain(columns: dict[str, Any], operation: Value) -> None:
    columns["object"] = _words(operation)


def _named(columns: dict[str, Any], operation: Value) -> None:
    """Operations that begin with the entry they concern: add, rename, compare."""
    if operation.tag & 0x20 and operation.end > operation.start:
        columns["object"] = _words(operation.inner())


def _nothing(columns: dict[str, Any], operation: Value) -> None:
    """Operations that tell nothing but that they happened."""


_REQUESTS = {
    _BIND: _bind,
    _SEARCH: _search,
    _MODIFY: _modify,
    _DELETE: _plain,
    _EXTENDED: _extended,
    _UNBIND: _nothing,
    _ABANDON: _nothing,
    0x73: _nothing,
    0x79: _nothing,
}
