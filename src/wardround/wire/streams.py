"""Streams and datagrams of a finished flow: read from the capture when a parser asks, nothing copied before."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.wire.capture import Bytes
from wardround.wire.connection import Chunk, Datagram, Gap, Stream
from wardround.wire.segments import chain


class Payload:
    """The bytes that segments refer to: the capture, and packets put together from fragments (``extra``)."""

    def __init__(self, data: Bytes, extra: bytearray) -> None:
        self._data = memoryview(data.data)
        self._extra = extra

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes at ``offset``; a negative offset counts from -1 downwards in ``extra``."""
        if offset >= 0:
            return bytes(self._data[offset : offset + length])
        return bytes(self._extra[-1 - offset : -1 - offset + length])


def segments_of(segments: NDArray[Any], head: int, count: int) -> NDArray[Any]:
    """The segments of a chain of about ``count``, in order."""
    numbers = np.empty(count, np.int64)
    found = chain(segments, head, numbers)
    return segments[numbers[:found]]


class MappedStream(Stream):
    """A stream whose bytes stay in the capture until they are read."""

    __slots__ = ("_at", "_chunks", "_payload", "_segments")

    def __init__(self, payload: Payload, segments: NDArray[Any]) -> None:
        super().__init__()
        kept = segments[segments["length"] > 0]
        self._payload = payload
        self._segments = kept
        self._at: list[int] = (kept["at"] - 1).tolist()
        self._chunks: dict[int, Chunk] = {}

    def _chunk(self, index: int) -> Chunk:
        found = self._chunks.get(index)
        if found is None:
            segment = self._segments[index]
            data = self._payload.read(int(segment["offset"]), int(segment["length"]))
            found = self._chunks[index] = Chunk(self._at[index], int(segment["ts"]), int(segment["frame"]), data)
        return found

    @property
    def pieces(self) -> list[Chunk | Gap]:
        """Chunks and gaps in order."""
        result: list[Chunk | Gap] = []
        expected = 0
        for index, at in enumerate(self._at):
            if at > expected:
                result.append(Gap(expected, at - expected))
            chunk = self._chunk(index)
            result.append(chunk)
            expected = at + len(chunk.data)
        return result

    @pieces.setter
    def pieces(self, value: list[Chunk | Gap]) -> None:
        if value:
            raise TypeError("the pieces of a mapped stream come from its segments")

    def read(self, start: int, limit: int) -> bytes:
        """Consecutive bytes from offset ``start``, at most ``limit``; stops at a gap, empty when there are none."""
        index = bisect_right(self._at, start) - 1
        if index < 0 or limit <= 0:
            return b""
        parts: list[bytes] = []
        wanted = limit
        while index < len(self._at) and wanted > 0:
            chunk = self._chunk(index)
            skip = start - chunk.offset
            if skip < 0 or skip >= len(chunk.data):
                break
            part = chunk.data[skip : skip + wanted] if skip or wanted < len(chunk.data) else chunk.data
            parts.append(part)
            wanted -= len(part)
            start += len(part)
            index += 1
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def from_offset(self, start: int) -> Stream:
        """The rest of the stream from ``start`` on, its offsets counted from there (for a protocol inside another)."""
        rest = self._segments[self._segments["at"] - 1 + self._segments["length"] > start].copy()
        skip = np.maximum(0, start + 1 - rest["at"])
        rest["offset"] += np.where(rest["offset"] >= 0, skip, -skip)
        rest["length"] -= skip.astype(np.int32)
        rest["at"] += skip - start
        return MappedStream(self._payload, rest)

    @property
    def length(self) -> int:
        """Bytes of the stream, gaps included."""
        if not self._at:
            return 0
        return self._at[-1] + int(self._segments[-1]["length"])

    def chunk_at(self, offset: int) -> Chunk | None:
        """The chunk that holds the byte at ``offset``, None inside a gap or past the end."""
        index = bisect_right(self._at, offset) - 1
        if index < 0:
            return None
        chunk = self._chunk(index)
        return chunk if offset < chunk.offset + len(chunk.data) else None


def datagrams_of(payload: Payload, orig: NDArray[Any], resp: NDArray[Any]) -> list[Datagram]:
    """The datagrams of both directions in the order of the capture."""
    found = []
    for from_orig, side in ((True, orig), (False, resp)):
        for segment in side.tolist():
            _, offset, ts, frame, length, wire, _ = segment
            found.append(Datagram(ts, from_orig, payload.read(offset, length), frame, wire))
    if len(orig) and len(resp):
        found.sort(key=lambda datagram: datagram.record)
    return found
