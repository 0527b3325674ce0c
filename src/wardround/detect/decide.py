"""Deciding: what the detections say of the tables, as findings, coverage and the state of the user's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from wardround import store
from wardround.detect import coverage, freshness, severity
from wardround.detect.correlate import Correlator
from wardround.detect.detection import AnalysisBody, CorrelationBody, Detection, SigmaBody, SqlBody, techniques_of
from wardround.detect.evidence_paths import EvidencePaths
from wardround.detect.findings import Hit, Template, findings_of, template_of
from wardround.detect.matched import Matched
from wardround.detect.relations import THREADS
from wardround.detect.rule import Correlation, ParsedRules, Rule
from wardround.detect.sql import MAX_HITS, analysis_hits, sql_hits
from wardround.detect.tables import QueryError, Tables
from wardround.detect.wording import placeholders
from wardround.errors import ContentError
from wardround.model import Coverage, Diagnostic, Finding, RuleStatus
from wardround.site import Site

#: The chapter of findings of users' rules, which follow no threat of ours.
OTHER_THREAT = "other"

#: Tables of so few bytes of Parquet are asked by several deciders at a time. What queries cost is then mostly to be planned,
#: which DuckDB does on one core; of larger tables one query at a time takes all of its threads and of its bound on memory.
SHARED_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Decision:
    """What the detections say; everything in a fixed order."""

    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    rules: tuple[RuleStatus, ...]
    diagnostics: tuple[Diagnostic, ...]
    knowledge: tuple[freshness.Knowledge, ...] = ()


def decide(
    tables: Tables | Path,
    detections: Sequence[Detection],
    user: ParsedRules,
    rules: Sequence[Rule],
    assessed: Iterable[bool],
    site: Site,
    narrow: store.Narrow | None = None,
) -> Decision:
    """Run every detection whose evidence is there.

    ``tables`` are the tables of the round, or the directory they are in; table ``match`` is among them. ``narrow`` are
    copies of their open tables that hold the columns which :func:`wardround.detect.asked.columns_asked` gives. ``user`` are the
    rules the user added. ``rules`` are all that the matcher ran, ours and the user's, and ``assessed`` says of each
    whether its log source selected any event.
    """
    if not isinstance(tables, Path):
        return _decide([tables], detections, user, rules, assessed, site)
    deciders = THREADS if sum(file.stat().st_size for file in tables.glob("*.parquet")) < SHARED_BYTES else 1
    with Tables.of_round(tables, site, narrow, THREADS // deciders) as opened:
        twins = [opened.twin() for _ in range(1, deciders)]
        return _decide([opened, *twins], detections, user, rules, assessed, site)


def _decide(
    opened: Sequence[Tables],
    detections: Sequence[Detection],
    user: ParsedRules,
    rules: Sequence[Rule],
    assessed: Iterable[bool],
    site: Site,
) -> Decision:
    """Decide with the same tables, opened once for each decider that is to work at a time."""
    seen = frozenset(rule.id for rule, was in zip(rules, assessed, strict=True) if was)
    deciders = [_Decider(tables, site, seen) for tables in opened]
    told = _each(deciders, detections)
    statuses, last = deciders[0].user_rules(user)
    told.append(last)
    user_ids = frozenset((*(rule.id for rule in user.rules), *(correlation.id for correlation in user.correlations)))
    findings = severity.weigh([finding for each in told for finding in each.findings], user_ids, site)
    findings.sort(key=lambda finding: (finding.detection, finding.id))
    covered = tuple(item for each in told for item in each.coverage)
    diagnostics = tuple(item for each in told for item in each.diagnostics)
    return Decision(tuple(findings), covered, tuple(statuses), diagnostics, freshness.knowledge(opened[0]))


def _each(deciders: Sequence[_Decider], detections: Sequence[Detection]) -> list[_Told]:
    """What every detection says, in their order; each decider does one at a time."""
    if len(deciders) == 1:
        return [deciders[0].detection(detection) for detection in detections]
    idle: SimpleQueue[_Decider] = SimpleQueue()
    for decider in deciders:
        idle.put(decider)

    def decided(detection: Detection) -> _Told:
        decider = idle.get()
        try:
            return decider.detection(detection)
        finally:
            idle.put(decider)

    with ThreadPoolExecutor(len(deciders)) as pool:
        return list(pool.map(decided, detections))


@dataclass(slots=True)
class _Told:
    """What one detection said, or all rules of the user."""

    findings: list[Finding] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True)
class _Decider:
    """Decides one detection after the other; what several of them need of the tables is kept."""

    tables: Tables
    site: Site
    seen: frozenset[str]
    told: _Told = field(default_factory=_Told)
    _matched: Matched | None = None
    _evidence: EvidencePaths | None = None

    @property
    def matched(self) -> Matched:
        """What table ``match`` holds; raises QueryError."""
        if self._matched is None:
            self._matched = Matched(self.tables)
        return self._matched

    @property
    def paths(self) -> Mapping[str, str]:
        """Path by evidence id."""
        if self._evidence is None:
            self._evidence = EvidencePaths(self.tables)
        return self._evidence

    def detection(self, detection: Detection) -> _Told:
        """Decide one detection. Whatever goes wrong in it is told, and the others go on."""
        self.told = told = _Told()
        try:
            reason = self._not_assessed(detection)
            if reason is not None:
                told.coverage.append(coverage.coverage_of(detection, "not_assessed", reason))
                return told
            findings = self._bounded(
                detection.name, findings_of(template_of(detection), self._hits(detection), self.paths, self.site)
            )
        except (QueryError, ContentError) as error:
            self._failed(detection.name, str(error))
            told.coverage.append(coverage.coverage_of(detection, "not_assessed", coverage.FAILED))
            return told
        for message in self.tables.cuts():
            self._note("rows_cut", f"{detection.name}: {message}", detection.name)
        told.findings += findings
        if any("exception" not in finding.details for finding in findings):
            told.coverage.append(coverage.coverage_of(detection, "found"))
        else:
            told.coverage.append(coverage.coverage_of(detection, "not_found", coverage.EXCEPTED if findings else None))
        return told

    def _not_assessed(self, detection: Detection) -> dict[str, str] | None:
        reason = coverage.missing(detection.needs, self.tables)
        if reason is None and detection.rules and not any(rule.id in self.seen for rule in detection.rules):
            return next((need.unless for need in detection.needs if need.unless), None) or coverage.UNSEEN
        return reason

    def _hits(self, detection: Detection) -> list[Hit]:
        columns = [column for _, column in detection.subjects]
        match detection.body:
            case SqlBody() as body:
                return sql_hits(body, self.tables)
            case AnalysisBody() as body:
                return analysis_hits(body, self.tables)
            case SigmaBody(rule):
                return list(self.matched.hits(rule, columns, placeholders(detection.summary.values())))
            case CorrelationBody(rules, correlations):
                correlator = Correlator(self.tables, self.matched, rules, correlations)
                hits = correlator.hits(correlations[-1], columns)
                self._without_time(detection.name, correlator.without_time)
                return hits

    def user_rules(self, user: ParsedRules) -> tuple[list[RuleStatus], _Told]:
        """How every one of the user's rules fared, and their findings, one per rule and host."""
        self.told = told = _Told()
        try:
            counts = {rule.id: self.matched.events(rule.id) for rule in user.rules}
            silent = _only_for_correlation(user)
            self._user_findings([rule for rule in user.rules if rule.id not in silent])
        except QueryError as error:
            self._failed("rules", str(error))
            counts = {}
        statuses = [self._status(rule, counts.get(rule.id, 0)) for rule in user.rules]
        statuses += [self._user_correlation(correlation, user) for correlation in user.correlations]
        statuses += [RuleStatus(rule.rule_id, rule.title, "", rule.path, "unusable", rule.reason) for rule in user.unusable]
        return sorted(statuses, key=lambda status: (status.path, status.rule_id, status.title)), told

    def _status(self, rule: Rule, matches: int) -> RuleStatus:
        if matches:
            return RuleStatus(rule.id, rule.title, rule.level, rule.path, "matched", "", matches)
        if rule.id in self.seen:
            return RuleStatus(rule.id, rule.title, rule.level, rule.path, "not_matched", "")
        source = "/".join(part for part in (rule.logsource.product, rule.logsource.category, rule.logsource.service) if part)
        reason = f"no events of its log source ({source})"
        return RuleStatus(rule.id, rule.title, rule.level, rule.path, "not_assessed", reason)

    def _user_findings(self, rules: Sequence[Rule]) -> None:
        by_id = {rule.id: rule for rule in rules}
        grouped: dict[tuple[str, str], list[Hit]] = {}
        for rule_id, kind, hit in self.matched.hits_by_host(list(by_id)):
            grouped.setdefault((rule_id, kind), []).append(hit)
        for (rule_id, kind), hits in sorted(grouped.items()):
            rule = by_id[rule_id]
            template = _user_template(rule, ((kind, "subject"),) if kind else ())
            self.told.findings += self._bounded(rule.id, findings_of(template, hits, self.paths, self.site))

    def _user_correlation(self, correlation: Correlation, user: ParsedRules) -> RuleStatus:
        correlator = Correlator(self.tables, self.matched, user.rules, user.correlations)

        def status(state: str, reason: str = "", matches: int = 0) -> RuleStatus:
            return RuleStatus(correlation.id, correlation.title, correlation.level, correlation.path, state, reason, matches)  # type: ignore[arg-type]

        try:
            base = correlator.base_rules(correlation)
            if not any(rule.id in self.seen for rule in base):
                return status("not_assessed", "no events of the log sources of its rules")
            hits = correlator.hits(correlation, correlation.group_by)
            subjects = tuple((_subject_kind(name), name) for name in correlation.group_by)
            template = _user_template(correlation, subjects)
            findings = self._bounded(correlation.id, findings_of(template, hits, self.paths, self.site))
        except ContentError as error:
            return status("unusable", str(error))
        except QueryError as error:
            self._failed(correlation.id, str(error))
            return status("not_assessed", str(error))
        self._without_time(correlation.id, correlator.without_time)
        self.told.findings += findings
        return status("matched" if hits else "not_matched", matches=sum(hit.events for hit in hits))

    def _bounded(self, name: str, findings: list[Finding]) -> list[Finding]:
        if len(findings) <= MAX_HITS:
            return findings
        self._note("too_many_findings", f"{name}: more than {MAX_HITS} findings; the rest is not shown", name)
        return findings[:MAX_HITS]

    def _without_time(self, name: str, count: int) -> None:
        if count:
            self._note("events_without_time", f"{name}: {count} events without a time could not be correlated", name, count)

    def _failed(self, name: str, message: str) -> None:
        self._note("detection_failed", f"{name}: {message}", name)

    def _note(self, code: str, message: str, source: str, count: int = 1) -> None:
        self.told.diagnostics.append(Diagnostic("", source, -1, code, message, recovered=True, count=count))


def _only_for_correlation(user: ParsedRules) -> set[str]:
    """Ids of rules that make no findings of their own: a correlation refers to them and does not say ``generate``."""
    names = {name for correlation in user.correlations if not correlation.generate for name in correlation.rules}
    kept = {name for correlation in user.correlations if correlation.generate for name in correlation.rules}
    return {rule.id for rule in user.rules if {rule.id, rule.name} & (names - kept)}


def _user_template(rule: Rule | Correlation, subjects: tuple[tuple[str, str], ...]) -> Template:
    named = {"host": "{subject}"} if subjects == (("host", "subject"),) else {}
    place = {"en": " on {subject}", "fr": " sur {subject}"} if named else {"en": "", "fr": ""}
    return Template(
        detection=rule.id,
        threat=OTHER_THREAT,
        kind="attack",
        severity=severity.of_user_rule(rule.level),
        confidence=severity.of_user_status(rule.status),
        title={"en": rule.title, "fr": rule.title},
        summary={
            "en": f"The rule you added matched {{events}} {{events|event|events}}{place['en']}.",
            "fr": f"La règle que vous avez ajoutée correspond à {{events}} {{events|événement|événements}}{place['fr']}.",
        },
        subjects=subjects,
        techniques=techniques_of(rule.tags),
        details={"rule": rule.path, "rule_level": rule.level},
    )


_KINDS = {
    "user": ("user", "account", "subjectusername", "targetusername", "username"),
    "host": ("computer", "computername", "hostname", "host", "workstationname", "workstation"),
    "address": (
        "ipaddress",
        "sourceip",
        "destinationip",
        "src_ip",
        "dst_ip",
        "sourceaddress",
        "clientaddress",
        "id.orig_h",
        "id.resp_h",
    ),
}


def _subject_kind(field_name: str) -> str:
    """The kind of subject that a group-by field of a user's correlation names; the field's own name when unknown."""
    lowered = field_name.lower()
    return next((kind for kind, names in _KINDS.items() if lowered in names), field_name)
