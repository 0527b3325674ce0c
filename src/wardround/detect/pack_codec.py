"""Parsed rules as plain data and back.

Conditions are kept as one list of nodes in which equal parts exist once; children come before their parents.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args

from wardround.detect.rule import (
    Alias,
    And,
    Condition,
    Correlation,
    Every,
    Expression,
    LogSource,
    Not,
    Operator,
    Or,
    ParsedRules,
    Predicate,
    Range,
    Reference,
    Rule,
    Some,
    Threshold,
    TimePart,
    Unusable,
    Without,
)

_OPERATORS = frozenset(get_args(Operator))
_PARTS = frozenset(get_args(TimePart))


def encode_rules(rules: ParsedRules) -> dict[str, Any]:
    """Plain lists, dictionaries, texts and numbers that say the same."""
    nodes = _Nodes()
    return {
        "rules": [_encode_fields(rule, {"logsource": _encode_logsource, "condition": nodes.add}) for rule in rules.rules],
        "correlations": [
            _encode_fields(item, {"condition": _encode_outcome, "aliases": _encode_aliases}) for item in rules.correlations
        ],
        "unusable": [_encode_fields(item, {}) for item in rules.unusable],
        "nodes": nodes.encoded,
    }


def decode_rules(data: dict[str, Any]) -> ParsedRules:
    """The rules again; raises ValueError, KeyError, TypeError or IndexError when the data are not what was encoded."""
    nodes: list[Condition] = []
    for node in data["nodes"]:
        nodes.append(_decode_node(node, nodes))
    logsources: dict[tuple[Any, ...], LogSource] = {}

    def logsource(value: list[Any]) -> LogSource:
        return logsources.setdefault(tuple(value), LogSource(*value))

    return ParsedRules(
        tuple(_decode_fields(Rule, item, {"logsource": logsource, "condition": nodes.__getitem__}) for item in data["rules"]),
        tuple(
            _decode_fields(Correlation, item, {"condition": _decode_outcome, "aliases": _decode_aliases})
            for item in data["correlations"]
        ),
        tuple(_decode_fields(Unusable, item, {}) for item in data["unusable"]),
    )


class _Nodes:
    """Numbers conditions, equal ones alike."""

    def __init__(self) -> None:
        self.encoded: list[list[Any]] = []
        self._numbers: dict[object, int] = {}

    def add(self, condition: Condition) -> int:
        match condition:
            case And(children):
                return self._number(("and", *(self.add(child) for child in children)))
            case Or(children):
                return self._number(("or", *(self.add(child) for child in children)))
            case Not(child):
                return self._number(("not", self.add(child)))
        # A number and the text of it are equal as keys of a dictionary only if their types are part of the key.
        kind = type(condition.value).__name__
        return self._number((condition.operator, condition.field, condition.value, condition.cased, condition.part), kind)

    def _number(self, node: tuple[Any, ...], kind: str = "") -> int:
        found = self._numbers.get((node, kind))
        if found is None:
            found = self._numbers[node, kind] = len(self.encoded)
            self.encoded.append(list(node))
        return found


def _decode_node(node: list[Any], nodes: list[Condition]) -> Condition:
    kind, *rest = node
    match kind:
        case "and":
            return And(tuple([nodes[number] for number in rest]))
        case "or":
            return Or(tuple([nodes[number] for number in rest]))
        case "not":
            return Not(nodes[rest[0]])
    field, value, cased, part = rest
    if kind not in _OPERATORS or part not in _PARTS:
        raise ValueError("unknown comparison")
    return Predicate(field, kind, value, cased, part)


def _encode_fields(item: Any, special: dict[str, Callable[[Any], Any]]) -> list[Any]:
    return [special.get(field.name, _same)(getattr(item, field.name)) for field in fields(item)]


def _decode_fields(kind: type[Any], values: list[Any], special: dict[str, Callable[[Any], Any]]) -> Any:
    decoders = [special.get(field.name, _tuples) for field in fields(kind)]
    return kind(*[decode(value) for decode, value in zip(decoders, values, strict=True)])


def _same(value: Any) -> Any:
    return value


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _encode_logsource(logsource: LogSource) -> list[Any]:
    return [logsource.category, logsource.product, logsource.service]


def _encode_aliases(aliases: tuple[Alias, ...]) -> list[Any]:
    return [[alias.name, alias.fields] for alias in aliases]


def _decode_aliases(aliases: list[Any]) -> tuple[Alias, ...]:
    return tuple(Alias(name, tuple((rule, field) for rule, field in pairs)) for name, pairs in aliases)


def _encode_outcome(condition: Threshold | Range | Expression) -> list[Any]:
    match condition:
        case Threshold(operator, value):
            return ["threshold", operator, value]
        case Range(thresholds):
            return ["range", *(_encode_outcome(threshold) for threshold in thresholds)]
        case Reference(rule):
            return ["reference", rule]
        case Every(children):
            return ["every", *(_encode_outcome(child) for child in children)]
        case Some(children):
            return ["some", *(_encode_outcome(child) for child in children)]
        case Without(child):
            return ["without", _encode_outcome(child)]


def _decode_outcome(data: list[Any]) -> Threshold | Range | Expression:
    if data[0] == "threshold":
        return Threshold(data[1], data[2])
    if data[0] == "range":
        return Range(tuple(Threshold(operator, value) for _, operator, value in data[1:]))
    return _decode_expression(data)


def _decode_expression(data: list[Any]) -> Expression:
    kind, *rest = data
    match kind:
        case "reference":
            return Reference(rest[0])
        case "every":
            return Every(tuple(_decode_expression(child) for child in rest))
        case "some":
            return Some(tuple(_decode_expression(child) for child in rest))
        case "without":
            return Without(_decode_expression(rest[0]))
    raise ValueError("unknown expression")
