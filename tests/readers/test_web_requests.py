"""Requests in logs: what names a patient in their addresses goes, and requests for images become operations."""

from __future__ import annotations

import pyarrow as pa
from tests.readers.conftest import Found

from wardround.privacy import token
from wardround.readers.web_requests import CoveringSink

STUDY = "1.2.826.0.1.3680043.8.498.1"


def _http(*rows: dict[str, object]) -> Found:
    found = Found()
    columns = (
        "ts",
        "record",
        "uid",
        "id.orig_h",
        "method",
        "uri",
        "referrer",
        "username",
        "status_code",
        "response_body_len",
        "resp_mime_types",
    )
    types = {
        "ts": pa.int64(),
        "record": pa.int64(),
        "status_code": pa.int64(),
        "response_body_len": pa.int64(),
        "resp_mime_types": pa.list_(pa.string()),
    }
    arrays = [pa.array([row.get(name) for row in rows], types.get(name, pa.string())) for name in columns]
    CoveringSink(found, clear=True).write("http", pa.table(arrays, names=list(columns)))
    return found


def test_requests_for_images_become_operations_and_lose_their_names() -> None:
    found = _http(
        {
            "ts": 1,
            "record": 1,
            "uid": "C1",
            "method": "GET",
            "uri": f"/dicom-web/studies/{STUDY}",
            "status_code": 200,
            "response_body_len": 9,
        },
        {"ts": 2, "record": 2, "method": "GET", "uri": "/dicom-web/studies?PatientName=PLACEBO*&limit=5", "username": "viewer"},
        {
            "ts": 3,
            "record": 3,
            "method": "GET",
            "uri": "/index.html",
            "referrer": f"http://pacs/viewer?StudyInstanceUIDs={STUDY}",
        },
        {"ts": 4, "record": 4, "method": None, "uri": None},
    )
    one, two = found.rows["dicom_operation"]
    assert (one["operation"], one["study_token"], one["bytes"], one["status_class"], one["uid"]) == (
        "WADO-RS", token("study", STUDY), 9, "success", "C1",
    )  # fmt: skip
    assert (two["operation"], two["wildcard_keys"], two["authentication"], two["tls"]) == (
        "QIDO-RS",
        ["PatientName"],
        "basic",
        False,
    )
    shown = [row["uri"] for row in found.rows["http"]]
    assert shown[2:] == ["/index.html", None]
    assert "limit=5" in shown[1]
    assert STUDY not in repr(found.rows)
    assert "PLACEBO" not in repr(found.rows)


def test_other_tables_and_requests_pass_as_they_are() -> None:
    found = _http({"ts": 1, "record": 1, "method": "GET", "uri": "/a%20b?x=1"})
    assert [row["uri"] for row in found.rows["http"]] == ["/a%20b?x=1"]
    assert "dicom_operation" not in found.rows


def test_addresses_keep_no_password() -> None:
    found = _http(
        {"uri": "/login?user=a&Password=S3cret%21", "referrer": "http://a:S3cret@pacs.example/x"}, {"uri": "/compass"}
    )
    shown, plain = found.rows["http"]
    assert (shown["uri"], shown["referrer"]) == ("/login?user=a&Password=(secret)", "http://a:(secret)@pacs.example/x")
    assert plain["uri"] == "/compass"


def test_diagnostics_are_handed_on() -> None:
    found = Found()
    CoveringSink(found, clear=False).diagnose("some_code", "what happened", 7)
    assert found.diagnostics == [("some_code", "what happened", 7, True)]


def test_addresses_and_pairs_in_texts_of_messages() -> None:
    found = Found()
    texts = [
        f"URL /dicom-web/studies/{STUDY} asked",
        "C-FIND PatientName=ROUX^ANNE PatientID: 4711 from CT1",
        "sshd pid=4711 subject=CN=host1 uid=0 https://example.org/a?b=c",
        None,
    ]
    CoveringSink(found, clear=True).write("syslog", pa.table({"message": pa.array(texts)}))
    shown = [row["message"] for row in found.rows["syslog"]]
    assert shown[0] == f"URL /dicom-web/studies/study~{token('study', STUDY)} asked"
    assert (
        shown[1]
        == f"C-FIND PatientName=name~{token('name', 'ROUX^ANNE')} PatientID: patient~{token('patient', '4711')} from CT1"
    )
    assert shown[2:] == texts[2:]
