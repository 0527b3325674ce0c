"""DICOM objects written by pydicom, and raw bytes for what no library would write."""

from __future__ import annotations

import io
import struct
from typing import Any

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid


def dataset(**values: Any) -> FileDataset:
    """A small CT image; ``values`` replace or add attributes by keyword (None leaves one out)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["object"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID("1.2.3.4")
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    attributes: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 100",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyDate": "20260310",
        "AccessionNumber": "ACC778899",
        "Modality": "CT",
        "Manufacturer": "Maker",
        "ManufacturerModelName": "Scanner One",
        "SoftwareVersions": ["1.0", "2.0"],
        "PatientName": "Dupont^Hélène",
        "PatientID": "PAT0042317",
        "PatientBirthDate": "19570614",
        "StudyInstanceUID": "1.2.826.0.1.77.1",
        "SeriesInstanceUID": "1.2.826.0.1.77.1.2",
        "Rows": 4,
        "Columns": 4,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "PixelData": bytes(range(32)),
    }
    for keyword, value in (attributes | values).items():
        if value is not None:
            setattr(made, keyword, value)
    return made


def written(made: FileDataset, preamble: bytes = b"") -> bytes:
    """The bytes of a Part 10 file with this preamble."""
    buffer = io.BytesIO()
    syntax = made.file_meta.TransferSyntaxUID
    pydicom.dcmwrite(
        buffer, made, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian, enforce_file_format=True
    )
    data = buffer.getvalue()
    return preamble.ljust(128, b"\0") + data[128:]


def element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """An element with explicit VR; ``length`` lies when it is given."""
    told = len(value) if length is None else length
    if vr in ("OB", "OW", "UN", "SQ", "UT"):
        return struct.pack("<HH2s2xI", tag >> 16, tag & 0xFFFF, vr.encode(), told) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), told) + value


def part10(data_set: bytes, preamble: bytes = b"", syntax: bytes = b"1.2.840.10008.1.2.1\0", meta: bytes = b"") -> bytes:
    """A Part 10 file around a raw data set, with further meta elements."""
    body = element(0x00020001, "OB", b"\0\1") + element(0x00020002, "UI", b"1.2.840.10008.5.1.4.1.1.7\0")
    body += element(0x00020003, "UI", b"1.2.3.4.5.6\0") + element(0x00020010, "UI", syntax) + meta
    return preamble.ljust(128, b"\0") + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(body))) + body + data_set


def program(offset: int = 0x40) -> bytes:
    """The shape of a Windows program without any code: ``MZ`` and, at ``offset``, a PE header of no sections."""
    return b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", offset) + bytes(offset - 0x40) + b"PE\0\0\x4c\x01".ljust(64, b"\0")


ELF = b"\x7fELF\x02\x01\x01".ljust(64, b"\0")
