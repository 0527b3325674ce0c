"""Shares: what names promise and may show, what first blocks are, wording of notes, and the walk itself."""

from __future__ import annotations

import io
import os
import random
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.errors import UserError
from wardround.evidence import FileSource, Walk
from wardround.readers.share import content, names, walk, wording
from wardround.store import conform


@pytest.fixture(autouse=True)
def _key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path_factory.getbasetemp()))


def dicom(pixels: bytes = bytes(6000)) -> bytes:
    return bytes(128) + b"DICM\x02\0\0\0UL\x04\0\xc4\0\0\0" + pixels


def docx(text: str = "x" * 5000) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", text)
    return stream.getvalue()


class _Sink:
    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def write(self, table: str, rows: pa.Table) -> None:
        self.rows.setdefault(table, []).extend(conform(table, rows, "e1").to_pylist())

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.rows.setdefault("diagnostic", []).append({"code": code})


def walked(root: Path) -> dict[str, list[dict[str, Any]]]:
    found = _Sink()
    source = FileSource("e1", str(root), root)
    for span in walk.READER.split(source):
        walk.READER.read(source, span, found)
    return found.rows


@pytest.mark.parametrize(
    ("name", "extension", "appended", "last"),
    [
        ("letter.docx", "docx", None, "docx"),
        ("letter.docx.kraz9", "docx", "kraz9", "kraz9"),
        ("image.dcm.id-7F3A[help@mail.example].lock", "dcm", "lock", "lock"),
        ("letter.pdf.gpg", "pdf", "gpg", "gpg"),
        ("README", None, None, None),
        ("1.2.840.113619.2.55.3.604", None, None, None),
        ("archive.tar.gz", "gz", None, "gz"),
        ("report.txt.pdf", "pdf", None, "pdf"),
        (".profile", None, None, None),
        ("image.dcm.1", None, None, "1"),
    ],
)
def test_endings(name: str, extension: str | None, appended: str | None, last: str | None) -> None:
    ending = names.ending_of(name)
    assert (ending.extension, ending.appended, ending.last) == (extension, appended, last)


@pytest.mark.parametrize(
    "name",
    [
        "DUPONT_Jean_IRM.pdf",
        "CR Martin 19500312.docx",
        "étienne.lefèvre.txt",
        "1850775123456.dcm",
        "Jean.Dupont",
        "x.pdf.DUPONT Jean",
    ],
)
def test_no_word_of_a_patient_is_shown(name: str) -> None:
    seen = names.shown_name(names.ending_of(name)).lower()
    for word in ("dupont", "jean", "martin", "19500312", "étienne", "lefèvre", "1850775123456"):
        assert word not in seen


def test_names_of_notes_years_and_structure_stay() -> None:
    assert names.shown_name(names.ending_of("HOW_TO_RESTORE_FILES.txt")) == "HOW_TO_RESTORE_FILES.txt"
    assert names.shown_folder("archive/2026/03/12") == "archive/2026/03/12"
    assert names.shown_name(names.ending_of("IRM_Dupont.pdf")).startswith("IRM_~")
    assert names.shown("Dupont") == names.shown("DUPONT")


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_name_is_taken(name: str) -> None:
    row = walk.named("share", name, name.replace("/", "_") or "x")
    assert len(row["shape"]) <= 64
    for value in row.values():
        if isinstance(value, str):
            value.encode()


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (dicom(), "dicom"),
        (b"MZ" + dicom()[2:], "dicom"),
        (docx(), "zip"),
        (b"%PDF-1.7 ...", "pdf"),
        (b"\x08\0\x05\0CS\x0a\0ISO_IR 100\x08\0\x08\0", "dicom_data_set"),
        (b"\x08\0\x05\0\x0a\0\0\0ISO_IR 100\x08\0\x08\0" + bytes(8), "dicom_data_set"),
        ("Vos fichiers ont été chiffrés".encode("cp1252"), "text"),
        ("Your files".encode("utf-16"), "text"),
        ("Your files are".encode("utf-16-le"), "text"),
        (b"<html><body>", "html"),
        (bytes(4096), "zero"),
        (b"", "empty"),
        (b"Salted__" + bytes(range(200)), "encrypted_file"),
        (random.Random(3).randbytes(4096), "unknown"),
        (zlib.compress(dicom() * 40)[:4096], "zlib"),
        (len(dicom()).to_bytes(8, "little") + zlib.compress(dicom())[:4088], "zlib"),
        (b"\x78\x9c" + random.Random(3).randbytes(4094), "unknown"),
    ],
)
def test_kinds(block: bytes, kind: str) -> None:
    assert content.kind_of(block) == kind


@settings(deadline=None)
@given(st.binary(max_size=5000))
def test_any_block_has_a_kind(block: bytes) -> None:
    kind = content.kind_of(block)
    entropy, chi_square = content.statistics([block])
    assert 0 <= entropy[0] <= 8 or len(block) < content.LEAST
    content.state_of("pdf", kind, None if chi_square[0] != chi_square[0] else chi_square[0])


def test_random_bytes_under_a_known_ending_are_lost_and_compressed_images_are_not() -> None:
    noise = random.Random(7)
    starts = [b"\x78\x9c", b"MZ", b"\xff\xfb\x90", b"\xff\xfe", b"BM"]  # what random bytes begin with now and then
    blocks = [(starts[n] if n < len(starts) else b"") + noise.randbytes(4096) for n in range(2_000)]
    _, chi_square = content.statistics(blocks)
    kinds = [content.corrected("dicom", content.kind_of(b), c) or "" for b, c in zip(blocks, chi_square, strict=True)]
    assert {content.state_of("dicom", kind, c) for kind, c in zip(kinds, chi_square, strict=True)} == {"lost"}
    images = [dicom(noise.randbytes(6000))[:4096] for _ in range(200)]
    _, chi_square = content.statistics(images)
    assert {content.state_of("dicom", content.kind_of(b), c) for b, c in zip(images, chi_square, strict=True)} == {"fits"}


ENGLISH = (
    "All your files have been ENCRYPTED! We have also downloaded your private data and will publish it. Contact us through "
    "the TOR browser at http://xyz.onion within 72 hours. Do not rename the files. The price doubles afterwards."
)
FRENCH = (
    "Vos fichiers ont été chiffrés. Pour récupérer vos données, contactez-nous : aide@mail.example. Le paiement de la rançon "
    "se fait en bitcoins. Ne renommez pas les fichiers. Sans réponse, vos données seront divulguées."
)
POLICY_ENGLISH = (
    "Laptops must be encrypted. Report a lost laptop to the service desk. Do not use private storage for hospital data."
)
POLICY_FRENCH = (
    "Charte informatique : les ordinateurs portables sont chiffrés. N'utilisez pas de clé personnelle. En cas de doute, "
    "appelez le service informatique au 4242."
)
MANUAL = "To restore files from a backup, choose the repository and the snapshot. Encrypted repositories ask for the password."


@pytest.mark.parametrize("text", [ENGLISH, FRENCH, FRENCH.replace("'", "\u2019")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_notes_in_both_languages(text: str, encoding: str) -> None:
    read = wording.text_of(text.encode(encoding, "replace"), "text")
    assert len(wording.classes_of(read)) >= 5


@pytest.mark.parametrize("text", [POLICY_ENGLISH, POLICY_FRENCH, MANUAL, "Patient seen today. MRI normal.", ""])
def test_ordinary_texts_are_no_notes(text: str) -> None:
    assert len(wording.classes_of(text)) < 4


def test_notes_in_html_and_rtf() -> None:
    assert len(wording.classes_of(wording.text_of(f"<html><b>{ENGLISH}</b></html>".encode(), "html"))) >= 5
    rtf = (
        r"{\rtf1\ansi\b Vos fichiers ont \'e9t\'e9 chiffr\'e9s\par Contactez-nous\par Payez la ran\'e7on\par "
        r"Ne renommez pas les fichiers}"
    )
    assert len(wording.classes_of(wording.text_of(rtf.encode(), "rtf"))) >= 4


@given(st.binary(max_size=3000), st.sampled_from(["text", "html", "rtf", "xml"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_as_text(data: bytes, kind: str) -> None:
    wording.classes_of(wording.text_of(data, kind))


def test_a_share_is_walked_whole_and_says_so(tmp_path: Path) -> None:
    for number in range(300):
        folder = tmp_path / f"d{number % 90}" / "deep" / "er"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.dcm").write_bytes(dicom())
    (tmp_path / "top.txt").write_text("hello")
    (tmp_path / "link").symlink_to(tmp_path / "top.txt")
    os.mkfifo(tmp_path / "pipe")
    rows = walked(tmp_path)
    assert len(rows["file_sample"]) == 301
    assert len({row["record"] for row in rows["file_sample"]}) == 301
    assert {row["state"] for row in rows["file_sample"]} == {"fits"}
    assert sum(row["files"] for row in rows["share_folder"]) == sum(row["examined"] for row in rows["share_folder"]) == 301
    assert sum(row["links"] for row in rows["share_folder"]) == 2
    inode = (tmp_path / "top.txt").stat().st_ino
    assert any(row["record"] == inode and row["name"].endswith(".txt") for row in rows["file_sample"])


def test_large_folders_are_sampled_and_it_is_stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "EXAMINED_IN_FOLDER", 50)
    for number in range(150):
        (tmp_path / f"{number:03}.dcm").write_bytes(dicom())
    rows = walked(tmp_path)
    assert rows["share_folder"][0]["files"] == 150
    assert rows["share_folder"][0]["examined"] == 60
    assert sum(row["examined"] for row in rows["file_sample"]) == 60
    assert {"code": "share_sampled"} in rows["diagnostic"]


def test_unreadable_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    monkeypatch.setattr(walk, "_first", lambda path, size: None)
    rows = walked(tmp_path)
    assert rows["file_sample"][0]["magic"] is None
    assert rows["file_sample"][0]["state"] is None
    assert rows["share_folder"][0]["unreadable"] == 1


def test_hostile_names_and_depth(tmp_path: Path) -> None:
    inner = tmp_path
    for _ in range(walk.MOST_DEPTH + 5):
        inner = inner / "d"
    inner.mkdir(parents=True)
    (tmp_path / os.fsdecode(b"\xff\xfe\x1b[31m.pdf")).write_bytes(b"%PDF-1.4")
    rows = walked(tmp_path)
    assert rows["file_sample"][0]["promised"] == "pdf"
    assert {"code": "share_too_deep"} in rows["diagnostic"]


def test_a_share_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such directory"):
        Walk(tmp_path).run([], shares=[str(tmp_path / "none")])
