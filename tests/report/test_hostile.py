"""Evidence speaks through every field, and must act on no terminal, browser, spreadsheet or parser."""

from __future__ import annotations

import base64
import csv
import dataclasses
import hashlib
import io
import re
import unicodedata
from html.parser import HTMLParser

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.report import sample

from wardround import report
from wardround.report import safe

HOSTILE_NAMES = [text[:18].encode("unicode_escape").decode() for text in sample.HOSTILE]
VOID = {"meta", "br"}
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "a", "header", "main", "section", "nav", "footer", "article", "p"),
    *("h1", "h2", "h3", "h4", "span", "strong", "code", "abbr", "dl", "dt", "dd", "div", "ul", "ol", "li", "br", "table"),
    *("caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "svg", "desc", "line", "rect", "path", "text"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "href", "id", "scope", "open", "title", "role"),
    *("aria-label", "aria-labelledby", "viewbox", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "rx", "d"),
}


class Checker(HTMLParser):
    """Reads a report strictly: known elements and attributes only, every element closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[str] = []
        self.style = ""
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        values = dict(attrs)
        assert set(values) <= ATTRIBUTES, attrs
        assert (values.get("href") or "#").startswith("#")
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""
        if tag not in VOID:
            self.path.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"line", "rect", "path"}, tag
        assert set(dict(attrs)) <= ATTRIBUTES, attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.path.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.path and self.path[-1] == "style":
            self.style += data


def check_html(data: bytes) -> None:
    checker = Checker()
    checker.feed(data.decode("utf-8"))
    checker.close()
    assert checker.path == []
    digest = base64.b64encode(hashlib.sha256(checker.style.encode()).digest()).decode()
    assert checker.policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "@import" not in checker.style
    assert "url(" not in checker.style


def no_hidden_characters(text: str, allowed: str = "\n") -> None:
    assert not [c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in allowed]


@pytest.fixture(params=sample.HOSTILE, ids=HOSTILE_NAMES)
def hostile(request: pytest.FixtureRequest) -> report.ResultDocument:
    """A document in which one hostile text stands wherever evidence could put it."""
    return report.build(sample.hostile_round(request.param))


def test_html_stays_inert(hostile: report.ResultDocument) -> None:
    for lang in report.LANGUAGES:
        data = report.export(hostile, "html", lang)
        check_html(data)
        no_hidden_characters(data.decode())
        assert len(data) < 400_000


def test_an_ordinary_report_is_well_formed() -> None:
    for made in (sample.bad_day(), sample.quiet_day(), sample.complete_day()):
        check_html(report.export(report.build(made), "html", "fr"))


@pytest.mark.parametrize("colour", [False, True])
def test_terminal_stays_inert(hostile: report.ResultDocument, colour: bool) -> None:
    text = report.render_terminal(hostile, "en", width=80, colour=colour, where="out/report.html")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text) if colour else text
    no_hidden_characters(plain)
    assert "out/report.html" in plain
    assert len(plain.splitlines()) < 400
    if colour:
        assert set(re.findall(r"\x1b\[([0-9;]*)m", text)) <= {"0", "1", "2", "31", "33", "36", "1;31"}


def test_terminal_reads_no_markup() -> None:
    made = report.build(sample.hostile_round("[bold]x[/bold] [link=file:///etc/passwd]y[/link] :smiley:"))
    text = report.render_terminal(made, "en", width=200)
    assert "[bold]x[/bold] [link=file:///etc/passwd]y[/link] :smiley:" in text


def test_csv_holds_no_formula(hostile: report.ResultDocument) -> None:
    text = report.export(hostile, "csv", "fr").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [len(row) for row in rows] == [16] * 5
    for row in rows[1:]:
        for cell in row:
            no_hidden_characters(cell, allowed="")
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")
    for separator in (";", "\t"):
        for cell in (cell for line in text.splitlines() for cell in line.split(separator)):
            assert cell.strip(' "')[:1] not in ("=", "+", "-", "@")


def test_json_formats_stay_valid_and_lossless(hostile: report.ResultDocument) -> None:
    whole = report.export(hostile, "json")
    assert report.from_json(whole) == hostile
    no_hidden_characters(whole.decode())
    for name in ("jsonl", "ocsf"):
        lines = report.export(hostile, name).decode().split("\n")
        assert lines.pop() == ""
        for line in lines:
            no_hidden_characters(line, allowed="")
            assert isinstance(orjson.loads(line), dict)
    assert orjson.loads(report.export(hostile, "navigator"))["techniques"] == []


def test_a_threat_that_is_no_chapter_is_told_last() -> None:
    bad = sample.finding("X", '"><script>', "attack", "high", ("", ""), summary={}, controls=())
    document = report.build(dataclasses.replace(sample.bad_day(), findings=(bad,)))
    check_html(report.export(document, "html", "fr"))
    assert "Autres règles" in report.export(document, "html", "fr").decode()


@given(st.text(st.characters(), max_size=60))
@settings(max_examples=200, deadline=None)
def test_visible_text_hides_nothing_and_loses_nothing_printable(text: str) -> None:
    shown = safe.visible(safe.encodable(text))
    no_hidden_characters(shown, allowed="")
    shown.encode()
    kept = iter(shown)
    assert all(c in kept for c in text if c.isprintable()), "printable characters stay, in their order"
    if text.isprintable():
        assert shown == text


def test_long_texts_keep_both_ends() -> None:
    assert safe.shorten("C:/start/" + "x" * 500 + "/end.exe", 40).startswith("C:/start/")
    assert safe.shorten("C:/start/" + "x" * 500 + "/end.exe", 40).endswith("/end.exe")
    assert len(safe.shorten("x" * 500, 40)) == 40
    assert safe.shorten("short", 40) == "short"
