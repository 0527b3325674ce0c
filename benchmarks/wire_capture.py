"""How fast captures are read: packets and bytes per second of wall and of processor time, and peak memory.

    python benchmarks/wire_capture.py CAPTURE

Three runs: headers and connections only (no protocol parsers, one process); the same with all parsers; and the whole
command ``wardround examine``, which reads large captures in two processes, writes the tables and runs the detections.
benchmarks/mixed_capture.py makes a mixed capture of any size.
"""

from __future__ import annotations

import mmap
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from wardround.wire import protocols
from wardround.wire.engine import Engine


class _Nowhere:
    """A sink that only counts."""

    rows = 0

    def write(self, table: str, rows: Any) -> None:
        self.rows += rows.num_rows

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        pass


def _engine(file: Path) -> int:
    """Read a capture in this process; gives the number of packets."""
    with file.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def walked(offset: int) -> None:
        behind = max(0, offset - (64 << 20)) // mmap.PAGESIZE * mmap.PAGESIZE
        if behind:
            mapped.madvise(mmap.MADV_DONTNEED, 0, behind)

    engine = Engine(np.frombuffer(mapped, np.uint8), _Nowhere())
    engine.run(walked)
    return engine.packets


def _report(name: str, packets: int, size: int, wall: float, cpu: float, memory: int) -> None:
    print(
        f"{name:24s} {packets / wall / 1e6:7.3f} M packets/s  {size / wall / 1e9:6.3f} GB/s   "
        f"per CPU second: {packets / cpu / 1e6:.3f} M, {size / cpu / 1e9:.3f} GB   peak {memory >> 10} MiB"
    )


def main(file: Path) -> None:
    """Run all three and print a line for each."""
    size = file.stat().st_size
    warm = file.with_suffix(".head")
    with file.open("rb") as stream:
        warm.write_bytes(stream.read(1 << 20))
    _engine(warm)
    warm.unlink()
    packets = 0
    for name, order in (("connections", ()), ("with all parsers", protocols._ORDER)):
        with patch.object(protocols, "_ORDER", order):
            protocols.parsers.cache_clear()
            before, cpu = time.perf_counter(), time.process_time()
            packets = _engine(file)
            wall, cpu = time.perf_counter() - before, time.process_time() - cpu
        _report(name, packets, size, wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    with tempfile.TemporaryDirectory() as out:
        before, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "wardround", "examine", str(file), "--out", f"{out}/round", "-q"]
        subprocess.run(command, check=True)
        wall, after = time.perf_counter() - before, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        _report("wardround examine", packets, size, wall, cpu, after.ru_maxrss)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
