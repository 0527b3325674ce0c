"""Records of SSL, TLS and DTLS, and the handshake messages inside them.

Sources: RFC 8446 and 5246 (records), RFC 6347 and 9147 (DTLS), the SSL 2.0 specification of 1995.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from wardround.wire.connection import Connection, Datagram, Malformed, Stream

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = 20, 21, 22, 23, 24

#: Hellos in the form of SSL 2.0 have no record layer of their own.
HELLO_2 = -1

#: Stands for bytes that are no record, so that they are met in their turn.
_BROKEN = -2

#: What a record may hold (RFC 8446 allows 2**14 + 256, older versions 2**14 + 2048).
MAX_RECORD = (1 << 14) + 2048

#: No handshake message is read beyond this; certificates are the longest.
MAX_MESSAGE = 1 << 18

#: Bytes that are read of a stream at a time: most hellos, with what follows them.
_WINDOW = 2_048

#: Messages of DTLS that are put together at a time, and records that are looked at in one connection.
MAX_PENDING = 32
MAX_RECORDS = 4096


class Record(NamedTuple):
    """A record; ``frame`` and ``ts`` tell when its last byte came. The body of application data is not read."""

    frame: int
    ts: int
    from_orig: bool
    kind: int
    version: int
    body: bytes
    encrypted: bool = False


def stream_records(connection: Connection) -> Iterator[Record]:
    """The records of both directions of a TCP connection in the order of their arrival; raises Malformed."""
    first, second = _records(connection.orig, True), _records(connection.resp, False)
    one, other = next(first, None), next(second, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.frame <= other.frame):
            yield _whole(one)
            one = next(first, None)
        else:
            yield _whole(other)
            other = next(second, None)


def _whole(record: Record | None) -> Record:
    if record is None or record.kind == _BROKEN:
        raise Malformed("ssl_invalid_record", f"first bytes {record.body.hex() if record else ''}")
    return record


def _records(stream: Stream, from_orig: bool) -> Iterator[Record]:
    at = frame = start = 0
    window = b""
    for _ in range(MAX_RECORDS):
        if at + 5 > start + len(window):
            window, start = stream.read(at, _WINDOW), at
        head = window[at - start : at - start + 5]
        if len(head) < 5:
            return
        if at == 0 and is_hello_2(head):
            size, kind, version, skip = (head[0] & 0x7F) << 8 | head[1], HELLO_2, 2, 2
        else:
            size, kind, version, skip = head[3] << 8 | head[4], head[0], head[1] << 8 | head[2], 5
        if kind != HELLO_2 and not (20 <= kind <= 26 and head[1] == 3 and size <= MAX_RECORD):
            first = stream.arrival(at)
            yield Record(max(frame, first[1] if first else 0), first[0] if first else 0, from_orig, _BROKEN, 0, head)
            return
        begin = at + skip
        at = begin + size
        last = stream.arrival(at - 1)
        if last is None:
            return
        body = b""
        if kind != APPLICATION_DATA:
            body = window[begin - start : at - start] if at <= start + len(window) else stream.read(begin, size)
            if len(body) < size:
                return
        frame = max(frame, last[1])
        yield Record(frame, last[0], from_orig, kind, version, body)


def is_hello_2(head: bytes) -> bool:
    """Whether bytes begin a hello of SSL 2.0 (of either side)."""
    if len(head) < 5 or not head[0] & 0x80:
        return False
    version_of_client = head[2] == 1 and (head[3] == 3 or (head[3] == 0 and head[4] == 2))
    return version_of_client or (head[2] == 4 and head[3] in (0, 1) and head[4] in (0, 1))


def datagram_records(datagrams: Sequence[Datagram]) -> Iterator[Record]:
    """The records in the datagrams of a DTLS connection; whatever else shares the port (STUN, RTP) is left out."""
    count = 0
    for datagram in datagrams:
        data, at = datagram.data, 0
        while at + 13 <= len(data) and data[at + 1] == 0xFE and 20 <= data[at] <= 26:
            size = data[at + 11] << 8 | data[at + 12]
            if size > MAX_RECORD or at + 13 + size > len(data):
                break
            epoch = data[at + 3] << 8 | data[at + 4]
            version = data[at + 1] << 8 | data[at + 2]
            body = data[at + 13 : at + 13 + size]
            yield Record(datagram.record, datagram.ts, datagram.from_orig, data[at], version, body, epoch > 0)
            at += 13 + size
            count += 1
        if at < len(data) and data[at] & 0xE0 == 0x20:  # the short header of DTLS 1.3 is only used for ciphertext
            yield Record(datagram.record, datagram.ts, datagram.from_orig, APPLICATION_DATA, 0xFEFC, b"", True)
            count += 1
        if count > MAX_RECORDS:
            return


class Messages:
    """Handshake messages of one direction of a stream, put together from records."""

    def __init__(self) -> None:
        self._buffer = b""

    def add(self, body: bytes) -> Iterator[tuple[int, bytes]]:
        """Take the body of a handshake record; gives the messages (type, body) that it completes. Raises Malformed."""
        self._buffer += body
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[1:4], "big")
            if size > MAX_MESSAGE:
                raise Malformed("ssl_excessive_handshake", f"{size} bytes")
            if len(self._buffer) < 4 + size:
                return
            kind, message = self._buffer[0], self._buffer[4 : 4 + size]
            self._buffer = self._buffer[4 + size :]
            yield kind, message


@dataclass(slots=True)
class _Pending:
    kind: int
    size: int
    parts: dict[int, bytes] = field(default_factory=dict)

    def whole(self) -> bytes | None:
        """The message, None while parts are missing."""
        message = b""
        for offset in sorted(self.parts):
            part = self.parts[offset]
            if offset > len(message):
                return None
            message += part[len(message) - offset :]
        return message if len(message) >= self.size else None


class DatagramMessages:
    """Handshake messages of one direction of DTLS: fragments in any order, retransmissions once."""

    def __init__(self) -> None:
        self._pending: dict[int, _Pending] = {}
        self._done: set[int] = set()

    def add(self, body: bytes) -> Iterator[tuple[int, bytes]]:
        """Take the body of a handshake record; gives the messages (type, body) that it completes."""
        at = 0
        while at + 12 <= len(body):
            kind, size = body[at], int.from_bytes(body[at + 1 : at + 4], "big")
            number = int.from_bytes(body[at + 4 : at + 6], "big")
            offset, length = int.from_bytes(body[at + 6 : at + 9], "big"), int.from_bytes(body[at + 9 : at + 12], "big")
            part = body[at + 12 : at + 12 + length]
            at += 12 + length
            if len(part) < length or offset + length > size or size > MAX_MESSAGE or number in self._done:
                continue
            message = self._join(number, _Pending(kind, size), offset, part)
            if message is not None:
                self._done.add(number)
                yield kind, message

    def _join(self, number: int, fresh: _Pending, offset: int, part: bytes) -> bytes | None:
        if len(self._pending) >= MAX_PENDING and number not in self._pending:
            return None
        pending = self._pending.setdefault(number, fresh)
        if (pending.kind, pending.size) != (fresh.kind, fresh.size) or len(pending.parts) >= 1024:
            return None
        if len(part) >= len(pending.parts.get(offset, b"")):
            pending.parts[offset] = part
        message = pending.whole()
        if message is not None:
            del self._pending[number]
        return message
