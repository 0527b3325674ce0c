"""One patient planted in every kind of evidence: nothing that leaves wardround may name her."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from demo.generate.recording import Conversation, Turn
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import UID, CTImageStorage
from pynetdicom import AE, evt
from tests.readers.dicom_objects import dataset, element, part10, written
from tests.wire.protocols.dicom_suite import frames, serving

from wardround.report import FORMATS

STUDY, SERIES, INSTANCE = "1.2.826.0.1.4242.77.1", "1.2.826.0.1.4242.77.1.2", "1.2.826.0.1.4242.77.1.2.3"

#: Whatever names the patient, in lower case and without accents; numbers as they are written in paths and messages.
SECRETS = (
    "dupont", "helene", "dupond-marie", "pat0042317", "19570614", "14.06.1957", "1957-06-14", "14061957", "acc778899",
    "1.2.826.0.1.4242.77",
)  # fmt: skip

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
SECOND = 1_000_000_000


def patient(**values: object) -> bytes:
    return written(
        dataset(
            StudyInstanceUID=STUDY,
            SeriesInstanceUID=SERIES,
            SOPInstanceUID=INSTANCE,
            OtherPatientNames="Dupond-Marie^H.",
            **values,
        )
    )


def _files(folder: Path) -> None:
    """A directory tree and archives whose names say who it is, in the spellings that people use."""
    image = patient()
    named = (
        "DUPONT_HELENE/CT/IM1", "dupont-hélène/IM2.dcm", unicodedata.normalize("NFD", "Hélène Dupont") + "/IM3",
        "DUPONTHELENE.dcm", "PAT0042317/IM4", "by date/Dupont 14.06.1957.dcm", "14061957/IM5", "ACC778899.dcm",
        f"{INSTANCE}.dcm", f"{STUDY}/{SERIES}/6.dcm", "Dupond-Marie/IM7",
    )  # fmt: skip
    for name in named:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(image)
    below = folder / "DUPONT_HELENE"
    (below / "report.unknown").write_bytes(b"\x81\x82 a format nobody knows")
    (below / "cut.zip").write_bytes(b"PK\x03\x04 cut")
    (below / "nameless.dcm").write_bytes(
        written(dataset(PatientName="", PatientID="", PatientBirthDate="", AccessionNumber=""))
    )
    (below / "broken.dcm").write_bytes(image[:700])
    (below / "lost.dcm").write_bytes(bytes((n * 7919 + n // 3) % 256 for n in range(3000)))
    (folder / "inside.dcm").write_bytes(_in_sequences())
    with zipfile.ZipFile(folder / "cd-dupont.zip", "w") as archive:
        archive.writestr("DUPONT_HELENE/IM8", image)
        archive.writestr("DUPONT_HELENE/readme.unknown", b"\x81\x82")
    made = dataset(
        StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=INSTANCE, PatientID="PAT0042317", StudyTime="101010"
    )
    made.file_meta.MediaStorageSOPInstanceUID = UID(INSTANCE)
    made.StudyID, made.SeriesNumber, made.InstanceNumber = "1", "1", "1"
    media = FileSet()
    media.add(made)
    media.write(folder / "media")
    media._stage["t"].cleanup()  # else the interpreter warns of it at some later time


def _in_sequences() -> bytes:
    """An identity where de-identification often forgets it."""
    item = element(0x00100010, "PN", b"Dupont^Helene ") + element(0x00100020, "LO", b"PAT0042317")
    begin = b"\xfe\xff\0\xe0" + len(item).to_bytes(4, "little")
    head = element(0x00080016, "UI", b"1.2.840.10008.5.1.4.1.1.7\0") + element(0x00081110, "SQ", begin + item)
    return part10(head + element(0x00120062, "CS", b"YES "))


def _wire(file: Path) -> None:
    """Images and queries by a real stack, orders over MLLP and a search over the web, in one capture."""
    match = Dataset()
    match.PatientName, match.PatientID, match.PatientBirthDate = "Dupont^Helene", "PAT0042317", "19570614"
    match.StudyInstanceUID, match.AccessionNumber, match.QueryRetrieveLevel = STUDY, "ACC778899", "STUDY"
    handlers = [(evt.EVT_C_STORE, lambda _: 0x0000), (evt.EVT_C_FIND, lambda _: iter([(0xFF00, match), (0x0000, None)]))]
    archive = AE("ARCHIVE")
    archive.add_supported_context(CTImageStorage)
    archive.add_supported_context(FIND)
    with serving(archive, handlers) as suite:
        modality = AE("CT1")
        modality.add_requested_context(CTImageStorage)
        modality.add_requested_context(FIND)
        association = modality.associate("127.0.0.1", suite.recorder.port, ae_title="ARCHIVE")
        assert association.is_established
        assert (
            association.send_c_store(dataset(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES, SOPInstanceUID=INSTANCE)).Status
            == 0
        )
        asked = Dataset()
        asked.PatientName, asked.PatientID, asked.StudyInstanceUID = "DUPONT*", "PAT0042317", ""
        asked.PatientBirthDate, asked.QueryRetrieveLevel = "19570614", "STUDY"
        assert [status.Status for status, _ in association.send_c_find(asked, FIND)] == [0xFF00, 0x0000]
        association.release()
    conversations = list(suite.recorder.conversations)
    order = (
        "MSH|^~\\&|RIS|RADIO|PACS|RADIO|20260310081500||ORM^O01|42|P|2.3.1\r"
        "PID|1||PAT0042317^^^RIS||DUPONT^HELENE^^^MME||19570614|F|||12 rue des Lilas^^Paris\r"
        f"ORC|NW|7|ACC778899\rOBR|1|7|ACC778899|CT^CT HEAD DUPONT\rZDS|{STUDY}^100^Application^DICOM\r"
    ).encode()
    told = b"MSH|^~\\&|PACS|RADIO|RIS|RADIO|20260310081501||ACK^O01|77|P|2.3.1\rMSA|AE|42|patient DUPONT HELENE unknown\r"
    conversations.append(_said(2575, b"\x0b" + order + b"\x1c\r", b"\x0b" + told + b"\x1c\r"))
    asked_for = "PatientName=DUPONT*&00100020=PAT0042317&PatientBirthDate=19570614"
    web = f"GET /dicom-web/studies/{STUDY}/series?{asked_for} HTTP/1.1\r\nHost: pacs\r\n\r\n"
    body = json.dumps(
        [{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "DUPONT^HELENE"}]}, "0020000D": {"vr": "UI", "Value": [STUDY]}}]
    )
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    conversations.append(_said(8042, web.encode(), answer.encode()))
    wado = f"GET /wado?requestType=WADO&studyUID={STUDY}&seriesUID={SERIES}&objectUID={INSTANCE} HTTP/1.1\r\nHost: pacs\r\n\r\n"
    conversations.append(_said(8043, wado.encode(), b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
    file.write_bytes(frames(conversations))


def _said(port: int, up: bytes, down: bytes) -> Conversation:
    start = 1_773_130_500 * SECOND
    turns = [
        Turn(start, True, up),
        Turn(start + SECOND, False, down),
        Turn(start + 2 * SECOND, True, b""),
        Turn(start + 2 * SECOND, False, b""),
    ]
    return Conversation(("127.0.0.1", 40_000 + port % 1000), ("127.0.0.1", port), turns)


def _trail(folder: Path) -> None:
    message = (
        '<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-03-10T08:00:00Z" EventOutcomeIndicator="0">'
        '<EventID csd-code="110104"/></EventIdentification><ActiveParticipant UserID="dr.lind" UserIsRequestor="true"/>'
        f'<ParticipantObjectIdentification ParticipantObjectID="{STUDY}" '
        'ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3">'
        '<ParticipantObjectIDTypeCode csd-code="110180"/><ParticipantObjectDescription><Accession Number="ACC778899"/>'
        "</ParticipantObjectDescription></ParticipantObjectIdentification>"
        '<ParticipantObjectIdentification ParticipantObjectID="PAT0042317^^^H" '
        'ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1">'
        '<ParticipantObjectIDTypeCode csd-code="2"/><ParticipantObjectName>Dupont^Helene</ParticipantObjectName>'
        "<ParticipantObjectQuery>RHVwb250</ParticipantObjectQuery></ParticipantObjectIdentification></AuditMessage>"
    )
    folder.mkdir()
    (folder / "audit.xml").write_text(message)
    (folder / "cut.xml").write_text(message[:-30])
    other = "<38>Mar 10 08:30:46 pacs1 sshd[12]: Failed password for root from 10.9.0.66 port 4242 ssh2\n"
    line = f"<85>Mar 10 08:30:47 pacs1 archive: {message}\n"
    (folder / "all.log").write_text(line * 3)
    (folder / "mixed.log").write_text(other + line + other + line[:-40] + "\n" + other)
    event = {
        "resourceType": "AuditEvent", "type": {"code": "110112"}, "recorded": "2026-03-10T08:00:00Z", "outcome": "0",
        "agent": [{"who": {"reference": "Patient/PAT0042317", "display": "Dupont Helene"}, "requestor": True}],
        "source": {"observer": {"display": "archive"}},
        "entity": [{"what": {"reference": "Patient/PAT0042317", "display": "Dupont Helene"}, "name": "Dupont"}],
    }  # fmt: skip
    (folder / "events.ndjson").write_text("\n".join([json.dumps(event)] * 2))


def _logs(folder: Path) -> None:
    """Requests that name her, as servers, proxies, sensors and firewalls log them, and what programs tell syslog."""
    addresses = (
        "/dicom-web/studies?PatientName=DUPONT%5EHELENE*&00100020=PAT0042317",
        f"/wado?requestType=WADO&studyUID={STUDY}&seriesUID={SERIES}&objectUID={INSTANCE}",
        "/fhir/Patient?family=Dupont&given=Helene&birthdate=1957-06-14&identifier=urn:oid:1.2.250.1|PAT0042317",
        "/fhir/ImagingStudy?subject:Patient.identifier=PAT0042317&patient.name=Dupont",
    )
    folder.mkdir()
    asked = [(address, *address.partition("?")[::2]) for address in addresses]
    (folder / "access.log").write_text(
        "".join(
            f'10.1.2.{n} - - [10/Mar/2026:08:00:00 +0100] "GET {a} HTTP/1.1" 200 512 "-" "curl/8"\n'
            for n, (a, *_) in enumerate(asked)
        )
    )
    (folder / "squid.log").write_text(
        "".join(
            f"1773126000.{n}00 100 10.1.1.1 TCP_MISS/200 1234 GET http://pacs{a} - DIRECT/10.1.1.2 -\n"
            for n, (a, *_) in enumerate(asked)
        )
    )
    (folder / "iis.log").write_text(
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-03-10 08:00:00\n"
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip sc-status\n"
        + "".join(
            f"2026-03-10 08:00:0{n} 10.1.1.2 GET {path} {query} 443 10.1.1.1 200\n" for n, (_, path, query) in enumerate(asked)
        )
    )
    requests: list[dict[str, object]] = [
        {
            "timestamp": f"2026-03-10T08:00:0{n}.000000+0000", "flow_id": n + 1, "event_type": "http", "proto": "TCP",
            "src_ip": "10.1.1.1", "src_port": 5000 + n, "dest_ip": "10.1.1.2", "dest_port": 80,
            "http": {"hostname": "pacs", "url": a, "http_method": "GET", "status": 200, "http_refer": f"http://pacs{a}"},
        }
        for n, (a, *_) in enumerate(asked)
    ]  # fmt: skip
    (folder / "eve.json").write_text("".join(json.dumps(request) + "\n" for request in requests))
    told = [
        f'date=2026-03-10 time=08:00:0{n} devname="FGT" devid="FG100" logid="0317013312" type="utm" subtype="webfilter" '
        f'eventtype="ftgd_allow" level="notice" srcip=10.1.1.1 dstip=10.1.1.2 hostname="pacs" url="{a}" action="passthrough" '
        f'msg="URL {a}"'
        for n, (a, *_) in enumerate(asked)
    ]
    told += [
        "C-FIND PatientName=DUPONT^HELENE PatientID=PAT0042317 from CT1",
        f'stored {INSTANCE} AccessionNumber: "ACC778899"',
    ]
    (folder / "syslog").write_text("".join(f"<134>Mar 10 08:00:01 fw01 {line}\n" for line in told))


def _mail(folder: Path) -> None:
    """Mail about her, from her and to her, alone and in a mailbox."""
    about, own = EmailMessage(), EmailMessage()
    about["From"], about["To"] = "Secrétariat <sec@chu.example>", "Hélène Dupont <helene.dupont@orange.fr>"
    about["Subject"] = "CR scanner DUPONT Hélène née le 14/06/1957 IPP PAT0042317 accession ACC778899"
    about["Date"], about["Message-ID"] = "Mon, 02 Mar 2026 08:00:00 +0100", "<1@chu.example>"
    link = "https://portail.chu.example/rdv?nom=Dupont&email=helene.dupont%40orange.fr&ddn=1957-06-14"
    about.set_content(f"Madame DUPONT Hélène, née le 14.06.1957 (14061957), étude {STUDY} : {link}\n")
    about.add_alternative(f'<p>Mme Dupont Hélène, <a href="{link}">rendez-vous</a></p>', subtype="html")
    about.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="CR_DUPONT_Helene_19570614.pdf")
    own["From"], own["To"], own["Subject"] = (
        "Hélène Dupont <helene.dupont@orange.fr>",
        "rdv@chu.example",
        "Mme Dupont : rendez-vous",
    )
    own["Date"] = "Mon, 02 Mar 2026 09:00:00 +0100"
    own.set_content("Bonjour,\n\nje souhaite déplacer mon rendez-vous.\n\nMadame Hélène Dupont\n")
    folder.mkdir()
    (folder / "1.eml").write_bytes(about.as_bytes())
    (folder / "box").write_bytes(
        b"".join(b"From x@y.example Mon Mar  2 08:00:00 2026\n" + m.as_bytes() + b"\n" for m in (own, about))
    )


def _protection(folder: Path) -> None:
    """What products found in letters and examinations of hers."""
    folder.mkdir()
    found = [
        r"file:_D:\Comptes rendus\Dupont Helene 14.06.1957.docx", r"file:_\\NAS1\images\DUPONT_HELENE\PAT0042317\IM1.dcm",
        r"containerfile:_C:\Users\sec\Downloads\Dupont-Helene.zip", r"file:_E:\DUPONT_HELENE_19570614\viewer.exe",
    ]  # fmt: skip
    detection = {"DetectionID": "{1}", "ThreatID": 7, "InitialDetectionTime": "2026-03-10T08:00:00Z", "PSComputerName": "ws9"}
    (folder / "detections.json").write_text(json.dumps([detection | {"Resources": [resource]} for resource in found]))
    (folder / "alerts.csv").write_text(
        "Endpoint Name,Threat Details,Reported Time,Severity,Action Taken,File Path,Command Line,Description\n"
        r"ws9,Trojan.Agent,2026-03-10 09:00:00,high,Detected,C:\CR\Dupont Helene.docx,"
        r'"WINWORD.EXE ""D:\CR\DUPONT Hélène née le 14-06-1957.docx""",The file DUPONT_Helene.pdf was opened' + "\n"
    )


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that a round leaves behind or prints, by where it stands."""
    base = tmp_path_factory.mktemp("round")
    (base / "evidence").mkdir()
    _files(base / "evidence" / "files")
    _wire(base / "evidence" / "wire.pcap")
    _trail(base / "evidence" / "trail")
    _logs(base / "evidence" / "logs")
    _mail(base / "evidence" / "mail")
    _protection(base / "evidence" / "protection")
    out = base / "out"
    command = [sys.executable, "-m", "wardround", "examine", str(base / "evidence"), "-o", str(out), "-v"]
    for name in sorted({*FORMATS} - {"pdf"}):  # the printed page, whose text a PDF compresses
        command += ["-f", name]
    environment = os.environ | {"WARDROUND_STATE": str(base / "state")}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    texts = {"standard output": ran.stdout, "standard error": ran.stderr}
    for file in sorted(out.rglob("*")):
        if file.suffix == ".parquet":
            texts[file.name] = str(pq.read_table(file).to_pylist()) + str(file.name)
        elif file.is_file():
            texts[file.name] = file.read_text(encoding="utf-8")
    return texts


def test_every_kind_of_evidence_was_read(told: dict[str, str]) -> None:
    tables = json.loads(told["round.json"])["tables"]
    wanted = {
        "dicom_file",
        "dicom_association",
        "dicom_operation",
        "hl7_message",
        "audit_event",
        "http",
        "logon",
        "firewall_event",
        "mail_message",
        "edr_alert",
    }
    assert wanted <= {name for name, rows in tables.items() if rows}
    assert "(patient " in told["evidence.parquet"]


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_names_the_patient(told: dict[str, str], secret: str) -> None:
    assert [where for where, text in told.items() if secret in _plain(text)] == []
