"""Care, assessed: the services of a round, what an attack would cost them, and what to do first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wardround.care import dependencies, impact, inputs, plan, reachability, services, simulation
from wardround.care.application_entities import Asking
from wardround.model import Asset, Finding, Impact, Incident, PlanStep, Service
from wardround.site import Site

#: Runs with which plans are compared, at most and at least, and the steps that all comparisons together should take.
PLAN_RUNS, LEAST_PLAN_RUNS, PLAN_STEPS = 2_000, 300, 1_000_000_000


@dataclass(frozen=True, slots=True)
class Care:
    """What is told of care."""

    services: tuple[Service, ...] = ()
    impact: Impact | None = None
    plan: tuple[PlanStep, ...] = ()


def assess(
    tables: Asking, site: Site, assets: Sequence[Asset], findings: Sequence[Finding], incidents: Sequence[Incident],
    given: inputs.Inputs,
) -> Care:  # fmt: skip
    """Services, impact and plan of a round. Raises WardroundError."""
    names = services.addresses(assets)
    uses = dependencies.seen(tables, names)
    found = services.inferred(tables, site, assets, given.rhythm.week, uses)
    signed_in = uses.of.get("directory", {})
    network = reachability.observed(tables, site, assets, names, findings, signed_in)
    reachability.add_entrances(network, incidents, names)
    return judged(network, found, findings, site, given)


def judged(
    network: reachability.Network, found: Sequence[Service], findings: Sequence[Finding], site: Site, given: inputs.Inputs
) -> Care:
    """Impact and plan for a network and its services."""
    counted = plan.avoidable_findings(findings)
    entrances = {control for entry in network.entries if entry.entrance for control in entry.controls}
    named = plan.ranked(findings, site, entrances)
    prepared = simulation.prepared(network, found, given) if found and network.nodes else None
    reason = impact.unable(prepared)
    if prepared is None or reason is not None:
        steps = plan.by_findings(findings, named, site).steps
        return Care(tuple(found), Impact(reason=(reason or impact.NO_SERVICE,), avoidable_findings=counted), steps)
    in_place = [name for name, terms in site.controls.items() if terms.in_place]
    told = impact.told(prepared, prepared.outcome(in_place))
    evaluations = max(1, len(named)) + min(plan.KEPT, len(named)) * (plan.STEPS - 1)
    fewer = min(PLAN_RUNS, max(LEAST_PLAN_RUNS, PLAN_STEPS // (evaluations * max(1, len(network.edges)))))
    planned = plan.by_care(simulation.prepared(network, found, given, fewer), findings, named, site)
    controls = [*in_place, *(step.control for step in planned.steps)]
    ways = impact.ways(prepared, controls)
    told = replace(told, ways=ways, avoidable=planned.avoidable, avoidable_findings=counted)
    return Care(tuple(found), told, planned.steps)
