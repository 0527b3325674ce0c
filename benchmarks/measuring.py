"""One command, measured: the clock, processor time, and the memory of it and its children. Shared by the benchmarks."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Measured:
    """One command: seconds of the clock and of processor time, and peak resident memory in MiB."""

    name: str
    seconds: float
    processor: float
    peak_mib: float


def measure(name: str, command: list[str], cwd: Path | None = None) -> Measured:
    """Run a command to its end, watching the memory of its process tree; leaves when it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=cwd)
    peak, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.05):
            try:
                root = psutil.Process(process.pid)
                peak = max(peak, sum(p.memory_info().rss for p in [root, *root.children(recursive=True)]) / 2**20)
            except psutil.Error:
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    error = process.communicate()[1]
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    if process.returncode not in (0, 3):
        sys.exit(f"{name} ended with {process.returncode}: {error[-2000:].decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(name, seconds, used, peak)
