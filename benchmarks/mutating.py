"""What the runs over mutated evidence share: a limited process, what one attempt cost, and the work over processes."""

from __future__ import annotations

import io
import multiprocessing
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

#: Evidence that takes longer than this many seconds of processor time hangs.
SLOW = 10

#: Address space of a process beyond what it has after its libraries are loaded.
MEMORY = 1 << 30


@dataclass(frozen=True, slots=True)
class Memory:
    """A source in memory."""

    data: bytes
    evidence_id: str = "e1"
    path: str = "memory"

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """A stream of them."""
        return io.BytesIO(self.data)

    def local(self) -> AbstractContextManager[Path]:
        """Nothing here is in a file."""
        raise NotImplementedError


@dataclass(slots=True)
class Counts:
    """What a stretch of mutations gave; ``memory`` is the peak in KiB."""

    read: int = 0
    slowest: float = 0.0
    slowest_name: str = ""
    memory: int = 0
    failures: list[str] = field(default_factory=list)

    def attempt(self, name: str, data: bytes, read: Callable[[bytes], list[str]]) -> None:
        """Read one mutation within its time; ``read`` says what went wrong."""
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SLOW)
        # Neither a kernel nor a regular expression can be interrupted by the timer; the system ends the process then.
        resource.setrlimit(resource.RLIMIT_CPU, (int(before) + 3 * SLOW, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        problems = read(data)
        signal.setitimer(signal.ITIMER_PROF, 0)
        took = time.process_time() - before
        if took > self.slowest:
            self.slowest, self.slowest_name = took, name
        self.read += 1
        self.failures += [f"{name}: {problem}" for problem in problems]

    def add(self, other: Counts) -> None:
        """Add those of another stretch, whose failures are printed."""
        self.read += other.read
        if other.slowest > self.slowest:
            self.slowest, self.slowest_name = other.slowest, other.slowest_name
        self.memory = max(self.memory, other.memory)
        self.failures += other.failures
        for failure in other.failures:
            print(failure, flush=True)


def _too_slow(signal_number: int, frame: Any) -> None:
    raise TimeoutError(f"longer than {SLOW} s")


@contextmanager
def limited() -> Iterator[Counts]:
    """Counts, within a limit of memory on this process; everything that is needed must have been loaded before."""
    counts = Counts()
    signal.signal(signal.SIGPROF, _too_slow)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, resource.RLIM_INFINITY))
    yield counts
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    counts.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(jobs: int, each: int, stretch: Callable[..., Counts], work: Sequence[tuple[str, tuple[Any, ...]]], what: str) -> int:
    """Do ``stretch(*arguments)`` for every (name, arguments) of ``work``, ``each`` at a time; tells, gives the exit code.

    Processes are new for every ``jobs * each`` stretches, so that one that dies loses no more than those.
    """
    total, died = Counts(), 0
    context = multiprocessing.get_context("spawn")
    for start in range(0, len(work), each * jobs):
        print(f"{len(work) - start} stretches to go", file=sys.stderr, flush=True)
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            running = {pool.submit(stretch, *arguments): name for name, arguments in work[start : start + each * jobs]}
            for done in as_completed(running):
                try:
                    total.add(done.result())
                except BrokenProcessPool:
                    died += 1
                    print(f"a process died: {running[done]}", flush=True)
    print(
        f"{total.read} mutations of {what}: {len(total.failures)} failures, {died} stretches lost to processes that died, "
        f"slowest {total.slowest:.1f} s ({total.slowest_name}), peak {total.memory >> 10} MiB"
    )
    return 1 if total.failures or died or not total.read else 0
