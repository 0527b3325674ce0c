"""Attacks that were told in public, lived again: one incident each, its stages in order, and nothing foreign in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from demo.generate.evidence import write_evidence
from demo.generate.hospital import DOMAIN
from demo.replays import REPLAYS, Replay, files_of

from wardround import pipeline
from wardround.report.document import Finding, ResultDocument


@pytest.fixture(scope="module", params=sorted(REPLAYS))
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Replay, ResultDocument]]:
    replay = REPLAYS[request.param]
    directory = tmp_path_factory.mktemp(replay.name)
    write_evidence(directory, files_of(replay))
    site = directory / "site.toml"
    paths = tuple(str(path) for path in sorted(directory.iterdir()) if path != site)
    yield replay, pipeline.examine(pipeline.Request(paths, directory / "round", site_file=site, created=0))


#: Subjects that say who and where; others are services, ports and the like.
_WHO = ("host", "user", "address", "destination", "domain", "device", "vulnerability")


def _names(finding: Finding) -> set[str]:
    return {subject.name.lower().removesuffix(f".{DOMAIN}") for subject in finding.subjects if subject.kind in _WHO}


def test_every_piece_is_read(lived: tuple[Replay, ResultDocument]) -> None:
    _, document = lived
    assert {problem.code for problem in document.diagnostics} == set()
    assert len({piece.reader for piece in document.evidence}) >= 3


def test_there_is_one_incident_with_its_stages_in_order(lived: tuple[Replay, ResultDocument]) -> None:
    replay, document = lived
    (incident,) = document.incidents
    assert tuple(stage.name for stage in incident.stages) == replay.stages
    times = [stage.first_ts for stage in incident.stages]
    assert times == sorted(times)


def test_nothing_foreign_is_in_it(lived: tuple[Replay, ResultDocument]) -> None:
    replay, document = lived
    findings = {finding.id: finding for finding in document.findings}
    (incident,) = document.incidents
    for identifier in (*incident.findings, *incident.supporting):
        assert findings[identifier].kind == "attack"
        assert _names(findings[identifier]) <= replay.involved, findings[identifier]
    assert {subject.name.lower() for subject in incident.subjects} <= replay.involved


def test_nothing_of_the_attack_is_left_out(lived: tuple[Replay, ResultDocument]) -> None:
    """What remains outside are knocks at the portal that were refused."""
    _, document = lived
    inside = {identifier for incident in document.incidents for identifier in incident.findings}
    grave = [f for f in document.findings if f.kind == "attack" and f.severity not in ("info", "low")]
    outside = [f for f in grave if f.id not in inside and "exception" not in f.details]
    assert {finding.detection for finding in outside} <= {"VPN-A05"}
    assert all(finding.severity != "critical" for finding in outside)


def test_every_finding_but_the_first_has_a_reason_to_be_in_it(lived: tuple[Replay, ResultDocument]) -> None:
    _, document = lived
    (incident,) = document.incidents
    assert len(incident.edges) == len(incident.findings) - 1
    tied = {edge.earlier for edge in incident.edges} | {edge.later for edge in incident.edges}
    assert tied == set(incident.findings)
    assert all(edge.reason["en"] and edge.reason["fr"] and edge.through.name for edge in incident.edges)


def test_the_first_moment_to_stop_it_is_named(lived: tuple[Replay, ResultDocument]) -> None:
    _, document = lived
    (incident,) = document.incidents
    assert incident.stops
    assert incident.stops[0].seconds_left > 0
    known = {control.id for control in document.controls}
    assert {stop.control for stop in incident.stops} <= known


def test_files_are_always_the_same() -> None:
    replay = REPLAYS["wannacry"]
    assert files_of(replay) == files_of(replay)


@pytest.mark.parametrize("lived", ["dusseldorf", "fortigate", "ivanti"], indirect=True)
def test_the_missing_correction_is_the_first_moment(lived: tuple[Replay, ResultDocument]) -> None:
    """Those whose entry is a flaw of a gateway."""
    _, document = lived
    stop = document.incidents[0].stops[0]
    assert (stop.stage, stop.control) == ("entry", "C02")
    findings = {finding.id: finding for finding in document.findings}
    assert {findings[identifier].detection for identifier in stop.exposures} == {"VPN-E01"}


@pytest.mark.parametrize("lived", ["portal"], indirect=True)
def test_a_portal_without_a_second_factor_is_told_as_the_probable_way_in(lived: tuple[Replay, ResultDocument]) -> None:
    """The one whose entry no finding shows."""
    _, document = lived
    (entrance,) = document.incidents[0].entrances
    assert (entrance.user, entrance.source) == ("n.vasseur", "203.0.113.131")
    assert "where it never came before" in entrance.reason["en"] or "shortly before" in entrance.reason["en"]


#: What the post-mortems name, as far as it is a control of ours.
NAMED = {
    "dusseldorf": {"C02"},  # patch the gateway; rebuild it
    "hse": {"C09", "C14", "C19", "C15"},  # mail and attachments, alerts that are read, tiers of administration
    "wannacry": {"C12", "C05"},  # SMB version 1 off, separate networks
    "portal": {"C01"},  # a second factor on every remote access
    "fortigate": {"C02", "C01"},  # patch, then change the passwords that were read, or ask for more than them
    "ivanti": {"C02"},
}


def test_the_plan_begins_with_what_the_post_mortem_names(lived: tuple[Replay, ResultDocument]) -> None:
    replay, document = lived
    assert [step.basis for step in document.plan[:3]] == ["care"] * 3
    assert NAMED[replay.name] & {step.control for step in document.plan[:3]}, [step.control for step in document.plan]
