"""``python -m demo.generate [DIRECTORY]`` writes the demonstration evidence; without a directory, the bundled one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from demo.generate.evidence import evidence_files, the_day, write_evidence

BUNDLED = Path(__file__).resolve().parents[2] / "src" / "wardround" / "demo" / "evidence"


def main() -> None:
    """Write the files, and say how many and how large."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else BUNDLED
    files = evidence_files(the_day())
    if directory == BUNDLED and directory.exists():
        shutil.rmtree(directory)
    write_evidence(directory, files)
    print(f"{len(files)} files, {sum(map(len, files.values())):,} bytes in {directory}")


if __name__ == "__main__":
    main()
