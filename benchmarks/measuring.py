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
    """One command: seconds of the clock and of processor time, and peak resident memory of it and its children in MiB.

    ``peak_mib`` is the sum of resident sets, in which pages that processes share count for each of them; in ``shared_once_mib``
    they count once (proportional set sizes of Linux; nan elsewhere).
    """

    name: str
    seconds: float
    processor: float
    peak_mib: float
    shared_once_mib: float = float("nan")


def measure(name: str, command: list[str], cwd: Path | None = None) -> Measured:
    """Run a command to its end, watching the memory of its process tree; leaves when it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=cwd)
    peak, once, done = 0.0, 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak, once
        while not done.wait(0.05):
            try:
                root = psutil.Process(process.pid)
                whole = [root, *root.children(recursive=True)]
                peak = max(peak, sum(p.memory_info().rss for p in whole) / 2**20)
                once = max(once, sum(p.memory_full_info().pss for p in whole) / 2**20)
            except (psutil.Error, AttributeError):  # no such sizes on this system
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
    return Measured(name, seconds, used, peak, once or float("nan"))
