"""Mutated DICOM files: no crash, no hang, bounded memory. ``python -m benchmarks.dicom_mutations [COUNT] [SEED] [FOLDER]``.

Seeds are pydicom's bundled files and those of FOLDER; each mutation flips bytes, cuts, repeats, joins or rewrites lengths. What
is read is checked: one row per file, nothing but ReaderError, the time of the slowest file and the peak of memory.
"""

from __future__ import annotations

import io
import random
import resource
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pydicom.data

from wardround.readers.dicom_file import READER

#: Larger seeds would only make the run slow: the walk passes over pixel data.
SEED_BYTES = 40 * 1024


@dataclass
class Memory:
    """A source in memory."""

    data: bytes
    evidence_id: str = "e1"
    path: str = "/files/a.dcm"

    @property
    def size(self) -> int | None:
        """Length."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """The bytes."""
        return io.BytesIO(self.data)

    def local(self) -> AbstractContextManager[Path]:
        """Nothing here is in a file."""
        raise NotImplementedError


class Counting:
    """A sink that counts rows and diagnostics."""

    def __init__(self) -> None:
        self.rows = 0
        self.codes: Counter[str] = Counter()
        self.anomalies: Counter[str] = Counter()

    def write(self, table: str, rows: Any) -> None:
        """Count rows."""
        self.rows += rows.num_rows
        self.anomalies.update(name for names in rows["anomalies"].to_pylist() for name in names or ())

    def diagnose(self, evidence_id: str, path: str, code: str, message: str, offset: int, recovered: bool) -> None:
        """Count a diagnostic."""
        self.codes[code] += 1

    def examined(self, *told: object) -> None:
        """Nothing to keep."""


def seeds(folder: Path | None) -> list[bytes]:
    """What mutations start from."""
    bundled = Path(pydicom.data.__file__).parent
    places = [bundled / "test_files", bundled / "charset_files", *([folder] if folder else [])]
    files = sorted(
        path for place in places for path in place.rglob("*") if path.is_file() and path.stat().st_size <= SEED_BYTES
    )
    return [data for data in (path.read_bytes() for path in files) if READER.sniff(data[:65536])]


def mutated(chance: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """One to four changes, most of them in the header."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if not made:
            break
        place = min(len(made) - 1, int(chance.random() ** 2 * len(made)))
        match chance.randrange(7):
            case 0:
                made[place] ^= 1 << chance.randrange(8)
            case 1:
                made[place : place + 4] = struct.pack(
                    "<I", chance.choice((0, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, len(made)))
                )
            case 2:
                del made[place:]
            case 3:
                made[place:place] = made[place : place + chance.randint(1, 200)] * chance.randint(1, 50)
            case 4:
                made[place:place] = chance.choice(others)[: chance.randint(1, 5_000)]
            case 5:
                made[place:place] = chance.choice(
                    (b"\xfe\xff\0\xe0\xff\xff\xff\xff", b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff")
                ) * chance.randint(1, 99)
            case 6:
                del made[place : place + chance.randint(1, 64)]
    return bytes(made)


def run(count: int, seed: int, folder: Path | None) -> int:
    """Read ``count`` mutations; gives the number of failures."""
    chance, start = random.Random(seed), seeds(folder)
    sink, failures, slowest = Counting(), 0, 0.0
    began = time.perf_counter()

    def sources() -> Iterator[Memory]:
        nonlocal slowest
        for number in range(count):
            data = mutated(chance, chance.choice(start), start)
            before = time.process_time()
            yield Memory(data, f"e{number}")
            slowest = max(slowest, time.process_time() - before)

    every = sources()
    while True:
        try:
            READER.read_many(every, sink)
            break
        except Exception as error:  # noqa: BLE001 - that is what this looks for
            failures += 1
            print(f"failure: {error!r}")
    if sink.rows != count - failures:
        print(f"{count} files, {failures} failures and {sink.rows} rows")
        failures += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count} mutations of {len(start)} files, seed {seed}: {failures} failures, slowest {slowest * 1000:.0f} ms, "
          f"peak {peak:.0f} MiB, {time.perf_counter() - began:.0f} s")  # fmt: skip
    print("diagnostics:", dict(sink.codes))
    print("anomalies:", dict(sink.anomalies.most_common()))
    return failures


if __name__ == "__main__":
    told = sys.argv[1:]
    failed = run(
        int(told[0]) if told else 100_000, int(told[1]) if len(told) > 1 else 1, Path(told[2]) if len(told) > 2 else None
    )
    sys.exit(1 if failed else 0)
