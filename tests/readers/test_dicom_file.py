"""DICOM files: ordinary, hostile, broken; what is kept of them and what is not."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian
from tests.readers.dicom_objects import ELF, dataset, element, part10, program, written

from wardround import readers
from wardround.readers import dicom_walk
from wardround.readers.dicom_file import READER
from wardround.readers.dicom_header import examine, is_headerless
from wardround.readers.dicom_octets import Octets
from wardround.readers.dicom_values import WANTED, WANTED_NESTED
from wardround.readers.dicom_walk import Walk

Read = Callable[..., Any]

BASE = element(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1.7\0") + element(0x00080018, "UI", b"1.2.3.4.5.6\0")
PIXEL = element(0x7FE00010, "OW", bytes(64))


def row(read_bytes: Read, data: bytes) -> dict[str, Any]:
    (found,) = read_bytes(READER, data).rows["dicom_file"]
    return dict(found)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path))


def test_what_is_kept_of_an_image(read_bytes: Read) -> None:
    found = row(read_bytes, written(dataset()))
    kept = {name: found[name] for name in ("preamble", "part10", "readable", "modality", "manufacturer", "model", "software")}
    assert kept == {
        "preamble": "zero",
        "part10": True,
        "readable": True,
        "modality": "CT",
        "manufacturer": "Maker",
        "model": "Scanner One",
        "software": "1.0, 2.0",
    }
    assert (found["has_patient_name"], found["has_patient_id"], found["has_birth_date"]) == (True, True, True)
    assert (found["rows"], found["columns"], found["sop_class_name"]) == (4, 4, "CT Image Storage")
    assert (found["anomalies"], found["embedded"], found["trailing_bytes"]) == ([], None, 0)
    assert found["pixel_digest"] == hashlib.sha256(bytes(range(32))).hexdigest()


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_every_encoding_gives_the_same_header(read_bytes: Read, syntax: Any) -> None:
    made = dataset(PixelData=None)
    plain = row(read_bytes, written(made))
    made.file_meta.TransferSyntaxUID = syntax
    other = row(read_bytes, written(made))
    assert other["transfer_syntax"] == syntax
    assert other["anomalies"] == []
    for name in set(plain) - {"transfer_syntax", "size"}:
        assert other[name] == plain[name], name


def test_nothing_of_the_patient_is_in_the_row(read_bytes: Read) -> None:
    text = str(row(read_bytes, written(dataset()))).casefold()
    for secret in ("dupont", "hélène", "pat0042317", "19570614", "acc778899", "1.2.826.0.1.77"):
        assert secret not in text


@pytest.mark.parametrize(
    ("charset", "name"),
    [("ISO_IR 192", "Müller^Łukasz"), ("ISO_IR 144", "Люкceмбypг"), ("ISO_IR 127", "قباني^لنزار"), ("GB18030", "王^小东")],
)
def test_the_same_name_gives_the_same_token_in_any_character_set(read_bytes: Read, charset: str, name: str) -> None:
    wanted = row(read_bytes, written(dataset(SpecificCharacterSet="ISO_IR 192", PatientName=name)))["name_token"]
    assert row(read_bytes, written(dataset(SpecificCharacterSet=charset, PatientName=name)))["name_token"] == wanted


def test_a_removed_name_is_no_name(read_bytes: Read) -> None:
    for name in ("Anonymized", "ANONYME^ANONYME", "XXXX^XXXX", ""):
        assert row(read_bytes, written(dataset(PatientName=name)))["has_patient_name"] is False


def test_data_sets_without_a_header(read_bytes: Read) -> None:
    for syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian):
        made = dataset()
        made.file_meta.TransferSyntaxUID = syntax
        whole = written(made)
        start = 132 + 12 + struct.unpack_from("<I", whole, 140)[0]
        assert readers.identify(whole[start:]) == ("dicom_headerless", READER)
        found = row(read_bytes, whole[start:])
        assert (found["part10"], found["readable"], found["modality"], found["preamble"]) == (False, True, "CT", "absent")
        assert found["anomalies"] == ["no_header"]


def test_other_formats_are_left_alone() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"\x08\0" * 100)
    others = [
        buffer.getvalue(),
        b"\x08\0\x05\0" + bytes(4000),
        b"{}",
        b"",
        b"\x08",
        bytes(4096),
        b"\xd4\xc3\xb2\xa1" + bytes(60),
    ]
    others += [b"\x02\0\0\0" * 200, b"\x08\0\0\0UL\x04\0" * 100]
    assert [READER.sniff(head) for head in others] == [None] * len(others)


def test_a_tiff_that_is_an_image_too_is_legitimate(read_bytes: Read) -> None:
    for magic in (b"II*\0", b"MM\0*"):
        found = row(read_bytes, written(dataset(), magic + b"\x10\0\0\0"))
        assert (found["preamble"], found["embedded"], found["anomalies"]) == ("tiff", None, [])


@pytest.mark.parametrize("text", [b"Rubo DICOM viewer", b"MZ Hospital, room 3", b"<Maker of scanners>"])
def test_words_in_the_preamble_are_harmless(read_bytes: Read, text: bytes) -> None:
    found = row(read_bytes, written(dataset(), text))
    assert (found["preamble"], found["embedded"]) == ("text", None)


@pytest.mark.parametrize(
    ("preamble", "label", "kind"),
    [
        (b"MZ\x90\0", "executable", "mz"),
        (b"MZ", "executable", "mz"),
        (b"\x7fELF\x02\x01\x01", "elf", "elf"),
        (b"\x7fELF", "elf", "elf"),
        (b"#!/bin/sh\nexit 0\n", "script", "script"),
        (b"<?php exit; ?>", "script", "script"),
        (b"@echo off\r\n", "script", "script"),
        (b"PK\x03\x04\x14\0", "archive", "zip"),
        (b"Rar!\x1a\x07\x01\0", "archive", "rar"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "archive", "7z"),
        (b"%PDF-1.7\n", "pdf", "pdf"),
        (b"\0\0\0\0%PDF-1.7\n", "pdf", "pdf"),
        (b"<html><script>", "html", "html"),
        (b"<!DOCTYPE html>", "html", "html"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34", "executable", "java"),
        (b"\xcf\xfa\xed\xfe\x07\0\0\x01", "executable", "macho"),
    ],
)
def test_what_runs_or_opens_in_the_preamble(read_bytes: Read, preamble: bytes, label: str, kind: str) -> None:
    found = row(read_bytes, written(dataset(), preamble))
    assert (found["preamble"], found["embedded"]) == (label, [f"{kind}@0"])


def test_a_program_whose_header_lies_in_an_element(read_bytes: Read) -> None:
    """The construction of the published polyglots: MZ in the preamble leads to a PE header within a private element."""
    body = program()[64:] + bytes(70_000)
    hidden = element(0x00090000, "OB", body)
    data = part10(BASE + hidden + PIXEL)
    place = data.index(b"PE\0\0")
    data = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", place) + bytes(64) + data[128:]
    found = row(read_bytes, data)
    assert (found["preamble"], found["embedded"], found["anomalies"]) == ("executable", ["pe@0"], ["group_length_vr"])


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("program in a private element", part10(BASE + element(0x00091010, "OB", program() + bytes(80_000)) + PIXEL), "pe"),
        ("small program", part10(BASE + element(0x00091010, "UN", program()) + PIXEL), "pe"),
        ("ELF in a private element", part10(BASE + element(0x00091010, "UN", ELF + bytes(80_000)) + PIXEL), "elf"),
        ("archive in a private element", part10(BASE + element(0x00091010, "OB", b"PK\3\4" + bytes(80_000)) + PIXEL), "zip"),
        ("in the meta group", part10(BASE + PIXEL, meta=element(0x00020102, "OB", program() + bytes(80_000))), "pe"),
        (
            "in a sequence",
            part10(
                BASE
                + element(
                    0x00091020, "SQ", b"\xfe\xff\0\xe0\xff\xff\xff\xff" + element(0x00091021, "OB", program()), 0xFFFFFFFF
                )
                + b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
                + PIXEL
            ),
            "pe",
        ),
        ("as pixel data", part10(BASE + element(0x7FE00010, "OW", program())), "pe"),
        ("after the end", part10(BASE + PIXEL) + program(), "pe"),
        ("after the end, behind padding", part10(BASE + PIXEL) + bytes(4) + ELF, "elf"),
        ("a script after the end", part10(BASE + PIXEL) + b"\n#!/bin/sh\nexit 0\n", "script"),
    ],
)
def test_programs_and_archives_inside(read_bytes: Read, name: str, data: bytes, kind: str) -> None:
    found = row(read_bytes, data)
    assert [place.partition("@")[0] for place in found["embedded"]] == [kind], name
    place = int(found["embedded"][0].partition("@")[2])
    magic = {"pe": b"MZ", "elf": b"\x7fELF", "zip": b"PK", "script": b"#!"}[kind]
    assert data[place : place + len(magic)] == magic
    assert found["readable"]


def test_an_archive_at_the_end_opens_as_one(read_bytes: Read) -> None:
    buffer = io.BytesIO(written(dataset()))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("harmless.txt", "x" * 100)
    assert zipfile.is_zipfile(buffer)
    found = row(read_bytes, buffer.getvalue())
    assert [place.partition("@")[0] for place in found["embedded"]] == ["zip"]
    assert found["trailing_bytes"] > 100


def test_what_looks_like_a_program_and_is_none(read_bytes: Read) -> None:
    data = part10(
        BASE + element(0x00091010, "OB", b"MZ" + bytes(500)) + element(0x00091011, "OB", b"PK\3\4" + bytes(500)) + PIXEL
    )
    assert row(read_bytes, data)["embedded"] is None
    padded = part10(BASE + PIXEL) + bytes(512)
    assert (row(read_bytes, padded)["embedded"], row(read_bytes, padded)["anomalies"]) == (None, [])
    padding = part10(BASE + PIXEL + element(0xFFFCFFFC, "OB", bytes(126)))
    assert (row(read_bytes, padding)["trailing_bytes"], row(read_bytes, padding)["anomalies"]) == (0, [])


@pytest.mark.parametrize(
    ("mime", "document", "kind", "lies"),
    [
        (b"application/pdf", b"%PDF-1.4\n...", "pdf", False),
        (b"application/pdf", b"\n%PDF-1.4\n...", "pdf", False),
        (b"text/xml", b"<?xml version='1.0'?><ClinicalDocument/>", "xml", False),
        (b"model/stl", b"solid x" + bytes(80), "text", False),
        (b"application/pdf", program(), "pe", True),
        (b"application/pdf", ELF, "elf", True),
        (b"application/pdf", b"#!/bin/sh\nexit 0", "script", True),
        (b"application/pdf", b"PK\x03\x04" + bytes(80), "zip", True),
        (b"application/pdf", b"<html><script>", "html", True),
        (b"application/pdf", b"just words", "text", True),
        (b"text/xml", b"%PDF-1.4", "pdf", True),
    ],
)
def test_encapsulated_documents(read_bytes: Read, mime: bytes, document: bytes, kind: str, lies: bool) -> None:
    data = part10(BASE + element(0x00420011, "OB", document + b"\0" * (len(document) & 1)) + element(0x00420012, "LO", mime))
    found = row(read_bytes, data)
    assert (found["encapsulated_kind"], "mime_mismatch" in found["anomalies"]) == (kind, lies)
    runs = kind in ("pe", "elf", "script", "zip", "html")
    assert (found["embedded"] is not None) == (lies and runs)


def test_lengths_that_lie(read_bytes: Read) -> None:
    cases = {
        "beyond_end": BASE + element(0x00100020, "LO", b"x", 60_000),
        "odd_length": BASE + element(0x00100020, "LO", b"abc") + PIXEL,
        "group_length_vr": BASE + element(0x00090000, "OB", bytes(200)) + PIXEL,
        "group_length": BASE + element(0x00100000, "UL", b"\xff\xff\xff\x7f") + PIXEL,
        "order": BASE + element(0x00100020, "LO", b"ab") + element(0x00100010, "PN", b"ab") + PIXEL,
        "undefined_length": BASE + element(0x00080100, "UT", b"\xfe\xff\xdd\xe0\0\0\0\0", 0xFFFFFFFF) + PIXEL,
        "beyond_parent": BASE + element(0x00081140, "SQ", b"\xfe\xff\0\xe0\x40\0\0\0" + bytes(8)) + bytes(64),
        "item_expected": BASE + element(0x00081140, "SQ", element(0x00080060, "CS", b"CT")) + PIXEL,
        "missing_delimiter": BASE + element(0x00081140, "SQ", b"\xfe\xff\0\xe0\xff\xff\xff\xff", 0xFFFFFFFF),
        "stray_item": BASE + b"\xfe\xff\x0d\xe0\0\0\0\0" + PIXEL,
    }
    for anomaly, data_set in cases.items():
        assert anomaly in row(read_bytes, part10(data_set))["anomalies"], anomaly
    wrong = bytearray(part10(BASE + PIXEL))
    struct.pack_into("<I", wrong, 140, 4_000)
    found = row(read_bytes, bytes(wrong))
    assert (found["anomalies"], found["readable"]) == (["meta_length"], True)


def test_nesting_has_a_bound(read_bytes: Read) -> None:
    begin = element(0x00081140, "SQ", b"", 0xFFFFFFFF) + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
    found = row(read_bytes, part10(BASE + begin * 100_000))
    assert (found["readable"], "deep_nesting" in found["anomalies"]) == (False, True)


def test_elements_have_a_bound(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_walk, "MAX_ELEMENTS", 100)
    many = b"".join(element(0x00091000 + n, "LO", b"") for n in range(200))
    found = row(read_bytes, part10(BASE + many + PIXEL))
    assert (found["readable"], found["anomalies"]) == (False, ["too_many_elements"])


def test_a_deflated_bomb_is_not_inflated(read_bytes: Read) -> None:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = (
        squeezer.compress(BASE + element(0x7FE00010, "OW", b"", 1 << 28)) + squeezer.compress(bytes(1 << 28)) + squeezer.flush()
    )
    found = row(read_bytes, part10(bomb, syntax=b"1.2.840.10008.1.2.1.99"))
    assert "deflate_bomb" in found["anomalies"]
    damaged = row(read_bytes, part10(b"\xff" * 100, syntax=b"1.2.840.10008.1.2.1.99"))
    assert "damaged_deflate" in damaged["anomalies"]


def test_an_image_that_claims_to_be_enormous(read_bytes: Read) -> None:
    size = element(0x00280010, "US", b"\xff\xff") + element(0x00280011, "US", b"\xff\xff")
    frames = element(0x00280008, "IS", b"2000000000")
    assert "frame_bomb" in row(read_bytes, part10(BASE + frames + size + PIXEL))["anomalies"]


def test_truncation_before_and_within_the_pixel_data(read_bytes: Read) -> None:
    whole = written(dataset(PixelData=bytes(5000), Rows=50, Columns=50))
    within = read_bytes(READER, whole[:-100])
    assert (within.rows["dicom_file"][0]["readable"], within.codes()) == (True, [])
    assert within.rows["dicom_file"][0]["pixel_digest"] is None
    before = read_bytes(READER, whole[:600])
    assert (before.rows["dicom_file"][0]["readable"], before.codes()) == (False, ["data_set_broken"])


def test_a_file_that_was_dicom(read_bytes: Read) -> None:
    lost = row(read_bytes, bytes((n * 7919 + n // 3) % 256 for n in range(5000)))
    assert (lost["part10"], lost["readable"], lost["anomalies"]) == (False, False, ["magic_lost"])
    container = row(read_bytes, struct.pack("<Q", 9000) + zlib.compress(bytes(9000)))
    assert container["anomalies"] == ["compressed_container"]


def test_large_files_are_read_through_a_window(read_bytes: Read) -> None:
    private = element(0x00091010, "OB", bytes(3_000_000))
    tail = (
        element(0x00100020, "LO", b"A123") + element(0x7FE00010, "OW", bytes(2_000_000)) + element(0xFFFCFFFC, "OB", bytes(8))
    )
    found = row(read_bytes, part10(BASE + private + tail))
    assert (found["readable"], found["has_patient_id"], found["trailing_bytes"], found["anomalies"]) == (True, True, 0, [])
    assert found["pixel_digest"] == row(read_bytes, part10(BASE + tail))["pixel_digest"]


def test_agreement_with_pydicom(read_bytes: Read) -> None:
    for name in (
        "CT_small.dcm",
        "MR_small.dcm",
        "rtplan.dcm",
        "MR_small_bigendian.dcm",
        "SC_rgb_rle_2frame.dcm",
        "JPEG2000.dcm",
    ):
        path = get_testdata_file(name, download=False)
        if path is None:
            continue
        theirs = pydicom.dcmread(str(path))
        found = row(read_bytes, Path(str(path)).read_bytes())
        assert found["modality"] == theirs.Modality
        assert found["rows"] == theirs.get("Rows")
        assert found["manufacturer"] == (theirs.get("Manufacturer") or None)
        assert found["transfer_syntax"] == theirs.file_meta.TransferSyntaxUID
        assert found["sop_class"] == theirs.SOPClassUID
        assert found["has_patient_id"] == bool(theirs.get("PatientID"))


FUZZED = [
    written(dataset()),
    part10(BASE + element(0x00081140, "SQ", b"\xfe\xff\0\xe0\x0a\0\0\0" + element(0x00080060, "CS", b"CT")) + PIXEL),
    part10(zlib.compressobj(9, zlib.DEFLATED, -15).flush(), syntax=b"1.2.840.10008.1.2.1.99"),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_hostile_bytes_cost_nothing_but_themselves(read_bytes: Read, data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(FUZZED)))
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    found = read_bytes(READER, cut)
    assert len(found.rows["dicom_file"]) == 1


@settings(max_examples=100, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(300, 900), st.integers(0, 255)), max_size=5))
def test_the_quick_walk_and_the_careful_one_agree(flips: list[tuple[int, int]]) -> None:
    whole = bytearray(written(dataset()))
    for place, value in flips:
        whole[place % len(whole)] = value
    start = 132 + 12 + struct.unpack_from("<I", whole, 140)[0]
    walks = [
        Walk(Octets(bytes(whole), len(whole)), WANTED, WANTED_NESTED).run(start, True, False, plainly=plainly)
        for plainly in (True, False)
    ]
    assert walks[0] == walks[1]


def test_of_an_element_that_comes_twice_the_first_counts() -> None:
    date = [element(0x00080020, "DA", day) for day in (b"20260310", b"20260311")]
    whole = part10(date[0] + element(0x00080008, "CS", b"ORIGINAL") + date[1] + PIXEL)
    start = 132 + 12 + struct.unpack_from("<I", whole, 140)[0]
    for plainly in (True, False):
        walked = Walk(Octets(whole, len(whole)), WANTED, WANTED_NESTED).run(start, True, False, plainly=plainly)
        assert walked.values[0x00080020] == b"20260310"


@given(st.binary(max_size=300))
def test_sniffing_never_fails(head: bytes) -> None:
    for prefix in (b"", b"\x08\0\x05\0", b"\0\x08\0\x05UL", b"\x02\0"):
        is_headerless(prefix + head)
        examine(Octets(prefix + head, len(prefix + head)))


def test_a_patient_cd_in_archives(tmp_path: Path) -> None:
    from wardround.evidence import Walk as EvidenceWalk

    image = written(dataset())
    with zipfile.ZipFile(tmp_path / "cd.zip", "w") as archive:
        archive.writestr("DICOM/IM1", image)
    with tarfile.open(tmp_path / "cd.tar", "w") as tar:
        member = tarfile.TarInfo("DICOM/IM2")
        member.size, member.mtime = len(image), 1_000_000_000
        tar.addfile(member, io.BytesIO(image))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found = EvidenceWalk(scratch).run([str(tmp_path / "cd.zip"), str(tmp_path / "cd.tar")])
    members = [source for source in found.sources if source.evidence_id not in found.containers]
    assert [readers.identify(source.head()) for source in members] == [("dicom", READER)] * 2
    assert members[0].file.stat().st_mtime == 1_000_000_000
