"""The exact test of one predicate on some texts, for what looking for plain text alone does not decide."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.detect.literals import compile_regex, wildcard_regex
from wardround.detect.rule import Predicate, fold
from wardround.detect.sigma_values import Integers, Texts, text_of

#: From so many texts on, Arrow's RE2 on all of them at once is faster than one call for each.
_MANY = 32

#: Longer texts are compared as floating-point numbers.
_MAX_WHOLE = 300

_NUMBER = compile_regex(r"\A[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\z")
_WHOLE = compile_regex(r"\A[+-]?\d+\z")
_TIME = compile_regex(r"\A\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}|\z)")


def about_value(predicate: Predicate) -> bool:
    """Whether a predicate is about a number, an address or a time rather than about text."""
    return bool(predicate.part) or predicate.operator in {"cidr", "lt", "lte", "gt", "gte"}


def verified(predicate: Predicate, texts: Texts, raw: list[Any], candidates: Integers) -> Integers:
    """Those of the candidates for which a predicate really holds; ``raw`` are the values themselves if they are no text."""
    if about_value(predicate):
        test, values = _value_test(predicate), raw or texts.plain
        return np.array([at for at in candidates.tolist() if test(values[at])], np.int64)
    if predicate.operator in {"regex", "wildcard"}:
        return _verified_regex(predicate, texts, candidates)
    exact, plain = _text_test(predicate), texts.plain
    return np.array([at for at in candidates.tolist() if exact(plain[at])], np.int64)


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
    return np.array([at for at in candidates.tolist() if search(plain[at]) is not None], np.int64)


def _text_test(predicate: Predicate) -> Callable[[str], bool]:
    """The test of text with regard to case."""
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
    compare = _number_test(predicate) if predicate.operator != "equals" else str(predicate.value).__eq__
    if not predicate.part:
        return lambda value: compare(text_of(value))
    part = predicate.part

    def test(value: Any) -> bool:
        found = time_part(value, part)
        return found is not None and compare(str(found))

    return test


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
