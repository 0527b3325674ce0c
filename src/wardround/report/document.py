"""The result document: everything a round found out, in both languages, as it stands in ``round.json``.

Every renderer is a pure function of this document and a language, so that a round can be told again in another format or
language without its evidence. Times are ISO 8601 text in UTC (``2026-03-02T08:00:00.123456789Z``; a fraction only where
there is one).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wardround import model
from wardround.care.controls import controls as known_controls
from wardround.errors import UserError
from wardround.report import care_document, incident_document, mail_document, safe
from wardround.report.changes_document import Changes, RoundSummary
from wardround.report.document_parts import Subject as Subject
from wardround.report.document_parts import Texts as Texts

SCHEMA_ID = "urn:wardround:schema:round:1"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NANOSECONDS = 1_000_000_000
_THREAT_ORDER = {threat: place for place, threat in enumerate(model.THREATS)}
_SEVERITY_ORDER = {severity: -place for place, severity in enumerate(model.SEVERITIES)}
_RESULT_ORDER = {"found": 0, "not_assessed": 1, "not_found": 2}

#: Characters that JSON allows raw but that act on a terminal or hide text; ``\\u`` escapes keep them without harm.
_RAW_HAZARDS = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pointer(_Strict):
    """Where the proof is: path of the evidence and record in it; ``table`` holds the row, ``ts`` says when."""

    evidence_id: str
    path: str
    table: str
    record: int
    ts: str | None = None


class Finding(_Strict):
    """A detection that fired on named subjects; ``title`` is English, ``texts`` has every language."""

    id: str
    detection: str
    threat: str
    kind: model.Kind
    severity: model.Severity
    confidence: model.Confidence
    title: str
    texts: dict[str, Texts]
    first_ts: str | None
    last_ts: str | None
    events: int
    subjects: list[Subject]
    evidence: list[Pointer]
    techniques: list[str]
    controls: list[str]
    details: dict[str, str]


class Coverage(_Strict):
    """What a detection could say of this evidence; ``reason`` is English and tells why it was not assessed."""

    detection: str
    threat: str
    kind: model.Kind
    title: str
    result: model.CoverageResult
    reason: str
    texts: dict[str, Texts] = Field(description="Per language: title, and the reason as summary")
    controls: list[str] = Field(default=[], description="What would avoid what it looks for")


class Rule(_Strict):
    """A Sigma rule that the user added and what became of it."""

    rule_id: str
    title: str
    level: str
    path: str
    status: Literal["matched", "not_matched", "not_assessed", "unusable"]
    reason: str
    matches: int


class Evidence(_Strict):
    """One piece of evidence: identity, what it is and what was read from it."""

    evidence_id: str
    path: str
    sha256: str
    format: str
    reader: str
    bytes: int
    records: int
    diagnostics: int
    first_ts: str | None
    last_ts: str | None


class Diagnostic(_Strict):
    """A problem with evidence: what could not be (fully) read. ``offset`` is -1 when unknown."""

    evidence_id: str
    source: str
    offset: int
    code: str
    message: str
    recovered: bool
    count: int


class Control(_Strict):
    """A measure that findings refer to, with its title and advice (``summary``) per language."""

    id: str
    texts: dict[str, Texts]


class Role(_Strict):
    """What a host is, how sure that is, whether the site file says so, and why it is believed, per language."""

    name: str
    confidence: model.Confidence
    stated: bool
    reasons: list[dict[str, str]]
    evidence: list[Pointer]


class Asset(_Strict):
    """A host and what it says of itself; its roles with the surest first, one that the site file states before them all."""

    name: str
    addresses: list[str]
    zone: str
    critical: bool
    ae_titles: list[str]
    roles: list[Role]
    details: dict[str, str] = Field(description="What its programs say of themselves: implementation, device")


class ApplicationEntity(_Strict):
    """An AE title at an address as it was seen; ``stated`` says whether the site file knows it."""

    title: str
    address: str
    port: int | None
    operations: list[str]
    destinations: list[str]
    associations: int
    first_ts: str | None
    last_ts: str | None
    stated: bool


class Activity(_Strict):
    """Events of one table in one hour."""

    hour: str
    table: str
    events: int


class ResultDocument(_Strict):
    """A round, told. ``created`` is the only part that two runs on the same evidence do not share."""

    schema_version: Literal[1] = 1
    version: str = Field(description="Version of wardround")
    created: str
    site: str = Field(description="Name of the hospital or site, empty when none was given")
    attack_version: str = Field(description="Version of MITRE ATT&CK of the techniques")
    findings: list[Finding]
    coverage: list[Coverage]
    rules: list[Rule]
    evidence: list[Evidence]
    diagnostics: list[Diagnostic]
    controls: list[Control]
    tables: dict[str, int] = Field(description="Rows read, per table")
    timeline: list[Activity]
    notes: list[dict[str, str]] = Field(description="Remarks on what the round inferred or could not know, per language")
    assets: list[Asset] = []
    application_entities: list[ApplicationEntity] = []
    services: list[care_document.Service] = []
    incidents: list[incident_document.Incident] = []
    causes: list[incident_document.Cause] = []
    first_hours: list[incident_document.FirstHour] = []
    changes: Changes | None = Field(default=None, description="What differs from the earlier round that was named")
    rounds: list[RoundSummary] = Field(default=[], description="The rounds of this site so far, this one last")
    impact: care_document.Impact | None = None
    plan: list[care_document.PlanStep] = []
    mail: mail_document.JudgedMail | None = None


ATTACK_VERSION = "19"


def build(round_: model.Round) -> ResultDocument:
    """Tell a round: the worst findings first, coverage in the order of the threats."""
    findings = sorted((_finding(found) for found in round_.findings), key=_finding_order)
    coverage = sorted((_coverage(row) for row in round_.coverage), key=_coverage_order)
    document = ResultDocument(
        version=round_.version,
        created=iso_time(round_.created) or "",
        site=round_.site,
        attack_version=ATTACK_VERSION,
        findings=findings,
        coverage=coverage,
        rules=[Rule(**_values(rule)) for rule in round_.rules],
        evidence=[_evidence(piece) for piece in round_.evidence],
        diagnostics=[Diagnostic(**_values(problem)) for problem in round_.diagnostics],
        controls=_controls([*(name for found in findings for name in found.controls), *(step.control for step in round_.plan)]),
        tables=dict(sorted(round_.table_rows.items())),
        timeline=[Activity(hour=iso_time(hour) or "", table=table, events=n) for hour, table, n in round_.timeline],
        notes=[dict(note) for note in round_.notes],
        assets=[_asset(asset) for asset in round_.assets],
        application_entities=[_entity(entity) for entity in round_.application_entities],
        services=[care_document.service(found) for found in round_.services],
        incidents=[incident_document.incident(incident, iso_time) for incident in round_.incidents],
        causes=[incident_document.cause(cause) for cause in round_.causes],
        first_hours=[incident_document.first_hour(sheet) for sheet in round_.first_hours],
        impact=care_document.impact(round_.impact),
        plan=[care_document.step(step) for step in round_.plan],
        mail=mail_document.judged(round_.mail, iso_time),
    )
    return map_texts(document, safe.encodable)


def to_json(value: BaseModel | dict[str, Any], *, indent: bool = False) -> bytes:
    """JSON text (UTF-8) in which no raw character can act on a terminal; the values are unchanged by that."""
    plain = value.model_dump(mode="python") if isinstance(value, BaseModel) else value
    text = orjson.dumps(plain, option=orjson.OPT_INDENT_2 if indent else None).decode()
    return _RAW_HAZARDS.sub(lambda hit: f"\\u{ord(hit[0]):04x}", text).encode()


def from_json(data: bytes) -> ResultDocument:
    """Read ``round.json`` back; raises UserError when it is not a result document of this version."""
    try:
        return ResultDocument.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the document"
        raise UserError(
            f"this is not a round.json that this version can read: {place}: {first['msg']}",
            f"ce n’est pas un round.json que cette version sait lire\u00a0: {place}\u00a0: {first['msg']}",
        ) from error


def json_schema() -> bytes:
    """The JSON Schema of ``round.json``, as published in docs/schema."""
    schema = ResultDocument.model_json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return orjson.dumps({**head, **schema}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def presentable(document: ResultDocument, longest: int) -> ResultDocument:
    """The document as people may see it: every text visible, on one line and at most ``longest`` characters."""
    return map_texts(document, lambda text: safe.visible(safe.shorten(text, longest)))


def map_texts(document: ResultDocument, change: Callable[[str], str]) -> ResultDocument:
    """The same document with every text, keys of dictionaries included, passed through ``change``.

    Parts in which nothing changes are kept, not copied: most texts are harmless, and rounds can be long.
    """

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list):
            items = [walk(item) for item in value]
            return value if all(map(operator.is_, items, value)) else items
        if isinstance(value, dict):
            pairs = {change(key): walk(item) for key, item in value.items()}
            same = pairs.keys() == value.keys() and all(map(operator.is_, pairs.values(), value.values()))
            return value if same else pairs
        if isinstance(value, BaseModel):
            fields = value.__dict__
            changed = {name: new for name, old in fields.items() if (new := walk(old)) is not old}
            return value.model_copy(update=changed) if changed else value
        return value

    mapped: ResultDocument = walk(document)
    return mapped


def iso_time(ns: int | None) -> str | None:
    """ISO 8601 UTC text of nanoseconds since 1970, with 0, 3, 6 or 9 decimals, as many as it takes."""
    if ns is None:
        return None
    seconds, rest = divmod(ns, _NANOSECONDS)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    if rest:
        digits = f"{rest:09d}"
        while digits.endswith("000"):
            digits = digits[:-3]
        text = f"{text}.{digits}"
    return f"{text}Z"


def nanoseconds(text: str) -> int:
    """The reverse of :func:`iso_time`."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return int((moment - _EPOCH) / timedelta(seconds=1)) * _NANOSECONDS + int(fraction.ljust(9, "0") or 0)


def threat_place(threat: str) -> tuple[int, str]:
    """Sort key of a threat: its chapter; threats that are not chapters come last, by name."""
    return _THREAT_ORDER.get(threat, len(_THREAT_ORDER)), threat


def _values(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _finding(found: model.Finding) -> Finding:
    return Finding(
        id=found.id,
        detection=found.detection,
        threat=found.threat,
        kind=found.kind,
        severity=found.severity,
        confidence=found.confidence,
        title=_english(found.title, found.detection),
        texts=_texts(found.title, found.summary, found.detection),
        first_ts=iso_time(found.first_ts),
        last_ts=iso_time(found.last_ts),
        events=found.events,
        subjects=[Subject(kind=subject.kind, name=subject.name) for subject in found.subjects],
        evidence=[_pointer(pointer) for pointer in found.evidence],
        techniques=list(found.techniques),
        controls=list(found.controls),
        details=dict(found.details),
    )


def _pointer(pointer: model.Pointer) -> Pointer:
    return Pointer(**{**_values(pointer), "ts": iso_time(pointer.ts)})


def _asset(asset: model.Asset) -> Asset:
    roles = [
        Role(
            name=role.name,
            confidence=role.confidence,
            stated=role.stated,
            reasons=[dict(reason) for reason in role.reasons],
            evidence=[_pointer(pointer) for pointer in role.evidence],
        )
        for role in asset.roles
    ]
    lists = {"addresses": list(asset.addresses), "ae_titles": list(asset.ae_titles), "roles": roles}
    return Asset(**{**_values(asset), **lists})


def _entity(entity: model.ApplicationEntity) -> ApplicationEntity:
    lists = {"operations": list(entity.operations), "destinations": list(entity.destinations)}
    times = {"first_ts": iso_time(entity.first_ts), "last_ts": iso_time(entity.last_ts)}
    return ApplicationEntity(**{**_values(entity), **lists, **times})


def _coverage(row: model.Coverage) -> Coverage:
    return Coverage(
        detection=row.detection,
        threat=row.threat,
        kind=row.kind,
        title=_english(row.title, row.detection),
        result=row.result,
        reason=_english(row.reason, ""),
        texts=_texts(row.title, row.reason, row.detection),
        controls=list(row.controls),
    )


def _evidence(piece: model.Evidence) -> Evidence:
    times = {"first_ts": iso_time(piece.first_ts), "last_ts": iso_time(piece.last_ts)}
    return Evidence(**{**_values(piece), **times})


def _texts(title: dict[str, str], summary: dict[str, str], otherwise: str) -> dict[str, Texts]:
    languages = sorted({"en", *title, *summary})
    return {
        language: Texts(
            title=title.get(language) or _english(title, otherwise),
            summary=summary.get(language) or _english(summary, ""),
        )
        for language in languages
    }


def _english(texts: dict[str, str], otherwise: str) -> str:
    return texts.get("en") or next(iter(texts.values()), "") or otherwise


def _controls(identifiers: Iterable[str]) -> list[Control]:
    """The controls referred to; one that wardround does not know is kept under its bare id."""
    known = known_controls()
    found = []
    for identifier in sorted(set(identifiers)):
        if control := known.get(identifier):
            texts = {
                language: Texts(title=control.title[language], summary=control.advice[language])
                for language in sorted(control.title)
            }
        else:
            texts = {"en": Texts(title=identifier)}
        found.append(Control(id=identifier, texts=texts))
    return found


def _finding_order(found: Finding) -> tuple[int, bool, bool, str, str]:
    """The worst first, attacks before weaknesses, and then as the story went."""
    return _SEVERITY_ORDER[found.severity], found.kind != "attack", not found.first_ts, found.first_ts or "", found.id


def _coverage_order(row: Coverage) -> tuple[tuple[int, str], bool, str]:
    return threat_place(row.threat), row.kind != "exposure", row.detection
