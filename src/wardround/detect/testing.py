"""Runs the cases that stand under ``tests:`` in every detection file, the way a round would run the detection.

``python -m wardround.detect.testing [PATH...]`` lints and tests detection files and prints one line per problem.
"""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from wardround import schema
from wardround.detect.decide import Decision, decide
from wardround.detect.detection import Detection, load_path
from wardround.detect.lint import lint
from wardround.detect.matcher import Matcher
from wardround.detect.rule import ParsedRules, Rule
from wardround.detect.tables import Tables
from wardround.errors import ContentError, WardroundError
from wardround.model import Finding
from wardround.site import Site

#: A case makes no more rows than this: cases are small.
MAX_ROWS = 200_000

_CASE_KEYS = {"name", "findings", "subjects", "severity", "rows", "site"}
_UNITS_NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_DURATION = re.compile(r"^(\d{1,9}(?:\.\d{1,9})?)(ns|us|ms|s|m|h|d)$")
_ROW_NUMBER = "{i}"
_EVIDENCE_ID = "e1"


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its rows as Arrow tables, and what must come out. ``findings`` None means *not assessed*."""

    name: str
    findings: int | None
    subjects: tuple[Mapping[str, str], ...]
    severity: str | None
    rows: dict[str, pa.Table]
    site: Site


def cases_of(detection: Detection) -> list[Case]:
    """The cases of a detection, ready to run. Raises ContentError naming the case and the key that is wrong."""
    return [_case(case, f"{detection.path}: tests[{index}]") for index, case in enumerate(detection.tests)]


def run_case(detection: Detection, case: Case) -> list[str]:
    """Run one case; the problems in sentences, none when it passes. Raises what the matcher raises when it disagrees."""
    decision = decide_rows(detection, case.rows, case.site)
    problems = [f"{item.code}: {item.message}" for item in decision.diagnostics if item.code == "detection_failed"]
    if problems:
        return problems
    (coverage,) = decision.coverage
    findings = [finding for finding in decision.findings if "exception" not in finding.details]
    if case.findings is None:
        return [] if coverage.result == "not_assessed" else [f"expected not_assessed, got {coverage.result}"]
    if coverage.result == "not_assessed":
        return [f"not assessed: {coverage.reason['en']}"]
    told = "; ".join(f"{_named(finding)} {finding.severity} {finding.events} events" for finding in findings[:5])
    if len(findings) != case.findings:
        problems.append(f"expected {case.findings} findings, got {len(findings)}" + (f": {told}" if told else ""))
    problems += [
        f"no finding about {dict(wanted)}; there are: {told}"
        for wanted in case.subjects
        if not any(_about(finding, wanted) for finding in findings)
    ]
    if case.severity is not None and any(finding.severity != case.severity for finding in findings):
        problems.append(f"expected severity {case.severity}: {told}")
    return problems


def decide_rows(detection: Detection, rows: Mapping[str, pa.Table], site: Site) -> Decision:
    """Match and decide one detection on tables in memory; both matchers run and must agree."""
    rules: Sequence[Rule] = detection.rules
    tables = dict(rows)
    assessed = [False] * len(rules)
    if rules:
        matcher = Matcher(rules, paranoid=True)
        matches = []
        for name, table in rows.items():
            matches.append(_matches(matcher, name, table))
            assessed = [was or bool(now) for was, now in zip(assessed, matcher.assessed(name, table), strict=True)]
        if matches:
            tables["match"] = pa.concat_tables(matches)
    evidence = {"evidence_id": _EVIDENCE_ID, "path": "case", "records": sum(table.num_rows for table in rows.values())}
    own = pa.Table.from_pylist([evidence], schema=schema.tables()["evidence"].arrow())
    tables["evidence"] = pa.concat_tables([own, rows["evidence"]]) if "evidence" in rows else own
    with Tables.of_arrow(tables, site) as opened:
        return decide(opened, (detection,), ParsedRules(), rules, assessed, site)


def _matches(matcher: Matcher, name: str, rows: pa.Table) -> pa.Table:
    found = matcher.match(name, rows)
    count = len(found.rule)
    taken = rows.select(["ts", "evidence_id", "record"]).take(pa.array(found.row))
    rules = [matcher.rules[index] for index in found.rule.tolist()]
    return pa.table(
        {
            "rule_id": pa.array([rule.id for rule in rules], pa.string()),
            "rule_name": pa.array([rule.title for rule in rules], pa.string()),
            "table": pa.array([name] * count, pa.string()),
            **{column: taken[column] for column in ("ts", "evidence_id", "record")},
        },
        schema=schema.tables()["match"].arrow(),
    )


def _named(finding: Finding) -> str:
    return ", ".join(f"{subject.kind} {subject.name}" for subject in finding.subjects) or "no subject"


def _about(finding: Finding, wanted: Mapping[str, str]) -> bool:
    subjects = {(subject.kind, subject.name.casefold()) for subject in finding.subjects}
    return all((kind, str(name).casefold()) in subjects for kind, name in wanted.items())


# Cases from their YAML


def _case(case: Mapping[str, Any], place: str) -> Case:
    unknown = set(case) - _CASE_KEYS
    if unknown:
        raise ContentError(f"{place}: unknown key {min(unknown)}")
    name = case.get("name")
    if not isinstance(name, str) or not name:
        raise ContentError(f"{place}: name: a text is needed")
    place = f"{place} {name!r}"
    findings = case.get("findings")
    if findings != "not_assessed" and (isinstance(findings, bool) or not isinstance(findings, int) or findings < 0):
        raise ContentError(f"{place}: findings: a number or not_assessed is needed")
    subjects = case.get("subjects") or []
    if not isinstance(subjects, list) or not all(isinstance(subject, dict) for subject in subjects):
        raise ContentError(f"{place}: subjects: a list of mappings is needed")
    rows = {} if case.get("rows") is None else case["rows"]
    if not isinstance(rows, dict):
        raise ContentError(f"{place}: rows: a mapping of tables is needed")
    try:
        site = Site.model_validate(case.get("site") or {})
    except ValidationError as error:
        raise ContentError(f"{place}: site: {error.errors()[0]['msg']}") from error
    tables = {table: rows_of(table, listed or [], f"{place}: rows.{table}") for table, listed in rows.items()}
    return Case(name, None if findings == "not_assessed" else findings, tuple(subjects), case.get("severity"), tables, site)


def rows_of(table: str, listed: Sequence[Mapping[str, Any]], place: str) -> pa.Table:
    """Rows as written in a case, as a table with the types of the schema. Raises ContentError."""
    declared = schema.tables().get(table)
    if declared is None:
        raise ContentError(f"{place}: there is no table {table}")
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(listed):
        rows += _copies(declared, row, f"{place}[{number}]")
        if len(rows) > MAX_ROWS:
            raise ContentError(f"{place}: more than {MAX_ROWS} rows")
    for record, row in enumerate(rows, start=1):
        for name, value in (("record", record), ("evidence_id", _EVIDENCE_ID)):
            if declared.column(name) is not None:
                row.setdefault(name, value)
        if row.get("ts") is not None:
            row.setdefault("ts_zone", "utc")
    further = sorted({name for row in rows for name in row} - {column.name for column in declared.columns})
    fields = [*declared.arrow(), *(pa.field(name, pa.string()) for name in further)]
    try:
        return pa.Table.from_pylist(rows, schema=pa.schema(fields))
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise ContentError(f"{place}: {error}") from error


def _copies(declared: schema.Table, row: Any, place: str) -> Iterator[dict[str, Any]]:
    if not isinstance(row, dict):
        raise ContentError(f"{place}: a mapping is needed")
    repeat = row.get("repeat") or {"times": 1, "every": "0s"}
    if not isinstance(repeat, dict) or set(repeat) != {"times", "every"} or not isinstance(repeat["times"], int):
        raise ContentError(f"{place}: repeat: times (a number) and every (a duration) are needed")
    if repeat["times"] > MAX_ROWS:
        raise ContentError(f"{place}: more than {MAX_ROWS} rows")
    every = _duration(repeat["every"], place)
    values = {name: _value(declared, name, value, place) for name, value in row.items() if name != "repeat"}
    for number in range(repeat["times"]):
        copy = {name: _numbered(value, number) for name, value in values.items()}
        if copy.get("ts") is not None:
            copy["ts"] += number * every
        yield copy


def _numbered(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return value.replace(_ROW_NUMBER, str(number))
    if isinstance(value, list):
        return [_numbered(item, number) for item in value]
    return value


def _value(declared: schema.Table, name: str, value: Any, place: str) -> Any:
    """A value as its column holds it; refuses what the real table could not hold."""
    column = declared.column(name)
    if column is None and not declared.open:
        raise ContentError(f"{place}: table {declared.name} has no column {name}")
    kind = "text" if column is None else column.kind
    if value is None:
        return None
    if kind == "time":
        return time_ns(value, f"{place}: {name}")
    if pa.types.is_string(schema.TYPES[kind]) and not isinstance(value, str):
        raise ContentError(f"{place}: {name}: values of this column are text: write {value!r} in quotes")
    if pa.types.is_floating(schema.TYPES[kind]) and isinstance(value, int):
        return float(value)
    return value


def time_ns(value: Any, place: str) -> int:
    """Nanoseconds since 1970 UTC from an ISO time (UTC where it names no zone) or a whole number of ns. Raises ContentError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        moment = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ContentError(f"{place}: {value!r} is not a time") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return ((since.days * 86400 + since.seconds) * 10**6 + since.microseconds) * 1000


def _duration(value: Any, place: str) -> int:
    found = _DURATION.match(str(value))
    if found is None:
        raise ContentError(f"{place}: every: {value!r} is not a duration such as 500ms, 10s, 5m, 1h or 1d")
    return round(float(found[1]) * _UNITS_NS[found[2]])


# The command


def problems_of(path: Path) -> Iterator[str]:
    """Everything wrong with one detection file: it does not load, lint, or a case that fails."""
    try:
        detection = load_path(path)
        yield from (f"{path}: {problem}" for problem in lint(detection))
        for case in cases_of(detection):
            yield from (f"{path}: case {case.name!r}: {problem}" for problem in run_case(detection, case))
    except WardroundError as error:
        yield f"{path}: {error}" if str(path) not in str(error) else str(error)


def files_of(paths: Iterable[str]) -> list[Path]:
    """The detection files among paths and under directories."""
    found = []
    for path in map(Path, paths):
        found += sorted(path.rglob("*.yml")) if path.is_dir() else [path]
    return found


def main(arguments: Sequence[str]) -> int:
    """Lint and test files; 1 when there is any problem."""
    files = files_of(arguments or [str(Path(__file__).parent.parent / "detections")])
    failed = 0
    for path in files:
        problems = list(problems_of(path))
        failed += bool(problems)
        sys.stdout.write("".join(f"{problem}\n" for problem in problems))
    sys.stdout.write(f"{len(files) - failed} of {len(files)} detections are well\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
