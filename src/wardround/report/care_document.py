"""The part of the result document that speaks of care: services, what an attack would cost them, and the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from wardround import model
from wardround.report.document_parts import Strict


class Part(Strict):
    """A node of what a service needs: ``all`` or ``any`` of its parts, or one ``asset``."""

    kind: Literal["all", "any", "asset"]
    role: str = Field(description="What it is for: imaging, archive, worklist, names, directory, addresses, reading …")
    asset: str
    parts: list[Part]

    def assets(self) -> Iterator[Part]:
        """The assets in it, in order, as often as they stand there."""
        if self.kind == "asset":
            yield self
        for part in self.parts:
            yield from part.assets()


class ServiceActivity(Strict):
    """How much a service does; rates per day with a 90 % interval, null where the evidence supports none."""

    basis: Literal["studies", "orders", "stated", "none"]
    exams: int = Field(description="Examinations counted")
    hours: float = Field(description="Hours of evidence they were counted in")
    per_day: float | None
    low: float | None
    high: float | None
    by_hour: list[tuple[int, int, int, float]] = Field(
        description="Weekday (0 is Monday), hour (the hospital's time), examinations, hours observed"
    )


class Service(Strict):
    """A piece of care, what it needs and what it does."""

    name: str
    texts: dict[str, str] = Field(description="Its title per language")
    stated: bool = Field(description="Whether the site file says what it needs")
    emergency: bool
    needs: Part
    single_points: list[str]
    autonomous: list[str] = Field(description="Devices seen to keep or repeat images when the archive did not answer")
    independent: list[str] = Field(description="Viewers that never asked the directory")
    activity: ServiceActivity
    emergencies_per_day: float | None


class Estimate(Strict):
    """A number that is never told alone: its median (a mean where it says so), and its 90 % interval."""

    median: float
    low: float
    high: float


class ServiceImpact(Strict):
    """What one attack does to a service; all but ``stops`` holds when it stops, hours are until that share is back."""

    service: str
    stops: Estimate = Field(description="Probability that one determined attack stops it")
    days_lost: Estimate = Field(description="Days of full activity lost")
    hours_to_50: Estimate
    hours_to_80: Estimate
    hours_to_100: Estimate
    exams_lost: Estimate | None
    backlog: Estimate | None = Field(description="Examinations made without the systems, to be read again and entered")


class Influence(Strict):
    """How much an input of impact.toml moves the mean result: where it is lowest (a fifth of cases) and where highest."""

    input: str
    at_low: float
    at_high: float


class Entry(Strict):
    """A way in: the machine and the number of findings that open it; no machine for the way that no evidence shows."""

    machine: str
    findings: int


class Way(Strict):
    """A way of an attack to a service: the machines on it, its probability before the plan and after it."""

    service: str
    machines: list[str]
    before: Estimate
    after: Estimate


class FindingShare(Strict):
    """How many findings a common measure would have avoided, of how many."""

    avoidable: int
    all: int


class Impact(Strict):
    """What one determined attack would cost care in the network as it was seen. Never deaths, never a number alone."""

    reason: list[dict[str, str]] = Field(description="Why there is no figure, or what the figures leave out, per language")
    runs: int = Field(description="Attacks simulated; 0 when nothing can be estimated")
    hosts: int
    pairs: int = Field(description="Pairs of machines seen to speak")
    unit: Literal["exams", "days"] = Field(description="Unit of lost, mean_lost and of the influences")
    stops: Estimate | None = Field(description="Probability that an attack stops any service")
    lost: Estimate | None = Field(description="Care lost when something stops")
    mean_lost: Estimate | None = Field(description="Expected care lost per attack: the mean and its interval")
    backlog: Estimate | None
    diversion_hours: Estimate | None = Field(description="Hours for which emergencies are sent elsewhere, when they are")
    emergencies: Estimate | None = Field(description="Time-critical emergencies that usually arrive in these hours")
    services: list[ServiceImpact]
    influences: list[Influence]
    entries: list[Entry]
    ways: list[Way]
    avoidable: Estimate | None = Field(description="Share of the expected loss that the plan avoids")
    avoidable_findings: FindingShare | None


class PlanStep(Strict):
    """A control to take next; its texts stand under ``controls``. ``saved`` and ``remaining`` are shares of expected loss."""

    control: str
    basis: Literal["care", "findings"]
    findings: list[str]
    saved: Estimate | None
    remaining: Estimate | None
    place_low: int | None = Field(description="Its place in the order lies between these in nine of ten resampled rounds")
    place_high: int | None
    effort_days: float | None
    cost: float | None


def impact(found: model.Impact | None) -> Impact | None:
    """The impact as the document tells it."""
    if found is None:
        return None
    return Impact(
        reason=[dict(reason) for reason in found.reason],
        runs=found.runs,
        hosts=found.hosts,
        pairs=found.pairs,
        unit=found.unit,
        stops=_estimate(found.stops),
        lost=_estimate(found.lost),
        mean_lost=_estimate(found.mean_lost),
        backlog=_estimate(found.backlog),
        diversion_hours=_estimate(found.diversion_hours),
        emergencies=_estimate(found.emergencies),
        services=[_service_impact(item) for item in found.services],
        influences=[
            Influence(input=item.input, at_low=_rounded(item.at_low) or 0.0, at_high=_rounded(item.at_high) or 0.0)
            for item in found.influences
        ],
        entries=[Entry(machine=machine, findings=findings) for machine, findings in found.entries],
        ways=[
            Way(
                service=way.service,
                machines=list(way.machines),
                before=_certain(way.before),
                after=_certain(way.after),
            )
            for way in found.ways
        ],
        avoidable=_estimate(found.avoidable),
        avoidable_findings=(
            FindingShare(avoidable=found.avoidable_findings[0], all=found.avoidable_findings[1])
            if found.avoidable_findings
            else None
        ),
    )


def step(found: model.PlanStep) -> PlanStep:
    """A step of the plan as the document tells it."""
    return PlanStep(
        control=found.control,
        basis=found.basis,
        findings=list(found.findings),
        saved=_estimate(found.saved),
        remaining=_estimate(found.remaining),
        place_low=found.place_low,
        place_high=found.place_high,
        effort_days=found.effort_days,
        cost=found.cost,
    )


def _service_impact(found: model.ServiceImpact) -> ServiceImpact:
    return ServiceImpact(
        service=found.service,
        stops=_certain(found.stops),
        days_lost=_certain(found.days_lost),
        hours_to_50=_certain(found.hours_to_50),
        hours_to_80=_certain(found.hours_to_80),
        hours_to_100=_certain(found.hours_to_100),
        exams_lost=_estimate(found.exams_lost),
        backlog=_estimate(found.backlog),
    )


def _estimate(found: model.Estimate | None) -> Estimate | None:
    return None if found is None else _certain(found)


def _certain(found: model.Estimate) -> Estimate:
    return Estimate(median=_rounded(found.median) or 0.0, low=_rounded(found.low) or 0.0, high=_rounded(found.high) or 0.0)


def service(found: model.Service) -> Service:
    """A service as the document tells it."""
    done = found.activity
    return Service(
        name=found.name,
        texts=dict(found.title),
        stated=found.stated,
        emergency=found.emergency,
        needs=_part(found.needs),
        single_points=list(found.single_points),
        autonomous=list(found.autonomous),
        independent=list(found.independent),
        activity=ServiceActivity(
            basis=done.basis,
            exams=done.exams,
            hours=done.hours,
            per_day=_rounded(done.per_day),
            low=_rounded(done.low),
            high=_rounded(done.high),
            by_hour=list(done.by_hour),
        ),
        emergencies_per_day=found.emergencies_per_day,
    )


def _part(part: model.Part) -> Part:
    return Part(kind=part.kind, role=part.role, asset=part.asset, parts=[_part(child) for child in part.parts])


def _rounded(value: float | None) -> float | None:
    """Three significant figures: more would pretend to know more."""
    return None if value is None else float(f"{value:.3g}")
