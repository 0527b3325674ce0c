"""NTLM (MS-NLMP) inside other protocols: who logs on to what. A row of table ntlm per logon."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from wardround.wire.connection import Connection, Rows

SIGNATURE = b"NTLMSSP\x00"

#: Logons of one connection that may be under way at the same time.
_EXCHANGES = 256

_NEGOTIATE, _CHALLENGE, _AUTHENTICATE = 1, 2, 3
_UNICODE = 0x00000001
_NAMES = {1: "server_nb_computer_name", 3: "server_dns_computer_name", 5: "server_tree_name"}
_NAME_BYTES = 1_024


@dataclass(slots=True)
class _Exchange:
    """What is known of one logon; ``ts`` and ``record`` are those of its first message."""

    ts: int
    record: int
    columns: dict[str, str]


class Logons:
    """The NTLM logons of one connection. ``key`` tells those apart that run side by side (the SMB session, for instance)."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection = connection
        self._rows = rows
        self._exchanges: dict[int, _Exchange] = {}
        self._begun: tuple[int, int] | None = None

    def message(self, data: bytes, ts: int, record: int, key: int = 0) -> None:
        """Take one NTLMSSP message. Bytes that are none are passed over."""
        if len(data) < 12 or not data.startswith(SIGNATURE):
            return
        self._connection.confirm("ntlm")
        kind = int.from_bytes(data[8:12], "little")
        if kind == _NEGOTIATE:
            self._begun = self._begun or (ts, record)
        elif kind == _CHALLENGE:
            self._exchange(key, ts, record).columns.update(_challenge(data))
        elif kind == _AUTHENTICATE:
            self._exchange(key, ts, record).columns.update(_authenticate(data))

    def outcome(self, success: bool, key: int = 0) -> None:
        """The server has decided about the logon under way, if there is one."""
        exchange = self._exchanges.pop(key, None)
        if exchange is not None:
            self._write(exchange, success)

    def close(self) -> None:
        """Write the logons of which no end was seen."""
        for exchange in self._exchanges.values():
            self._write(exchange, None)
        self._exchanges.clear()

    def _exchange(self, key: int, ts: int, record: int) -> _Exchange:
        found = self._exchanges.get(key)
        if found is None:
            if len(self._exchanges) >= _EXCHANGES:
                self._write(self._exchanges.pop(next(iter(self._exchanges))), None)
            first = self._begun or (ts, record)
            self._begun = None
            found = self._exchanges[key] = _Exchange(*first, {})
        return found

    def _write(self, exchange: _Exchange, success: bool | None) -> None:
        self._rows.add("ntlm", self._connection, exchange.ts, exchange.record, success=success, **exchange.columns)


def _field(data: bytes, at: int) -> bytes:
    """The bytes that a security buffer (length, room, offset) at ``at`` refers to; none where it points outside."""
    if at + 8 > len(data):
        return b""
    length, _, offset = struct.unpack_from("<HHI", data, at)
    return data[offset : offset + length] if offset + length <= len(data) else b""


def _text(value: bytes, unicode: bool) -> str:
    return value[:_NAME_BYTES].decode("utf-16-le" if unicode else "cp1252", "replace")


def _challenge(data: bytes) -> dict[str, str]:
    """The names that the server gives itself: the attribute-value pairs of a CHALLENGE."""
    pairs = _field(data, 40)
    found: dict[str, str] = {}
    at = 0
    while at + 4 <= len(pairs):
        kind, length = struct.unpack_from("<HH", pairs, at)
        at += 4
        if kind == 0:
            break
        if kind in _NAMES and at + length <= len(pairs):
            found[_NAMES[kind]] = _text(pairs[at : at + length], True)
        at += length
    return found


def _authenticate(data: bytes) -> dict[str, str]:
    """User, domain and workstation of an AUTHENTICATE; those that are empty are left out."""
    flags = int.from_bytes(data[60:64], "little") if len(data) >= 64 else _UNICODE
    fields = {"domainname": 28, "username": 36, "hostname": 44}
    texts = {column: _text(_field(data, at), bool(flags & _UNICODE)) for column, at in fields.items()}
    return {column: text for column, text in texts.items() if text}
