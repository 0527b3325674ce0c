"""One attack after the other on the network of a round, under any set of controls, and what each costs care."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wardround.care import draws, loss, percolation, trees
from wardround.care.inputs import Inputs
from wardround.care.reachability import Network
from wardround.care.services import IMAGING, TITLES
from wardround.model import Service

Array = np.ndarray[Any, np.dtype[Any]]

#: Runs of a round, fewer on very large networks so that the work stays bounded.
RUNS, LEAST_RUNS, MOST_STEPS = 10_000, 500, 1_000_000_000

#: Where more than this share of all hosts is reached, the network is taken down as when the directory falls.
_WIDE = 0.5

SEED = 20200910


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the runs came to: per service its curve and whether it stopped; ``lost`` per run in the unit of the simulation."""

    stopped: Mapping[str, Array]
    curves: Mapping[str, loss.Curve]
    lost: Array
    reached: Array


@dataclass(slots=True)
class Simulation:
    """A network with its services, ready to be attacked. Outcomes of the same controls are the same, run by run."""

    network: Network
    services: Sequence[Service]
    inputs: Inputs
    drawn: draws.Draws
    graph: percolation.Graph = field(init=False)
    rates: dict[str, Array] = field(init=False)
    start: Array = field(init=False)
    week: Array = field(init=False)
    tracked: list[str] = field(init=False)
    _places: Array = field(init=False)
    _edges: _Masks = field(init=False)
    _entries: _Masks = field(init=False)

    def __post_init__(self) -> None:
        self.graph, ordered = self.network.graph()
        hosts, place = set(self.network.hosts), self.network.place()
        wanted = [name for service in self.services for name in trees.assets_of(service.needs)] + self.network.directory
        self.tracked = [name for name in dict.fromkeys(wanted) if name in hosts]
        self._places = np.array([place[name] for name in self.tracked], np.int64)
        self._edges = _Masks([(edge.kind, edge.across, edge.controls) for edge in ordered])
        self._entries = _Masks([(entry.threat, False, entry.controls) for entry in self.network.entries])
        self.week = self.inputs.rhythm.week
        self.start = self.drawn.luck["start"] * len(self.week)
        self.rates = {}
        for service in self.services:
            done = service.activity
            if service.name in IMAGING and done.per_day is not None and done.low is not None and done.high is not None:
                luck = self.drawn.luck["activity"]
                self.rates[service.name] = loss.gamma_like(done.low, done.per_day, done.high, luck)

    @property
    def runs(self) -> int:
        """How many attacks are simulated."""
        return self.drawn.runs

    @property
    def in_exams(self) -> bool:
        """Whether care is counted in examinations: the activity of every imaging service is known."""
        imaging = [service.name for service in self.services if service.name in IMAGING]
        return bool(imaging) and all(name in self.rates for name in imaging)

    @property
    def seen(self) -> bool:
        """Whether any machine that a service needs is in the network."""
        return bool(self.tracked)

    def outcome(self, controls: Iterable[str] = (), strength: float | None = None) -> Outcome:
        """What the attacks cost with these controls in place; ``strength`` is how well they work, usually as stated."""
        chosen = sorted(set(controls))
        power = self.inputs.strength[len(self.inputs.strength) // 2] if strength is None else strength
        terms, damage = self._terms(chosen, power)
        hurt = self.drawn.values["damage"] * damage
        graph = self.with_controls(chosen, power)
        reached = percolation.run(graph, self.drawn.probabilities, hurt, self._places, self.drawn.seed)
        down = {name: reached.damaged[:, place] for place, name in enumerate(self.tracked)}
        contained = self._contained(reached)
        stopped, curves = {}, {}
        lost = np.zeros(self.runs)
        for service in self.services:
            systems = trees.fails(service.needs, down, self.runs)
            devices = np.zeros(self.runs, bool) if service.local is None else trees.fails(service.local, down, self.runs)
            only_devices = devices & ~self._without_devices(service, down) & ~contained
            systems = (systems & ~only_devices) | contained
            found = loss.curve(self.drawn, systems, devices, terms, keeps(service))
            stopped[service.name], curves[service.name] = systems | devices, found
            if not self.in_exams:
                lost += loss.days_lost(found)
            elif service.name in self.rates:
                lost += self.rates[service.name] * loss.exams_lost(found, self.week, self.start)
        return Outcome(stopped, curves, lost, reached.count)

    def with_controls(self, controls: Sequence[str], strength: float = 1.0) -> percolation.Graph:
        """The graph with these controls in place."""
        edges, entries = self._edge_factors(controls) ** strength, self._entry_factors(controls) ** strength
        return self.graph.with_factors(self.graph.factors * edges, self.graph.entry_factors * entries)

    def _without_devices(self, service: Service, down: Mapping[str, Array]) -> Array:
        """Whether the service would be down if its own devices worked."""
        own = set(trees.assets_of(service.local)) if service.local else set()
        return trees.fails(service.needs, {name: bits for name, bits in down.items() if name not in own}, self.runs)

    def _contained(self, reached: percolation.Reached) -> Array:
        """Whether the hospital takes its whole network down: the directory fell, or most hosts did."""
        servers = [place for place, name in enumerate(self.tracked) if name in self.network.directory]
        fallen = reached.reached[:, servers].any(axis=1) if servers else np.zeros(self.runs, bool)
        fallen = fallen | (reached.count > _WIDE * len(self.network.nodes))
        contained: Array = fallen & (self.drawn.luck["containment"] < self.drawn.values["containment"])
        return contained

    def _terms(self, chosen: Sequence[str], strength: float) -> tuple[loss.Terms, float]:
        survives, workaround, function, damage = None, 1.0, 1.0, 1.0
        for control in chosen:
            effect = self.inputs.effect(control)
            if effect.backup_survives is not None:
                survives = max(survives or 0.0, effect.backup_survives)
            workaround *= effect.workaround
            function *= effect.function
            damage *= effect.damage
        if survives is not None:  # as stated at full strength, as drawn at none
            drawn = self.drawn.values["outage.backup_survives"]
            return loss.Terms(drawn + strength * (survives - drawn), workaround**strength, function**strength), damage**strength
        return loss.Terms(None, workaround**strength, function**strength), damage**strength

    def _edge_factors(self, chosen: Sequence[str]) -> Array:
        factors = np.ones(len(self._edges.kinds))
        for control in chosen:
            spread = self.inputs.effect(control).spread
            for name, factor in spread.items():
                factors[self._edges.of(name)] *= factor
            factors *= self._edges.closed(control, self.inputs)
        return np.maximum(factors, self.inputs.remains)

    def _entry_factors(self, chosen: Sequence[str]) -> Array:
        factors = np.ones(len(self._entries.kinds))
        for control in chosen:
            closed = self._entries.closed(control, self.inputs)
            for name, factor in self.inputs.effect(control).entry.items():
                factors[self._entries.of(name) & (closed == 1)] *= factor
            factors *= closed
        return np.maximum(factors, self.inputs.remains)


def keeps(service: Service) -> str:
    """The input that says what of a service goes on at once."""
    if service.name not in TITLES:
        return "other"
    return "acute_emergency" if service.emergency else "acute"


class _Masks:
    """Which edges (or entries) are of a kind, leave their segment, or are named by a control."""

    def __init__(self, rows: Sequence[tuple[str, bool, tuple[str, ...]]]) -> None:
        self.kinds = np.array([row[0] for row in rows], dtype=object)
        self._across = np.array([row[1] for row in rows], dtype=bool)
        self._first: dict[str, list[int]] = {}
        self._other: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            for number, control in enumerate(row[2]):
                (self._other if number else self._first).setdefault(control, []).append(place)

    def of(self, name: str) -> Array:
        """A kind, ``all`` that can be prevented, or a kind with ``_across``."""
        if name == "all":
            return np.asarray(self.kinds != "fixed", bool)
        kind = name.removesuffix("_across")
        found = np.asarray(self.kinds == kind, bool)
        return found & self._across if kind != name else found

    def closed(self, control: str, inputs: Inputs) -> Array:
        """What a control leaves of those that a finding ties to it: the first that a finding names closes more than others."""
        factors = np.ones(len(self.kinds))
        factors[self._first.get(control, [])] *= inputs.closes
        factors[self._other.get(control, [])] *= inputs.limits
        return factors


def prepared(network: Network, services: Sequence[Service], inputs: Inputs, runs: int = RUNS, seed: int = SEED) -> Simulation:
    """A simulation of at most ``runs`` attacks; fewer where the network is so large that the work would not stay bounded."""
    steps = max(1, len(network.edges))
    bounded = max(min(runs, LEAST_RUNS), min(runs, MOST_STEPS // steps))
    return Simulation(network, services, inputs, draws.draw(inputs, bounded, seed))
