"""DICOMweb, WADO and an archive's own web interface in HTTP: operations, authentication, and addresses without names."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filewriter import dcmwrite
from tests.wire.protocols.dicom_suite import image
from tests.wire.protocols.talk import Kept, read

from wardround.privacy import token
from wardround.wire.dicomweb import mask, operation

STUDY, SERIES, OBJECT = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"


def _asked(
    line: str, headers: str = "", body: bytes = b"", reply: tuple[int, str, bytes] | None = None
) -> tuple[Kept, dict[str, Any]]:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    turns = [(">", f"{line} HTTP/1.1\r\nHost: pacs\r\n{headers}{length}\r\n".encode() + body)]
    if reply is not None:
        code, kind, content = reply
        head = f"HTTP/1.1 {code} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
        turns.append(("<", head.encode() + content))
    kept = read("http", turns)[1]
    rows = kept.tables.get("dicom_operation", [])
    return kept, rows[0] if rows else {}


def test_a_query_and_its_matches() -> None:
    matches = [
        {"0020000D": {"vr": "UI", "Value": [f"{STUDY}.{n}"]}, "00100020": {"vr": "LO", "Value": [f"P{n // 2}"]}}
        for n in range(4)
    ]
    kept, row = _asked(
        "GET /dicom-web/studies?PatientName=PLACEBO*&00080060=CT&StudyDate=20260101-20260301&00080050=&limit=50&offset=100",
        "Authorization: Bearer abcdef\r\nUser-Agent: viewer\r\n",
        reply=(200, "application/dicom+json", json.dumps(matches).encode()),
    )
    expected = {
        "transport": "dicomweb", "operation": "QIDO-RS", "query_level": "STUDY", "keys": ["Modality", "StudyDate"],
        "wildcard_keys": ["PatientName"], "universal_keys": ["AccessionNumber"], "date_range": "20260101-20260301",
        "modality": "CT", "responses": 4, "studies": 4, "patients": 2, "named_patients": True, "authentication": "bearer",
        "status_code": 200, "status_class": "success", "user_agent": "viewer", "duration": 1.0,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    (web,) = kept.tables["http"]
    assert "PLACEBO" not in web["uri"]
    assert web["uri"].endswith("&limit=50&offset=100")
    assert "abcdef" not in repr(kept.tables)


def test_a_query_whose_answer_is_cut_counts_what_it_names() -> None:
    body = b'[{"0020000D":{"vr":"UI","Value":["1.2"]}},{"0020000D":{"vr"'
    _, row = _asked("GET /rs/studies", "Accept: application/dicom+json\r\n", reply=(200, "application/dicom+json", body))
    assert (row["operation"], row["responses"]) == ("QIDO-RS", 2)


@pytest.mark.parametrize(
    ("line", "name", "level"),
    [
        (f"GET /pacs/studies/{STUDY}", "WADO-RS", "STUDY"),
        (f"GET /pacs/studies/{STUDY}/metadata", "WADO-RS", "STUDY"),
        (f"GET /pacs/studies/{STUDY}/series", "QIDO-RS", "SERIES"),
        (f"GET /pacs/studies/{STUDY}/series/{SERIES}/instances/{OBJECT}/frames/1", "WADO-RS", "IMAGE"),
        (f"GET /pacs/studies/{STUDY}/series/{SERIES}/instances", "QIDO-RS", "IMAGE"),
        (f"DELETE /pacs/studies/{STUDY}", "DELETE", "STUDY"),
        (f"GET /wado?requestType=WADO&studyUID={STUDY}&seriesUID={SERIES}&objectUID={OBJECT}", "WADO-URI", "IMAGE"),
    ],
)
def test_services_by_their_address(line: str, name: str, level: str) -> None:
    kept, row = _asked(line)
    assert (row["operation"], row["query_level"]) == (name, level)
    assert row["study_token"] == token("study", STUDY)
    assert row["status_class"] == "unanswered"
    assert row["authentication"] == "none"
    assert STUDY not in repr(kept.tables)


def test_objects_that_are_sent() -> None:
    stream = io.BytesIO()
    dcmwrite(stream, image(), enforce_file_format=True)
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + stream.getvalue() + b"\r\n--b--"
    kind = 'Content-Type: multipart/related; type="application/dicom"; boundary=b\r\n'
    kept, row = _asked("POST /dicom-web/studies", kind, body, (200, "application/dicom+json", b"{}"))
    assert (row["operation"], row["modality"], row["sop_class_name"]) == ("STOW-RS", "CT", "CT Image Storage")
    assert row["patient_token"] == token("patient", "P-4711")
    assert row["bytes"] > 20_000
    assert "P-4711" not in repr(kept.tables)


def test_the_interface_of_orthanc() -> None:
    name = "b7a18147-2d8e0cfd-be8e7e54-e3236fb7-89d59183"
    kept, row = _asked("GET /studies", reply=(200, "application/json", f'[ "{name}", "{name}" ]'.encode()))
    assert (row["transport"], row["operation"], row["query_level"]) == ("vendor_web", "WEB-QUERY", "STUDY")
    kept, row = _asked(f"GET /studies/{name}/archive", "Cookie: a=b\r\n", reply=(401, "text/plain", b""))
    assert (row["operation"], row["status_class"], row["authentication"]) == ("WEB-RETRIEVE", "failure", "cookie")
    assert name not in repr(kept.tables)


@pytest.mark.parametrize(
    "line",
    [
        "GET /studies", "GET /api/series?page=2", "GET /instances/i-0abc", "GET /blog/case-studies/2024", "POST /studies",
        "GET /patients/4711", f"PUT /x/studies/{STUDY}", "GET /", "GET /ec2/instances?id=5", "DELETE /series/7",
    ],
)  # fmt: skip
def test_what_only_looks_alike_is_no_operation(line: str) -> None:
    assert _asked(line, reply=(200, "application/json", b"[]"))[1] == {}


@pytest.mark.parametrize(
    ("target", "secret"),
    [
        (f"/viewer?StudyInstanceUIDs={STUDY},{SERIES}", STUDY),
        ("/search?patientName=Placebo%5EPaula%26Co", "Co"),
        ("/ris/patients/00471122/orders", "00471122"),
        ("/fhir/Patient/4711", "4711"),
        ("/fhir/ImagingStudy?subject:identifier=4711", "4711"),
        ("/x?patient_id=4711&accession=A-77", "A-77"),
        (f"/some/where/{STUDY}/else", STUDY),
        (f"/proxy?url=http://pacs/studies/{STUDY}", STUDY),
        ("/x?pid=4711", "4711"),
    ],
)
def test_addresses_keep_no_patient(target: str, secret: str) -> None:
    shown = mask(target.encode())
    assert secret not in shown
    assert "~" in shown


@pytest.mark.parametrize(
    "target",
    [
        "/a%20b?x=1",
        "/10.20.30.40/v1.2.3",
        "/x?patientId=%27%20OR%20%271%27=%271",
        "/x?PatientName=*",
        "/dicom-web/studies?limit=5&offset=10",
    ],
)
def test_other_addresses_stay_as_they_are(target: str) -> None:
    assert "~" not in mask(target.encode())


def test_the_referrer_is_masked_too() -> None:
    kept, _ = _asked("GET /x", f"Referer: http://pacs/viewer?StudyInstanceUIDs={STUDY}\r\n")
    assert STUDY not in repr(kept.tables)


@given(st.sampled_from(["GET", "POST", "DELETE", "HEAD"]), st.binary(max_size=200))
def test_hostile_addresses(method: str, rest: bytes) -> None:
    for target in (b"/studies/" + rest, b"/wado?requestType=WADO&" + rest, b"/studies?PatientID=" + rest, rest):
        mask(target)
        operation(method, target, {})
