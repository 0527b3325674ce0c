"""A few thousand of the mutations that benchmarks/dicom_mutations.py makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import dicom_mutations


def test_no_mutation_does_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path))
    assert dicom_mutations.run(2_000, 3, None) == 0
