"""One hostile text in every field of the document, through everything that tells it. Later parts are covered by themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import orjson
import pytest
from tests.report import filled, sample
from tests.report.test_hostile import HOSTILE_NAMES, check_html, no_hidden_characters

from wardround import report
from wardround.care.frameworks import frameworks
from wardround.report import changes_, compliance_, safe

TELLERS: dict[str, Callable[[report.ResultDocument, str], str]] = {
    "terminal": lambda document, lang: report.render_terminal(document, lang, width=80),
    "services": lambda document, lang: report.render_services(document, lang),
    "impact": lambda document, lang: report.render_impact(document, lang),
    "changes": lambda document, lang: changes_.render(document, lang, width=80),
    "framework": lambda document, lang: compliance_.render(document, "anssi", lang, width=80),
}
PAGES: dict[str, Callable[[report.ResultDocument, str], bytes]] = {
    "report": lambda document, lang: report.export(document, "html", lang),
    "changes": lambda document, lang: changes_.export(document, "html", lang)[1],
    "first hour": lambda document, lang: report.export(document, "first-hour", lang),
    **{
        name: lambda document, lang, name=name: compliance_.export(document, name, "html", lang)[1]  # type: ignore[misc]
        for name in list(frameworks())[:2]
    },
}
#: Formats of one JSON value, of a JSON value per line, and of comma-separated values; the others are told apart below.
JSON = ("json", "navigator", "stix", "sarif", "misp")
LINES = ("jsonl", "ocsf", "timesketch-jsonl")
TABLES = ("csv", "timesketch")


@pytest.fixture(params=sample.HOSTILE, ids=HOSTILE_NAMES)
def hostile(request: pytest.FixtureRequest) -> report.ResultDocument:
    return filled.document(safe.encodable(request.param))


def test_every_part_of_the_document_is_filled() -> None:
    document = filled.document("x")
    for name, value in document.__dict__.items():
        assert value not in ([], {}, None, ""), name


def test_every_format_is_looked_at() -> None:
    assert {*JSON, *LINES, *TABLES, "html", "site", "first-hour", "pdf"} == set(report.FORMATS)


@pytest.mark.parametrize("lang", report.LANGUAGES)
def test_pages_stay_inert(hostile: report.ResultDocument, lang: str) -> None:
    for page in PAGES.values():
        data = page(hostile, lang)
        check_html(data)
        no_hidden_characters(data.decode())


@pytest.mark.parametrize("lang", report.LANGUAGES)
def test_what_is_printed_stays_inert(hostile: report.ResultDocument, lang: str) -> None:
    for teller in TELLERS.values():
        no_hidden_characters(teller(hostile, lang))


def test_files_stay_what_they_are(hostile: report.ResultDocument) -> None:
    for name in (*JSON, *LINES, *TABLES, "site", "first-hour"):
        data = report.export(hostile, name, "fr").decode("utf-8-sig")
        no_hidden_characters(data, allowed="\n\r")
        if name in JSON:
            assert isinstance(orjson.loads(data), dict)
        elif name in LINES:
            assert all(isinstance(orjson.loads(line), dict) for line in data.splitlines())
        elif name in TABLES:
            rows = list(csv.reader(io.StringIO(data, newline="")))
            assert len({len(row) for row in rows}) == 1
            assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_the_document_itself_loses_nothing(hostile: report.ResultDocument) -> None:
    assert report.from_json(report.export(hostile, "json")) == hostile
