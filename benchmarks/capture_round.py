"""A round over a capture, end to end (open, tables on disk, detections), beside other tools on the same file.

    python benchmarks/capture_round.py CAPTURE [--only wardround,tshark,ndpiReader,nfstream] [--nfstream PYTHON] [--markdown F]

benchmarks/mixed_capture.py and benchmarks/imaging_capture.py make captures of any size. Memory is the highest sum of the
resident sets of a command and its children, and the same with pages that they share counted once. Processor time tells more
than the clock where the machine has other work. ``--nfstream``: the interpreter of an environment that has NFStream.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from measuring import measure

from wardround.wire import capture

_NFSTREAM = """
import sys
from nfstream import NFStreamer
if __name__ == "__main__":
    print(sum(1 for _ in NFStreamer(source=sys.argv[1], statistical_analysis=False)), "flows")
"""


def packets(file: Path) -> int:
    """How many packets a capture holds."""
    blocks = capture.blocks(np.memmap(file, np.uint8, "r"))
    return sum(len(block.places) for block in blocks if isinstance(block, capture.Block))


def commands(file: Path, out: Path, nfstream: str) -> dict[str, list[str]]:
    """The command of each tool that is there."""
    tshark = "tshark -n -T fields -e frame.time_epoch -e ip.src -e tcp.srcport -e ip.dst -e tcp.dstport -e _ws.col.Protocol -r"
    found = {
        "wardround": [sys.executable, "-m", "wardround", "examine", "-q", str(file), "--out", str(out)],
        "ndpiReader": ["ndpiReader", "-q", "-i", str(file)],
        "tshark": [*tshark.split(), str(file)],
        "nfstream": [nfstream, "-c", _NFSTREAM, str(file)],
    }
    return {name: command for name, command in found.items() if command[0] and shutil.which(command[0])}


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", type=Path)
    parser.add_argument("--only", default="wardround,ndpiReader,nfstream,tshark")
    parser.add_argument("--nfstream", default="")
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    file: Path = given.capture
    size, count = file.stat().st_size, packets(file)
    lines = [
        f"{file.name}: {size / 1e9:.2f} GB, {count:,} packets; {os.cpu_count()} cores.",
        "",
        "| tool | seconds | packets/s | GB/s | processor seconds | packets per processor second | peak MiB | shared once |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory() as out:
        found = commands(file, Path(out) / "round", given.nfstream)
        for name in given.only.split(","):
            if name not in found:
                print(f"{name} is not here", file=sys.stderr)
                continue
            m = measure(name, found[name])
            lines.append(
                f"| {name} | {m.seconds:.1f} | {count / m.seconds:,.0f} | {size / m.seconds / 1e9:.2f} | {m.processor:.1f} "
                f"| {count / m.processor:,.0f} | {m.peak_mib:,.0f} | {m.shared_once_mib:,.0f} |"
            )
            print(lines[-1], flush=True)
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
