"""From findings to the graph: every attack with what it says, what the rows behind it say, and the ways between machines."""

from __future__ import annotations

import itertools
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wardround.care.application_entities import Asking
from wardround.care.incidents import behind, graph
from wardround.care.incidents.identity import EVERYWHERE, Identities
from wardround.care.incidents.knowledge import STAGES, Place, established, is_ours, place, relations
from wardround.model import SEVERITIES, Asset, Finding
from wardround.site import Site, parse_address

#: Hosts of these roles have to do with everybody.
HUB_ROLES = frozenset(
    ("domain_controller", "resolver", "dhcp_server", "vpn_gateway", "scanner", "monitoring", "jump_host", "backup", "proxy")
)

#: A machine from which so many accounts, or an account with which so many machines, are ordinarily seen joins nothing alone.
ORDINARY_PEERS = 10

_RELATION = {"target": graph.TARGET, "used": graph.USED, "actor": graph.ACTOR, "held": graph.HELD}


@dataclass(slots=True)
class Gathered:
    """The graph of a round and what its numbers stand for."""

    graph: graph.Graph
    places: list[Place] = field(default_factory=list)
    positions: array[int] = field(default_factory=lambda: array("i"))
    #: Numbers that stand for a part of their finding only; ``graph`` has the times of the part.
    parts: set[int] = field(default_factory=set)
    severities: array[int] = field(default_factory=lambda: array("b"))
    detections: array[int] = field(default_factory=lambda: array("i"))
    stages: array[int] = field(default_factory=lambda: array("b"))
    detection_numbers: dict[str, int] = field(default_factory=dict)
    ways: list[behind.Way] = field(default_factory=list)
    way_ends: list[tuple[int, int, int]] = field(default_factory=list)
    names: dict[int, tuple[str, str]] = field(default_factory=dict)

    def number_of(self, kind: int, shown: str, name: str, *, hub: bool = False, lent: bool = False) -> int:
        """The number of an entity that people call ``shown`` ``name`` (host, user, address …)."""
        number = self.graph.entity(kind, name, hub=hub, lent=lent)
        self.names.setdefault(number, (shown, name))
        return number


#: When each piece of evidence begins and ends.
_SPANS = """
    SELECT first_ts, last_ts FROM evidence WHERE first_ts IS NOT NULL AND last_ts IS NOT NULL ORDER BY first_ts, last_ts
"""


def silences(tables: Asking) -> tuple[tuple[int, int], ...]:
    """Times (end of what is before, begin of what follows) longer than an attack is followed, of which no evidence tells.

    Raises WardroundError.
    """
    found: list[tuple[int, int]] = []
    until: int | None = None
    for row in tables.query(_SPANS):
        if until is not None and row["first_ts"] - until > graph.LONGEST:
            found.append((until, row["first_ts"]))
        until = row["last_ts"] if until is None else max(until, row["last_ts"])
    return tuple(found)


def chains(finding: Finding) -> bool:
    """Whether a finding may chain others: an attack that one of our detections saw and that nobody excused."""
    return (
        finding.kind == "attack"
        and is_ours(finding)
        and "exception" not in finding.details
        and SEVERITIES.index(finding.severity) >= SEVERITIES.index("medium")
        and finding.first_ts is not None
        and finding.last_ts is not None
    )


@dataclass(slots=True)
class Gatherer:
    """Fills a :class:`Gathered`; one object per round."""

    who: Identities
    hubs: frozenset[str]
    silences: Sequence[tuple[int, int]] = ()
    found: Gathered = field(default_factory=lambda: Gathered(graph.Graph()))
    _whose: dict[int, Finding] = field(default_factory=dict)

    def add(self, findings: Iterable[Finding]) -> None:
        """Add the findings that chain; others are left out."""
        for position, finding in enumerate(findings):
            if chains(finding) and not (where := place(finding.detection, finding.techniques)).effect:
                self._add(position, finding, where)

    def _add(self, position: int, finding: Finding, where: Place) -> None:
        """Add a finding. One with events on both sides of a silence is two: what lies between was not seen to be its work."""
        assert finding.first_ts is not None and finding.last_ts is not None
        crossed = [(end, begin) for end, begin in self.silences if finding.first_ts <= end and begin <= finding.last_ts]
        if not crossed:
            self._add_part(position, finding, where, finding.first_ts, finding.last_ts)
            return
        for first, last in ((finding.first_ts, crossed[0][0]), (crossed[-1][1], finding.last_ts)):
            self.found.parts.add(self._add_part(position, finding, where, first, last))

    def _add_part(self, position: int, finding: Finding, where: Place, first: int, last: int) -> int:
        got_in = established(finding, where)
        number = self.found.graph.finding(first, last, established=got_in, door=got_in and where.stage == "entry")
        self.found.places.append(where)
        self.found.positions.append(position)
        self.found.severities.append(SEVERITIES.index(finding.severity))
        numbers = self.found.detection_numbers
        self.found.detections.append(numbers.setdefault(finding.detection, len(numbers)))
        self.found.stages.append(STAGES.index(where.stage))
        for kind, name, relation in relations(finding, where):
            self.mention(number, kind, name, _RELATION[relation], first)
        return number

    def mention(self, number: int, kind: str, name: str, relation: int, ts: int) -> None:
        """Say what a finding concerns, as the machine, person or session that was meant at that time."""
        if kind == "user":
            self._person(number, name, relation)
        elif kind in ("host", "address"):
            self._machine(number, name, relation, ts)
        elif kind == "device":
            self.found.graph.mention(number, self.found.number_of(graph.ADDRESS, kind, name.casefold()), relation)
        elif relation == graph.HELD:
            self.found.graph.mention(number, self.found.number_of(graph.DESTINATION, kind, name.casefold()), graph.ACTOR)

    def _person(self, number: int, name: str, relation: int) -> None:
        if person := self.who.person(name):
            entity = self.found.number_of(graph.USER, "user", person, hub=person in EVERYWHERE)
            self.found.graph.mention(number, entity, relation)

    def _machine(self, number: int, name: str, relation: int, ts: int) -> None:
        session = self.who.session(name, ts)
        if session is not None:
            self.found.graph.mention(number, self.found.number_of(graph.SESSION, "address", session.key), relation)
            if session.source and relation != graph.TARGET:
                self._machine(number, session.source, relation, ts)
            if session.person and relation != graph.TARGET:
                self._person(number, session.person, graph.USED)
            return
        address = parse_address(name)
        outside = address is not None and self.who.site.zone_of(name) == "internet"
        host = str(address) if outside else self.who.host(name, ts)
        kind, shown = (graph.ADDRESS, "address") if outside or parse_address(host) else (graph.HOST, "host")
        if address is not None and self.who.site.zone_of(name) in ("local", "multicast"):
            return
        lent = kind == graph.ADDRESS and self.who.is_lent(host)
        entity = self.found.number_of(kind, shown, host, hub=host in self.hubs, lent=lent)
        self.found.graph.mention(number, entity, relation)

    # What the rows behind say

    def look_behind(self, tables: Asking, findings: Sequence[Finding]) -> None:
        """Add what the rows behind findings say. Raises WardroundError."""
        positions, severities = self.found.positions, self.found.severities
        numbers = sorted(range(len(positions)), key=lambda number: -severities[number])
        pointers: Iterable[tuple[int, str, str, int]] = (
            (number, pointer.table, pointer.evidence_id, pointer.record)
            for number in numbers
            for pointer in findings[positions[number]].evidence[: behind.EACH]
            if number not in self.found.parts or self._within(number, pointer.ts)
        )
        pointers = list(itertools.islice(pointers, behind.MOST_ROWS))
        for number, _, evidence_id, record in pointers:
            event = self.found.number_of(graph.EVENT, "event", f"{evidence_id}#{record}")
            self.found.graph.mention(number, event, graph.HELD)
        rows = behind.rows(tables, pointers)
        opened = behind.opened(tables, rows)
        for row in rows:
            self._row(row, findings[positions[row.finding]], opened)

    def _within(self, number: int, ts: int | None) -> bool:
        """Whether a row behind a finding belongs to this part of it."""
        return ts is not None and self.found.graph.first[number] <= ts <= self.found.graph.last[number]

    def _row(self, row: behind.Row, finding: Finding, opened: dict[tuple[str, str], behind.Opened]) -> None:
        got_in, ts = bool(self.found.graph.established[row.finding]), self.found.graph.first[row.finding]
        if got_in and not row.succeeded:
            return  # others tried the same and were refused
        stated = {subject.kind for subject in finding.subjects}
        where = self.found.places[row.finding]
        if row.account and "user" not in stated:
            # A mail aims at one person, and what follows on that person's account may follow from it.
            used = got_in or finding.threat == "phishing"
            self.mention(row.finding, "user", row.account, graph.USED if used else graph.TARGET, ts)
        if row.actor and "address" not in stated and where.relations.get("address") is None and parse_address(row.actor):
            self.mention(row.finding, "address", row.actor, graph.ACTOR, ts)
        session = opened.get((row.host, row.session))
        if session is not None and got_in:
            self.mention(row.finding, "address", session.source, graph.ACTOR, ts)
            if session.account and "user" not in stated:
                self.mention(row.finding, "user", session.account, graph.USED, ts)

    # The ways between machines

    def look_at_ways(self, tables: Asking) -> None:
        """Add the ways that lead from machines in the attacker's hands, but for those that were ordinary before.

        Raises WardroundError.
        """
        since = self._held_since()
        spelled: dict[str, int] = {}
        for entity in since:
            kind, name = self.found.names[entity]
            for alias in [name.partition("@")[0], *(self.who.aliases([name]) if kind == "host" else ())]:
                spelled[alias] = entity
        accounts = [name for kind, name in self.found.graph.numbers if kind == graph.USER]
        ways = behind.ways(tables, sorted(spelled), accounts)
        ways.sort(key=lambda way: (way.ts, way.source, way.target, way.account))
        self.ordinary(ways)
        seen: dict[tuple[int, int, str], int] = {}
        found: list[tuple[behind.Way, tuple[int, int, int]]] = []
        for way in ways:
            ends = self._ends(way)
            if ends is None:
                continue
            key = (*ends, self.who.person(way.account))
            began = seen.setdefault(key, way.ts)
            if ends[0] in since and began >= since[ends[0]] - graph.WAY_BEFORE:
                found.append((way, (*ends, way.ts)))
        # Of two that tell of one way, the one that names the account tells more.
        found.sort(key=lambda pair: not pair[0].account)
        self.found.ways = [way for way, _ in found]
        self.found.way_ends = [ends for _, ends in found]

    def _ends(self, way: behind.Way) -> tuple[int, int] | None:
        target = self.found.graph.numbers.get((graph.HOST, self.who.host(way.target, way.ts)))
        if target is None:
            target = self.found.graph.numbers.get((graph.ADDRESS, self.who.host(way.target, way.ts)))
        session = self.who.session(way.source, way.ts)
        if session is not None:
            source = self.found.graph.numbers.get((graph.SESSION, session.key))
        else:
            name = self.who.host(way.source, way.ts)
            source = self.found.graph.numbers.get((graph.HOST, name), self.found.graph.numbers.get((graph.ADDRESS, name)))
        return None if source is None or target is None or source == target else (source, target)

    def _held_since(self) -> dict[int, int]:
        """Since when each machine acts for the attacker or is in his hands, as far as findings show."""
        graph_ = self.found.graph
        since: dict[int, int] = {}
        for number, entity, relation in zip(
            graph_.mention_finding, graph_.mention_entity, graph_.mention_relation, strict=True
        ):
            kind = graph_.entity_kind[entity]
            acts = relation in (graph.ACTOR, graph.HELD) and kind in (graph.HOST, graph.ADDRESS, graph.SESSION)
            if acts and graph_.established[number]:
                since[entity] = min(since.get(entity, graph_.first[number]), graph_.first[number])
        return since

    def ordinary(self, ways: Iterable[behind.Way]) -> None:
        """Make hubs of what had many peers before the first attack that mentions it."""
        first: dict[int, int] = {}
        graph_ = self.found.graph
        for number, entity in zip(graph_.mention_finding, graph_.mention_entity, strict=True):
            first[entity] = min(first.get(entity, graph_.first[number]), graph_.first[number])
        peers: dict[int, set[str]] = defaultdict(set)
        for way in ways:
            person, source = self.who.person(way.account), self.who.host(way.source, way.ts)
            met = ((graph.USER, person, self.who.host(way.target, way.ts)), (graph.HOST, source, person))
            for kind, name, peer in (*met, (graph.ADDRESS, source, person)):
                entity = graph_.numbers.get((kind, name), -1)
                if peer and way.ts < first.get(entity, 0):
                    peers[entity].add(peer)
        for entity, others in peers.items():
            if len(others) >= ORDINARY_PEERS:
                graph_.entity_hub[entity] = True

    def pair_hubs(self) -> None:
        """Join two attacks on a hub when they share a second entity as well."""
        for number, hub, other in list(graph.pairs_of_hubs(self.found.graph)):
            (kind, name), (_, also) = self.found.names[hub], self.found.names[other]
            pair = self.found.graph.entity(graph.PAIR, f"{hub}+{other}")
            self.found.names.setdefault(pair, (kind, f"{name} + {also}"))
            self.found.graph.mention(number, pair, graph.ACTOR)


def hubs_of(site: Site, assets: Iterable[Asset]) -> frozenset[str]:
    """Machines that have to do with everybody because of what they are, by name and address."""
    found = set()
    for asset in assets:
        if asset.roles and asset.roles[0].name in HUB_ROLES:
            found |= {asset.name.casefold(), *asset.addresses}
    for stated in site.assets:
        if stated.role in HUB_ROLES:
            found |= {stated.name.casefold(), *map(str, stated.addresses)}
    return frozenset(found)
