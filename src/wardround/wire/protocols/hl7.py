"""HL7 version 2 over the minimal lower layer protocol (MLLP, HL7 v2.5.1 appendix C.4) on any port.

A message stands between the characters 0x0B and 0x1C 0x0D. The forms seen in practice are taken too: no 0x0D, no 0x1C
before the next 0x0B, no 0x0B before the header, and messages that begin before the capture or end after it.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import repeat

from wardround.wire.connection import Chunk, Connection, Rows, Stream
from wardround.wire.hl7_message import Exchange, begins, messages, read

SERVICE = "hl7"

#: What a message consists of, with what stands around it (acknowledgements of MLLP release 2 too) and ISO 2022's escape. A
#: stream may begin in the middle of a message, so with any of it (see wardround.wire.candidates).
_TEXT = bytes((6, *range(9, 14), 0x15, 0x1B, 0x1C, *range(32, 256)))
TCP_HEADS = (dict.fromkeys(range(4), _TEXT),)
UDP_FIRST = b""

_START, _END = b"\x0b", b"\x1c"

#: Bytes of one message that are read; what follows is only counted.
_MESSAGE_BYTES = 1 << 20


@dataclass(slots=True)
class _Block:
    """What stands between the two characters, as far as it is read; when and in which frame it began; its length."""

    ts: int
    record: int
    data: bytearray = field(default_factory=bytearray)
    length: int = 0

    def add(self, part: bytes) -> None:
        """Take further bytes."""
        self.length += len(part)
        if len(self.data) < _MESSAGE_BYTES:
            self.data += part[: _MESSAGE_BYTES - len(self.data)]


def sniff(connection: Connection) -> bool:
    """A header at the beginning of either direction, or a block in its first bytes."""
    return connection.proto == "tcp" and any(_begins(stream.head(512)) for stream in (connection.orig, connection.resp))


def _begins(head: bytes) -> bool:
    if begins(head.lstrip(b"\x0b\x1c\r\n")[:8]):
        return True
    at = head.find(b"\x0bMSH")
    within = at > 0 and not head[:4].translate(None, _TEXT)
    return within and head[at - 1] in b"\r\n\x1c" and begins(head[at + 1 : at + 9])


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of hl7_message."""
    exchange = Exchange(connection, rows, "mllp")
    sides = (zip(repeat(True), _blocks(connection.orig)), zip(repeat(False), _blocks(connection.resp)))
    for from_orig, block in heapq.merge(*sides, key=lambda item: (item[1].ts, item[1].record)):
        found = messages(bytes(block.data))
        if not found and block.data.strip(b"\r\n\x1c"):
            rows.weird(connection, "hl7_no_message")
        for data in found:
            message = read(data, from_orig, block.ts, block.record)
            if message is None:
                rows.weird(connection, "hl7_bad_header")
                continue
            message.columns["bytes"] = block.length if len(found) == 1 else len(data)
            connection.confirm(SERVICE)
            exchange.take(message)
    exchange.close()


def _blocks(stream: Stream) -> Iterator[_Block]:
    """The blocks of one direction; one that a gap or the end cuts is given as far as it goes."""
    block: _Block | None = None
    at = 0
    while True:
        chunk = stream.chunk_at(at)
        if chunk is None:
            following = stream.data_after(at)
            if block is not None:
                yield block
                block = None
            if following is None:
                return
            at = following
            continue
        if at == 0 and begins(chunk.data.lstrip(b"\r\n")[:8]):
            block = _Block(chunk.ts, chunk.record)
        block = yield from _cut(chunk, block)
        at = chunk.offset + len(chunk.data)


def _cut(chunk: Chunk, block: _Block | None) -> Generator[_Block, None, _Block | None]:
    """The blocks that end in a chunk; returns the one that goes on behind it."""
    data, at = chunk.data, 0
    while at < len(data):
        if block is None:
            start = data.find(_START, at)
            if start < 0:
                return None
            block, at = _Block(chunk.ts, chunk.record), start + 1
            continue
        end = _first(data.find(_END, at), data.find(_START, at), len(data))
        block.add(data[at:end])
        at = end
        if end < len(data):
            yield block
            block = None
            at += data[end : end + 1] == _END
    return block


def _first(*places: int) -> int:
    return min(place for place in places if place >= 0)
