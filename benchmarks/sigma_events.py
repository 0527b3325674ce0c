"""Windows events of .evtx files as rows, in the simplest way; the benchmarks of the matcher do not depend on the reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evtx
import orjson
import pyarrow as pa

_SYSTEM = {
    "EventID": "EventID",
    "Channel": "Channel",
    "Computer": "Computer",
    "Level": "Level",
    "Task": "Task",
    "Opcode": "Opcode",
    "Keywords": "Keywords",
    "EventRecordID": "EventRecordID",
}


def events(path: Path) -> Iterator[dict[str, Any]]:
    """The readable events of a file as flat dictionaries: columns of System, then every leaf of EventData and UserData."""
    for record in evtx.PyEvtxParser(str(path)).records_json():
        if isinstance(record, dict):
            yield flatten(orjson.loads(record["data"])["Event"])


def flatten(event: dict[str, Any]) -> dict[str, Any]:
    """One event; unnamed Data values are joined by newlines."""
    system = event.get("System") or {}
    row: dict[str, Any] = {}
    for name, column in _SYSTEM.items():
        value = system.get(name)
        row[column] = value.get("#text") if isinstance(value, dict) else value
    row["Provider_Name"] = ((system.get("Provider") or {}).get("#attributes") or {}).get("Name")
    for part in ("EventData", "UserData"):
        _leaves(event.get(part), row)
    return {name: value for name, value in row.items() if value is not None}


def _leaves(node: Any, row: dict[str, Any]) -> None:
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if name == "#attributes":
            continue
        if isinstance(value, dict) and "#text" in value:
            row.setdefault("Data" if name == "#text" else name, _text(value["#text"]))
        elif isinstance(value, dict):
            _leaves(value, row)
        elif value is not None:
            row.setdefault(name, _text(value))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_text(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with the union of their columns; whole numbers for those of System, text otherwise."""
    names = dict.fromkeys(name for row in rows for name in row)
    numbers = {"EventID", "Level", "Task", "Opcode", "EventRecordID"}
    return pa.table(
        {
            name: pa.array([row.get(name) for row in rows], pa.int64() if name in numbers else pa.string())
            for name in names
        }
    )
