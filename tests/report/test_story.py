"""The first screen: what a director reads is true, and what was not looked at is said."""

from __future__ import annotations

import dataclasses

import pytest
from tests.report import sample

from wardround import report
from wardround.model import THREATS, Round, Subject
from wardround.report import story
from wardround.report.texts import language


def told(made: Round, lang: str = "en", *, incidents: bool = False) -> list[str]:
    made = made if incidents else dataclasses.replace(made, incidents=())
    return [sentence.answer.replace("\u00a0", " ") for sentence in story.sentences(report.build(made), language(lang))]


def test_an_attack_is_said_with_the_gravest_sign_and_the_latest_time() -> None:
    happening, possible, unseen = told(sample.bad_day())
    assert happening == (
        "3 serious signs of an attack were found (VPN access, ransomware and remote desktop), "
        "above all “Backups destroyed” (host pacs1, user astreinte); the last sign dates from 2 March 2026, 18:13 UTC."
    )
    assert possible.startswith("1 weakness would help an attacker (remote desktop), above all “Remote desktop without")
    assert unseen.startswith("3 of 8 checks could not be made for want of evidence: nothing can be said of ")
    assert "fraudulent mail" in unseen
    assert "and only part of VPN access" in unseen
    assert unseen.endswith("; 2 files could not be read, or not to their end.")


def test_an_incident_is_said_before_its_signs() -> None:
    happening, _, _ = told(sample.bad_day(), incidents=True)
    assert happening == (
        "Ransomware attack, from 2 March 2026, 08:14 UTC to 2 March 2026, 18:13 UTC; "
        "3 serious signs of an attack were found (VPN access, ransomware and remote desktop)."
    )
    day = sample.bad_day()
    twice = dataclasses.replace(day, incidents=day.incidents * 2)
    assert told(twice, "fr", incidents=True)[0].endswith(" 1 autre incident est raconté plus bas.")


def test_nothing_found_names_every_threat_that_was_not_looked_at() -> None:
    happening, _, unseen = told(sample.quiet_day())
    assert happening.startswith("No sign of an attack was found in what was looked at, which leaves open")
    words = language("en")
    for threat in THREATS:
        named = words.threat(threat)
        assert (named in happening) == (threat != "remote_desktop")
        assert (named in unseen) == (threat != "remote_desktop")


def test_the_least_seen_threats_are_named_first() -> None:
    rows = [sample.coverage(f"{threat}-{i}", threat, "attack", "not_found") for i in range(9) for threat in THREATS[:7]]
    rows += [sample.coverage(f"{threat}-x", threat, "attack", "not_assessed") for threat in THREATS[:6]]
    rows += [sample.coverage(f"leak-{i}", "record_leak", "attack", "not_assessed") for i in range(20)]
    unseen = told(dataclasses.replace(sample.quiet_day(), coverage=tuple(rows)))[2]
    assert "only part of leak of patient records, data sent outside the hospital" in unseen


def test_a_threat_without_any_check_is_never_clean() -> None:
    """All checks that ran could be made, yet most threats have none."""
    rows = (sample.coverage("RDP-A02", "remote_desktop", "attack", "not_found"),)
    happening, possible, unseen = told(dataclasses.replace(sample.quiet_day(), coverage=rows))
    assert "which leaves open" in happening
    assert possible.startswith("What an attacker could use is not known")
    assert unseen.startswith("Every check that wardround has could be made: nothing can be said of data sent outside")


def test_a_complete_round_says_so_without_promising_more() -> None:
    happening, possible, unseen = told(sample.complete_day())
    assert happening == "No sign of an attack was found, and every check for one could be made on this evidence."
    assert possible.startswith("No weakness was found by the 10 checks that could be made, which does not prove")
    assert unseen.startswith("Every check could be made; what left no trace")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_round_without_checks_knows_nothing(lang: str) -> None:
    answers = told(dataclasses.replace(sample.quiet_day(), coverage=()), lang)
    assert answers[0].startswith({"en": "Whether an attack is under way is not known", "fr": "Nul ne peut dire"}[lang])
    assert answers[1].startswith({"en": "What an attacker could use is not known", "fr": "Nul ne peut dire"}[lang])
    assert answers[2].startswith({"en": "No check was made", "fr": "Aucune vérification n’a été faite"}[lang])


def test_an_attack_without_a_time() -> None:
    found = dataclasses.replace(sample.bad_day().findings[0], first_ts=None, last_ts=None)
    happening = told(dataclasses.replace(sample.bad_day(), findings=(found,)))[0]
    assert happening.endswith("(ransomware), above all “Backups destroyed” (host pacs1, user astreinte).")


def test_a_machine_is_named_where_the_finding_knows_its_address_only() -> None:
    subjects = (Subject("host", "10.20.11.10"), Subject("address", "203.0.113.9"))
    found = dataclasses.replace(sample.bad_day().findings[0], subjects=subjects)
    happening = told(dataclasses.replace(sample.bad_day(), findings=(found,)))[0]
    assert "“Backups destroyed” (host PACS1, address 203.0.113.9)" in happening


def test_a_very_long_name_leaves_the_sentences_short() -> None:
    assert all(len(answer) < 700 for answer in told(sample.hostile_round("A" * 9000)))


def test_minor_and_declared_signs_do_not_cry_wolf() -> None:
    low = sample.finding("RDP-A01", "remote_desktop", "attack", "low", ("Few failures", "Quelques échecs"))
    declared = sample.finding("RDP-A02", "remote_desktop", "attack", "info", ("Scanner", "Scanner"))
    happening = told(dataclasses.replace(sample.bad_day(), findings=(low, declared)))[0]
    assert happening.startswith("1 minor sign of an attack was found (remote desktop)")
    assert told(dataclasses.replace(sample.bad_day(), findings=(declared,)))[0].startswith("No sign of an attack")


def test_french_agrees_in_number_and_keeps_its_spaces() -> None:
    made = dataclasses.replace(sample.bad_day(), incidents=())
    answers = [s.answer for s in story.sentences(report.build(made), language("fr"))]
    assert answers[0].startswith("3 signes graves d’attaque ont été trouvés (accès VPN, rançongiciel et")
    assert "«\u00a0Sauvegardes détruites\u00a0»" in answers[0]
    assert "\u202f; le dernier signe date du 2\u00a0mars\u00a02026 à 18\u00a0h\u00a013 UTC" in answers[0]
    assert answers[1].startswith("1 faiblesse aiderait un attaquant")
    assert answers[2].startswith("3 vérifications sur 8 n’ont pas pu être faites, faute de preuves\u202f; rien ne peut")


def test_actions_rank_by_what_they_would_have_avoided() -> None:
    plan = story.actions(report.build(sample.bad_day()), language("en"))
    assert [action.control for action in plan] == ["C02", "C11", "C15", "C03", "C04"]
    assert plan[3].detections == ("RDP-A01", "RDP-E02")


def test_a_thousand_findings_of_one_detection_count_once() -> None:
    many = sample.long_round(1000).findings
    one = sample.bad_day().findings[0]
    plan = story.actions(report.build(dataclasses.replace(sample.bad_day(), findings=(*many[::7], one))), language("en"))
    assert [action.control for action in plan[:2]] == ["C11", "C15"]
