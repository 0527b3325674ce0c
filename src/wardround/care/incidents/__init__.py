"""Incidents: findings chained on machines, addresses, accounts, sessions and ways into stories, each link with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from wardround.care.application_entities import Asking
from wardround.care.incidents import graph, story
from wardround.care.incidents.causes import causes
from wardround.care.incidents.entrances import with_entrances
from wardround.care.incidents.first_hour import first_hour
from wardround.care.incidents.gather import Gatherer, hubs_of
from wardround.care.incidents.identity import Identities, identities
from wardround.care.incidents.knowledge import place
from wardround.model import SEVERITIES, Asset, Cause, Coverage, Finding, FirstHour, Incident
from wardround.site import Site

__all__ = ["Identities", "chained", "incidents", "stories"]

#: So many incidents are told, the gravest first.
MOST = 200

#: So many of them have a sheet for the first hour.
MOST_SHEETS = 10


def incidents(
    tables: Asking, findings: Sequence[Finding], coverage: Sequence[Coverage], who: Identities, assets: Sequence[Asset]
) -> tuple[tuple[Incident, ...], tuple[Cause, ...]]:
    """The incidents of a round, the gravest first, and what made each attack possible. Raises WardroundError."""
    gatherer = Gatherer(who, hubs_of(who.site, assets))
    gatherer.add(findings)
    behind = causes(findings, coverage, who)
    if not gatherer.found.ids:
        return (), behind
    gatherer.look_behind(tables, findings)
    gatherer.look_at_ways(tables)
    by_id = {finding.id: finding for finding in findings}
    exposures = {cause.finding: [by_id[name] for name, _ in cause.exposures] for cause in behind}
    return with_entrances(chained(gatherer, findings, exposures), tables, who), behind


def stories(
    tables: Asking, findings: Sequence[Finding], coverage: Sequence[Coverage], site: Site, assets: Sequence[Asset]
) -> tuple[tuple[Incident, ...], tuple[Cause, ...], tuple[FirstHour, ...]]:
    """The incidents of a round, what made its attacks possible, and what to do first. Raises WardroundError."""
    who = identities(tables, site, assets)
    told, behind = incidents(tables, findings, coverage, who, assets)
    return told, behind, tuple(first_hour(incident, findings, assets, tables, who) for incident in told[:MOST_SHEETS])


def chained(
    gatherer: Gatherer, findings: Sequence[Finding], exposures: Mapping[str, Sequence[Finding]]
) -> tuple[Incident, ...]:
    """The incidents that the gathered graph holds, told from ``findings``, among which are all that it was made of."""
    gatherer.pair_hubs()
    found = gatherer.found
    along = graph.along_ways(found.graph, found.way_ends, lambda way: -1 - way)
    every = [graph.links(found.graph), along]
    roots, kept = graph.components(len(found.ids), every)
    groups: dict[int, list[int]] = defaultdict(list)
    for number, root in enumerate(roots.tolist()):
        groups[root].append(number)
    edges: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for edge in kept:
        edges[int(roots[edge[0]])].append(edge)
    counts: dict[int, int] = defaultdict(int)
    for part in every:
        for number in roots[part.earlier].tolist():
            counts[number] += 1
    by_id = {finding.id: finding for finding in findings}
    wanted = {number for numbers in groups.values() if len(numbers) > 1 for number in numbers[: story.MOST_FINDINGS]}
    mentions = _mentions(found.graph, wanted)
    told = []
    for root, numbers in groups.items():
        if len(numbers) < 2:
            continue
        members = [
            story.Member(by_id[found.ids[number]], found.places[number], frozenset(mentions.get(number, ())))
            for number in numbers
        ]
        members.sort(key=lambda member: (member.first, member.finding.id))
        if story.is_incident(members):
            told.append(story.told(members, edges[root], counts[root], found, gatherer.who, exposures))
    told.sort(key=lambda incident: (-SEVERITIES.index(incident.severity), incident.first_ts, incident.id))
    return tuple(_completed(incident, findings, gatherer.who) for incident in told[:MOST])


def _mentions(graph_: graph.Graph, wanted: set[int]) -> dict[int, set[tuple[int, int]]]:
    """What the findings concern: (entity, relation) by the number of the finding."""
    found: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for number, entity, relation in zip(graph_.mention_finding, graph_.mention_entity, graph_.mention_relation, strict=True):
        if number in wanted:
            found[number].add((entity, relation))
    return found


def _completed(incident: Incident, findings: Sequence[Finding], who: Identities) -> Incident:
    """With what it did to care, and with the findings that fit without chaining anything."""
    machines = {subject.name for subject in incident.subjects if subject.kind == "host"}
    effects = [
        story.Member(finding, where)
        for finding in findings
        if finding.kind == "attack"
        and (where := place(finding.detection, finding.techniques)).effect
        and finding.first_ts is not None
        and incident.first_ts <= finding.first_ts <= incident.last_ts + graph.WAY_AFTER
        and any(s.kind in ("host", "address") and who.host(s.name, finding.first_ts) in machines for s in finding.subjects)
    ]
    supporting = story.supporting(incident, findings, who)
    if not effects:
        return replace(incident, supporting=supporting)
    effects.sort(key=lambda member: (member.first, member.finding.id))
    return replace(
        incident,
        supporting=supporting,
        stages=(*incident.stages, *story.stages_of(effects)),
        findings=(*incident.findings, *(member.finding.id for member in effects)),
    )
