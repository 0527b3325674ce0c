"""What the report tells of an incident, on the page and on the terminal."""

from __future__ import annotations

import dataclasses
import re
from html import unescape
from xml.etree import ElementTree

import pytest
from tests.report import sample

from wardround import report
from wardround.report import incidents
from wardround.report.texts import language


def page(lang: str) -> str:
    return unescape(report.export(report.build(sample.bad_day()), "html", lang).decode())


def test_the_page_tells_the_story_and_why_each_part_belongs_to_it() -> None:
    shown = page("en")
    assert "Ransomware attack" in shown
    assert "It began at the VPN." in shown
    assert "Both happened on pacs1." in shown
    assert "double extortion" in shown
    assert "The first moment at which it could have been stopped: 2\u00a0March\u00a02026, 08:14\u00a0UTC" in shown
    assert "shown missing" in shown


def test_the_page_is_french_in_french() -> None:
    shown = page("fr")
    assert "Attaque par rançongiciel" in shown
    assert "Les deux se sont produits sur pacs1." in shown
    assert "double extorsion" in shown
    assert "Le premier moment où elle aurait pu être arrêtée" in shown


def test_an_attack_shows_the_exposures_behind_it() -> None:
    shown = page("en")
    assert "It concerns pacs1 too." in shown
    assert re.search(r"Made possible by.*RDP-E02", shown, re.DOTALL)
    assert re.search(r"was not assessed: <code>VPN-E01</code>", shown)


def test_no_part_of_the_story_stands_there_without_a_reason() -> None:
    """Also what no earlier finding leads to: two ways that meet in a later one."""
    day = sample.bad_day()
    incident = day.incidents[0]
    turned = tuple(dataclasses.replace(edge, earlier=edge.later, later=edge.earlier) for edge in incident.edges)
    for edges in (incident.edges, turned):
        (told,) = incidents.told(
            report.build(dataclasses.replace(day, incidents=(dataclasses.replace(incident, edges=edges),))), language("en")
        )
        assert all(step.reason for stage in told.stages for step in stage.steps)


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_picture_is_drawn_with_a_readable_alternative(lang: str) -> None:
    (told,) = incidents.told(report.build(sample.bad_day()), language(lang))
    drawing = ElementTree.fromstring(str(told.drawing))
    space = "{http://www.w3.org/2000/svg}" if drawing.tag.startswith("{") else ""
    assert drawing.find(f"{space}desc") is not None
    assert len([mark for mark in drawing.iter(f"{space}rect") if "mark" in mark.get("class", "")]) == 3
    assert told.description.count(".") >= 3


def test_an_incident_of_one_moment_is_drawn_too() -> None:
    day = sample.bad_day()
    moment = day.incidents[0].first_ts
    short = dataclasses.replace(day.incidents[0], last_ts=moment, harm_ts=moment)
    (told,) = incidents.told(report.build(dataclasses.replace(day, incidents=(short,))), language("en"))
    assert "<svg" in told.drawing


def test_the_terminal_names_the_incident() -> None:
    shown = report.render_terminal(report.build(sample.bad_day()), "en")
    assert "Ransomware attack. It began at the VPN." in shown
    assert "could first have been stopped" in shown


def test_the_first_hour_is_on_the_page_and_alone_on_one_of_its_own() -> None:
    document = report.build(sample.bad_day())
    for name in ("html", "first-hour"):
        shown = unescape(report.export(document, name, "fr").decode())
        assert "La première heure" in shown
        assert "<strong>PACS1</strong> (archive d’images (PACS))" in shown
        assert "la couper" in shown
        assert "RW-A01" in shown
        assert "Aucun flux." in shown
    quiet = report.export(report.build(sample.quiet_day()), "first-hour", "en").decode()
    assert "No incident was found" in quiet


def test_a_round_without_incidents_says_nothing_of_them() -> None:
    day = dataclasses.replace(sample.bad_day(), incidents=(), causes=(), first_hours=())
    shown = report.export(report.build(day), "html", "en").decode()
    assert 'id="incidents"' not in shown
