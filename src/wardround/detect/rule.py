"""What a rule is once it is read: plain frozen values, without any trace of YAML or of the library that parsed it.

A condition is a tree of :class:`And`, :class:`Or` and :class:`Not` over :class:`Predicate`. Modifiers that only transform
values (base64, wide, windash ...) are already applied. Both matchers and the rule pack work on these values alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal[
    "equals",  # value: text; numbers and booleans of the rule are written as text
    "contains",
    "startswith",
    "endswith",
    "wildcard",  # value: a pattern with * and ?; a backslash escapes *, ? and itself
    "regex",  # value: an RE2 expression, flags written in front as (?ims); searched, not anchored
    "cidr",  # value: a network such as 10.0.0.0/8
    "lt",
    "lte",
    "gt",
    "gte",
    "exists",  # the field is there, be it empty
    "null",  # the field is not there or is empty
    "field_equals",  # value: the name of the other field
    "field_contains",
    "field_startswith",
    "field_endswith",
]

#: Parts of a time that a predicate may look at instead of the value itself; "" is the value.
TimePart = Literal["", "minute", "hour", "day", "week", "month", "year"]

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class LogSource:
    """Which log a rule is about, in the words of the Sigma taxonomy; None where the rule does not say."""

    category: str | None = None
    product: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison of one field of an event with a value; ``field`` None means any text of the event (keywords)."""

    field: str | None
    operator: Operator
    value: Value = None
    cased: bool = False
    part: TimePart = ""


@dataclass(frozen=True, slots=True)
class And:
    """All of them; true when there are none."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them; false when there are none."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    child: Condition


Condition = Predicate | And | Or | Not


@dataclass(frozen=True, slots=True)
class Rule:
    """A Sigma rule ready to be matched. ``path`` says where it was read, for people."""

    id: str
    name: str
    title: str
    level: str
    status: str
    tags: tuple[str, ...]
    logsource: LogSource
    condition: Condition
    path: str = ""
    description: str = ""
    references: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()


CorrelationType = Literal[
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
    "temporal",
    "temporal_ordered",
]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A comparison of a number, such as ``gte 10``; ``operator`` is lt, lte, gt, gte, eq or neq."""

    operator: Literal["lt", "lte", "gt", "gte", "eq", "neq"]
    value: float


@dataclass(frozen=True, slots=True)
class Range:
    """Several comparisons of one number that must all hold, such as ``gt 100`` and ``lte 200``."""

    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """In the extended condition of a temporal correlation: the rule of this id or name matched."""

    rule: str


@dataclass(frozen=True, slots=True)
class Every:
    """In an extended condition: all of them."""

    children: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """In an extended condition: at least one of them."""

    children: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """In an extended condition: the opposite."""

    child: Expression


Expression = Reference | Every | Some | Without


@dataclass(frozen=True, slots=True)
class Alias:
    """A name in group-by that stands for a different field in the events of each rule: (rule id or name, field) pairs."""

    name: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Correlation:
    """A Sigma 2.1 correlation.

    ``rules`` are ids or names of rules or of other correlations (in an extended condition without a list: those it names,
    in order). ``timespan_ns`` is in nanoseconds. ``fields`` are those whose values are counted or summed. ``percentile`` is
    0 to 100. ``generate``: the base rules make findings of their own as well.
    """

    id: str
    name: str
    title: str
    level: str
    status: str
    tags: tuple[str, ...]
    type: CorrelationType
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    timespan_ns: int
    condition: Threshold | Range | Expression
    fields: tuple[str, ...] = ()
    percentile: float | None = None
    aliases: tuple[Alias, ...] = ()
    generate: bool = False
    path: str = ""
    description: str = ""
    references: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unusable:
    """A rule that cannot be used, and why, in one line for people."""

    path: str
    rule_id: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedRules:
    """What a text or a directory of rules gave."""

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    unusable: tuple[Unusable, ...] = ()


def fold(text: str) -> str:
    """The form in which text is compared without regard to case: Unicode's simple lower case of every character.

    It is free of context and keeps the number of characters, which :meth:`str.lower` does not for U+0130 and U+03A3.
    """
    return text.replace("\u0130", "i").replace("\u03a3", "\u03c3").lower()
