"""How much each service does: examinations by weekday and hour, from the studies stored and the orders sent.

Only hours that the evidence covers count. A rate per day is told with its 90 % interval, and only when at least a working
morning was watched; what was not watched is filled in with the usual rhythm of an imaging department (see impact.toml).
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wardround.care.application_entities import Asking
from wardround.model import Activity

Basis = Literal["studies", "orders"]

_HOUR_NS = 3_600_000_000_000
_WEEK = 168

#: Fewer hours of evidence, or fewer examinations, support no rate per day.
LEAST_HOURS, LEAST_EXAMS = 4.0, 3

#: Longer gaps without any imaging traffic in one piece of evidence are still covered by it; a year is looked at at most.
_MOST_HOURS = 24 * 366

#: Relative standard error of filling in hours that were not watched, when none of them was (judgement).
_RHYTHM_ERROR = 0.35

_STUDIES = """
    SELECT "id.orig_h" AS address, coalesce(modality, '') AS modality, min(ts) AS ts FROM dicom_operation
    WHERE operation IN ('C-STORE', 'STOW-RS') AND coalesce(is_orig, true) AND move_originator IS NULL
      AND study_token IS NOT NULL AND coalesce(status_class, 'success') NOT IN ('failure', 'unanswered')
    GROUP BY "id.orig_h", coalesce(modality, ''), study_token
"""

_ORDERS = """
    SELECT coalesce(modality, '') AS modality, min(ts) AS ts FROM hl7_message
    WHERE message_type IN ('ORM', 'OMI', 'OMG') AND coalesce(order_control, 'NW') = 'NW' AND order_token IS NOT NULL
    GROUP BY coalesce(modality, ''), order_token
"""

_SPANS = """
    SELECT evidence_id, min(ts) AS first_ts, max(ts) AS last_ts FROM (
      SELECT evidence_id, ts FROM dicom_operation UNION ALL SELECT evidence_id, ts FROM dicom_association
      UNION ALL SELECT evidence_id, ts FROM hl7_message
    ) WHERE ts IS NOT NULL GROUP BY evidence_id ORDER BY evidence_id
"""

#: So many rows are looked at; a large hospital makes some thousand examinations a day.
MOST = 500_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What was counted: studies per asset and orders per modality, as times (ns UTC), and the hours the evidence covers."""

    studies: Mapping[tuple[str, str], Sequence[int]]
    orders: Mapping[str, Sequence[int]]
    spans: Sequence[tuple[int, int]]


def seen(tables: Asking, names: Mapping[str, str]) -> Seen:
    """Count studies and orders; ``names`` gives the asset of an address. Raises WardroundError."""
    studies: dict[tuple[str, str], list[int]] = {}
    for row in tables.query(_STUDIES, most=MOST):
        if row["ts"] is not None:
            studies.setdefault((names.get(row["address"], row["address"]), row["modality"]), []).append(row["ts"])
    orders: dict[str, list[int]] = {}
    for row in tables.query(_ORDERS, most=MOST):
        if row["ts"] is not None:
            orders.setdefault(row["modality"], []).append(row["ts"])
    rows = tables.query(_SPANS)
    return Seen(studies, orders, _merged((row["first_ts"], row["last_ts"]) for row in rows))


def measured(times: Sequence[int], seen: Seen, timezone: str, rhythm: np.ndarray, kind: Basis = "studies") -> Activity:
    """The activity that these times of examinations tell; ``rhythm`` is the usual share of a week in each of its 168 hours."""
    if not seen.spans:
        return Activity("none")
    zone = zoneinfo.ZoneInfo(timezone)
    watched = _watched(seen.spans, zone)
    exams = Counter(_hour_of_week(ts, zone) for ts in times)
    hours = float(watched.sum())
    by_hour = tuple((h // 24, h % 24, exams[h], round(float(watched[h]), 3)) for h in range(_WEEK) if watched[h] or exams[h])
    if hours < LEAST_HOURS or len(times) < LEAST_EXAMS:
        return Activity(kind if times else "none", len(times), round(hours, 2), by_hour=by_hour)
    per_day, low, high = _rate(len(times), watched, rhythm)
    return Activity(kind, len(times), round(hours, 2), per_day, low, high, by_hour)


def _rate(exams: int, watched: np.ndarray, rhythm: np.ndarray) -> tuple[float, float, float]:
    """Examinations per day with a 90 % interval: Poisson for the count, a factor for hours of the week that were not seen.

    The interval of the count is the Wilson-Hilferty approximation of the gamma quantiles.
    """
    weeks = float((watched * rhythm).sum())  # so many usual weeks of work were watched
    unseen = float(rhythm[watched == 0].sum())
    centre = exams / weeks / 7
    spread = _RHYTHM_ERROR * unseen
    low = _gamma_quantile(exams, -1.645) / weeks / 7 * float(np.exp(-1.645 * spread))
    high = _gamma_quantile(exams + 1, 1.645) / weeks / 7 * float(np.exp(1.645 * spread))
    return centre, low, high


def _gamma_quantile(shape: float, z: float) -> float:
    if shape <= 0:
        return 0.0
    return float(shape * max(0.0, 1 - 1 / (9 * shape) + z / (3 * shape**0.5)) ** 3)


def _watched(spans: Sequence[tuple[int, int]], zone: zoneinfo.ZoneInfo) -> np.ndarray:
    """Hours watched, per hour of the week."""
    found = np.zeros(_WEEK)
    for first, last in spans:
        hour = first // _HOUR_NS
        for step in range(min(int(last // _HOUR_NS - hour) + 1, _MOST_HOURS)):
            start = (hour + step) * _HOUR_NS
            share = (min(last, start + _HOUR_NS) - max(first, start)) / _HOUR_NS
            found[_hour_of_week(start, zone)] += max(0.0, share)
    return found


def _hour_of_week(ts: int, zone: zoneinfo.ZoneInfo) -> int:
    moment = datetime.datetime.fromtimestamp(ts // 1_000_000_000, datetime.UTC).astimezone(zone)
    return moment.weekday() * 24 + moment.hour


def _merged(spans: Iterable[tuple[int | None, int | None]]) -> list[tuple[int, int]]:
    """The spans without overlap, in order; times out of the calendar are left out."""
    found: list[tuple[int, int]] = []
    sane = sorted((a, b) for a, b in spans if a is not None and b is not None and 0 <= a <= b < 2**62)
    for first, last in sane:
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
