"""Hostile captures: every trace of the corpora, cut short and bit-flipped at random, must be read without harm.

    python benchmarks/capture_mutations.py [--mutations 100000] [--seed 1] [--jobs 2] [--only TEXT]

Each mutation is read as a capture is, by one engine, in a process whose memory is limited. What counts as a failure: an
exception other than ReaderError, a defect of a parser that the engine had to catch, a reading that takes longer than
SLOW seconds, a process that dies (a crash of a kernel, memory without bound). Mutations are numbered and derived from
the seed, so that a failure can be looked at again: it is printed with the arguments that repeat it. Exits 1 on a failure.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from corpora import corpora

from wardround.errors import ReaderError
from wardround.wire import capture
from wardround.wire.engine import Engine, Limits

#: A mutated capture that takes longer than this many seconds of processor time hangs.
SLOW = 10

#: Address space of a process beyond what it has after its libraries are loaded.
MEMORY = 1 << 30

#: Longer captures are read in pieces of this size, each from another place.
PIECE = 96 << 10

#: Small, so that eviction happens too.
LIMITS = Limits(flows=1 << 12, segments=1 << 14)

_MAGIC = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a")


@dataclass(slots=True)
class Counts:
    """What a stretch of mutations gave."""

    read: int = 0
    slowest: float = 0.0
    memory: int = 0
    failures: list[str] = field(default_factory=list)


class _Quiet:
    """A sink that keeps only defects."""

    def __init__(self) -> None:
        self.defects: list[str] = []

    def write(self, table: str, rows: Any) -> None:
        """Drop rows."""

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Keep defects of parsers."""
        if code == "parser_defect":
            self.defects.append(message)


def traces(directory: Path) -> list[Path]:
    """Every capture of the corpora, by its first bytes."""
    found = []
    for part in ("zeek/traces", "captures/pcap", "evidence"):
        paths = sorted((directory / part).rglob("*"))
        found += [path for path in paths if path.is_file() and _read(path, 4)[:4] in _MAGIC]
    return found


def _read(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        head = file.read(2)
    with gzip.open(path) if head == b"\x1f\x8b" else path.open("rb") as stream:
        return bytes(stream.read(size))


def _places(data: bytes) -> list[tuple[int, int]]:
    """Offset and captured length of every packet."""
    found: list[tuple[int, int]] = []
    try:
        for block in capture.blocks(np.frombuffer(data, np.uint8)):
            if isinstance(block, capture.Block):
                found += zip(block.places["offset"].tolist(), block.places["captured"].tolist(), strict=True)
    except ReaderError:
        return found
    return found


def _piece(data: bytes, places: list[tuple[int, int]], chance: random.Random) -> bytes:
    """At most PIECE bytes of a capture: its beginning, or, of classic pcap, its header and packets from elsewhere."""
    if len(data) <= PIECE:
        return data
    if data[:4] == _MAGIC[-1] or len(places) < 2 or chance.random() < 0.3:
        return data[:PIECE]
    start = places[chance.randrange(len(places))][0] - 16
    return data[:24] + data[start : start + PIECE]


def mutate(data: bytes, places: list[tuple[int, int]], chance: random.Random) -> bytes:
    """A capture damaged at random: cut short, bits flipped, bytes set to the ends of their range, stretches removed."""
    changed = bytearray(_piece(data, places, chance))
    kind = chance.random()
    if kind < 0.2:
        return bytes(changed[: chance.randrange(len(changed) + 1)])
    inside = [place for place in places if place[1] and place[0] + place[1] <= len(changed)] if len(data) <= PIECE else []
    for _ in range(chance.choice((1, 2, 4, 8, 32))):
        if inside and chance.random() < 0.8:
            offset, captured = inside[chance.randrange(len(inside))]
            at = offset + min(chance.randrange(captured), chance.randrange(captured))
        else:
            at = chance.randrange(len(changed))
        if kind < 0.6:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind < 0.8:
            changed[at] = chance.choice((0x00, 0x01, 0x7F, 0x80, 0xFF))
        elif kind < 0.9:
            size = chance.randrange(1, 16)
            changed[at : at + size] = chance.randbytes(len(changed[at : at + size]))
        else:
            del changed[at : at + chance.randrange(1, 64)]
            if not changed:
                break
    return bytes(changed)


def attempt(data: bytes) -> list[str]:
    """Read a capture; what went wrong."""
    sink = _Quiet()
    try:
        Engine(np.frombuffer(data, np.uint8), sink, limits=LIMITS).run()
    except ReaderError:
        pass
    except Exception as error:  # noqa: BLE001 - any other is what this looks for
        return [f"{type(error).__name__}: {error}"]
    return sink.defects


def _too_slow(signal_number: int, frame: Any) -> None:
    raise TimeoutError(f"longer than {SLOW} s")


def _stretch(path: Path, seed: int, first: int, count: int) -> Counts:
    """Mutations ``first`` to ``first + count`` of one trace."""
    counts = Counts()
    data = _read(path, 64 << 20)
    places = _places(data)
    attempt(data[:PIECE])
    signal.signal(signal.SIGPROF, _too_slow)
    memory = Path("/proc/self/statm")
    now = int(memory.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, resource.RLIM_INFINITY))
    for number in range(first, first + count):
        changed = mutate(data, places, random.Random(f"{seed} {path.name} {number}"))
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SLOW)
        # A kernel cannot be interrupted by the timer; the system ends the process then.
        resource.setrlimit(resource.RLIMIT_CPU, (int(before) + 3 * SLOW, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        problems = attempt(changed)
        signal.setitimer(signal.ITIMER_PROF, 0)
        counts.slowest = max(counts.slowest, time.process_time() - before)
        counts.read += 1
        counts.failures += [f"{path.name} {number}: {problem}" for problem in problems]
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    counts.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return counts


def _run(jobs: int, work: list[tuple[Path, int, int, int]], take: Callable[[Counts], None]) -> Iterator[str]:
    """Do the work in processes; gives a line for every process that died."""
    context = multiprocessing.get_context("spawn")
    while work:
        part, work = work[: 64 * jobs], work[64 * jobs :]
        print(f"{len(work) + len(part)} traces to go", file=sys.stderr, flush=True)
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            running = {pool.submit(_stretch, *item): item for item in part}
            for done in as_completed(running):
                path, _, first, count = running[done]
                try:
                    take(done.result())
                except BrokenProcessPool:
                    yield f"a process died: one of the stretches of {path.name} from {first}, {count} mutations"


def main() -> int:
    """Mutate, read, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutation of every trace")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="traces whose name contains this")
    chosen = parser.parse_args()
    paths = [path for path in traces(corpora()) if chosen.only in path.name]
    each = -(-chosen.mutations // max(1, len(paths)))
    total = Counts()

    def take(counts: Counts) -> None:
        total.read += counts.read
        total.slowest = max(total.slowest, counts.slowest)
        total.memory = max(total.memory, counts.memory)
        total.failures += counts.failures
        for failure in counts.failures:
            print(failure, flush=True)

    died = 0
    for line in _run(chosen.jobs, [(path, chosen.seed, chosen.first, each) for path in paths], take):
        died += 1
        print(line, flush=True)
    print(
        f"{total.read} mutations of {len(paths)} traces: {len(total.failures)} failures, {died} processes died, "
        f"slowest {total.slowest:.1f} s, peak {total.memory >> 10} MiB"
    )
    return 1 if total.failures or died or not total.read else 0


if __name__ == "__main__":
    sys.exit(main())
