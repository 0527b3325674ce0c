"""Windows event logs to columns: the library alone, the shredder, and Python dictionaries for comparison.

    python benchmarks/parse_windows.py --evtx DIR [--only PART_OF_NAME] [--mebibytes 256] [--workers 2] [--repeat 3]

The log is made of the real chunks of every .evtx file under --evtx (or of those with --only in their names), repeated.
Spans of it go to worker processes, as in a round, but the rows are thrown away. Each line is the best of the repeats:
events a second over all workers, processor time per event (which a busy machine spoils less), and the highest resident
set of one worker.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from wardround.evidence import FileSource
from wardround.readers import evtx
from wardround.readers.base import Span
from wardround.readers.evtx_chunk import CHUNK_BYTES, CHUNK_MAGIC


class _Count:
    """A sink that only counts rows."""

    rows = 0

    def write(self, table: str, rows: pa.Table) -> None:
        self.rows += rows.num_rows

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Damage is not what is measured here."""


def build(directory: Path, only: str, size: int, target: Path) -> None:
    """Write a log of about ``size`` bytes from real chunks."""
    chunks = []
    for path in sorted(directory.rglob("*.evtx")):
        data = path.read_bytes() if only in path.name else b""
        for start in range(evtx.HEADER_BYTES, len(data), CHUNK_BYTES):
            chunk = data[start : start + CHUNK_BYTES]
            if chunk.startswith(CHUNK_MAGIC) and len(chunk) == CHUNK_BYTES:
                chunks.append(chunk)
    with target.open("wb") as stream:
        stream.write(evtx._HEADER)
        while stream.tell() < size:
            stream.writelines(chunks)


def _source(path: Path) -> FileSource:
    return FileSource("e1", str(path), path, stored_bytes=path.stat().st_size)


def _records(path: Path, span: Span) -> Iterator[list[bytes]]:
    sink = _Count()
    for offset, chunk in evtx._chunks(_source(path), span, sink):
        yield evtx._records(chunk, offset, sink)


def library(path: Path, span: Span) -> int:
    """The library's JSON, not looked at."""
    return sum(map(len, _records(path, span)))


def columns(path: Path, span: Span) -> int:
    """What a round does: shredded into columns."""
    sink = _Count()
    evtx.READER.read(_source(path), span, sink)
    return sink.rows


def dictionaries(path: Path, span: Span) -> int:
    """The obvious way: a dictionary per event, flattened, rows with the same names grouped into one table."""
    groups: dict[tuple[str, ...], list[list[Any]]] = {}
    for records in _records(path, span):
        for record in records:
            event = orjson.loads(record)["Event"]
            row: dict[str, Any] = {}
            _flatten(event, row)
            groups.setdefault(tuple(row), []).append(list(row.values()))
    rows = 0
    for names, values in groups.items():
        rows += pa.table([pa.array(column) for column in zip(*values, strict=True)], names=names).num_rows
    return rows


def _flatten(value: dict[str, Any], row: dict[str, Any]) -> None:
    for key, member in value.items():
        if isinstance(member, dict):
            _flatten(member, row)
        else:
            row[key] = None if member is None else str(member)


def _timed(work: Callable[[Path, Span], int], path: Path, span: Span) -> tuple[int, float, float]:
    """Rows, processor seconds, and the highest resident set of this process in MiB."""
    start = time.process_time()
    rows = work(path, span)
    return rows, time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evtx", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--mebibytes", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "big.evtx")
        build(options.evtx, options.only, options.mebibytes << 20, log)
        spans = list(evtx.READER.split(_source(log)))
        print(f"{log.stat().st_size / 2**20:.0f} MiB in {len(spans)} spans, {options.workers} workers")
        for work in (library, columns, dictionaries):
            with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
                list(pool.map(partial(_timed, work, log), [Span(0, 4096 + 65536)] * options.workers * 2))  # imports, caches
                best = effort = float("inf")
                rows, peak = 0, 0.0
                for _ in range(options.repeat):
                    start = time.perf_counter()
                    done = list(pool.map(partial(_timed, work, log), spans))
                    best = min(best, time.perf_counter() - start)
                    rows = sum(count for count, _, _ in done)
                    effort = min(effort, sum(seconds for _, seconds, _ in done) / rows * 1e6)
                    peak = max(peak, *(size for _, _, size in done))
            print(
                f"{work.__name__:14} {rows:>9,} events  {best:6.2f} s  {rows / best:>9,.0f} events/s  "
                f"{effort:5.1f} µs of processor an event  {peak:4.0f} MiB a worker"
            )


if __name__ == "__main__":
    main()
