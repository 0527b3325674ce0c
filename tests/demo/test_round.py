"""The demonstration round finds the attack, all of it that is looked for, and none of what only looks like one."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.generate import happenings as t
from demo.generate import hospital as h
from demo.generate import mailbox

from wardround import pipeline
from wardround.demo import evidence_directory
from wardround.detect import detection
from wardround.report.document import Finding, ResultDocument

#: What the chain leaves to be found, and on whom. A detection that is not shipped yet is expected once it is.
EXPECTED: dict[str, set[str]] = {
    "VPN-A05": {"192.0.2.10", "cve-2018-13379", "cve-2019-11510", "cve-2019-19781", "cve-2020-3452"},
    "VPN-A11": {"n.vasseur", h.POOL_INTRUDER.address, "vpn1"},
    "RDP-A01": {"lect2", "astreinte-imagerie", h.POOL_INTRUDER.address},
    "RDP-A04": {"lect2", "astreinte-imagerie", h.POOL_INTRUDER.address},
    "RDP-A08": {"ris1"},
    "RDP-A09": {"astreinte-imagerie", h.POOL_INTRUDER.address},
    "BR-A01": {h.POOL_INTRUDER.address},
    "BR-A02": {h.POOL_INTRUDER.address, h.PACS1.address},
    "BR-A03": {h.POOL_INTRUDER.address, h.PACS1.address},
    "BR-A04": {h.POOL_INTRUDER.address},
    "BR-A08": {h.LECT2.address, h.DROP.address},
    "BR-A11": {"lect2"},
    "BR-A12": {h.FS1.address, h.LECT2.address},
    "RW-A01": {"fs1", "ris1", "pacs1", "lect1", "lect2"},
    "RW-A02": {h.FS1.address, h.LECT2.address},
    "RW-A05": {"fs1", "ris1", "pacs1", "lect1", "lect2"},
    "RW-A06": {"fs1", "ris1", "pacs1"},
    "RW-A07": {"fs1", "ris1", "pacs1", "lect1", "lect2"},
    "RW-A14": {h.POOL_INTRUDER.address, "smb", "rdp"},
    "RW-A09": {"dc1", h.POOL_INTRUDER.address},
}

#: The lures of the secretariat's mailbox, which nobody followed: they are found, and belong to no incident.
MAILBOX = {
    "PH-A01": {letter.address.partition("@")[2] for letter in mailbox.LURES}
    | {letter.link[1].split("/")[2] for letter in mailbox.LURES if letter.link[1]},
    "PH-A02": {letter.display.lower() for letter in mailbox.LURES} - {"support pacs", "lumière contraste comptabilité"},
    "PH-A03": {"lumiere-contrastes.example", "compta.lumiere@secours-mail.example"},
    "PH-A04": {
        "lumiere-contrastes.example",
        "ameli-renouvellement.example",
        "prosanteconnect-verification.example",
        "colissimo-livraison.example",
    },
    "PH-A05": {"203.0.113.71", "203.0.113.72", "203.0.113.73"},
    "PH-A08": {"compta@lumiere-contrastes.example"},
    "VC-A01": {"teams-reunion.example"},
}
EXPECTED |= MAILBOX

#: Hosts, people and addresses that did nothing wrong that day and had nothing done to them.
_HARMLESS_HOSTS = (h.SUP1, h.SCAN1, h.BKP1, h.JUMP1, h.ADM1, h.SIH1, *h.MODALITIES)
_HARMLESS_PEOPLE = (
    h.CT_SERVICE,
    h.MARTEL,
    h.NIVELLE,
    h.PERRIN,
    h.SCAN_SERVICE,
    h.BACKUP_SERVICE,
    h.ENGINEER,
    h.PACS_SERVICE,
    h.RIS_SERVICE,
)
_HARMLESS_ADDRESSES = (h.HOME, h.VENDOR, h.AUDITOR, h.POOL_VENDOR, h.POOL_RADIOLOGIST, h.TELERAD, *h.PHONES)
HARMLESS = {
    *(host.name.lower() for host in _HARMLESS_HOSTS),
    *(host.address for host in (*_HARMLESS_HOSTS, *_HARMLESS_ADDRESSES)),
    *(person.name for person in _HARMLESS_PEOPLE),
}

#: Those that only a declaration tells from an attack: patch round, licensed scanner, contracted test of the portal.
DECLARED = {"adm-perrin", "svc-scan", "scan1", h.JUMP1.address, h.SCAN1.address, h.AUDITOR.address}

#: Pieces that arrive damaged or in a form nobody knows.
TROUBLED = {"imaging/ct1-service.dmp", "imaging/xr2/Security.evtx", "zeek/current/conn.log"}


def _examined(out: Path, *, with_site: bool) -> ResultDocument:
    with evidence_directory() as directory:
        site = directory / "site.toml"
        paths = tuple(str(path) for path in sorted(directory.iterdir()) if path != site)
        return pipeline.examine(pipeline.Request(paths, out, site_file=site if with_site else None, created=0))


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> ResultDocument:
    return _examined(tmp_path_factory.mktemp("demo") / "round", with_site=True)


@pytest.fixture(scope="module")
def undeclared(tmp_path_factory: pytest.TempPathFactory) -> ResultDocument:
    """The same evidence without a site file: nothing is declared."""
    return _examined(tmp_path_factory.mktemp("demo") / "round", with_site=False)


def _names(finding: Finding) -> set[str]:
    """The subjects' names in lower case, without the domain."""
    return {subject.name.lower().removesuffix(f".{h.DOMAIN}") for subject in finding.subjects}


def _attacks(document: ResultDocument) -> Iterator[Finding]:
    return (f for f in document.findings if f.kind == "attack" and "exception" not in f.details)


def test_everything_expected_is_found_on_whom_it_concerns(document: ResultDocument) -> None:
    found: dict[str, set[str]] = {}
    for finding in _attacks(document):
        found.setdefault(finding.detection, set()).update(_names(finding))
    shipped = {item.name for item in detection.shipped()}
    assert found == {name: subjects for name, subjects in EXPECTED.items() if name in shipped}


def test_nothing_harmless_is_accused(document: ResultDocument) -> None:
    accused = {(finding.detection, name) for finding in _attacks(document) for name in _names(finding) & HARMLESS}
    assert not accused


def test_without_declarations_only_what_needs_one_is_accused(undeclared: ResultDocument) -> None:
    """The others are silent because of what they are, not because somebody excused them."""
    named = [_names(finding) for finding in _attacks(undeclared) if _names(finding) & HARMLESS]
    assert named
    # Whoever else is named there was knocked at by the scanner, which only its declaration tells from an attacker.
    assert all(names & DECLARED for names in named)


def test_declared_exceptions_are_told_and_say_why(document: ResultDocument) -> None:
    excepted = [finding for finding in document.findings if "exception" in finding.details]
    assert excepted
    for finding in excepted:
        assert finding.severity == "info"
        assert _names(finding) & DECLARED


def test_attacks_lie_within_the_attack(document: ResultDocument) -> None:
    """The first sign is the intruder's, not something of the morning before."""
    start = datetime.datetime.fromtimestamp(t.clock("08:12") / t.SECOND, datetime.UTC)
    end = datetime.datetime.fromtimestamp(t.CLOSING / t.SECOND, datetime.UTC)
    for finding in _attacks(document):
        assert finding.first_ts is not None and finding.last_ts is not None
        assert f"{start:%Y-%m-%dT%H:%M:%S}" <= finding.first_ts <= finding.last_ts <= f"{end:%Y-%m-%dT%H:%M:%S}"


def test_the_machines_of_imaging_are_known_for_what_they_are(undeclared: ResultDocument) -> None:
    """Without a word of the site file: from what they say on the network."""
    roles = {address: asset.roles[0].name for asset in undeclared.assets for address in asset.addresses if asset.roles}
    imaging = {h.CT1: "ct", h.MR1: "mr", h.XR1: "x_ray", h.XR2: "x_ray", h.PACS1: "pacs", h.RIS1: "ris", h.SIH1: "his"}
    expected = {**imaging, h.LECT1: "workstation", h.LECT2: "workstation", h.DC1: "domain_controller"}
    assert {host.name: roles.get(host.address) for host in expected} == {host.name: role for host, role in expected.items()}


def test_exposures_of_imaging_are_told(document: ResultDocument) -> None:
    found = {finding.detection for finding in document.findings if finding.kind == "exposure"}
    assert {"TEL-E01", "TEL-E02", "INT-E02", "BR-E01", "BR-E02"} <= found


def test_each_door_is_shown_once_and_its_well_kept_twin_is_silent(document: ResultDocument) -> None:
    threats = {finding.threat for finding in document.findings}
    doors = {
        "telework_transmission",
        "remote_desktop",
        "videoconferencing",
        "vpn",
        "redirection",
        "interception",
        "record_leak",
        "ransomware",
    }
    assert doors <= threats
    told = {
        (finding.detection, name) for finding in document.findings if finding.kind == "exposure" for name in _names(finding)
    }
    assert {("VC-E01", "lect1"), ("RT-E02", "sw-imaging"), ("RT-E06", "sw-imaging")} <= told
    assert not {name for detection, name in told if detection[:2] in ("VC", "RT")} & {"lect2", "adm1", "sw-clinical"}


def test_the_chain_is_one_incident_and_nothing_is_left_out_of_it(document: ResultDocument) -> None:
    (incident,) = document.incidents
    stages = ["entry", "movement", "credentials", "exfiltration", "recovery", "encryption"]
    assert [stage.name for stage in incident.stages if stage.name in stages] == stages
    assert set(incident.findings) >= {finding.id for finding in _attacks(document) if finding.detection not in MAILBOX}
    findings = {finding.id: finding for finding in document.findings}
    assert not {name for identifier in incident.findings for name in _names(findings[identifier])} & HARMLESS
    assert {"double_extortion"} == set(incident.patterns)
    # The VPN session ties the break-in at the portal to what was done inside.
    assert {"session", "host", "way"} <= {edge.kind for edge in incident.edges}
    assert incident.stops[0].control == "C02"


def test_the_first_hour_of_it_knows_the_department(document: ResultDocument) -> None:
    (sheet,) = document.first_hours
    isolated = {line.subject.name.partition(" ")[0] for line in sheet.isolate}
    assert {"VPN1", "LECT2", "DC1", "FS1", "PACS1", "RIS1"} <= isolated
    assert not isolated & {host.name for host in (*h.MODALITIES, h.SIH1)}
    assert {"astreinte-imagerie", "n.vasseur", "adm-secours"} <= {line.subject.name for line in sheet.accounts}
    assert any("PACS1" in line.subject.name for line in sheet.keep)
    assert any("CNIL" in line.text["fr"] for line in sheet.call)
    assert not sheet.unknown


def test_damaged_and_unknown_pieces_are_told_and_nothing_else_is(document: ResultDocument) -> None:
    with evidence_directory() as directory:
        troubled = {problem.source.removeprefix(f"{directory}/") for problem in document.diagnostics}
    assert troubled == TROUBLED


def test_every_other_piece_was_read(document: ResultDocument) -> None:
    with evidence_directory() as directory:
        unread = {
            piece.path.removeprefix(f"{directory}/")
            for piece in document.evidence
            if not piece.records and piece.format != "zip"
        }
    assert unread == TROUBLED - {"zeek/current/conn.log"}


def test_what_was_not_assessed_has_a_reason_in_both_languages(document: ResultDocument) -> None:
    silent = [item for item in document.coverage if item.result == "not_assessed"]
    assert silent
    for item in silent:
        assert item.texts["en"].summary
        assert item.texts["fr"].summary
