"""What one determined attack would cost care: examinations, hours, backlog, emergencies, each with its interval.

Never deaths. Where the evidence cannot support a figure there is none, and the reason stands in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from wardround.care import loss, reachability, trees
from wardround.care.services import IMAGING
from wardround.care.simulation import Outcome, Simulation
from wardround.model import Estimate, Impact, Influence, ServiceImpact, Way

Array = np.ndarray[Any, np.dtype[Any]]

#: Inputs and ways told.
_INFLUENCES, _WAYS, _NAMED = 6, 3, 8

#: Fewer observed pairs of hosts are no network.
LEAST_PAIRS = 3

NOT_SEEN = {
    "en": "The evidence does not show the network (which machine speaks to which), so what an attack would cost care "
    "cannot be estimated. Add connection logs or a capture of a working day.",
    "fr": "Les éléments ne montrent pas le réseau (quelle machine parle à laquelle)\u00a0: ce qu’une attaque coûterait aux "
    "soins ne peut être estimé. Ajoutez des journaux de connexions ou la capture d’une journée de travail.",
}
NO_SERVICE = {
    "en": "No service of imaging could be told from the evidence, so what an attack would cost care cannot be estimated.",
    "fr": "Aucun service d’imagerie n’a pu être reconnu dans les éléments\u00a0: ce qu’une attaque coûterait aux soins ne "
    "peut être estimé.",
}
NO_RATE = {
    "en": "The usual activity of some services is not known, so the loss is told in days of service, not in examinations. "
    "State exams_per_day in the site file.",
    "fr": "L’activité habituelle de certains services n’est pas connue\u00a0: la perte est dite en jours de service et non en "
    "examens. Indiquez exams_per_day dans le fichier du site.",
}
NO_EMERGENCIES = {
    "en": "How many emergencies arrive is estimated from the number of examinations; state emergencies_per_day in the site "
    "file.",
    "fr": "Le nombre d’urgences est estimé d’après le nombre d’examens\u202f; indiquez emergencies_per_day dans le fichier "
    "du site.",
}
CUT = {
    "en": "The network is larger than what is simulated: only a part of its connections was used.",
    "fr": "Le réseau est plus grand que ce qui est simulé\u00a0: une partie seulement de ses connexions a été employée.",
}


def estimate(values: Array, mask: Array | None = None) -> Estimate:
    """Median and 90 % interval of values."""
    return Estimate(**loss.quantiles(values, mask))


def share(hits: Array, sets: Array) -> Estimate:
    """A probability: over all runs, and the interval over the sets of runs between which the inputs differ."""
    groups = grouped(hits.astype(float), sets)
    low, high = np.quantile(groups, [0.05, 0.95])
    mean = float(hits.mean())
    return Estimate(mean, min(mean, float(low)), max(mean, float(high)))


def mean(values: Array, sets: Array) -> Estimate:
    """An expected value, and the interval over the sets of runs."""
    groups = grouped(values, sets)
    low, high = np.quantile(groups, [0.05, 0.95])
    centre = float(values.mean())
    return Estimate(centre, min(centre, float(low)), max(centre, float(high)))


def grouped(values: Array, sets: Array) -> Array:
    """The mean per set of runs."""
    count = np.bincount(sets)
    means: Array = np.bincount(sets, weights=values) / np.maximum(count, 1)
    return means


def unable(simulation: Simulation | None) -> dict[str, str] | None:
    """Why nothing can be estimated; None when it can."""
    if simulation is None or not simulation.services:
        return NO_SERVICE
    if simulation.network.seen < LEAST_PAIRS or not simulation.seen:
        return NOT_SEEN
    return None


def told(simulation: Simulation, outcome: Outcome) -> Impact:
    """The outcome of the attacks without a plan, as the report tells it."""
    drawn = simulation.drawn
    any_stop = np.any(list(outcome.stopped.values()), axis=0)
    diverted, arrivals, stated = _emergencies(simulation, outcome)
    reasons = [] if simulation.in_exams else [NO_RATE]
    reasons += [NO_EMERGENCIES] if arrivals is not None and not stated else []
    reasons += [CUT] if simulation.network.cut else []
    reasons += list(_unseen(simulation))
    backlog = _backlog(simulation, outcome) if simulation.in_exams else None
    return Impact(
        reason=tuple(reasons),
        runs=drawn.runs,
        hosts=len(simulation.network.hosts),
        pairs=simulation.network.seen,
        unit="exams" if simulation.in_exams else "days",
        stops=share(any_stop, drawn.sets),
        lost=estimate(outcome.lost, any_stop),
        mean_lost=mean(outcome.lost, drawn.sets),
        backlog=estimate(backlog, any_stop) if backlog is not None else None,
        diversion_hours=estimate(diverted, diverted > 0) if diverted is not None else None,
        emergencies=estimate(arrivals, diverted > 0) if arrivals is not None and diverted is not None else None,
        services=tuple(_services(simulation, outcome)),
        influences=tuple(influences(simulation, outcome.lost)),
        entries=tuple(_entries(simulation)),
    )


def _unseen(simulation: Simulation) -> Iterable[dict[str, str]]:
    """Machines that services need and that the network does not show: an attack cannot reach them in the simulation."""
    hosts = set(simulation.network.hosts)
    wanted = (part for service in simulation.services for part in trees.leaves(service.needs) if part.role != "partner")
    missing = list(dict.fromkeys(part.asset for part in wanted if part.asset not in hosts))
    if missing:
        names = ", ".join(missing[:_NAMED]) + (" …" if len(missing) > _NAMED else "")
        yield {
            "en": "Machines that services need and that the evidence does not show on the network count as out of reach: "
            f"{names}.",
            "fr": "Des machines dont les services ont besoin et que les éléments ne montrent pas sur le réseau comptent comme "
            f"hors d’atteinte\u00a0: {names}.",
        }


def _services(simulation: Simulation, outcome: Outcome) -> Iterable[ServiceImpact]:
    for service in simulation.services:
        stopped, curve = outcome.stopped[service.name], outcome.curves[service.name]
        rate = simulation.rates.get(service.name)
        exams = None if rate is None else rate * loss.exams_lost(curve, simulation.week, simulation.start)
        made = None if rate is None else rate * loss.made_without(curve, simulation.week, simulation.start)
        yield ServiceImpact(
            service=service.name,
            stops=share(stopped, simulation.drawn.sets),
            days_lost=estimate(loss.days_lost(curve), stopped),
            hours_to_50=estimate(curve.hours_to(0.5), stopped),
            hours_to_80=estimate(curve.hours_to(0.8), stopped),
            hours_to_100=estimate(curve.hours_to(1.0), stopped),
            exams_lost=None if exams is None else estimate(exams, stopped),
            backlog=None if made is None else estimate(made, stopped),
        )


def _backlog(simulation: Simulation, outcome: Outcome) -> Array | None:
    """Examinations made without the systems, of all services whose activity is known."""
    parts = [
        rate * loss.made_without(outcome.curves[name], simulation.week, simulation.start)
        for name, rate in simulation.rates.items()
    ]
    return np.sum(parts, axis=0) if parts else None


def _emergencies(simulation: Simulation, outcome: Outcome) -> tuple[Array | None, Array | None, bool]:
    """Hours of diversion, the emergencies usual in that time (None where nothing tells), and whether the site states them."""
    urgent = [service for service in simulation.services if service.emergency and service.name in IMAGING]
    if not urgent:
        return None, None, False
    stopped = np.any([outcome.stopped[service.name] for service in urgent], axis=0)
    back = np.max([outcome.curves[service.name].hours_to(0.8) for service in urgent], axis=0)
    # an emergency department does not stay closed once the service works again
    hours = np.where(stopped, np.minimum(simulation.drawn.values["diversion"], np.maximum(back, 1.0)), 0.0)
    stated = [service.emergencies_per_day for service in simulation.services if service.emergencies_per_day is not None]
    if stated:
        return hours, hours / 24 * sum(stated), True
    if not simulation.in_exams:
        return hours, None, False
    per_day = np.sum(list(simulation.rates.values()), axis=0) / 100 * simulation.drawn.values["arrivals"]
    return hours, hours / 24 * per_day, False


def influences(simulation: Simulation, lost: Array) -> list[Influence]:
    """The inputs that move the mean result most, from the fifth of cases where they are lowest to that of the highest."""
    found = []
    for name, values in simulation.drawn.values.items():
        if np.ptp(values) > 0:
            low, high = np.quantile(values, [0.2, 0.8])
            at_low, at_high = float(lost[values <= low].mean()), float(lost[values >= high].mean())
            found.append(Influence(name, at_low, at_high))
    found.sort(key=lambda item: (-abs(item.at_high - item.at_low), item.input))
    return found[:_INFLUENCES]


def _entries(simulation: Simulation) -> Iterable[tuple[str, int]]:
    """Ways in: how many findings open each machine, and the way that no evidence shows."""
    counted: dict[str, int] = {}
    for entry in simulation.network.entries:
        if entry.kind != "entry_unknown":
            counted[entry.node] = counted.get(entry.node, 0) + max(1, len(entry.findings))
    yield from sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    yield "", 0


def ways(simulation: Simulation, controls: Sequence[str]) -> tuple[Way, ...]:
    """The likeliest ways to the services that remain with these controls, each with its probability before them.

    The interval is that of the same question with every probability at its 5 % and at its 95 % quantile.
    """
    network, place = simulation.network, simulation.network.place()
    columns = simulation.drawn.probabilities
    chances = [columns.mean(axis=0), np.quantile(columns, 0.05, axis=0), np.quantile(columns, 0.95, axis=0)]
    planned = simulation.with_controls(controls, simulation.inputs.strength[len(simulation.inputs.strength) // 2])
    left = [reachability.likeliest(network, planned, chance) for chance in chances]
    today = [reachability.likeliest(network, simulation.graph, chance) for chance in chances]
    found: dict[tuple[str, ...], Way] = {}
    for service in simulation.services:
        for asset in service.single_points:
            if asset in simulation.tracked and left[0].chance[place[asset]] > 0:
                machines = tuple(name for name in left[0].to(place[asset]) if not name.startswith("segment "))
                before, after = (Estimate(*(float(w.chance[place[asset]]) for w in three)) for three in (today, left))
                found.setdefault(machines, Way(service.name, machines, before, after))
    return tuple(sorted(found.values(), key=lambda way: (-way.after.median, way.machines))[:_WAYS])
