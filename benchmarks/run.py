"""All speeds in one run: `make bench`. Tables go to benchmarks/results/; state the machine when you quote them."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

from corpora import ROOT, corpora

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


def main() -> int:
    """Run every benchmark on the corpora."""
    directory = corpora()
    RESULTS.mkdir(exist_ok=True)
    evtx, sigma = str(directory / "evtx"), str(directory / "sigma")
    commands = [
        ["windows_round.py", "--evtx", evtx, "--sigma", sigma, "--markdown", str(RESULTS / "windows_round.md")],
        ["parse_windows.py", "--evtx", evtx],
        ["sigma_match.py", "--evtx", evtx, "--sigma", sigma],
    ]
    print(platform.platform(), platform.python_version(), flush=True)
    failed = 0
    for command in commands:
        print(f"== {command[0]}", flush=True)
        failed += subprocess.run([sys.executable, str(HERE / command[0]), *command[1:]], cwd=ROOT).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
