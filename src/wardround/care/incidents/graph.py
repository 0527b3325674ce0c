"""The graph: findings that share a machine, an address, an account or a way, chained by union-find. No text in here.

Everything is numbered: findings in the order of time, entities in the order in which they were met. A link joins two findings
through one entity; a component is what links hold together; the links that are kept are the strongest that do so.

Why shared infrastructure does not glue:

1. Being *aimed at* joins nothing. A gateway, a file server or a domain controller is aimed at by everybody; what joins is
   who attacks, whose account is used, and which machine is in the attacker's hands.
2. A machine or account with many ordinary peers (and one whose role says so) joins two attacks only together with a second
   entity that they share; from the moment a finding shows it in the attacker's hands it joins by itself.
3. A way that was gone before the attack began is no link.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400_000_000_000

#: An attack that got in is followed for so long on what it holds (longer than the eight weeks at the HSE in 2021), a mere
#: attempt for so long, and an address that is lent for so long. A gateway that was broken into is a way back until it is
#: rebuilt: at Düsseldorf in 2020 eight months lay between.
LONGEST, ATTEMPT, LENT, BACKDOOR = 90 * _DAY, 14 * _DAY, _DAY, 400 * _DAY

#: A way leads to a finding at its end that follows within this time, or began this little before (clocks differ).
WAY_AFTER, WAY_BEFORE = _DAY, 900_000_000_000

TARGET, USED, ACTOR, HELD = range(4)

#: Kinds of entities, and how strongly sharing one speaks for one attacker.
SESSION, ADDRESS, PAIR, HOST, WAY, DESTINATION, USER, EVENT = range(8)
_STRENGTH = np.array([7, 6, 5, 5, 4, 4, 3, 8], np.int8)

Integers = NDArray[np.int64]


@dataclass(slots=True)
class Graph:
    """Findings and mentions as columns; :meth:`links` chains them.

    Findings are added in any order; ``first`` and ``last`` are ns UTC. A mention says that a finding concerns an entity.
    """

    first: array[int] = field(default_factory=lambda: array("q"))
    last: array[int] = field(default_factory=lambda: array("q"))
    established: array[int] = field(default_factory=lambda: array("b"))
    door: array[int] = field(default_factory=lambda: array("b"))
    entity_kind: array[int] = field(default_factory=lambda: array("b"))
    entity_hub: array[int] = field(default_factory=lambda: array("b"))
    entity_lent: array[int] = field(default_factory=lambda: array("b"))
    mention_finding: array[int] = field(default_factory=lambda: array("i"))
    mention_entity: array[int] = field(default_factory=lambda: array("i"))
    mention_relation: array[int] = field(default_factory=lambda: array("b"))
    numbers: dict[tuple[int, str], int] = field(default_factory=dict)

    def finding(self, first: int, last: int, *, established: bool, door: bool = False) -> int:
        """Add a finding; gives its number. ``door`` when it shows that a way in from outside was forced."""
        self.first.append(first)
        self.last.append(last)
        self.established.append(established)
        self.door.append(door)
        return len(self.first) - 1

    def entity(self, kind: int, name: str, *, hub: bool = False, lent: bool = False) -> int:
        """The number of an entity, which is added when it is new."""
        number = self.numbers.get((kind, name))
        if number is None:
            number = self.numbers[kind, name] = len(self.entity_kind)
            self.entity_kind.append(kind)
            self.entity_hub.append(hub)
            self.entity_lent.append(lent)
        return number

    def mention(self, finding: int, entity: int, relation: int) -> None:
        """Say that a finding concerns an entity."""
        self.mention_finding.append(finding)
        self.mention_entity.append(entity)
        self.mention_relation.append(relation)


@dataclass(frozen=True, slots=True)
class Links:
    """Links as columns: the earlier finding, the later one, the entity, how strong, the time between (ns)."""

    earlier: Integers
    later: Integers
    entity: Integers
    strength: NDArray[np.int8]
    gap: Integers

    def __len__(self) -> int:
        return len(self.earlier)


def links(graph: Graph) -> Links:
    """Every link through a shared entity: each mention with the one before it, and with the last that got in before it."""
    first = np.frombuffer(graph.first, np.int64) if graph.first else np.zeros(0, np.int64)
    last = np.frombuffer(graph.last, np.int64) if graph.last else np.zeros(0, np.int64)
    got_in = np.frombuffer(graph.established, np.int8).astype(bool)
    door = np.frombuffer(graph.door, np.int8).astype(bool)
    finding, entity, relation = _joining(graph, first, got_in)
    if not len(finding):
        empty = np.zeros(0, np.int64)
        return Links(empty, empty, empty, np.zeros(0, np.int8), empty)
    order = np.lexsort((finding, first[finding], entity))
    finding, entity, relation = finding[order], entity[order], relation[order]
    places = np.arange(len(finding))
    starts = np.maximum.accumulate(np.where(np.r_[True, entity[1:] != entity[:-1]], places, 0))
    before = places - 1
    since = np.maximum.accumulate(np.where(got_in[finding], places, -1))
    entered = np.r_[-1, since[:-1]]
    lent = np.frombuffer(graph.entity_lent, np.int8).astype(bool)
    kinds = np.frombuffer(graph.entity_kind, np.int8)
    parts = []
    for chosen in (before, entered):
        usable = (chosen >= starts) & (chosen >= 0)
        a, b = finding[chosen[usable]], finding[usable]
        through, here = entity[usable], relation[usable]
        gap = np.maximum(first[b] - last[a], 0)
        held = np.where(door[a] & (relation[chosen[usable]] == HELD), BACKDOOR, LONGEST)
        limit = np.where(lent[through], LENT, np.where(got_in[a], held, ATTEMPT))
        # Two attempts on one account say nothing of one attacker: everybody tries the same names.
        alone = ~got_in[a] & ~got_in[b] & (here == USED)
        kept = (gap <= limit) & ~alone & (a != b)
        if chosen is entered:
            kept &= chosen[usable] != before[usable]
        parts.append((a[kept], b[kept], through[kept], _STRENGTH[kinds[through[kept]]], gap[kept]))
    joined = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    return Links(*joined)


def _joining(graph: Graph, first: Integers, got_in: NDArray[np.bool_]) -> tuple[Integers, Integers, Integers]:
    """The mentions that join: not being aimed at, and of hubs only what shows them in the attacker's hands."""
    finding = np.frombuffer(graph.mention_finding, np.int32).astype(np.int64)
    entity = np.frombuffer(graph.mention_entity, np.int32).astype(np.int64)
    relation = np.frombuffer(graph.mention_relation, np.int8).astype(np.int64)
    if not len(finding):
        return finding, entity, relation
    hub = np.frombuffer(graph.entity_hub, np.int8).astype(bool)
    never = np.iinfo(np.int64).max
    held_since = np.full(len(hub), never, np.int64)
    shown = (relation == HELD) & got_in[finding]
    np.minimum.at(held_since, entity[shown], first[finding[shown]])
    joins = (relation != TARGET) & (~hub[entity] | (first[finding] >= held_since[entity]))
    # What a finding says several times it says once.
    packed = np.unique((finding[joins] * len(hub) + entity[joins]) * 4 + relation[joins])
    return packed // 4 // len(hub), packed // 4 % len(hub), packed % 4


def pairs_of_hubs(graph: Graph) -> Iterator[tuple[int, int, int]]:
    """(finding, hub, other entity) for the hubs that findings mention: two that share both are joined after all."""
    hubs = {number for number, hub in enumerate(graph.entity_hub) if hub}
    if not hubs:
        return
    named: dict[int, list[int]] = {}
    for finding, entity, relation in zip(graph.mention_finding, graph.mention_entity, graph.mention_relation, strict=True):
        if entity in hubs and relation != TARGET:
            named.setdefault(finding, []).append(entity)
    for finding, entity in zip(graph.mention_finding, graph.mention_entity, strict=True):
        for hub in named.get(finding, ()):
            if entity != hub:
                yield finding, hub, entity


def along_ways(graph: Graph, ways: list[tuple[int, int, int]], by_entity: Callable[[int], int]) -> Links:
    """Links along ways (source entity, target entity, ts), for whose places ``by_entity`` gives an entity.

    They lead from the last finding that got in at the source to the findings that begin at the target within a day.
    """
    held: dict[int, list[tuple[int, int]]] = {}
    actors = {
        finding for finding, relation in zip(graph.mention_finding, graph.mention_relation, strict=True) if relation == ACTOR
    }
    for finding, entity, relation in zip(graph.mention_finding, graph.mention_entity, graph.mention_relation, strict=True):
        if relation in (ACTOR, HELD) and graph.established[finding]:
            held.setdefault(entity, []).append((graph.first[finding], finding))
    for findings in held.values():
        findings.sort()
    rows: list[tuple[int, int, int, int, int]] = []
    reached: set[tuple[int, int]] = set()
    for place, (source, target, ts) in enumerate(ways):
        a = _last_before(held.get(source, []), ts)
        if a is None or source == target:
            continue
        for first, b in _between(held.get(target, []), ts - WAY_BEFORE, ts + WAY_AFTER):
            # What names its own attacker is not explained by somebody else's way.
            if b not in actors and b != a and (source, b) not in reached and graph.first[a] <= first:
                reached.add((source, b))
                rows.append((a, b, by_entity(place), int(_STRENGTH[WAY]), max(0, first - ts)))
    columns = np.array(rows, np.int64).reshape(-1, 5).T
    return Links(columns[0], columns[1], columns[2], columns[3].astype(np.int8), columns[4])


def _last_before(findings: list[tuple[int, int]], ts: int) -> int | None:
    low, high = 0, len(findings)
    while low < high:
        middle = (low + high) // 2
        if findings[middle][0] <= ts:
            low = middle + 1
        else:
            high = middle
    if low == 0 or ts - findings[low - 1][0] > LONGEST:
        return None
    return findings[low - 1][1]


def _between(findings: list[tuple[int, int]], begin: int, end: int) -> Iterator[tuple[int, int]]:
    low, high = 0, len(findings)
    while low < high:
        middle = (low + high) // 2
        if findings[middle][0] < begin:
            low = middle + 1
        else:
            high = middle
    for place in range(low, min(len(findings), low + 20)):
        if findings[place][0] > end:
            return
        yield findings[place]


def components(count: int, every: list[Links]) -> tuple[Integers, Integers]:
    """The component of each finding, and the links kept, the strongest that hold them together: rows earlier, later, entity."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    earlier, later, entity, strength, gap = (
        np.concatenate([getattr(part, name) for part in every]) if every else np.zeros(0, np.int64)
        for name in ("earlier", "later", "entity", "strength", "gap")
    )
    order = np.lexsort((later, earlier, entity, gap, -strength.astype(np.int64)))
    earlier, later, entity = earlier[order], later[order], entity[order]
    kept = array("q")
    for place, (a, b) in enumerate(zip(earlier.tolist(), later.tolist(), strict=True)):
        one, other = root(a), root(b)
        if one != other:
            parent[max(one, other)] = min(one, other)
            kept.append(place)
    chosen = np.frombuffer(kept, np.int64) if kept else np.zeros(0, np.int64)
    roots = np.fromiter((root(number) for number in range(count)), np.int64, count)
    return roots, np.stack((earlier[chosen], later[chosen], entity[chosen]))
