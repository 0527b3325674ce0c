"""The page in a real browser, where there is one: what the first screen shows, and what axe finds (WARDROUND_AXE names it)."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
import report_size
from tests.report import sample

from wardround import report
from wardround.model import Subject
from wardround.report import changes

pytestmark = pytest.mark.usefixtures("browser")


def fullest() -> report.ResultDocument:
    """A round whose first screen is as full as it gets: five actions of long advice, a comparison, many machines struck."""
    day = sample.bad_day()
    controls = ("C01", "C02", "C03", "C05", "C06", "C13", "C15")
    findings = tuple(dataclasses.replace(found, controls=controls) for found in day.findings)
    assets = tuple(dataclasses.replace(day.assets[0], name=f"PACS{i}", addresses=(f"10.0.0.{i}",)) for i in range(1, 12))
    struck = tuple(
        sample.finding(f"RW-A{i:02}", "ransomware", "attack", "critical", ("Backups destroyed", "Sauvegardes détruites"),
                       subjects=(Subject("host", f"PACS{i}"),), id=f"s{i}", controls=controls)
        for i in range(1, 12)
    )  # fmt: skip
    document = report.build(dataclasses.replace(day, findings=(*findings, *struck), assets=assets, notes=()))
    return document.model_copy(update={"changes": changes.compare(report.build(day), document)})


@pytest.mark.parametrize("lang", report.LANGUAGES)
def test_the_first_screen_holds_sentences_actions_and_care_at_stake(lang: str) -> None:
    measured, _seconds = report_size.ask(report.export(fullest(), "html", lang), report_size.TELL_FIRST)
    assert measured["parts"] == 3
    assert measured["bottom"] <= 900


@pytest.mark.parametrize("lang", report.LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(lang: str, scheme: str) -> None:
    named = os.environ.get("WARDROUND_AXE")
    if not named:
        pytest.skip("WARDROUND_AXE does not name axe.min.js")
    page = report.export(fullest(), "html", lang)
    if scheme == "dark":
        page = page.replace(b"(prefers-color-scheme: dark)", b"all")
    assert report_size.ask(page, report_size.tell_axe(Path(named)))[0] == []
