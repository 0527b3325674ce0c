"""Messages with a length before them, from both directions of a TCP connection, in the order in which they came."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wardround.wire.connection import Chunk, Connection, Stream

#: Chunks of one direction that are looked at to find a message again after a gap or after bytes that are none.
_SEARCHED = 20_000

#: Gives the size of the message that begins with these bytes, what frames it included; 0 when none begins there.
SizeOf = Callable[[bytes], int]


@dataclass(frozen=True, slots=True)
class Message:
    """One message: where it is, when its beginning came, and its first bytes. The rest is read only when asked for."""

    stream: Stream
    from_orig: bool
    start: int
    size: int
    ts: int
    record: int
    head: bytes

    def read(self, at: int, count: int) -> bytes:
        """``count`` bytes from position ``at`` of the message; fewer at its end or at a gap."""
        count = min(count, self.size - at)
        if count <= 0 or at < 0:
            return b""
        if at + count <= len(self.head):
            return self.head[at : at + count]
        return self.stream.read(self.start + at, count)


def messages(connection: Connection, size_of: SizeOf, head: int) -> Iterator[Message]:
    """The messages of both directions in order of time, each with its first ``head`` bytes."""
    sides = (_side(connection.orig, True, size_of, head), _side(connection.resp, False, size_of, head))
    yield from heapq.merge(*sides, key=lambda message: (message.ts, message.record))


def _side(stream: Stream, from_orig: bool, size_of: SizeOf, head_size: int) -> Iterator[Message]:
    offset = 0
    searched = 0
    while True:
        chunk, head, size = _head(stream, offset, size_of, head_size)
        if chunk is not None and size > 0:
            yield Message(stream, from_orig, offset, size, chunk.ts, chunk.record, head[:size])
            offset += size
            continue
        following = stream.data_after(offset + 1)
        searched += 1
        if following is None or searched > _SEARCHED:
            return
        offset = following


def _head(stream: Stream, offset: int, size_of: SizeOf, head_size: int) -> tuple[Chunk | None, bytes, int]:
    """The chunk that ends what is read of a message at ``offset``, that beginning of it, and its size (0: none is there)."""
    chunk = stream.chunk_at(offset)
    if chunk is None:
        return None, b"", 0
    # Most messages begin in one chunk, so that nothing has to be put together.
    at = offset - chunk.offset
    head = chunk.data[at : at + head_size]
    size = size_of(head)
    if len(head) < head_size and len(head) < (size or head_size):
        head = stream.read(offset, min(head_size, size or head_size))
        size = size_of(head)
        chunk = stream.chunk_at(offset + min(size, len(head)) - 1) if size > 0 else None
    return chunk, head, size
