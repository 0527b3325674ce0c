"""Findings are chained on what they share, and on nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from wardround.care.incidents import stories
from wardround.care.incidents.causes import table
from wardround.care.incidents.first_hour import contacts
from wardround.care.incidents.knowledge import STAGES, place, places
from wardround.detect.detection import shipped
from wardround.detect.tables import Tables
from wardround.detect.testing import rows_of
from wardround.model import Asset, Cause, Coverage, Finding, FirstHour, Incident, Pointer, Role, Severity, Subject
from wardround.site import Site

HOUR, DAY = 3_600_000_000_000, 86_400_000_000_000
START = 1_772_438_400 * 1_000_000_000  # 2026-03-02T08:00:00Z

THREATS = {
    "VPN": "vpn",
    "RDP": "remote_desktop",
    "RW": "ransomware",
    "BR": "record_leak",
    "PH": "phishing",
    "PS": "patient_safety",
}


def found(detection: str, at: float, *subjects: tuple[str, str], severity: Severity = "high", **more: Any) -> Finding:
    """A finding ``at`` hours after the start."""
    name = "exposure" if "-E" in detection else "attack"
    first = START + int(at * HOUR)
    values: dict[str, Any] = {
        "id": f"{detection}@{at}" + "/".join(name for _, name in subjects),
        "detection": detection,
        "threat": THREATS.get(detection.partition("-")[0], "other"),
        "kind": name,
        "severity": severity,
        "confidence": "high",
        "title": {"en": detection},
        "summary": {"en": detection},
        "first_ts": first,
        "last_ts": first + 60_000_000_000,
        "subjects": tuple(Subject(kind, name) for kind, name in subjects),
        "evidence": (),
        "events": 1,
        "controls": ("C05",),
    }
    return Finding(**{**values, **more})


def told(
    findings: Sequence[Finding], rows: Mapping[str, Any] | None = None, site: Site | None = None, assets: Sequence[Asset] = ()
) -> tuple[Incident, ...]:
    return both(findings, rows, site, assets)[0]


def both(
    findings: Sequence[Finding],
    rows: Mapping[str, Any] | None = None,
    site: Site | None = None,
    assets: Sequence[Asset] = (),
    coverage: Sequence[Coverage] = (),
) -> tuple[tuple[Incident, ...], tuple[Cause, ...]]:
    with Tables.of_arrow({name: rows_of(name, given, "test") for name, given in (rows or {}).items()}, site) as tables:
        told, causes, _ = stories(tables, findings, coverage, site or Site(), assets)
        return told, causes


def _ids(incident: Incident) -> set[str]:
    return set(incident.findings)


GUESSED = found("RDP-A04", 0, ("host", "ws1.hospital.example"), ("user", "HOSPITAL\\marie"), ("address", "10.9.0.7"))
DESTROYED = found("RW-A01", 5, ("host", "ws1"), severity="critical")


def test_two_attacks_on_one_machine_are_one_incident() -> None:
    (incident,) = told((GUESSED, DESTROYED))
    assert [stage.name for stage in incident.stages] == ["credentials", "recovery"]
    (edge,) = incident.edges
    assert (edge.earlier, edge.later, edge.kind) == (GUESSED.id, DESTROYED.id, "host")
    assert "ws1" in edge.reason["en"] and "ws1" in edge.reason["fr"]
    assert incident.dwell_seconds == 5 * 3600
    assert incident.stops[0].finding == GUESSED.id


def test_a_worm_is_one_incident_once_a_machine_that_it_took_attacks_in_turn() -> None:
    first = found("RW-A08", 0, ("host", "10.1.1.2"), ("address", "10.1.1.1"), severity="critical")
    beside = found("RW-A08", 0.1, ("host", "10.1.1.3"), ("address", "10.1.1.1"), severity="critical")
    assert told((first, beside)) == ()
    in_turn = found("RW-A08", 0.2, ("host", "10.1.1.4"), ("address", "10.1.1.2"), severity="critical")
    (incident,) = told((first, beside, in_turn))
    assert incident.findings == (first.id, beside.id, in_turn.id)
    assert [stage.name for stage in incident.stages] == ["movement"]
    before = found("RW-A08", -1, ("host", "10.1.1.5"), ("address", "10.1.1.2"), severity="critical")
    assert told((first, before)) == ()


@pytest.mark.parametrize("detection", ["RW-A07", "RW-A09"])
def test_a_machine_made_to_run_a_program_or_robbed_of_its_secrets_is_held_whoever_did_it(detection: str) -> None:
    taken = found(detection, 0, ("host", "fs1"), ("address", "10.1.1.9"), severity="critical")
    erased = found("RW-A06", 1, ("host", "fs1"))
    (incident,) = told((taken, erased))
    assert incident.findings == (taken.id, erased.id)
    assert told((taken, dataclasses.replace(erased, subjects=(Subject("host", "fs2"),)))) == ()


def test_time_alone_chains_nothing() -> None:
    assert told((GUESSED, dataclasses.replace(DESTROYED, subjects=(Subject("host", "ws2"),)))) == ()


def test_an_attack_that_came_half_a_year_later_is_another_story() -> None:
    late = dataclasses.replace(DESTROYED, first_ts=START + 180 * DAY, last_ts=START + 180 * DAY)
    assert told((GUESSED, late)) == ()


def recordings(*days: tuple[int, int]) -> dict[str, Any]:
    """Evidence that tells of these days, counted from the start."""
    return {
        "evidence": [
            {"path": f"{n}.evtx", "first_ts": START + a * DAY, "last_ts": START + b * DAY} for n, (a, b) in enumerate(days)
        ]
    }


def test_recordings_a_year_apart_are_two_stories_though_one_finding_has_events_in_both() -> None:
    spanning = found("RW-A07", 1, ("host", "ws1"), last_ts=START + 365 * DAY + HOUR)
    again = dataclasses.replace(
        DESTROYED, id="again", first_ts=START + 365 * DAY + 2 * HOUR, last_ts=START + 365 * DAY + 2 * HOUR
    )
    both_years = told((GUESSED, spanning, DESTROYED, again), recordings((0, 1), (365, 366)))
    assert [_ids(incident) for incident in sorted(both_years, key=lambda incident: incident.first_ts)] == [
        {GUESSED.id, spanning.id, DESTROYED.id},
        {spanning.id, "again"},
    ]
    assert all(incident.last_ts - incident.first_ts <= DAY for incident in both_years)
    assert len({incident.id for incident in both_years}) == 2


def test_what_goes_on_while_evidence_tells_of_it_stays_one_story() -> None:
    spanning = found("RW-A07", 1, ("host", "ws1"), last_ts=START + 365 * DAY + HOUR)
    again = dataclasses.replace(
        DESTROYED, id="again", first_ts=START + 365 * DAY + 2 * HOUR, last_ts=START + 365 * DAY + 2 * HOUR
    )
    for days in (((0, 366),), ((0, 80), (150, 230), (300, 366)), ()):
        (incident,) = told((GUESSED, spanning, again), recordings(*days) if days else None)
        assert _ids(incident) == {GUESSED.id, spanning.id, "again"}


def test_the_rows_behind_a_finding_belong_to_their_own_side_of_a_silence() -> None:
    times = (START + HOUR, START + 365 * DAY)
    service = {"Channel": "Security", "EventID": 4697, "Computer": "ws1"}
    rows = [{"ts": ts, **service, "SubjectUserName": name} for ts, name in zip(times, ("marie", "paul"), strict=True)]
    evidence = tuple(Pointer("e1", "a.evtx", "windows_event", record, ts) for record, ts in enumerate(times, 1))
    spanning = found("RW-A07", 1, ("host", "ws1"), last_ts=times[1], evidence=evidence)
    then = found("RW-A01", 2, ("host", "ws7"), ("user", "marie"), severity="critical")
    later = dataclasses.replace(then, id="later", subjects=(Subject("host", "ws8"), Subject("user", "paul")))
    given = {"windows_event": rows, **recordings((0, 1), (365, 366))}
    assert [_ids(incident) for incident in told((spanning, then, later), given)] == [{spanning.id, then.id}]


def test_the_same_attacks_give_the_same_incident_in_any_order() -> None:
    assert told((GUESSED, DESTROYED)) == told((DESTROYED, GUESSED))
    more = found("RW-A02", 6, ("host", "fs1"), ("address", "10.1.1.1"))
    (later,) = told((GUESSED, DESTROYED, more))
    assert later.id == told((GUESSED, DESTROYED))[0].id


def test_a_server_at_which_all_aim_does_not_glue() -> None:
    """Two strangers who read from one file server are two stories; the machine in the hands of one makes it one."""
    one = found("BR-A12", 0, ("host", "fs1"), ("address", "10.1.1.1"))
    other = found("RW-A02", 2, ("host", "fs1"), ("address", "10.1.1.2"))
    assert told((one, other)) == ()
    same = dataclasses.replace(other, subjects=(Subject("host", "fs1"), Subject("address", "10.1.1.1")))
    assert len(told((one, same))) == 1


def test_attempts_on_one_gateway_by_many_are_no_incident() -> None:
    noise = [found("VPN-A05", i, ("host", "gw1"), ("address", f"203.0.113.{i}")) for i in range(1, 30)]
    noise += [found("VPN-A02", i, ("host", "gw1"), ("address", f"198.51.100.{i}")) for i in range(1, 30)]
    entry = found("VPN-A03", 30, ("user", "marie"), ("address", "192.0.2.9"), ("host", "gw1"))
    after = found("VPN-A11", 31, ("user", "marie"), ("address", "10.9.0.7"), ("host", "gw1"))
    (incident,) = told((*noise, entry, after))
    assert _ids(incident) == {entry.id, after.id}


def test_a_name_and_an_address_are_one_machine_when_the_site_says_so() -> None:
    site = Site.model_validate({"assets": [{"name": "WS1", "addresses": ["10.2.0.51"]}]})
    sent = found("BR-A08", 3, ("address", "10.2.0.51"), ("destination", "203.0.113.90"))
    assert told((GUESSED, sent)) == ()
    (incident,) = told((GUESSED, sent), site=site)
    assert "10.2.0.51" in incident.edges[0].reason["en"]


def test_a_name_and_an_address_are_one_machine_when_dhcp_says_so() -> None:
    sent = found("BR-A08", 3, ("address", "10.2.0.51"), ("destination", "203.0.113.90"))
    lease = {"ts": "2026-03-02T07:00:00Z", "assigned_addr": "10.2.0.51", "host_name": "WS1"}
    assert len(told((GUESSED, sent), {"dhcp": [lease]})) == 1
    # By then the address was somebody else's.
    other = {"ts": "2026-03-02T10:00:00Z", "assigned_addr": "10.2.0.51", "host_name": "WS9"}
    assert told((GUESSED, sent), {"dhcp": [lease, other]}) == ()


def test_an_address_that_the_vpn_gave_is_whoever_it_was_given_to() -> None:
    gateway = {"device": "gw1", "vendor": "fortinet", "outcome": "success", "user": "marie"}
    up = {
        **gateway,
        "ts": "2026-03-02T07:50:00Z",
        "action": "tunnel_up",
        "source": "203.0.113.9",
        "assigned_address": "10.9.0.7",
    }
    down = {**up, "ts": "2026-03-02T12:00:00Z", "action": "tunnel_down"}
    entry = found("VPN-A05", -1, ("host", "192.0.2.1"), ("address", "203.0.113.9"), severity="critical")
    within = found("BR-A04", 1, ("address", "10.9.0.7"))
    next_day = found("BR-A04", 20, ("address", "10.9.0.7"), id="next day")
    (incident,) = told((entry, within, next_day), {"vpn_session": [up, down]})
    assert _ids(incident) == {entry.id, within.id}


def test_an_account_ties_machines_but_one_that_every_machine_has_does_not() -> None:
    first = found("RDP-A04", 0, ("host", "ws1"), ("user", "marie"), ("address", "10.9.0.7"))
    second = found("RW-A02", 5, ("host", "fs1"), ("user", "MARIE@hospital.example"), ("address", "10.9.0.8"))
    assert len(told((first, second))) == 1
    everywhere = [
        dataclasses.replace(
            item, subjects=tuple(Subject(s.kind, "Administrator" if s.kind == "user" else s.name) for s in item.subjects)
        )
        for item in (first, second)
    ]
    assert told(everywhere) == ()


def _logon(ts: str, source: str, target: str, account: str) -> dict[str, Any]:
    return {
        "ts": ts, "Channel": "Security", "EventID": 4624, "LogonType": "3", "Computer": target, "IpAddress": source,
        "TargetUserName": account, "TargetLogonId": "0x51",
    }  # fmt: skip


SITE = Site.model_validate(
    {"assets": [{"name": "ws1", "addresses": ["10.2.0.51"]}, {"name": "fs1", "addresses": ["10.1.0.2"]}]}
)
DEPLOYED = found("RW-A07", 4, ("host", "fs1"))


def test_a_new_way_ties_two_machines() -> None:
    logon = _logon("2026-03-02T11:58:00Z", "10.2.0.51", "fs1.hospital.example", "adm-rescue")
    assert told((GUESSED, DEPLOYED), site=SITE) == ()
    (incident,) = told((GUESSED, DEPLOYED), {"windows_event": [logon]}, SITE)
    (edge,) = incident.edges
    assert edge.kind == "way"
    assert edge.reason["en"].startswith("adm-rescue went from ws1 to fs1")


def test_a_way_that_was_gone_before_ties_nothing() -> None:
    """The workstation logs on to its file server every day."""
    daily = [_logon(f"2026-02-{day}T11:58:00Z", "10.2.0.51", "fs1", "marie") for day in range(10, 28)]
    logon = _logon("2026-03-02T11:58:00Z", "10.2.0.51", "fs1", "marie")
    other = dataclasses.replace(DEPLOYED, subjects=(Subject("host", "fs1"),))
    assert told((GUESSED, other), {"windows_event": [*daily, logon]}, SITE) == ()


def test_a_way_does_not_explain_what_names_its_own_attacker() -> None:
    logon = _logon("2026-03-02T11:58:00Z", "10.2.0.51", "fs1", "marie")
    read = found("BR-A12", 4, ("host", "fs1"), ("address", "10.2.0.99"))
    assert told((GUESSED, read), {"windows_event": [logon]}, SITE) == ()


def test_the_rows_behind_a_finding_say_whose_session_it_was() -> None:
    """The process that destroyed the copies ran in a session that came from the workstation."""
    logon = _logon("2026-03-01T07:00:00Z", "10.2.0.51", "fs1", "adm-rescue")
    process = {
        "ts": "2026-03-02T13:00:00Z", "Channel": "Security", "EventID": 4688, "Computer": "fs1",
        "SubjectUserName": "svc-x", "SubjectLogonId": "0x51", "evidence_id": "e9", "record": 7,
    }  # fmt: skip
    rows = {"windows_event": [logon, process]}
    with_row = found("RW-A01", 5, ("host", "fs1"), evidence=(Pointer("e9", "x", "windows_event", 7, None),))
    assert len(told((GUESSED, with_row), rows, SITE)) == 1
    assert told((GUESSED, found("RW-A01", 5, ("host", "fs1"))), rows, SITE) == ()


def test_a_shared_source_of_many_people_ties_only_with_something_else() -> None:
    """Behind one address of the gateway come all who work from home."""
    people = [_logon(f"2026-03-01T08:{i:02}:00Z", "10.0.0.1", f"ws{i}", f"person{i}") for i in range(15)]
    one = found("RDP-A04", 0, ("host", "ws20"), ("user", "marie"), ("address", "10.0.0.1"))
    other = found("BR-A12", 3, ("host", "fs1"), ("user", "jean"), ("address", "10.0.0.1"))
    assert told((one, other), {"windows_event": people}) == ()
    same = dataclasses.replace(
        other, subjects=(Subject("host", "fs1"), Subject("user", "marie"), Subject("address", "10.0.0.1"))
    )
    assert len(told((one, same), {"windows_event": people})) == 1


def test_a_domain_controller_aimed_at_by_two_does_not_glue_but_one_that_fell_acts() -> None:
    role = Role("domain_controller", "high", True)
    assets = (Asset("DC1", ("10.1.0.1",), "management", True, (), (role,)),)
    stolen = found("RW-A09", 2, ("host", "dc1"), severity="critical")
    from_it = found("RW-A07", 3, ("host", "ws7"))
    logon = _logon("2026-03-02T10:59:30Z", "10.1.0.1", "ws7", "adm-rescue")
    (incident,) = told((stolen, from_it), {"windows_event": [logon]}, None, assets)
    assert incident.edges[0].kind == "way"


def test_excused_and_mild_findings_and_exposures_make_no_incident() -> None:
    excused = dataclasses.replace(GUESSED, details={"exception": "patch round"}, severity="info")
    assert told((excused, DESTROYED)) == ()
    exposure = found("RDP-E02", 0, ("host", "ws1"))
    assert told((exposure, DESTROYED)) == ()


def test_rules_of_the_user_support_a_story_and_make_none() -> None:
    added = found("5b0a", 1, ("host", "ws1"), threat="other", severity="medium")
    assert told((added, dataclasses.replace(added, id="b", detection="77aa"))) == ()
    (incident,) = told((GUESSED, DESTROYED, added))
    assert added.id not in incident.findings
    assert incident.supporting == (added.id,)


def test_what_became_of_care_is_part_of_the_story() -> None:
    silent = found("PS-A02", 6, ("host", "ws1"), severity="critical")
    (incident,) = told((GUESSED, DESTROYED, silent))
    assert incident.stages[-1].name == "care"


def test_taking_before_destroying_is_double_extortion() -> None:
    taken = found("BR-A11", 2, ("host", "ws1"))
    (incident,) = told((GUESSED, taken, DESTROYED))
    assert incident.patterns == ("double_extortion",)
    assert "double extortion" in incident.summary["en"]
    (other,) = told((GUESSED, DESTROYED))
    assert other.patterns == ()


def test_exposures_behind_an_attack_are_those_that_meet_it() -> None:
    here = found("RDP-E02", -5, ("host", "ws1"), controls=("C04",))
    elsewhere = found("RDP-E02", -5, ("host", "ws2"), controls=("C04",))
    later = found("RW-E03", 9, ("host", "ws1"), controls=("C13",))
    missing = Coverage("RDP-E01", "remote_desktop", "exposure", {}, "not_assessed", {})
    made, causes = both((here, elsewhere, later, GUESSED, DESTROYED), coverage=(missing,))
    by_finding = {cause.finding: cause for cause in causes}
    assert [name for name, _ in by_finding[GUESSED.id].exposures] == [here.id]
    assert by_finding[GUESSED.id].missing == ("C04",)
    assert by_finding[GUESSED.id].unseen == ("RDP-E01",)
    assert DESTROYED.id not in by_finding  # the exclusion came after the deed
    assert not {here.id, elsewhere.id, later.id} & set(made[0].findings)


@pytest.mark.parametrize("detection", [item for item in shipped() if item.kind == "attack"], ids=lambda item: item.name)
def test_every_attack_has_a_stage(detection: Any) -> None:
    assert place(detection.name, detection.techniques).stage in STAGES


def test_the_tables_of_stages_and_causes_name_detections_of_their_kind() -> None:
    kinds = {item.name: item.kind for item in shipped()}
    assert {kinds.get(name, "attack") for name in places()[1]} == {"attack"}
    assert {kinds.get(name, "attack") for name in table()} == {"attack"}
    assert {kinds.get(name, "exposure") for body in table().values() for name in body} == {"exposure"}


CT = {"ts": "2026-03-02T08:00:00Z", "id.orig_h": "10.3.0.1", "id.resp_h": "10.2.0.5", "result": "accepted", "calling_ae": "CT1"}


def sheet(site: dict[str, Any], rows: Mapping[str, Any] | None = None, *more: Finding) -> FirstHour:
    known = Site.model_validate(site)
    with Tables.of_arrow({name: rows_of(name, given, "test") for name, given in (rows or {}).items()}, known) as tables:
        (first,) = stories(tables, (GUESSED, DESTROYED, *more), (), known, ())[2]
    return first


def test_the_first_hour_says_what_to_isolate_whose_accounts_and_whom_to_call() -> None:
    told = sheet({"hospital": {"country": "FR"}}, {"dicom_association": [CT]})
    assert [line.subject.name for line in told.isolate] == ["ws1"]
    assert told.isolate[0].findings == (GUESSED.id, DESTROYED.id)
    assert [line.subject.name for line in told.accounts] == ["marie"]
    (flow,) = told.keep
    assert "keep it up" in flow.text["en"]
    assert any("CERT Santé" in line.text["fr"] for line in told.call)
    assert not any("CNIL" in line.text["fr"] for line in told.call)  # nothing says that data were taken
    assert told.unknown == ()


def test_the_first_hour_says_what_the_evidence_does_not_tell() -> None:
    told = sheet({})
    assert told.keep == () and told.call == ()
    assert len(told.unknown) == 2


def test_a_flow_whose_end_is_isolated_stops() -> None:
    site = {"assets": [{"name": "ws1", "addresses": ["10.2.0.5"]}]}
    (flow,) = sheet(site, {"dicom_association": [CT]}).keep
    assert flow.subject.name == "ws1"
    assert flow.text["en"].startswith("isolating it stops its exchanges with 10.3.0.1 (DICOM)")


def test_data_taken_and_the_directory_stolen_change_the_sheet() -> None:
    taken = found("BR-A11", 2, ("host", "ws1"))
    stolen = found("RW-A09", 3, ("host", "ws1"))
    told = sheet({"hospital": {"country": "FR"}}, None, taken, stolen)
    assert any("CNIL" in line.text["fr"] for line in told.call)
    assert told.accounts[0].subject.name == "krbtgt"
    assert stolen.id in told.accounts[0].findings


@pytest.mark.parametrize("country", ["FR", "US", "GB", "BE", "CH", "IE"])
def test_whom_to_call_is_known_with_its_source_in_both_languages(country: str) -> None:
    for contact in contacts()[country]:
        assert contact["when"] in ("always", "data", "crime")
        assert contact["source"] and contact["how"]
        for part in ("who", "what"):
            assert contact[part]["en"] and contact[part]["fr"]


def test_a_mail_and_what_its_reader_started_are_one_incident() -> None:
    message = {"ts": "2026-03-02T07:00:00Z", "recipient": "Marie@hospital.example", "evidence_id": "m1", "record": 3}
    mail = found("PH-A06", -1, ("file", "planning.xlsm"), evidence=(Pointer("m1", "x", "mail_message", 3, None),))
    other = dataclasses.replace(mail, id="other", evidence=(Pointer("m1", "x", "mail_message", 4, None),))
    rows = {"mail_message": [message, {**message, "recipient": "jean@hospital.example", "record": 4}]}
    process = {
        "ts": "2026-03-02T08:00:00Z", "Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": "ws1",
        "User": "HOSPITAL\\marie", "evidence_id": "e9", "record": 7,
    }  # fmt: skip
    opened = found("PH-A11", 0, ("host", "ws1"), evidence=(Pointer("e9", "x", "windows_event", 7, None),))
    (incident,) = told((mail, other, opened), {**rows, "windows_event": [process]})
    assert _ids(incident) == {mail.id, opened.id}
    assert [stage.name for stage in incident.stages] == ["entry", "foothold"]


def test_a_share_names_its_machine() -> None:
    notes = found("RW-A04", 6, ("share", "\\\\ws1\\commun"), severity="critical")
    (incident,) = told((GUESSED, notes))
    assert incident.stages[-1].name == "encryption"
    assert told((GUESSED, dataclasses.replace(notes, subjects=(Subject("share", "/mnt/commun"),)))) == ()


def test_two_intruders_in_one_hospital_are_two_incidents() -> None:
    """Both search the same servers, both take from the same file server, both log on to the domain controller."""
    role = Role("domain_controller", "high", True)
    assets = (Asset("DC1", ("10.1.0.1",), "management", True, (), (role,)),)
    findings, rows = [], []
    for number, (host, address, person) in enumerate((("ws1", "10.2.0.1", "marie"), ("ws2", "10.2.0.2", "jean"))):
        outside = f"203.0.113.{number + 1}"
        findings += [
            found("RDP-A04", number, ("host", host), ("user", person), ("address", outside), id=f"in {person}"),
            found("BR-A12", number + 3, ("host", "fs1"), ("user", person), ("address", address), id=f"read {person}"),
            found("BR-A11", number + 4, ("host", host), id=f"packed {person}"),
        ]
        rows += [_logon("2026-03-02T09:30:00Z", address, "dc1", person), _logon("2026-03-02T09:31:00Z", address, "fs1", person)]
    made = told(findings, {"windows_event": rows}, None, assets)
    assert sorted(sorted(incident.findings) for incident in made) == [
        ["in jean", "packed jean", "read jean"],
        ["in marie", "packed marie", "read marie"],
    ]


def test_a_proxy_through_which_two_send_does_not_glue() -> None:
    site = Site.model_validate({"assets": [{"name": "px1", "role": "proxy", "addresses": ["10.1.0.8"]}]})
    one = found("BR-A08", 0, ("address", "10.1.0.8"), ("destination", "203.0.113.1"))
    other = found("BR-A09", 2, ("address", "10.1.0.8"), ("domain", "tunnel.example"))
    third = found("RDP-A07", 3, ("address", "10.1.0.8"), ("host", "ws9"))
    assert told((one, other, third), None, site) == ()


def test_two_findings_on_one_event_belong_together() -> None:
    """The mail that the mail rules and the attachment rules both speak of."""
    row = (Pointer("m1", "x", "mail_message", 3, None),)
    mail = found("PH-A01", -1, ("sender", "lure.example"), evidence=row)
    file = found("PH-A06", -1, ("file", "planning.xlsm"), evidence=(Pointer("m1", "x", "mail_attachment", 3, None),))
    clicked = found("PH-A11", 0, ("host", "ws1"), evidence=row)
    (incident,) = told((mail, file, clicked))
    assert _ids(incident) == {mail.id, file.id, clicked.id}
    assert {edge.kind for edge in incident.edges} == {"event"}


def test_the_way_in_that_no_finding_shows_is_told_as_probable() -> None:
    up = {"device": "gw1", "vendor": "citrix", "action": "login", "outcome": "success", "user": "HOSPITAL\\marie"}
    home = {**up, "ts": "2026-02-20T08:00:00Z", "source": "198.51.100.7"}
    stranger = {**up, "ts": "2026-03-02T07:00:00Z", "source": "203.0.113.9"}
    (incident,) = told((GUESSED, DESTROYED), {"vpn_session": [home, stranger]})
    assert [(way.user, way.source) for way in incident.entrances] == [("marie", "203.0.113.9")]
    assert incident.stages[0].name == "entry"
    assert "where it never came before" in incident.entrances[-1].reason["en"]
