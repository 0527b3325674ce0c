"""Chance: what each input is in each run, drawn once per round so that every plan is judged under the same luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wardround.care.inputs import Distribution, Inputs

Array = np.ndarray[Any, np.dtype[np.float64]]

#: What is not known well is drawn anew for each of so many sets of runs; within a set only luck differs.
SETS = 100

#: Ways to reach, in the columns of the probabilities; the first always holds.
KINDS = (
    "fixed", "entry_critical", "entry_high", "entry_medium", "entry_low", "entry_under_way", "entry_unknown",
    "remote_administration", "file_sharing", "application", "neighbour", "segment", "directory", "weak",
)  # fmt: skip
KIND = {name: place for place, name in enumerate(KINDS)}

_ENTRIES = ("critical", "high", "medium", "low", "under_way", "unknown")


@dataclass(frozen=True, slots=True)
class Draws:
    """Per run: ``values`` of every input by name, ``sets`` the number of its set, ``luck`` uniform numbers by name."""

    runs: int
    seed: int
    values: Mapping[str, Array]
    sets: np.ndarray[Any, np.dtype[np.int64]]
    luck: Mapping[str, Array]

    @property
    def probabilities(self) -> Array:
        """Runs x kinds."""
        columns = [np.ones(self.runs) if name == "fixed" else self.values[_input_of(name)] for name in KINDS]
        return np.column_stack(columns)


def draw(inputs: Inputs, runs: int, seed: int) -> Draws:
    """Draw all inputs. Probabilities are drawn per set of runs (we do not know them), times per run (every case differs)."""
    random = np.random.default_rng(seed)
    count = min(SETS, runs)
    sets = np.arange(runs) * count // runs
    values = {}
    for name, distribution in unknown(inputs).items():
        values[name] = _triangular(distribution, random.random(count))[sets]
    together: dict[str, Array] = {}
    for name, distribution in varying(inputs).items():
        # what one hospital keeps up of its emergencies goes with what it keeps up of the rest: one luck for both
        part = name.removesuffix("_emergency")
        uniform = together.setdefault(part, random.random(runs))
        values[name] = _triangular(distribution, uniform)
    luck = {name: random.random(runs) for name in ("backup", "containment", "start", "activity", "arrivals")}
    return Draws(runs, seed, values, sets, luck)


def unknown(inputs: Inputs) -> dict[str, Distribution]:
    """The inputs that are the same in every attack and that nobody knows exactly."""
    found = {f"entry.{name}": getattr(inputs.entry, name) for name in _ENTRIES}
    found |= {f"spread.{name}": getattr(inputs.spread, name) for name in KINDS if name in type(inputs.spread).model_fields}
    found["containment"] = inputs.containment.share
    found["outage.backup_survives"] = inputs.outage.backup_survives.share
    found["arrivals"] = inputs.arrivals.per_hundred_exams
    return found


def varying(inputs: Inputs) -> dict[str, Distribution]:
    """The inputs that differ from one attack to the next."""
    outage, function = inputs.outage, inputs.function
    return {
        "damage": inputs.damage.share,
        "outage.systems": outage.systems.days,
        "outage.lost_backup": outage.lost_backup.factor,
        "outage.ramp": outage.ramp.share,
        "outage.device": outage.device.days,
        "outage.workaround": outage.workaround.days,
        "function.acute": function.acute.share,
        "function.acute_emergency": function.acute_emergency.share,
        "function.other": function.other.share,
        "function.workaround": function.workaround.share,
        "function.workaround_other": function.workaround_other.share,
        "diversion": inputs.diversion.hours,
    }


def _input_of(kind: str) -> str:
    return f"entry.{kind[6:]}" if kind.startswith("entry_") else f"spread.{kind}"


def _triangular(distribution: Sequence[float], uniform: Array) -> Array:
    """Quantiles of a triangular distribution (low, mode, high), or a fixed value."""
    if len(distribution) == 1 or distribution[0] == distribution[-1]:
        return np.full(len(uniform), float(distribution[0]))
    low, mode, high = distribution
    cut = (mode - low) / (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - uniform) * (high - low) * (high - mode))
    found: Array = np.where(uniform < cut, rising, falling)
    return found
