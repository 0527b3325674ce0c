"""Incidents: findings chained on machines, addresses, accounts, sessions and ways into stories, each link with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from wardround.care.application_entities import Asking
from wardround.care.incidents import graph, story
from wardround.care.incidents.causes import causes
from wardround.care.incidents.entrances import with_entrances
from wardround.care.incidents.first_hour import first_hour
from wardround.care.incidents.gather import Gathered, Gatherer, hubs_of, silences
from wardround.care.incidents.identity import Identities, identities
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
    gatherer = Gatherer(who, hubs_of(who.site, assets), silences(tables))
    gatherer.add(findings)
    behind = causes(findings, coverage, who)
    if not gatherer.found.places:
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
    """The incidents that the gathered graph holds, told from ``findings``, those that it was made of."""
    gatherer.pair_hubs()
    found = gatherer.found
    along = graph.along_ways(found.graph, found.way_ends, lambda way: -1 - way)
    every = [graph.links(found.graph), along]
    roots, kept = graph.components(len(found.places), every)
    groups = _stories_of(found, roots)
    counts = np.bincount(np.concatenate([roots[part.earlier] for part in every]), minlength=len(roots))
    of_edge = roots[kept[0]]
    mentions = _mentions(found.graph, {number for group in groups for number in group})
    told = []
    for group in groups:
        members = [
            story.Member(
                _part(found, findings, number),
                found.places[number],
                number,
                frozenset(mentions.get(number, ())),
            )
            for number in group
        ]
        members.sort(key=lambda member: (member.first, member.finding.id))
        root = roots[group[0]]
        edges = kept[:, of_edge == root].T.tolist()
        told.append(story.told(members, edges, int(counts[root]), found, gatherer.who, exposures))
    told.sort(key=lambda incident: (-SEVERITIES.index(incident.severity), incident.first_ts, incident.id))
    return _completed(told, findings, gatherer.who)


def _part(found: Gathered, findings: Sequence[Finding], number: int) -> Finding:
    """The finding that a number stands for, with the times of the part where it stands for one."""
    finding = findings[found.positions[number]]
    if number not in found.parts:
        return finding
    return replace(finding, first_ts=found.graph.first[number], last_ts=found.graph.last[number])


def _stories_of(found: Gathered, roots: graph.Integers) -> list[list[int]]:
    """The findings (numbers, in the order of time) of the gravest components that are stories.

    A story: somebody got in, and at least two stages of two detections belong to it, or a machine that was taken attacks in
    turn, as worms make it do.
    """
    if not len(roots):
        return []
    first = np.frombuffer(found.graph.first, np.int64)
    order = np.lexsort((np.arange(len(roots)), first, roots))
    sorted_roots = roots[order]
    starts = np.flatnonzero(np.r_[True, sorted_roots[1:] != sorted_roots[:-1]])
    ends = np.r_[starts[1:], len(order)]
    stages = np.int64(1) << np.frombuffer(found.stages, np.int8).astype(np.int64)[order]
    detections = np.frombuffer(found.detections, np.int32)[order]
    got_in = np.frombuffer(found.graph.established, np.int8)[order]
    gravest = np.maximum.reduceat(np.frombuffer(found.severities, np.int8)[order], starts)
    seen = np.bitwise_or.reduceat(stages, starts)
    several = (seen & (seen - 1)) != 0
    several &= np.maximum.reduceat(detections, starts) != np.minimum.reduceat(detections, starts)
    several |= np.isin(sorted_roots[starts], _handed_on(found.graph, roots))
    several &= np.maximum.reduceat(got_in, starts) > 0
    chosen = np.flatnonzero(several)
    ranked = chosen[np.lexsort((first[order[starts[chosen]]], -gravest[chosen].astype(np.int64)))][:MOST]
    return [order[starts[n] : min(ends[n], starts[n] + story.MOST_FINDINGS)].tolist() for n in ranked.tolist()]


def _handed_on(graph_: graph.Graph, roots: graph.Integers) -> graph.Integers:
    """The components in which a machine was taken by one finding and acts in a later one."""
    finding = np.frombuffer(graph_.mention_finding, np.int32).astype(np.int64)
    entity = np.frombuffer(graph_.mention_entity, np.int32).astype(np.int64)
    relation = np.frombuffer(graph_.mention_relation, np.int8)
    got_in = np.frombuffer(graph_.established, np.int8) != 0
    first = np.frombuffer(graph_.first, np.int64)
    if not len(finding):
        return np.empty(0, np.int64)
    taken = np.flatnonzero((relation == graph.HELD) & got_in[finding])
    taken = taken[np.argsort(-first[finding[taken]], kind="stable")]
    by = np.full(int(entity.max()) + 1, -1, np.int64)
    by[entity[taken]] = finding[taken]  # the last one written is the earliest
    acting = np.flatnonzero((relation == graph.ACTOR) & (by[entity] >= 0))
    actor, taker = finding[acting], by[entity[acting]]
    later = (first[actor] > first[taker]) & (roots[actor] == roots[taker])
    return np.unique(roots[actor[later]])


def _mentions(graph_: graph.Graph, wanted: set[int]) -> dict[int, set[tuple[int, int]]]:
    """What the findings concern: (entity, relation) by the number of the finding."""
    found: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for number, entity, relation in zip(graph_.mention_finding, graph_.mention_entity, graph_.mention_relation, strict=True):
        if number in wanted:
            found[number].add((entity, relation))
    return found


def _completed(told: Sequence[Incident], findings: Sequence[Finding], who: Identities) -> tuple[Incident, ...]:
    """With what they did to care, and with the findings that fit without chaining anything."""
    machines = {subject.name for incident in told for subject in incident.subjects if subject.kind == "host"}
    beside: dict[str, list[Finding]] = defaultdict(list)
    if told:
        for finding in findings:
            if finding.kind == "attack" and finding.first_ts is not None and story.chains_nothing(finding):
                named = {s.name for s in finding.subjects if s.kind in ("host", "address")}
                for host in {who.host(name, finding.first_ts) for name in named} & machines:
                    beside[host].append(finding)
    return tuple(story.completed(incident, beside) for incident in told)
