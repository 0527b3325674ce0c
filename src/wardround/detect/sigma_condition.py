"""From pySigma's detections to a condition tree, with all value modifiers of Sigma 2.1 applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import re2
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RegexEngine
from sigma.rule import SigmaDetections
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from wardround.detect.literals import compile_regex, escape_wildcards
from wardround.detect.rule import And, Condition, Not, Operator, Or, Predicate, TimePart

#: A rule that grows beyond this by its modifiers, or is nested deeper, is refused.
MAX_PREDICATES = 20_000
MAX_DEPTH = 100

_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}

_PYTHON_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}

_COMPARISONS: dict[CompareOperators, Operator] = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
}

_FIELD_REFERENCES: dict[tuple[bool, bool], Operator] = {
    (False, False): "field_equals",
    (True, False): "field_startswith",
    (False, True): "field_endswith",
    (True, True): "field_contains",
}


class UnusableRuleError(ValueError):
    """The rule says something that cannot be evaluated; the text is the reason told to the user."""


class _RegexEngine(RegexEngine):
    """Lets pySigma compile expressions as we do: bounded, and without writing to stderr."""

    error = re2.error

    def compile(self, pattern: str, flags: int = 0) -> Any:
        letters = "".join(letter for letter, flag in _PYTHON_FLAGS.items() if flags & flag)
        return compile_regex(f"(?{letters}){pattern}" if letters else pattern)


#: What pySigma may do while it parses a rule.
POLICY = SigmaPolicy(regex_engine=_RegexEngine())


def translate_detections(detections: SigmaDetections) -> Condition:
    """The condition of a rule; several conditions of one rule are alternatives, as the specification has it."""
    budget = _Budget()
    return any_of([_translate(parsed.parsed, budget) for parsed in detections.parsed_condition])


def all_of(children: Iterable[Condition]) -> Condition:
    """And, flattened."""
    flat = [item for child in children for item in (child.children if isinstance(child, And) else (child,))]
    return flat[0] if len(flat) == 1 else And(tuple(dict.fromkeys(flat)))


def any_of(children: Iterable[Condition]) -> Condition:
    """Or, flattened."""
    flat = [item for child in children for item in (child.children if isinstance(child, Or) else (child,))]
    return flat[0] if len(flat) == 1 else Or(tuple(dict.fromkeys(flat)))


def negation(child: Condition) -> Condition:
    """Not, without a second not under it."""
    return child.child if isinstance(child, Not) else Not(child)


class _Budget:
    """Counts the predicates of one rule."""

    def __init__(self) -> None:
        self.left = MAX_PREDICATES

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise UnusableRuleError(f"more than {MAX_PREDICATES} comparisons")


def _translate(node: Any, budget: _Budget, depth: int = 0) -> Condition:
    if depth > MAX_DEPTH:
        raise UnusableRuleError("nested too deeply")
    match node:
        case ConditionAND():
            return all_of(_translate(child, budget, depth + 1) for child in node.args)
        case ConditionOR():
            return any_of(_translate(child, budget, depth + 1) for child in node.args)
        case ConditionNOT():
            return negation(_translate(node.args[0], budget, depth + 1))
        case ConditionFieldEqualsValueExpression():
            return _translate_value(node.field, node.value, budget)
        case ConditionValueExpression():
            return _translate_value(None, node.value, budget)
    raise UnusableRuleError("the condition selects nothing")


def _translate_value(field: str | None, value: Any, budget: _Budget) -> Condition:
    if isinstance(value, SigmaExpansion):
        return any_of(_translate_value(field, item, budget) for item in value.values)
    budget.spend()
    for kind, translate in _VALUES:
        if isinstance(value, kind):
            return translate(field, value)
    raise UnusableRuleError(f"values of type {type(value).__name__} are not supported")


def _string(field: str | None, value: SigmaString) -> Predicate:
    parts: list[str | SpecialChars] = []
    for part in value.s:
        if isinstance(part, Placeholder):
            raise UnusableRuleError(f"the placeholder %{part.name}% has no values")
        if part is not SpecialChars.WILDCARD_MULTI or not parts or parts[-1] is not SpecialChars.WILDCARD_MULTI:
            parts.append(part)
    many = SpecialChars.WILDCARD_MULTI
    if field is None:  # keywords are looked for anywhere in the text of an event
        inner = parts[1 if parts[:1] == [many] else 0 : -1 if len(parts) > 1 and parts[-1] is many else None]
        parts = [many, *inner, many]
    return _shape(field, parts, cased=isinstance(value, SigmaCasedString))


def _shape(field: str | None, parts: list[str | SpecialChars], *, cased: bool) -> Predicate:
    """Recognise the shapes that need no wildcard search: x, *x*, x* and *x."""
    many = SpecialChars.WILDCARD_MULTI
    match parts:
        case []:
            return Predicate(field, "equals", "", cased)
        case [str(text)]:
            return Predicate(field, "equals", text, cased)
        case [first, str(text), last] if first is many and last is many:
            return Predicate(field, "contains", text, cased)
        case [str(text), last] if last is many:
            return Predicate(field, "startswith", text, cased)
        case [first, str(text)] if first is many:
            return Predicate(field, "endswith", text, cased)
    return Predicate(field, "wildcard", "".join(_wildcard_part(part) for part in parts), cased)


def _wildcard_part(part: str | SpecialChars) -> str:
    if isinstance(part, str):
        return escape_wildcards(part)
    return "*" if part is SpecialChars.WILDCARD_MULTI else "?"


def _number(field: str | None, value: SigmaNumber) -> Predicate:
    if isinstance(value, SigmaTimestampPart):
        return Predicate(field, "equals", str(int(value.number)), part=_part(value))
    return Predicate(field, "contains" if field is None else "equals", str(value.number))


def _part(value: SigmaTimestampPart) -> TimePart:
    names: dict[str, TimePart] = {
        "MINUTE": "minute",
        "HOUR": "hour",
        "DAY": "day",
        "WEEK": "week",
        "MONTH": "month",
        "YEAR": "year",
    }
    return names[value.timestamp_part.name]


def _boolean(field: str | None, value: SigmaBool) -> Predicate:
    return Predicate(field, "contains" if field is None else "equals", "true" if value.boolean else "false")


def _regex(field: str | None, value: SigmaRegularExpression) -> Predicate:
    if value.contains_placeholder():
        raise UnusableRuleError("a placeholder in the regular expression has no values")
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    pattern = (f"(?{flags})" if flags else "") + str(value.regexp)
    compile_regex(pattern)
    return Predicate(field, "regex", pattern, cased=True)


def _cidr(field: str | None, value: SigmaCIDRExpression) -> Predicate:
    return Predicate(_bound(field), "cidr", str(value.network))


def _comparison(field: str | None, value: SigmaCompareExpression) -> Predicate:
    part: TimePart = _part(value.number) if isinstance(value.number, SigmaTimestampPart) else ""
    return Predicate(_bound(field), _COMPARISONS[value.op], value.number.number, part=part)


def _exists(field: str | None, value: SigmaExists) -> Condition:
    predicate = Predicate(_bound(field), "exists")
    return predicate if value.exists else Not(predicate)


def _null(field: str | None, _: SigmaNull) -> Predicate:
    return Predicate(_bound(field), "null")


def _field_reference(field: str | None, value: SigmaFieldReference) -> Predicate:
    return Predicate(_bound(field), _FIELD_REFERENCES[value.starts_with, value.ends_with], value.field)


def _bound(field: str | None) -> str:
    if field is None:
        raise UnusableRuleError("a keyword cannot be compared that way")
    return field


_VALUES: tuple[tuple[type[Any], Callable[[str | None, Any], Condition]], ...] = (
    (SigmaString, _string),
    (SigmaNumber, _number),
    (SigmaBool, _boolean),
    (SigmaRegularExpression, _regex),
    (SigmaCIDRExpression, _cidr),
    (SigmaCompareExpression, _comparison),
    (SigmaExists, _exists),
    (SigmaNull, _null),
    (SigmaFieldReference, _field_reference),
)
