"""A column of a batch as its distinct values, so that every comparison is made once per distinct value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.detect.rule import fold

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

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
    """Texts in one buffer, with their folded form beside them."""

    def __init__(self, values: pa.Array) -> None:
        self.array: pa.Array = values if pa.types.is_large_string(values.type) else values.cast(pa.large_string())

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def plain(self) -> list[str]:
        """The texts as they are."""
        found: list[str] = self.array.to_pylist()
        return found

    @cached_property
    def _buffer(self) -> tuple[NDArray[np.uint8], Integers]:
        data, offsets = bytes_of(self.array)
        if not self.ascii:
            folded = pa.array([fold(text) for text in self.plain], pa.large_string())
            return bytes_of(folded)
        return _LOWER[data], offsets

    @property
    def folded_bytes(self) -> NDArray[np.uint8]:
        """The folded texts, UTF-8, one after the other."""
        return self._buffer[0]

    @property
    def offsets(self) -> Integers:
        """Where each folded text begins in ``folded_bytes``; one more than there are texts."""
        return self._buffer[1]

    @cached_property
    def ascii(self) -> bool:
        """Whether no text has a character outside ASCII."""
        data, _ = bytes_of(self.array)
        return not len(data) or int(data.max()) < 0x80

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


def bytes_of(array: pa.Array) -> tuple[NDArray[np.uint8], Integers]:
    """The bytes and offsets of a large_string array without nulls, the first offset 0."""
    _, offset_buffer, data_buffer = array.buffers()
    if not len(array) or offset_buffer is None:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(offset_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.empty(0, np.uint8)
    return data[offsets[0] : offsets[-1]], offsets - offsets[0]


@dataclass(frozen=True, slots=True)
class Lists:
    """Numbered lists of numbers: those of list i are ``items[starts[i]:starts[i + 1]]``."""

    starts: Integers
    items: Integers

    @classmethod
    def of(cls, owners: Integers, items: Integers, size: int) -> Lists:
        """From pairs of list number and item."""
        order = np.argsort(owners, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=size))))
        return cls(starts, items[order])

    def gather(self, numbers: Integers) -> tuple[Integers, Integers]:
        """The items of several lists one after the other, and for each the position of its list in ``numbers``."""
        begins = self.starts[numbers]
        lengths = self.starts[numbers + 1] - begins
        positions = np.repeat(np.arange(len(numbers)), lengths)
        within = np.arange(len(positions)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.items[begins[positions] + within], positions


class Column:
    """The distinct values of one column of a batch, and which row holds which.

    Values are numbered; the number ``len(column)`` is that of *absent*. For a column of lists a value is a whole list, and
    ``texts`` are the distinct elements of all lists.
    """

    def __init__(self, rows: int, column: pa.ChunkedArray | None) -> None:
        self.rows = rows
        self.raw: list[Any] = []
        self.owners: Lists | None = None
        self._held: Integers | None = None
        if column is None or column.null_count == rows:
            self._size = 0
            self._held, self._numbers = np.empty(0, np.int64), np.empty(0, np.int32)
            self.texts = Texts(pa.array([], pa.large_string()))
            return
        array = column.combine_chunks()
        if isinstance(array, pa.ChunkedArray):  # of a single chunk
            array = array.chunk(0)
        if array.null_count:
            self._held = np.flatnonzero(_valid(array))
            array = array.drop_null()
        if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
            self._encode_lists(array)
        else:
            encoded = _encode(array)
            self._size = len(encoded.dictionary)
            self._numbers = np.asarray(encoded.indices)
            self.texts, self.raw = _texts(encoded.dictionary)

    def __len__(self) -> int:
        return self._size

    def _encode_lists(self, array: pa.Array) -> None:
        known: dict[tuple[Any, ...], int] = {}
        self._numbers = np.array([known.setdefault(tuple(cell), len(known)) for cell in array.to_pylist()], np.int32)
        self._size = len(known)
        flat = [(owner, item) for cell, owner in known.items() for item in cell if item is not None]
        encoded = _encode(pa.array([item for _, item in flat], array.type.value_type))
        elements = np.asarray(encoded.indices).astype(np.int64)
        owners = np.array([owner for owner, _ in flat], np.int64)
        self.owners = Lists.of(elements, owners, len(encoded.dictionary))
        self.texts, self.raw = _texts(encoded.dictionary)

    def lift(self, texts: Integers) -> Integers:
        """From numbers of texts to the numbers of the values that have them: the same, but for lists."""
        return texts if self.owners is None else np.unique(self.owners.gather(texts)[0])

    def folded_of(self, value: int) -> list[str]:
        """The folded texts of a value: none when it is *absent*, several when it is a list."""
        if value == self._size:
            return []
        return [self.texts.folded[value]] if self.owners is None else self._folded_lists[value]

    @cached_property
    def _folded_lists(self) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in range(self._size)]
        if self.owners is not None:
            elements = np.arange(len(self.texts))
            owners, positions = self.owners.gather(elements)
            for owner, element in zip(owners.tolist(), positions.tolist(), strict=True):
                found[owner].append(self.texts.folded[element])
        return found

    @cached_property
    def counts(self) -> Integers:
        """How many rows hold each value, *absent* last."""
        found = np.bincount(self._numbers, minlength=self._size + 1)
        found[self._size] += self.rows - len(self._numbers)
        return found

    @cached_property
    def codes(self) -> NDArray[np.int32]:
        """Per row the number of its value."""
        if self._held is None:
            return self._numbers
        found = np.full(self.rows, self._size, np.int32)
        found[self._held] = self._numbers
        return found

    @cached_property
    def _postings(self) -> tuple[Integers, Integers]:
        order = np.argsort(self._numbers, kind="stable")
        held = order if self._held is None else self._held[order]
        return held, np.concatenate(([0], np.cumsum(self.counts[: self._size])))

    def rows_of(self, values: Integers) -> Integers:
        """The rows that hold one of these values, ascending."""
        order, starts = self._postings
        if len(values) == 1 and values[0] < self._size:
            return order[starts[values[0]] : starts[values[0] + 1]]
        if int(self.counts[values].sum()) * 8 > self.rows or (len(values) and values[-1] == self._size):
            return np.flatnonzero(self.mask(values)[self.codes])
        parts = [order[starts[value] : starts[value + 1]] for value in values.tolist()]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def mask(self, values: Integers | NDArray[np.int32]) -> Booleans:
        """Per value (*absent* last): is it one of these."""
        found = np.zeros(self._size + 1, np.bool_)
        found[values] = True
        return found


def _valid(array: pa.Array) -> Booleans:
    """Per item: is it there."""
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].view(np.bool_)


def _encode(array: pa.Array) -> pa.DictionaryArray:
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    return pc.dictionary_encode(array)


def _texts(dictionary: pa.Array) -> tuple[Texts, list[Any]]:
    """The distinct values as text and, for numbers, as they are."""
    if pa.types.is_string(dictionary.type) or pa.types.is_large_string(dictionary.type):
        return Texts(dictionary), []
    raw = dictionary.to_pylist()
    return Texts(pa.array([text_of(value) for value in raw], pa.large_string())), raw


def held_texts(columns: list[pa.ChunkedArray], rows: Integers, size: int) -> Iterator[tuple[Texts, Integers]]:
    """All texts that columns of ``size`` cells hold in some rows, without looking for equal ones, and their places in ``rows``.

    Columns that hold ASCII alone come together, and so do the others, for these are slower to fold.
    """
    chosen = None if len(rows) == size else pa.array(rows)
    found: dict[bool, list[tuple[pa.Array, Integers]]] = {}
    for column in columns:
        if column.null_count == size:
            continue
        array = (column if chosen is None else column.take(chosen)).combine_chunks()
        if isinstance(array, pa.ChunkedArray):  # of a single chunk
            array = array.chunk(0)
        if array.null_count == len(array):
            continue
        places = np.flatnonzero(_valid(array)) if array.null_count else np.arange(len(array))
        held = array.drop_null().cast(pa.large_string())
        found.setdefault(Texts(held).ascii, []).append((held, places))
    for parts in found.values():
        yield Texts(pa.concat_arrays([held for held, _ in parts])), np.concatenate([places for _, places in parts])


def united(parts: list[Integers], size: int) -> Integers:
    """The numbers below ``size`` that are in one of the arrays, ascending."""
    if len(parts) == 1:
        return parts[0]
    found = np.zeros(size, np.bool_)
    for part in parts:
        found[part] = True
    return np.flatnonzero(found)
