"""Directories of many DICOM files: read in common units, each with its evidence row, and without the patient in its path."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.readers.dicom_objects import dataset, written

from wardround import many, pipeline, reading
from wardround.evidence import Walk
from wardround.readers.dicom_file import was_dicom

SECRETS = ("dupont", "hélène", "helene", "pat0042317", "19570614", "acc778899", "1.2.826.0.1.77")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path / "state"))


def patient_cd(folder: Path) -> list[Path]:
    """A CD whose names say who the patient is, in ways that people choose."""
    image, foreign = written(dataset()), written(dataset(PatientName="", PatientID="", PatientBirthDate="", AccessionNumber=""))
    files = [
        folder / "DUPONT_HELENE" / "CT" / "IM1",
        folder / "DUPONT_HELENE" / "CT" / "IM2.dcm",
        folder / "2026" / "Dupont Hélène 14.06.1957.dcm",
        folder / "2026" / "PAT0042317_ACC778899.dcm",
        folder / "2026" / "1.2.826.0.1.77.1.2.dcm",
        folder / "helene-dupont" / "x.dcm",
    ]
    nameless = folder / "DUPONT_HELENE" / "CT" / "IM3"
    for file in (*files, nameless):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(foreign if file == nameless else image)
    (folder / "DUPONT_HELENE" / "notes.bin").write_bytes(b"\x80\x81 nothing known")
    (folder / "DUPONT_HELENE" / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    return files


def test_every_file_has_its_rows_and_no_patient(tmp_path: Path) -> None:
    files = patient_cd(tmp_path / "cd")
    out = tmp_path / "round"
    document = pipeline.examine(pipeline.Request((str(tmp_path / "cd"),), out))
    evidence = pq.read_table(out / "tables" / "evidence.parquet").to_pylist()
    assert len(evidence) == len(files) + 3 == len(document.evidence)
    hashes = {row["sha256"] for row in evidence}
    assert {hashlib.sha256(file.read_bytes()).hexdigest() for file in files} <= hashes
    rows = pa.concat_tables(pq.read_table(file) for file in (out / "tables").glob("dicom_file-*.parquet"))
    assert (rows.num_rows, len(set(rows["evidence_id"].to_pylist())), rows["ts"].null_count) == (7, 7, 0)
    texts = (out / "round.json").read_text() + (out / "report.html").read_text()
    for table in (out / "tables").iterdir():
        texts += str(pq.read_table(table).to_pylist())
    for secret in SECRETS:
        assert secret not in texts.casefold(), secret
    assert "(patient " in texts


def test_a_defect_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardround.readers import dicom_file

    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.dcm").write_bytes(written(dataset()))
    real = dicom_file._row

    def failing(octets: object, path: str) -> object:
        if path.endswith("2.dcm"):
            raise ZeroDivisionError("Dupont")
        return real(octets, path)  # type: ignore[arg-type]

    monkeypatch.setattr(dicom_file, "_row", failing)
    (tmp_path / "scratch").mkdir()
    found = Walk(tmp_path / "scratch").run([str(folder)])
    (unit,) = reading.plan(found, reading.identify(found), tmp_path)
    assert isinstance(unit, reading.Unit)
    from wardround.detect.matcher import Matcher

    result = reading.work((reading.WorkerState(()), Matcher(())), unit).result
    assert result.rows == {"dicom_file": 4}
    assert [(d.evidence_id, d.code, "Dupont" in d.message) for d in result.diagnostics] == [("e3", "reader_defect", False)]
    listed: list[object] = []
    (rows,) = many.evidence_parts(tmp_path, str, listed)  # type: ignore[arg-type]
    assert rows["records"].to_pylist() == [1, 1, 0, 1, 1]
    assert rows["diagnostics"].to_pylist() == [0, 0, 1, 0, 0]


def test_large_folders_are_cut_and_small_ones_share_a_unit(tmp_path: Path) -> None:
    for folder, count in (("a", 250), ("b", 1), ("c", 1)):
        (tmp_path / "in" / folder).mkdir(parents=True)
        for number in range(count):
            (tmp_path / "in" / folder / f"{number:03}").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "scratch").mkdir()
    found = Walk(tmp_path / "scratch").run([str(tmp_path / "in")])
    units = [unit for unit in reading.plan(found, reading.identify(found), tmp_path) if isinstance(unit, reading.Unit)]
    assert [sum(len(folder.names) for folder in unit.folders) for unit in units] == [100, 100, 52]
    assert len(list(units[2].apart())) == 52
    numbers = [number for unit in units for folder in unit.folders for number in folder.numbers]
    assert numbers == list(range(1, 253))


@pytest.mark.parametrize(
    ("path", "head", "was"),
    [
        ("/a/x.dcm", b"\x91\x80", True),
        ("/a/x.DCM.locked", b"\x91\x80", True),
        ("/a/cd.zip!IMG/x.ima", b"\x91\x80", True),
        ("/archive/IM0001", b"\x91\x80", True),
        ("/archive/1.2.840.1", b"\x91\x80", True),
        ("/archive/README", b"what this is", False),
        ("/elsewhere/IM0001", b"\x91\x80", False),
        ("/archive/thumbs.db", b"\x91\x80", False),
    ],
)
def test_what_was_dicom_by_its_name(path: str, head: bytes, was: bool) -> None:
    assert was_dicom(path, head, {"/archive"}) is was
