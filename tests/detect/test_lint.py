"""The linter: silent on a good file, and each problem found."""

from __future__ import annotations

from typing import Any

import pytest

from wardround.detect.detection import load_text
from wardround.detect.lint import lint

from . import detection_files as files


@pytest.mark.parametrize("text", [files.sigma(), files.sql(), files.correlation()], ids=["sigma", "sql", "correlation"])
def test_good_files_are_well(text: str) -> None:
    assert lint(load_text(text, files.PATH)) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"id": "0B1D8C0E-54CE-4A3C-8D0E-6D5D5F5F0001"}, "id"),
        ({"id": "one"}, "id"),
        ({"name": "RDP-A02"}, "name"),
        ({"name": "rdp"}, "name"),
        ({"name": "RDP-E01"}, "wardround.kind"),
        ({"wardround__threat": "vpn"}, "wardround.threat"),
        ({"title": "x" * 91}, "title"),
        ({"title": "Un titre"}, "wardround.fr.title"),
        ({"description": "short"}, "description (en)"),
        ({"falsepositives": []}, "falsepositives"),
        ({"wardround__summary": {"en": "{Computer}", "fr": "rien"}}, "wardround.summary"),
        ({"wardround__summary": {"en": "{Cmoputer}", "fr": "{Cmoputer}"}}, "wardround.summary"),
        ({"wardround__summary": {"en": "{events} events.", "fr": "{events} fois."}}, "wardround.summary"),
        ({"wardround__summary": {"en": "{events} time.", "fr": "{events} événements."}}, "wardround.summary"),
        ({"wardround__summary": {"en": "{events|event} of {Computer}", "fr": "{Computer}"}}, "wardround.summary"),
        ({"wardround__summary": {"en": "{Computer}.", "fr": "L'hôte {Computer}."}}, "wardround.summary"),
        ({"wardround__summary": {"en": "See {Computer}", "fr": "Voir : {Computer}"}}, "wardround.summary"),
        ({"wardround__fr": {"title": "L'échec", "description": "Une phrase. " * 9}}, "wardround.fr.title"),
        ({"wardround__fr": {"title": "Échec", "description": "Un « échec ». " * 9}}, "wardround.fr.description"),
        ({"wardround__subjects": {"host": "Cmoputer"}}, "wardround.subjects.host"),
        ({"tags": ["attack.impact"]}, "tags"),
        ({"tags": ["attack.T1110", "attack.t1110"]}, "tags"),
        ({"tags": ["attack.t11", "attack.t1110"]}, "tags"),
        ({"wardround__attack_version": ""}, "wardround.attack_version"),
        ({"wardround__controls": ["C25"]}, "wardround.controls"),
        ({"wardround__controls": []}, "wardround.controls"),
        ({"wardround__needs": []}, "wardround.needs"),
        ({"wardround__needs": [{"table": "windows_event"}]}, "wardround.needs"),
        ({"wardround__tests": [files.WARDROUND["tests"][0]]}, "wardround.tests"),
        ({"wardround__tests": [files.WARDROUND["tests"][1]]}, "wardround.tests"),
        ({"wardround__tests": [*files.WARDROUND["tests"], files.WARDROUND["tests"][0]]}, "wardround.tests"),
        ({"sql": files.SQL + "; SELECT 1"}, "sql"),
        ({"sql": "CREATE TABLE first_ts AS SELECT 1 AS last_ts, 2 AS events, 3 AS evidence"}, "sql"),
        ({"sql": "SELECT broken FROM"}, "sql"),
        ({"sql": files.SQL.replace("AS first_ts", "AS first")}, "sql"),
        ({"sql": files.SQL.replace("4625", "4625 AND ts < now()")}, "sql"),
        ({"sql": files.SQL.replace("4625", "4625 AND random() < 2")}, "sql"),
    ],
)
def test_problems_of_sql_detections(changed: dict[str, Any], problem: str) -> None:
    assert any(told.startswith(f"{problem}: ") for told in lint(load_text(files.sql(**changed), files.PATH)))


@pytest.mark.parametrize(
    "selection",
    [{"CommandLine|contains": ""}, {"CommandLine": "*"}, ["ab"]],
    ids=["empty", "wildcard", "keyword"],
)
def test_predicates_that_match_everything(selection: Any) -> None:
    text = files.sigma(detection={"selection": selection, "condition": "selection"})
    assert any(told.startswith("detection: ") for told in lint(load_text(text, files.PATH)))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"wardround__subjects": {"user": "TargetUserName"}}, "wardround.subjects.user"),
        ({"wardround__summary": {"en": "{IpAddress}", "fr": "{IpAddress}"}}, "wardround.summary"),
    ],
)
def test_a_correlation_only_knows_its_groups(changed: dict[str, Any], problem: str) -> None:
    assert any(told.startswith(f"{problem}: ") for told in lint(load_text(files.correlation(**changed), files.PATH)))


def test_a_missing_analysis() -> None:
    read = load_text(files.sql(sql=None, analysis="nowhere:function"), files.PATH)
    assert any("nowhere" in told for told in lint(read))
