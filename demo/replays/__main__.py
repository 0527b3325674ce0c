"""``python -m demo.replays NAME DIRECTORY`` writes the evidence of a replay; without a name, lists them."""

from __future__ import annotations

import sys
from pathlib import Path

from demo.generate.evidence import write_evidence
from demo.replays import REPLAYS, files_of


def main() -> None:
    """Write the files, or list what there is."""
    if len(sys.argv) < 3:
        for replay in REPLAYS.values():
            print(f"{replay.name:12} {replay.title}")
        return
    write_evidence(Path(sys.argv[2]), files_of(REPLAYS[sys.argv[1]]))


if __name__ == "__main__":
    main()
