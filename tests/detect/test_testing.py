"""The tester of detection files: rows as written become rows of the tables, and a case that fails is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wardround.detect.detection import load_text
from wardround.detect.testing import cases_of, main, problems_of, rows_of, run_case, time_ns
from wardround.errors import ContentError

from . import detection_files as files

GOOD, BAD = files.WARDROUND["tests"]


def problems(*cases: dict[str, Any], text: str | None = None) -> list[str]:
    detection = load_text(text or files.sigma(wardround__tests=list(cases)), files.PATH)
    return [problem for case in cases_of(detection) for problem in run_case(detection, case)]


@pytest.mark.parametrize("text", [files.sigma(), files.sql()], ids=["sigma", "sql"])
def test_good_cases_pass(text: str) -> None:
    assert problems(text=text) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"findings": 2}, "expected 2 findings, got 1"),
        ({"findings": 0}, "expected 0 findings, got 1"),
        ({"findings": "not_assessed"}, "expected not_assessed, got found"),
        ({"subjects": [{"user": "bob"}]}, "no finding about {'user': 'bob'}"),
        ({"severity": "low"}, "expected severity low"),
        ({"rows": {}}, "not assessed: Failed logons were not recorded."),
    ],
)
def test_a_case_that_fails_is_told(changed: dict[str, Any], told: str) -> None:
    (problem,) = problems({**GOOD, **changed})
    assert problem.startswith(told)


def test_what_a_case_may_say() -> None:
    assert problems({**GOOD, "subjects": [{"user": "ANNA", "host": "ct1"}], "severity": "high"}) == []
    assert problems({"name": "gated", "findings": "not_assessed", "rows": {"dns": [{"query": "x"}]}}) == []
    exception = {"reason": "x", "owner": "x", "expires": "2026-12-31", "users": ["anna"]}
    assert problems({**GOOD, "findings": 0, "site": {"exceptions": [exception]}}) == []


def test_a_failing_query_is_a_problem_whatever_was_expected() -> None:
    text = files.sql("SELECT nowhere FROM conn", wardround__tests=[{**GOOD, "findings": "not_assessed"}])
    (problem,) = problems(text=text)
    assert problem.startswith("detection_failed")


@pytest.mark.parametrize(
    "case",
    [
        {**GOOD, "finding": 1},
        {**GOOD, "name": ""},
        {**GOOD, "findings": "many"},
        {**GOOD, "findings": True},
        {**GOOD, "findings": -1},
        {**GOOD, "subjects": {"user": "anna"}},
        {**GOOD, "rows": []},
        {**GOOD, "rows": {"nowhere": []}},
        {**GOOD, "site": {"zone": {}}},
    ],
)
def test_a_case_that_is_wrong(case: dict[str, Any]) -> None:
    with pytest.raises(ContentError, match=r"tests\[0\]"):
        problems(case)


def test_rows_take_the_types_of_their_table() -> None:
    table = rows_of("windows_event", [{"ts": "2026-03-02T08:00:00Z", "EventID": 1, "LogonType": "3"}, {"EventID": 2}], "x")
    first, second = table.to_pylist()
    assert (first["ts"], first["ts_zone"], first["record"], first["evidence_id"], first["LogonType"]) == (
        1772438400 * 10**9, "utc", 1, "e1", "3",
    )  # fmt: skip
    assert (second["ts"], second["ts_zone"], second["record"], second["LogonType"]) == (None, None, 2, None)
    (dns,) = rows_of("dns", [{"ts": 5, "answers": ["10.0.0.{i}"], "rtt": 1}], "x").to_pylist()
    assert (dns["answers"], dns["rtt"]) == (["10.0.0.0"], 1.0)


def test_copies_are_spaced_and_numbered() -> None:
    rows = rows_of("windows_event", [{"ts": 1, "Computer": "ws{i}", "repeat": {"times": 3, "every": "500ms"}}], "x")
    assert rows.select(["ts", "Computer", "record"]).to_pylist() == [
        {"ts": 1 + number * 500_000_000, "Computer": f"ws{number}", "record": number + 1} for number in range(3)
    ]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("windows_event", {"LogonType": 3}),
        ("windows_event", {"Computer": True}),
        ("windows_event", {"EventID": "4625"}),
        ("windows_event", {"ts": "yesterday"}),
        ("windows_event", {"repeat": {"times": 3}}),
        ("windows_event", {"repeat": {"times": 3, "every": "soon"}}),
        ("windows_event", {"repeat": {"times": 10**9, "every": "1s"}}),
        ("dns", {"Query": "x"}),
        ("dns", "x"),
    ],
)
def test_rows_that_no_real_table_could_hold(table: str, row: Any) -> None:
    with pytest.raises(ContentError, match="here"):
        rows_of(table, [row], "here")


def test_times() -> None:
    assert time_ns("2026-03-02T09:00:00.000001+01:00", "x") == 1772438400 * 10**9 + 1000
    assert time_ns("2026-03-02T08:00:00", "x") == 1772438400 * 10**9
    assert time_ns(7, "x") == 7


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "remote_desktop"
    folder.mkdir()
    file = folder / "RDP-A01.yml"
    file.write_text(files.sigma(), "utf-8")
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 of 1 detections are well\n"
    file.write_text(files.sigma(falsepositives=[], wardround__tests=[{**GOOD, "findings": 3}, BAD]), "utf-8")
    assert main([str(file)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in told[:2]] == [str(file), str(file)]
    assert told[-1] == "0 of 1 detections are well"
    file.write_text("title: x", "utf-8")
    assert [problem.count(str(file)) for problem in problems_of(file)] == [1]
