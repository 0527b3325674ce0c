"""Every table of a round: its columns, their types, units and meaning. The single source; docs and tooltips come from here.

A table is written down as lines of ``column  type  meaning``. Every table begins with the same provenance columns
(:data:`PROVENANCE`). An *open* table takes further text columns (the EventData names of Windows).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pyarrow as pa

#: The words for types used in table texts. Times are int64 nanoseconds since 1970-01-01T00:00:00Z (docs/decisions).
TYPES: dict[str, pa.DataType] = {
    "time": pa.int64(),
    "text": pa.string(),
    "label": pa.string(),
    "address": pa.string(),
    "port": pa.int32(),
    "count": pa.int64(),
    "int": pa.int64(),
    "real": pa.float64(),
    "seconds": pa.float64(),
    "flag": pa.bool_(),
    "texts": pa.list_(pa.string()),
    "reals": pa.list_(pa.float64()),
    "counts": pa.list_(pa.int64()),
}

UNITS = {"time": "ns since 1970-01-01T00:00:00Z", "seconds": "s"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the word for its type (a key of :data:`TYPES`) and what it means in one line."""

    name: str
    kind: str
    doc: str

    @property
    def type(self) -> pa.DataType:
        """The Arrow type."""
        return TYPES[self.kind]

    @property
    def unit(self) -> str:
        """The unit of the values, empty when they have none."""
        return UNITS.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Table:
    """A typed columnar event table, the same whichever reader filled it.

    Rows of a table of ``states`` tell how things are: no time range leaves them out, and they are not in the timeline.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    open: bool = False
    states: bool = False

    def arrow(self) -> pa.Schema:
        """The Arrow schema of the columns that every part of the table has."""
        return _arrow(self)

    def column(self, name: str) -> Column | None:
        """The column of that name, None when the table does not declare it."""
        return next((c for c in self.columns if c.name == name), None)


@cache
def _arrow(table: Table) -> pa.Schema:
    return pa.schema([pa.field(c.name, c.type) for c in table.columns])


def columns(text: str) -> tuple[Column, ...]:
    """Read lines of ``name type meaning`` into columns; raises ValueError on an unknown type."""
    found = []
    for line in text.strip().splitlines():
        name, kind, doc = line.split(maxsplit=2)
        if kind not in TYPES:
            raise ValueError(f"column {name}: unknown type {kind}")
        found.append(Column(name, kind, doc))
    return tuple(found)


#: Where a row comes from; on every table that holds events.
PROVENANCE = columns("""
ts           time   When it happened
ts_zone      label  How the zone of ts was known: utc, stated (in the record), assumed (UTC for want of better) or none
evidence_id  label  The evidence it was read from (table evidence)
record       int    Position in that evidence: record id, line, frame number or message index
""")


def table(
    name: str,
    doc: str,
    text: str,
    *,
    open: bool = False,  # noqa: A002
    provenance: bool = True,
    states: bool = False,
) -> Table:
    """Declare a table from its text, with the provenance columns in front unless it holds no events."""
    return Table(name, doc, (PROVENANCE if provenance else ()) + columns(text), open, states)


def _collect() -> dict[str, Table]:
    from wardround.schema import cloud, core, edge, files, imaging, knowledge, linux, mail, network, protection, windows

    found: dict[str, Table] = {}
    for module in (core, windows, linux, network, imaging, edge, files, protection, knowledge, mail, cloud):
        for item in module.TABLES:
            if item.name in found:
                raise ValueError(f"table {item.name} is declared twice")
            found[item.name] = item
    return found


@cache
def tables() -> dict[str, Table]:
    """Every table by name, in the order in which the documentation shows them."""
    return _collect()
