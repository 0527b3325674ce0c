"""What the site file says of its readiness for a failure of its systems, and what it cannot show (PS-E02)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from wardround.care import inputs, services
from wardround.detect.analyses.single_points import told, waits
from wardround.detect.tables import Tables
from wardround.site import Site

#: A restore or an exercise is proof for a year, a written procedure for two.
_YEAR = 365

_LAST = """
    SELECT max(ts) AS ts FROM (
      SELECT max(ts) AS ts FROM conn UNION ALL SELECT max(ts) FROM dicom_association UNION ALL SELECT max(ts) FROM windows_event
      UNION ALL SELECT max(ts) FROM hl7_message UNION ALL SELECT max(ts) FROM dicom_operation
    )
"""


def analyse(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row when something is missing, by its name in the site file; nothing when the site shows all of it."""
    last = tables.query(_LAST)[0]["ts"]
    if last is None:
        return
    today = datetime.datetime.fromtimestamp(last // 1_000_000_000, datetime.UTC).date()
    missing = list(_missing(tables, site, today))
    if missing:
        yield {
            "what": "downtime",
            "missing": ", ".join(missing),
            "level": "high" if {"restore_test", "downtime_exercise"} & set(missing) else "medium",
            "first_ts": last,
            "last_ts": last,
            "events": 1,
            "evidence": [],
        }


def _missing(tables: Tables, site: Site, today: datetime.date) -> Iterator[str]:
    ready = site.readiness
    if _older(ready.restore_test, today, _YEAR):
        yield "restore_test"
    if _older(ready.downtime_procedure, today, 2 * _YEAR):
        yield "downtime_procedure"
    if _older(ready.downtime_exercise, today, _YEAR):
        yield "downtime_exercise"
    if not ready.on_call_list:
        yield "on_call_list"
    known = told(tables, site)
    urgent = [
        service
        for service in services.inferred(tables, site, known, inputs.shipped().rhythm.week)
        if service.emergency and service.name in services.IMAGING
    ]
    if urgent and not all(waits(service, {}, site) for service in urgent):
        yield "buffer_hours"


def _older(day: datetime.date | None, today: datetime.date, days: int) -> bool:
    return day is None or (today - day).days > days
