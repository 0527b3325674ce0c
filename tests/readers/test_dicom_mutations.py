"""Some of the mutations that benchmarks/dicom_mutations.py makes by the hundred thousand."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "dicom_mutations.py"


def test_no_mutation_does_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path))
    assert runpy.run_path(str(SCRIPT))["run"](1_000, 3, None) == 0
