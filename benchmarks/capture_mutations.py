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
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
from corpora import corpora
from mutating import Counts, limited, run

from wardround.errors import ReaderError
from wardround.wire import capture
from wardround.wire.engine import Engine, Limits

#: Longer captures are read in pieces of this size, each from another place.
PIECE = 96 << 10

#: Small, so that eviction happens too.
LIMITS = Limits(flows=1 << 12, segments=1 << 14)

_MAGIC = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a")


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


def _stretch(path: Path, seed: int, first: int, count: int) -> Counts:
    """Mutations ``first`` to ``first + count`` of one trace."""
    data = _read(path, 64 << 20)
    places = _places(data)
    attempt(data[:PIECE])
    with limited() as counts:
        for number in range(first, first + count):
            name = f"{path.name} {number}"
            counts.attempt(name, mutate(data, places, random.Random(f"{seed} {name}")), attempt)
    return counts


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
    work = [(f"{path.name} from {chosen.first}, {each} mutations", (path, chosen.seed, chosen.first, each)) for path in paths]
    return run(chosen.jobs, 64, _stretch, work, f"{len(paths)} traces")


if __name__ == "__main__":
    sys.exit(main())
