"""A share from the walk to the findings: encrypted in place it is found with the right counts, untouched nothing is said."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from wardround import pipeline
from wardround.report.document import ResultDocument

NOTE = (
    "Vos fichiers ont été chiffrés. Pour récupérer vos données, contactez-nous sur le navigateur Tor. Payez la rançon en "
    "bitcoins. Ne renommez aucun fichier, sinon vos données seront publiées."
)


def _image(noise: random.Random, number: int) -> bytes:
    """A DICOM file: uncompressed, JPEG or JPEG 2000; of the compressed ones the pixel data are as good as random."""
    head = bytes(128) + b"DICM\x02\0\0\0UL\x04\0\xc4\0\0\0"
    if number % 3 == 0:
        return head + bytes(noise.choices(range(40), k=6000))
    mark = b"\xff\xd8\xff\xe0" if number % 3 == 1 else b"\xffO\xffQ"
    return head + b"\xfe\xff\0\xe0\0\0\0\0" + mark + noise.randbytes(6000)


def _archive(root: Path, count: int) -> list[Path]:
    noise = random.Random(11)
    files = []
    for number in range(count):
        folder = root / "archive" / f"{2020 + number % 5}" / f"study{number // 40}"
        folder.mkdir(parents=True, exist_ok=True)
        files.append(folder / (f"IM{number:05}.dcm" if number % 2 else f"IM{number:05}"))
        files[-1].write_bytes(_image(noise, number))
    return files


def _documents(root: Path, count: int) -> list[Path]:
    noise = random.Random(12)
    files = []
    for number in range(count):
        folder = root / "letters" / f"d{number // 20}"
        folder.mkdir(parents=True, exist_ok=True)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("word/document.xml", noise.randbytes(4000))
        files.append(folder / f"CR_Dupont_{number}.docx")
        files[-1].write_bytes(stream.getvalue())
    return files


def _examined(share: Path, tmp_path: Path) -> ResultDocument:
    return pipeline.examine(pipeline.Request(paths=(), out=tmp_path / "round", shares=(str(share),)))


@pytest.fixture(autouse=True)
def _key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path_factory.getbasetemp()))


def _clutter(root: Path) -> None:
    """What a share holds besides, all of it harmless, much of it random to look at."""
    noise = random.Random(13)
    for number in range(60):
        for name in (
            f"vault{number}.hc",
            f"backup{number}.zip.aes",
            f"{number:064x}",
            f"vm{number}.vbk",
            f"db{number}.bak",
            f"x{number}.raw",
        ):
            path = root / "other" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(noise.randbytes(5000))
        (root / "other" / f"{number}.dcm.gz").write_bytes(b"\x1f\x8b\x08\0" + noise.randbytes(5000))
        (root / "other" / f"{number}.pdf.handled1").write_bytes(b"%PDF-1.7" + noise.randbytes(5000))
        (root / "other" / f"IM{number}.dcm.tmp").write_bytes(noise.randbytes(3000))
    (root / "other" / "policy.txt").write_text(
        "Laptops are encrypted. Contact us when one is lost. Do not move files to private storage."
    )


def test_an_untouched_share_says_nothing(tmp_path: Path) -> None:
    _archive(tmp_path / "share", 900)
    _documents(tmp_path / "share", 200)
    _clutter(tmp_path / "share")
    document = _examined(tmp_path / "share", tmp_path)
    assert [finding.detection for finding in document.findings] == []
    assert {c.detection for c in document.coverage if c.result == "not_found"} >= {"RW-A03", "RW-A04", "RW-A20"}


def test_a_tenth_of_the_archive_encrypted_in_place_is_counted(tmp_path: Path) -> None:
    noise = random.Random(14)
    files = _archive(tmp_path / "share", 900)
    _clutter(tmp_path / "share")
    encrypted = noise.sample(files, 90)
    for path in encrypted:
        path.write_bytes(noise.randbytes(path.stat().st_size))
    document = _examined(tmp_path / "share", tmp_path)
    (finding,) = document.findings
    assert finding.detection == "RW-A03"
    assert finding.severity == "critical"
    assert abs(finding.events - 90) <= 1  # one in some thousand looks by chance like something known


def test_letters_with_a_new_ending_and_notes_in_french(tmp_path: Path) -> None:
    noise = random.Random(15)
    share = tmp_path / "share"
    for path in _documents(share, 80):
        path.unlink()
        path.with_name(path.name + ".kraz9").write_bytes(noise.randbytes(6000))
        (path.parent / "LISEZ_MOI.txt").write_text(NOTE)
    document = _examined(share, tmp_path)
    found = {finding.detection: finding for finding in document.findings}
    assert set(found) == {"RW-A04", "RW-A20"}
    assert found["RW-A20"].events == 80
    assert found["RW-A04"].events == 4
    assert ".kraz9" in found["RW-A20"].texts["fr"].summary
    assert "LISEZ_MOI.txt" in found["RW-A04"].texts["fr"].summary
    assert "dupont" not in (tmp_path / "round" / "round.json").read_text().lower()


def test_a_decoy_that_was_encrypted(tmp_path: Path) -> None:
    share = tmp_path / "share" / "_canary"
    share.mkdir(parents=True)
    (share / "letter.pdf").write_bytes(random.Random(1).randbytes(5000))
    document = _examined(tmp_path / "share", tmp_path)
    assert [finding.detection for finding in document.findings] == ["RW-A11"]
