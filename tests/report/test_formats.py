"""The exports say what their formats ask for."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import Any

import orjson
import pytest
from tests.report import sample

from wardround import report

MADE = report.build(sample.bad_day())

#: Attributes that OCSF 1.5 requires of every finding, and of its parts.
REQUIRED = {"activity_id", "category_uid", "class_uid", "finding_info", "metadata", "severity_id", "time", "type_uid"}


def ocsf(lang: str = "en") -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in report.export(MADE, "ocsf", lang).splitlines()]


def test_every_format_has_a_file_name_and_some_bytes() -> None:
    assert set(report.FORMATS) == {
        *("html", "json", "jsonl", "csv", "ocsf", "navigator", "site", "first-hour"),
        *("stix", "sarif", "timesketch", "timesketch-jsonl", "misp", "pdf"),
    }
    assert len({report.file_name(name) for name in report.FORMATS}) == len(report.FORMATS)
    assert all(report.export(MADE, name) for name in report.FORMATS if name != "pdf")


def test_jsonl_is_the_findings_of_the_document() -> None:
    lines = [orjson.loads(line) for line in report.export(MADE, "jsonl").splitlines()]
    assert lines == orjson.loads(report.export(MADE, "json"))["findings"]


def test_csv_is_a_row_per_finding() -> None:
    text = report.export(MADE, "csv", "fr").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["detection"] for row in rows] == ["VPN-A01", "RW-A01", "RDP-A01", "RDP-E02"]
    assert rows[0]["title"] == "Faille du VPN exploitée"
    assert rows[0]["subjects"] == "host=pacs1 | user=astreinte"
    assert rows[0]["evidence"].startswith("evidence/pacs1/Security.evtx#4100 | ")
    assert rows[0]["controls"] == "C02"


def test_csv_disarms_formulas_in_any_separator() -> None:
    odd = report.build(sample.hostile_round("=1+1;-2"))
    row = next(csv.DictReader(io.StringIO(report.export(odd, "csv").decode("utf-8-sig"), newline="")))
    assert row["title"] == "'=1+1;'-2"


def test_ocsf_events_have_what_the_schema_requires() -> None:
    for event in ocsf():
        # An Incident Finding has a list of findings instead.
        of_many = {"finding_info_list"} if event["class_uid"] == 2005 else {"finding_info"}
        assert set(event) >= (REQUIRED - {"finding_info"} | of_many)
        assert event["category_uid"] == 2
        assert event["activity_id"] == 1
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["severity_id"] in range(1, 6)
        assert event["time"] > 1_700_000_000_000
        assert event["metadata"]["version"] == "1.5.0"
        assert event["metadata"]["product"]["vendor_name"]
        for information in [event["finding_info"]] if "finding_info" in event else event["finding_info_list"]:
            assert information["uid"]
            assert information["title"]
        for attack in event.get("finding_info", {}).get("attacks", []):
            assert attack["technique"]["uid"].startswith("T")
        for item in event.get("evidences", []):
            assert item["data"]["path"], "an evidence artifact needs at least one of its parts"
        for observable in event.get("observables", []):
            assert observable["type_id"] in {1, 2, 4, 99}
            assert observable["name"].startswith("subjects[" if event["class_uid"] == 2005 else "resources[")
        if event["class_uid"] == 2003:
            assert event["compliance"]["standards"]
            assert event["compliance"]["control"]


def test_ocsf_tells_attacks_exposures_and_what_was_not_assessed() -> None:
    told = [(event["class_uid"], event["finding_info"]["analytic"]["uid"], event.get("compliance", {}).get("status_id"))
            for event in ocsf() if event["class_uid"] != 2005]  # fmt: skip
    assert told == [
        (2004, "VPN-A01", None),
        (2004, "RW-A01", None),
        (2004, "RDP-A01", None),
        (2003, "RDP-E02", 3),
        (2003, "VPN-E01", 2),
        (2003, "PH-E01", 2),
        (2003, "PH-A11", 2),
    ]


def test_ocsf_tells_an_incident_with_its_findings() -> None:
    (told,) = [event for event in ocsf("fr") if event["class_uid"] == 2005]
    assert told["message"] == "Attaque par rançongiciel"
    assert [information["uid"][:7] for information in told["finding_info_list"]] == ["VPN-A01", "RDP-A01", "RW-A01-"]
    assert told["start_time"] < told["end_time"]


def test_ocsf_speaks_the_language_asked_for() -> None:
    assert ocsf("fr")[0]["finding_info"]["title"] == "Faille du VPN exploitée"
    assert ocsf("fr")[-1]["compliance"]["status_detail"] == "Aucun journal des échecs de connexion."


def test_ocsf_counts_exposures_not_found_as_passed() -> None:
    made = report.build(sample.complete_day())
    events = [orjson.loads(line) for line in report.export(made, "ocsf").splitlines()]
    assert {event["compliance"]["status_id"] for event in events} == {1}
    assert len(events) == 10


def test_navigator_layer() -> None:
    layer = orjson.loads(report.export(MADE, "navigator"))
    assert layer["versions"] == {"attack": "19", "navigator": "5.1.0", "layer": "4.5"}
    assert layer["domain"] == "enterprise-attack"
    scores = {technique["techniqueID"]: technique["score"] for technique in layer["techniques"]}
    assert scores == {"T1190": 100, "T1490": 100, "T1110.001": 75}


@pytest.mark.parametrize("techniques", [("T0819",), ("T99999",), ("<b>",), ("T1190\n",), ()])
def test_navigator_leaves_out_what_the_enterprise_matrix_does_not_have(techniques: tuple[str, ...]) -> None:
    found = sample.finding("X", "vpn", "attack", "high", ("x", "x"), techniques=techniques)
    made = report.build(dataclasses.replace(sample.bad_day(), findings=(found,)))
    assert orjson.loads(report.export(made, "navigator"))["techniques"] == []
