"""STIX, SARIF, Timesketch and MISP: the rules that their specifications publish, determinism, and nothing that acts."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from tests.report import sample
from tests.report.test_hostile import HOSTILE_NAMES, no_hidden_characters

from wardround import report
from wardround.model import Pointer, Round, Subject

FORMATS = ("stix", "sarif", "timesketch", "timesketch-jsonl", "misp")
STIX_ID = re.compile(r"[a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
STIX_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


def rich() -> Round:
    """The bad day with subjects of every kind and a finding in a configuration."""
    subjects = (
        Subject("host", "pacs1.ch.example"), Subject("address", "203.0.113.9"), Subject("address", "10.1.2.3"),
        Subject("user", "astreinte"), Subject("vulnerability", "CVE-2019-19781"), Subject("domain", "Evil.example.org"),
        Subject("file", "C:\\temp\\x.exe"), Subject("destination", "2001:db8::1"), Subject("service", "DICOM"),
    )  # fmt: skip
    day = sample.bad_day()
    attack = dataclasses.replace(day.findings[0], subjects=subjects, id="attack")
    lines = tuple(Pointer("e1", "configs/fw 1.conf", "device_config_item", line) for line in (12, 40))
    setting = sample.finding(
        "VPN-E01", "vpn", "exposure", "high", ("Old firmware", "Micrologiciel ancien"), evidence=lines, id="config",
        subjects=(Subject("vulnerability", "CVE-2023-27997"), Subject("device", "fw1")),
    )  # fmt: skip
    return dataclasses.replace(day, findings=(*day.findings, attack, setting))


def exported(name: str, made: Round | None = None, lang: str = "en") -> Any:
    data = report.export(report.build(made or rich()), name, lang)
    if name == "timesketch":
        return list(csv.DictReader(io.StringIO(data.decode())))
    if name.endswith("jsonl"):
        return [orjson.loads(line) for line in data.splitlines()]
    return orjson.loads(data)


@pytest.mark.parametrize("name", FORMATS)
def test_same_round_same_bytes(name: str) -> None:
    first, second = (report.export(report.build(rich()), name, "fr") for _ in range(2))
    assert first == second


def test_stix_objects_have_what_the_standard_requires() -> None:
    bundle = exported("stix")
    assert set(bundle) == {"type", "id", "objects"}
    required = {
        "identity": {"name"}, "attack-pattern": {"name"}, "vulnerability": {"name"}, "note": {"content", "object_refs"},
        "report": {"name", "published", "object_refs"}, "sighting": {"sighting_of_ref"},
        "observed-data": {"first_observed", "last_observed", "number_observed", "object_refs"},
        "ipv4-addr": {"value"}, "ipv6-addr": {"value"}, "domain-name": {"value"},
        "user-account": {"account_login"}, "file": {"name"},
    }  # fmt: skip
    identifiers = [item["id"] for item in bundle["objects"]]
    assert len(identifiers) == len(set(identifiers))
    for item in bundle["objects"]:
        assert STIX_ID.fullmatch(item["id"])
        assert item["id"].startswith(f"{item['type']}--")
        assert item["spec_version"] == "2.1"
        assert required[item["type"]] <= set(item)
        if {"created", "modified"} <= set(item):
            assert STIX_TIME.fullmatch(item["created"])
            assert item["created"] <= item["modified"]
        for name, value in item.items():
            if name.endswith("_ref"):
                assert value in identifiers
            if name.endswith("_refs"):
                assert value
                assert set(value) <= set(identifiers)
    kinds = {item["type"] for item in bundle["objects"]}
    assert kinds == set(required)


def test_stix_ids_of_observables_are_those_that_everybody_computes() -> None:
    """Section 2.9 of STIX 2.1: UUID version 5 of the id contributing properties as canonical JSON."""
    found = {item["type"]: item for item in exported("stix")["objects"]}
    namespace = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
    canonical = '{"account_login":"astreinte"}'
    assert found["user-account"]["id"] == f"user-account--{uuid.uuid5(namespace, canonical)}"
    assert found["domain-name"]["value"] == "evil.example.org"


def test_stix_tells_attacks_as_sightings_and_weaknesses_as_notes() -> None:
    objects = exported("stix")["objects"]
    by_id = {item["id"]: item for item in objects}
    sightings = [item for item in objects if item["type"] == "sighting"]
    assert {by_id[item["sighting_of_ref"]]["name"] for item in sightings} == {
        "ATT&CK T1110.001",
        "ATT&CK T1190",
        "ATT&CK T1490",
        "ATT&CK T0819",
    }
    assert all(item["first_seen"] <= item["last_seen"] for item in sightings)
    notes = [item for item in objects if item["type"] == "note"]
    assert len(notes) == 6
    assert any(item["labels"][0] == "exposure" for item in notes)


def test_stix_of_a_quiet_round_is_whole() -> None:
    bundle = exported("stix", dataclasses.replace(sample.quiet_day(), site=""))
    assert [item["type"] for item in bundle["objects"]] == ["identity", "report"]
    assert bundle["objects"][1]["object_refs"] == [bundle["objects"][0]["id"]]


def test_sarif_holds_configuration_findings_only_with_their_lines() -> None:
    log = exported("sarif")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"], result["kind"]) == ("VPN-E01", "error", "fail")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "VPN-E01"
    places = [*result["locations"], *result["relatedLocations"]]
    assert [place["physicalLocation"]["region"]["startLine"] for place in places] == [12, 40]
    assert places[0]["physicalLocation"]["artifactLocation"]["uri"] == "configs/fw%201.conf"


def test_sarif_tells_what_was_not_checked() -> None:
    (run,) = exported("sarif", sample.quiet_day())["runs"]
    assert run["results"] == []
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["descriptor"]["id"] == "PH-A11"
    assert "not assessed" in notice["message"]["text"]


@pytest.mark.parametrize(
    "path",
    [
        "javascript:alert(1)",
        "https://evil.example/x",
        "//evil.example/x",
        "C:\\a b\\c.conf",
        "../../etc/passwd",
        "a?b#c",
        "é\u202e",
        "",
    ],
)
def test_sarif_places_are_paths_and_nothing_else(path: str) -> None:
    pointer = Pointer("e1", path, "device_config_item", 0)
    found = sample.finding("VPN-E01", "vpn", "exposure", "high", ("T", "T"), evidence=(pointer,))
    (run,) = exported("sarif", dataclasses.replace(sample.bad_day(), findings=(found,)))["runs"]
    (place,) = run["results"][0]["locations"]
    uri = place["physicalLocation"]["artifactLocation"]["uri"]
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert uri.isascii()
    assert "region" not in place["physicalLocation"]


def test_sarif_messages_hold_no_link_and_no_placeholder() -> None:
    found = sample.finding(
        "VPN-E01", "vpn", "exposure", "high", ("T", "T"), summary={"en": "[here](https://evil.example) {0} \\", "fr": "x"},
        evidence=(Pointer("e1", "a", "device_config_item", 1),),
    )  # fmt: skip
    (run,) = exported("sarif", dataclasses.replace(sample.bad_day(), findings=(found,)))["runs"]
    assert run["results"][0]["message"]["text"] == "\\[here\\](https://evil.example) {{0}} \\\\"


@pytest.mark.parametrize("name", ["timesketch", "timesketch-jsonl"])
def test_timesketch_events_have_the_three_fields_and_stand_in_order(name: str) -> None:
    rows = exported(name)
    assert len(rows) == 3 * 5 + 2
    times = [datetime.fromisoformat(row["datetime"]) for row in rows]
    assert times == sorted(times)
    for row, when in zip(rows, times, strict=True):
        assert when.tzinfo is not None
        assert int(row["timestamp"]) == int(when.timestamp()) * 1_000_000 + when.microsecond
        assert row["message"]
        assert row["timestamp_desc"] in ("evidence", "first event", "last event")
    assert isinstance(rows[0]["timestamp"], int if name.endswith("jsonl") else str)


def test_misp_event_is_for_the_organisation_alone_and_marks_outsiders_only() -> None:
    event = exported("misp")["Event"]
    uuid.UUID(event["uuid"])
    assert (event["distribution"], event["published"], event["analysis"], event["threat_level_id"]) == ("0", False, "2", "1")
    assert {(item["type"], item["value"]) for item in event["Attribute"] if item["to_ids"]} == {
        ("ip-src", "203.0.113.9"), ("ip-dst", "2001:db8::1"), ("domain", "evil.example.org"),
    }  # fmt: skip
    assert {item["type"] for item in event["Attribute"]} == {
        "ip-src", "ip-dst", "domain", "target-machine", "target-user", "vulnerability",
    }  # fmt: skip
    identifiers = [item["uuid"] for item in event["Attribute"]]
    assert len(identifiers) == len(set(identifiers))
    assert {item["distribution"] for item in event["Attribute"]} == {"5"}


def test_misp_leaves_declared_exceptions_out() -> None:
    quiet = tuple(dataclasses.replace(found, severity="info") for found in rich().findings)
    event = exported("misp", dataclasses.replace(rich(), findings=quiet))["Event"]
    assert event["Attribute"] == []
    assert event["threat_level_id"] == "4"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", sample.HOSTILE, ids=HOSTILE_NAMES)
def test_hostile_rounds_stay_inert(name: str, text: str) -> None:
    hostile = sample.hostile_round(text)
    pointer = Pointer("e1", text, "device_config_item", 3, hostile.findings[0].first_ts)
    made = dataclasses.replace(
        hostile, findings=tuple(dataclasses.replace(found, evidence=(pointer,)) for found in hostile.findings)
    )
    data = report.export(report.build(made), name, "fr").decode()
    no_hidden_characters(data, allowed="\n\r")
    if name == "timesketch":
        for row in csv.reader(io.StringIO(data, newline="")):
            assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    elif name == "timesketch-jsonl":
        assert all(isinstance(orjson.loads(line), dict) for line in data.splitlines())
    else:
        assert isinstance(orjson.loads(data), dict)
