"""Where protocol parsers put rows: collected per table, handed on in batches, weirds counted and limited."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any, Protocol

import pyarrow as pa

from wardround import schema
from wardround.wire import applications
from wardround.wire.connection import Connection, Rows

#: Rows of one table that are collected before they are handed on.
BATCH_ROWS = 8_192

#: Rows of all tables that are collected, at one to two kilobytes each; then those of the largest table are handed on.
PENDING_ROWS = 2 * BATCH_ROWS

#: Rows of one weird that are written for one evidence; what follows is only counted.
WEIRDS_SHOWN = 1_000


class Sink(Protocol):
    """What the engine needs of a reader's sink."""

    def write(self, table: str, rows: pa.Table) -> None:
        """Take a batch of rows."""

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Note a problem with the evidence."""


class Collector:
    """The :class:`wardround.wire.connection.Rows` of one capture."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._pending = 0
        self._weirds: dict[str, int] = {}
        self._kept: dict[str, Any] = {}

    def add(self, table: str, connection: Connection, ts: int, record: int, **columns: Any) -> None:
        """Add a row of ``table`` that belongs to a connection."""
        if table in applications.TELLING:
            applications.learn(table, connection, columns)
        row = connection.identity
        row.update(columns, ts=ts, ts_zone="utc", record=record)
        self.row(table, row)

    def row(self, table: str, row: dict[str, Any]) -> None:
        """Add a row of ``table`` as it is."""
        rows = self._rows.setdefault(table, [])
        rows.append(row)
        self._pending += 1
        if len(rows) >= BATCH_ROWS:
            self._hand_on(table)
        elif self._pending >= PENDING_ROWS:
            self._hand_on(max(self._rows, key=lambda name: len(self._rows[name])))

    def weird(self, connection: Connection | None, name: str, detail: str = "", *, ts: int = 0, record: int = -1) -> None:
        """Count a malformed thing under Zeek's name for it."""
        count = self._weirds[name] = self._weirds.get(name, 0) + 1
        if count > WEIRDS_SHOWN:
            return
        row: dict[str, Any] = {"name": name, "addl": detail or None, "notice": False, "ts_zone": "utc"}
        if connection is not None:
            row |= connection.identity
            ts, record = ts or connection.ts, record if record >= 0 else connection.record
        self.row("weird", row | {"ts": ts or None, "record": record})

    def kept(self, name: str, make: Callable[[Rows], Any]) -> Any:
        """What the parser of that name keeps across connections."""
        if name not in self._kept:
            self._kept[name] = make(self)
        return self._kept[name]

    def _hand_on(self, table: str) -> None:
        rows = self._rows.pop(table, [])
        self._pending -= len(rows)
        if not rows:
            return
        declared = schema.tables()[table].arrow()
        known = set().union(*rows)
        unknown = known - set(declared.names)
        if unknown:
            self.sink.diagnose("parser_defect", f"table {table} has no column {sorted(unknown)[0]}")
        fields = [field for field in declared if field.name in known]
        arrays = []
        for field in fields:
            values = list(map(dict.get, rows, repeat(field.name)))
            try:
                arrays.append(pa.array(values, field.type))
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError, TypeError, ValueError):
                arrays.append(self._one_by_one(table, field, values))
        self.sink.write(table, pa.table(arrays, schema=pa.schema(fields)))

    def _one_by_one(self, table: str, field: pa.Field, values: list[Any]) -> pa.Array:
        """A column with values that do not fit: those become null, and the defect is told."""
        for index, value in enumerate(values):
            try:
                pa.array([value], field.type)
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError, TypeError, ValueError) as error:
                values[index] = None
                self.sink.diagnose("parser_defect", f"table {table}, column {field.name}: {error}")
        return pa.array(values, field.type)

    def close(self) -> None:
        """Hand on what is left; tell of weirds that were only counted."""
        for name in list(self._kept):
            self._kept.pop(name).close()  # what is kept refers to this object: no cycle may stay
        for table in list(self._rows):
            self._hand_on(table)
        for name, count in sorted(self._weirds.items()):
            if count > WEIRDS_SHOWN:
                self.sink.diagnose("weirds_not_shown", f"{name}: {count - WEIRDS_SHOWN} more were only counted")
