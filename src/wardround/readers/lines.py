"""Text evidence in bounded blocks of whole lines, with the number of every line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers.base import SPAN_BYTES, Sink, Source, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How much is read at a time; blocks are about this size.
BLOCK_BYTES = 4 * 1024 * 1024

#: A longer line is not read: no log line is as long, and memory is bounded.
LINE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines: their bytes, the last newline included where there is one, and the number of the first line."""

    data: bytes
    first_line: int


def _fill(stream: BinaryIO, size: int) -> bytes:
    """Exactly ``size`` bytes unless the stream ends before; decompressors hand out small pieces."""
    pieces = []
    while size and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def blocks(stream: BinaryIO, span: Span, sink: Sink) -> Iterator[Block]:
    """The lines of a span in blocks. A line longer than LINE_BYTES is skipped with a diagnostic."""
    if span.start:
        stream.seek(span.start)
    left = span.end - span.start if span.end >= 0 else -1
    line = span.first_record
    rest = b""
    skipping = False
    while left != 0:
        chunk = _fill(stream, BLOCK_BYTES if left < 0 else min(BLOCK_BYTES, left))
        if not chunk:
            break
        left -= len(chunk) if left > 0 else 0
        if skipping:
            end = chunk.find(b"\n")
            if end < 0:
                continue
            chunk = chunk[end + 1 :]
            skipping = False
            line += 1
        cut = chunk.rfind(b"\n") + 1
        if cut:
            block = Block(rest + chunk[:cut], line)
            rest = chunk[cut:]
            line += block.data.count(b"\n")
            yield block
        else:
            rest += chunk
        if len(rest) > LINE_BYTES:
            sink.diagnose("line_too_long", f"A line is longer than {LINE_BYTES} bytes and was not read.", line)
            rest = b""
            skipping = True
    if rest:
        yield Block(rest, line)


def spans(source: Source, carry: Callable[[bytes], bytes]) -> Iterator[Span]:
    """Cut uncompressed evidence into spans of some SPAN_BYTES at line ends; other evidence is one span.

    ``carry`` is called with each piece in order and returns what a reader must know from before the next one.
    """
    if source.size is None or source.size < 2 * SPAN_BYTES:
        yield Span()
        return
    with source.open() as stream:
        start, line, carried = 0, 1, b""
        while piece := _fill(stream, SPAN_BYTES):
            tail = stream.readline(LINE_BYTES) if not piece.endswith(b"\n") else b""
            end = start + len(piece) + len(tail)
            yield Span(start, end, line, carried)
            carried = carry(piece + tail)
            start = end
            line += piece.count(b"\n") + tail.count(b"\n")


def line_edges(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Begins and ends of the lines within a block, ends without the line break (newline, or carriage return and newline)."""
    import numpy as np

    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(array == 10)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    begins = np.empty_like(ends)
    begins[0] = 0
    begins[1:] = ends[:-1] + 1
    returns = (ends > begins) & (array[np.maximum(ends - 1, 0)] == 13)
    return begins, ends - returns
