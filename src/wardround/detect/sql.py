"""Hits of detections that are told in SQL or in Python: rows of a fixed shape, checked before they are believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wardround.detect.detection import AnalysisBody, SqlBody
from wardround.detect.findings import POINTERS, Hit
from wardround.detect.tables import QueryError, Tables

#: A detection that gives more rows than this is noise; the rest is not shown, and a diagnostic says so.
MAX_HITS = 1000

_LEVELS = {"informational": "info", "info": "info", "low": "low", "medium": "medium", "high": "high", "critical": "critical"}
_CONFIDENCES = ("low", "medium", "high")
_SHAPE = ("first_ts", "last_ts", "events", "evidence", "level", "confidence")


def sql_hits(body: SqlBody, tables: Tables) -> list[Hit]:
    """The rows of an ``sql:`` body, at most MAX_HITS + 1. Raises QueryError, also when the rows have not the shape."""
    return [hit_of(row) for row in tables.query(body.sql, limit=MAX_HITS + 1)]


def analysis_hits(body: AnalysisBody, tables: Tables) -> list[Hit]:
    """The rows that an analysis yields, at most MAX_HITS + 1. Raises QueryError or ContentError."""
    return list(_bounded(hit_of(row) for row in body.function()(tables, tables.site)))


def _bounded(hits: Iterable[Hit]) -> Iterator[Hit]:
    for number, hit in enumerate(hits):
        if number > MAX_HITS:
            return
        yield hit


def hit_of(row: Mapping[str, Any]) -> Hit:
    """A row as a hit. Raises QueryError naming the column that is missing or wrong."""
    for name in ("first_ts", "last_ts", "events", "evidence"):
        if name not in row:
            raise QueryError(f"the rows have no column {name}")
    level = row.get("level")
    if level is not None and level not in _LEVELS:
        raise QueryError(f"level {level!r} is not a level")
    confidence = row.get("confidence")
    if confidence is not None and confidence not in _CONFIDENCES:
        raise QueryError(f"confidence {confidence!r} is not low, medium or high")
    return Hit(
        values={name: value for name, value in row.items() if name not in _SHAPE},
        first_ts=_integer(row, "first_ts"),
        last_ts=_integer(row, "last_ts"),
        events=_integer(row, "events") or 0,
        evidence=tuple(_pointer(item) for item in (row["evidence"] or ())[:POINTERS]),
        level=None if level is None else _LEVELS[level],  # type: ignore[arg-type]
        confidence=confidence,
    )


def _integer(row: Mapping[str, Any], name: str) -> int | None:
    value = row[name]
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(f"column {name} is not a whole number") from error


def _pointer(item: Any) -> tuple[str, str, int, int | None]:
    try:
        ts = item["ts"]
        return str(item["table"]), str(item["evidence_id"]), int(item["record"]), None if ts is None else int(ts)
    except (KeyError, TypeError, ValueError) as error:
        raise QueryError("column evidence is not a list made by pointers(table_name, evidence_id, record, ts)") from error
