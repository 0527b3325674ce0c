"""The history of breaches as people read it, in every format, and inert whatever a list says."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io

import orjson
import pytest
from tests.report import sample
from tests.report.test_hostile import HOSTILE_NAMES, check_html, no_hidden_characters

from wardround.care.breaches import Breach, Export
from wardround.care.history import History, history
from wardround.errors import UserError
from wardround.report import history_, history_charts, history_story
from wardround.report.texts import language


def breach(name: str, individuals: int | None, year: int, **more: object) -> Breach:
    values = {
        "types": ("Hacking/IT Incident",),
        "locations": ("Email",),
        "associate": False,
        "narrative": "Ransomware.",
        **more,
    }
    return Breach(name=name, state="NY", individuals=individuals, submitted=datetime.date(year, 3, 1), **values)  # type: ignore[arg-type]


def small(name: str = "City Imaging", files: tuple[str, ...] = ("list.csv",)) -> History:
    rows = (
        breach(name, 900, 2019),
        breach(name, 5000, 2020, locations=("Network Server", name)),
        breach("B", None, 2022, types=(name,)),
    )
    return history(Export(files, rows, unreadable=2, repeated=1, shared=3), threshold=1000)


def test_sums_stand_beside_the_sums_without_their_largest() -> None:
    told = " ".join(history_story.sentences(small(), language("en"))).replace("\u00a0", " ")
    assert "3 breaches of 500 or more people, of 5,900 people in all" in told
    assert "Without the largest one it is 900" in told
    assert "1,000 people passed on 1 March 2020 (5,900)" in told
    assert "Network servers alone: 1,000 people passed on 1 March 2020" in told
    for reservation in (
        "2 rows could not be read",
        "1 breach gives no number",
        "1 row stands in the list twice",
        "3 rows stand in two",
    ):
        assert reservation in told


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_format_holds_the_figures(lang: str) -> None:
    made = small()
    screen = history_.render(made, lang, width=110).replace("\u202f", " ")
    assert {"en": "5,900", "fr": "5 900"}[lang] in screen
    name, page = history_.export(made, "html", lang)
    assert name == "history.html"
    check_html(page)
    assert page.count(b"<svg") == 4
    document = orjson.loads(history_.export(made, "json", lang)[1])
    assert document["total"]["without_largest"] == 900
    assert document["passings"][0] == {"part": "all", "day": "2020-03-01", "individuals": 5900, "as_of": 5900}
    rows = list(csv.DictReader(io.StringIO(history_.export(made, "csv", lang)[1].decode("utf-8-sig"))))
    years = {row["name"]: row for row in rows if row["part"] == "year"}
    assert years["2020"]["cumulative"] == "5900"
    assert set(years) == {"2019", "2020", "2021", "2022"}


def test_same_figures_same_bytes() -> None:
    for name in history_.FORMATS:
        assert history_.export(small(), name, "fr") == history_.export(small(), name, "fr")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UserError, match="choose one of: html, json, csv"):
        history_.export(small(), "doc", "en")


def test_pictures_tell_series_apart_without_colour() -> None:
    pictures = {picture.name: picture for picture in history_charts.pictures(small(), language("en"))}
    assert set(pictures) == {"people", "shares", "ransomware", "imaging"}
    for style in range(3):
        assert f'class="series s{style}"' in pictures["shares"].svg
    assert pictures["people"].svg.count('class="bar largest"') == 2
    assert "network server: 0% in 2019, 0% in 2022. mail: 100% in 2019, 100% in 2022." in pictures["shares"].description


def test_facts_have_a_period_and_a_source_in_both_languages() -> None:
    english, french = (history_story.facts(language(code)) for code in ("en", "fr"))
    assert len(english) == len(french) >= 8
    assert all(fact.period and fact.source and fact.text for fact in (*english, *french))
    assert {fact.region for fact in english} == {"Europe", "France"}
    assert all(one.text != other.text for one, other in zip(english, french, strict=True))


@pytest.mark.parametrize("text", sample.HOSTILE, ids=HOSTILE_NAMES)
def test_a_hostile_list_stays_inert(text: str) -> None:
    made = dataclasses.replace(small(text, (text,)))
    page = history_.export(made, "html", "fr")[1]
    check_html(page)
    no_hidden_characters(page.decode())
    no_hidden_characters(history_.render(made, "en", width=90))
    no_hidden_characters(history_.export(made, "json", "en")[1].decode())
    for row in csv.reader(io.StringIO(history_.export(made, "csv", "en")[1].decode("utf-8-sig"), newline="")):
        for cell in row:
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")
