"""Style and soundness of detections: what a file that loads can still have wrong, each with what to do about it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

from wardround.detect import wording
from wardround.detect.detection import AnalysisBody, CorrelationBody, Detection, SigmaBody, SqlBody
from wardround.detect.rule import And, Condition, Not, Or, Predicate
from wardround.detect.tables import QueryError, Tables
from wardround.detect.wording import placeholders
from wardround.errors import ContentError

_NAME = re.compile(r"^[A-Z]{2,3}-[EA]\d{2}[a-z]?$")
_CONTROL = re.compile(r"^C(0[1-9]|1\d|2[0-4])$")
_TECHNIQUE = re.compile(r"^attack\.t\d{4}(\.\d{3})?$")
_TAG = re.compile(r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$")
_NOT_REPEATABLE = re.compile(
    r"\b(now|today|random|uuid|gen_random_uuid|get_current_timestamp)\s*\(|\bcurrent_(timestamp|date|time)\b", re.IGNORECASE
)
_RESULT_COLUMNS = ("first_ts", "last_ts", "events", "evidence")


def lint(detection: Detection) -> list[str]:
    """The problems of a detection, in sentences; none when it is well."""
    return [*_identity(detection), *_texts(detection), *_tags(detection), *_body(detection), *_tests(detection)]


def _identity(detection: Detection) -> Iterator[str]:
    path = Path(detection.path)
    try:
        if str(uuid.UUID(detection.id)) != detection.id:
            yield "id: write the uuid in lower case with hyphens"
    except ValueError:
        yield "id: not a uuid; make one with: python -c 'import uuid; print(uuid.uuid4())'"
    if not _NAME.match(detection.name):
        yield f"name: {detection.name} is not a catalogue name such as RDP-A01"
    if path.stem != detection.name:
        yield f"name: {detection.name} differs from the name of the file; rename one of them"
    if path.parent.name != detection.threat:
        yield f"wardround.threat: {detection.threat} differs from the folder {path.parent.name}; move the file"
    if "-E" in detection.name and detection.kind != "exposure":
        yield "wardround.kind: the name says exposure (E)"
    if "-A" in detection.name and detection.kind != "attack":
        yield "wardround.kind: the name says attack (A)"


def _texts(detection: Detection) -> Iterator[str]:
    if len(detection.title["en"]) > 90 or len(detection.title["fr"]) > 110:
        yield "title: keep it to a few words"
    for language, text in detection.description.items():
        if len(text) < 80:
            yield f"description ({language}): say what it sees and why it matters, in sentences"
    if detection.title["en"] == detection.title["fr"]:
        yield "wardround.fr.title: not translated"
    if not detection.falsepositives:
        yield "falsepositives: name what looks like it and is harmless"
    # a column may exist once per language: reasons_en, reasons_fr
    named = {
        language: {column.removesuffix(f"_{language}") for column in placeholders([text])}
        for language, text in detection.summary.items()
    }
    if named["en"] != named["fr"]:
        yield f"wardround.summary: en and fr name different columns: {', '.join(sorted(named['en'] ^ named['fr']))}"
    subjects = [column for _, column in detection.subjects]
    for language, text in detection.summary.items():
        yield from (f"wardround.summary: {problem}" for problem in wording.problems(text, language, subjects))
    yield from (f"wardround.fr.title: {problem}" for problem in wording.typography(detection.title["fr"]))
    yield from (f"wardround.fr.description: {problem}" for problem in wording.typography(detection.description["fr"]))
    for need in detection.needs:
        yield from (f"wardround.needs: {problem}" for problem in wording.typography((need.unless or {}).get("fr", "")))


def _tags(detection: Detection) -> Iterator[str]:
    if not detection.techniques and detection.kind == "attack":
        yield "tags: name the ATT&CK technique, as attack.t1110.001"
    for tag in detection.tags:
        if not _TAG.match(tag) or (re.match(r"^attack\.t\d", tag) and not _TECHNIQUE.match(tag)):
            yield f"tags: {tag} is not of the form attack.t1110.001 or attack.credential-access"
    if detection.techniques and not detection.attack_version.isdigit():
        yield "wardround.attack_version: say which version of ATT&CK the tags are of, in quotes"
    if not detection.controls:
        yield "wardround.controls: name what would have avoided it"
    for control in detection.controls:
        if not _CONTROL.match(control):
            yield f"wardround.controls: {control} is not one of C01 to C24"
    if not detection.needs:
        yield "wardround.needs: say what evidence it needs; without that it can never be not assessed"
    elif not any(need.unless for need in detection.needs):
        yield "wardround.needs: tell in unless, in en and fr, what is missing when it is not assessed"


def _body(detection: Detection) -> Iterator[str]:
    match detection.body:
        case SqlBody(sql):
            yield from _sql(detection, sql)
        case AnalysisBody() as body:
            try:
                body.function()
            except ContentError as error:
                yield str(error)
        case SigmaBody(rule):
            yield from _condition(rule.condition)
        case CorrelationBody(rules, correlations):
            for rule in rules:
                yield from (f"{rule.name or rule.id}: {problem}" for problem in _condition(rule.condition))
            yield from _correlation(detection, correlations[-1].group_by)


def _sql(detection: Detection, sql: str) -> Iterator[str]:
    with Tables.of_arrow({}) as tables:
        try:
            columns = tables.result_columns(sql)
        except QueryError as error:
            yield f"sql: {error}"
            return
    for column in _RESULT_COLUMNS:
        if column not in columns:
            yield f"sql: the result has no column {column}"
    for kind, column in detection.subjects:
        if column not in columns:
            yield f"wardround.subjects.{kind}: {column} is not a column of the result"
    for name in placeholders(detection.summary.values()):
        if name not in columns:
            yield f"wardround.summary: {{{name}}} is neither a column of the result nor events, first, last"
    if _NOT_REPEATABLE.search(sql):
        yield "sql: the result may not depend on the clock or on chance"


def _condition(condition: Condition) -> Iterator[str]:
    for predicate in _predicates(condition):
        if predicate.operator in ("contains", "startswith", "endswith") and predicate.value == "":
            yield f"detection: {predicate.field}: an empty {predicate.operator} matches everything"
        elif predicate.operator == "wildcard" and not str(predicate.value).strip("*"):
            yield f"detection: {predicate.field}: a lone wildcard matches everything; use exists"
        elif predicate.field is None and len(str(predicate.value).strip("*")) < 4:
            yield f"detection: the keyword {predicate.value!r} is too short to mean anything"


def _predicates(condition: Condition) -> Iterator[Predicate]:
    match condition:
        case Predicate():
            yield condition
        case And(children) | Or(children):
            for child in children:
                yield from _predicates(child)
        case Not(child):
            yield from _predicates(child)


def _correlation(detection: Detection, group_by: tuple[str, ...]) -> Iterator[str]:
    known = {*group_by, "value"}
    for kind, column in detection.subjects:
        if column not in group_by:
            yield f"wardround.subjects.{kind}: {column} is not a group-by field of the correlation"
    for name in placeholders(detection.summary.values()):
        if name not in known:
            yield f"wardround.summary: {{{name}}} is neither a group-by field nor events, first, last, value"


def _tests(detection: Detection) -> Iterator[str]:
    results = [case.get("findings") for case in detection.tests]
    if not any(isinstance(result, int) and result > 0 for result in results):
        yield "wardround.tests: there is no case that must fire"
    if 0 not in results:
        yield "wardround.tests: there is no case that looks alike and must not fire (findings: 0)"
    names = [case.get("name") for case in detection.tests]
    if len(set(names)) != len(names):
        yield "wardround.tests: two cases have the same name"
