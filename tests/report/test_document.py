"""The result document: stable, complete, readable again, and as the published schema says."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.report import sample

from wardround import report
from wardround.care.controls import controls
from wardround.errors import UserError
from wardround.report import document

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schema" / "round.schema.json"


def test_same_round_gives_same_bytes_but_for_the_time_of_the_run() -> None:
    first = sample.bad_day()
    shuffled = dataclasses.replace(
        first, created=first.created + 10**9, findings=first.findings[::-1], coverage=first.coverage[::-1]
    )
    one, other = (orjson.loads(report.export(report.build(made), "json")) for made in (first, shuffled))
    assert one.pop("created") != other.pop("created")
    assert one == other
    assert report.export(report.build(first), "html") == report.export(report.build(first), "html")


def test_what_others_rely_on_is_there() -> None:
    told = orjson.loads(report.export(report.build(sample.bad_day()), "json"))
    worst = told["findings"][0]
    assert worst["detection"] == "VPN-A01"
    assert worst["title"] == "Sign of a known VPN flaw being used"
    assert worst["texts"]["fr"]["title"] == "Faille du VPN exploitée"
    assert worst["first_ts"] == "2026-03-02T08:14:00Z"
    assert worst["last_ts"] == "2026-03-02T08:22:00.000000001Z"
    assert worst["subjects"] == [{"kind": "host", "name": "pacs1"}, {"kind": "user", "name": "astreinte"}]
    assert worst["evidence"][0]["path"] == "evidence/pacs1/Security.evtx"
    assert worst["evidence"][0]["record"] == 4100
    assert worst["controls"] == ["C02"]
    missed = [row for row in told["coverage"] if row["result"] == "not_assessed"]
    assert {row["detection"] for row in missed} == {"VPN-E01", "PH-A11", "PH-E01"}
    assert all(row["reason"] == "No log of failed logons." for row in missed)
    assert [control["id"] for control in told["controls"]] == ["C02", "C03", "C04", "C11", "C15"]


def test_worst_first_then_attacks_then_as_the_story_went() -> None:
    order = [found.detection for found in report.build(sample.bad_day()).findings]
    assert order == ["VPN-A01", "RW-A01", "RDP-A01", "RDP-E02"]


def test_a_document_written_is_read_back_the_same(tmp_path: Path) -> None:
    made = report.build(sample.bad_day())
    report.write(made, tmp_path, "fr")
    assert report.read(tmp_path) == made
    again = report.export(report.read(tmp_path), "html", "fr")
    assert again == (tmp_path / "report.html").read_bytes()


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"findings": 3}', b"\xff\xfe"])
def test_what_is_not_a_round_is_one_clear_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "round.json").write_bytes(data)
    with pytest.raises(UserError, match=r"round\.json") as caught:
        report.read(tmp_path)
    assert "\n" not in str(caught.value)


def test_no_round_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no round in"):
        report.read(tmp_path)


def test_a_document_with_unknown_fields_is_refused() -> None:
    told = orjson.loads(report.export(report.build(sample.bad_day()), "json"))
    with pytest.raises(UserError, match="surprise"):
        report.from_json(orjson.dumps({**told, "surprise": 1}))


def test_the_published_schema_is_current() -> None:
    assert SCHEMA.read_bytes() == report.json_schema(), "out of date: run the command in docs/report.md"


@given(st.integers(-(2**63), 2**63 - 1))
@settings(max_examples=200, deadline=None)
def test_times_survive_to_the_nanosecond(ns: int) -> None:
    text = document.iso_time(ns)
    assert text is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6}|\.\d{9})?Z", text)
    assert document.nanoseconds(text) == ns


def test_unknown_formats_and_languages_are_user_errors() -> None:
    made = report.build(sample.bad_day())
    with pytest.raises(UserError, match="navigator"):
        report.export(made, "docx")
    with pytest.raises(UserError, match="en, fr"):
        report.export(made, "html", "de")


def test_every_control_has_both_languages_and_french_typography() -> None:
    assert list(controls()) == [f"C{n:02d}" for n in range(1, 25)]
    for control in controls().values():
        for text in (control.title["fr"], control.advice["fr"]):
            assert not re.search(r" [:;!?»]|« |[^\W\d]'", text), text
        assert all(text.endswith(".") for text in control.advice.values())


def test_a_control_that_is_not_known_keeps_its_id() -> None:
    odd = dataclasses.replace(sample.bad_day().findings[0], controls=("C99",))
    made = report.build(dataclasses.replace(sample.bad_day(), findings=(odd,)))
    assert made.controls[0].id == "C99"
    assert made.controls[0].texts["en"].title == "C99"
    assert b"C99" in report.export(made, "html", "fr")
