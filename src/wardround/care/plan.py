"""The plan: which control to take first, by the care that it is expected to save.

Greedy on the simulated loss under common random numbers: at every step the control that saves most after those chosen
before it (per unit of cost where the site states costs). How sure the order is comes from resampling the sets of runs, in
which both luck and the inputs differ. Without a network the controls are ranked by the findings that name them, and the
plan says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wardround.care import impact
from wardround.care.controls import controls as known_controls
from wardround.care.simulation import Array, Simulation
from wardround.model import Estimate, Finding, PlanStep
from wardround.site import Site

#: Steps of a plan, resamples for its intervals, and the share of the loss below which a step is not worth telling.
STEPS, RESAMPLES, LEAST = 8, 400, 0.005

#: After the first step only so many candidates, those that saved most, are looked at again: the work stays bounded.
KEPT = 12

#: Findings that these controls would have avoided count as avoidable: well-known measures within reach of every hospital.
COMMON = frozenset({"C01", "C02", "C03", "C05", "C08", "C11", "C12"})

_WEIGHTS = {"info": 0, "low": 1, "medium": 3, "high": 9, "critical": 27}


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, the share of the expected loss that they avoid together, and the controls in the order chosen."""

    steps: tuple[PlanStep, ...]
    avoidable: Estimate | None = None


def by_care(
    simulation: Simulation, findings: Sequence[Finding], weights: Mapping[str, int], site: Site, steps: int = STEPS
) -> Plan:
    """The plan by care saved; candidates are the controls in ``weights`` (see :func:`ranked`)."""
    in_place = [name for name, terms in site.controls.items() if terms.in_place]
    candidates = list(weights)
    current = simulation.outcome(in_place).lost
    base, chosen = current, list(in_place)
    found: list[PlanStep] = []
    sets = _resampled(simulation)
    bests: list[list[str]] = []
    if not base.any():
        return by_findings(findings, weights, site)
    while candidates and len(found) < steps:
        losses = {name: simulation.outcome([*chosen, name]).lost for name in candidates}
        gains = {name: float((current - losses[name]).mean()) for name in candidates}
        best = max(candidates, key=lambda name: (gains[name] / (_cost(name, site) or 1.0), weights[name], name))
        if gains[best] < LEAST * float(base.mean()):
            break
        spread = np.array(
            [_means(simulation, current - losses[name], sets) / (_cost(name, site) or 1.0) for name in candidates]
        )
        bests.append([candidates[place] for place in spread.argmax(axis=0)])
        whole = _means(simulation, base, sets)
        saved = _ratio(current - losses[best], base, simulation, sets, whole)
        remaining = _ratio(losses[best], base, simulation, sets, whole)
        remaining = _stretched(remaining, simulation, [*chosen, best], base)
        found.append(_step(best, "care", findings, site, saved, remaining))
        current = losses[best]
        chosen.append(best)
        candidates.remove(best)
        candidates = sorted(candidates, key=lambda name: (-gains[name], name))[:KEPT]
    left = found[-1].remaining if found else None
    avoided = Estimate(1 - left.median, 1 - left.high, 1 - left.low) if left else None
    return Plan((*_placed(found, bests), *_rest(found, findings, weights, site, steps)), avoided)


def by_findings(findings: Sequence[Finding], weights: Mapping[str, int], site: Site, steps: int = STEPS) -> Plan:
    """The plan by findings alone: the weight of the worst finding of each detection that names a control."""
    return Plan(tuple(_rest([], findings, weights, site, steps)))


def ranked(findings: Sequence[Finding], site: Site, entrances: Iterable[str] = ()) -> dict[str, int]:
    """The controls that findings name, or the probable ways in of incidents, and that are not in place, heaviest first."""
    worst: dict[str, dict[str, int]] = {}
    for finding in findings:
        for control in finding.controls:
            terms = site.controls.get(control)
            if control in known_controls() and not (terms and terms.in_place) and finding.severity != "info":
                seen = worst.setdefault(control, {})
                seen[finding.detection] = max(_WEIGHTS[finding.severity], seen.get(finding.detection, 0))
    for control in entrances:
        if not ((terms := site.controls.get(control)) and terms.in_place):
            worst.setdefault(control, {})["entrance"] = _WEIGHTS["high"]
    weights = {control: sum(seen.values()) for control, seen in worst.items()}
    return dict(sorted(weights.items(), key=lambda item: (-item[1], item[0])))


def avoidable_findings(findings: Sequence[Finding]) -> tuple[int, int]:
    """How many findings a common measure would have avoided, of how many."""
    counted = [finding for finding in findings if finding.severity != "info"]
    return sum(bool(COMMON & set(finding.controls)) for finding in counted), len(counted)


def _rest(
    found: Sequence[PlanStep], findings: Sequence[Finding], weights: Mapping[str, int], site: Site, steps: int
) -> list[PlanStep]:
    """What findings name beside what saves care, to fill the plan."""
    chosen = {step.control for step in found}
    left = [control for control in weights if control not in chosen]
    return [_step(control, "findings", findings, site) for control in left[: max(0, steps - len(found))]]


def _step(
    control: str, basis: str, findings: Sequence[Finding], site: Site,
    saved: Estimate | None = None, remaining: Estimate | None = None,
) -> PlanStep:  # fmt: skip
    terms = site.controls.get(control)
    return PlanStep(
        control=control,
        basis="care" if basis == "care" else "findings",
        findings=tuple(finding.id for finding in findings if control in finding.controls and finding.severity != "info"),
        saved=saved,
        remaining=remaining,
        effort_days=terms.effort_days if terms else None,
        cost=terms.cost if terms else None,
    )


def _cost(control: str, site: Site) -> float | None:
    terms = site.controls.get(control)
    return terms.cost if terms else None


def _resampled(simulation: Simulation) -> Array:
    """So many resamples of the sets of runs: how often each set counts, resamples x sets."""
    count = int(simulation.drawn.sets.max()) + 1
    random = np.random.default_rng(simulation.drawn.seed)
    return random.multinomial(count, np.full(count, 1 / count), RESAMPLES) / count


def _means(simulation: Simulation, values: Array, resamples: Array) -> Array:
    means: Array = resamples @ impact.grouped(values, simulation.drawn.sets)
    return means


def _ratio(part: Array, whole: Array, simulation: Simulation, resamples: Array, wholes: Array) -> Estimate:
    shares = _means(simulation, part, resamples) / np.maximum(wholes, 1e-12)
    low, high = np.quantile(shares, [0.05, 0.95])
    centre = float(part.mean() / max(float(whole.mean()), 1e-12))
    return Estimate(centre, min(centre, float(low)), max(centre, float(high)))


def _stretched(found: Estimate, simulation: Simulation, controls: Sequence[str], base: Array) -> Estimate:
    """What remains, its interval widened to controls that work less well, and better, than expected."""
    whole = float(base.mean())
    ends = [float(simulation.outcome(controls, power).lost.mean()) / whole for power in simulation.inputs.strength[::2]]
    return Estimate(found.median, min(found.low, *ends), max(found.high, *ends))


def _placed(found: Sequence[PlanStep], bests: Sequence[Sequence[str]]) -> list[PlanStep]:
    """The steps with the interval of their places: where each was the best of a resample for the first time.

    Where it was not even at its own place, another was better there, and it comes a place later.
    """
    placed = []
    for own, step in enumerate(found, 1):
        firsts: dict[int, int] = {}
        for place, names in enumerate(bests, 1):
            for number, name in enumerate(names):
                if name == step.control:
                    firsts.setdefault(number, place)
        places = np.array([firsts.get(number, own + 1) for number in range(RESAMPLES)])
        low, high = np.quantile(places, [0.05, 0.95], method="nearest")
        placed.append(replace(step, place_low=int(low), place_high=int(high)))
    return placed
