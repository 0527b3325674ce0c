"""From what a detection hit to findings: one per tuple of subjects, with an id that the next round gives again."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wardround.detect import wording
from wardround.detect.detection import Detection
from wardround.model import SEVERITIES, Confidence, Finding, Kind, Pointer, Severity, Subject
from wardround.site import Site, parse_address

#: A finding shows so many pointers to evidence rows; ``events`` counts all.
POINTERS = 10

#: Longer values are cut where they are shown.
_SHOWN_CHARACTERS = 300

_UNKNOWN = {"en": "unknown", "fr": "inconnu"}


@dataclass(frozen=True, slots=True)
class Hit:
    """What a detection hit: values by column name, times in ns UTC, and pointers (table, evidence_id, record, ts)."""

    values: Mapping[str, Any]
    first_ts: int | None
    last_ts: int | None
    events: int
    evidence: tuple[tuple[str, str, int, int | None], ...]
    level: Severity | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """What all findings of one detection share; ``subjects`` are pairs of subject kind and column."""

    detection: str
    threat: str
    kind: Kind
    severity: Severity
    confidence: Confidence
    title: dict[str, str]
    summary: dict[str, str]
    subjects: tuple[tuple[str, str], ...]
    techniques: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)


def template_of(detection: Detection) -> Template:
    """The template of a shipped detection."""
    return Template(
        detection=detection.name,
        threat=detection.threat,
        kind=detection.kind,
        severity=detection.level,
        confidence=detection.confidence,
        title=detection.title,
        summary=detection.summary,
        subjects=detection.subjects,
        techniques=detection.techniques,
        controls=detection.controls,
    )


def present(value: Any) -> str:
    """A value as text; empty when it is absent: null, empty or a hyphen. IPv4 addresses mapped into IPv6 become IPv4."""
    text = "" if value is None else str(value).strip()
    if text == "-":
        return ""
    if text.lower().startswith("::ffff:") and "." in text:
        address = parse_address(text)
        return text if address is None else str(address)
    return text


def findings_of(template: Template, hits: Iterable[Hit], paths: Mapping[str, str], site: Site) -> list[Finding]:
    """One finding per distinct tuple of subjects among the hits; ``paths`` gives the path of an evidence id."""
    grouped: dict[tuple[tuple[str, str], ...], list[Hit]] = {}
    for hit in hits:
        subjects = [(kind, present(hit.values.get(column))) for kind, column in template.subjects]
        key = tuple(sorted((kind, name.casefold()) for kind, name in subjects if name))
        grouped.setdefault(key, []).append(hit)
    return [_finding(template, key, group, paths, site) for key, group in sorted(grouped.items())]


def identity(detection: str, subjects: Iterable[tuple[str, str]]) -> str:
    """The id of a finding: depends on the detection and the subjects (kind, name), not on case, order, time or evidence."""
    text = "\x00".join([detection, *sorted(f"{kind}\x01{name.casefold()}" for kind, name in subjects)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def merge(hits: Sequence[Hit]) -> Hit:
    """Hits on the same subjects as one; values are those of the earliest."""
    if len(hits) == 1:
        return hits[0]
    ordered = sorted(hits, key=lambda hit: (hit.first_ts is None, hit.first_ts or 0, str(sorted(hit.values.items(), key=str))))
    levels = [hit.level for hit in ordered if hit.level is not None]
    confidences = [hit.confidence for hit in ordered if hit.confidence is not None]
    return Hit(
        values=ordered[0].values,
        first_ts=min((hit.first_ts for hit in ordered if hit.first_ts is not None), default=None),
        last_ts=max((hit.last_ts for hit in ordered if hit.last_ts is not None), default=None),
        events=sum(hit.events for hit in ordered),
        evidence=tuple({pointer: None for hit in ordered for pointer in hit.evidence}),
        level=max(levels, key=SEVERITIES.index) if levels else None,
        confidence=max(confidences, key=_CONFIDENCES.index) if confidences else None,
    )


_CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")


def time_text(ts: int | None) -> str:
    """A time for people: UTC to the second; empty without one or when it is out of the calendar."""
    if ts is None:
        return ""
    try:
        moment = datetime.datetime.fromtimestamp(ts // 1_000_000_000, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _finding(
    template: Template, key: tuple[tuple[str, str], ...], hits: Sequence[Hit], paths: Mapping[str, str], site: Site
) -> Finding:
    hit = merge(hits)
    subjects = tuple(
        Subject(kind, name[:_SHOWN_CHARACTERS])
        for kind, column in template.subjects
        if (name := present(hit.values.get(column)))
    )
    evidence = sorted(hit.evidence, key=lambda item: (item[3] is None, item[3] or 0, item[0], item[1], item[2]))
    finding = Finding(
        id=identity(template.detection, key),
        detection=template.detection,
        threat=template.threat,
        kind=template.kind,
        severity=hit.level or template.severity,
        confidence=hit.confidence or template.confidence,
        title=template.title,
        summary={language: _filled(text, hit, language) for language, text in template.summary.items()},
        first_ts=hit.first_ts,
        last_ts=hit.last_ts,
        subjects=subjects,
        evidence=tuple(
            Pointer(evidence_id, paths.get(evidence_id, ""), table, record, ts)
            for table, evidence_id, record, ts in evidence[:POINTERS]
        ),
        events=hit.events,
        techniques=template.techniques,
        controls=template.controls,
        details=dict(template.details),
    )
    return _excepted(finding, key, site)


def _excepted(finding: Finding, subjects: tuple[tuple[str, str], ...], site: Site) -> Finding:
    """Under a declared exception a finding stays visible, as information. Without a time no exception can be in force."""
    if finding.last_ts is None or not time_text(finding.last_ts):
        return finding
    day = datetime.datetime.fromtimestamp(finding.last_ts // 1_000_000_000, datetime.UTC).date()
    exception = site.exception_for(finding.detection, list(subjects), day)
    if exception is None:
        return finding
    told = f"{exception.reason} ({exception.owner}, {exception.expires.isoformat()})"
    return replace(finding, severity="info", details={**finding.details, "exception": told})


#: What is not, and what is so.
_YES_NO = {"en": ("no", "yes"), "fr": ("non", "oui")}


def _filled(text: str, hit: Hit, language: str) -> str:
    known = {"events": str(hit.events), "first": time_text(hit.first_ts), "last": time_text(hit.last_ts)}

    def shown(name: str) -> str:
        return (known[name] if name in known else _shown(hit.values.get(name), language)) or _UNKNOWN[language]

    return wording.fill(text, shown, language)


def _shown(value: Any, language: str) -> str:
    if isinstance(value, list):
        value = ", ".join(present(item) for item in value[:20])
    if isinstance(value, bool):
        return _YES_NO[language][value]
    if isinstance(value, float):
        value = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
        value = value.replace(".", "," if language == "fr" else ".")
    text = present(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
