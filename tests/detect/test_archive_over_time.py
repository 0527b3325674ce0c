"""An archive in two rounds: what was an image and is none any more is found, whatever it is called."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from wardround.errors import UserError
from wardround.pipeline import Request, examine
from wardround.report.document import ResultDocument

_ROOT = "1.2.826.0.1.3680043.10.4243"


def _image(path: Path, number: int) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(f"{_ROOT}.{number + 1}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    dataset.PatientName, dataset.Modality = f"MARTIN^N{number}", "CT"
    dataset.save_as(path, enforce_file_format=True)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixty images without an extension, in folders that hold nothing else."""
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path / "state"))
    root = tmp_path / "archive"
    for folder in range(3):
        (root / f"{folder:02d}").mkdir(parents=True)
        for number in range(20):
            _image(root / f"{folder:02d}" / f"obj{folder * 20 + number:05d}", folder * 20 + number)
    return root


def _round(archive: Path, out: str, previous: str = "") -> ResultDocument:
    place = archive.parent
    return examine(Request((str(archive),), place / out, previous=place / previous if previous else None))


def _lost(document: ResultDocument) -> list[int]:
    return [found.events for found in document.findings if found.detection == "RW-A03"]


@pytest.mark.parametrize("renamed", [False, True])
def test_every_image_encrypted_is_counted(archive: Path, renamed: bool) -> None:
    assert _lost(_round(archive, "first")) == []
    chance = random.Random(8)
    victims = sorted(path for path in archive.rglob("obj*") if chance.random() < 0.5 or path.parent.name == "01")
    for path in victims:
        path.write_bytes(chance.randbytes(2_000))
        if renamed:
            path.rename(path.with_name(path.name + ".locked"))
    assert _lost(_round(archive, "second", "first")) == [len(victims)]


def test_an_archive_encrypted_as_a_whole_is_still_known_for_what_it_was(archive: Path) -> None:
    _round(archive, "first")
    chance = random.Random(9)
    for path in archive.rglob("obj*"):
        path.write_bytes(chance.randbytes(2_000))
    assert _lost(_round(archive, "second", "first")) == [60]


def test_new_images_and_removed_ones_are_no_loss(archive: Path) -> None:
    _round(archive, "first")
    for path in sorted(archive.rglob("obj*"))[:30]:
        path.unlink()
    for number in range(100, 130):
        _image(archive / "00" / f"obj{number:05d}", number)
    assert _lost(_round(archive, "second", "first")) == []


def test_what_is_no_round_is_told(archive: Path) -> None:
    with pytest.raises(UserError, match="there is no round in"):
        _round(archive, "second", "nowhere")
