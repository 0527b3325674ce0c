"""The part of the result document that speaks of care: services, what an attack would cost them, and the plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from wardround import model


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Strict):
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


class ServiceActivity(_Strict):
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


class Service(_Strict):
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
