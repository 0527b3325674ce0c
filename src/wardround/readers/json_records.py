"""Log records in JSON, as lines or as one array, in bounded blocks ready for :mod:`wardround.readers.shred`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import shred_kernels
from wardround.readers.base import Sink, Span
from wardround.readers.lines import BLOCK_BYTES, LINE_BYTES, blocks
from wardround.readers.shred import Records, Shredded, lines, shred

if TYPE_CHECKING:
    from wardround.schema import Column

#: Most rows in a batch given to the sink.
BATCH_ROWS = 100_000


def record_blocks(stream: BinaryIO, span: Span, sink: Sink, *, array: bool) -> Iterator[tuple[bytes, Records]]:
    """The records of a span with the bytes they stand in, numbered from 1: by line, or by place in the array."""
    if array:
        yield from _members(stream, sink)
        return
    for block in blocks(stream, span, sink):
        found = lines(block.data)
        yield block.data, Records(found.starts, found.ends, found.numbers + block.first_line)


def _members(stream: BinaryIO, sink: Sink) -> Iterator[tuple[bytes, Records]]:
    """The outermost objects of one array."""
    rest, first, final = b"", 1, False
    while not final:
        chunk = stream.read(BLOCK_BYTES)
        final = not chunk
        data = rest + chunk
        starts, ends, open_at = shred_kernels.object_bounds(np.frombuffer(data, np.uint8), 0, final)
        if starts.size:
            yield data, Records(starts, ends, np.arange(first, first + starts.size))
        first += int(starts.size)
        rest = data[open_at:]
        if len(rest) > LINE_BYTES:
            sink.diagnose(
                "record_too_long", f"A record is longer than {LINE_BYTES} bytes; reading ends there.", first, recovered=False
            )
            return


def shred_records(data: bytes, records: Records, sink: Sink) -> Shredded:
    """Tokenise records; those that are no JSON objects are diagnosed and left out."""
    shredded = shred(data, records)
    for bad in shredded.bad:
        sink.diagnose("bad_record", f"The record is not a JSON object: {bad.reason}.", bad.number)
    if shredded.replaced:
        sink.diagnose("not_utf8", "Bytes that are not UTF-8 were replaced.", int(records.numbers[0]))
    return shredded


def only(records: Records, numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Records:
    """Those of the records that have one of these (ascending) numbers."""
    chosen = np.isin(records.numbers, numbers)
    return Records(records.starts[chosen], records.ends[chosen], records.numbers[chosen])


def has_any(shredded: Shredded, paths: Iterable[str]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which records have a value at one of the paths."""
    has = np.zeros(shredded.rows, np.bool_)
    for path in paths:
        has |= shredded.text(path).is_valid().to_numpy(zero_copy_only=False)
    return has


def column_of(shredded: Shredded, path: str, column: Column) -> tuple[pa.Array, int]:
    """The values at a path as the type of a column, and how many values are not of that type (they are null)."""
    kind = column.kind
    if kind in {"text", "label", "address"}:
        return shredded.text(path), 0
    if kind == "texts":
        return shredded.texts(path), 0
    if kind in {"reals", "counts"}:
        return shredded.reals(path).cast(column.type), 0
    if kind in {"real", "seconds"}:
        found = shredded.real(path)
    elif kind == "flag":
        found = shredded.flag(path)
    elif kind == "time":
        found = shredded.time(path)
    else:
        found = shredded.int(path)
        if kind == "port":
            found = pc.if_else(
                pc.and_(pc.less_equal(0, found), pc.less_equal(found, 65535)), found, pa.scalar(None, pa.int64())
            )
            found = found.cast(pa.int32())
    if found.null_count > shredded.rows - shredded.count(path) or shredded.count(path) > shredded.rows:
        return found, int(found.null_count - shredded.text(path).null_count)
    return found, 0


def zones(shredded: Shredded, path: str) -> pa.Array:
    """How the zone of each time is known: numbers count from 1970 UTC, text states its zone or is assumed to be UTC."""
    known = shredded.times(path)[1]
    text = shredded.text(path)
    dashed = pc.match_substring(text, "T")
    zone = pc.if_else(dashed, pc.if_else(known, "stated", "assumed"), "utc")
    return pc.if_else(known.is_valid(), zone, "none")


def write_rows(table: str, rows: pa.Table, sink: Sink) -> None:
    """Hand rows to the sink in batches of bounded size."""
    for start in range(0, rows.num_rows, BATCH_ROWS):
        sink.write(table, rows.slice(start, BATCH_ROWS))
