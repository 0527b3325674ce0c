"""What the HTML report shows, how much of it, and its chart."""

from __future__ import annotations

import dataclasses
import itertools
import re
from html import unescape

import pytest
from tests.report import sample

from wardround import report
from wardround.model import Round
from wardround.report import charts
from wardround.report import html as html_report
from wardround.report.texts import language


def html(made: Round, lang: str = "en") -> str:
    return unescape(report.export(report.build(made), "html", lang).decode())


def test_every_check_shows_its_result_and_why_it_was_not_assessed() -> None:
    page = html(sample.bad_day())
    for row in sample.bad_day().coverage:
        result = {"found": "found", "not_found": "not found", "not_assessed": "not assessed"}[row.result]
        assert f'<span class="chip {row.result}" title="Check {row.detection}: {result}">{row.detection}' in page
    assert page.count("<td>No log of failed logons.</td>") == 3


def test_findings_point_to_their_evidence() -> None:
    page = html(sample.bad_day())
    assert "3,561 events, the first are shown" in page
    cells = '<td class="time">2026-03-02\u00a008:14:00</td><td>evidence/pacs1/Security.evtx</td><td class="number">4100</td>'
    assert cells in page
    assert "b2" * 32 in page
    assert "not recognised" in page
    assert "The log ends within a chunk." in page


def test_french_page_is_french() -> None:
    page = html(sample.bad_day(), "fr")
    assert '<html lang="fr">' in page
    assert "Ce qui n’a pas pu être vu" in page
    assert "Aucun journal des échecs de connexion." in page
    assert "corroboré par" in page
    for english in ("What is happening", "Findings", "not assessed", "Evidence", "event"):
        assert not re.search(rf">[^<]*\b{english}\b", page.split("<body>")[1].split("<desc")[0]), english


def test_landmarks_and_headings_for_assistive_technology() -> None:
    page = html(sample.bad_day())
    for landmark in ("<main>", "<nav aria-label=", "<header", "<footer"):
        assert landmark in page
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(re.findall(r"<th(?: scope=\"(?:col|row)\"[^>]*)?>", page)) == len(re.findall(r"<th scope=", page))


def test_ten_thousand_findings_stay_small_and_say_what_is_left_out() -> None:
    page = report.export(report.build(sample.long_round(10_000)), "html", "en")
    assert len(page) < 5_000_000
    assert b"everything is in round.json" in page
    folded, full = page.count(b"<tr><td>high</td>"), page.count(b'<p class="quiet">Finding <code>')
    assert full == 7 * html_report.LIMITS.full_each
    assert folded == 7 * html_report.LIMITS.brief_each
    assert page.count(b"more, not shown here") == 7


def test_the_longest_names_stay_bounded_too() -> None:
    page = report.export(report.build(sample.long_round(3000, length=5000)), "html", "fr")
    assert len(page) < 5_000_000


def test_chart_spans_the_evidence_and_describes_itself() -> None:
    made = report.build(sample.bad_day())
    chart = charts.timeline(made, language("en"))
    assert chart is not None
    assert chart.svg.count('class="mark') == 4
    assert chart.svg.count('class="mark critical attack"') == 2
    assert chart.svg.count('class="mark medium exposure"') == 1
    assert chart.svg.count('class="bar"') == 24
    assert "Ransomware: 1 finding from 2\u00a0March\u00a02026, 18:05" in chart.description
    assert chart.outside == 0


def test_a_wrong_clock_does_not_flatten_the_chart() -> None:
    made = sample.bad_day()
    odd = dataclasses.replace(made, timeline=((sample.ns("1980-01-01T00:00:00"), "conn", 3), *made.timeline))
    chart = charts.timeline(report.build(odd), language("en"))
    assert chart is not None
    assert chart.outside == 3
    assert chart.svg.count('class="bar"') == 24
    assert "3 events lie outside this span." in html(odd)


@pytest.mark.parametrize("span", [1, 30, 800, 24 * 365 * 30])
def test_any_span_has_few_ticks_inside_the_drawing(span: int) -> None:
    first = sample.ns("2026-03-02T00:00:00")
    made = dataclasses.replace(
        sample.bad_day(), findings=(), timeline=tuple((first + i * span * sample.HOUR // 4, "conn", 5) for i in range(5))
    )
    chart = charts.timeline(report.build(made), language("en"))
    assert chart is not None
    places = [float(x) for x in re.findall(r'<text class="tick (?:middle|end)" x="(\d+)"', chart.svg)]
    assert 1 <= len(places) <= 16
    assert all(0 <= place <= 960 for place in places)


def test_nothing_to_draw() -> None:
    made = dataclasses.replace(sample.quiet_day(), timeline=())
    assert charts.timeline(report.build(made), language("en")) is None
    assert '<svg class="timeline"' not in html(made)
