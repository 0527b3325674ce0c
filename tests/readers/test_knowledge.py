"""Lists of vulnerabilities: every field, ranges of versions, the date of the list, and damage."""
# ruff: noqa: E501

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers import identify
from wardround.readers.instants import iso_instant
from wardround.readers.knowledge.feed import Versions, written_range

Read = Callable[..., Any]

KEV = {
    "title": "CISA Catalog of Known Exploited Vulnerabilities",
    "catalogVersion": "2026.02.27",
    "dateReleased": "2026-02-27T15:00:03.0648Z",
    "count": 2,
    "vulnerabilities": [
        {
            "cveID": "CVE-2018-13379",
            "vendorProject": "Fortinet",
            "product": "FortiOS",
            "vulnerabilityName": "Path Traversal",
            "dateAdded": "2021-11-03",
            "knownRansomwareCampaignUse": "Known",
        },
        {
            "cveID": "CVE-2020-12812",
            "vendorProject": "Fortinet",
            "product": "FortiOS",
            "vulnerabilityName": "Improper Authentication",
            "dateAdded": "2021-11-03",
            "knownRansomwareCampaignUse": "Unknown",
        },
    ],
}
KEV_CSV = (
    "\ufeffcveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\n"
    'CVE-2018-13379,Fortinet,FortiOS,"Path Traversal, in the portal",2021-11-03,"a ""word""\nand a line",Apply,2022-05-03,Known,,CWE-22\n'
    "CVE-2023-43208,NextGen,Mirth Connect,Deserialization,2024-05-20,,,,Known,,\n"
)
NVD = {
    "resultsPerPage": 1, "format": "NVD_CVE", "version": "2.0", "timestamp": "2026-02-27T10:00:00.123",
    "vulnerabilities": [{"cve": {
        "id": "CVE-2022-40684", "published": "2022-10-18T14:15:09.747", "cisaExploitAdd": "2022-10-11", "cisaVulnerabilityName": "Authentication Bypass",
        "descriptions": [{"lang": "es", "value": "…"}, {"lang": "en", "value": "An authentication bypass"}],
        "metrics": {"cvssMetricV31": [{"cvssData": {"baseScore": 9.8, "baseSeverity": "CRITICAL"}}], "cvssMetricV2": [{"cvssData": {"baseScore": 7.5}, "baseSeverity": "HIGH"}]},
        "configurations": [{"nodes": [{"operator": "OR", "cpeMatch": [
            {"vulnerable": True, "criteria": "cpe:2.3:o:fortinet:fortios:*:*:*:*:*:*:*:*", "versionStartIncluding": "7.0.0", "versionEndExcluding": "7.0.7"},
            {"vulnerable": True, "criteria": "cpe:2.3:o:fortinet:fortios:7.2.0:*:*:*:*:*:*:*"},
            {"vulnerable": True, "criteria": "cpe:2.3:o:paloaltonetworks:pan-os:10.2.0:h1:*:*:*:*:*:*"},
            {"vulnerable": False, "criteria": "cpe:2.3:h:fortinet:fortigate:-:*:*:*:*:*:*:*"},
        ]}]}],
    }}],
}  # fmt: skip
CVE = {
    "dataType": "CVE_RECORD", "dataVersion": "5.1",
    "cveMetadata": {"cveId": "CVE-2023-43208", "state": "PUBLISHED", "datePublished": "2023-10-26T00:00:00.000Z", "dateUpdated": "2025-10-21T23:05:38.000Z"},
    "containers": {
        "cna": {"title": "Remote code execution", "affected": [
            {"vendor": "NextGen", "product": "Mirth Connect", "versions": [{"version": "0", "lessThan": "4.4.1", "status": "affected", "versionType": "semver"}, {"version": "4.4.1", "status": "unaffected"}]},
            {"vendor": "Other", "product": "All of it", "defaultStatus": "affected"},
        ]},
        "adp": [{"metrics": [{"cvssV3_1": {"baseScore": 9.8, "baseSeverity": "CRITICAL"}}, {"other": {"type": "kev", "content": {"reference": "https://www.cisa.gov/known-exploited-vulnerabilities-catalog"}}}]}],
    },
}  # fmt: skip
EPSS = "#model_version:v2025.03.14,score_date:2026-02-27T00:00:00+0000\ncve,epss,percentile\nCVE-2018-13379,0.94474,0.99999\nCVE-1999-0001,1e-05,0.1\nodd line\n"
CSAF = {
    "document": {"category": "csaf_security_advisory", "csaf_version": "2.0", "title": "An Archive", "tracking": {"id": "ICSMA-26-001-01", "version": "2", "initial_release_date": "2026-01-05T07:00:00.000000Z", "current_release_date": "2026-02-01T07:00:00.000000Z"}},
    "product_tree": {"branches": [{"category": "vendor", "name": "Maker", "branches": [{"category": "product_name", "name": "Archive", "branches": [
        {"category": "product_version_range", "name": ">= 1.0 | <= 2.3", "product": {"product_id": "P1", "name": "Maker Archive: >= 1.0 | <= 2.3", "product_identification_helper": {"cpe": "cpe:2.3:a:maker:archive:*:*:*:*:*:*:*:*"}}},
        {"category": "product_version", "name": "2.4", "product": {"product_id": "P2", "name": "Maker Archive 2.4"}},
    ]}]}]},
    "vulnerabilities": [{"cve": "CVE-2026-0001", "title": "Hard-coded Credentials", "product_status": {"known_affected": ["P1", "P1"], "fixed": ["P2"]}, "scores": [{"products": ["P1"], "cvss_v3": {"baseScore": 7.1, "baseSeverity": "HIGH"}}]}],
}  # fmt: skip
OSV = {
    "schema_version": "1.6.0", "id": "GHSA-jfh8-c2jp-5v3q", "modified": "2025-01-14T00:00:00Z", "published": "2021-12-10T00:40:56Z", "aliases": ["CVE-2021-44228"],
    "summary": "Remote code injection in Log4j", "database_specific": {"severity": "CRITICAL"},
    "affected": [{"package": {"ecosystem": "Maven", "name": "org.apache.logging.log4j:log4j-core", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core"},
                  "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.13.0"}, {"fixed": "2.15.0"}, {"introduced": "3.0"}, {"last_affected": "3.1"}]}, {"type": "GIT", "events": [{"introduced": "0"}]}]},
                 {"package": {"ecosystem": "Debian", "name": "x"}, "versions": ["1.2-3"]}],
}  # fmt: skip

DOCUMENTS: dict[str, Any] = {"kev_json": KEV, "nvd_json": NVD, "cve_json": CVE, "csaf_json": CSAF, "osv_json": OSV}
TEXTS = {
    **{name: json.dumps(value, indent=1).encode() for name, value in DOCUMENTS.items()},
    "kev_csv": KEV_CSV.encode(),
    "epss_csv": EPSS.encode(),
}


def _read(read_bytes: Read, data: bytes) -> Any:
    known = identify(data)
    assert known is not None
    return read_bytes(known[1], data)


@pytest.mark.parametrize("name", TEXTS)
def test_is_recognised_and_dated(read_bytes: Read, name: str) -> None:
    known = identify(TEXTS[name])
    assert known is not None and known[0] == name
    found = _read(read_bytes, TEXTS[name])
    (feed,) = found.rows["feed"]
    dates = {
        "kev_json": "2026-02-27T15:00:03.064800Z", "kev_csv": "2024-05-20", "nvd_json": "2026-02-27T10:00:00.123000Z", "cve_json": "2025-10-21T23:05:38Z",
        "epss_csv": "2026-02-27", "csaf_json": "2026-02-01T07:00:00Z", "osv_json": "2025-01-14",
    }  # fmt: skip
    assert feed["date"] == iso_instant(dates[name])
    assert feed["kind"] == name.partition("_")[0]
    assert feed["entries"] == len({row["cve"] for row in found.rows["vulnerability"]})
    assert all(row["ts"] is None for rows in found.rows.values() for row in rows)  # knowledge is no event of the hospital


def test_kev_in_both_forms(read_bytes: Read) -> None:
    first, second = _read(read_bytes, TEXTS["kev_json"]).rows["vulnerability"]
    assert (first["cve"], first["vendor"], first["product"], first["known_exploited"], first["ransomware"]) == (
        "CVE-2018-13379",
        "Fortinet",
        "FortiOS",
        True,
        True,
    )
    assert (second["ransomware"], second["published"]) == (False, iso_instant("2021-11-03"))
    rows = _read(read_bytes, TEXTS["kev_csv"]).rows["vulnerability"]
    assert [(row["cve"], row["title"], row["ransomware"]) for row in rows] == [
        ("CVE-2018-13379", "Path Traversal, in the portal", True),
        ("CVE-2023-43208", "Deserialization", True),
    ]


def _ranges(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["product"], row["status"], row["version_from"], row["version_to"], row["to_excluded"]) for row in rows]


def test_nvd(read_bytes: Read) -> None:
    rows = _read(read_bytes, TEXTS["nvd_json"]).rows["vulnerability"]
    assert _ranges(rows) == [
        ("fortios", "affected", "7.0.0", "7.0.7", True),
        ("fortios", "affected", "7.2.0", "7.2.0", False),
        ("pan-os", "affected", "10.2.0-h1", "10.2.0-h1", False),
    ]
    assert {(row["score"], row["severity"], row["known_exploited"], row["title"]) for row in rows} == {
        (9.8, "critical", True, "Authentication Bypass")
    }


def test_cve(read_bytes: Read) -> None:
    rows = _read(read_bytes, TEXTS["cve_json"]).rows["vulnerability"]
    assert _ranges(rows) == [
        ("Mirth Connect", "affected", None, "4.4.1", True),
        ("Mirth Connect", "not_affected", "4.4.1", "4.4.1", False),
        ("All of it", "affected", None, None, None),
    ]
    assert rows[0]["known_exploited"] is True and rows[0]["score"] == 9.8


def test_epss(read_bytes: Read) -> None:
    found = _read(read_bytes, TEXTS["epss_csv"])
    assert [(row["cve"], row["epss"], row["record"]) for row in found.rows["vulnerability"]] == [
        ("CVE-2018-13379", 0.94474, 3),
        ("CVE-1999-0001", 1e-05, 4),
    ]
    assert found.codes() == ["bad_row"]


def test_csaf(read_bytes: Read) -> None:
    rows = _read(read_bytes, TEXTS["csaf_json"]).rows["vulnerability"]
    assert _ranges(rows) == [("Archive", "affected", "1.0", "2.3", False), ("Archive", "fixed", "2.4", "2.4", False)]
    assert (rows[0]["vendor"], rows[0]["cve"], rows[0]["score"], rows[0]["cpe"]) == (
        "Maker",
        "CVE-2026-0001",
        7.1,
        "cpe:2.3:a:maker:archive:*:*:*:*:*:*:*:*",
    )


def test_osv(read_bytes: Read) -> None:
    rows = _read(read_bytes, TEXTS["osv_json"]).rows["vulnerability"]
    name = "org.apache.logging.log4j:log4j-core"
    assert _ranges(rows) == [
        (name, "affected", "2.13.0", "2.15.0", True),
        (name, "affected", "3.0", "3.1", False),
        ("x", "affected", "1.2-3", "1.2-3", False),
    ]
    assert {(row["cve"], row["severity"]) for row in rows} == {("CVE-2021-44228", "critical")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<= 2.2.0", Versions(None, "2.2.0")), ("<14.0.3", Versions(None, "14.0.3", True)), (">= 2.0", Versions("2.0")),
        (">= 2.5 | <= 3.11", Versions("2.5", "3.11")), ("vers:all/*", Versions()), ("2.4", Versions("2.4", "2.4")), ("<= L81", Versions(None, "L81")),
        ("5.0|5.1", Versions(written="5.0|5.1")), ("A10 < A11", Versions(written="A10 < A11")), ("LPI 3.5", Versions(written="LPI 3.5")),
    ],
)  # fmt: skip
def test_ranges_as_advisories_write_them(text: str, expected: Versions) -> None:
    assert written_range(text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1969-12-31", "9999-01-01T00:00:00Z", None, 5, "2026-02-30"])
def test_what_is_no_time(text: object) -> None:
    assert iso_instant(text) is None


@pytest.mark.parametrize(
    "other", [b'{"vulnerabilities": []}', b'{"cveID": 1}', b"cve,epss\n", b'{"id": "x", "modified": "2"}', b"[]"]
)
def test_other_documents_are_not_known(other: bytes) -> None:
    assert identify(other) is None


_ODD: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**12)
    | st.floats()
    | st.text(max_size=5)
    | st.just([])
    | st.just({})
    | st.just([[{}], 3, None, "x"])
)


def _damaged(value: Any, data: st.DataObject) -> Any:
    """The document with one of its parts replaced by something else."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 4)):
        key = data.draw(st.sampled_from(sorted(value)))
        value[key] = _damaged(value[key], data)
        return value
    if isinstance(value, list) and value and data.draw(st.integers(0, 4)):
        place = data.draw(st.integers(0, len(value) - 1))
        value[place] = _damaged(value[place], data)
        return value
    return copy.deepcopy(data.draw(_ODD))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_documents_of_another_shape_never_break_a_reader(read_bytes: Read, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(DOCUMENTS)))
    document = copy.deepcopy(DOCUMENTS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        document = _damaged(document, data)
    known = identify(TEXTS[name])
    assert known is not None
    with contextlib.suppress(ReaderError):
        read_bytes(known[1], json.dumps(document).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_never_break_a_reader(read_bytes: Read, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(sorted(TEXTS.values())))
    known = identify(text)
    assert known is not None
    raw = bytearray(text)
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=6)):
        raw[place] = byte
    with contextlib.suppress(ReaderError):
        read_bytes(known[1], bytes(raw[: data.draw(st.integers(0, len(raw)))]))
