"""A column of a batch as its distinct values, so that every comparison is made once per distinct value."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.detect.rule import fold

Integers = NDArray[np.int64]

_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[ord("A") : ord("Z") + 1] += 32


def text_of(value: object) -> str:
    """A value as rules see it: true and false, whole numbers without a decimal point, text as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class Texts:
    """Distinct texts in one buffer, with their folded form beside them."""

    def __init__(self, values: pa.Array) -> None:
        self.array: pa.Array = values.cast(pa.large_string())

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def plain(self) -> list[str]:
        """The texts as they are."""
        found: list[str] = self.array.to_pylist()
        return found

    @cached_property
    def _buffer(self) -> tuple[NDArray[np.uint8], Integers, bool]:
        data, offsets = _bytes_of(self.array)
        if len(data) and int(data.max()) >= 0x80:
            folded = pa.array([fold(text) for text in self.plain], pa.large_string())
            return *_bytes_of(folded), False
        return _LOWER[data], offsets, True

    @property
    def folded_bytes(self) -> NDArray[np.uint8]:
        """The folded texts, UTF-8, one after the other."""
        return self._buffer[0]

    @property
    def offsets(self) -> Integers:
        """Where each folded text begins in ``folded_bytes``; one more than there are texts."""
        return self._buffer[1]

    @property
    def ascii(self) -> bool:
        """Whether no text has a character outside ASCII."""
        return self._buffer[2]

    @cached_property
    def folded(self) -> list[str]:
        """The folded texts."""
        found: list[str] = self.folded_array.to_pylist()
        return found

    @cached_property
    def folded_array(self) -> pa.Array:
        """The folded texts as an Arrow array over the same bytes."""
        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.folded_bytes)]
        return pa.Array.from_buffers(pa.large_string(), len(self), buffers)


def _bytes_of(array: pa.Array) -> tuple[NDArray[np.uint8], Integers]:
    """The bytes and offsets of a large_string array without nulls, the first offset 0."""
    _, offset_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.empty(0, np.uint8)
    if len(offsets) == 0:
        return data[:0], np.zeros(1, np.int64)
    return data[offsets[0] : offsets[-1]], offsets - offsets[0]


class Column:
    """The distinct values of one column of a batch, and which row holds which.

    ``codes`` has, per row, the number of its value; rows without a value have ``len(column)``, the code of *absent*.
    For a column of lists a value is a whole list, and ``texts`` are the distinct elements of all lists.
    """

    def __init__(self, rows: int, column: pa.ChunkedArray | None) -> None:
        self.rows = rows
        self.raw: list[Any] = []
        self._elements: tuple[Integers, Integers] | None = None
        if column is None or column.null_count == rows:
            self._size = 0
            self.codes = np.zeros(rows, np.int32)
            self.texts = Texts(pa.array([], pa.string()))
        elif pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            self._encode_lists(column)
        else:
            encoded = _encode(column)
            self._size = len(encoded.dictionary)
            self.codes = _codes(encoded.indices, self._size)
            self.texts, self.raw = _texts(encoded.dictionary)

    @classmethod
    def of_rows(cls, column: pa.ChunkedArray) -> Column:
        """The column without looking for equal texts, for columns that are looked at once only."""
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return cls(len(column), column)
        found = cls(0, None)
        found.rows = len(column)
        array = column.combine_chunks()
        valid = np.asarray(array.is_valid())
        found.texts = Texts(array.drop_null())
        found._size = len(found.texts)
        found.codes = np.where(valid, np.cumsum(valid) - 1, found._size).astype(np.int32)
        return found

    def __len__(self) -> int:
        return self._size

    @property
    def holds_lists(self) -> bool:
        """Whether values are lists, whose elements are the texts."""
        return self._elements is not None

    def _encode_lists(self, column: pa.ChunkedArray) -> None:
        numbers: dict[tuple[Any, ...], int] = {}
        codes = [-1 if cell is None else numbers.setdefault(tuple(cell), len(numbers)) for cell in column.to_pylist()]
        self._size = len(numbers)
        self.codes = np.array(codes, np.int32)
        self.codes[self.codes < 0] = self._size
        flat = [(owner, item) for cell, owner in numbers.items() for item in cell if item is not None]
        encoded = _encode(pa.chunked_array([pa.array([item for _, item in flat], column.type.value_type)]))
        owners = np.array([owner for owner, _ in flat], np.int64)
        self._elements = (_codes(encoded.indices, 0).astype(np.int64), owners)
        self.texts, self.raw = _texts(encoded.dictionary)

    def lift(self, hits: Integers) -> Integers:
        """From numbers of texts to the numbers of the values that have them: the same, but for lists."""
        if self._elements is None:
            return hits
        elements, owners = self._elements
        return np.unique(owners[np.isin(elements, hits)])

    @cached_property
    def counts(self) -> Integers:
        """How many rows hold each value, *absent* last."""
        return np.bincount(self.codes, minlength=self._size + 1)

    @cached_property
    def _postings(self) -> tuple[Integers, Integers]:
        return np.argsort(self.codes, kind="stable"), np.concatenate(([0], np.cumsum(self.counts)))

    def rows_of(self, hits: Integers) -> Integers:
        """The rows that hold one of these values, ascending."""
        order, starts = self._postings
        if len(hits) == 1:
            return order[starts[hits[0]] : starts[hits[0] + 1]]
        if int(self.counts[hits].sum()) * 8 > self.rows:
            return np.flatnonzero(self.mask(hits)[self.codes])
        parts = [order[starts[hit] : starts[hit + 1]] for hit in hits]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def mask(self, hits: Integers) -> NDArray[np.bool_]:
        """Per value (*absent* last): is it one of these."""
        found = np.zeros(self._size + 1, np.bool_)
        found[hits] = True
        return found


def _encode(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = pc.dictionary_encode(column).combine_chunks()
    return encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded


def _codes(indices: pa.Array, absent: int) -> NDArray[np.int32]:
    if indices.null_count:
        indices = indices.fill_null(absent)
    return np.asarray(indices, np.int32)


def _texts(dictionary: pa.Array) -> tuple[Texts, list[Any]]:
    """The distinct values as text and, for numbers, as they are."""
    if pa.types.is_string(dictionary.type) or pa.types.is_large_string(dictionary.type):
        return Texts(dictionary), []
    raw = dictionary.to_pylist()
    return Texts(pa.array([text_of(value) for value in raw], pa.large_string())), raw
