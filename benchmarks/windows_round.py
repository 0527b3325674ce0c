"""A round over a million Windows events, end to end, beside its parts and beside other engines where given.

    python benchmarks/windows_round.py --evtx DIR --sigma DIR [--events 1000000] [--zircolite DIR] [--peer RSIGMA]
        [--markdown FILE]

The set is one .evtx file made of the real chunks of every log under --evtx, repeated until it holds enough events. Peak
With --peer (see sigma_peer.py) rsigma goes through the same events with the same rules: it is given flat JSON that was made
before its clock starts, uses one core or two as it likes, and writes one line a match; no tables, no findings. Peak
memory is the highest sum of the resident sets of the command and its workers (pages they share count more than once).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sigma_peer
from measuring import Measured, measure

CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Timed:
    """A command that was measured, and how many events it went through."""

    run: Measured
    events: int

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.run.seconds


def chunks(directory: Path) -> Iterator[tuple[bytes, int]]:
    """Every intact chunk of the logs under a directory, with how many records it holds."""
    for path in sorted(directory.rglob("*.evtx")):
        data = path.read_bytes()
        for start in range(4096, len(data) - CHUNK + 1, CHUNK):
            chunk = data[start : start + CHUNK]
            if chunk[:8] == b"ElfChnk\x00":
                first, last = struct.unpack_from("<QQ", chunk, 8)
                if first <= last < first + 10_000:
                    yield chunk, last - first + 1


def build(directory: Path, wanted: int, target: Path) -> int:
    """Write the set; gives how many events it holds by the counts in its chunks."""
    found = list(chunks(directory))
    total, written = 0, 0
    header = bytearray(4096)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\x00", 0, 0, 1, 128, 1, 3, 4096, 0)
    with target.open("wb") as out:
        out.write(header)
        while total < wanted:
            for chunk, count in found:
                out.write(chunk)
                total, written = total + count, written + 1
                if total >= wanted:
                    break
        struct.pack_into("<QQ", header, 8, 0, written - 1)
        struct.pack_into("<H", header, 42, written & 0xFFFF)
        struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
        out.seek(0)
        out.write(header)
    return total


def timed(name: str, events: int, command: list[str], cwd: Path | None = None) -> Timed:
    """Run a command over so many events."""
    return Timed(measure(name, command, cwd), events)


PARSE_ONLY = """
import sys
import tempfile
from pathlib import Path
from wardround import evidence, reading, workers

if __name__ == "__main__":
    workers.warm()
    with tempfile.TemporaryDirectory(dir=sys.argv[2]) as scratch:
        found = evidence.Walk(Path(scratch)).run([sys.argv[1]])
        print(reading.read(found, Path(scratch), reading.WorkerState(())).rows)
"""


FIRST_EVENT = """
import sys
import time
from pathlib import Path
import psutil
from wardround import pipeline

def told(done, total):
    if done:
        print(time.time() - psutil.Process().create_time())

if __name__ == "__main__":
    pipeline.examine(pipeline.Request((sys.argv[1],), Path(sys.argv[2]), rules=(Path(sys.argv[3]),)), told)
"""


def first_event(script: Path, arguments: list[str]) -> float:
    """Seconds from the start of the process until events of one chunk have been read and matched: the median of five runs."""
    found = []
    for _ in range(5):
        done = subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=True)
        found.append(float(done.stdout.split()[0]))
    return statistics.median(found)


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evtx", type=Path, required=True)
    parser.add_argument("--sigma", type=Path, required=True)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--zircolite", type=Path)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    wardround = [sys.executable, "-m", "wardround", "examine", "-q"]
    rules = ["--rules", str(given.sigma / "rules" / "windows")]
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        big, small = root / "big.evtx", root / "small.evtx"
        events = build(given.evtx, given.events, big)
        build(given.evtx, 1, small)
        script = root / "parse_only.py"
        script.write_text(PARSE_ONLY)
        first = root / "first_event.py"
        first.write_text(FIRST_EVENT)
        timed("warm up", 1, [*wardround, str(small), "--out", str(root / "warm"), *rules])
        results = [
            timed("start to end of one chunk, warm", 1, [*wardround, str(small), "--out", str(root / "warm"), *rules]),
            timed("parse, flatten, write tables", events, [sys.executable, str(script), str(big), str(root)]),
            timed("our detections only, end to end", events, [*wardround, str(big), "--out", str(root / "own")]),
            timed("all Windows rules, end to end", events, [*wardround, str(big), "--out", str(root / "all"), *rules]),
        ]
        if given.zircolite:
            ruleset = given.zircolite / "rules" / "rules_windows_generic_full.json"
            command = [sys.executable, "zircolite.py", "-e", str(big), "-r", str(ruleset), "-o", str(root / "z.json")]
            results.append(timed("Zircolite", events, command, given.zircolite))
        if given.peer:
            exported = root / "events.ndjson"
            count = sigma_peer.export([big], exported)
            command = sigma_peer.command(given.peer.resolve(), given.sigma / "rules" / "windows", exported)
            results.append(timed("rsigma, from JSON: matches only", count, command))
        started = first_event(first, [str(small), str(root / "first"), rules[1]])
        document = json.loads((root / "all" / "round.json").read_text())
        used = sum(rule["status"] != "unusable" for rule in document["rules"])
        size = big.stat().st_size / 2**20
    lines = [
        f"{events:,} events, {size:,.0f} MiB in one .evtx file; {used} rules; {os.cpu_count()} cores; "
        f"{len(document['findings'])} findings. From start to the first events read and matched, warm: {started:.1f} s.",
        "",
        "| what | seconds | events/s | peak MiB | shared once |",
        "|---|--:|--:|--:|--:|",
        *(
            f"| {r.run.name} | {r.run.seconds:.1f} | {r.rate:,.0f} | {r.run.peak_mib:,.0f} | {r.run.shared_once_mib:,.0f} |"
            for r in results
        ),
    ]
    print("\n".join(lines))
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
