"""Incidents as the report tells them: a picture of the stages over time, the same in words, and why each finding belongs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from wardround.model import SEVERITIES
from wardround.report.document import Finding, ResultDocument, Texts, iso_time, nanoseconds
from wardround.report.incident_document import Incident, Stop
from wardround.report.texts import Language

_SECOND = 1_000_000_000
_WIDTH, _LEFT, _RIGHT, _TOP, _LANE, _MARK, _AXIS = 960, 258, 16, 24, 30, 14, 30
_NARROWEST = 6
_TICKS = 6

#: So many incidents, findings of a stage and marks of a picture are shown.
MOST, MOST_OF_STAGE, MOST_MARKS = 20, 12, 400


@dataclass(frozen=True, slots=True)
class Step:
    """A finding in its stage and why it belongs to what came before (empty for where a branch of the story begins)."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class StageTold:
    """A stage with its first findings; ``rest`` counts the others."""

    name: str
    first_ts: str
    steps: tuple[Step, ...]
    rest: int


@dataclass(frozen=True, slots=True)
class StopTold:
    """Where it could have been stopped: what was seen, the control and its advice, how long before the last harm began."""

    stop: Stop
    stage: str
    finding: str
    control: str
    advice: str
    left: str


@dataclass(frozen=True, slots=True)
class IncidentTold:
    """An incident, ready for the page; ``drawing`` is safe to embed, ``description`` says the same in words."""

    incident: Incident
    title: str
    summary: str
    dwell: str
    drawing: Markup
    description: str
    stages: tuple[StageTold, ...]
    stops: tuple[StopTold, ...]
    subjects: tuple[tuple[str, str], ...]


def told(document: ResultDocument, words: Language, most: int = MOST) -> list[IncidentTold]:
    """The first ``most`` incidents of a document that is fit to be shown, the gravest first."""
    findings = {found.id: found for found in document.findings}
    controls = {control.id: words.texts(control.texts) for control in document.controls}
    return [_told(incident, place, findings, controls, words) for place, incident in enumerate(document.incidents[:most], 1)]


def _told(
    incident: Incident, place: int, findings: dict[str, Finding], controls: dict[str, Texts], words: Language
) -> IncidentTold:
    # What no earlier finding leads to belongs here through the first later one that it leads to.
    reasons = {edge.earlier: words.note(edge.reason) for edge in reversed(incident.edges)}
    reasons |= {edge.later: words.note(edge.reason) for edge in incident.edges}
    stages = []
    for stage in incident.stages:
        known = [findings[name] for name in stage.findings if name in findings]
        steps = tuple(Step(found, reasons.get(found.id, "")) for found in known[:MOST_OF_STAGE])
        stages.append(StageTold(stage_name(stage.name, words), stage.first_ts, steps, len(stage.findings) - len(steps)))
    stops = tuple(
        StopTold(
            stop,
            stage_name(stop.stage, words),
            words.texts(findings[stop.finding].texts).title,
            controls[stop.control].title,
            controls[stop.control].summary,
            duration(stop.seconds_left, words),
        )
        for stop in incident.stops
        if stop.finding in findings and stop.control in controls
    )
    subjects: dict[str, list[str]] = {}
    for subject in incident.subjects:
        subjects.setdefault(subject.kind, []).append(subject.name)
    description = _description(incident, words)
    return IncidentTold(
        incident,
        words.note(incident.title),
        words.note(incident.summary),
        duration(incident.dwell_seconds, words),
        Markup(_drawing(incident, place, findings, description, words)),  # noqa: S704 - drawn by us, its texts escaped
        description,
        tuple(stages),
        stops,
        tuple((words.subject_kind(kind), ", ".join(names[:30])) for kind, names in subjects.items()),
    )


def stage_name(stage: str, words: Language) -> str:
    """A stage as the report names it."""
    _ = words.gettext
    names = {
        "entry": _("Entry"),
        "foothold": _("Foothold"),
        "credentials": _("Passwords taken"),
        "movement": _("Movement inside"),
        "exfiltration": _("Data taken"),
        "recovery": _("Protection and recovery destroyed"),
        "encryption": _("Encryption"),
        "care": _("Care affected"),
    }
    return names.get(stage, stage)


def duration(seconds: int, words: Language) -> str:
    """A length of time in one unit."""
    if seconds >= 2 * 86400:
        return words.counted("%(n)s day", "%(n)s days", round(seconds / 86400))
    if seconds >= 2 * 3600:
        return words.counted("%(n)s hour", "%(n)s hours", round(seconds / 3600))
    return words.counted("%(n)s minute", "%(n)s minutes", round(seconds / 60))


def _description(incident: Incident, words: Language) -> str:
    parts = [
        words.gettext("%(stage)s from %(first)s: %(findings)s.")
        % {
            "stage": stage_name(stage.name, words),
            "first": words.moment(stage.first_ts),
            "findings": words.counted("%(n)s finding", "%(n)s findings", len(stage.findings)),
        }
        for stage in incident.stages
    ]
    return " ".join(parts)


def _drawing(incident: Incident, place: int, findings: dict[str, Finding], description: str, words: Language) -> str:
    first = min([nanoseconds(stage.first_ts) for stage in incident.stages] or [nanoseconds(incident.first_ts)])
    last = nanoseconds(incident.last_ts)
    room = max((last - first) // 40, 60 * _SECOND)
    begin, end = first - room, last + room

    def x(ns: int) -> float:
        return round(_LEFT + (ns - begin) / (end - begin) * (_WIDTH - _LEFT - _RIGHT), 1)

    bottom = _TOP + _LANE * len(incident.stages)
    title = words.note(incident.title)
    drawn = [
        f'<svg class="timeline incident" viewBox="0 0 {_WIDTH} {bottom + _AXIS}" role="img" '
        f'aria-labelledby="incident-{place}-title incident-{place}-text">',
        f'<title id="incident-{place}-title">{escape(title)}</title>',
        f'<desc id="incident-{place}-text">{escape(description)}</desc>',
    ]
    if incident.harm_ts:
        at = x(nanoseconds(incident.harm_ts))
        label = escape(words.gettext("first harm"))
        drawn.append(f'<line class="axis" x1="{at}" x2="{at}" y1="16" y2="{bottom}"/>')
        drawn.append(f'<text class="tick middle" x="{min(max(at, _LEFT + 40), _WIDTH - 60)}" y="12">{label}</text>')
    path = []
    marks = 0
    for lane, stage in enumerate(incident.stages):
        y = _TOP + lane * _LANE
        drawn.append(f'<line class="grid" x1="0" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<text class="lane" x="0" y="{y + 19}">{escape(stage_name(stage.name, words))}</text>')
        path.append((x(nanoseconds(stage.first_ts)), y + _LANE / 2))
        shapes: dict[tuple[float, float], int] = {}
        for name in stage.findings:
            found = findings.get(name)
            if found is None or not found.first_ts or not found.last_ts:
                continue
            left = x(nanoseconds(found.first_ts))
            wide = round(max(_NARROWEST, x(nanoseconds(found.last_ts)) - left), 1)
            shapes[left, wide] = max(shapes.get((left, wide), 0), SEVERITIES.index(found.severity))
        for (left, wide), severity in sorted(shapes.items())[: MOST_MARKS - marks]:
            size = f'width="{wide}" height="{_MARK}" rx="2"'
            shape = f"mark {SEVERITIES[severity]} attack"
            drawn.append(f'<rect class="{shape}" x="{left}" y="{y + (_LANE - _MARK) / 2}" {size}/>')
        marks = min(MOST_MARKS, marks + len(shapes))
    drawn[3:3] = [
        f'<line class="axis" x1="{left}" y1="{top}" x2="{right}" y2="{low}"/>'
        for (left, top), (right, low) in itertools.pairwise(path)
    ]
    return "\n".join([*drawn, *_axis(begin, end, bottom, x), "</svg>"])


def _axis(begin: int, end: int, bottom: int, x: Callable[[int], float]) -> Sequence[str]:
    steps = [minutes * 60 * _SECOND for minutes in (1, 5, 10, 30, 60, 180, 360, 720, 1440, 2880, 10080, 20160, 43200)]
    step = next((step for step in steps if (end - begin) / step <= _TICKS), 525_600 * 60 * _SECOND)
    drawn = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>']
    tick = math.ceil(begin / step) * step
    while tick <= end:
        text = iso_time(tick) or ""
        label = text[5:10] if step >= 1440 * 60 * _SECOND else text[11:16] if text[11:16] != "00:00" else text[5:10]
        drawn.append(f'<line class="axis" x1="{x(tick)}" x2="{x(tick)}" y1="{bottom}" y2="{bottom + 4}"/>')
        drawn.append(f'<text class="tick middle" x="{x(tick)}" y="{bottom + 18}">{label}</text>')
        tick += step
    return drawn
