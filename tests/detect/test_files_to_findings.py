"""From files to findings: every disguise of an image is found, and what looks like one is not."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path

import pytest
from tests.readers.dicom_objects import ELF, dataset, element, part10, program, written

from wardround.pipeline import Request, examine
from wardround.report.document import ResultDocument

BASE = element(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1.7\0") + element(0x00080018, "UI", b"1.2.3.4.5.6\0")
PIXEL = element(0x7FE00010, "OW", bytes(64))


def _published() -> bytes:
    """MZ in the preamble leads to a PE header in a private element that takes the place of a group length."""
    data = part10(BASE + element(0x00090000, "OB", program()[64:] + bytes(70_000)) + PIXEL)
    return b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", data.index(b"PE\0\0")) + bytes(64) + data[128:]


def _zip_behind() -> bytes:
    buffer = io.BytesIO(written(dataset(SOPInstanceUID="1.2.3.9", PixelData=b"\1" * 32)))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("harmless.txt", "x" * 100)
    return buffer.getvalue()


def _document(content: bytes, mime: bytes = b"application/pdf") -> bytes:
    return part10(BASE + element(0x00420011, "OB", content + b"\0" * (len(content) & 1)) + element(0x00420012, "LO", mime))


def _bomb() -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = (
        squeezer.compress(BASE + element(0x7FE00010, "OW", b"", 1 << 27)) + squeezer.compress(bytes(1 << 27)) + squeezer.flush()
    )
    return part10(data, syntax=b"1.2.840.10008.1.2.1.99")


ATTACKS = {
    "published.dcm": _published(),
    "mz.dcm": part10(BASE + PIXEL, b"MZ\x90\0"),
    "elf.dcm": part10(BASE + PIXEL, b"\x7fELF\x02\x01\x01"),
    "script.dcm": part10(BASE + PIXEL, b"#!/bin/sh\nexit 0\n"),
    "zip.dcm": part10(BASE + PIXEL, b"PK\x03\x04\x14\0"),
    "rar.dcm": part10(BASE + PIXEL, b"Rar!\x1a\x07\x01\0"),
    "7z.dcm": part10(BASE + PIXEL, b"7z\xbc\xaf\x27\x1c\0\4"),
    "pdf.dcm": part10(BASE + PIXEL, b"%PDF-1.7\n"),
    "html.dcm": part10(BASE + PIXEL, b"<html><script>"),
    "private-pe.dcm": part10(BASE + element(0x00091010, "OB", program() + bytes(80_000)) + PIXEL),
    "private-elf.dcm": part10(BASE + element(0x00091010, "UN", ELF + bytes(80_000)) + PIXEL),
    "private-zip.dcm": part10(BASE + element(0x00091010, "OB", b"PK\3\4" + bytes(80_000)) + PIXEL),
    "meta.dcm": part10(BASE + PIXEL, meta=element(0x00020102, "OB", program() + bytes(80_000))),
    "document-pe.dcm": _document(program()),
    "document-html.dcm": _document(b"<html><script>"),
    "behind-pe.dcm": part10(BASE + PIXEL) + program(),
    "behind-zip.dcm": _zip_behind(),
    "group.dcm": part10(BASE + element(0x00090000, "OB", bytes(200)) + PIXEL),
    "bomb.dcm": _bomb(),
    "nested.dcm": part10(BASE + (element(0x00081140, "SQ", b"", 0xFFFFFFFF) + b"\xfe\xff\0\xe0\xff\xff\xff\xff") * 1_000),
}

HARMLESS = {
    "tiff.dcm": part10(BASE + PIXEL, b"II*\0\x10\0\0\0"),
    "words.dcm": part10(BASE + PIXEL, b"Rubo DICOM viewer"),
    "letters.dcm": part10(BASE + PIXEL, b"MZ Hospital, room 3"),
    "report.dcm": _document(b"%PDF-1.4\n..."),
    "letter.dcm": _document(b"<?xml version='1.0'?><ClinicalDocument/>", b"text/xml"),
    "padded.dcm": part10(BASE + PIXEL) + bytes(512),
    "private.dcm": part10(BASE + element(0x00091010, "OB", b"MZ" + bytes(500)) + PIXEL),
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> ResultDocument:
    base = tmp_path_factory.mktemp("hospital")
    evidence = base / "evidence"
    for folder, files in (("hostile", ATTACKS), ("harmless", HARMLESS)):
        (evidence / folder).mkdir(parents=True)
        for name, data in files.items():
            (evidence / folder / name).write_bytes(data)
    altered = written(dataset(PixelData=bytes(32)))
    for folder, data in (("modality", written(dataset())), ("altered", altered), ("enseignement", written(dataset()))):
        (evidence / folder).mkdir()
        (evidence / folder / "IM1").write_bytes(data)
    lost = evidence / "archive-1"
    lost.mkdir()
    chance = random.Random(4)
    for number in range(25):
        (lost / f"{number}.dcm.locked").write_bytes(b"\x91" + chance.randbytes(3_000))
    settings = {"DicomAet": "OPEN1", "HttpPort": 8042, "RemoteAccessAllowed": True, "AuthenticationEnabled": False}
    (evidence / "orthanc.json").write_text(json.dumps(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_STATE", str(base / "state"))
        return examine(Request((str(evidence),), base / "round"))


def test_every_disguise_is_found_and_nothing_else(document: ResultDocument) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for finding in document.findings:
        found[finding.detection] |= {Path(pointer.path).name for pointer in finding.evidence}
    assert found["BR-A14"] == set(ATTACKS)


def test_the_published_disguise_weighs_most(document: ResultDocument) -> None:
    (finding,) = [f for f in document.findings if f.detection == "BR-A14" and f.evidence[0].path.endswith("published.dcm")]
    assert (finding.severity, finding.confidence) == ("critical", "high")


def test_the_other_detections_on_files(document: ResultDocument) -> None:
    by_name = {finding.detection: finding for finding in document.findings}
    assert {Path(pointer.path).parent.name for pointer in by_name["INT-A08"].evidence} == {
        "modality",
        "altered",
        "enseignement",
    }
    assert by_name["RW-A03"].severity == "critical"
    assert len([row for row in document.evidence if row.format == "dicom_lost"]) == 25
    assert by_name["BR-E04"].subjects[0].name == "OPEN1"
    folders = {
        finding.subjects[0].name.rpartition("/")[2]: finding.severity
        for finding in document.findings
        if finding.detection == "BR-E05"
    }
    assert folders["enseignement"] == "high"
