"""Incidents and causes as they stand in the result document."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from wardround import model
from wardround.report.document_parts import Strict, Subject

_Iso = Callable[[int | None], str | None]


class Stage(Strict):
    """A step of an incident and the ids of its findings, in the order of time."""

    name: str = Field(description="entry, foothold, credentials, movement, exfiltration, recovery, encryption or care")
    first_ts: str
    last_ts: str
    findings: list[str]


class Edge(Strict):
    """Why two findings (ids) belong together: through what, and the reason per language."""

    earlier: str
    later: str
    kind: str = Field(description="event, session, address, host, way, user, destination or pair")
    through: Subject
    reason: dict[str, str]


class Stop(Strict):
    """A moment at which the incident could have been stopped; ``exposures`` are findings that show the control missing."""

    ts: str
    stage: str
    finding: str
    control: str
    seconds_left: int = Field(description="From then to the last harm that began")
    exposures: list[str]


class Entrance(Strict):
    """A session through which the incident probably came in, and why it is thought to be the one, per language."""

    ts: str
    user: str
    source: str
    device: str
    reason: dict[str, str]


class Incident(Strict):
    """Findings that are one story; ``edges`` hold them together, ``links`` counts all that were found between them."""

    id: str
    severity: model.Severity
    confidence: model.Confidence
    title: dict[str, str]
    summary: dict[str, str]
    first_ts: str
    last_ts: str
    harm_ts: str | None
    dwell_seconds: int = Field(description="From the first sign to the first harm, or else to the last sign")
    stages: list[Stage]
    edges: list[Edge]
    links: int
    subjects: list[Subject]
    findings: list[str]
    supporting: list[str] = Field(description="Findings that fit but chain nothing")
    patterns: list[str]
    entrances: list[Entrance] = Field(description="When no finding shows the way in: sessions that probably were it")
    stops: list[Stop] = Field(description="Where it could have been stopped; the first is the earliest moment")


class Reason(Strict):
    """An exposure (id of its finding) and why it belongs to the attack."""

    finding: str
    reason: dict[str, str]


class Cause(Strict):
    """What made the attack of a finding possible: exposures, controls they show missing, exposures that were not assessed."""

    finding: str
    exposures: list[Reason]
    missing: list[str]
    unseen: list[str]


class SheetLine(Strict):
    """A line of the first-hour sheet: subject, its role, what to do per language, and the findings (ids) it stands on."""

    subject: Subject
    role: str
    text: dict[str, str]
    findings: list[str]


class FirstHour(Strict):
    """What to do in the first hour of an incident (its id); ``unknown`` says what the evidence does not tell."""

    incident: str
    isolate: list[SheetLine]
    block: list[SheetLine]
    keep: list[SheetLine]
    accounts: list[SheetLine]
    preserve: list[SheetLine]
    call: list[SheetLine]
    unknown: list[dict[str, str]]


def incident(told: model.Incident, iso: _Iso) -> Incident:
    """An incident for the document; ``iso`` writes a time."""
    return Incident(
        id=told.id,
        severity=told.severity,
        confidence=told.confidence,
        title=dict(told.title),
        summary=dict(told.summary),
        first_ts=iso(told.first_ts) or "",
        last_ts=iso(told.last_ts) or "",
        harm_ts=iso(told.harm_ts),
        dwell_seconds=told.dwell_seconds,
        stages=[
            Stage(
                name=stage.name,
                first_ts=iso(stage.first_ts) or "",
                last_ts=iso(stage.last_ts) or "",
                findings=list(stage.findings),
            )
            for stage in told.stages
        ],
        edges=[
            Edge(
                earlier=edge.earlier,
                later=edge.later,
                kind=edge.kind,
                through=_named(edge.through),
                reason=dict(edge.reason),
            )
            for edge in told.edges
        ],
        links=told.links,
        subjects=[_named(subject) for subject in told.subjects],
        findings=list(told.findings),
        supporting=list(told.supporting),
        patterns=list(told.patterns),
        entrances=[
            Entrance(
                ts=iso(entrance.ts) or "",
                user=entrance.user,
                source=entrance.source,
                device=entrance.device,
                reason=dict(entrance.reason),
            )
            for entrance in told.entrances
        ],
        stops=[
            Stop(
                ts=iso(stop.ts) or "",
                stage=stop.stage,
                finding=stop.finding,
                control=stop.control,
                seconds_left=stop.seconds_left,
                exposures=list(stop.exposures),
            )
            for stop in told.stops
        ],
    )


def cause(told: model.Cause) -> Cause:
    """A cause for the document."""
    exposures = [Reason(finding=finding, reason=dict(reason)) for finding, reason in told.exposures]
    return Cause(finding=told.finding, exposures=exposures, missing=list(told.missing), unseen=list(told.unseen))


def first_hour(told: model.FirstHour) -> FirstHour:
    """A first-hour sheet for the document."""

    def lines(given: tuple[model.SheetLine, ...]) -> list[SheetLine]:
        return [
            SheetLine(subject=_named(one.subject), role=one.role, text=dict(one.text), findings=list(one.findings))
            for one in given
        ]

    return FirstHour(
        incident=told.incident,
        isolate=lines(told.isolate),
        block=lines(told.block),
        keep=lines(told.keep),
        accounts=lines(told.accounts),
        preserve=lines(told.preserve),
        call=lines(told.call),
        unknown=[dict(text) for text in told.unknown],
    )


def _named(subject: model.Subject) -> Subject:
    return Subject(kind=subject.kind, name=subject.name)
