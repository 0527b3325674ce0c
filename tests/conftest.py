"""What every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
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


@pytest.fixture(scope="session", autouse=True)
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The key of tokens is made anew and apart from that of the user who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_STATE", str(tmp_path_factory.mktemp("state")))
        yield
