"""All comparisons of one column, made together on its distinct values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import ahocorasick_rs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.detect.literals import regex_literals, wildcard_literal
from wardround.detect.rule import Predicate, fold
from wardround.detect.sigma_exact import about_value
from wardround.detect.sigma_values import Booleans, Column, Integers, Lists, Texts

#: Texts are searched in windows of this many bytes: what hostile text can make the search remember is bounded.
WINDOW_BYTES = 64 * 1024

#: The only character outside ASCII that RE2 takes for an ASCII letter when case is ignored and folding does not.
_LONG_S = "\u017f"

_NOTHING: Integers = np.empty(0, np.int64)

#: What an occurrence of a needle means for a predicate.
_ANYWHERE, _START, _END, _MAYBE = range(4)
_SHAPES = {"contains": _ANYWHERE, "startswith": _START, "endswith": _END}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which predicate may be true of which text, as pairs of their numbers; ``decided`` says of which it is true."""

    nodes: Integers
    texts: Integers
    decided: Booleans


class ColumnTests:
    """The predicates of one column, compiled; the numbers given with them name them in the results.

    ``every`` are those for which every text has to be looked at, ``whole`` those about whether there is a value at all.
    """

    def __init__(self, predicates: Sequence[tuple[int, Predicate]]) -> None:
        self.every: list[int] = []
        self.whole: list[tuple[int, Predicate]] = []
        self._equal: dict[str, list[int]] = {}
        self._needles: dict[str, list[tuple[int, int]]] = {}
        self._expressions: list[int] = []
        for number, predicate in predicates:
            self._sort(number, predicate)

    def _sort(self, number: int, predicate: Predicate) -> None:
        """Decide by which of the ways below a predicate is evaluated."""
        operator, value = predicate.operator, str(predicate.value)
        if operator in {"exists", "null"} or (operator == "wildcard" and value == "*"):
            self.whole.append((number, predicate))
        elif operator == "equals" and not predicate.cased and not predicate.part:
            self._equal.setdefault(fold(value), []).append(number)
        elif about_value(predicate) or (needles := _needles(predicate)) is None:
            self.every.append(number)
        else:
            shape = _MAYBE if predicate.cased else _SHAPES.get(operator, _MAYBE)
            for needle in needles:
                self._needles.setdefault(needle, []).append((number, shape))
            if operator == "regex":
                self._expressions.append(number)

    @cached_property
    def _automaton(self) -> tuple[Any, int, Lists]:
        """The automaton of all needles, the length of the longest, and what each means: number * 4 + shape."""
        needles = [needle.encode() for needle in self._needles]
        implementation = ahocorasick_rs.Implementation.ContiguousNFA
        automaton = ahocorasick_rs.BytesAhoCorasick(needles, implementation=implementation)
        meaning = [(at, number * 4 + shape) for at, means in enumerate(self._needles.values()) for number, shape in means]
        table = np.array(meaning, np.int64)
        return automaton, max(map(len, needles)), Lists.of(table[:, 0], table[:, 1], len(needles))

    @cached_property
    def _equal_values(self) -> tuple[pa.Array, Lists]:
        table = np.array([(at, number) for at, numbers in enumerate(self._equal.values()) for number in numbers], np.int64)
        return pa.array(list(self._equal), pa.large_string()), Lists.of(table[:, 0], table[:, 1], len(self._equal))

    def search(self, texts: Texts) -> Pairs:
        """Look for all plain text at once. ``every`` and ``whole`` are not in the result."""
        found = [*self._search_equal(texts), *self._search_needles(texts)] if len(texts) else []
        if not found:
            return Pairs(_NOTHING, _NOTHING, np.empty(0, np.bool_))
        return Pairs(
            np.concatenate([pairs.nodes for pairs in found]),
            np.concatenate([pairs.texts for pairs in found]),
            np.concatenate([pairs.decided for pairs in found]),
        )

    def _search_equal(self, texts: Texts) -> list[Pairs]:
        if not self._equal:
            return []
        values, numbers = self._equal_values
        found = pc.index_in(texts.folded_array, values)
        if found.null_count == len(found):
            return []
        which = np.asarray(found.fill_null(-1)).astype(np.int64)
        hits = np.flatnonzero(which >= 0)
        nodes, positions = numbers.gather(which[hits])
        return [Pairs(nodes, hits[positions], np.ones(len(nodes), np.bool_))]

    def _search_needles(self, texts: Texts) -> list[Pairs]:
        if not self._needles:
            return []
        _, _, meaning = self._automaton
        needle, text, starts, ends = self._occurrences(texts)
        found = []
        if len(needle):
            means, positions = meaning.gather(needle)
            nodes, shapes, text = means >> 2, means & 3, text[positions]
            kept = (shapes == _ANYWHERE) | (shapes == _MAYBE)
            kept |= ((shapes == _START) & starts[positions]) | ((shapes == _END) & ends[positions])
            found.append(Pairs(nodes[kept], text[kept], shapes[kept] != _MAYBE))
        if not texts.ascii and self._expressions:
            special = np.array([at for at, plain in enumerate(texts.plain) if _LONG_S in plain], np.int64)
            nodes = np.repeat(np.array(self._expressions, np.int64), len(special))
            found.append(Pairs(nodes, np.tile(special, len(self._expressions)), np.zeros(len(nodes), np.bool_)))
        return found

    def _occurrences(self, texts: Texts) -> tuple[Integers, Integers, Booleans, Booleans]:
        """Where needles occur: needle, text, and whether one of the occurrences is at the start and at the end of the text."""
        automaton, longest, _ = self._automaton
        data, offsets = texts.folded_bytes, texts.offsets
        keys: list[Integers] = []
        flags: list[NDArray[np.uint8]] = []
        for begin in range(0, len(data), WINDOW_BYTES):
            window = data[begin : begin + WINDOW_BYTES + longest - 1]
            found = automaton.find_matches_as_indexes(window, overlapping=True)
            if not found:
                continue
            table = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found)).reshape(-1, 3)
            needle, start, end = table[:, 0], table[:, 1] + begin, table[:, 2] + begin
            value = np.searchsorted(offsets, start, side="right") - 1
            inside = end <= offsets[value + 1]
            at = (start == offsets[value]).astype(np.uint8) | ((end == offsets[value + 1]).astype(np.uint8) << 1)
            window_keys, window_flags = _merged(needle[inside] * len(texts) + value[inside], at[inside])
            keys.append(window_keys)
            flags.append(window_flags)
        if not keys:
            return _NOTHING, _NOTHING, np.empty(0, np.bool_), np.empty(0, np.bool_)
        key, at = (keys[0], flags[0]) if len(keys) == 1 else _merged(np.concatenate(keys), np.concatenate(flags))
        return key // len(texts), key % len(texts), (at & 1).astype(np.bool_), (at & 2).astype(np.bool_)


def whole_values(predicate: Predicate, column: Column) -> Integers:
    """The numbers of the values (*absent* is the last) for which a predicate about having a value holds, ascending."""
    size = len(column)
    if predicate.operator == "exists":
        return np.arange(size)
    if predicate.operator == "wildcard":
        return column.lift(np.arange(len(column.texts)))
    filled = column.lift(np.flatnonzero(np.diff(column.texts.offsets)))
    return np.flatnonzero(~column.mask(filled))


def _merged(keys: Integers, flags: NDArray[np.uint8]) -> tuple[Integers, NDArray[np.uint8]]:
    """Distinct keys, with the flags of equal ones combined."""
    if not len(keys):
        return keys, flags
    order = np.argsort(keys, kind="stable")
    keys, flags = keys[order], flags[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[first], np.bitwise_or.reduceat(flags, first)


def _needles(predicate: Predicate) -> tuple[str, ...] | None:
    """Folded texts of which one occurs in every text that the predicate is true for; None: there are none to look for."""
    value = str(predicate.value)
    match predicate.operator:
        case "regex":
            return regex_literals(value)
        case "wildcard":
            literal = fold(wildcard_literal(value))
        case _:
            literal = fold(value)
    return (literal,) if literal else None
