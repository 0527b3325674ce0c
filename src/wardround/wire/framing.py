"""Messages of a connection, whichever transport carries them: datagrams, or pieces of the streams that state their length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from wardround.wire.connection import Chunk, Connection, Gap, Stream

#: No message that is read here is longer; a stream that claims so is not what it was taken for.
LONGEST_MESSAGE = 1 << 20

#: Where in the bytes a message begins and ends: (start, end), None when more bytes are needed to tell. An end that is not
#: after the start says that no message can be there, and that the direction is not read any further.
Extent = Callable[[bytes | bytearray, int], tuple[int, int] | None]


class Message(NamedTuple):
    """One message: its bytes, who sent it, and when and in which frame its last byte came.

    ``end`` is the offset in its stream after it, 0 for datagrams.
    """

    ts: int
    record: int
    from_orig: bool
    data: bytes
    end: int = 0


def prefixed(size: int) -> Extent:
    """Messages that follow their length, a big-endian number of ``size`` bytes."""

    def extent(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
        start = at + size
        if len(data) < start:
            return None
        length = int.from_bytes(data[at:start], "big")
        return start, start + length

    return extent


def _framed(stream: Stream, from_orig: bool, extent: Extent, last: bool) -> Iterator[Message]:
    data, at, gone = bytearray(), 0, 0
    piece: Chunk | None = None
    for piece_or_gap in stream.pieces:
        if isinstance(piece_or_gap, Gap):
            return
        piece = piece_or_gap
        data += piece.data
        while True:
            found = extent(data, at)
            if found is None:
                break
            start, end = found
            if end <= start or end - at > LONGEST_MESSAGE:
                return
            if end > len(data):
                break
            yield Message(piece.ts, piece.record, from_orig, bytes(data[start:end]), gone + end)
            at = end
        del data[:at]
        gone += at
        at = 0
        if len(data) > LONGEST_MESSAGE:
            return
    if last and data and piece is not None:
        yield Message(piece.ts, piece.record, from_orig, bytes(data), gone + len(data))


def messages(connection: Connection, extent: Extent, *, last: bool = False) -> Iterator[Message]:
    """The messages of both directions in order of time; streams are cut by ``extent`` and read up to their first gap.

    With ``last`` what is left at the end of a stream is a message too.
    """
    if connection.proto != "tcp":
        for datagram in connection.datagrams:
            yield Message(datagram.ts, datagram.record, datagram.from_orig, datagram.data)
        return
    both = [*_framed(connection.orig, True, extent, last), *_framed(connection.resp, False, extent, last)]
    yield from sorted(both, key=lambda message: (message.ts, message.record))


def heads(connection: Connection, limit: int = 2_048) -> tuple[bytes, bytes]:
    """The first bytes of originator and responder, for recognising a protocol; of datagrams the first of each."""
    if connection.proto == "tcp":
        return connection.orig.head(limit), connection.resp.head(limit)
    first = {True: b"", False: b""}
    for datagram in connection.datagrams[:16]:
        if not first[datagram.from_orig]:
            first[datagram.from_orig] = datagram.data[:limit]
    return first[True], first[False]
