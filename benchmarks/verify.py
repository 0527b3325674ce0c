"""The long proofs on the shared corpora, one after the other (`make verify`): prints the end of each, exits 1 on a failure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from corpora import ROOT, corpora

HERE = Path(__file__).resolve().parent


def proofs(directory: Path) -> list[tuple[str, list[str]]]:
    """What is proven and the command that does it."""
    examine = f"{sys.executable} -m wardround examine -q"
    conformance = directory.parent / "conformance"
    return [
        ("SigmaHQ regression data", [str(HERE / "sigma_regression.py"), "--sigma", str(directory / "sigma")]),
        (
            "columnar and literal matcher agree",
            [str(HERE / "sigma_agreement.py"), "--sigma", str(directory / "sigma"), "--evtx", str(directory / "evtx")],
        ),
        (
            "agreement with Zeek",
            [str(conformance / "zeek_agreement.py"), "--corpus", str(directory / "zeek"), "--command", examine],
        ),
        (
            "agreement with nDPI",
            [str(conformance / "ndpi_agreement.py"), "--corpus", str(directory / "captures"), "--command", examine],
        ),
    ]


def main() -> int:
    """Run all proofs."""
    failed = 0
    for name, command in proofs(corpora()):
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
        print("\n".join((done.stdout or done.stderr).strip().splitlines()[-40:]), flush=True)
        failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
