"""Lines of the edge written for the tests, each with the fields a reader of the vendor's reference would take from it.

A file of ``edge_texts`` holds, one per line: ``## `` a remark with its source, ``@ts`` the instant of the lines that follow
(``?``: not asked), ``@table`` the table they belong to, ``@label`` a word for the kind of message, ``^`` what stands before
each line, a message, and under it, after a tab, what is expected: ``column=value`` (the cell is this), ``column~part`` (the
cell holds this), ``column=-`` (the cell is empty), ``column=?`` (not asked), ``@table`` another table, or ``?`` alone: only
that the line is read, in a table or left out by name. ``⏎`` and ``⇥`` stand for a line end and a tab.

The columns of `NEVER_INVENTED` are asked for even where nothing is expected: a value that the line does not state is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.readers.conftest import Bytes

from wardround import readers
from wardround.readers.syslog import READER as SYSLOG
from wardround.store import conform

FOLDER = Path(__file__).parent / "edge_texts"
NEVER_INVENTED = ("user", "username", "assigned_address", "source", "destination", "reason", "bytes_in", "bytes_out")


@dataclass(frozen=True)
class Line:
    """A message, where it stands, and what is expected: (column, ``=`` or ``~``, value); none when only reading counts."""

    vendor: str
    number: int
    table: str
    label: str
    text: str
    expected: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Checked:
    """A field of a line: what was wanted, what was found, and whether they agree."""

    column: str
    wanted: str
    found: str
    right: bool


def lines() -> Iterator[Line]:
    """All lines of all files."""
    for path in sorted(FOLDER.glob("*.txt")):
        table = label = prefix = instant = text = ""
        number = 0
        for at, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
            if raw.startswith("\t"):
                columns = raw[1:].split("\t")
                other = [column[1:] for column in columns if column.startswith("@")]
                told = [] if columns == ["?"] else [_parts(column) for column in columns if column[0] != "@"]
                if told and not any(column == "ts" for column, *_ in told):
                    told.append(("ts", "=", instant))
                message = (prefix + text).replace("⏎", "\n").replace("⇥", "\t")
                yield Line(path.stem, number, other[0] if other else table, label, message, tuple(told))
            elif raw.startswith("@"):
                word, _, value = raw.partition(" ")
                if word == "@ts":
                    instant = value
                elif word == "@table":
                    table = value
                else:
                    label = value
            elif raw.startswith("^"):
                prefix = raw[1:]
            elif raw and not raw.startswith("## "):
                number, text = at, raw


def _parts(column: str) -> tuple[str, str, str]:
    at = min(position for position in (column.find("="), column.find("~")) if position > 0)
    return column[:at], column[at], column[at + 1 :]


class _Sink:
    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, Any]]] = []
        self.codes: list[str] = []

    def write(self, table: str, rows: Any) -> None:
        self.rows += [(table, row) for row in conform(table, rows, "e1").to_pylist()]

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.codes.append(code)


def read(line: Line) -> _Sink:
    """What is read from a line that stands alone in a file."""
    data = line.text.encode() + b"\n"
    known = readers.identify(data)
    reader = known[1] if known else SYSLOG
    sink, source = _Sink(), Bytes(data, len(data))
    for span in reader.split(source):
        reader.read(source, span, sink)
    return sink


def check(line: Line) -> list[Checked]:
    """Every field asked for, compared; a line without a row of its table has all its fields wrong."""
    sink = read(line)
    if not line.expected:
        return [Checked("read", "read", " ".join(sink.codes), "unknown_kind" not in sink.codes)]
    rows = [row for table, row in sink.rows if table == line.table]
    row = rows[0] if rows else None
    checked = [_compare(column, how, value, row) for column, how, value in line.expected if not (how == "=" and value == "?")]
    asked = {column for column, *_ in line.expected}
    extra = [column for column in NEVER_INVENTED if row and column in row and column not in asked]
    return checked + [
        Checked(column, "nothing", _text(row[column]), False) for column in extra if row and row[column] not in (None, "")
    ]


def _compare(column: str, how: str, value: str, row: dict[str, Any] | None) -> Checked:
    if row is None:
        return Checked(column, value, "no row", False)
    found = row[column]
    if column == "ts":
        wanted = int(datetime.fromisoformat(value).timestamp()) * 10**9
        return Checked(column, value, str(found), int(found or 0) == wanted)
    text = _text(found)
    return Checked(column, value, text, value in text if how == "~" else text == ("" if value == "-" else value))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
