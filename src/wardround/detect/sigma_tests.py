"""All comparisons of one column, made together on its distinct values."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Any

import ahocorasick_rs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.detect.literals import compile_regex, regex_literals, wildcard_literal, wildcard_regex
from wardround.detect.rule import Predicate, fold
from wardround.detect.sigma_values import Column, Integers, Texts, text_of

#: Texts are searched in windows of this many bytes: what hostile text can make the search remember is bounded.
WINDOW_BYTES = 64 * 1024

#: The only character outside ASCII that RE2 takes for an ASCII letter when case is ignored and folding does not.
_LONG_S = "\u017f"

_NOTHING: Integers = np.empty(0, np.int64)

#: From so many texts on, Arrow's RE2 on all of them at once is faster than one call for each.
_MANY = 32

Hits = tuple[int, Integers]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What is known of the predicates of one column; those that hold for no value are in neither.

    ``hits`` has the numbers of the values (*absent* is the last) for which a predicate holds, ascending. ``candidates`` has
    the numbers of the texts for which it may hold: :func:`verified` tells.
    """

    hits: dict[int, Integers]
    candidates: dict[int, Integers]


class ColumnTests:
    """The predicates of one column, compiled; the numbers given with them name them in the results."""

    def __init__(self, predicates: list[tuple[int, Predicate]]) -> None:
        self._equal: dict[str, list[int]] = {}
        self._needles: dict[str, list[tuple[int, Predicate]]] = {}
        self._each: list[int] = []
        self._whole: list[tuple[int, Predicate]] = []
        for number, predicate in predicates:
            self._sort(number, predicate)

    def _sort(self, number: int, predicate: Predicate) -> None:
        """Decide by which of the ways below a predicate is evaluated."""
        operator, value = predicate.operator, str(predicate.value)
        if operator in {"exists", "null"} or (operator == "wildcard" and value == "*"):
            self._whole.append((number, predicate))
        elif _by_value(predicate):
            self._each.append(number)
        elif operator == "equals" and not predicate.cased:
            self._equal.setdefault(fold(value), []).append(number)
        else:
            needles = _needles(predicate)
            if needles is None:
                self._each.append(number)
            for needle in needles or ():
                self._needles.setdefault(needle, []).append((number, predicate))

    @cached_property
    def _automaton(self) -> tuple[Any, list[list[tuple[int, Predicate]]], int]:
        needles = [needle.encode() for needle in self._needles]
        implementation = ahocorasick_rs.Implementation.ContiguousNFA
        automaton = ahocorasick_rs.BytesAhoCorasick(needles, implementation=implementation)
        return automaton, list(self._needles.values()), max(map(len, needles))

    @cached_property
    def _equal_values(self) -> tuple[pa.Array, list[list[int]]]:
        return pa.array(list(self._equal), pa.large_string()), list(self._equal.values())

    def evaluate(self, column: Column) -> Evaluated:
        """Evaluate all predicates, as far as looking for plain text decides them."""
        found = Evaluated(dict(self._evaluate_whole(column)), {})
        texts = column.texts
        if not len(texts):
            return found
        decided: dict[int, list[Integers]] = {}
        open_: dict[int, list[Integers]] = {}
        for number, values in self._evaluate_equal(texts):
            decided.setdefault(number, []).append(values)
        self._evaluate_needles(texts, decided, open_)
        found.hits.update((number, column.lift(_united(parts))) for number, parts in decided.items())
        found.candidates.update((number, _united(parts)) for number, parts in open_.items())
        every = np.arange(len(texts))
        found.candidates.update((number, every) for number in self._each)
        return found

    def _evaluate_whole(self, column: Column) -> Iterator[Hits]:
        """Predicates that look at whether there is a value at all."""
        size = len(column)
        for number, predicate in self._whole:
            if predicate.operator == "exists":
                yield number, np.arange(size)
            elif predicate.operator == "wildcard":
                yield number, column.lift(np.arange(len(column.texts)))
            else:
                filled = column.lift(np.flatnonzero(np.diff(column.texts.offsets)))
                yield number, np.setdiff1d(np.arange(size + 1), filled)

    def _evaluate_equal(self, texts: Texts) -> Iterator[Hits]:
        if not self._equal:
            return
        values, numbers = self._equal_values
        found = pc.index_in(texts.folded_array, values)
        if found.null_count == len(found):
            return
        which = np.asarray(found.fill_null(-1))
        hits = np.flatnonzero(which >= 0)
        for value, positions in _grouped(which[hits], hits):
            for number in numbers[value]:
                yield number, positions

    def _evaluate_needles(self, texts: Texts, decided: dict[int, list[Integers]], open_: dict[int, list[Integers]]) -> None:
        """Sort the texts in which a needle occurs into those that decide a predicate and those that leave it open."""
        if not self._needles:
            return
        _, predicates, _ = self._automaton
        needle, value, starts, ends = self._occurrences(texts)
        for which, rows in _grouped(needle, np.arange(len(needle))):
            values = value[rows]
            for number, predicate in predicates[which]:
                match predicate.operator, predicate.cased:
                    case "contains", False:
                        decided.setdefault(number, []).append(values)
                    case "startswith", False:
                        decided.setdefault(number, []).append(values[starts[rows]])
                    case "endswith", False:
                        decided.setdefault(number, []).append(values[ends[rows]])
                    case _:
                        open_.setdefault(number, []).append(values)
        if not texts.ascii:
            special = np.array([i for i, text in enumerate(texts.plain) if _LONG_S in text], np.int64)
            if len(special):
                for number, predicate in chain.from_iterable(predicates):
                    if predicate.operator == "regex":
                        open_.setdefault(number, []).append(special)

    def _occurrences(self, texts: Texts) -> tuple[Integers, Integers, NDArray[np.bool_], NDArray[np.bool_]]:
        """Where needles occur: needle, text, and whether one of the occurrences is at the start and at the end of the text."""
        automaton, _, longest = self._automaton
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
        key, at = _merged(np.concatenate(keys), np.concatenate(flags))
        return key // len(texts), key % len(texts), (at & 1).astype(np.bool_), (at & 2).astype(np.bool_)


def _united(parts: list[Integers]) -> Integers:
    return parts[0] if len(parts) == 1 else np.unique(np.concatenate(parts))


def _by_value(predicate: Predicate) -> bool:
    """Whether a predicate is about a number, an address or a time rather than about text."""
    return bool(predicate.part) or predicate.operator in {"cidr", "lt", "lte", "gt", "gte"}


def _merged(keys: Integers, flags: NDArray[np.uint8]) -> tuple[Integers, NDArray[np.uint8]]:
    """Distinct keys, with the flags of equal ones combined."""
    if not len(keys):
        return keys, flags
    order = np.argsort(keys, kind="stable")
    keys, flags = keys[order], flags[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[first], np.bitwise_or.reduceat(flags, first)


def _grouped(keys: Integers, values: Integers) -> Iterator[tuple[int, Integers]]:
    """Values by key; the keys need not be sorted."""
    if not len(keys):
        return
    order = np.argsort(keys, kind="stable")
    keys, values = keys[order], values[order]
    bounds = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1], [True])))
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        yield int(keys[begin]), values[begin:end]


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


def verified(predicate: Predicate, column: Column, candidates: Integers) -> Integers:
    """Those of the candidate texts of a column for which a predicate really holds."""
    if _by_value(predicate):
        test = _value_test(predicate)
        values = column.raw or column.texts.plain
        return np.array([i for i in candidates.tolist() if test(values[i])], np.int64)
    if predicate.operator in {"regex", "wildcard"}:
        return _verified_regex(predicate, column.texts, candidates)
    exact = _exact(predicate)
    texts = column.texts.plain
    return np.array([i for i in candidates.tolist() if exact(texts[i])], np.int64)


def _verified_regex(predicate: Predicate, texts: Texts, candidates: Integers) -> Integers:
    pattern, folded = str(predicate.value), False
    if predicate.operator == "wildcard":
        folded = not predicate.cased
        pattern = wildcard_regex(fold(pattern) if folded else pattern)
    if len(candidates) >= _MANY:
        array = (texts.folded_array if folded else texts.array).take(pa.array(candidates))
        found = np.asarray(pc.match_substring_regex(array, pattern))
        return np.asarray(candidates[found])
    search = compile_regex(pattern).search
    plain = texts.folded if folded else texts.plain
    return np.array([i for i in candidates.tolist() if search(plain[i]) is not None], np.int64)


def _exact(predicate: Predicate) -> Callable[[str], bool]:
    value = str(predicate.value)
    match predicate.operator:
        case "contains":
            return lambda text: value in text
        case "startswith":
            return lambda text: text.startswith(value)
        case "endswith":
            return lambda text: text.endswith(value)
    return lambda text: text == value


def _value_test(predicate: Predicate) -> Callable[[Any], bool]:
    """The test of a number, an address or a part of a time, of a value as the column has it."""
    if predicate.operator == "cidr":
        return _network_test(str(predicate.value))
    compare = _number_test(predicate) if predicate.operator != "equals" else _equal_test(str(predicate.value))
    if not predicate.part:
        return lambda value: compare(text_of(value))
    part = predicate.part

    def test(value: Any) -> bool:
        found = time_part(value, part)
        return found is not None and compare(str(found))

    return test


def _equal_test(wanted: str) -> Callable[[str], bool]:
    return lambda text: text == wanted


def _network_test(network_text: str) -> Callable[[Any], bool]:
    network = ipaddress.ip_network(network_text)

    def test(value: Any) -> bool:
        try:
            address = ipaddress.ip_address(text_of(value))
        except ValueError:
            return False
        if network.version == 4 and isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            return address.ipv4_mapped in network
        return address in network

    return test


_NUMBER = compile_regex(r"\A[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\z")
_WHOLE = compile_regex(r"\A[+-]?\d+\z")

#: Longer texts are compared as floating-point numbers.
_MAX_WHOLE = 300


def number_of(text: str) -> int | float | None:
    """The decimal number that a text is; None when it is anything else."""
    if len(text) <= _MAX_WHOLE and _WHOLE.search(text):
        return int(text)
    return float(text) if _NUMBER.search(text) else None


def _number_test(predicate: Predicate) -> Callable[[str], bool]:
    limit = predicate.value
    assert isinstance(limit, int | float)
    compare: Callable[[Any, Any], bool] = {
        "lt": lambda number, bound: number < bound,
        "lte": lambda number, bound: number <= bound,
        "gt": lambda number, bound: number > bound,
        "gte": lambda number, bound: number >= bound,
    }[predicate.operator]

    def test(text: str) -> bool:
        number = number_of(text)
        return number is not None and compare(number, limit)

    return test


_TIME = compile_regex(r"\A\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}|\z)")


def time_part(value: Any, part: str) -> int | None:
    """A part of a time as it is written (ISO 8601) or, for nanoseconds since 1970, in UTC; None when it has none."""
    try:
        if isinstance(value, str):
            if not _TIME.search(value) or (len(value) == 10 and part in {"hour", "minute"}):
                return None
            clock = (int(value[11:13]), int(value[14:16])) if len(value) > 10 else (0, 0)
            moment = datetime(int(value[:4]), int(value[5:7]), int(value[8:10]), *clock, tzinfo=UTC)
        elif isinstance(value, int) and not isinstance(value, bool):
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value // 1000)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    if part == "week":
        return date(moment.year, moment.month, moment.day).isocalendar().week
    found: int = getattr(moment, part)
    return found
