"""Services, impact and plan as they are told: with intervals, in both languages, harmless whatever machines are called."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from typing import Any

import pytest
from tests.care import cases
from tests.report import sample
from tests.report.test_hostile import HOSTILE_NAMES, check_html

from wardround import report
from wardround.care import assess, inputs, reachability
from wardround.model import Round
from wardround.report import care_impact, care_map, care_story, story
from wardround.report.document import ResultDocument, build
from wardround.report.texts import language
from wardround.site import Site

FINDINGS = (
    cases.finding("VPN-E01", "vpn", ["C02"], "GATEWAY"),
    cases.finding("RW-E02", "ransomware", ["C12", "C05"], "PACS", "high"),
)


def round_of_care(**site: Any) -> Round:
    """A round of the small hospital with everything that is told of care."""
    told = assess.judged(cases.network(FINDINGS), cases.SERVICES, FINDINGS, Site.model_validate(site), inputs.shipped())
    day = sample.bad_day()
    return dataclasses.replace(
        day, findings=(*day.findings, *FINDINGS), services=told.services, impact=told.impact, plan=told.plan
    )  # fmt: skip


@pytest.fixture(scope="module")
def document() -> ResultDocument:
    return build(round_of_care())


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_no_figure_stands_without_its_interval(document: ResultDocument, lang: str) -> None:
    words = language(lang)
    assert document.impact is not None
    sentences = [care_impact.headline(document, words), *care_impact.paragraphs(document.impact, words)]
    rows = [value for row in care_impact.rows(document, words) for value in dataclasses.astuple(row)[1:]]
    steps = [value for step in care_impact.steps(document, words) for value in (step.saved, step.remaining)]
    telling = [text for text in (*sentences, *rows, *steps) if "about" in text or "environ" in text]
    assert len(telling) > 15
    to = "to" if lang == "en" else "à"
    for text in telling:
        count = len(re.findall(r"about|environ", text))
        assert len(re.findall(rf"\([^()]+ {to} [^()]+\)", text)) >= count, text


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_page_tells_services_impact_and_plan(document: ResultDocument, lang: str) -> None:
    page = report.export(document, "html", lang)
    check_html(page)
    text = page.decode()
    for anchor in ("services", "impact", "plan"):
        assert f'id="{anchor}"' in text
    assert re.search(r'<desc id="map-text">[^<]*PACS', text)
    assert care_impact.headline(document, language(lang)) in text


def test_the_first_actions_are_those_of_the_plan(document: ResultDocument) -> None:
    actions = [action.control for action in story.actions(document, language("en"))]
    assert actions[: min(5, len(document.plan))] == [step.control for step in document.plan][:5]


def test_the_map_says_in_words_what_it_draws(document: ResultDocument) -> None:
    drawn = care_map.department(document, language("en"))
    assert drawn is not None
    assert "Without any one of these a service stops" in drawn.description
    for name in ("PACS", "RIS", "CT1", "VIEW2"):
        assert name in drawn.svg
        assert name in drawn.description


def test_what_cannot_be_estimated_is_told_as_a_reason() -> None:
    unseen = assess.judged(reachability.Network(), (), FINDINGS, Site(), inputs.shipped())
    told = build(dataclasses.replace(sample.bad_day(), impact=unseen.impact, plan=unseen.plan))
    for lang in ("en", "fr"):
        page = report.export(told, "html", lang)
        check_html(page)
        assert care_impact.headline(told, language(lang)) in page.decode()
        assert "%" not in care_impact.headline(told, language(lang))
    assert care_impact.curve(told, language("en")) is None


def test_a_round_without_care_is_told_without() -> None:
    text = report.export(build(sample.quiet_day()), "html", "en").decode()
    assert 'id="impact"' not in text
    assert 'id="services"' not in text


@pytest.mark.parametrize("name", HOSTILE_NAMES[:18])
def test_hostile_names_act_on_nothing(name: str) -> None:
    text = sample.HOSTILE[HOSTILE_NAMES.index(name)]
    made = dataclasses.replace(round_of_care(), findings=())
    hostile: Round = sample.replaced(made, lambda _: text)
    for lang in ("en", "fr"):
        check_html(report.export(build(hostile), "html", lang))
        for told in (report.render_services(build(hostile), lang), report.render_impact(build(hostile), lang)):
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", told)


def test_figures_are_as_precise_as_they_deserve() -> None:
    english, french = language("en"), language("fr")
    assert [care_story.figure(value, english) for value in (0, 0.26, 4, 12.3, 187, 2134)] == [
        "0",
        "0.3",
        "4",
        "12",
        "190",
        "2,100",
    ]
    assert care_story.figure(0.26, french) == "0,3"
    assert care_impact.percent(0.004, english) == "< 1%"
    assert care_impact.percent(0.12, french) == "12\u00a0%"


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_terminal_tells_the_same(document: ResultDocument, lang: str) -> None:
    services, impact = report.render_services(document, lang), report.render_impact(document, lang)
    assert "PACS" in services
    assert care_impact.headline(document, language(lang)) in impact
    assert "C02" in impact


def test_the_document_is_read_back(document: ResultDocument) -> None:
    assert report.from_json(report.export(document, "json", "en")) == document


def test_the_draft_of_the_site_file_has_the_services_to_be_filled_in(document: ResultDocument) -> None:
    text = report.export(document, "site", "en").decode()
    filled = re.sub(r"(?m)^# (?=.{2}services|name = |exams_per_day)", "", text)
    told = Site.model_validate(tomllib.loads(filled))
    assert [service.name for service in told.services] == ["ct", "mr"]
    assert "services" not in tomllib.loads(text), "nothing is stated that nobody has looked at"
