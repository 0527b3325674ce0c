"""How grave a finding is, and how sure we are: from the detection, then from what else was found and where.

A level in a rule file is its author's view of one event. What the report says is ours:

1. A detection of wardround starts at the level of its file (or of the row that its SQL returned). A rule that the user
   added starts one step lower: nearly half of the public Sigma rules call themselves high or critical, so that their
   level does not tell what to look at first. It is never critical.
2. An attack is raised one step, once, when it is at least low and either
   - it is corroborated: attacks of at least two other detections of wardround (one for a user's rule) concern the same
     host within a day of it, or
   - the site file calls the host critical.
   Only the latter makes an attack critical that was not: when everything is critical, nothing tells where to look first.
   A user's rule is not raised above high.
3. Corroboration also raises the confidence one step. A finding under a declared exception is information.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wardround.model import SEVERITIES, Confidence, Finding, Severity
from wardround.site import Site

_CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")
_DAY_NS = 86_400_000_000_000

#: So many other detections on the same host corroborate a finding of ours, and one of a user's rule.
CORROBORATING = 2
CORROBORATING_USER = 1


def raised(severity: Severity, steps: int = 1) -> Severity:
    """The severity so many steps higher (lower when negative), within the scale."""
    return SEVERITIES[min(max(SEVERITIES.index(severity) + steps, 0), len(SEVERITIES) - 1)]


def of_user_rule(level: str) -> Severity:
    """Where a finding of a user's Sigma rule starts: one step below the rule's level, low when it states none."""
    stated: Severity = "info" if level == "informational" else level if level in SEVERITIES else "medium"
    return raised(stated, -1)


def of_user_status(status: str) -> Confidence:
    """How far a user's rule is trusted: what its authors call stable more than the rest."""
    return "medium" if status == "stable" else "low"


def weigh(findings: Sequence[Finding], user_rules: frozenset[str], site: Site) -> list[Finding]:
    """The findings with severity and confidence adjusted to what else was found; ``user_rules`` are the users' rule ids."""
    hosts = _attacks_by_host(findings, user_rules)
    return [_weighed(finding, finding.detection in user_rules, hosts, site) for finding in findings]


_Span = tuple[str, int, int]


def _attacks_by_host(findings: Sequence[Finding], user_rules: frozenset[str]) -> dict[str, list[_Span]]:
    found: dict[str, list[_Span]] = {}
    for finding in findings:
        if finding.kind != "attack" or finding.detection in user_rules or finding.severity == "info":
            continue
        if finding.first_ts is None or finding.last_ts is None:
            continue
        for host in _hosts(finding):
            found.setdefault(host, []).append((finding.detection, finding.first_ts, finding.last_ts))
    return found


def _weighed(finding: Finding, of_user: bool, hosts: dict[str, list[_Span]], site: Site) -> Finding:
    if finding.kind != "attack" or finding.severity == "info":
        return finding
    others = _others(finding, hosts)
    corroborated = len(others) >= (CORROBORATING_USER if of_user else CORROBORATING)
    assets = (site.asset_of(subject.name) for subject in finding.subjects if subject.kind == "host")
    critical = sorted({asset.name for asset in assets if asset is not None and asset.critical})
    if not corroborated and not critical:
        return finding
    details = dict(finding.details)
    if corroborated:
        details["corroborated_by"] = ", ".join(sorted(others))
    if critical:
        details["critical_assets"] = ", ".join(critical)
    severity = raised(finding.severity)
    if severity == "critical" and (of_user or not critical):
        severity = finding.severity
    confidence = finding.confidence
    if corroborated:
        confidence = _CONFIDENCES[min(_CONFIDENCES.index(confidence) + 1, len(_CONFIDENCES) - 1)]
    return replace(finding, severity=severity, confidence=confidence, details=details)


def _others(finding: Finding, hosts: dict[str, list[_Span]]) -> set[str]:
    """Names of other detections with an attack on a host of this finding, at most a day apart from it."""
    if finding.first_ts is None or finding.last_ts is None:
        return set()
    return {
        detection
        for host in _hosts(finding)
        for detection, first, last in hosts.get(host, ())
        if detection != finding.detection and first - _DAY_NS <= finding.last_ts and finding.first_ts <= last + _DAY_NS
    }


def _hosts(finding: Finding) -> set[str]:
    """Its hosts, by their names without domain: one log writes ``pacs1``, another ``pacs1.hospital.example``."""
    return {subject.name.casefold().partition(".")[0] for subject in finding.subjects if subject.kind == "host"}
