"""DICOM files of other projects: the harmless ones give no attack, the disguised ones are found."""

from __future__ import annotations

import csv
from pathlib import Path

import pydicom.data
import pytest

from wardround.pipeline import Request, examine
from wardround.report.document import ResultDocument

#: What files alone can show; other detections look at what files say of patients.
ATTACKS = ("BR-A14", "INT-A08", "RW-A03")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path / "state"))


def attacks(document: ResultDocument) -> list[tuple[str, str]]:
    return [
        (found.detection, pointer.path)
        for found in document.findings
        for pointer in found.evidence
        if found.detection in ATTACKS
    ]


def test_the_files_that_come_with_pydicom_are_harmless(tmp_path: Path) -> None:
    document = examine(Request((str(Path(pydicom.data.__file__).parent / "test_files"),), tmp_path / "round"))
    assert document.tables["dicom_file"] > 50
    assert attacks(document) == []
    assert {row.result for row in document.coverage if row.detection in ATTACKS} == {"not_found"}


@pytest.mark.corpus
def test_harmless_and_disguised_samples(corpora: Path, tmp_path: Path) -> None:
    evidence = corpora / "evidence"
    with (evidence / "MANIFEST.tsv").open(encoding="utf-8") as manifest:
        rows = [row for row in csv.reader(manifest, delimiter="\t") if row[0].startswith(("dicom_files/", "dicom_polyglot/"))]
    samples = {row[0]: row[7] for row in rows}
    document = examine(Request((str(evidence / "dicom_files"), str(evidence / "dicom_polyglot")), tmp_path / "round"))
    assert document.tables["dicom_file"] == len(samples)
    found = {Path(path).name for detection, path in attacks(document) if detection == "BR-A14"}
    assert found == {Path(name).name for name, label in samples.items() if label == "attack"}
    assert {detection for detection, _ in attacks(document)} <= {"BR-A14"}
