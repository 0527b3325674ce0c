"""Deciding: findings grouped and told, coverage in three values, users' rules, and failures that stop nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from wardround import schema
from wardround.detect import decide as deciding
from wardround.detect import relations
from wardround.detect.catalogue import catalogue
from wardround.detect.decide import Decision, decide
from wardround.detect.detection import Detection, load_text
from wardround.detect.findings import identity, time_text
from wardround.detect.matcher import Matcher
from wardround.detect.rule import ParsedRules
from wardround.detect.sigma import parse_rules
from wardround.detect.tables import Tables
from wardround.detect.testing import rows_of
from wardround.site import Site

from . import detection_files as files

FAILED = {"ts": 1, "Channel": "Security", "EventID": 4625, "Computer": "ct1", "TargetUserName": "anna"}


def run(
    detections: Sequence[Detection],
    rows: Sequence[Mapping[str, Any]],
    user: ParsedRules | None = None,
    site: Site | None = None,
    evidence: Mapping[str, str] | None = None,
) -> Decision:
    """What a round with these Windows events decides."""
    user = user or ParsedRules()
    rules = [*(rule for detection in detections for rule in detection.rules), *user.rules]
    table = rows_of("windows_event", rows, "rows")
    tables = {"windows_event": table} if rows else {}
    matcher = Matcher(rules, paranoid=True)
    assessed = [False] * len(rules)
    if rows:
        found = matcher.match("windows_event", table)
        assessed = matcher.assessed("windows_event", table).tolist()
        taken = table.select(["ts", "evidence_id", "record"]).take(pa.array(found.row))
        match = {
            "rule_id": [rules[index].id for index in found.rule],
            "rule_name": [rules[index].title for index in found.rule],
            "table": ["windows_event"] * len(found.rule),
            **{name: taken[name].to_pylist() for name in taken.column_names},
        }
        tables["match"] = pa.table(match, schema=schema.tables()["match"].arrow())
    listed = [{"evidence_id": key, "path": path} for key, path in (evidence or {"e1": "logs/security.evtx"}).items()]
    tables["evidence"] = pa.Table.from_pylist(listed, schema=schema.tables()["evidence"].arrow())
    with Tables.of_arrow(tables, site) as opened:
        return decide(opened, detections, user, rules, assessed, site or Site())


def sigma() -> Detection:
    return load_text(files.sigma(), files.PATH)


def test_small_tables_are_decided_by_two_at_a_time_to_the_same_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = {"ts": 1, "id.orig_h": "10.1.1.9", "id.resp_h": "10.2.1.{i}", "id.resp_p": 445, "proto": "tcp", "conn_state": "S0"}
    rows = {
        "conn": [{**sweep, "repeat": {"times": 200, "every": "100ms"}}],
        "windows_event": [{**FAILED, "LogonType": "10", "IpAddress": "203.0.113.9", "repeat": {"times": 60, "every": "1s"}}],
    }
    for name, few in rows.items():
        pq.write_table(rows_of(name, few, "rows"), tmp_path / f"{name}.parquet")
    listed = [{"evidence_id": "e1", "path": "capture.pcap"}]
    evidence = pa.Table.from_pylist(listed, schema=schema.tables()["evidence"].arrow())
    pq.write_table(evidence, tmp_path / "evidence.parquet")
    broken = load_text(files.sql("SELECT no_such_function(ts) FROM conn"), files.PATH)
    detections = [*catalogue()[:90], broken, *catalogue()[90:]]
    rules = [rule for detection in detections for rule in detection.rules]
    both = []
    for shared, held in ((deciding.SHARED_BYTES, relations.HELD_ROWS), (deciding.SHARED_BYTES, 0), (0, 0)):
        monkeypatch.setattr(deciding, "SHARED_BYTES", shared)
        monkeypatch.setattr(relations, "HELD_ROWS", held)
        both.append(decide(tmp_path, detections, ParsedRules(), rules, [True] * len(rules), Site()))
    assert both[0] == both[1] == both[2]
    assert {"RW-A14"} <= {finding.detection for finding in both[0].findings}
    assert [item.detection for item in both[0].coverage] == [detection.name for detection in detections]
    assert [problem.code for problem in both[0].diagnostics] == ["detection_failed"]


BODIES = pytest.mark.parametrize("text", [files.sigma(), files.sql()], ids=["sigma", "sql"])


@BODIES
def test_thousands_of_events_are_one_finding_per_subjects(text: str) -> None:
    rows = [{**FAILED, "repeat": {"times": 3561, "every": "1s"}}, {**FAILED, "TargetUserName": "bob"}]
    decision = run([load_text(text, files.PATH)], rows)
    anna, bob = sorted(decision.findings, key=lambda finding: -finding.events)
    assert (anna.events, bob.events) == (3561, 1)
    assert (anna.first_ts, anna.last_ts) == (1, 3560 * 10**9 + 1)
    assert [(subject.kind, subject.name) for subject in anna.subjects] == [("host", "ct1"), ("user", "anna")]
    assert [pointer.record for pointer in anna.evidence] == list(range(1, 11))
    assert {(pointer.path, pointer.table) for pointer in anna.evidence} == {("logs/security.evtx", "windows_event")}
    assert anna.summary == {"en": "3561 failed logons of anna on ct1.", "fr": "3561 échecs de anna sur ct1."}
    assert (anna.severity, anna.techniques, anna.controls) == ("high", ("T1110.001",), ("C04",))
    assert [(item.result, item.reason["en"]) for item in decision.coverage] == [("found", "")]
    assert decision.diagnostics == ()


@BODIES
def test_ids_depend_on_detection_and_subjects_only(text: str) -> None:
    detection = load_text(text, files.PATH)
    other = {**FAILED, "ts": 99, "evidence_id": "e2", "record": 7, "Computer": "CT1", "TargetUserName": "ANNA"}
    (first,) = run([detection], [FAILED]).findings
    (second,) = run([detection], [other], evidence={"e2": "x"}).findings
    assert first.id == second.id == identity("RDP-A01", [("user", "anna"), ("host", "ct1")])
    assert re.fullmatch("[0-9a-f]{16}", first.id)
    assert first.id != run([detection], [{**FAILED, "Computer": "mr1"}]).findings[0].id


@BODIES
def test_spelling_makes_no_second_finding_and_the_order_of_evidence_none_either(text: str) -> None:
    detection = load_text(text, files.PATH)
    rows = [{**FAILED, "record": 1}, {**FAILED, "record": 2, "Computer": "CT1", "ts": 2}]
    forward, backward = run([detection], rows), run([detection], rows[::-1])
    assert len(forward.findings) == 1 and forward.findings[0].events == 2
    assert forward == backward


def test_an_unknown_subject_is_left_out() -> None:
    (finding,) = run([sigma()], [{**FAILED, "TargetUserName": "-"}]).findings
    assert [(subject.kind, subject.name) for subject in finding.subjects] == [("host", "ct1")]
    assert finding.summary["en"] == "1 failed logon of unknown on ct1."
    assert finding.summary["fr"] == "1 échec de inconnu sur ct1."


def test_an_exported_copy_doubles_nothing() -> None:
    original = {**FAILED, "EventRecordID": 5}
    copy = {**original, "evidence_id": "e2", "record": 1}
    for text in (files.sigma(), files.sql()):
        (finding,) = run([load_text(text, files.PATH)], [original, copy]).findings
        assert finding.events == 1


def test_events_without_a_time_are_found() -> None:
    (finding,) = run([sigma()], [{**FAILED, "ts": None}]).findings
    assert (finding.first_ts, finding.last_ts, finding.events) == (None, None, 1)


@BODIES
def test_without_its_evidence_a_detection_is_not_assessed(text: str) -> None:
    decision = run([load_text(text, files.PATH)], [{**FAILED, "EventID": 4624}])
    (coverage,) = decision.coverage
    assert coverage.result == "not_assessed"
    assert coverage.reason == files.WARDROUND["needs"][0]["unless"]
    assert decision.findings == ()


def test_reasons_that_no_one_wrote() -> None:
    needs = [{"table": "dns"}, {"table": "conn", "where": "duration > 1"}]
    (coverage,) = run([load_text(files.sql(wardround__needs=needs), files.PATH)], [FAILED]).coverage
    assert coverage.result == "not_assessed"
    assert all("dns" in text and "conn" in text for text in coverage.reason.values())


def test_a_need_met_by_any_alternative_is_enough() -> None:
    needs = [{"table": "dns"}, {"table": "windows_event", "columns": ["TargetUserName"]}]
    detection = load_text(files.sql(wardround__needs=needs), files.PATH)
    assert run([detection], [FAILED]).coverage[0].result == "found"
    assert run([detection], [{**FAILED, "TargetUserName": "-"}]).coverage[0].result == "not_assessed"


def test_a_rule_whose_log_is_absent_is_not_assessed_though_the_needs_are_met() -> None:
    detection = load_text(files.sigma(wardround__needs=[{"table": "windows_event"}]), files.PATH)
    (coverage,) = run([detection], [{**FAILED, "Channel": "System"}]).coverage
    assert coverage.result == "not_assessed" and coverage.reason["fr"]


def test_nothing_found_is_not_found() -> None:
    (coverage,) = run([sigma()], [{**FAILED, "TargetUserName": "ct1$"}]).coverage
    assert coverage.result == "not_found"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT nowhere.x FROM conn",
        "SELECT 1 AS first_ts, 2 AS last_ts, 3 AS events",
        "SELECT 'x' AS first_ts, 2 AS last_ts, 3 AS events, NULL AS evidence",
        "SELECT 1 AS first_ts, 2 AS last_ts, 3 AS events, [1] AS evidence",
        files.SQL.replace("SELECT", "SELECT 'grave' AS level,"),
        files.SQL.replace("SELECT", "SELECT 'sure' AS confidence,"),
        "SELECT error('x') AS first_ts",
    ],
)
def test_a_detection_that_fails_is_told_and_stops_nothing(statement: str) -> None:
    broken = load_text(files.sql(statement, id="0b1d8c0e-54ce-4a3c-8d0e-6d5d5f5f0009", name="RDP-A09"), "x")
    decision = run([broken, sigma()], [FAILED])
    assert [(item.detection, item.result) for item in decision.coverage] == [("RDP-A09", "not_assessed"), ("RDP-A01", "found")]
    assert decision.coverage[0].reason["en"] and decision.coverage[0].reason["fr"]
    assert [(item.code, item.source) for item in decision.diagnostics] == [("detection_failed", "RDP-A09")]


def test_a_row_may_change_level_and_confidence() -> None:
    statement = files.SQL.replace("SELECT", "SELECT 'informational' AS level, 'low' AS confidence,")
    (finding,) = run([load_text(files.sql(statement), files.PATH)], [FAILED]).findings
    assert (finding.severity, finding.confidence) == ("info", "low")


def test_noise_is_cut_and_said() -> None:
    decision = run([sigma()], [{**FAILED, "TargetUserName": "user{i}", "repeat": {"times": 1500, "every": "1s"}}])
    assert len(decision.findings) == 1000
    assert [item.code for item in decision.diagnostics] == ["too_many_findings"]


def test_rows_that_a_detection_did_not_look_at_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardround.detect.analyses.fraudulent_mail._MOST", 1)
    detection = next(item for item in catalogue() if item.name == "PH-A01")
    mail = {"verdict": "fraud", "fraud_probability": 0.99, "from_address": "a@b.example", "signals": [], "weights": []}
    rows = rows_of("mail_message", [{**mail, "recipient": f"r{n}@hopital.example"} for n in range(3)], "rows")
    with Tables.of_arrow({"mail_message": rows}) as opened:
        decision = decide(opened, [detection], ParsedRules(), [], [], Site())
    assert len(decision.findings) == 1
    assert [(item.code, item.source) for item in decision.diagnostics] == [("rows_cut", "PH-A01")]


def test_a_declared_exception_leaves_information() -> None:
    exception = {"reason": "scan", "owner": "IT", "expires": "2026-12-31", "users": ["anna"]}
    site = Site.model_validate({"exceptions": [exception]})
    decision = run([sigma()], [FAILED], site=site)
    (finding,) = decision.findings
    assert finding.severity == "info" and finding.details["exception"] == "scan (IT, 2026-12-31)"
    assert decision.coverage[0].result == "not_found" and decision.coverage[0].reason["en"]
    expired = Site.model_validate({"exceptions": [{**exception, "expires": "1969-01-01"}]})
    assert run([sigma()], [FAILED], site=expired).findings[0].severity == "high"


def test_a_correlation_in_a_file() -> None:
    detection = load_text(files.correlation(), files.PATH)
    rows = [{**FAILED, "repeat": {"times": 4, "every": "60s"}}, {**FAILED, "ts": None}]
    decision = run([detection], rows)
    (finding,) = decision.findings
    assert finding.summary["en"] == "4 on ct1" and finding.events == 4
    assert [(item.code, item.count) for item in decision.diagnostics] == [("events_without_time", 1)]
    assert run([detection], [{**FAILED, "repeat": {"times": 4, "every": "200s"}}]).findings == ()


# The user's rules

USER_RULE = "9c6e3b0a-0000-4000-8000-00000000000{}"


def user_rule(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "title": f"Rule {number}", "id": USER_RULE.format(number), "name": f"rule{number}", "level": "high",
        "status": "test", "logsource": {"product": "windows", "service": "security"},
        "detection": {"s": {"EventID": 4625}, "condition": "s"}, "tags": ["attack.t1110"], **changed,
    }  # fmt: skip


def user_rules(*documents: Mapping[str, Any]) -> ParsedRules:
    return parse_rules(yaml.safe_dump_all(documents, sort_keys=False), "mine.yml")


def test_a_log_of_several_ones_whose_numbers_meet_counts_every_event_once() -> None:
    text = files.sigma()
    for found in (run([load_text(text, files.PATH)], [FAILED] * 3), run([], [FAILED] * 3, user_rules(user_rule(1)))):
        (finding,) = found.findings
        assert finding.events == 3


def test_a_users_rule_makes_one_finding_per_host() -> None:
    rows = [{**FAILED, "repeat": {"times": 50, "every": "1s"}}, {**FAILED, "Computer": "CT1"}, {**FAILED, "Computer": "mr1"}]
    decision = run([], rows, user_rules(user_rule(1)))
    told = sorted((f.subjects[0].kind, f.subjects[0].name.lower(), f.events) for f in decision.findings)
    assert told == [("host", "ct1", 51), ("host", "mr1", 1)]
    assert {(f.detection, f.severity, f.confidence, f.techniques) for f in decision.findings} == {
        (USER_RULE.format(1), "medium", "low", ("T1110",))
    }
    (status,) = decision.rules
    assert (status.status, status.matches, status.level) == ("matched", 52, "high")
    assert decision.coverage == ()


def test_how_every_rule_of_the_user_fared() -> None:
    user = user_rules(
        user_rule(1),
        user_rule(2, detection={"s": {"EventID": 1}, "condition": "s"}),
        user_rule(3, logsource={"product": "zeek", "service": "dns"}),
        user_rule(4, detection={"s": {"EventID|expand": "%x%"}, "condition": "s"}),
    )
    statuses = {status.title: status for status in run([], [FAILED], user).rules}
    assert {title: status.status for title, status in statuses.items()} == {
        "Rule 1": "matched", "Rule 2": "not_matched", "Rule 3": "not_assessed", "Rule 4": "unusable",
    }  # fmt: skip
    assert "zeek" in statuses["Rule 3"].reason and statuses["Rule 4"].reason


def user_correlation(**changed: Any) -> dict[str, Any]:
    body = {"type": "event_count", "rules": ["rule1"], "group-by": ["Computer"], "timespan": "5m", "condition": {"gte": 3}}
    return {"title": "Many", "id": USER_RULE.format(9), "level": "critical", "correlation": {**body, **changed}}


def test_a_users_correlation_silences_its_base_rules_unless_it_generates() -> None:
    rows = [{**FAILED, "repeat": {"times": 4, "every": "1s"}}]
    decision = run([], rows, user_rules(user_rule(1), user_correlation()))
    assert [(f.detection, f.severity, f.subjects[0].name) for f in decision.findings] == [(USER_RULE.format(9), "high", "ct1")]
    assert {status.title: status.status for status in decision.rules} == {"Rule 1": "matched", "Many": "matched"}
    both = run([], rows, user_rules(user_rule(1), user_correlation(generate=True)))
    assert {f.detection for f in both.findings} == {USER_RULE.format(1), USER_RULE.format(9)}
    assert run([], rows[:1], user_rules(user_rule(1), user_correlation(condition={"gte": 5}))).findings == ()


def test_a_users_correlation_that_leads_nowhere_is_unusable() -> None:
    decision = run([], [FAILED], user_rules(user_rule(1), user_correlation(rules=["rule7"])))
    assert {status.title: status.status for status in decision.rules}["Many"] == "unusable"


def test_times_out_of_the_calendar_are_not_shown() -> None:
    assert time_text(0) == "1970-01-01 00:00:00 UTC"
    assert time_text(None) == ""
    assert time_text(2**63 - 1) == "2262-04-11 23:47:16 UTC"
    assert time_text(10**30) == ""
