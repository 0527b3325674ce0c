"""Sigma correlations over what the rules matched, with true sliding windows; docs/decisions/correlations.md has the why.

Specification: https://sigmahq.io/sigma-specification/ (correlation rules, 2.1.0). What it leaves open is settled thus:

- A window holds events whose times differ by at most the timespan.
- A condition that more events can only make truer (at least, all of) is tried on every window, any other (less than,
  equal, average, median, without) on the windows to which no event can be added.
- Windows of one group that share events are one occurrence; a correlation over correlations counts occurrences, and
  orders them by the moments at which they were true.
- An event without a time, or whose group-by or counted field is absent, takes no part: two unknowns are not the same.
- An event that several of the rules matched counts once, except where the rules are told apart (temporal).
- At the same time, events are in either order.
"""
# Queries are put together from names of the schema, from quoted identifiers and from the content that we ship.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.detect import sliding
from wardround.detect.findings import POINTERS, Hit
from wardround.detect.matched import Matched, field_expression, joined
from wardround.detect.rule import Correlation, Every, Expression, Reference, Rule, Some, Threshold, Without
from wardround.detect.sliding import Flags, Indices, Numbers, Windows
from wardround.detect.sql import MAX_HITS
from wardround.detect.tables import QueryError, Tables, literal
from wardround.errors import ContentError

#: More events than this are not correlated (about 50 bytes each are held).
MAX_EVENTS = 20_000_000

#: Correlations of correlations of correlations …
MAX_DEPTH = 8

_TEMPORAL = ("temporal", "temporal_ordered")
_NUMERIC = ("value_sum", "value_avg", "value_percentile", "value_median")
_ABSENT = -1


@dataclass(slots=True)
class Labels:
    """A column of texts as codes; ``texts`` says how to show a code, -1 is an absent value. Case makes no difference."""

    texts: list[str] = field(default_factory=list)
    _codes: dict[str, int] = field(default_factory=dict)

    def code(self, text: str | None) -> int:
        """The code of a text."""
        if text is None:
            return _ABSENT
        found = self._codes.setdefault(text.casefold(), len(self.texts))
        if found == len(self.texts):
            self.texts.append(text)
        elif text < self.texts[found]:  # whichever evidence came first, the same spelling is shown
            self.texts[found] = text
        return found

    def encode(self, values: pa.Array) -> Indices:
        """The codes of an Arrow array of text."""
        encoded = values.dictionary_encode()
        table = np.array([self.code(text) for text in encoded.dictionary.to_pylist()] + [_ABSENT], np.int64)
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
        return _stacked([column[positions] for column in columns], len(positions))


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


class Correlator:
    """Carries out correlations on the tables of a round. ``without_time`` counts events that had to be left out."""

    def __init__(self, tables: Tables, matched: Matched, rules: Sequence[Rule], correlations: Sequence[Correlation]) -> None:
        self._tables = tables
        self._matched = matched
        items: list[Rule | Correlation] = [*correlations, *rules]
        self._named = {item.name: item for item in reversed(items) if item.name} | {item.id: item for item in items}
        self._table_names = Labels()
        self._evidence_ids = Labels()
        self.without_time = 0

    def base_rules(self, correlation: Correlation, depth: int = 0) -> list[Rule]:
        """The rules at the bottom of a correlation.

        Raises ContentError when a reference leads nowhere or in circles, or a correlation on the way cannot be carried out.
        """
        _check(correlation)
        if depth > MAX_DEPTH:
            raise ContentError(f"{correlation.title}: correlations refer to each other in circles or too deeply")
        found: list[Rule] = []
        for reference in correlation.rules:
            item = self._item(correlation, reference)
            found += [item] if isinstance(item, Rule) else self.base_rules(item, depth + 1)
        return found

    def hits(self, correlation: Correlation, columns: Sequence[str]) -> list[Hit]:
        """One hit per group in which the correlation fired, at most MAX_HITS + 1; ``columns`` are group-by fields.

        A hit's values are the group-by fields and ``value``, the measured number of the most extreme window. Raises
        QueryError, and ContentError for a correlation that cannot be carried out.
        """
        self.base_rules(correlation)
        unknown = [column for column in columns if column not in correlation.group_by]
        if unknown:
            raise ContentError(f"{unknown[0]} is not a group-by field of the correlation")
        result = self._carry_out(correlation)
        by_group: dict[tuple[str, ...], list[int]] = {}
        for number, key in enumerate(result.keys[result.fired.end].tolist()):
            names = tuple(labels.texts[code] for labels, code in zip(result.labels, key, strict=True))
            by_group.setdefault(names, []).append(number)
        return [self._hit(result, names, by_group[names]) for names in sorted(by_group)[: MAX_HITS + 1]]

    def _hit(self, result: Result, names: tuple[str, ...], numbers: list[int]) -> Hit:
        chosen = np.array(numbers, np.int64)
        windows = sliding.merged(Windows(result.fired.start[chosen], result.fired.end[chosen]))
        rows = result.rows(ranges(windows.start, windows.end))
        measures = result.measure[chosen]
        condition = result.correlation.condition
        falling = isinstance(condition, Threshold) and condition.operator in ("lt", "lte")
        value = float(measures.min() if falling else measures.max())
        events = [
            (self._table_names.texts[t], self._evidence_ids.texts[e], record, ts)
            for ts, t, e, record in rows[:POINTERS].tolist()
        ]
        return Hit(
            values={
                **dict(zip(result.correlation.group_by, names, strict=True)),
                "value": int(value) if value.is_integer() else value,
            },
            first_ts=int(rows[0, 0]),
            last_ts=int(rows[-1, 0]),
            events=len(rows),
            evidence=tuple(events),
        )

    def _item(self, correlation: Correlation, reference: str) -> Rule | Correlation:
        item = self._named.get(reference)
        if item is None:
            raise ContentError(f"{correlation.title}: refers to {reference}, which is not among the usable rules")
        return item

    def _carry_out(self, correlation: Correlation) -> Result:
        labels = tuple(Labels() for _ in correlation.group_by)
        counted = Labels()
        parts = []
        for reference in correlation.rules:
            item = self._item(correlation, reference)
            if isinstance(item, Rule):
                parts.append(self._of_rule(correlation, item, labels, counted))
            else:
                parts.append(_of_result(correlation, self._carry_out(item), labels, counted))
        if sum(len(part.ts) for part in parts) > MAX_EVENTS:
            raise QueryError(f"more than {MAX_EVENTS} events to correlate")
        return evaluate(correlation, tuple(parts), labels)

    def _of_rule(self, correlation: Correlation, rule: Rule, labels: tuple[Labels, ...], counted: Labels) -> Rows:
        """The events that a rule matched, those without a time or with an absent field left out."""
        batches: list[list[NDArray[Any]]] = []
        for table in sorted(self._matched.counts.get(rule.id, {})):
            table_code = self._table_names.code(table)
            for batch in self._batches(correlation, rule, table):
                ts = batch["ts"]
                self.without_time += ts.null_count
                present = ts.is_valid().to_numpy(zero_copy_only=False)
                keys = [column.encode(batch[f"k{number}"]) for number, column in enumerate(labels)]
                codes, numbers = np.zeros(len(ts), np.int64), np.zeros(len(ts))
                if correlation.type == "value_count":
                    codes = counted.encode(batch["value"])
                elif correlation.type in _NUMERIC:
                    present = present & batch["value"].is_valid().to_numpy(zero_copy_only=False)
                    numbers = batch["value"].fill_null(0.0).to_numpy(zero_copy_only=False)
                for column in (*keys, codes):
                    present = present & (column != _ABSENT)
                columns = (
                    ts.fill_null(0).to_numpy(zero_copy_only=False),
                    _stacked(keys, len(ts)),
                    codes,
                    numbers,
                    np.full(len(ts), table_code),
                    self._evidence_ids.encode(batch["evidence_id"]),
                    batch["record"].fill_null(-1).to_numpy(zero_copy_only=False),
                )
                batches.append([column[present] for column in columns])
        if not batches:
            none = np.empty(0, np.int64)
            batches = [[none, _stacked([none] * len(labels), 0), none, np.empty(0), none, none, none]]
        times, key, codes, numbers, tables, evidence, record = (np.concatenate(c) for c in zip(*batches, strict=True))
        places = np.arange(len(times))
        return Rows(times, key, codes, numbers, Leaves(times, tables, evidence, record), places, places)

    def _batches(self, correlation: Correlation, rule: Rule, table: str) -> Iterator[Mapping[str, pa.Array]]:
        """The events of a rule in one table: ts, evidence_id, record, k0 … (group-by fields) and value."""
        columns = []
        for number, name in enumerate(correlation.group_by):
            held = field_expression(self._tables, rule, table, _field_of(correlation, rule, name))
            columns.append(f"{held} AS k{number}")
        if correlation.type.startswith("value_"):
            # Several fields count as tuples; NULL when one of them is absent.
            value = " || chr(31) || ".join(field_expression(self._tables, rule, table, name) for name in correlation.fields)
            if correlation.type in _NUMERIC:
                value = f"CASE WHEN isfinite(TRY_CAST({value} AS DOUBLE)) THEN TRY_CAST({value} AS DOUBLE) END"
            columns.append(f"{value} AS value")
        query = f"""
            SELECT {", ".join(["t.ts AS ts", "t.evidence_id AS evidence_id", "t.record AS record", *columns])}
            FROM {joined(table)} WHERE m.rule_id = ? AND m."table" = {literal(table)}"""
        events = 0
        for batch in self._tables.batches(query, (rule.id,)):
            events += batch.num_rows
            if events > MAX_EVENTS:
                raise QueryError(f"more than {MAX_EVENTS} events to correlate")
            yield dict(zip(batch.schema.names, batch.columns, strict=True))


def _check(correlation: Correlation) -> None:
    """Raise ContentError when a correlation asks for what cannot be carried out."""
    title, condition = correlation.title, correlation.condition
    if correlation.type in _TEMPORAL and not isinstance(condition, Threshold):
        strangers = [rule for rule in _references(condition) if rule not in correlation.rules]
        if strangers:
            raise ContentError(f"{title}: the condition names {strangers[0]}, which is not among its rules")
    if correlation.type == "temporal_ordered":
        _chain(correlation)
    if correlation.type not in _TEMPORAL and not isinstance(condition, Threshold):
        raise ContentError(f"{title}: a {correlation.type} needs a number to compare with")
    if correlation.type == "value_count" and not correlation.fields:
        raise ContentError(f"{title}: a value_count needs a field")
    if correlation.type in _NUMERIC and len(correlation.fields) != 1:
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


def _field_of(correlation: Correlation, item: Rule | Correlation, name: str) -> str:
    """The field that a group-by name stands for in the events of a rule: itself, unless an alias says otherwise."""
    for alias in correlation.aliases:
        if alias.name == name:
            return next((mapped for reference, mapped in alias.fields if reference in (item.id, item.name)), name)
    return name


def _of_result(correlation: Correlation, result: Result, labels: tuple[Labels, ...], counted: Labels) -> Rows:
    """The occurrences of a correlation as rows of the one above it.

    To one that orders things in time every moment at which it was true is a row; to one that counts, every occurrence.
    """
    fired = result.fired
    if correlation.type in _TEMPORAL:
        windows, ts = fired, result.ts[fired.end]
    else:
        windows = sliding.merged(fired)
        first = np.searchsorted(fired.end, windows.start)
        ts = result.ts[fired.end[first]]
    keys = result.keys[windows.end]
    below = {name: number for number, name in enumerate(result.correlation.group_by)}

    def encoded(names: Sequence[str], into: Sequence[Labels]) -> list[Indices]:
        columns = []
        for name, target in zip(names, into, strict=True):
            number = below.get(name)
            if number is None:
                columns.append(np.full(len(ts), _ABSENT))
            else:
                codes = np.array([target.code(text) for text in result.labels[number].texts], np.int64)
                columns.append(codes[keys[:, number]] if len(codes) else keys[:, number])
        return columns

    if correlation.type in _NUMERIC:
        raise ContentError(f"{correlation.title}: the occurrences of a correlation have no numbers to sum")
    grouped = encoded([_field_of(correlation, result.correlation, name) for name in correlation.group_by], labels)
    columns = [Labels() for _ in correlation.fields]
    values = encoded(correlation.fields, columns)
    present = np.ones(len(ts), bool)
    for codes in (*grouped, *values):
        present &= codes != _ABSENT
    tuples = _stacked([codes[present] for codes in values], int(present.sum())).tolist()
    texts = ["\x1f".join(labels.texts[code] for labels, code in zip(columns, row, strict=True)) for row in tuples]
    code = np.array([counted.code(text) for text in texts], np.int64)
    key = _stacked(grouped, len(ts))[present]
    return Rows(ts[present], key, code, np.zeros(len(code)), result, windows.start[present], windows.end[present])


def _stacked(columns: Sequence[Indices], length: int) -> Indices:
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
    group = _groups(keys)
    # At the same time, events stand in the order that an ordered correlation asks for.
    step = _steps(correlation)
    order = np.lexsort((position, part, step[part], ts, group))
    if correlation.type not in _TEMPORAL and len(parts) > 1:
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
    condition = correlation.condition
    assert isinstance(condition, Threshold)
    compared: dict[str, NDArray[np.bool_]] = {
        "lt": measure < condition.value,
        "lte": measure <= condition.value,
        "gt": measure > condition.value,
        "gte": measure >= condition.value,
        "eq": measure == condition.value,
        "neq": measure != condition.value,
    }
    rising = condition.operator in ("gt", "gte") and correlation.type in ("event_count", "value_count", "temporal")
    return compared[condition.operator], rising


def _temporal(correlation: Correlation, starts: Indices, part: Indices, measure: Numbers) -> tuple[Flags, bool]:
    """Which windows hold what the condition asks for: events of all the rules when it says nothing else."""
    condition = correlation.condition
    if isinstance(condition, Threshold):  # how many of the rules; all of them where the correlation does not say
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
    if isinstance(condition, Threshold):
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
