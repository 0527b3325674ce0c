"""What a Sigma correlation means: rows in, the windows that satisfy its condition out. No tables and no SQL here.

Specification: https://sigmahq.io/sigma-specification/ (correlation rules, 2.1.0). What it leaves open is settled thus
(docs/decisions/0010-correlations.md has the why):

- A window holds events whose times differ by at most the timespan.
- A condition that more events can only make truer (at least, all of) is tried on every window, any other (less than,
  equal, a range, sum, average, median, without) on the windows to which no event can be added.
- Windows of one group that share events are one occurrence; a correlation over correlations counts occurrences, and
  orders them by the moments at which they were true.
- An event without a time, or whose group-by or counted field is absent, takes no part: two unknowns are not the same.
- An event that several of the rules matched counts once, except where the rules are told apart (temporal).
- At the same time, events are in either order.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from wardround.detect import sliding
from wardround.detect.rule import Correlation, Every, Expression, Range, Reference, Rule, Some, Threshold, Without
from wardround.detect.sliding import Flags, Indices, Numbers, Windows
from wardround.errors import ContentError

TEMPORAL = ("temporal", "temporal_ordered")
NUMERIC = ("value_sum", "value_avg", "value_percentile", "value_median")
ABSENT = -1

#: Types whose number can only grow with more events.
_GROWING = ("event_count", "value_count", "temporal")

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
    "neq": operator.ne,
}


@dataclass(slots=True)
class Labels:
    """A column of texts as codes; ``texts`` says how to show a code, -1 is an absent value. Case makes no difference."""

    texts: list[str] = field(default_factory=list)
    _codes: dict[str, int] = field(default_factory=dict)

    def code(self, text: str | None) -> int:
        """The code of a text."""
        if text is None:
            return ABSENT
        found = self._codes.setdefault(text.casefold(), len(self.texts))
        if found == len(self.texts):
            self.texts.append(text)
        elif text < self.texts[found]:  # whichever evidence came first, the same spelling is shown
            self.texts[found] = text
        return found

    def encode(self, values: pa.Array) -> Indices:
        """The codes of an Arrow array of text."""
        encoded = values.dictionary_encode()
        table = np.array([self.code(text) for text in encoded.dictionary.to_pylist()] + [ABSENT], np.int64)
        indices = encoded.indices.fill_null(len(table) - 1).to_numpy(zero_copy_only=False)
        return np.asarray(table[indices])


@dataclass(frozen=True, slots=True)
class Leaves:
    """Events that one rule matched: where they are. ``table`` and ``evidence`` are codes of the correlator's labels."""

    ts: Indices
    table: Indices
    evidence: Indices
    record: Indices

    def rows(self, positions: Indices) -> Indices:
        """The events at these positions as rows of (ts, table, evidence, record)."""
        columns = (self.ts, self.table, self.evidence, self.record)
        return stacked([column[positions] for column in columns], len(positions))


@dataclass(frozen=True, slots=True)
class Rows:
    """What one rule or correlation contributes: times, group-by and counted columns, and where its events are.

    ``start`` and ``end`` are the events of ``origin`` that a row stands for, both included.
    """

    ts: Indices
    keys: Indices
    values: Indices
    numbers: Numbers
    origin: Leaves | Result
    start: Indices
    end: Indices


@dataclass(frozen=True, slots=True)
class Result:
    """A correlation carried out: its sorted events (row ``position`` of part ``part``), and the windows that fired."""

    correlation: Correlation
    parts: tuple[Rows, ...]
    labels: tuple[Labels, ...]
    ts: Indices
    keys: Indices
    part: Indices
    position: Indices
    fired: Windows
    measure: Numbers

    def rows(self, positions: Indices) -> Indices:
        """The matched events below these events, as rows of (ts, table, evidence, record), each once."""
        found = [np.empty((0, 4), np.int64)]
        for number, part in enumerate(self.parts):
            chosen = self.position[positions[self.part[positions] == number]]
            if len(chosen):
                found.append(part.origin.rows(ranges(part.start[chosen], part.end[chosen])))
        return np.unique(np.concatenate(found), axis=0)


def check(correlation: Correlation) -> None:
    """Raise ContentError when a correlation asks for what cannot be carried out."""
    title, condition = correlation.title, correlation.condition
    if correlation.type in TEMPORAL and not isinstance(condition, Threshold | Range):
        strangers = [rule for rule in _references(condition) if rule not in correlation.rules]
        if strangers:
            raise ContentError(f"{title}: the condition names {strangers[0]}, which is not among its rules")
    if correlation.type == "temporal_ordered":
        _chain(correlation)
    if correlation.type not in TEMPORAL and not isinstance(condition, Threshold | Range):
        raise ContentError(f"{title}: a {correlation.type} needs a number to compare with")
    if correlation.type == "value_count" and not correlation.fields:
        raise ContentError(f"{title}: a value_count needs a field")
    if correlation.type in NUMERIC and len(correlation.fields) != 1:
        raise ContentError(f"{title}: a {correlation.type} needs exactly one field")


def _references(expression: Expression) -> Iterator[str]:
    match expression:
        case Reference(rule):
            yield rule
        case Every(children) | Some(children):
            for child in children:
                yield from _references(child)
        case Without(child):
            yield from _references(child)


def field_of(correlation: Correlation, item: Rule | Correlation, name: str) -> str:
    """The field that a group-by name stands for in the events of a rule: itself, unless an alias says otherwise."""
    for alias in correlation.aliases:
        if alias.name == name:
            return next((mapped for reference, mapped in alias.fields if reference in (item.id, item.name)), name)
    return name


def rows_of_result(
    correlation: Correlation,
    result: Result,
    known: Sequence[str],
    fields: Sequence[str],
    labels: tuple[Labels, ...],
    counted: Labels,
) -> Rows:
    """The occurrences of ``result`` as rows of the correlation above it.

    ``known`` names the key columns of the result; ``fields`` those that become the key columns of the rows, ``labels``.
    """
    if correlation.type in NUMERIC:
        raise ContentError(f"{correlation.title}: the occurrences of a correlation have no numbers to sum")
    needed = [known.index(name) for name in (*fields, *correlation.fields)]
    grouped = all(number < len(result.correlation.group_by) for number in needed)
    ts, event, windows = _moments(result) if grouped else _events_by_moment(result)
    if correlation.type not in TEMPORAL:
        ts, event, windows = _by_occurrence(result, event, result.keys[event][:, needed])
    columns = [*labels, *(Labels() for _ in correlation.fields)]
    codes = [
        np.array([*map(target.code, result.labels[number].texts), ABSENT], np.int64)[result.keys[event, number]]
        for number, target in zip(needed, columns, strict=True)
    ]
    wanted = [*codes[: len(correlation.group_by)], *codes[len(fields) :]]
    present = np.logical_and.reduce([np.ones(len(ts), bool), *(column != ABSENT for column in wanted)])
    values = stacked([column[present] for column in codes[len(fields) :]], int(present.sum())).tolist()
    texts = (
        "\x1f".join(target.texts[code] for target, code in zip(columns[len(fields) :], row, strict=True)) for row in values
    )
    value = np.array([counted.code(text) for text in texts], np.int64)
    keys = stacked(codes[: len(fields)], len(ts))[present]
    return Rows(ts[present], keys, value, np.zeros(len(value)), result, windows.start[present], windows.end[present])


def _moments(result: Result) -> tuple[Indices, Indices, Windows]:
    """Every moment at which a correlation was true: time, the event that made it so, and its window."""
    return result.ts[result.fired.end], result.fired.end, result.fired


def _events_by_moment(result: Result) -> tuple[Indices, Indices, Windows]:
    """Every event of the windows that fired, at the first moment at which it was in one, and that window.

    For a correlation above that asks for a field by which this one does not group: each event has its own value of it.
    """
    event = np.arange(len(result.ts))
    window = np.searchsorted(result.fired.end, event)
    event, window = event[window < len(result.fired.end)], window[window < len(result.fired.end)]
    inside = result.fired.start[window] <= event
    event, window = event[inside], window[inside]
    windows = Windows(result.fired.start[window], result.fired.end[window])
    return result.ts[windows.end], event, windows


def _by_occurrence(result: Result, event: Indices, keys: Indices) -> tuple[Indices, Indices, Windows]:
    """Every occurrence once per distinct keys: the moment at which it first was true, an event, and its whole window."""
    occurrences = sliding.merged(result.fired)
    first_moment = result.ts[result.fired.end[np.searchsorted(result.fired.end, occurrences.start)]]
    occurrence = np.searchsorted(occurrences.end, event)
    _, first = np.unique(np.column_stack([occurrence, keys]), axis=0, return_index=True)
    chosen = occurrence[first]
    return first_moment[chosen], event[first], Windows(occurrences.start[chosen], occurrences.end[chosen])


def stacked(columns: Sequence[Indices], length: int) -> Indices:
    """Columns of equal length side by side; also when there are none."""
    return np.asarray(np.stack(columns, axis=1)) if columns else np.zeros((length, 0), np.int64)


def evaluate(correlation: Correlation, parts: tuple[Rows, ...], labels: tuple[Labels, ...]) -> Result:
    """Sort the rows of all parts, look at their windows, and keep those that satisfy the condition."""
    ts = np.concatenate([part.ts for part in parts])
    keys = np.concatenate([part.keys for part in parts])
    values = np.concatenate([part.values for part in parts])
    numbers = np.concatenate([part.numbers for part in parts])
    part = np.repeat(np.arange(len(parts)), [len(rows.ts) for rows in parts])
    position = np.concatenate([np.arange(len(rows.ts)) for rows in parts])
    group = _groups(keys[:, : len(correlation.group_by)])
    # At the same time, events stand in the order that an ordered correlation asks for.
    step = _steps(correlation)
    order = np.lexsort((position, part, step[part], ts, group))
    if correlation.type == "event_count" and any(isinstance(rows.origin, Result) for rows in parts):
        # One occurrence may have several rows (see rows_of_result) and counts once.
        values = _groups(stacked([part, np.concatenate([rows.start for rows in parts])], len(part)))
        correlation = replace(correlation, type="value_count")
    if correlation.type not in TEMPORAL and len(parts) > 1:
        order = order[_first_of_copies(parts, part[order], position[order], group[order])]
    ts, keys, values, part, position, group = (column[order] for column in (ts, keys, values, part, position, group))
    fired, measure = _fired(correlation, group, ts, part, values, numbers[order])
    return Result(correlation, parts, labels, ts, keys, part, position, fired, measure)


def _first_of_copies(parts: tuple[Rows, ...], part: Indices, position: Indices, group: Indices) -> Flags:
    """Which rows to keep so that an event that several rules matched counts once in its group."""
    identity = np.full((len(part), 4), -1, np.int64)
    for number, rows in enumerate(parts):
        mine = part == number
        if isinstance(rows.origin, Leaves):
            identity[mine] = rows.origin.rows(position[mine])
        else:
            identity[mine, 0] = position[mine]
            identity[mine, 1] = -2 - number
    order = np.lexsort((*identity.T, group))
    same = (group[order[1:]] == group[order[:-1]]) & (identity[order[1:]] == identity[order[:-1]]).all(axis=1)
    keep = np.ones(len(part), bool)
    keep[order[1:][same]] = False
    return keep


def _groups(keys: Indices) -> Indices:
    """One code per distinct tuple of group-by codes."""
    group = np.zeros(len(keys), np.int64)
    for number in range(keys.shape[1]):
        pairs = group * (int(keys[:, number].max(initial=0)) + 1) + keys[:, number]
        group = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
    return group


def _fired(
    correlation: Correlation, group: Indices, ts: Indices, part: Indices, values: Indices, numbers: Numbers
) -> tuple[Windows, Numbers]:
    """The windows that satisfy the condition, with the measured number of each."""
    if not len(ts):
        return Windows(np.empty(0, np.int64), np.empty(0, np.int64)), np.empty(0)
    if correlation.type == "temporal_ordered":
        return _fired_in_order(correlation, group, ts, part)
    starts = sliding.window_starts(group, ts, correlation.timespan_ns)
    if correlation.type == "temporal":
        measure = sliding.distinct(starts, part)
        fires, rising = _temporal(correlation, starts, part, measure)
    else:
        measure = _measured(correlation, starts, values, numbers)
        fires, rising = _compared(correlation, measure)
    if not rising:
        fires = fires & sliding.maximal(starts)
    ends = np.flatnonzero(fires)
    return Windows(starts[ends], ends), measure[ends]


def _measured(correlation: Correlation, starts: Indices, values: Indices, numbers: Numbers) -> Numbers:
    match correlation.type:
        case "event_count":
            return sliding.counts(starts)
        case "value_count":
            return sliding.distinct(starts, values)
        case "value_sum":
            return sliding.sums(starts, numbers)
        case "value_avg":
            return sliding.sums(starts, numbers) / sliding.counts(starts)
        case "value_median":
            return sliding.percentiles(starts, numbers, 50.0)
        case "value_percentile":
            return sliding.percentiles(starts, numbers, correlation.percentile if correlation.percentile is not None else 50.0)
    raise ContentError(f"correlation type {correlation.type} is not known")


def _compared(correlation: Correlation, measure: Numbers) -> tuple[Flags, bool]:
    """Which windows satisfy the threshold, and whether more events can only make it truer."""
    thresholds = _thresholds(correlation)
    compared = [_COMPARISONS[threshold.operator](measure, threshold.value) for threshold in thresholds]
    rising = all(threshold.operator in ("gt", "gte") for threshold in thresholds)
    return np.asarray(np.logical_and.reduce(compared)), rising and correlation.type in _GROWING


def _thresholds(correlation: Correlation) -> tuple[Threshold, ...]:
    match correlation.condition:
        case Threshold() as threshold:
            return (threshold,)
        case Range(thresholds):
            return thresholds
    return ()


def falling(correlation: Correlation) -> bool:
    """Whether the condition is about small numbers, so that the smallest one is the most extreme."""
    thresholds = _thresholds(correlation)
    return bool(thresholds) and all(threshold.operator in ("lt", "lte") for threshold in thresholds)


def _temporal(correlation: Correlation, starts: Indices, part: Indices, measure: Numbers) -> tuple[Flags, bool]:
    """Which windows hold what the condition asks for: events of all the rules when it says nothing else."""
    condition = correlation.condition
    if isinstance(condition, Threshold | Range):  # how many of the rules; all of them where the correlation does not say
        return _compared(correlation, measure)
    return _held(correlation, condition, starts, part), not _negates(condition)


def _held(correlation: Correlation, expression: Expression, starts: Indices, part: Indices) -> Flags:
    match expression:
        case Reference(rule):
            return sliding.holds(starts, np.equal(part, correlation.rules.index(rule)))
        case Every(children):
            return np.asarray(np.logical_and.reduce([_held(correlation, child, starts, part) for child in children]))
        case Some(children):
            return np.asarray(np.logical_or.reduce([_held(correlation, child, starts, part) for child in children]))
        case Without(child):
            return ~_held(correlation, child, starts, part)


def _negates(expression: Expression) -> bool:
    match expression:
        case Without():
            return True
        case Every(children) | Some(children):
            return any(_negates(child) for child in children)
    return False


def _fired_in_order(correlation: Correlation, group: Indices, ts: Indices, part: Indices) -> tuple[Windows, Numbers]:
    """Windows from the first to the last event of a chain of all rules in order, without what the condition excludes."""
    wanted, unwanted = _chain(correlation)
    begins = sliding.ordered(group, _steps(correlation)[part], len(wanted))
    ends = np.flatnonzero(begins >= 0)
    ends = ends[ts[ends] - ts[begins[ends]] <= correlation.timespan_ns]
    starts = begins[ends]
    for place in unwanted:
        cumulative = np.concatenate([np.zeros(1, np.int64), np.cumsum(part == place)])
        free = cumulative[ends + 1] == cumulative[starts]
        starts, ends = starts[free], ends[free]
    return Windows(starts, ends), np.full(len(ends), float(len(wanted)))


def _steps(correlation: Correlation) -> Indices:
    """For every rule its step in the chain of an ordered correlation; -1 for rules that are not one."""
    steps = np.full(len(correlation.rules), -1, np.int64)
    if correlation.type == "temporal_ordered":
        wanted, _ = _chain(correlation)
        steps[wanted] = np.arange(len(wanted))
    return steps


def _chain(correlation: Correlation) -> tuple[list[int], list[int]]:
    """The places of the rules that must follow each other, and of those that may not happen in between."""
    condition = correlation.condition
    if isinstance(condition, Threshold | Range):
        return list(range(len(correlation.rules))), []
    terms = condition.children if isinstance(condition, Every) else (condition,)
    wanted: list[int] = []
    unwanted: list[int] = []
    for term in terms:
        match term:
            case Reference(rule):
                wanted.append(correlation.rules.index(rule))
            case Without(Reference(rule)):
                unwanted.append(correlation.rules.index(rule))
            case _:
                raise ContentError(f"{correlation.title}: an ordered correlation joins rules by and, and and not, only")
    if not wanted:
        raise ContentError(f"{correlation.title}: the condition asks for nothing")
    return wanted, unwanted


def ranges(start: Indices, end: Indices) -> Indices:
    """All the numbers from start to end, both included, of every pair; each once, ascending."""
    if not len(start):
        return np.empty(0, np.int64)
    order = np.argsort(start, kind="stable")
    start, reach = start[order], np.maximum.accumulate(end[order])
    apart = start[1:] > reach[:-1]
    start, end = start[np.append(True, apart)], reach[np.append(apart, True)]
    lengths = end - start + 1
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)[:-1]])
    return np.repeat(start - before, lengths) + np.arange(int(lengths.sum()))
