"""Streams and datagrams of a finished flow: read from the capture when a parser asks, nothing copied before."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from wardround.wire.capture import Bytes, Records
from wardround.wire.connection import Chunk, Datagram, Gap, Stream
from wardround.wire.reassembled import Reassembled
from wardround.wire.segments import SEGMENT, chains


class Payload:
    """The bytes that segments refer to: the capture, and packets put together from fragments (``whole``)."""

    def __init__(self, data: Bytes, whole: Reassembled) -> None:
        self.capture = data
        self._data = memoryview(data.data)
        self._whole = whole

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes at ``offset``; a negative offset counts from -1 downwards in ``whole``, and may have gone."""
        if offset >= 0:
            return bytes(self._data[offset : offset + length])
        return self._whole.read(-1 - offset, length)


def gather(segments: Records, ends: Records) -> tuple[Records, NDArray[np.int64]]:
    """The segments of many ends in order, and where those of each end begin among them (one more for the end)."""
    sizes = np.zeros(len(ends) + 1, np.int64)
    np.cumsum(ends["segments"], out=sizes[1:])
    numbers = np.zeros(sizes[-1], np.int64)
    starts = np.zeros(len(ends) + 1, np.int64)
    chains(segments, np.ascontiguousarray(ends["head"]), numbers, starts)
    return segments[numbers[: starts[-1]]], starts


#: Chunks of a stream that stay in memory once they were read.
CHUNKS_KEPT = 4_096

#: Bytes at the beginning of a stream that are kept for the parsers to look at.
HEAD_KEPT = 512

#: Datagrams at the beginning of a connection that are kept likewise.
DATAGRAMS_KEPT = 24

#: References of a stream that are turned into numbers at first; few parsers read on to its end.
_FIRST_ITEMS = 8

#: Datagrams whose references are turned into numbers at a time.
_ITEMS_AT_A_TIME = 256

#: A reference to payload as numbers: the fields of SEGMENT.
_Item = tuple[int, ...]

_FIELDS = struct.Struct("=qqqqiii")


def _numbers(segments: Records) -> list[_Item]:
    """References as numbers, in a fraction of the time that numpy takes for its records."""
    return list(_FIELDS.iter_unpack(segments.tobytes()))


class MappedStream(Stream):
    """A stream whose bytes stay in the capture until they are read."""

    __slots__ = ("_at", "_chunks", "_count", "_head", "_items", "_payload", "_segments")

    def __init__(self, payload: Payload, segments: Records) -> None:
        self._payload = payload
        self._segments = segments
        self._count = len(segments)
        # The first references as numbers. Long streams are seldom read to their end, so theirs stay in arrays.
        self._items: list[_Item] = []
        self._at: list[int] | NDArray[np.int64] = []
        self._chunks: dict[int, Chunk] = {}
        self._head: bytes | None = None
        if self._count <= CHUNKS_KEPT:
            self._load(_FIRST_ITEMS)
        else:
            self._at = np.ascontiguousarray(segments["at"] - 1)

    def _load(self, count: int) -> None:
        """Have the first ``count`` references as numbers."""
        self._items += _numbers(self._segments[len(self._items) : count])
        self._at = [item[0] - 1 for item in self._items]

    def _before(self, offset: int) -> int:
        """The last segment that begins at ``offset`` or before, -1 when none does."""
        at = self._at
        if isinstance(at, list):
            while len(at) < self._count and at[-1] <= offset:
                self._load(4 * len(at))
                at = self._at
            return bisect_right(at, offset) - 1
        return int(np.searchsorted(at, offset, side="right")) - 1

    def _item(self, index: int) -> _Item:
        if index >= len(self._items):
            if not isinstance(self._at, list):
                item: _Item = self._segments[index].item()
                return item
            self._load(max(4 * len(self._items), index + 1))
        return self._items[index]

    def _chunk(self, index: int) -> Chunk:
        found = self._chunks.get(index)
        if found is None:
            if len(self._chunks) >= CHUNKS_KEPT:
                self._chunks.clear()
            at, offset, ts, frame, length, _, _ = self._item(index)
            found = self._chunks[index] = Chunk(at - 1, ts, frame, self._payload.read(offset, length))
        return found

    @property
    def pieces(self) -> list[Chunk | Gap]:
        """Chunks and gaps in order."""
        result: list[Chunk | Gap] = []
        expected = 0
        if not isinstance(self._at, np.ndarray):
            self._load(self._count)
        for index in range(self._count):
            chunk = self._chunk(index)
            if chunk.offset > expected:
                result.append(Gap(expected, chunk.offset - expected))
            result.append(chunk)
            expected = chunk.offset + len(chunk.data)
        return result

    @pieces.setter
    def pieces(self, value: list[Chunk | Gap]) -> None:
        raise TypeError("the pieces of a mapped stream come from its segments")

    def read(self, start: int, limit: int) -> bytes:
        """Consecutive bytes from offset ``start``, at most ``limit``; stops at a gap, empty when there are none."""
        head = self._head
        if head is None:  # every parser looks at the beginning
            head = self._head = self._beginning()
        if 0 <= start < len(head) and limit >= 0 and (start + limit <= len(head) or len(head) < HEAD_KEPT):
            return head[start : start + limit]
        return self._read(start, limit)

    def _beginning(self) -> bytes:
        """The first ``HEAD_KEPT`` bytes, in most streams those of one segment."""
        items = self._items
        if items and items[0][0] == 1 and (self._count == 1 or (items[0][4] >= HEAD_KEPT and items[1][0] > 1)):
            return self._payload.read(items[0][1], min(items[0][4], HEAD_KEPT))
        return self._read(0, HEAD_KEPT)

    def _read(self, start: int, limit: int) -> bytes:
        index = self._before(start)
        if index < 0:
            return b""
        at, offset, _, _, length, _, _ = self._item(index)
        skip = start - (at - 1)
        if not 0 <= skip < length or limit <= 0:
            return b""
        read = self._payload.read
        data = read(offset + skip if offset >= 0 else offset - skip, min(length - skip, limit))
        if len(data) == limit or index + 1 == self._count or not data:
            return data
        parts = [data]
        for following in range(index + 1, self._count):
            limit -= len(data)
            start += len(data)
            if limit <= 0:
                break
            at, offset, _, _, length, _, _ = self._item(following)
            skip = start - (at - 1)
            if not 0 <= skip < length:
                break
            data = read(offset + skip if offset >= 0 else offset - skip, min(length - skip, limit))
            if not data:
                break
            parts.append(data)
        return b"".join(parts)

    def data_after(self, offset: int) -> int | None:
        """Where the first chunk begins that begins at ``offset`` or later: what follows a gap; None when nothing does."""
        index = self._before(offset - 1) + 1
        return self._item(index)[0] - 1 if index < self._count else None

    def from_offset(self, start: int) -> Stream:
        """The rest of the stream from ``start`` on, its offsets counted from there (for a protocol inside another)."""
        rest = self._segments[self._segments["at"] - 1 + self._segments["length"] > start].copy()
        skip = np.maximum(0, start + 1 - rest["at"])
        rest["offset"] += np.where(rest["offset"] >= 0, skip, -skip)
        rest["length"] -= skip.astype(np.int32)
        rest["at"] += skip - start
        return MappedStream(self._payload, rest)

    def arrays(self) -> tuple[Bytes, Bytes, Records]:
        """See :func:`arrays`."""
        segments = self._segments
        elsewhere = np.nonzero(segments["offset"] < 0)[0]
        if not len(elsewhere):
            return self._payload.capture, np.zeros(0, np.uint8), segments
        # What was put together from fragments lies in memory that still grows, and cannot be lent out meanwhile.
        segments = segments.copy()
        parts = [self._payload.read(int(segments["offset"][i]), int(segments["length"][i])) for i in elsewhere]
        segments["length"][elsewhere] = lengths = np.array([len(part) for part in parts])
        segments["offset"][elsewhere] = -1 - np.concatenate(([0], np.cumsum(lengths)[:-1]))
        return self._payload.capture, np.frombuffer(b"".join(parts), np.uint8), segments

    @property
    def length(self) -> int:
        """Bytes of the stream, gaps included."""
        if not self._count:
            return 0
        last: _Item = self._segments[self._count - 1].item()
        return last[0] - 1 + last[4]

    def chunk_at(self, offset: int) -> Chunk | None:
        """The chunk that holds the byte at ``offset``, None inside a gap or past the end."""
        index = self._before(offset)
        if index < 0:
            return None
        chunk = self._chunk(index)
        return chunk if offset < chunk.offset + len(chunk.data) else None

    def arrival(self, offset: int) -> tuple[int, int] | None:
        """When and in which frame the byte at ``offset`` came; None inside a gap or past the end."""
        index = self._before(offset)
        if index < 0:
            return None
        at, _, ts, frame, length, _, _ = self._item(index)
        return (ts, frame) if offset < at - 1 + length else None


def arrays(stream: Stream) -> tuple[Bytes, Bytes, Records]:
    """A stream for kernels: the capture, bytes that are not in it, and segments in order.

    An offset from 0 upwards is in the capture; others are -1 - offset among the further bytes.
    """
    if isinstance(stream, MappedStream):
        return stream.arrays()
    chunks = [piece for piece in stream.pieces if isinstance(piece, Chunk) and piece.data]
    segments = np.zeros(len(chunks), SEGMENT)
    at = 0
    for segment, chunk in zip(segments, chunks, strict=True):
        size = len(chunk.data)
        segment["at"], segment["offset"], segment["ts"], segment["frame"] = chunk.offset + 1, -1 - at, chunk.ts, chunk.record
        segment["length"] = segment["wire"] = size
        at += size
    return np.zeros(0, np.uint8), np.frombuffer(b"".join(chunk.data for chunk in chunks), np.uint8), segments


class MappedDatagrams(Sequence[Datagram]):
    """The datagrams of both directions in the order of the capture; their bytes stay there until they are read."""

    __slots__ = ("_first", "_items", "_order", "_payload", "_segments", "_turn")

    def __init__(self, payload: Payload, segments: Records, turn: int) -> None:
        self._payload = payload
        self._segments = segments
        #: The segments before this one are the originator's.
        self._turn = turn
        #: Few datagrams with their places among the segments; of many, these places only.
        self._items: list[tuple[int, _Item]] = []
        self._order: NDArray[np.intp] | None = None
        if len(segments) > _ITEMS_AT_A_TIME:
            self._order = segments["frame"].argsort(kind="stable")
        else:
            self._items = list(enumerate(_numbers(segments)))
            if 0 < turn < len(segments):
                self._items.sort(key=_frame)
        self._first: list[Datagram] = []

    def __len__(self) -> int:
        return len(self._segments)

    @overload
    def __getitem__(self, index: int) -> Datagram: ...
    @overload
    def __getitem__(self, index: slice) -> list[Datagram]: ...
    def __getitem__(self, index: int | slice) -> Datagram | list[Datagram]:
        first = self._first
        if isinstance(index, slice):
            places = range(*index.indices(len(self._segments)))
            if places.step == 1 and places.stop <= DATAGRAMS_KEPT:
                if places.stop > len(first):
                    self._keep(places.stop)
                return first[places.start : places.stop]
            return [self._datagrams(position, position + 1)[0] for position in places]
        if 0 <= index < len(self._segments) and index < DATAGRAMS_KEPT:
            if index >= len(first):
                self._keep(index + 1)
            return first[index]
        position = range(len(self._segments))[index]
        return self._datagrams(position, position + 1)[0]

    def __iter__(self) -> Iterator[Datagram]:
        yield from self._first
        for begin in range(len(self._first), len(self._segments), _ITEMS_AT_A_TIME):
            yield from self._datagrams(begin, begin + _ITEMS_AT_A_TIME)

    def _keep(self, count: int) -> None:
        """Have the first ``count`` datagrams at hand: every parser that is asked looks at them."""
        self._first += self._datagrams(len(self._first), count)

    def _datagrams(self, begin: int, end: int) -> list[Datagram]:
        """The datagrams from one place in the order to another."""
        read, turn = self._payload.read, self._turn
        items: Iterable[tuple[int, _Item]] = self._items[begin:end]
        if self._order is not None:
            places = self._order[begin:end]
            items = zip(places.tolist(), _numbers(self._segments[places]), strict=True)
        return [
            Datagram(ts, number < turn, read(offset, length), frame, wire)
            for number, (_, offset, ts, frame, length, wire, _) in items
        ]


def _frame(item: tuple[int, _Item]) -> int:
    return item[1][3]
