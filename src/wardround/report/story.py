"""What the first screen says: three sentences, the counts, the first actions; and the chapters below them.

Nothing here knows a format. The rule that matters most: what was *not assessed* is never told as if it were clean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wardround.model import SEVERITIES, THREATS, Severity
from wardround.report.document import Coverage, Finding, ResultDocument, threat_place
from wardround.report.incident_document import Incident
from wardround.report.safe import shorten
from wardround.report.texts import Language

#: What a finding of each severity weighs when actions are ranked: one step up outweighs two of the step below.
_WEIGHTS: dict[Severity, int] = {"info": 0, "low": 1, "medium": 3, "high": 9, "critical": 27}
_SERIOUS = ("high", "critical")
_NAMED_THREATS = 4

#: A sentence stays a sentence, whatever evidence calls itself.
_LONGEST_NAME = 100

#: Threats that stop or falsify care, or publish records; the others are ways to get there.
_MOST_HARM = ("patient_safety", "ransomware", "record_leak")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One of the three sentences of the first screen: its question and the answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Action:
    """A control to start with: title, advice, and the detections whose findings it would have avoided."""

    control: str
    title: str
    advice: str
    detections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A threat with its findings (worst first) and what its detections could say."""

    threat: str
    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]

    def counted(self, result: str) -> int:
        """How many of its detections had that result."""
        return sum(row.result == result for row in self.coverage)


def sentences(document: ResultDocument, language: Language) -> tuple[Sentence, Sentence, Sentence]:
    """What is happening, what is possible, what could not be seen: one plain sentence each."""
    _ = language.gettext
    return (
        Sentence(_("What is happening"), _happening(document, language)),
        Sentence(_("What is possible"), _possible(document, language)),
        Sentence(_("What could not be seen"), _unseen(document, language)),
    )


def severity_counts(document: ResultDocument) -> dict[Severity, int]:
    """Findings per severity, the worst first."""
    return {level: sum(found.severity == level for found in document.findings) for level in reversed(SEVERITIES)}


def result_counts(document: ResultDocument) -> dict[str, int]:
    """Detections per result."""
    results = ("found", "not_found", "not_assessed")
    return {result: sum(row.result == result for row in document.coverage) for result in results}


def actions(document: ResultDocument, language: Language, limit: int = 5) -> list[Action]:
    """The controls of the plan, then those that would have avoided the most, by the worst severity of each detection."""
    worst: dict[str, dict[str, int]] = {}
    for found in document.findings:
        for control in found.controls:
            detections = worst.setdefault(control, {})
            weight = _WEIGHTS[found.severity]
            detections[found.detection] = max(weight, detections.get(found.detection, 0))
    planned = {step.control: place for place, step in enumerate(document.plan)}
    for control in planned:
        worst.setdefault(control, {})
    ranked = sorted(
        worst.items(), key=lambda item: (planned.get(item[0], len(planned)), -sum(item[1].values()), item[0])
    )  # fmt: skip
    texts = {control.id: language.texts(control.texts) for control in document.controls}
    return [
        Action(control, texts[control].title, texts[control].summary, tuple(sorted(detections)))
        for control, detections in ranked[:limit]
        if control in texts
    ]


def chapters(document: ResultDocument) -> list[Chapter]:
    """Every threat in the order of the talk, then whatever else the findings name."""
    extra = {found.threat for found in document.findings} | {row.threat for row in document.coverage}
    return [
        Chapter(
            threat,
            tuple(found for found in document.findings if found.threat == threat),
            tuple(row for row in document.coverage if row.threat == threat),
        )
        for threat in sorted({*THREATS, *extra}, key=threat_place)
    ]


def verdict(chapter: Chapter, language: Language) -> str:
    """What can be said of one threat, in a sentence that never tells *not assessed* as clean."""
    attacks = sum(found.kind == "attack" and found.severity != "info" for found in chapter.findings)
    weaknesses = sum(found.kind == "exposure" and found.severity != "info" for found in chapter.findings)
    missed = chapter.counted("not_assessed")
    found = [
        language.counted("%(n)s sign of an attack", "%(n)s signs of an attack", attacks) if attacks else "",
        language.counted("%(n)s weakness", "%(n)s weaknesses", weaknesses) if weaknesses else "",
    ]
    told = language.listed([part for part in found if part])
    if not chapter.coverage and not told:
        return language.gettext("Not looked at: there is no check for this threat.")
    if missed == len(chapter.coverage) and not told:
        return language.gettext("Not looked at: this evidence allowed none of its checks.")
    start = language.gettext("Found: %(what)s.") % {"what": told} if told else language.gettext("Nothing was found.")
    if not missed:
        return f"{start} {language.gettext('Every check of it could be made.')}"
    rest = language.counted(
        "%(n)s of its checks could not be made, so this is not the whole picture.",
        "%(n)s of its checks could not be made, so this is not the whole picture.",
        missed,
    )
    return f"{start} {rest}"


def period(document: ResultDocument) -> tuple[str, str] | None:
    """First and last event of all evidence, None when no event has a time."""
    first = [piece.first_ts for piece in document.evidence if piece.first_ts]
    last = [piece.last_ts for piece in document.evidence if piece.last_ts]
    return (min(first), max(last)) if first and last else None


def _happening(document: ResultDocument, language: Language) -> str:
    attacks = [found for found in document.findings if found.kind == "attack" and found.severity != "info"]
    checks = [row for row in document.coverage if row.kind == "attack"]
    looked_at = {row.threat for row in checks if row.result != "not_assessed"}
    missed = {row.threat for row in checks if row.result == "not_assessed"}
    unseen = [threat for threat in THREATS if threat in missed or threat not in looked_at]
    told = [incident for incident in document.incidents if incident.severity in _SERIOUS]
    if attacks and told:
        return _incident(told, attacks, language)
    if attacks:
        return _attacked(attacks, document, language)
    if not looked_at:
        return language.gettext(
            "Whether an attack is under way is not known: this evidence allowed none of the checks that would tell."
        )
    if unseen:
        return language.gettext(
            "No sign of an attack was found in what was looked at, which leaves open, wholly or in part: %(threats)s."
        ) % {"threats": language.listed([language.threat(threat) for threat in unseen])}
    return language.gettext("No sign of an attack was found, and every check for one could be made on this evidence.")


def _incident(incidents: Sequence[Incident], attacks: Sequence[Finding], language: Language) -> str:
    """The gravest incident, what else there is, and how much stands behind it."""
    gravest = incidents[0]
    facts = {
        "incident": language.note(gravest.title),
        "first": language.moment(gravest.first_ts),
        "last": language.moment(gravest.last_ts),
        "start": _counted_signs(attacks, language),
        "threats": _named(_threats(attacks), language),
    }
    sentence = language.gettext("%(incident)s, from %(first)s to %(last)s; %(start)s (%(threats)s).") % facts
    if len(incidents) == 1:
        return sentence
    more = language.counted("%(n)s more incident is told below.", "%(n)s more incidents are told below.", len(incidents) - 1)
    return f"{sentence} {more}"


def _counted_signs(attacks: Sequence[Finding], language: Language) -> str:
    serious = sum(found.severity in _SERIOUS for found in attacks)
    if serious:
        return language.counted(
            "%(n)s serious sign of an attack was found",
            "%(n)s serious signs of an attack were found",
            serious,
        )
    return language.counted(
        "%(n)s minor sign of an attack was found", "%(n)s minor signs of an attack were found", len(attacks)
    )


def _attacked(attacks: Sequence[Finding], document: ResultDocument, language: Language) -> str:
    gravest = [found for found in attacks if found.severity == attacks[0].severity]
    facts = {
        "start": _counted_signs(attacks, language),
        "threats": _named(_threats(attacks), language),
        "worst": _named_finding(min(gravest, key=_harm), document, language),
    }
    last = max(found.last_ts or "" for found in attacks)
    if not last:
        return language.gettext("%(start)s (%(threats)s), above all %(worst)s.") % facts
    message = language.gettext("%(start)s (%(threats)s), above all %(worst)s; the last sign dates from %(when)s.")
    return message % {**facts, "when": language.moment(last)}


def _harm(found: Finding) -> tuple[int, str, str]:
    """Sort key: among findings of one severity, those that cost most care come first."""
    place = _MOST_HARM.index(found.threat) if found.threat in _MOST_HARM else len(_MOST_HARM)
    return place, found.detection, found.id


def _possible(document: ResultDocument, language: Language) -> str:
    weaknesses = [found for found in document.findings if found.kind == "exposure"]
    checks = [row for row in document.coverage if row.kind == "exposure"]
    assessed = sum(row.result != "not_assessed" for row in checks)
    if weaknesses:
        start = language.counted(
            "%(n)s weakness would help an attacker", "%(n)s weaknesses would help an attacker", len(weaknesses)
        )
        return language.gettext("%(start)s (%(threats)s), above all %(worst)s.") % {
            "start": start,
            "threats": _named(_threats(weaknesses), language),
            "worst": _named_finding(weaknesses[0], document, language),
        }
    if not assessed:
        return language.gettext(
            "What an attacker could use is not known: this evidence allowed none of the checks that would tell."
        )
    return language.counted(
        "No weakness was found by the %(n)s check that could be made, which does not prove that there is none.",
        "No weakness was found by the %(n)s checks that could be made, which does not prove that there is none.",
        assessed,
    )


def _unseen(document: ResultDocument, language: Language) -> str:
    unread = _unread(document, language)
    missed = [row for row in document.coverage if row.result == "not_assessed"]
    whole, part = _blind(document)
    if not whole and not part:
        message = language.gettext("Every check could be made; what left no trace in this evidence stays unseen%(unread)s.")
        return message % {"unread": unread}
    if missed:
        start = language.ngettext(
            "%(missed)s of %(all)s checks could not be made for want of evidence",
            "%(missed)s of %(all)s checks could not be made for want of evidence",
            len(missed),
        ) % {"missed": language.number(len(missed)), "all": language.number(len(document.coverage))}
    elif document.coverage:
        start = language.gettext("Every check that wardround has could be made")
    else:
        start = language.gettext("No check was made")
    if whole and part:
        told = language.gettext("nothing can be said of %(whole)s, and only part of %(part)s")
    elif whole:
        told = language.gettext("nothing can be said of %(whole)s")
    else:
        told = language.gettext("only part can be said of %(part)s")
    names = {"whole": language.listed([language.threat(threat) for threat in whole]), "part": _named(part, language)}
    return language.gettext("%(start)s: %(told)s%(unread)s.") % {"start": start, "told": told % names, "unread": unread}


def _blind(document: ResultDocument) -> tuple[list[str], list[str]]:
    """The threats of which nothing could be assessed (those that no check covers among them), and those of a part.

    The latter begin with those of which the least could be seen, because a sentence names only the first.
    """
    whole: list[str] = []
    part: list[tuple[float, str]] = []
    for chapter in chapters(document):
        missed = chapter.counted("not_assessed")
        if missed == len(chapter.coverage) and chapter.threat in THREATS:
            whole.append(chapter.threat)
        elif missed:
            part.append((-missed / len(chapter.coverage), chapter.threat))
    part.sort(key=lambda row: row[0])
    return whole, [threat for _, threat in part]


def _unread(document: ResultDocument, language: Language) -> str:
    damaged = {problem.source for problem in document.diagnostics if not problem.recovered}
    damaged |= {piece.path for piece in document.evidence if not piece.reader}
    if not damaged:
        return ""
    return language.counted(
        "; %(n)s file could not be read, or not to its end",
        "; %(n)s files could not be read, or not to their end",
        len(damaged),
    )


def _threats(rows: Sequence[Finding | Coverage]) -> list[str]:
    """The threats of the rows, those of the first rows first."""
    return list(dict.fromkeys(row.threat for row in rows))


def _named(threats: Sequence[str], language: Language) -> str:
    names = [language.threat(threat) for threat in threats]
    if len(names) > _NAMED_THREATS + 1:
        rest = len(names) - _NAMED_THREATS
        names = [*names[:_NAMED_THREATS], language.counted("%(n)s other threat", "%(n)s other threats", rest)]
    return language.listed(names)


def _named_finding(found: Finding, document: ResultDocument, language: Language) -> str:
    """The title of a finding and whom it is about; a machine by its name, where only its address is known to the finding."""
    title = language.quoted(shorten(language.texts(found.texts).title, _LONGEST_NAME))
    if not found.subjects:
        return title
    names = {address: asset.name for asset in document.assets for address in asset.addresses}
    named = [
        subject.model_copy(update={"name": names[subject.name]}) if subject.name in names else subject
        for subject in found.subjects[:2]
    ]
    return f"{title} ({shorten(language.subjects(named), _LONGEST_NAME)})"
