"""The inputs of the estimate of lost care: ``impact.toml``, shipped with sources and open to correction by the hospital."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from wardround import settings
from wardround.errors import ContentError

#: A file of inputs larger than this is not one.
MAX_BYTES = 1024 * 1024

Array = np.ndarray[Any, np.dtype[np.float64]]
Distribution = tuple[float, ...]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    basis: str = ""
    source: str = ""


def _checked(value: Distribution) -> Distribution:
    if len(value) not in (1, 3) or any(not 0 <= item < 1e6 for item in value):
        raise settings.ValueMistakeError(
            "a distribution is [value] or [low, mode, high], of numbers from 0 on",
            "une distribution est [valeur] ou [bas, mode, haut], en nombres à partir de 0",
        )
    if tuple(sorted(value)) != tuple(value):
        raise settings.ValueMistakeError(
            "low, mode and high must be in that order",
            "la valeur basse, le mode et la valeur haute doivent être dans cet ordre",
        )
    return value


class Days(_Model):
    """A time in days."""

    days: Distribution
    _check = field_validator("days")(_checked)


class Hours(_Model):
    """A time in hours."""

    hours: Distribution
    _check = field_validator("hours")(_checked)


class Factor(_Model):
    """A factor."""

    factor: Distribution
    _check = field_validator("factor")(_checked)


class Share(_Model):
    """A share or probability."""

    share: Distribution

    @field_validator("share")
    @classmethod
    def _probability(cls, value: Distribution) -> Distribution:
        if any(item > 1 for item in value):
            raise settings.ValueMistakeError("a share is at most 1", "une part vaut au plus 1")
        return _checked(value)


class Rhythm(_Model):
    """How activity is spread over a day and the week."""

    hours: tuple[float, ...] = Field(min_length=24, max_length=24)
    weekend: float = Field(ge=0, le=2)

    @property
    def week(self) -> Array:
        """The share of a week's activity in each of its 168 hours, from Monday midnight."""
        day = np.asarray(self.hours)
        week = np.concatenate([day] * 5 + [day * self.weekend] * 2)
        shares: Array = week / week.sum()
        return shares


class Outage(_Model):
    """How long what stopped stays down."""

    systems: Days
    lost_backup: Factor
    backup_survives: Share
    ramp: Share
    device: Days
    workaround: Days


class Function(_Model):
    """How much goes on without the systems."""

    acute: Share
    acute_emergency: Share
    other: Share
    workaround: Share
    workaround_other: Share


class Entry(_Model):
    """Probability that an opening lets one determined attack in."""

    critical: Distribution
    high: Distribution
    medium: Distribution
    low: Distribution
    under_way: Distribution
    unknown: Distribution
    _check = field_validator("critical", "high", "medium", "low", "under_way", "unknown")(_checked)


class Spread(_Model):
    """Probability that the next machine falls, by how it can be reached."""

    remote_administration: Distribution
    file_sharing: Distribution
    application: Distribution
    neighbour: Distribution
    segment: Distribution
    directory: Distribution
    weak: Distribution
    _check = field_validator(
        "remote_administration", "file_sharing", "application", "neighbour", "segment", "directory", "weak"
    )(_checked)  # fmt: skip


class Arrivals(_Model):
    """Time-critical emergencies a day for 100 examinations a day."""

    per_hundred_exams: Distribution
    _check = field_validator("per_hundred_exams")(_checked)


class Effect(_Model):
    """What a control changes; the keys of ``entry`` are threats, of ``spread`` ways to reach (``all``, and ``…_across``)."""

    entry: dict[str, float] = {}
    spread: dict[str, float] = {}
    damage: float = Field(default=1.0, ge=0, le=1)
    backup_survives: float | None = Field(default=None, ge=0, le=1)
    workaround: float = Field(default=1.0, ge=0, le=1)
    function: float = Field(default=1.0, ge=1, le=5)

    @field_validator("entry", "spread")
    @classmethod
    def _factors(cls, value: dict[str, float]) -> dict[str, float]:
        if any(not 0 <= item <= 1 for item in value.values()):
            raise settings.ValueMistakeError("a factor lies between 0 and 1", "un facteur est compris entre 0 et 1")
        return value


class Inputs(_Model):
    """Everything that the estimate rests on."""

    version: int = 1
    rhythm: Rhythm
    outage: Outage
    function: Function
    diversion: Hours
    damage: Share
    containment: Share
    entry: Entry
    spread: Spread
    arrivals: Arrivals
    closes: float = Field(default=0.1, ge=0, le=1)
    limits: float = Field(default=0.3, ge=0, le=1)
    remains: float = Field(default=0.05, ge=0, le=1)
    strength: Distribution = (0.4, 0.8, 1.0)
    controls: dict[str, Effect] = {}

    _check = field_validator("strength")(_checked)

    def effect(self, control: str) -> Effect:
        """What a control does in general; nothing when the file does not say."""
        return self.controls.get(control) or Effect()


@cache
def shipped_text() -> str:
    """The text of the shipped file, to be copied and edited."""
    return resources.files(__package__ or "").joinpath("impact.toml").read_text(encoding="utf-8")


@cache
def shipped() -> Inputs:
    """The shipped inputs."""
    try:
        return _parsed(tomllib.loads(shipped_text()))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ContentError(f"impact.toml: {error}") from error


def load(path: Path | None) -> Inputs:
    """The inputs of a file, the shipped ones for what it does not state. Raises UserError with the place of the mistake."""
    if path is None:
        return shipped()
    given = settings.content(path, MAX_BYTES, ("a file of inputs", "un fichier d’hypothèses"))
    try:
        return _parsed(_overlaid(tomllib.loads(shipped_text()), given))
    except ValidationError as error:
        raise settings.refused(path, error, Inputs) from error


def _overlaid(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(base)
    for key, value in given.items():
        below = found.get(key)
        found[key] = _overlaid(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found


def _parsed(content: Mapping[str, Any]) -> Inputs:
    """The controls' common keys stand beside the tables of the controls in the file."""
    content = dict(content)
    controls = dict(content.get("controls", {}))
    controls.pop("basis", None)
    common = {name: controls.pop(name) for name in ("closes", "limits", "remains", "strength") if name in controls}
    return Inputs.model_validate({**content, **common, "controls": controls})
