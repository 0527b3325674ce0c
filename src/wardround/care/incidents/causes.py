"""The exposures behind each attack: what in the same evidence made it possible, and the controls that this shows missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import yaml

from wardround.care.controls import controls as known_controls
from wardround.care.incidents.identity import Identities
from wardround.errors import ContentError
from wardround.model import Cause, Coverage, Finding

#: So many exposures of one attack are named.
MOST = 20

_JOINS = ("host", "user", "zone", "site", "before")

_REASONS = {
    "host": {"en": "It concerns the same machine, {name}.", "fr": "Elle concerne la même machine, {name}."},
    "user": {"en": "It concerns the same account, {name}.", "fr": "Elle concerne le même compte, {name}."},
    "zone": {"en": "It concerns the network that was attacked ({name}).", "fr": "Elle concerne le réseau attaqué ({name})."},
    "site": {
        "en": "It was found in this hospital and opens this way.",
        "fr": "Elle a été trouvée dans cet hôpital et ouvre cette voie.",
    },
}


@cache
def table() -> dict[str, dict[str, tuple[str, ...]]]:
    """Per attack, its exposures and how they must meet. Raises ContentError when a word is unknown."""
    content = yaml.safe_load((resources.files(__package__ or "") / "causes.yml").read_text(encoding="utf-8"))
    found = {attack: {name: tuple(how.split()) for name, how in body.items()} for attack, body in content.items()}
    for attack, body in found.items():
        for name, how in body.items():
            if not how or set(how) - set(_JOINS):
                raise ContentError(f"causes.yml: {attack}: {name}: one of {', '.join(_JOINS)} is needed")
    return found


@dataclass(slots=True)
class _About:
    """What a finding concerns: machines, accounts, zones."""

    hosts: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    zones: set[str] = field(default_factory=set)


def causes(findings: Sequence[Finding], coverage: Iterable[Coverage], who: Identities) -> tuple[Cause, ...]:
    """What made each attack possible, for the attacks that the table knows, in the order of ``findings``."""
    exposures: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.kind == "exposure" and "exception" not in finding.details:
            exposures[finding.detection].append(finding)
    unseen = {row.detection for row in coverage if row.kind == "exposure" and row.result == "not_assessed"}
    index = {name: _Index([(_about(found, who), found) for found in group]) for name, group in exposures.items()}
    told = [
        _cause(finding, index, unseen, who)
        for finding in findings
        if finding.kind == "attack" and "exception" not in finding.details and finding.detection in table()
    ]
    return tuple(cause for cause in told if cause.exposures or cause.unseen)


class _Index:
    """The exposures of one detection by what they concern, so that each attack looks up its own."""

    def __init__(self, pairs: Sequence[tuple[_About, Finding]]) -> None:
        self.by: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        self.every = [found for _, found in pairs][:MOST]
        for about, found in pairs:
            for join, names in (("host", about.hosts), ("user", about.users), ("zone", about.zones)):
                for name in names:
                    self.by[join, name].append(found)

    def meeting(self, join: str, about: _About) -> list[tuple[Finding, str]]:
        """The exposures that meet an attack that way, with the name through which they do."""
        if join == "site":
            return [(found, "") for found in self.every]
        names = {"host": about.hosts, "user": about.users, "zone": about.zones}[join]
        return [(found, name) for name in sorted(names) for found in self.by.get((join, name), ())[:MOST]]


def _cause(finding: Finding, index: dict[str, _Index], unseen: set[str], who: Identities) -> Cause:
    about = _about(finding, who)
    met: dict[str, tuple[Finding, dict[str, str]]] = {}
    for name, joins in table()[finding.detection].items():
        if name not in index:
            continue
        for join in joins:
            if join == "before":
                continue
            pairs = index[name].meeting(join, about)
            if "before" in joins:
                pairs = [(e, n) for e, n in pairs if e.first_ts is None or e.first_ts < (finding.first_ts or 0)]
            for exposure, through in pairs:
                reason = {language: text.format(name=through) for language, text in _REASONS[join].items()}
                met.setdefault(exposure.id, (exposure, reason))
            if pairs:
                break
    known = known_controls()
    kept = list(met.values())[:MOST]
    missing = dict.fromkeys(control for exposure, _ in kept for control in exposure.controls if control in known)
    not_seen = tuple(name for name in table()[finding.detection] if name in unseen)
    return Cause(finding.id, tuple((exposure.id, reason) for exposure, reason in kept), tuple(missing), not_seen)


def _about(finding: Finding, who: Identities) -> _About:
    about = _About()
    for subject in finding.subjects:
        if subject.kind in ("host", "address"):
            host = who.host(subject.name, finding.first_ts)
            about.hosts |= {host, subject.name.casefold()}
            for address in {subject.name, *who.known_as.get(host, ())}:
                zone = who.site.zone_of(address)
                if zone not in ("unknown", "internet", "multicast", "local"):
                    about.zones.add(zone)
        elif subject.kind == "user":
            about.users.add(who.person(subject.name))
        elif subject.kind == "zone":
            about.zones.add(subject.name)
    about.users.discard("")
    return about
