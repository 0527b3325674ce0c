"""Detections that look at what happened near in time hold out against exports of tens of thousands of rows.

A query that compares every row with every other one runs out of the memory that it may use, and the check is lost.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from wardround import schema
from wardround.detect.catalogue import catalogue
from wardround.detect.detection import SqlBody
from wardround.detect.sql import sql_hits
from wardround.detect.tables import Tables

ROWS = 50_000
SECOND = 1_000_000_000


def table(kind: str, columns: dict[str, list[Any]]) -> pa.Table:
    every = {"evidence_id": ["e1"] * ROWS, "record": list(range(ROWS)), **columns}
    declared = schema.tables()[kind].arrow()
    arrays = [pa.array(every[f.name], f.type) if f.name in every else pa.nulls(ROWS, f.type) for f in declared]
    return pa.table(arrays, schema=declared)


def alerts() -> pa.Table:
    return table(
        "edr_alert",
        {
            "ts": [1 + number * 50 * SECOND for number in range(ROWS)],
            "alert_id": [str(number) for number in range(ROWS)],
            "title": ["Ransomware"] * ROWS,
            "severity": ["high"] * ROWS,
            "host": [f"ws{number % 3000}" for number in range(ROWS)],
        },
    )


def machines() -> pa.Table:
    return table(
        "linux_event",
        {
            "ts": [1 + number * SECOND for number in range(ROWS)],
            "host": ["vc1"] * ROWS,
            "channel": ["vcenter_event"] * ROWS,
            "name": ["VmPoweredOffEvent" if number % 2 else "audit.ssh.enabled" for number in range(ROWS)],
            "message": [f"vm{number % 4000} on esx1 in dc is powered off" for number in range(ROWS)],
        },
    )


@pytest.mark.parametrize(("name", "kind", "rows"), [("RW-A22", "edr_alert", alerts), ("RW-A29", "linux_event", machines)])
def test_a_large_export_is_judged(name: str, kind: str, rows: Any) -> None:
    detection = next(item for item in catalogue() if item.name == name)
    assert isinstance(detection.body, SqlBody)
    with Tables.of_arrow({kind: rows()}) as tables:
        assert sql_hits(detection.body, tables)
