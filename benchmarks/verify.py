"""The long proofs on the shared corpora, one after the other (`make verify`): prints the end of each, exits 1 on a failure."""

from __future__ import annotations

import os
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
            "agreement with Zeek, strings written as its text logs write them",
            [
                str(conformance / "zeek_agreement.py"),
                "--corpus",
                str(directory / "zeek"),
                "--minimum",
                "0.95",
                "--command",
                f"{sys.executable} {HERE / 'zeek_log_text.py'}",
            ],
        ),
        (
            "agreement with nDPI",
            [str(conformance / "ndpi_agreement.py"), "--corpus", str(directory / "captures"), "--command", examine],
        ),
        (
            "agreement with nDPI, JA4 written as it writes it",
            [
                str(conformance / "ndpi_agreement.py"),
                "--corpus",
                str(directory / "captures"),
                "--minimum",
                "0.94",
                "--command",
                f"{sys.executable} {HERE / 'ndpi_ja4.py'}",
            ],
        ),
        (
            "findings on captures and on Zeek's logs of them",
            ["-m", "pytest", "-q", str(ROOT / "tests" / "corpora" / "test_captures_and_their_zeek_logs.py")],
        ),
        ("hostile captures", [str(HERE / "capture_mutations.py")]),
    ]


def main() -> int:
    """Run all proofs."""
    failed = 0
    for name, command in proofs(corpora()):
        print(f"== {name}", flush=True)
        environment = {**os.environ, "WARDROUND_VERIFY": "1"}
        done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, env=environment)
        print("\n".join((done.stdout or done.stderr).strip().splitlines()[-40:]), flush=True)
        failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
