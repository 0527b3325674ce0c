"""Shredded Windows events to rows of table ``windows_event``: which JSON path is which column.

A :class:`Shape` is one way in which tools write a Windows event as JSON. System values go to the declared columns; what
the event itself carries (EventData, UserData) becomes one text column per name, exactly as Windows shows the value:
numbers as decimal text, hexadecimal kept, true and false in lower case, GUIDs in braces. The rules for names:

- attributes (``xmlns``, ``Name`` of EventData itself) are dropped; of UserData the wrapping element is dropped and the
  leaf keeps its own name;
- unnamed ``<Data>`` elements are one column ``Data``, one value per line, as are all arrays of plain values;
- a name that a declared or provenance column already has gets a prefix: ``UserData.LogFileCleared.Channel`` is
  ``EventData_Channel``;
- values longer than ``MAX_TEXT`` are cut; names beyond ``MAX_PATHS`` in one block go as written to ``_overflow``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.shred import MAX_PATHS, MAX_TEXT, OVERFLOW, shred
from wardround.readers.windows_shapes import EVENT, LEVELS, Shape
from wardround.schema import PROVENANCE
from wardround.schema.windows import WINDOWS_EVENT

if TYPE_CHECKING:
    from wardround.readers.base import Sink
    from wardround.readers.shred import Shredded

#: Longest name of a column, in characters.
MAX_NAME = 200


#: Longest text of the column ``Binary``, which holds bytes in hexadecimal that nobody searches.
MAX_BINARY = 256

#: Values handed out at a time: a block with very many names is written in slices of fewer rows.
_MAX_CELLS = 4_000_000


def write_rows(shredded: Shredded, shape: Shape, wrapper: str, sink: Sink, *, record: pa.Array | None = None) -> None:
    """Write the rows of a block whose events have ``shape`` behind ``wrapper``.

    ``record`` is the position of each row in the evidence; None takes the record number that Windows gave the event.
    """
    if not shredded.rows:
        return
    rows = _times(shredded, shape, wrapper, sink)
    system = _system(shredded, shape, wrapper)
    rows["record"] = system["EventRecordID"] if record is None else record
    rows |= system
    for name, paths in _data_columns(shredded.paths(), shape, wrapper).items():
        column = _first([shredded.joined(path) for path in paths])
        if name == "Binary":
            column = pc.utf8_slice_codeunits(column, 0, MAX_BINARY)
        if column.null_count < len(column):
            rows[name] = column
    if shredded.count(OVERFLOW):
        sink.diagnose("too_many_names", f"A block has more than {MAX_PATHS} names; the rest is in column _overflow.")
    if shredded.cut:
        sink.diagnose("value_cut", f"{shredded.cut} values were longer than {MAX_TEXT} bytes and were cut.")
    table = pa.table(rows)
    if record is not None:
        table = _events_only(table, sink)
    step = max(1, _MAX_CELLS // table.num_columns)
    for start in range(0, table.num_rows, step):
        sink.write(WINDOWS_EVENT.name, table.slice(start, step))


def write_events(events: list[bytes], numbers: list[int], sink: Sink) -> None:
    """Write events in the nested form that the evtx library gives, as JSON, with their places in the evidence."""
    shredded = shred(b"\n".join(events))
    shredded.brace_guids()
    write_rows(shredded, EVENT, "", sink, record=pa.array(numbers, pa.int64()))


def _events_only(table: pa.Table, sink: Sink) -> pa.Table:
    """Without the records that are something else: exports mix Windows events with other documents."""
    event = pc.or_(pc.is_valid(table["EventID"]), pc.is_valid(table["Channel"]))
    if pc.all(event).as_py():
        return table
    others = table.filter(pc.invert(event))
    sink.diagnose("not_windows_events", f"{len(others)} records are no Windows events.", others["record"][0].as_py())
    return table.filter(event)


def _times(shredded: Shredded, shape: Shape, wrapper: str, sink: Sink) -> dict[str, pa.Array]:
    found = [shredded.times(path) for path in _present(shredded, shape.time, wrapper)]
    if shape.clock is not None:
        for path in _present(shredded, shape.time, wrapper):
            times = shape.clock(shredded.text(path))
            found.append((times, pc.is_valid(times)))
    if not found:
        found = [shredded.times("")]
    times = _first([time for time, _ in found])
    zoned = _first([zone for _, zone in found])
    if times.null_count:
        sink.diagnose("time_missing", f"{times.null_count} events have no time that could be read.")
    if pc.any(pc.invert(zoned)).as_py():
        sink.diagnose("time_without_zone", "Times are written without their zone; they were taken for UTC.")
    zone = pc.if_else(zoned, shape.zone, "assumed").fill_null("none")
    return {"ts": times, "ts_zone": zone}


def _system(shredded: Shredded, shape: Shape, wrapper: str) -> dict[str, pa.Array]:
    """The declared columns, nulls where the export has nothing."""
    rows = {}
    for column in WINDOWS_EVENT.columns[len(PROVENANCE) :]:
        paths = _present(shredded, shape.columns.get(column.name, ()), wrapper)
        if column.kind == "int":
            values = [shredded.int(path) for path in paths]
            if column.name == "Level":
                values += [_level(shredded.text(path)) for path in paths]
        elif column.name == "Keywords":
            values = [shredded.joined(path) for path in paths]
        else:
            values = [shredded.text(path) for path in paths]
            if column.name == "Channel" and shape.channels:
                values = [_renamed(value, shape.channels) for value in values]
        rows[column.name] = _first(values) if values else pa.nulls(shredded.rows, column.type)
    return rows


def _present(shredded: Shredded, paths: Iterable[str], wrapper: str) -> list[str]:
    """Those paths, behind the wrapper, at which the block has values."""
    full = [f"{wrapper}{path}{text}" for path in paths for text in ("", ".#text")]
    return [path for path in full if shredded.count(path)]


def _first(columns: list[pa.Array]) -> pa.Array:
    return columns[0] if len(columns) == 1 else pc.coalesce(*columns)


def _level(text: pa.StringArray) -> pa.Int64Array:
    return pa.array(LEVELS.values(), pa.int64()).take(
        pc.index_in(pc.utf8_lower(text), value_set=pa.array(LEVELS.keys(), pa.string()))
    )


def _renamed(text: pa.StringArray, names: Mapping[str, str]) -> pa.StringArray:
    known = pc.index_in(text, value_set=pa.array(names.keys(), pa.string()))
    return pc.coalesce(pa.array(names.values(), pa.string()).take(known), text)


def _data_columns(paths: Iterable[str], shape: Shape, wrapper: str) -> dict[str, list[str]]:
    """Names of the event's own columns and the paths that fill each."""
    columns: dict[str, list[str]] = {}
    for path in paths:
        if path == OVERFLOW:
            columns.setdefault("_overflow", []).append(path)
        elif path.startswith(wrapper) and (name := _data_name(path[len(wrapper) :], shape)):
            columns.setdefault(name, []).append(path)
    return columns


def _data_name(path: str, shape: Shape) -> str:
    """The column for a path of the event's own data, empty when the path holds none."""
    if "#attributes" in path or "_attributes." in path:
        return ""
    path = path.removesuffix(".#text")
    if path in shape.unnamed:
        return "Data"
    for prefix in shape.data:
        if path.startswith(prefix):
            name = path[len(prefix) :]
            if prefix.lower().endswith("userdata."):
                name = name.rpartition(".")[2]
            if shape.lowered:
                name = name[:1].upper() + name[1:]
            return _column_name(name)
    if shape.flat and not _used(shape).intersection((path, path.partition(".")[0])):
        return _column_name(path)
    return ""


@cache
def _used(shape: Shape) -> frozenset[str]:
    """Top-level paths of a flat shape that are no data of the event."""
    return frozenset(shape.ignored).union(*shape.columns.values())


_TAKEN = frozenset(column.name.lower() for column in WINDOWS_EVENT.columns)


def _column_name(name: str) -> str:
    name = "".join(character if character.isprintable() else "_" for character in name[:MAX_NAME])
    return f"EventData_{name}" if name.lower() in _TAKEN or not name else name
