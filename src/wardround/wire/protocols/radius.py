"""RADIUS authentication into table radius: a row per request with the answer to it. Passwords are never read.

Sources: RFC 2865 (RADIUS), 2868 (tunnels), 2869 (Connect-Info).
"""

from __future__ import annotations

import socket
from typing import Any, TypeVar

from wardround.wire.connection import Connection, Datagram, Malformed, Rows
from wardround.wire.framing import heads
from wardround.wire.printable import printable

SERVICE = "radius"
TCP_FIRST = b""
UDP_FIRST = bytes((*range(1, 6), 11, 12, 13, *range(40, 46)))

_HEADER = 20
_PORTS = frozenset({1645, 1646, 1812, 1813, 3799})
_ACCESS_REQUEST, _ACCESS_ACCEPT, _ACCESS_REJECT, _ACCESS_CHALLENGE = 1, 2, 3, 11
_KNOWN_CODES = frozenset((*range(1, 6), 11, 12, 13, *range(40, 46)))

_USER_NAME, _FRAMED_ADDRESS, _REPLY_MESSAGE, _STATE, _CALLING_STATION = 1, 8, 18, 24, 31
_TUNNEL_CLIENT, _CONNECT_INFO = 66, 77

#: Requests that wait for their answer, per connection; beyond, the oldest are written as they are.
_MAX_PENDING = 256


def _attributes(data: bytes) -> dict[int, bytes]:
    """The first attribute of each type of a message."""
    size = int.from_bytes(data[2:4], "big")
    if not _HEADER <= size <= len(data):
        raise Malformed("radius_bad_length")
    found: dict[int, bytes] = {}
    at = _HEADER
    while at + 2 <= size:
        length = data[at + 1]
        if length < 2 or at + length > size:
            raise Malformed("radius_bad_attribute")
        found.setdefault(data[at], data[at + 2 : at + length])
        at += length
    return found


def sniff(connection: Connection) -> bool:
    """A known code, the length of the message, and attributes that fill it."""
    if connection.proto != "udp":
        return False
    for data in heads(connection, 4_096):
        if len(data) >= _HEADER and data[0] in _KNOWN_CODES:
            size = int.from_bytes(data[2:4], "big")
            try:
                found = _attributes(data)
            except Malformed:
                continue
            own_port = not _PORTS.isdisjoint((connection.orig_p, connection.resp_p))
            if size == len(data) and (found or own_port):
                return True
    return False


def _link_address(text: str) -> str | None:
    """The MAC address that a Calling-Station-Id states in one of its usual forms, None when it states something else."""
    digits = "".join(character for character in text.lower() if character not in ":-. ")
    if len(digits) != 12 or any(character not in "0123456789abcdef" for character in digits):
        return None
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def _describe(columns: dict[str, Any], attributes: dict[int, bytes], asking: bool) -> None:
    """Add what a message tells. ``asking``: it is a request; the first tells who asks, for servers may answer another name."""
    if asking:
        for kind, column in ((_USER_NAME, "username"), (_TUNNEL_CLIENT, "tunnel_client"), (_CONNECT_INFO, "connect_info")):
            if kind in attributes:
                value = attributes[kind].lstrip(b"\0") if kind == _TUNNEL_CLIENT else attributes[kind]
                columns.setdefault(column, printable(value))
        link = _link_address(printable(attributes.get(_CALLING_STATION, b"")))
        if link is not None:
            columns.setdefault("mac", link)
    if len(attributes.get(_FRAMED_ADDRESS, b"")) == 4:
        columns.setdefault("framed_addr", socket.inet_ntop(socket.AF_INET, attributes[_FRAMED_ADDRESS]))
    if _REPLY_MESSAGE in attributes:
        columns.setdefault("reply_msg", printable(attributes[_REPLY_MESSAGE]))


_Asked = tuple[Datagram, dict[str, Any]]
_Key = TypeVar("_Key", int, bytes)


class _Exchange:
    """Requests of one connection that wait for their answer, by identifier."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection, self._rows = connection, rows
        self._pending: dict[int, _Asked] = {}
        self._challenged: dict[bytes, _Asked] = {}

    def message(self, datagram: Datagram) -> None:
        """Take a message; raises Malformed."""
        data = datagram.data
        if len(data) < _HEADER or data[0] not in _KNOWN_CODES:
            raise Malformed("radius_bad_message")
        attributes = _attributes(data)
        self._connection.confirm(SERVICE)
        code, identifier = data[0], data[1]
        if code not in (_ACCESS_REQUEST, _ACCESS_ACCEPT, _ACCESS_REJECT, _ACCESS_CHALLENGE):
            return
        waiting = self._pending.pop(identifier, None)
        if waiting is None:
            waiting = self._continued(code, attributes) or (datagram, {})
        asked, columns = waiting
        _describe(columns, attributes, code == _ACCESS_REQUEST)
        if code in (_ACCESS_ACCEPT, _ACCESS_REJECT):
            columns["result"] = "success" if code == _ACCESS_ACCEPT else "failed"
            if datagram.ts > asked.ts:
                columns["ttl"] = (datagram.ts - asked.ts) / 1e9
            self._write(asked, columns)
        elif code == _ACCESS_CHALLENGE and _STATE in attributes:
            self._keep(self._challenged, attributes[_STATE], (asked, columns))
        else:
            self._keep(self._pending, identifier, (asked, columns))

    def _continued(self, code: int, attributes: dict[int, bytes]) -> _Asked | None:
        """The request that a challenge answered, when this one goes on with it: it gives the challenge's State back."""
        if code != _ACCESS_REQUEST or _STATE not in attributes:
            return None
        return self._challenged.pop(attributes[_STATE], None)

    def _keep(self, where: dict[_Key, _Asked], key: _Key, waiting: _Asked) -> None:
        where[key] = waiting
        if len(where) > _MAX_PENDING:
            self._write(*where.pop(next(iter(where))))

    def close(self) -> None:
        """Write the requests that were not answered."""
        for asked, columns in (*self._challenged.values(), *self._pending.values()):
            self._write(asked, columns)

    def _write(self, asked: Datagram, columns: dict[str, Any]) -> None:
        columns.setdefault("result", "unknown")
        self._rows.add("radius", self._connection, asked.ts, asked.record, **columns)


def parse(connection: Connection, rows: Rows) -> None:
    """A row per request; one without answer has the result unknown."""
    exchange = _Exchange(connection, rows)
    for datagram in connection.datagrams:
        try:
            exchange.message(datagram)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=datagram.ts, record=datagram.record)
    exchange.close()
