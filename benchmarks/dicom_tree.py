"""A folder of many small DICOM files, the same for the same seed, and how fast it is read beside its peers.

The whole round is measured by the clock, what runs on one core in processor time, so that a busy machine falsifies it less.

``python -m benchmarks.dicom_tree make DIR [FILES] [SEED]`` writes it; ``... measure DIR`` reads it with wardround (a whole
round and the reader alone), with pydicom, and with dcmdump and dicomlock where they are installed.
"""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

FILES = 50_000
PER_SERIES = 100
_MARK = "1.2.826.0.1.3680043.10.4242.1{:012d}"


def _series(chance: random.Random, number: int) -> FileDataset:
    """A CT slice with about as many attributes as scanners write."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(_MARK.format(0))
    meta.TransferSyntaxUID = ImplicitVRLittleEndian if number % 4 == 0 else ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID("1.2.826.0.1.3680043.10.4242")
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SpecificCharacterSet = "ISO_IR 100"
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, UID(_MARK.format(0))
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = f"2026{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}"
    made.StudyTime = made.SeriesTime = made.AcquisitionTime = "101010.5"
    made.AccessionNumber = f"A{number:08d}"
    made.Modality, made.Manufacturer, made.ManufacturerModelName = "CT", "Maker", f"Scanner {number % 5}"
    made.InstitutionName, made.StationName, made.SoftwareVersions = "Hospital", f"CT{number % 5}", "syn 4.2"
    made.PatientName = f"{chance.choice('ABCDEFGHKLM')}name{number:06d}^Given"
    made.PatientID, made.PatientBirthDate, made.PatientSex = f"P{number // 3:08d}", "19600101", "F"
    made.StudyInstanceUID, made.SeriesInstanceUID = UID(f"1.2.826.1.{number // 2}"), UID(f"1.2.826.2.{number}")
    for place, keyword in enumerate(
        ("KVP", "SliceThickness", "DataCollectionDiameter", "ReconstructionDiameter", "GantryDetectorTilt")
    ):
        setattr(made, keyword, str(100 + place))
    made.BodyPartExamined, made.ProtocolName, made.PatientPosition, made.ConvolutionKernel = "CHEST", "Thorax", "HFS", "B30f"
    made.ImagePositionPatient, made.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.RescaleIntercept, made.RescaleSlope = [0.7, 0.7], "-1024", "1"
    made.WindowCenter, made.WindowWidth, made.InstanceNumber, made.SeriesNumber = "40", "400", "1", str(number)
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CTImageStorage, UID("1.2.3.4")
    made.ReferencedImageSequence = [reference]
    block = made.private_block(0x0029, "MAKER HEADER", create=True)
    for place in range(24):
        block.add_new(place + 1, "LO", f"private value {place}")
    made.Rows = made.Columns = 48
    made.SamplesPerPixel, made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 1, 16, 12, 11, 0
    made.PhotometricInterpretation = "MONOCHROME2"
    made.PixelData = chance.randbytes(48 * 48 * 2)
    return made


def make(folder: Path, files: int = FILES, seed: int = 17) -> None:
    """Write the tree: a folder per patient and series, ``files`` slices in all."""
    chance = random.Random(seed)
    for number, start in enumerate(range(0, files, PER_SERIES)):
        buffer = io.BytesIO()
        pydicom.dcmwrite(buffer, _series(chance, number), enforce_file_format=True)
        data, mark = buffer.getvalue(), _MARK.format(0).encode()
        place = folder / f"P{number // 3:08d}" / f"S{number:06d}"
        place.mkdir(parents=True, exist_ok=True)
        for slice_number in range(start, min(files, start + PER_SERIES)):
            (place / f"IM{slice_number:08d}").write_bytes(data.replace(mark, _MARK.format(slice_number).encode()))


def _paths(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            yield f"{place}/{name}"


def _told(what: str, files: int, seconds: float, note: str = "") -> None:
    print(f"{what:28} {seconds:8.1f} s  {files / seconds:10,.0f} files/s  {note}")


def measure(folder: Path) -> None:
    """Read the tree with everything and print how long it took."""
    paths = list(_paths(folder))
    files = len(paths)
    for path in paths:  # warm the page cache, for everyone alike
        with open(path, "rb") as stream:  # noqa: PTH123
            stream.read()
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        command = [sys.executable, "-m", "wardround", "examine", str(folder), "-q", "-o", f"{out}/round"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        _told("wardround, whole round", files, time.perf_counter() - began, f"largest process {peak:.0f} MiB")
    some = paths[:5_000]
    from wardround.evidence import FileSource
    from wardround.readers.dicom_file import READER

    class Nowhere:
        def write(self, table: str, rows: object) -> None: ...
        def diagnose(self, *told: object, **named: object) -> None: ...
        def examined(self, *told: object) -> None: ...

    began = time.process_time()
    sources = (FileSource(f"e{n}", path, Path(path), stored_bytes=Path(path).stat().st_size) for n, path in enumerate(some))
    READER.read_many(sources, Nowhere())
    _told("wardround, reader, one core", len(some), time.process_time() - began)
    began = time.process_time()
    for path in some:
        pydicom.dcmread(path, stop_before_pixels=True).get("PatientName")
    _told("pydicom, header, one core", len(some), time.process_time() - began)
    if shutil.which("dcmdump"):
        command = ["dcmdump", "-q", "+P", "PatientName", "+P", "Modality"]
        began = _spent()
        for start in range(0, len(some), 1_000):
            subprocess.run([*command, *some[start : start + 1_000]], check=True, stdout=subprocess.DEVNULL)
        _told("dcmdump, one core", len(some), _spent() - began)
    if shutil.which("dicomlock"):
        with tempfile.TemporaryDirectory() as few:
            for number, path in enumerate(some[:1_000]):
                shutil.copy(path, Path(few) / f"{number}.dcm")
            began = _spent()
            subprocess.run(["dicomlock", few], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _told("dicomlock, scan", len(some[:1_000]), _spent() - began)


def _spent() -> float:
    """Processor time of finished child processes, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", where, *rest]:
            make(Path(where), *map(int, rest))
        case ["measure", where]:
            measure(Path(where))
        case _:
            sys.exit(__doc__)
