"""Zeek's JSON logs: which table each record belongs to, and records into columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wardround.readers.json_records import column_of, has_any, only, record_blocks, shred_records, write_rows, zones
from wardround.readers.zeek_names import LOGS, OPERATIONAL, WEAK, known_columns, marks

if TYPE_CHECKING:
    from typing import BinaryIO

    from numpy.typing import NDArray

    from wardround.readers.base import Sink, Span
    from wardround.readers.shred import Shredded

UNKNOWN = "unknown"


def read_json(stream: BinaryIO, span: Span, sink: Sink) -> None:
    """Read the records of a span, each into the table that it names or that its keys tell."""
    for data, records in record_blocks(stream, span, sink, array=False):
        shredded = shred_records(data, records, sink)
        logs = _logs(shredded)
        names = sorted(set(logs))
        if len(names) == 1:
            _write(names[0], shredded, sink)
            continue
        for name in names:
            _write(name, shred_records(data, only(records, shredded.numbers[logs == name]), sink), sink)


def _told_by_keys(shredded: Shredded) -> NDArray[np.object_]:
    """The log that the keys of each record tell, empty when they tell none or more than one."""
    logs = np.full(shredded.rows, "", dtype=object)
    present: dict[str, list[str]] = {}
    for path in shredded.paths():
        if path in marks():
            present.setdefault(marks()[path], []).append(path)
    if len(present) == 1:
        logs[:] = next(iter(present))
        return logs
    told = np.zeros(shredded.rows, np.int64)
    for log in sorted(present, key=lambda log: log == WEAK):
        has = has_any(shredded, present[log])
        if log == WEAK:
            has &= told == 0
        logs[has] = log
        told += has
    logs[told != 1] = ""
    return logs


def _logs(shredded: Shredded) -> NDArray[np.object_]:
    """The log of each record: what _path says, else the one that its keys tell, empty when neither is known."""
    logs = _told_by_keys(shredded)
    if shredded.count("_path"):
        # Every name but those of known logs is one: hostile evidence may have millions.
        named = shredded.text("_path", limit=64).to_numpy(zero_copy_only=False)
        for index, name in enumerate(named):
            if name is not None:
                logs[index] = name if name in LOGS or name in OPERATIONAL else UNKNOWN
    return logs


def _write(log: str, shredded: Shredded, sink: Sink) -> None:
    if shredded.rows == 0:
        return
    first = int(shredded.numbers[0])
    table = LOGS.get(log)
    if log in OPERATIONAL:
        sink.diagnose("ignored", f"The sensor's own log {log!r} holds no evidence and is left out.", first)
        return
    if table is None:
        names = ", ".join(sorted(set(shredded.text("_path", limit=64).drop_null().to_pylist()))[:20])
        what = f"No table holds the logs {names}" if names else "Records do not tell which log they are of"
        sink.diagnose("unknown_log", f"{what}: {shredded.rows} records not read.", first, recovered=False)
        return
    paths = tuple(shredded.paths())
    columns, unknown = known_columns(table, paths)
    if unknown:
        names = ", ".join(unknown[:50])
        sink.diagnose("unknown_column", f"{table.name} has no columns {names}; they are left out.", first)
    found: dict[str, pa.Array] = {}
    for position, column in columns.items():
        found[column.name], bad = column_of(shredded, paths[position], column)
        if bad:
            sink.diagnose("bad_cell", f"{bad} values of {table.name}.{column.name} are not a {column.kind}.", first)
    found["ts_zone"] = zones(shredded, "ts")
    found["record"] = pa.array(shredded.numbers)
    write_rows(table.name, pa.table(found), sink)
