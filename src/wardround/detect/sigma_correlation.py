"""From pySigma's correlation rule to :class:`wardround.detect.rule.Correlation`."""

from __future__ import annotations

from typing import Any, cast

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from wardround.detect.rule import (
    Alias,
    Correlation,
    CorrelationType,
    Every,
    Expression,
    Range,
    Reference,
    Some,
    Threshold,
    Without,
)
from wardround.detect.sigma_condition import UnusableRuleError

_SECOND_NS = 1_000_000_000
_COMPARISONS = ("gt", "gte", "lt", "lte", "eq", "neq")


def parse_correlation(mapping: dict[str, Any], *, rule_id: str, path: str) -> Correlation:
    """Read a correlation document; raises pySigma's errors or UnusableRuleError when it is wrong."""
    correlation, further = _first_comparison(mapping["correlation"])
    parsed = SigmaCorrelationRule.from_dict({"title": str(mapping.get("title", "")), "correlation": correlation})
    first, fields, percentile = _condition(parsed)
    condition = Range((first, *further)) if further and isinstance(first, Threshold) else first
    rules = tuple(reference.reference for reference in parsed.rules or ())
    if not rules and isinstance(parsed.condition, SigmaExtendedCorrelationCondition):
        rules = tuple(parsed.condition.get_referenced_rules())
    if not rules:
        raise UnusableRuleError("the correlation names no rules")
    return Correlation(
        id=rule_id,
        name=_text(mapping, "name"),
        title=_text(mapping, "title"),
        level=_text(mapping, "level") or "medium",
        status=_text(mapping, "status"),
        tags=_texts(mapping, "tags"),
        type=cast(CorrelationType, parsed.type.name.lower()),
        rules=rules,
        group_by=tuple(parsed.group_by or ()),
        timespan_ns=parsed.timespan.seconds * _SECOND_NS,
        condition=condition,
        fields=fields,
        percentile=percentile,
        aliases=tuple(
            Alias(alias.alias, tuple((reference.reference, name) for reference, name in alias.mapping.items()))
            for alias in parsed.aliases
        ),
        generate=parsed.generate,
        path=path,
        description=_text(mapping, "description").strip(),
        references=_texts(mapping, "references"),
        falsepositives=_texts(mapping, "falsepositives"),
    )


def _first_comparison(correlation: Any) -> tuple[Any, list[Threshold]]:
    """The correlation with one comparison, and the others: the specification allows a range, pySigma does not."""
    stated: Any = correlation.get("condition") if isinstance(correlation, dict) else None
    condition: dict[Any, Any] = stated if isinstance(stated, dict) else {}
    compared = [key for key in condition if key in _COMPARISONS]
    if len(compared) < 2:
        return correlation, []
    parsed = [SigmaCorrelationCondition.from_dict({key: condition[key]}) for key in compared[1:]]
    further = [Threshold(cast(Any, item.op.name.lower()), item.count) for item in parsed]
    kept = {key: value for key, value in condition.items() if key not in compared[1:]}
    return {**correlation, "condition": kept}, further


def _condition(parsed: SigmaCorrelationRule) -> tuple[Threshold | Expression, tuple[str, ...], float | None]:
    condition = parsed.condition
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        return _expression(condition.parsed), (), None
    reference = condition.fieldref
    fields = () if reference is None else tuple(reference) if isinstance(reference, list) else (str(reference),)
    percentile = None if condition.percentile is None else float(condition.percentile)
    if parsed.type.name == "VALUE_PERCENTILE" and (percentile is None or not 0 <= percentile <= 100):
        raise UnusableRuleError("the percentile is not between 0 and 100")
    return Threshold(cast(Any, condition.op.name.lower()), condition.count), fields, percentile


def _expression(node: Any) -> Expression:
    match node:
        case SigmaRuleReference():
            return Reference(node.reference)
        case CorrelationConditionAND():
            return Every(tuple(_expression(child) for child in node.args))
        case CorrelationConditionOR():
            return Some(tuple(_expression(child) for child in node.args))
        case CorrelationConditionNOT():
            return Without(_expression(node.args[0]))
    raise UnusableRuleError("the condition of the correlation is not understood")


def _text(mapping: dict[str, Any], key: str) -> str:
    value = mapping.get(key)
    return "" if value is None else str(value)


def _texts(mapping: dict[str, Any], key: str) -> tuple[str, ...]:
    value = mapping.get(key)
    if value is None:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
