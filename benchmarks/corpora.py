"""Where the shared corpora are: WARDROUND_CORPORA, or shared/corpora beside the checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def corpora() -> Path:
    """The directory of the corpora; leaves with a word when it is not there."""
    found = Path(os.environ.get("WARDROUND_CORPORA", ROOT.parent / "shared" / "corpora"))
    if not found.is_dir():
        sys.exit(
            "The corpora are not here: set WARDROUND_CORPORA to the directory that holds evtx/, sigma/, zeek/ and captures/."
        )
    return found
