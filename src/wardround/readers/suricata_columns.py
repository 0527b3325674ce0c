"""Columns of our tables from the values of EVE events: where they stand, and the few that must be worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.base import Sink
from wardround.readers.json_records import column_of, has_any, zones
from wardround.readers.shred import Shredded
from wardround.schema import Column, Table

Derived = Callable[[Shredded], pa.Array]

_BASE = """
ts         timestamp
id.orig_h  src_ip
id.orig_p  src_port icmp_type
id.resp_h  dest_ip
id.resp_p  dest_port icmp_code
"""


def places(text: str) -> dict[str, tuple[str, ...]]:
    """Read lines of ``column path path…``: the column holds the value at the first path that has one."""
    found = {}
    for line in text.strip().splitlines():
        name, *paths = line.split()
        found[name] = tuple(paths)
    return found


@dataclass(frozen=True, slots=True)
class Mapped:
    """How one kind of event fills one table.

    ``paths`` and ``derived`` say where each column comes from. Only events with a value at one of the paths in ``given``
    make a row. With ``whole`` the events of one flow make one row together: each is a part of what the row tells.
    """

    table: Table
    paths: dict[str, tuple[str, ...]]
    derived: Mapping[str, Derived] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    finish: Callable[[pa.Table, Shredded], pa.Table] | None = None

    def rows(self, events: Shredded, sink: Sink) -> pa.Table:
        """The rows that some events make."""
        found: dict[str, pa.Array] = {"record": pa.array(events.numbers), "ts_zone": zones(events, "timestamp")}
        for name, paths in {**places(_BASE), **self.paths}.items():
            column = self.table.column(name)
            if column is not None and paths:
                found[name] = first_of(events, paths, self.table, column, sink)
        for name, derive in {"uid": flow_uid, **self.derived}.items():
            column = self.table.column(name)
            if column is not None:
                found[name] = derive(events).cast(column.type)
        rows = pa.table(found)
        if self.given:
            rows = rows.filter(pa.array(has_any(events, self.given)))
        return self.finish(rows, events) if self.finish else rows


def first_of(events: Shredded, paths: tuple[str, ...], table: Table, column: Column, sink: Sink) -> pa.Array:
    """The value of each event at the first of the paths that has one."""
    found = []
    for path in paths:
        values, bad = column_of(events, path, column)
        if bad:
            first = int(events.numbers[0])
            sink.diagnose("bad_cell", f"{bad} values of {path} ({table.name}.{column.name}) are not a {column.kind}.", first)
        found.append(values)
    if len(found) == 1:
        return found[0]
    if pa.types.is_list(column.type):
        best = found[0]
        for other in found[1:]:
            best = pc.if_else(best.is_valid(), best, other)
        return best
    return pc.coalesce(*found)


def one_per_flow(rows: pa.Table, _: Shredded) -> pa.Table:
    """Make one row of the events of one flow, each of which tells a part."""
    return merged(rows, rows["uid"])


def merged(rows: pa.Table, keys: pa.ChunkedArray | pa.Array, gather: tuple[str, ...] = ()) -> pa.Table:
    """One row per key: of every column the first value that is not null, of the lists in ``gather`` all values.

    Rows without a key stay as they are. The order is that of the first row of each key.
    """
    encoded = (keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys).dictionary_encode()
    code = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    keyless = np.flatnonzero(code < 0)
    code[keyless] = len(encoded.dictionary) + np.arange(keyless.size)
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    group = place[group]
    columns = {}
    for name in rows.column_names:
        column = rows[name].combine_chunks()
        if name in gather:
            owners = group[np.asarray(pc.list_parent_indices(column), dtype=np.int64)]
            columns[name] = lists(column.flatten(), owners, order.size)
            continue
        valid = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))[::-1]
        source = np.full(order.size, -1, np.int64)
        source[group[valid]] = valid  # written from the last row to the first: the first value remains
        columns[name] = column.take(pa.array(source, mask=source < 0))
    return pa.table(columns)


def lists(values: pa.Array, owners: np.ndarray[tuple[int], np.dtype[np.int64]], count: int) -> pa.ListArray:
    """Lists from values and the number of the list that each belongs to; null where there is no value."""
    order = np.argsort(owners, kind="stable")
    sizes = np.bincount(owners, minlength=count)
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values.take(pa.array(order)), mask=pa.array(sizes == 0))


def flow_uid(events: Shredded) -> pa.Array:
    """The uid of the connection: S and Suricata's number of the flow."""
    return pc.binary_join_element_wise("S", events.text("flow_id"), "")


def lower(*paths: str) -> Derived:
    """The first value at the paths, in lower case."""
    return lambda events: pc.utf8_lower(pc.coalesce(*(events.text(path) for path in paths)))


def upper(path: str) -> Derived:
    """The value at a path in upper case."""
    return lambda events: pc.utf8_upper(events.text(path))


def translated(values: pa.Array, words: Mapping[str, str | int | None], *, keep: bool = True) -> pa.Array:
    """Texts in other words; those that are not in the list stay when ``keep``, else become null."""
    encoded = values.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    known = [words.get(text, text if keep else None) for text in texts]
    kind = pa.int64() if any(isinstance(word, int) for word in words.values()) else pa.string()
    return pa.array(known, kind).take(encoded.indices)


def words(path: str, meaning: Mapping[str, str | int | None], *, keep: bool = True) -> Derived:
    """The value at a path in other words."""
    return lambda events: translated(events.text(path), meaning, keep=keep)


def one_of(path: str, *values: str) -> Derived:
    """Whether the value at a path is one of these; null where there is none."""

    def derive(events: Shredded) -> pa.Array:
        text = events.text(path)
        found = pc.is_in(text, pa.array(values, pa.string()))
        return pc.if_else(text.is_valid(), found, pa.scalar(None, pa.bool_()))

    return derive


def tally(path: str, *values: str) -> Derived:
    """1 where the value at a path is one of these, 0 where it is another."""
    return lambda events: one_of(path, *values)(events).cast(pa.int64())


def alone(values: Derived) -> Derived:
    """A list of the one value, null where there is none."""

    def derive(events: Shredded) -> pa.Array:
        texts = values(events)
        owners = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
        return lists(texts.drop_null(), owners, len(texts))

    return derive


def text(path: str) -> Derived:
    """The value at a path."""
    return lambda events: events.text(path)


def number(path: str) -> Derived:
    """The whole number at a path, null for anything else."""
    return lambda events: events.int(path)


def without(path: str, unwanted: str) -> Derived:
    """The value at a path without some characters (colons between bytes)."""
    return lambda events: pc.replace_substring(events.text(path), unwanted, "")


def joined(separator: str, *paths: str) -> Derived:
    """The values at the paths with a separator between, null where one is missing."""
    return lambda events: pc.binary_join_element_wise(*(events.text(path) for path in paths), separator)
