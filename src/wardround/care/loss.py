"""From machines that are down to care that is lost: functionality over time, examinations, hours, backlog.

A service that stops keeps a share of its activity at once (``acute``), more once work at the consoles is organised
(``workaround``), and comes back in a ramp when the systems do. What is lost is the area above that curve, times the usual
activity hour by hour: Bruneau's resilience triangle, in examinations. Times are days unless a name says hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wardround.care.draws import Draws

Array = np.ndarray[Any, np.dtype[Any]]

#: The ramp is followed in so many steps.
_STEPS = 6
_WEEK_DAYS = 7.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan changes about the outage: probability that backups survive (None: as drawn), and two factors."""

    backup_survives: Array | None = None
    workaround: float = 1.0
    function: float = 1.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Functionality per run: ``acute`` until ``organised``, ``later`` until ``back``, then a ramp to 1 at ``full``.

    ``dead`` is how long nothing at all goes on. Where nothing stopped all times are 0 and the levels 1.
    """

    acute: Array
    later: Array
    organised: Array
    back: Array
    full: Array
    dead: Array

    def hours_to(self, level: float) -> Array:
        """Hours until that share of function is reached."""
        slope = np.where(self.later < 1, (level - self.later) / np.maximum(1 - self.later, 1e-9), 0.0)
        ramp = self.back + np.clip(slope, 0, 1) * (self.full - self.back)
        days = np.where(self.acute >= level, 0.0, np.where(self.later >= level, self.organised, ramp))
        hours: Array = 24 * np.maximum(days, self.dead)
        return hours

    def function(self, day: float) -> Array:
        """The share of function at a time after the attack."""
        ramp = self.later + (1 - self.later) * np.clip((day - self.back) / np.maximum(self.full - self.back, 1e-9), 0, 1)
        level = np.where(day < self.organised, self.acute, np.where(day < self.back, self.later, ramp))
        found: Array = np.where(day < self.dead, 0.0, level)
        return found


def curve(draws: Draws, systems: Array, devices: Array, terms: Terms, keeps: str) -> Curve:
    """The functionality of a service: ``systems`` says per run whether what it needs is down, ``devices`` its own devices.

    ``keeps`` names the input that says what goes on at once: acute, acute_emergency or other.
    """
    value = draws.values
    survives = value["outage.backup_survives"] if terms.backup_survives is None else terms.backup_survives
    lost = np.where(draws.luck["backup"] < survives, 1.0, value["outage.lost_backup"])
    down = systems | devices
    dead = np.where(devices, value["outage.device"], 0.0)
    back = np.where(systems, value["outage.systems"] * lost, dead)
    organised = np.where(systems, np.minimum(value["outage.workaround"] * terms.workaround, back), dead)
    full = np.where(systems, back * (1 + value["outage.ramp"]), back)
    share = value[f"function.{keeps}"]
    acute = np.where(down, np.minimum(1.0, share * terms.function), 1.0)
    around = value["function.workaround_other" if keeps == "other" else "function.workaround"]
    later = np.where(down, np.maximum(acute, np.minimum(1.0, around * terms.function)), 1.0)
    return Curve(acute, np.where(systems, later, 1.0), organised, back, full, dead)


def days_lost(found: Curve, until: float | None = None) -> Array:
    """The area above the curve in days of full function, to its end or to a day."""
    return _area(found, until, lambda a, b: b - a)


def exams_lost(found: Curve, week: Array, start: Array, until: float | None = None) -> Array:
    """Examinations lost for one examination a day of usual activity, whose share per hour of the week is ``week``.

    ``start`` is the hour of the week (0 to 168) at which the attack begins, per run.
    """
    return _area(found, until, _activity(week, start))


def made_without(found: Curve, week: Array, start: Array) -> Array:
    """Examinations made while the systems are away, to be read again and entered, for one a day of usual activity.

    In the ramp the part that is made without them shrinks as they return.
    """
    done = _activity(week, start)
    dead, organised, back = (np.minimum(time, found.back) for time in (found.dead, found.organised, found.back))
    made = found.acute * done(np.minimum(dead, organised), organised)
    made = made + found.later * done(np.maximum(dead, organised), np.maximum(back, dead))
    length = np.maximum(found.full - found.back, 0.0)
    for step in range(_STEPS):
        a, b = found.back + length * step / _STEPS, found.back + length * (step + 1) / _STEPS
        progress = (step + 0.5) / _STEPS
        made = made + (found.later + (1 - found.later) * progress) * (1 - progress) * done(a, b)
    total: Array = made
    return total


def _activity(week: Array, start: Array) -> Any:
    """A function (a, b) that gives the usual activity between two days after the start, in days of usual activity."""
    knots = np.concatenate(([0.0], np.cumsum(week)))
    hours = np.arange(len(week) + 1.0)

    def until(day: Array) -> Array:
        moment = start + 24 * day
        weeks = np.floor(moment / len(week))
        found: Array = _WEEK_DAYS * (weeks + np.interp(moment - weeks * len(week), hours, knots))
        return found

    return lambda a, b: until(b) - until(a)


def _area(found: Curve, until: float | None, measure: Any) -> Array:
    """The measured time, weighed with what is missing of full function."""
    end = found.full if until is None else np.minimum(found.full, until)
    dead, organised, back = (np.minimum(time, end) for time in (found.dead, found.organised, found.back))
    area = measure(np.zeros_like(dead), dead)
    first = np.maximum(dead, organised)
    area = area + (1 - found.acute) * measure(np.minimum(dead, first), first)
    second = np.maximum(first, back)
    area = area + (1 - found.later) * measure(first, second)
    last = np.maximum(second, end)
    length = np.maximum(found.full - found.back, 1e-9)
    for step in range(_STEPS):
        a, b = second + (last - second) * step / _STEPS, second + (last - second) * (step + 1) / _STEPS
        missing = (1 - found.later) * (1 - np.clip(((a + b) / 2 - found.back) / length, 0, 1))
        area = area + missing * measure(a, b)
    total: Array = area
    return total


def gamma_like(low: float, centre: float, high: float, uniform: Array) -> Array:
    """Rates between a 90 % interval: lognormal on each side of the centre, which is its median."""
    if centre <= 0:
        return np.zeros(len(uniform))
    normal = _normal_quantile(uniform)
    below = np.log(centre / max(low, centre * 1e-3)) / 1.645
    above = np.log(max(high, centre) / centre) / 1.645
    rates: Array = centre * np.exp(normal * np.where(normal < 0, below, above))
    return rates


def _normal_quantile(uniform: Array) -> Array:
    """Quantiles of the standard normal distribution (Abramowitz and Stegun 26.2.23, error below 0.0005)."""
    tail = np.clip(np.minimum(uniform, 1 - uniform), 1e-12, 0.5)
    t = np.sqrt(-2 * np.log(tail))
    top = 2.515517 + 0.802853 * t + 0.010328 * t**2
    size = t - top / (1 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3)
    found: Array = np.where(uniform < 0.5, -size, size)
    return found


def quantiles(values: Array, mask: Array | None = None) -> Mapping[str, float]:
    """Median and 90 % interval; zeros when there is nothing."""
    chosen = values if mask is None else values[mask]
    if not len(chosen):
        return {"low": 0.0, "median": 0.0, "high": 0.0}
    low, median, high = np.quantile(chosen, [0.05, 0.5, 0.95])
    return {"low": float(low), "median": float(median), "high": float(high)}
