"""Reading detection files: what a good one gives, and that every complaint names the file and the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wardround.detect.detection import (
    AnalysisBody,
    CorrelationBody,
    SigmaBody,
    SqlBody,
    load_path,
    load_text,
    techniques_of,
)
from wardround.errors import ContentError

from . import detection_files as files


def test_a_sigma_rule_is_read() -> None:
    read = load_text(files.sigma(), files.PATH)
    assert (read.name, read.level, read.threat, read.kind, read.confidence) == (
        "RDP-A01", "high", "remote_desktop", "attack", "medium",
    )  # fmt: skip
    assert isinstance(read.body, SigmaBody)
    assert [rule.id for rule in read.rules] == [read.id]
    assert read.techniques == ("T1110.001",)
    assert read.subjects == (("host", "Computer"), ("user", "TargetUserName"))
    assert read.title == {"en": "A title", "fr": "Un titre"}
    assert read.needs[0].where == "EventID = 4625"
    assert len(read.tests) == 2


def test_a_correlation_brings_its_base_rules() -> None:
    read = load_text(files.correlation(), files.PATH)
    assert isinstance(read.body, CorrelationBody)
    assert [rule.name for rule in read.rules] == ["failed"]
    assert read.body.correlations[-1].group_by == ("Computer",)


def test_sql_and_analysis_need_no_matcher() -> None:
    assert load_text(files.sql(), files.PATH).body == SqlBody(files.SQL.strip())
    assert load_text(files.sql(sql=None, analysis="module:function"), files.PATH).body == AnalysisBody("module:function")
    assert load_text(files.sql(), files.PATH).rules == ()


def test_informational_is_info() -> None:
    assert load_text(files.sql(level="informational"), files.PATH).level == "info"


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"title": None}, "title"),
        ({"id": 7}, "id"),
        ({"level": "grave"}, "level"),
        ({"status": "done"}, "status"),
        ({"wardround": None}, "wardround"),
        ({"wardround__threat": "weather"}, "wardround.threat"),
        ({"wardround__kind": "bug"}, "wardround.kind"),
        ({"wardround__confidence": "sure"}, "wardround.confidence"),
        ({"wardround__summary": {"en": "x"}}, "wardround.summary"),
        ({"wardround__summary": {"en": "x", "fr": ""}}, "wardround.summary.fr"),
        ({"wardround__fr": {"title": "x"}}, "wardround.fr.description"),
        ({"wardround__subjects": {"host": 1}}, "wardround.subjects.host"),
        ({"wardround__needs": [{"where": "x"}]}, "wardround.needs[0].table"),
        ({"wardround__needs": [{"table": "nowhere"}]}, "wardround.needs[0].table"),
        ({"wardround__needs": [{"table": "dns", "condition": "x"}]}, "wardround.needs[0]"),
        ({"wardround__tests": ["x"]}, "wardround.tests[0]"),
        ({"sql": None}, "body"),
        ({"analysis": "module:function"}, "body"),
        ({"sql": "  "}, "sql"),
    ],
)
def test_complaints_name_file_and_key(changed: dict[str, Any], place: str) -> None:
    with pytest.raises(ContentError) as caught:
        load_text(files.sql(**changed), files.PATH)
    assert str(caught.value).startswith(f"{files.PATH}: {place}: ")


@pytest.mark.parametrize("text", ["", "- a list", "{", "a: !!python/object/apply:os.getcwd []"])
def test_what_is_no_detection_at_all(text: str) -> None:
    with pytest.raises(ContentError, match=files.PATH):
        load_text(text, files.PATH)


def test_a_wrong_sigma_rule_says_why() -> None:
    with pytest.raises(ContentError, match=r"detection: \w"):
        load_text(files.sigma(detection={"selection": {"EventID": 1}, "condition": "nothing"}), files.PATH)


def test_a_missing_file_is_content_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"gone\.yml"):
        load_path(tmp_path / "gone.yml")


def test_a_missing_analysis_is_content_error() -> None:
    with pytest.raises(ContentError, match="nowhere"):
        AnalysisBody("nowhere:function").function()


def test_techniques_are_those_of_the_tags() -> None:
    assert techniques_of(["attack.t1110.001", "attack.tactic", "attack.T1486", "cve.2020-1"]) == ("T1110.001", "T1486")
