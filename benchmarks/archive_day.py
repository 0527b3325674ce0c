"""A day of a real archive: Orthanc with DCMTK's and pynetdicom's clients, captured, and what the round says of it.

    sudo python benchmarks/archive_day.py [DIRECTORY]

Needs root, Orthanc (with its worklist and DICOMweb plugins), DCMTK and tcpdump; nothing is installed. Everything runs in a
network namespace that has a loopback interface and nothing else, with the addresses of an invented hospital on it. Two
captures come of it: an ordinary day, and the same with an intruder who guesses names, asks for everybody, and takes all.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

ARCHIVE, CT, STATION, INTRUDER = "10.20.11.5", "10.20.10.11", "10.20.30.31", "10.20.90.66"
DICOM, WEB, STATION_PORT = "4242", "8042", "11113"
STUDIES, GUESSES = 70, ("PACS", "ARCHIV", "DCM4CHEE", "ORTHANC", "SERVER", "ANY-SCP", "CONQUEST")
NEEDED = ("Orthanc", "echoscu", "storescu", "findscu", "movescu", "getscu", "tcpdump", "ip", "unshare", "dump2dcm")
PLUGINS = "/usr/share/orthanc/plugins"
USER, PASSWORD = "viewer", "only-in-the-namespace"

_WORKLIST = """(0008,0005) CS [ISO_IR 100]
(0010,0010) PN [Placebo^Paula]
(0010,0020) LO [P-0001]
(0020,000d) UI [1.2.3.4.5.6.7.1]
(0040,0100) SQ
(fffe,e000) -
(0008,0060) CS [CT]
(0040,0001) AE [CT1]
(0040,0002) DA [20260310]
(0040,0003) TM [0900]
(fffe,e00d) -
(fffe,e0dd) -
"""


def _images(folder: Path) -> list[str]:
    """Write the day's images, one study each; gives the study UIDs."""
    studies = []
    for number in range(STUDIES):
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, generate_uid(entropy_srcs=[f"instance {number}"])
        data.StudyInstanceUID = generate_uid(entropy_srcs=[f"study {number}"])
        data.SeriesInstanceUID = generate_uid(entropy_srcs=[f"series {number}"])
        data.PatientName, data.PatientID = f"Placebo^P{number}", f"P-{number:04d}"
        data.PatientBirthDate, data.StudyDate, data.AccessionNumber = "19700102", "20260310", f"A{number:05d}"
        data.Modality, data.StudyID = "CT", "1"
        data.Rows = data.Columns = 64
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.PixelData = np.random.default_rng(number).integers(0, 4095, 64 * 64, np.uint16).tobytes()
        data.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)
        studies.append(str(data.StudyInstanceUID))
    return studies


def _run(*command: str, fails: bool = False) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if bool(result.returncode) is not fails:
        raise RuntimeError(f"{' '.join(command[:6])}: {result.returncode} {result.stderr[-300:]}")


def _as(address: str) -> None:
    """From now on connections to the archive come from this address."""
    _run("ip", "route", "replace", "table", "local", "local", ARCHIVE, "dev", "lo", "src", address)


def _settings(folder: Path) -> Path:
    (folder / "worklists").mkdir()
    dump = folder / "worklist.txt"
    dump.write_text(_WORKLIST)
    _run("dump2dcm", str(dump), str(folder / "worklists" / "one.wl"))
    settings = {
        "Name": "archive", "StorageDirectory": str(folder / "store"), "IndexDirectory": str(folder / "store"),
        "DicomAet": "ARCHIVE", "DicomPort": int(DICOM), "DicomCheckCalledAet": True, "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": True, "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True,
        "DicomAlwaysAllowFindWorklist": True, "HttpPort": int(WEB), "RemoteAccessAllowed": True, "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD}, "DicomModalities": {"station": ["LECT1", STATION, int(STATION_PORT)]},
        "Plugins": [f"{PLUGINS}/libModalityWorklists.so", f"{PLUGINS}/libOrthancDicomWeb.so"],
        "Worklists": {"Enable": True, "Database": str(folder / "worklists")},
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    path = folder / "orthanc.json"
    path.write_text(json.dumps(settings))
    return path


@contextmanager
def _archive(folder: Path) -> Iterator[None]:
    with (folder / "orthanc.log").open("w") as log:
        process = subprocess.Popen(["Orthanc", str(_settings(folder))], stdout=log, stderr=log)
        try:
            for _ in range(120):
                if not subprocess.run(
                    ["echoscu", "-aec", "ARCHIVE", ARCHIVE, DICOM], capture_output=True, check=False
                ).returncode:
                    break
                time.sleep(0.5)
            else:
                raise RuntimeError("Orthanc does not answer: " + (folder / "orthanc.log").read_text()[-500:])
            yield
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def _captured(path: Path) -> Iterator[None]:
    process = subprocess.Popen(["tcpdump", "-i", "lo", "-s", "0", "-U", "-w", str(path)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    process.stderr.readline()
    time.sleep(0.5)
    try:
        yield
    finally:
        time.sleep(1.5)
        process.terminate()
        process.wait(30)


def _dcmtk(tool: str, title: str, *options: str, called: str = "ARCHIVE", fails: bool = False) -> None:
    # pynetdicom brings programs of the same names into the environment.
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(part for part in os.environ.get("PATH", "").split(os.pathsep) if part != own)
    _run(shutil.which(tool, path=path) or tool, "-aet", title, "-aec", called, ARCHIVE, DICOM, *options, fails=fails)


def _web(path: str) -> None:
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(f"http://{ARCHIVE}:{WEB}{path}", headers={"Authorization": f"Basic {token}"})
    request.add_header("Accept", "application/dicom+json" if "?" in path else "multipart/related; type=application/dicom")
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def _ordinary(folder: Path, studies: list[str]) -> None:
    """The CT asks for its worklist and sends; a reader looks up patients of the day and fetches: C-MOVE, C-GET, the web."""
    _as(CT)
    _dcmtk("echoscu", "CT1")
    step = (
        "-k",
        "ScheduledProcedureStepSequence[0].Modality=CT",
        "-k",
        "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate=20260310",
    )
    _dcmtk("findscu", "CT1", "-W", "-k", "PatientName", "-k", "PatientID", *step)
    for number in range(STUDIES):
        _dcmtk("storescu", "CT1", str(folder / "images" / f"{number:03d}.dcm"))
    _as(STATION)
    received = folder / "received"
    received.mkdir(exist_ok=True)
    for number in (3, 4, 5):
        level = ("-S", "-k", "QueryRetrieveLevel=STUDY")
        _dcmtk(
            "findscu", "LECT1", *level, "-k", f"PatientID=P-{number:04d}", "-k", "StudyInstanceUID", "-k", "StudyDate=20260310"
        )
        chosen = ("-k", f"StudyInstanceUID={studies[number]}")
        _dcmtk("movescu", "LECT1", *level, "-aem", "LECT1", "+P", STATION_PORT, "-od", str(received), *chosen)
        _dcmtk("getscu", "LECT1", *level, "-od", str(received), *chosen)
    _web("/dicom-web/studies?PatientID=P-0006&StudyDate=20260310")
    _web(f"/dicom-web/studies/{studies[6]}")


def _intrusion(studies: list[str]) -> None:
    """Guess what the archive is called, ask for everybody, and take every study there is."""
    from pynetdicom import AE, build_role, evt
    from pynetdicom.sop_class import (  # type: ignore[attr-defined]
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
    )

    _as(INTRUDER)
    for guess in GUESSES:
        _dcmtk("echoscu", "ECHOSCU", called=guess, fails=True)
    thief = AE("ECHOSCU")
    for model in (StudyRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelGet):
        thief.add_requested_context(model)
    thief.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = thief.associate(
        ARCHIVE, int(DICOM), ae_title="ARCHIVE", ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, lambda _: 0x0000)],
    )  # fmt: skip
    everybody = Dataset()
    everybody.QueryRetrieveLevel, everybody.PatientName, everybody.PatientID, everybody.StudyInstanceUID = "STUDY", "*", "", ""
    assert len(list(association.send_c_find(everybody, StudyRootQueryRetrieveInformationModelFind))) > STUDIES
    for study in studies:
        wanted = Dataset()
        wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", study
        *_, (status, _) = association.send_c_get(wanted, StudyRootQueryRetrieveInformationModelGet)
        assert status.Status == 0
    association.release()


def _inside(folder: Path) -> None:
    """Everything that needs the network of its own."""
    _run("ip", "link", "set", "lo", "up")
    for address in (ARCHIVE, CT, STATION, INTRUDER):
        _run("ip", "addr", "add", f"{address}/32", "dev", "lo")
    _run("ip", "route", "replace", "table", "local", "local", STATION, "dev", "lo", "src", ARCHIVE)
    (folder / "images").mkdir()
    studies = _images(folder / "images")
    with _archive(folder):
        with _captured(folder / "ordinary.pcap"):
            _ordinary(folder, studies)
        with _captured(folder / "intrusion.pcap"):
            _intrusion(studies)


def _examine(folder: Path, name: str) -> None:
    """Print what a round over one capture finds, and the operations that it read."""
    out = folder / f"round-{name}"
    command = [sys.executable, "-m", "wardround", "examine", str(folder / f"{name}.pcap"), "--out", str(out), "-q"]
    subprocess.run(command, check=True)
    result: dict[str, Any] = json.loads((out / "round.json").read_text())
    rows = [row for part in (out / "tables").glob("dicom_operation*.parquet") for row in pq.read_table(part).to_pylist()]
    counts = Counter((row["operation"], row["query_level"] or "", row["status_class"]) for row in rows)
    print(f"\n{name}: {(folder / f'{name}.pcap').stat().st_size:,} bytes")
    for (operation, level, status), count in sorted(counts.items()):
        print(f"  {count:5d} {operation} {level} {status}")
    for finding in result["findings"]:
        print(f"  {finding['kind']:8s} {finding['severity']:8s} {finding['detection']}  {finding['title']}")


def main(arguments: list[str]) -> int:
    """Run the day and print what was found."""
    if arguments[:1] == ["--inside"]:
        _inside(Path(arguments[1]))
        return 0
    missing = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if missing or os.geteuid():
        print(f"not run: needs root and {', '.join(missing) or 'nothing else'}")
        return 2
    folder = Path(arguments[0] if arguments else tempfile.mkdtemp(prefix="archive-day-"))
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["unshare", "--net", sys.executable, __file__, "--inside", str(folder)], check=True, timeout=900)
    for name in ("ordinary", "intrusion"):
        _examine(folder, name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
