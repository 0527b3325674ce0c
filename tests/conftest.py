"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The shared corpora of real evidence, where they are; the test is skipped where they are not."""
    found = Path(os.environ.get("WARDROUND_CORPORA", _ROOT.parent / "shared" / "corpora"))
    if not found.is_dir():
        pytest.skip("the shared corpora are not here")
    return found
