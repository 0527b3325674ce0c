"""Zeek's text logs: what their header lines say, and lines of cells into tables of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wardround.readers import zeek_cells as cells
from wardround.readers.zeek_names import LOGS, OPERATIONAL, known_columns, recognise
from wardround.schema import Column, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wardround.readers.base import Sink

_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})|\\\\")


def unescape(text: bytes) -> bytes:
    r"""Undo Zeek's escapes: \xNN is the byte NN, a doubled backslash one backslash."""
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\", text)


@dataclass(frozen=True, slots=True)
class Header:
    """What the header lines met so far say; ``lines`` are those lines."""

    separator: bytes = b"\t"
    set_separator: bytes = b","
    empty: bytes = b"(empty)"
    unset: bytes = b"-"
    path: str = ""
    fields: tuple[str, ...] = ()
    lines: tuple[bytes, ...] = ()

    def fed(self, line: bytes) -> Header:
        """Return the header after one more line that begins with ``#``; a #separator line begins a new header."""
        if line.startswith(b"#separator"):
            return Header(separator=unescape(line[len(b"#separator") + 1 :]), lines=(line,))
        word, _, rest = line.partition(self.separator or b"\t")
        lines = (*(known for known in self.lines if not known.startswith(word)), line)
        if word == b"#set_separator":
            return replace(self, set_separator=unescape(rest), lines=lines)
        if word == b"#empty_field":
            return replace(self, empty=unescape(rest), lines=lines)
        if word == b"#unset_field":
            return replace(self, unset=unescape(rest), lines=lines)
        if word == b"#path":
            return replace(self, path=unescape(rest).decode("utf-8", "replace"), lines=lines)
        if word == b"#fields":
            fields = tuple(name.decode("utf-8", "replace") for name in rest.split(self.separator or b"\t"))
            return replace(self, fields=fields, lines=lines)
        return self


@dataclass(frozen=True, slots=True)
class _Cells:
    """One column of one run of lines."""

    data: NDArray[np.uint8]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    header: Header
    escaped: bool

    def word(self, text: bytes) -> NDArray[np.uint8]:
        return np.frombuffer(text, np.uint8)


def _validity(marks: NDArray[np.uint8]) -> pa.Buffer | None:
    good = (marks == cells.GOOD) | (marks == cells.LONG)
    return None if good.all() else pa.py_buffer(np.packbits(good, bitorder="little"))


def _numbers(
    parse: Callable[..., None], dtype: type[np.generic], kind: pa.DataType, column: _Cells
) -> tuple[pa.Array, NDArray[np.uint8]]:
    count = column.begins.size
    values, marks = np.empty(count, dtype), np.empty(count, np.uint8)
    parse(column.data, column.begins, column.ends, column.word(column.header.unset), values, marks)
    return pa.Array.from_buffers(kind, count, [_validity(marks), pa.py_buffer(values)]), marks


def _integers(column: _Cells) -> tuple[pa.Array, NDArray[np.uint8]]:
    return _numbers(cells.parse_integers, np.int64, pa.int64(), column)


def _ports(column: _Cells) -> tuple[pa.Array, NDArray[np.uint8]]:
    count = column.begins.size
    values, marks = np.empty(count, np.int64), np.empty(count, np.uint8)
    cells.parse_integers(column.data, column.begins, column.ends, column.word(column.header.unset), values, marks)
    marks[(values < 0) | (values > 65535)] = cells.BAD
    narrow = values.astype(np.int32)
    return pa.Array.from_buffers(pa.int32(), count, [_validity(marks), pa.py_buffer(narrow)]), marks


def _times(column: _Cells) -> tuple[pa.Array, NDArray[np.uint8]]:
    return _numbers(cells.parse_times, np.int64, pa.int64(), column)


def _reals(column: _Cells) -> tuple[pa.Array, NDArray[np.uint8]]:
    count = column.begins.size
    values, marks = np.empty(count, np.float64), np.empty(count, np.uint8)
    cells.parse_reals(column.data, column.begins, column.ends, column.word(column.header.unset), values, marks)
    for cell in np.flatnonzero(marks == cells.LONG):
        text = column.data[column.begins[cell] : column.ends[cell]].tobytes()
        try:
            values[cell], marks[cell] = float(text), cells.GOOD
        except ValueError:
            marks[cell] = cells.BAD
    return pa.Array.from_buffers(pa.float64(), count, [_validity(marks), pa.py_buffer(values)]), marks


def _flags(column: _Cells) -> tuple[pa.Array, NDArray[np.uint8]]:
    count = column.begins.size
    values, marks = np.empty(count, np.uint8), np.empty(count, np.uint8)
    cells.parse_flags(column.data, column.begins, column.ends, column.word(column.header.unset), values, marks)
    bits = pa.py_buffer(np.packbits(values, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), count, [_validity(marks), bits]), marks


def _texts(column: _Cells) -> tuple[pa.Array, NDArray[np.uint8]]:
    count = column.begins.size
    offsets, marks = np.empty(count + 1, np.int64), np.empty(count, np.uint8)
    unset, empty = column.word(column.header.unset), column.word(column.header.empty)
    place = (column.data, column.begins, column.ends)
    cells.measure_texts(*place, unset, empty, column.escaped, offsets, marks)
    content = np.empty(int(offsets[-1]), np.uint8)
    cells.copy_texts(*place, column.escaped, offsets, content)
    buffers = [_validity(marks), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(content)]
    array = pa.Array.from_buffers(pa.string(), count, buffers)
    return array if content.tobytes().isascii() else _valid_utf8(array), marks


def _valid_utf8(array: pa.Array) -> pa.Array:
    """The same texts, bytes that are not UTF-8 written as backslash, x and two hexadecimal digits."""
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        raw = array.view(pa.binary()).to_pylist()
        return pa.array([None if text is None else text.decode("utf-8", "backslashreplace") for text in raw], pa.string())
    return array


def _lists(of: Callable[[_Cells], tuple[pa.Array, Any]], column: _Cells) -> tuple[pa.Array, NDArray[np.uint8]]:
    count = column.begins.size
    offsets, marks = np.empty(count + 1, np.int64), np.empty(count, np.uint8)
    unset, empty = column.word(column.header.unset), column.word(column.header.empty)
    place = (column.data, column.begins, column.ends)
    separator = column.header.set_separator[0]
    cells.count_elements(*place, unset, empty, separator, offsets, marks)
    begins, ends = np.empty(int(offsets[-1]), np.int64), np.empty(int(offsets[-1]), np.int64)
    cells.cut_elements(*place, separator, offsets, begins, ends)
    elements, element_marks = of(_Cells(column.data, begins, ends, column.header, column.escaped))
    if (element_marks == cells.BAD).any():
        owners = np.searchsorted(offsets, np.flatnonzero(element_marks == cells.BAD), side="right") - 1
        bad = marks.copy()
        bad[owners] = cells.BAD
    else:
        bad = marks
    buffers = [_validity(marks), pa.py_buffer(offsets.astype(np.int32))]
    return pa.Array.from_buffers(pa.list_(elements.type), count, buffers, children=[elements]), bad


_BY_KIND: dict[str, Callable[[_Cells], tuple[pa.Array, NDArray[np.uint8]]]] = {
    "time": _times,
    "text": _texts,
    "label": _texts,
    "address": _texts,
    "port": _ports,
    "count": _integers,
    "int": _integers,
    "real": _reals,
    "seconds": _reals,
    "flag": _flags,
    "texts": lambda column: _lists(_texts, column),
    "reals": lambda column: _lists(_reals, column),
    "counts": lambda column: _lists(_integers, column),
}


@dataclass(slots=True)
class TextLog:
    """Reads runs of lines under one header into one table."""

    header: Header
    sink: Sink
    table: Table | None = None
    columns: dict[int, Column] | None = None

    def feed(self, line: bytes) -> None:
        """Take a header line; the lines after it are read anew."""
        self.header = self.header.fed(line)
        self.columns = None

    def _begin(self, line: int) -> None:
        """Settle the table and the columns once the header is complete; say what has no place."""
        header = self.header
        self.columns = {}
        self.table = LOGS.get(header.path or recognise(header.fields) or "")
        if not header.fields:
            self.sink.diagnose(
                "header_lost", "The lines that name the columns are missing; nothing is guessed.", line, recovered=False
            )
        elif len(header.separator) != 1 or len(header.set_separator) != 1:
            self.sink.diagnose("unsupported_header", "Only separators of one byte are read.", line, recovered=False)
        elif header.path in OPERATIONAL:
            self.sink.diagnose("ignored", f"The sensor's own log {header.path!r} holds no evidence and is left out.", line)
        elif self.table is None:
            self.sink.diagnose("unknown_log", f"No table holds the log {header.path!r}.", line, recovered=False)
        else:
            self.columns, unknown = known_columns(self.table, header.fields)
            if unknown:
                names = ", ".join(unknown[:50])
                self.sink.diagnose("unknown_column", f"{self.table.name} has no columns {names}; they are left out.", line)

    def read(self, data: bytes, begins: NDArray[np.int64], ends: NDArray[np.int64], lines: NDArray[np.int64]) -> None:
        """Read the lines of a block that the two arrays delimit; ``lines`` are their numbers."""
        if self.columns is None:
            self._begin(int(lines[0]))
        if not self.columns or self.table is None:
            return
        array = np.frombuffer(data, np.uint8)
        edges = np.zeros((len(self.header.fields) + 1, begins.size), np.int32)
        whole = np.zeros(begins.size, np.uint8)
        cells.cut_lines(array, begins, ends, self.header.separator[0], edges, whole)
        if not whole.all():
            bad = np.flatnonzero(whole == 0)
            message = f"{bad.size} lines do not have the {len(self.header.fields)} cells that the header promises."
            self.sink.diagnose("bad_line", message, int(lines[bad[0]]))
            edges, lines = edges[:, whole == 1], lines[whole == 1]
        if lines.size:
            self._write(array, edges, lines, b"\\" in data)

    def _write(self, data: NDArray[np.uint8], edges: NDArray[np.int32], lines: NDArray[np.int64], escaped: bool) -> None:
        assert self.table is not None and self.columns is not None
        found: dict[str, pa.Array] = {}
        for position, column in self.columns.items():
            begins, ends = edges[position].astype(np.int64), edges[position + 1].astype(np.int64) - 1
            part = _Cells(data, begins, ends, self.header, escaped)
            found[column.name], marks = _BY_KIND[column.kind](part)
            if (marks == cells.BAD).any():
                bad = np.flatnonzero(marks == cells.BAD)
                message = f"{bad.size} cells of {self.table.name}.{column.name} do not hold a {column.kind}."
                self.sink.diagnose("bad_cell", message, int(lines[bad[0]]))
        found["ts_zone"] = _zones(found.get("ts"), lines.size)
        found["record"] = pa.array(lines)
        rows = pa.table(found)
        for start in range(0, rows.num_rows, 100_000):
            self.sink.write(self.table.name, rows.slice(start, 100_000))


def _zones(times: pa.Array | None, count: int) -> pa.Array:
    """Zeek's times count from 1970 UTC, so their zone is known where there is a time at all."""
    if times is None:
        return pa.repeat(pa.scalar("none"), count)
    if times.null_count == 0:
        return pa.repeat(pa.scalar("utc"), count)
    return pa.array(np.where(times.is_valid().to_numpy(zero_copy_only=False), "utc", "none"), pa.string())
