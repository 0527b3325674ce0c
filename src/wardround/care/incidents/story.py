"""From components to incidents: stages in the order of time, why each finding belongs, where it could have been stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wardround.care.controls import controls as known_controls
from wardround.care.incidents import graph, words
from wardround.care.incidents.gather import Gathered
from wardround.care.incidents.identity import Identities
from wardround.care.incidents.knowledge import STAGES, Place, established, is_ours, place, relations
from wardround.model import SEVERITIES, Finding, Incident, IncidentEdge, IncidentStage, Stop, Subject

#: Harm that cannot be taken back.
HARM = ("exfiltration", "recovery", "encryption")

#: A chain that takes data and then destroys or encrypts within this time is a double extortion.
_DOUBLE_EXTORTION = 14 * 86_400_000_000_000

#: So many edges and findings of one incident are told; all count.
MOST_EDGES, MOST_FINDINGS = 2000, 5000

#: So many machines, accounts and addresses of one incident are told.
_MOST_SUBJECTS = 1000

#: So many supporting findings of one incident are named.
_MOST_SUPPORTING = 500

_HOUR = 3_600_000_000_000
_CONFIDENCES = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Member:
    """A finding of an incident, where it stands, and its number and (entity, relation) in the graph."""

    finding: Finding
    place: Place
    number: int = -1
    mentions: frozenset[tuple[int, int]] = frozenset()

    @property
    def first(self) -> int:
        """When it began, ns UTC."""
        return self.finding.first_ts or 0

    @property
    def last(self) -> int:
        """When it ended, ns UTC."""
        return self.finding.last_ts or self.first

    @property
    def established(self) -> bool:
        """Whether somebody got in."""
        return established(self.finding, self.place)


def identity(earliest: Finding) -> str:
    """The id of an incident: that of its earliest finding, so that the next round, which sees more, gives it again."""
    return hashlib.sha256(f"incident\x00{earliest.id}".encode()).hexdigest()[:16]


def told(
    members: Sequence[Member],
    edges: Sequence[Sequence[int]],
    links: int,
    gathered: Gathered,
    who: Identities,
    exposures: Mapping[str, Sequence[Finding]],
) -> Incident:
    """An incident from its findings in the order of time; ``exposures`` are those behind a finding, by its id."""
    first, last = members[0].first, max(member.last for member in members)
    stages = stages_of(members)
    harm = min((stage.first_ts for stage in stages if stage.name in HARM), default=None)
    until = harm if harm is not None else last
    subjects = _subjects(members, gathered, who)
    stops = _stops(members, exposures)
    patterns = ("double_extortion",) if double_extortion(members) else ()
    counted = words.Counted(stages, subjects, first, last, max(0, until - first), harm is not None, patterns)
    return Incident(
        id=identity(members[0].finding),
        severity=max((member.finding.severity for member in members), key=SEVERITIES.index),
        confidence=max((member.finding.confidence for member in members), key=_CONFIDENCES.index),
        title=words.title(counted),
        summary=words.summary(counted),
        first_ts=first,
        last_ts=last,
        harm_ts=harm,
        dwell_seconds=max(0, until - first) // 1_000_000_000,
        stages=stages,
        edges=tuple(_edges(edges, members, gathered, who)),
        links=links,
        subjects=subjects,
        findings=tuple(member.finding.id for member in members[:MOST_FINDINGS]),
        patterns=patterns,
        stops=stops,
    )


def stages_of(members: Sequence[Member]) -> tuple[IncidentStage, ...]:
    """The stages in the order of their first sign; at the same moment, in the usual order."""
    grouped: dict[str, list[Member]] = {}
    for member in members:
        grouped.setdefault(member.place.stage, []).append(member)
    stages = [
        IncidentStage(
            name,
            min(member.first for member in group),
            max(member.last for member in group),
            tuple(member.finding.id for member in group[:MOST_FINDINGS]),
        )
        for name, group in grouped.items()
    ]
    return tuple(sorted(stages, key=lambda stage: (stage.first_ts, STAGES.index(stage.name))))


def double_extortion(members: Sequence[Member]) -> bool:
    """Whether data were taken and, within two weeks, recovery was destroyed or files were encrypted, after somebody got in."""
    firsts: dict[str, list[int]] = {}
    for member in members:
        if member.established:
            firsts.setdefault(member.place.stage, []).append(member.first)
    before = [ts for stage in ("entry", "foothold", "credentials", "movement") for ts in firsts.get(stage, ())]
    after = [ts for stage in ("recovery", "encryption") for ts in firsts.get(stage, ())]
    return any(
        min(before, default=taken + 1) <= taken <= ended <= taken + _DOUBLE_EXTORTION
        for taken in firsts.get("exfiltration", ())
        for ended in (max(after, default=-1),)
    )


def chains_nothing(finding: Finding) -> bool:
    """Whether an attack belongs beside a story and makes none: what became of care, users' rules, mild findings."""
    if "exception" in finding.details:
        return False
    mild = not is_ours(finding) or SEVERITIES.index(finding.severity) < SEVERITIES.index("medium")
    return mild or place(finding.detection, finding.techniques).effect


def completed(incident: Incident, beside: Mapping[str, Sequence[Finding]]) -> Incident:
    """An incident with the findings ``beside`` its machines (by name): effects on care, and what supports the story."""
    machines = [subject.name for subject in incident.subjects if subject.kind == "host"]
    near = {finding.id: finding for name in machines for finding in beside.get(name, ())}
    effects, supporting = [], []
    for finding in sorted(near.values(), key=lambda finding: (finding.first_ts or 0, finding.id)):
        where = place(finding.detection, finding.techniques)
        if not incident.first_ts - _HOUR <= (finding.first_ts or 0) <= incident.last_ts + graph.WAY_AFTER:
            continue
        if where.effect and is_ours(finding):
            effects.append(Member(finding, where))
        elif any(relation in ("held", "used", "actor") for _, _, relation in relations(finding, where)):
            supporting.append(finding.id)
    return replace(
        incident,
        supporting=tuple(supporting[:_MOST_SUPPORTING]),
        stages=(*incident.stages, *stages_of(effects)),
        findings=(*incident.findings, *(member.finding.id for member in effects)),
    )


def _subjects(members: Sequence[Member], gathered: Gathered, who: Identities) -> tuple[Subject, ...]:
    """Machines in the attacker's hands, accounts used, addresses it came from, places it sent to; in the order met."""
    found: dict[Subject, None] = {}
    for member in members:
        if not member.established:
            continue
        for kind, name, relation in relations(member.finding, member.place):
            if kind == "host" and relation == "target" and member.place.stage in HARM:
                found[_machine(name, member.first, who)] = None
        for entity, part in sorted(member.mentions):
            what = gathered.graph.entity_kind[entity]
            if part == graph.TARGET or what in (graph.PAIR, graph.EVENT):
                continue
            shown, named = gathered.names[entity]
            if what == graph.SESSION:
                named = named.partition("@")[0]
            found[_machine(named, member.first, who) if shown in ("host", "address") else Subject(shown, named)] = None
    order = ("host", "user", "address", "destination", "domain", "device")
    return tuple(sorted(found, key=lambda subject: order.index(subject.kind))[:_MOST_SUBJECTS])


def _machine(name: str, ts: int, who: Identities) -> Subject:
    host = who.host(name, ts)
    outside = who.site.zone_of(name) == "internet"
    return Subject("address" if outside or who.site.zone_of(host) != "unknown" else "host", name if outside else host)


def _edges(
    edges: Sequence[Sequence[int]], members: Sequence[Member], gathered: Gathered, who: Identities
) -> Iterator[IncidentEdge]:
    """The links between the findings that are told, in the order of time."""
    place_of = {member.number: place for place, member in enumerate(members)}
    inside = [edge for edge in edges if edge[0] in place_of and edge[1] in place_of]
    for earlier, later, entity in sorted(inside, key=lambda edge: (place_of[edge[1]], place_of[edge[0]], edge[2]))[:MOST_EDGES]:
        ends = (members[place_of[earlier]].finding.id, members[place_of[later]].finding.id)
        yield _edge(*ends, entity, gathered, who)


def _edge(earlier: str, later: str, entity: int, gathered: Gathered, who: Identities) -> IncidentEdge:
    """Why two findings (ids) belong together."""
    if entity < 0:  # a way, by its place
        way = gathered.ways[-1 - entity]
        source, target = who.host(way.source, way.ts), who.host(way.target, way.ts)
        reason = words.way(way.manner, source, target, who.person(way.account), way.ts)
        return IncidentEdge(earlier, later, "way", Subject("host", target), reason)
    kind = gathered.graph.entity_kind[entity]
    shown, name = gathered.names[entity]
    if kind == graph.SESSION:
        address, _, up = name.partition("@")
        session = who.session(address, int(up))
        assert session is not None
        reason = words.session(session.address, session.person, session.source, session.up)
        return IncidentEdge(earlier, later, "session", Subject("address", address), reason)
    label = words.label(name, who.aliases([name]) if kind == graph.HOST else ())
    reason = words.shared(kind, label)
    return IncidentEdge(earlier, later, words.KINDS[kind], Subject(shown, name), reason)


def _stops(members: Sequence[Member], exposures: Mapping[str, Sequence[Finding]]) -> tuple[Stop, ...]:
    """Per stage, the first moment and the control that would have stopped it there; one that is shown missing comes first."""
    harm = [member.first for member in members if member.place.stage in HARM]
    end = max(harm, default=max(member.last for member in members))
    known, stops, seen = known_controls(), [], set()
    for member in members:
        if member.place.stage in seen:
            continue
        behind = exposures.get(member.finding.id, ())
        usable = [control for control in member.finding.controls if control in known]
        if not usable:
            continue
        seen.add(member.place.stage)
        shown = [(control, [e.id for e in behind if control in e.controls]) for control in usable]
        control, proofs = next(((c, p) for c, p in shown if p), shown[0])
        left = max(0, end - member.first) // 1_000_000_000
        stops.append(Stop(member.first, member.place.stage, member.finding.id, control, left, tuple(proofs[:20])))
    return tuple(stops)
