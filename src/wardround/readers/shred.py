"""JSON records to Arrow columns without a Python object per record: tokenise the bytes once, then build what is asked for.

    shredded = shred(block)                     # JSON Lines; or shred(data, objects(data)) for an array of objects
    shredded.rows                               # records that are JSON objects; bad ones are in shredded.bad
    shredded.paths()                            # ["ts", "id.orig_h", "answers", ...] met in this block
    shredded.text("id.orig_h")                  # Arrow string column, null where a record lacks the path
    shredded.time("ts"), shredded.int("n"), shredded.real("duration"), shredded.flag("AA"), shredded.texts("answers")

A path is the keys from the outside in, joined with dots; a key that itself holds dots (``{"a.b": 1}``) and nested
objects (``{"a": {"b": 1}}``) have the same path. Arrays are transparent: ``{"a": [{"b": 1}, {"b": 2}]}`` has two values
at ``a.b``. Text is what the JSON says: numbers and the words true and false exactly as written. A path that no record
has gives a column of nulls. Why it is built so and how fast it is: docs/decisions/0002-shredding-json.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import shred_columns
from wardround.readers import shred_kernels as kernels
from wardround.readers.lines import line_edges

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

#: Distinct paths kept apart in one block; what comes with further names is only in the column of OVERFLOW.
MAX_PATHS = 4096

#: Longest text value kept, in bytes; longer ones are cut.
MAX_TEXT = 64 * 1024

#: Path under which the ``"name": value`` pairs are found that went over MAX_PATHS, as written.
OVERFLOW = "\0overflow"

#: How many bad records of one block are named; a hostile block could hold millions.
MAX_BAD = 100

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"


@dataclass(frozen=True, slots=True)
class Records:
    """Where records stand in some bytes: int64 arrays of starts and ends, and the number of each counted from 0."""

    starts: Array
    ends: Array
    numbers: Array


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that is not a JSON object: its number counted from 0, the offset of its first byte, and why."""

    number: int
    offset: int
    reason: str


def lines(data: bytes) -> Records:
    """Every line is a record (JSON Lines); blank ones count but are passed over."""
    starts, ends = line_edges(data) if data else (np.zeros(0, np.int64), np.zeros(0, np.int64))
    return Records(starts, ends, np.arange(starts.size))


def objects(data: bytes, first: int = 0) -> Records:
    """The outermost objects are the records: an array of objects, or objects one after another over any lines.

    ``first`` is the number of the first one.
    """
    starts, ends, _ = kernels.object_bounds(np.frombuffer(data, np.uint8), 0, True)
    return Records(starts, ends, np.arange(first, first + starts.size))


@dataclass(slots=True)
class Shredded:
    """The leaves of a block of JSON records, from which columns of ``rows`` values are built.

    ``numbers`` gives for each row the number of its record, counted from 0 (add the number of the first line). ``cut``
    counts the values longer than the limit in the text columns built so far. ``replaced`` tells that the bytes were not
    UTF-8 and what could not be decoded was replaced with U+FFFD. ``bad`` names the first MAX_BAD bad records; ``bad_count``
    counts them all.
    """

    rows: int
    numbers: Array
    bad: list[Bad]
    bad_count: int
    replaced: bool
    cut: int
    _data: Array = field(repr=False)
    _leaves: Array = field(repr=False)
    _bounds: Array = field(repr=False)
    _names: dict[str, int] = field(repr=False)

    def brace_guids(self) -> None:
        """Put into braces every text that is a GUID in upper case and nothing else, as Windows itself shows GUIDs.

        It overwrites the quotes around them, so that nothing needs to be copied; call it before columns are built.
        """
        data = self._data.copy()
        kernels.brace_guids(data, self._leaves)
        self._data = data

    def paths(self) -> list[str]:
        """The paths that at least one record has (be it with null), in the order in which they were first met."""
        return [name for name, number in self._names.items() if self._bounds[number] < self._bounds[number + 1]]

    def count(self, path: str) -> int:
        """How many values the records have at a path, nulls included."""
        return len(self._at(path))

    def text(self, path: str, limit: int = MAX_TEXT) -> pa.StringArray:
        """The first value of each row as text, cut at ``limit`` bytes."""
        return self._text(self._at(path), -1, limit)

    def joined(self, path: str, separator: str = "\n", limit: int = MAX_TEXT) -> pa.StringArray:
        """All values of each row as one text with a one-byte separator between, cut at ``limit`` bytes."""
        return self._text(self._at(path), ord(separator), limit)

    def texts(self, path: str, limit: int = MAX_TEXT) -> pa.ListArray:
        """The values of each row as a list of texts, without nulls; null where a row has no value."""
        leaves = self._at(path)
        leaves = leaves[leaves[:, kernels.KIND] != kernels.NULL]
        rows_of = np.ascontiguousarray(leaves[:, kernels.ROW])
        numbers = np.arange(rows_of.size, dtype=np.int32)
        edges = np.searchsorted(rows_of, np.arange(self.rows + 1)).astype(np.int32)
        return pa.ListArray.from_buffers(
            pa.list_(pa.string()),
            self.rows,
            [_bitmap(edges[1:] > edges[:-1]), pa.py_buffer(edges)],
            children=[self._strings(leaves, numbers, rows_of.size, -1, limit)],
        )

    def int(self, path: str) -> pa.Int64Array:
        """The first whole number of each row, from JSON numbers or from decimal or 0x-hexadecimal text; null otherwise."""
        values, valid = shred_columns.integer_column(self._data, self._at(path), self.rows)
        return _primitive(pa.int64(), values, valid)

    def real(self, path: str) -> pa.DoubleArray:
        """The first value of each row as float64; null where it is not a number."""
        return _real(self.text(path))

    def reals(self, path: str) -> pa.ListArray:
        """The values of each row as a list of float64; null where a row has no value."""
        found = self.texts(path)
        return pa.ListArray.from_arrays(found.offsets, _real(found.values), mask=found.is_null())

    def flag(self, path: str) -> pa.BooleanArray:
        """The first true or false of each row (JSON words, or text in any case)."""
        values, valid = shred_columns.flag_column(self._data, self._at(path), self.rows)
        return pa.array(values, pa.bool_(), mask=~valid)

    def time(self, path: str) -> pa.Int64Array:
        """Times as ns since 1970 UTC, from ISO 8601 text or seconds since 1970; without a zone UTC is assumed.

        Seconds are read digit by digit, so that no nanosecond is lost to floating point. Null where it is no time.
        """
        return self.times(path)[0]

    def times(self, path: str) -> tuple[pa.Int64Array, pa.BooleanArray]:
        """As :meth:`time`, and whether each time is known to be right: it stated its zone or counted from 1970."""
        values, valid, zoned = shred_columns.time_column(self._data, self._at(path), self.rows)
        return _primitive(pa.int64(), values, valid), pa.array(zoned, pa.bool_(), mask=~valid)

    def _at(self, path: str) -> Array:
        number = self._names.get(path)
        if number is None:
            return self._leaves[:0]
        return self._leaves[self._bounds[number] : self._bounds[number + 1]]

    def _text(self, leaves: Array, separator: int, limit: int) -> pa.StringArray:  # type: ignore[valid-type]
        rows_of = np.ascontiguousarray(leaves[:, kernels.ROW])
        return self._strings(leaves, rows_of, self.rows, separator, limit)

    def _strings(
        self,
        leaves: Array,
        rows_of: Array,
        rows: int,  # type: ignore[valid-type]
        separator: int,  # type: ignore[valid-type]
        limit: int,  # type: ignore[valid-type]
    ) -> pa.StringArray:
        offsets, data, valid, cut = shred_columns.text_column(self._data, leaves, rows_of, rows, separator, limit)
        self.cut += cut
        buffers = pa.py_buffer(offsets), pa.py_buffer(data), _bitmap(valid)
        return pa.StringArray.from_buffers(valid.size, *buffers)


def shred(data: bytes, records: Records | None = None) -> Shredded:
    """Tokenise JSON records; ``records`` (default: the lines) must have been found in the same bytes. At most 2 GiB."""
    records = lines(data) if records is None else records
    replaced = not _is_utf8(data)
    array = np.frombuffer(data, np.uint8)
    paths = np.zeros((MAX_PATHS, kernels.NEXT + 1), np.int64)
    paths[0, 0] = 2  # ROOT and OVERFLOW
    table = np.zeros(4 * MAX_PATHS, np.int64)
    leaves, errors = kernels.tokenise(array, records.starts, records.ends, paths, table)
    if replaced:
        array, leaves = _repaired(data, leaves)
    names, name_of_path = _name(data, paths[: paths[0, 0]])
    leaves, bounds = kernels.group(leaves, name_of_path, len(names))
    good = errors == 0
    bad = np.flatnonzero(~good & (errors != kernels.BLANK))
    return Shredded(
        rows=int(good.sum()),
        numbers=records.numbers[good],
        bad=[Bad(int(records.numbers[i]), int(records.starts[i]), kernels.ERRORS[errors[i]]) for i in bad[:MAX_BAD]],
        bad_count=bad.size,
        replaced=replaced,
        cut=0,
        _data=array,
        _leaves=leaves,
        _bounds=bounds,
        _names=names,
    )


def _name(data: bytes, paths: Array) -> tuple[dict[str, int], Array]:
    """Number the distinct dotted names of interned paths, and the number of the name of every path."""
    full = ["", OVERFLOW]
    for parent, start, end in paths[2:, : kernels.HASH].tolist():
        key = _decode_key(data[start:end])
        full.append(f"{full[parent]}.{key}" if parent else key)
    names: dict[str, int] = {}
    return names, np.array([names.setdefault(name, len(names)) for name in full], np.int64)


def _decode_key(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    if "\\" in text:
        try:
            text = str(json.loads(f'"{text}"', strict=False))
        except ValueError:
            return text
        return text.encode("utf-8", "replace").decode()  # lone surrogates cannot be encoded
    return text


def _is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, without making a text of them."""
    offsets = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _repaired(data: bytes, leaves: Array) -> tuple[Array, Array]:
    """The leaves' bytes with U+FFFD in place of what is not UTF-8, packed anew, and the leaves pointing at them."""
    parts = [
        data[start:end].decode("utf-8", "replace").encode() for start, end in leaves[:, [kernels.START, kernels.END]].tolist()
    ]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    leaves = leaves.copy()
    leaves[:, kernels.END] = ends
    leaves[:, kernels.START] = np.concatenate(([0], ends[:-1])) if parts else 0
    return np.frombuffer(b"".join(parts), np.uint8), leaves


def _real(text: pa.StringArray) -> pa.DoubleArray:
    numeric = pc.match_substring_regex(text, _NUMBER)
    return pc.if_else(numeric, text, pa.scalar(None, pa.string())).cast(pa.float64())


def _bitmap(valid: Array) -> pa.Buffer:
    return pa.py_buffer(np.packbits(valid, bitorder="little"))


def _primitive(kind: pa.DataType, values: Array, valid: Array) -> pa.Array:
    return pa.Array.from_buffers(kind, valid.size, [_bitmap(valid), pa.py_buffer(values)])
