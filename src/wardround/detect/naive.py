"""The Sigma specification taken literally, one event after the other: slow, obvious, and what the columnar matcher must equal.

Nothing here is shared with the columnar matcher but the values of a rule and where log sources are.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import re2

from wardround.detect.logsource import Source, sources_of
from wardround.detect.rule import And, Condition, Not, Or, Predicate, Rule, fold
from wardround.schema import PROVENANCE

_PROVENANCE = frozenset(column.name for column in PROVENANCE)

Row = Mapping[str, Any]


class NaiveMatcher:
    """Matches rules on rows given as dictionaries; columns that a row lacks or holds as None are absent fields."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._bound: list[list[tuple[Source, Condition]]] = [
            [(source, source.bind(rule.condition)) for source in sources_of(rule.logsource)] for rule in rules
        ]

    def match(self, table: str, rows: Sequence[Row]) -> list[tuple[int, int]]:
        """Pairs of rule and row numbers that match, sorted."""
        selected: dict[int, list[int]] = {}
        found: set[tuple[int, int]] = set()
        for number, alternatives in enumerate(self._bound):
            for source, condition in alternatives:
                if id(source) not in selected:
                    selected[id(source)] = [at for at, row in enumerate(rows) if _selected(source, table, row)]
                found.update((number, at) for at in selected[id(source)] if holds(condition, rows[at]))
        return sorted(found)

    def assessed(self, table: str, rows: Sequence[Row]) -> list[bool]:
        """Per rule: its log source selects at least one of the rows."""
        return [
            any(_selected(source, table, row) for source, _ in alternatives for row in rows) for alternatives in self._bound
        ]


def _selected(source: Source, table: str, row: Row) -> bool:
    return source.table == table and (source.where is None or holds(source.where, row))


def holds(condition: Condition, row: Row) -> bool:
    """Whether a condition whose fields are columns is true for a row."""
    match condition:
        case And(children):
            return all(holds(child, row) for child in children)
        case Or(children):
            return any(holds(child, row) for child in children)
        case Not(child):
            return not holds(child, row)
    return _predicate_holds(condition, row)


def _predicate_holds(predicate: Predicate, row: Row) -> bool:
    if predicate.field is None:
        return any(_compare(predicate, text) for text in _all_texts(row))
    cell = row.get(predicate.field)
    if predicate.operator == "exists":
        return cell is not None
    if predicate.operator == "null":
        return all(text == "" for text in map(_text, _values(cell)))
    if predicate.part:
        parts = (_time_part(value, predicate.part) for value in _values(cell))
        plain = Predicate(predicate.field, predicate.operator, predicate.value)
        return any(part is not None and _compare(plain, str(part)) for part in parts)
    if predicate.operator.startswith("field_"):
        others = [_text(other) for other in _values(row.get(str(predicate.value)))]
        shape = predicate.operator.removeprefix("field_")
        return any(_compare_text(shape, _text(value), other) for value in _values(cell) for other in others)
    return any(_compare(predicate, _text(value)) for value in _values(cell))


def _values(cell: Any) -> list[Any]:
    """The values of a cell: none, one, or those of a list."""
    if cell is None:
        return []
    return [value for value in cell if value is not None] if isinstance(cell, list) else [cell]


def _text(value: Any) -> str:
    """A value as text: true and false, whole numbers without a decimal point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _all_texts(row: Row) -> Iterator[str]:
    for name, cell in row.items():
        if name not in _PROVENANCE:
            yield from (value for value in _values(cell) if isinstance(value, str))


def _compare(predicate: Predicate, text: str) -> bool:
    match predicate.operator:
        case "regex":
            options = re2.Options()
            options.log_errors = False
            return re2.compile(str(predicate.value), options).search(text) is not None
        case "cidr":
            return _in_network(text, str(predicate.value))
        case "lt" | "lte" | "gt" | "gte":
            return _compare_number(predicate.operator, text, predicate.value)
    wanted = str(predicate.value)
    if not predicate.cased:
        text, wanted = fold(text), fold(wanted)
    return _compare_shape(predicate.operator, text, wanted)


def _compare_text(shape: str, text: str, wanted: str) -> bool:
    return _compare_shape(shape, fold(text), fold(wanted))


def _compare_shape(shape: str, text: str, wanted: str) -> bool:
    match shape:
        case "equals":
            return text == wanted
        case "contains":
            return wanted in text
        case "startswith":
            return text.startswith(wanted)
        case "endswith":
            return text.endswith(wanted)
        case "wildcard":
            return _glob(_tokens(wanted), text)
    raise ValueError(f"unknown operator {shape}")


def _tokens(pattern: str) -> list[str]:
    """A pattern as single characters; those to be taken as they are have a backslash in front."""
    tokens = []
    position = 0
    while position < len(pattern):
        if pattern[position] == "\\" and position + 1 < len(pattern):
            tokens.append(pattern[position : position + 2])
            position += 2
        elif pattern[position] in "*?":
            tokens.append(pattern[position])
            position += 1
        else:
            tokens.append("\\" + pattern[position])
            position += 1
    return tokens


def _glob(tokens: list[str], text: str) -> bool:
    """Which ends of the text can be reached after each token: the textbook table, one line at a time."""
    reached = [True] + [False] * len(text)
    for element in tokens:
        following = [False] * (len(text) + 1)
        if element == "*":
            following[0] = reached[0]
            for end in range(1, len(text) + 1):
                following[end] = reached[end] or following[end - 1]
        else:
            for end in range(1, len(text) + 1):
                following[end] = reached[end - 1] and (element == "?" or element[1] == text[end - 1])
        reached = following
    return reached[-1]


def _in_network(text: str, network: str) -> bool:
    """Whether an address is in a network; an IPv4 address written as ::ffff:a.b.c.d is one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None and ":" not in network:
        address = address.ipv4_mapped
    return address in ipaddress.ip_network(network)


def _compare_number(operator: str, text: str, limit: Any) -> bool:
    number = _number(text)
    if number is None:
        return False
    match operator:
        case "lt":
            return bool(number < limit)
        case "lte":
            return bool(number <= limit)
        case "gt":
            return bool(number > limit)
    return bool(number >= limit)


def _number(text: str) -> int | float | None:
    """A decimal number; nothing else counts (no hexadecimal, spaces, underscores, infinities)."""
    if not text.isascii() or any(character.isspace() or character in "_naifNAIF" for character in text):
        return None
    try:
        return int(text) if text.lstrip("+-").isdigit() and len(text) <= 300 else float(text)
    except ValueError:
        return None


def _time_part(value: Any, part: str) -> int | None:
    """A part of a time, as it is written (ISO 8601 text) or in UTC (nanoseconds since 1970); None when it has none."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value // 1000)
            day, hour, minute = moment.date(), moment.hour, moment.minute
        elif isinstance(value, str) and value[10:11] in {"T", "t", " "}:
            day, hour, minute = date.fromisoformat(_dashed(value[:10])), int(_digits(value[11:13])), int(_digits(value[14:16]))
            if value[13] != ":" or hour > 23 or minute > 59:
                return None
        elif isinstance(value, str) and len(value) == 10 and part not in {"hour", "minute"}:
            day, hour, minute = date.fromisoformat(_dashed(value)), 0, 0
        else:
            return None
    except (ValueError, OverflowError):
        return None
    named = {"year": day.year, "month": day.month, "day": day.day, "hour": hour, "minute": minute}
    return day.isocalendar().week if part == "week" else named[part]


def _dashed(text: str) -> str:
    if text[4] != "-" or text[7] != "-":
        raise ValueError("not a date")
    return "-".join(_digits(part) for part in (text[:4], text[5:7], text[8:]))


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("not digits")
    return text
