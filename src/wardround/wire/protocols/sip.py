"""SIP over UDP and TCP into table sip: a row per reply, with what was asked, and one for what got no reply.

Credentials in the messages are not read. Source: RFC 3261.
"""

from __future__ import annotations

from typing import Any

from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.framing import Message, messages
from wardround.wire.printable import printable

SERVICE = "sip"
TCP_FIRST = b"\r\nABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UDP_FIRST = TCP_FIRST

_VERSION = b"SIP/2.0"
_HEAD_END = b"\r\n\r\n"

#: Bytes of the head of a message, header lines that are looked at, and Via headers that a row shows.
_LONGEST_HEAD = 1 << 16
_MAX_HEADERS = 256
_MAX_VIAS = 64

#: What keeps a way through a firewall open is not longer than this, and says nothing.
_KEEP_ALIVE = 8

#: Calls that wait for a final reply, per connection; beyond, the oldest are written as they are.
_MAX_PENDING = 1_000

#: Short forms of header names.
_SHORT = {b"F": b"FROM", b"T": b"TO", b"V": b"VIA", b"L": b"CONTENT-LENGTH", b"C": b"CONTENT-TYPE", b"S": b"SUBJECT",
          b"I": b"CALL-ID"}  # fmt: skip

_OF_REQUEST = {b"CALL-ID": "call_id", b"CSEQ": "seq", b"DATE": "date", b"REPLY-TO": "reply_to", b"SUBJECT": "subject",
               b"TO": "request_to", b"USER-AGENT": "user_agent"}  # fmt: skip
_OF_REPLY = {b"CONTENT-TYPE": "content_type", b"WARNING": "warning", b"TO": "response_to"}


def _first_line(data: bytes) -> tuple[bytes, bytes, bytes] | None:
    """The three parts of a request or status line, None when ``data`` begins with neither."""
    line = data[:_LONGEST_HEAD].partition(b"\n")[0].rstrip(b"\r")
    parts = line.split(b" ", 2)
    if len(parts) < 2:
        return None
    if parts[0] == _VERSION and parts[1].isdigit() and len(parts[1]) == 3:
        return parts[0], parts[1], parts[2] if len(parts) == 3 else b""
    if len(parts) == 3 and parts[2] == _VERSION and parts[0].isalpha() and len(parts[0]) <= 32:
        return parts[0], parts[1], parts[2]
    return None


def sniff(connection: Connection) -> bool:
    """A request or status line of SIP 2.0 among the first messages; keep-alives may come before."""
    if connection.proto == "tcp":
        starts = [connection.orig.head(2_048), connection.resp.head(2_048)]
    else:
        starts = [datagram.data for datagram in connection.datagrams[:8]]
    return any(_VERSION in data[:2_048] and _first_line(data.lstrip(b"\r\n")) is not None for data in starts)


def _extent(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """A message of a stream: its head up to the empty line, and as much as Content-Length says."""
    while data[at : at + 1] in (b"\r", b"\n") and data[at : at + 1]:
        at += 1
    end = data.find(_HEAD_END, at)
    if end < 0:
        return (at, at) if len(data) - at > _LONGEST_HEAD else None
    head = bytes(data[at:end])
    if _first_line(head) is None:
        return at, at
    length = next((value for name, value in _headers(head) if name == b"CONTENT-LENGTH"), b"0")
    return at, end + len(_HEAD_END) + (int(length) if length.isdigit() and len(length) < 8 else 0)


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    """Names in capitals and values of the headers; lines that continue the one before are joined to it."""
    found: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\n", _MAX_HEADERS)[1:_MAX_HEADERS]:
        text = line.rstrip(b"\r")
        if not text:
            break
        if text[:1] in b" \t" and found:
            name, value = found[-1]
            found[-1] = name, value + b" " + text.strip()
            continue
        name, colon, value = text.partition(b":")
        if colon:
            name = name.strip().upper()
            found.append((_SHORT.get(name, name), value.strip()))
    return found


def _before(value: bytes, word: bytes) -> str:
    """A header's value up to the parameter ``word``, before which a blank may stand."""
    for mark in (b";" + word, b"; " + word):
        value = value.partition(mark)[0]
    return printable(value)


def _number(value: bytes) -> int | None:
    return int(value) if value.isdigit() and len(value) < 16 else None


def parse(connection: Connection, rows: Rows) -> None:
    """A row per reply; the requests that got none are written at the end."""
    exchange = _Exchange(connection, rows)
    for message in messages(connection, _extent):
        try:
            exchange.message(message)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=message.ts, record=message.record)
    exchange.close()


class _Pending:
    """The columns of a call, and when and where it began."""

    __slots__ = ("columns", "record", "ts")

    def __init__(self, message: Message) -> None:
        self.ts, self.record = message.ts, message.record
        self.columns: dict[str, Any] = {"trans_depth": 0, "request_path": [], "response_path": []}


class _Exchange:
    """Requests of one connection that wait for their final reply, by call."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self._connection, self._rows = connection, rows
        self._pending: dict[bytes, _Pending] = {}

    def message(self, message: Message) -> None:
        """Take a message; raises Malformed when it is none."""
        data = message.data.lstrip(b"\r\n")
        line = _first_line(data)
        if line is None and len(data) <= _KEEP_ALIVE:
            return
        if line is None:
            raise Malformed("sip_bad_start_line")
        self._connection.confirm(SERVICE)
        headers = _headers(data.partition(_HEAD_END)[0][:_LONGEST_HEAD])
        call = next((value for name, value in headers if name == b"CALL-ID"), b"")
        if line[0] == _VERSION:
            self._reply(message, call, line, headers)
        else:
            self._request(message, call, line, headers)

    def _call(self, message: Message, call: bytes) -> _Pending:
        pending = self._pending.get(call)
        if pending is None:
            pending = self._pending[call] = _Pending(message)
            if len(self._pending) > _MAX_PENDING:
                self._write(self._pending.pop(next(iter(self._pending))))
        return pending

    def _request(
        self, message: Message, call: bytes, line: tuple[bytes, bytes, bytes], headers: list[tuple[bytes, bytes]]
    ) -> None:
        # An ACK is never answered: it stands alone only when nothing more comes.
        for key in [key for key, waiting in self._pending.items() if waiting.columns.get("method") == "ACK"]:
            del self._pending[key]
        columns = self._call(message, call).columns
        columns["method"], columns["uri"] = printable(line[0]), printable(line[1])
        for name, value in headers:
            if name in _OF_REQUEST:
                columns[_OF_REQUEST[name]] = printable(value)
            elif name == b"FROM":
                columns["request_from"] = _before(value, b"tag=")
            elif name == b"VIA" and len(columns["request_path"]) < _MAX_VIAS:
                columns["request_path"].append(_before(value, b"branch"))
            elif name == b"CONTENT-LENGTH":
                columns["request_body_len"] = _number(value)

    def _reply(
        self, message: Message, call: bytes, line: tuple[bytes, bytes, bytes], headers: list[tuple[bytes, bytes]]
    ) -> None:
        pending = self._call(message, call)
        columns = pending.columns
        code = int(line[1])
        columns["status_code"], columns["status_msg"] = code, printable(line[2])
        for name, value in headers:
            if name in _OF_REPLY:
                columns[_OF_REPLY[name]] = printable(value)
            elif name == b"FROM":
                columns["response_from"] = _before(value, b"tag=")
            elif name == b"VIA" and len(columns["response_path"]) < _MAX_VIAS:
                columns["response_path"].append(_before(value, b"branch"))
            elif name == b"CONTENT-LENGTH":
                columns["response_body_len"] = _number(value)
        self._write(pending)
        if not 100 <= code < 200:
            self._pending.pop(call, None)

    def _write(self, pending: _Pending) -> None:
        columns = dict(pending.columns)
        for path in ("request_path", "response_path"):
            columns[path] = list(columns[path])
        self._rows.add("sip", self._connection, pending.ts, pending.record, **columns)

    def close(self) -> None:
        """Write what got no final reply."""
        for pending in self._pending.values():
            self._write(pending)
        self._pending.clear()
