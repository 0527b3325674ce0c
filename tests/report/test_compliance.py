"""A round through frameworks: met, not met and not assessable are never confused, in every format."""

from __future__ import annotations

import csv
import dataclasses
import io
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from tests.report import sample
from tests.report.test_hostile import HOSTILE_NAMES, check_html, no_hidden_characters

from wardround import report
from wardround.care.controls import controls
from wardround.care.frameworks import Framework, Requirement, framework, frameworks
from wardround.errors import UserError
from wardround.model import Coverage, Finding
from wardround.report import compliance, compliance_
from wardround.report.texts import language

ONE = Framework("one", {"en": "One", "fr": "Un"}, "1", "here", (Requirement("1", {"en": "R", "fr": "E"}, ("C03", "C04")),))


def check(name: str, kind: str, result: str, *controls_: str) -> Coverage:
    made = sample.coverage(name, "remote_desktop", kind, result)  # type: ignore[arg-type]
    return dataclasses.replace(made, controls=controls_)


def status(*rows: Coverage, findings: tuple[Finding, ...] = ()) -> str:
    document = report.build(dataclasses.replace(sample.bad_day(), findings=findings, coverage=rows))
    (assessment,) = compliance.view(document, ONE).assessments
    return assessment.status


def weak(severity: str = "medium", control: str = "C04") -> Finding:
    found = sample.finding("RDP-E02", "remote_desktop", "exposure", "medium", ("Weak", "Faible"), controls=(control,))
    return dataclasses.replace(found, severity=severity)  # type: ignore[arg-type]


def test_not_met_when_something_was_found_that_a_control_of_it_avoids() -> None:
    made = check("RDP-E01", "exposure", "not_found", "C03")
    assert status(made, findings=(weak(),)) == "not_met"
    assert status(made, findings=(weak(control="C11"),)) == "met"
    assert status(made, findings=(weak("info"),)) == "met"


def test_met_needs_a_check_for_a_weakness_that_was_made() -> None:
    assert status(check("RDP-E01", "exposure", "not_found", "C03")) == "met"
    assert status(check("RDP-E01", "exposure", "not_assessed", "C03")) == "not_assessable"
    assert status(check("RDP-E01", "exposure", "not_found", "C11")) == "not_assessable"
    assert status() == "not_assessable"


def test_that_no_attack_was_seen_proves_nothing() -> None:
    assert status(check("RDP-A01", "attack", "not_found", "C03")) == "not_assessable"


def test_checks_that_could_not_be_made_are_counted_beside_those_that_could() -> None:
    rows = (check("E1", "exposure", "not_found", "C03"), check("E2", "exposure", "not_assessed", "C04"))
    document = report.build(dataclasses.replace(sample.bad_day(), findings=(), coverage=rows))
    (row,) = compliance.view(document, ONE).assessments
    assert ([c.detection for c in row.made], [c.detection for c in row.missing]) == (["E1"], ["E2"])
    assert compliance_.because(row, language("en")) == "Nothing found; but 1 of its checks could not be made."


def test_the_findings_of_a_requirement_stand_once_and_the_worst_first() -> None:
    listed = tuple(
        dataclasses.replace(weak(severity), id=name, controls=controls_)
        for name, severity, controls_ in (
            *(("a", "high", ("C03",)), ("b", "critical", ("C04", "C03")), ("c", "low", ("C04",)), ("d", "high", ("C11",))),
            *(("e", "medium", ("C03",)), ("f", "info", ("C03",))),
        )
    )
    document = report.build(dataclasses.replace(sample.bad_day(), findings=listed, coverage=()))
    (row,) = compliance.view(document, ONE).assessments
    assert [found.id for found in row.findings] == ["b", "a", "e", "c"]


def test_the_catalogue_of_frameworks() -> None:
    assert {"anssi", "recyf", "care", "hicp", "cpg", "hph", "csf", "cis", "hipaa", "nis2", "iso27002"} <= set(frameworks())
    served = set()
    for item in frameworks().values():
        assert item.edition
        assert item.source
        for requirement in item.requirements:
            assert requirement.controls
            assert all(requirement.label[lang] for lang in ("en", "fr"))
            served |= set(requirement.controls)
    assert served == set(controls())


def test_every_control_serves_something_in_the_frameworks_that_speak_of_all_of_security() -> None:
    for name in ("hicp", "cpg", "csf", "cis", "anssi", "nis2", "iso27002", "pgssi", "recyf", "hipaa"):
        assert {control for row in framework(name).requirements for control in row.controls} == set(controls()), name


@pytest.mark.parametrize("name", sorted(frameworks()))
@pytest.mark.parametrize("lang", report.LANGUAGES)
def test_every_framework_in_every_format(name: str, lang: str) -> None:
    document = report.build(sample.bad_day())
    requirements = framework(name).requirements
    check_html(compliance_.export(document, name, "html", lang)[1])
    told = orjson.loads(compliance_.export(document, name, "json", lang)[1])
    assert [row["requirement"] for row in told["requirements"]] == [row.id for row in requirements]
    assert sum(told["counts"].values()) == len(requirements)
    rows = list(csv.DictReader(io.StringIO(compliance_.export(document, name, "csv", lang)[1].decode("utf-8-sig"))))
    assert [row["status"] for row in rows] == [row["status"] for row in told["requirements"]]
    events = [orjson.loads(line) for line in compliance_.export(document, name, "ocsf", lang)[1].splitlines()]
    status_of = {"not_met": "Fail", "met": "Pass", "not_assessable": "Warning"}
    assert [event["compliance"]["status"] for event in events] == [status_of[row["status"]] for row in rows]
    assert {event["class_uid"] for event in events} == {2003}
    assert {event["type_uid"] for event in events} == {200301}
    assert requirements[0].label[lang] in compliance_.render(document, name, lang, width=140)


@pytest.mark.parametrize("text", sample.HOSTILE, ids=HOSTILE_NAMES)
def test_hostile_findings_stay_inert_in_a_view(text: str) -> None:
    hostile = sample.hostile_round(text)
    made = dataclasses.replace(hostile, findings=tuple(dataclasses.replace(f, controls=("C03",)) for f in hostile.findings))
    document = report.build(made)
    for name in ("html", "json", "csv", "ocsf"):
        data = compliance_.export(document, "anssi", name, "fr")[1].decode("utf-8-sig")
        no_hidden_characters(data, allowed="\n\r")
        if name == "html":
            check_html(data.encode())
        if name == "csv":
            for row in csv.reader(io.StringIO(data, newline="")):
                assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    no_hidden_characters(compliance_.render(document, "anssi", "en", width=80))


def test_unknown_names_are_refused() -> None:
    document = report.build(sample.bad_day())
    with pytest.raises(UserError, match="there is no framework 'iso9001'; choose one of: hicp"):
        compliance_.export(document, "iso9001", "json", "en")
    with pytest.raises(UserError, match="choose one of: html, json, csv, ocsf"):
        compliance_.export(document, "anssi", "pdf", "en")


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "round.json").write_bytes(report.export(report.build(sample.bad_day()), "json"))
    command = [sys.executable, "-m", "wardround", "report", str(tmp_path)]
    more = ["--framework", "anssi", "--framework", "nis2", "-f", "ocsf", "--lang", "fr"]
    done = subprocess.run([*command, *more], capture_output=True, text=True, env=dict(os.environ), timeout=120)
    assert done.returncode == 0, done.stderr
    assert "non évaluable sur preuves" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {
        *("round.json", "compliance-anssi.html", "compliance-anssi.ocsf.jsonl"),
        *("compliance-nis2.html", "compliance-nis2.ocsf.jsonl"),
    }
    done = subprocess.run([*command, "--framework", "pci"], capture_output=True, text=True, env=dict(os.environ), timeout=120)
    assert done.returncode == 2
