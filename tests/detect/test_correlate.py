"""Correlations: the vectorised windows against a literal reading of their definition, and through the tables."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround import schema
from wardround.detect.correlate import Correlator
from wardround.detect.correlation import Labels, Leaves, Rows, evaluate, ranges
from wardround.detect.matched import Matched
from wardround.detect.rule import (
    Alias,
    And,
    Correlation,
    CorrelationType,
    Every,
    Expression,
    LogSource,
    Range,
    Reference,
    Rule,
    Some,
    Threshold,
    Without,
)
from wardround.detect.tables import Tables
from wardround.errors import ContentError

RULES = ("a", "b", "c")
SECOND = 1_000_000_000


def correlation(**changed: Any) -> Correlation:
    plain = Correlation(
        id="x", name="x", title="x", level="high", status="test", tags=(), type="event_count", rules=("a",),
        group_by=("user",), timespan_ns=5, condition=Threshold("gte", 2),
    )  # fmt: skip
    return replace(plain, **changed)


# The definition, read literally


@dataclass(frozen=True)
class Event:
    ts: int
    rule: int
    group: int
    value: int
    number: int


def naive(wanted: Correlation, events: Sequence[Event]) -> dict[int, tuple[set[int], float]]:
    """Per group that fires: the numbers of the events in its windows, and the most extreme measure."""
    found: dict[int, tuple[set[int], float]] = {}
    for group in {event.group for event in events}:
        mine = [event for event in events if event.group == group]
        windows = naive_chains(wanted, mine) if wanted.type == "temporal_ordered" else naive_windows(wanted, mine)
        if windows:
            measures = [measure for _, measure in windows]
            numbers = {event.number for window, _ in windows for event in window}
            found[group] = numbers, (min if naive_falling(wanted) else max)(measures)
    return found


def naive_windows(wanted: Correlation, events: list[Event]) -> list[tuple[list[Event], float]]:
    every = [[e for e in events if last.ts - wanted.timespan_ns <= e.ts <= last.ts] for last in events]
    windows = every
    if not naive_rising(wanted):
        windows = [w for w in every if not any(len(other) > len(w) and all(e in other for e in w) for other in every)]
    return [(window, naive_measure(wanted, window)) for window in windows if naive_fires(wanted, window)]


def naive_rising(wanted: Correlation) -> bool:
    if thresholds := naive_thresholds(wanted):
        rising = all(threshold.operator in ("gt", "gte") for threshold in thresholds)
        return rising and wanted.type in ("event_count", "value_count", "temporal")
    return "Without" not in repr(wanted.condition)


def naive_measure(wanted: Correlation, window: Sequence[Event]) -> float:
    values = sorted(event.value for event in window)
    percentile = 50.0 if wanted.type == "value_median" else wanted.percentile or 0.0
    place = (len(values) - 1) * percentile / 100
    below, above = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
    measures: dict[str, Callable[[], float]] = {
        "event_count": lambda: len(window),
        "value_count": lambda: len(set(values)),
        "value_sum": lambda: sum(values),
        "value_avg": lambda: statistics.fmean(values),
        "value_median": lambda: statistics.median(values),
        "value_percentile": lambda: below + (above - below) * (place - int(place)),
        "temporal": lambda: len({event.rule for event in window}),
    }
    return float(measures[wanted.type]())


def naive_fires(wanted: Correlation, window: Sequence[Event]) -> bool:
    condition = wanted.condition
    if not isinstance(condition, Threshold | Range):
        return naive_holds(condition, {RULES[event.rule] for event in window})
    measure = naive_measure(wanted, window)
    return all(naive_compares(measure, threshold) for threshold in naive_thresholds(wanted))


def naive_thresholds(wanted: Correlation) -> tuple[Threshold, ...]:
    match wanted.condition:
        case Threshold() as one:
            return (one,)
        case Range(several):
            return several
    return ()


def naive_falling(wanted: Correlation) -> bool:
    operators = {threshold.operator for threshold in naive_thresholds(wanted)}
    return bool(operators) and operators <= {"lt", "lte"}


def naive_compares(measure: float, threshold: Threshold) -> bool:
    value = threshold.value
    return {
        "lt": measure < value,
        "lte": measure <= value,
        "gt": measure > value,
        "gte": measure >= value,
        "eq": measure == value,
        "neq": measure != value,
    }[threshold.operator]


def naive_holds(expression: Expression, rules: set[str]) -> bool:
    match expression:
        case Reference(rule):
            return rule in rules
        case Every(children):
            return all(naive_holds(child, rules) for child in children)
        case Some(children):
            return any(naive_holds(child, rules) for child in children)
        case Without(child):
            return not naive_holds(child, rules)


def naive_chains(wanted: Correlation, events: list[Event]) -> list[tuple[list[Event], float]]:
    """All chains of the wanted rules, by trying every combination; per last event the one that begins last."""
    terms = wanted.condition.children if isinstance(wanted.condition, Every) else tuple(map(Reference, wanted.rules))
    steps = [RULES.index(term.rule) for term in terms if isinstance(term, Reference)]
    barred = {RULES.index(term.child.rule) for term in terms if isinstance(term, Without) and isinstance(term.child, Reference)}
    line = sorted(events, key=lambda e: (e.ts, steps.index(e.rule) if e.rule in steps else -1, e.rule, e.number))
    begins: dict[int, int] = {}
    for chain in product(*([i for i, e in enumerate(line) if e.rule == step] for step in steps)):
        if list(chain) == sorted(chain) and line[chain[-1]].ts - line[chain[0]].ts <= wanted.timespan_ns:
            begins[chain[-1]] = max(begins.get(chain[-1], -1), chain[0])
    windows = [line[first : last + 1] for last, first in sorted(begins.items())]
    return [(window, float(len(steps))) for window in windows if not barred & {event.rule for event in window}]


# The comparison


def fast(wanted: Correlation, events: Sequence[Event]) -> dict[int, tuple[set[int], float]]:
    """The same through ``evaluate``."""
    labels = Labels()
    parts = []
    for place, _ in enumerate(wanted.rules):
        mine = [event for event in events if event.rule == place]
        column = {name: np.array([getattr(e, name) for e in mine], np.int64) for name in ("ts", "group", "value", "number")}
        zero = np.zeros(len(mine), np.int64)
        keys = np.array([labels.code(str(event.group)) for event in mine], np.int64)[:, None]
        numbers = column["value"].astype(np.float64)
        leaves = Leaves(column["ts"], zero, zero, column["number"])
        place_of = np.arange(len(mine))
        parts.append(Rows(column["ts"], keys, column["value"], numbers, leaves, place_of, place_of))
    result = evaluate(wanted, tuple(parts), (labels,))
    found: dict[int, tuple[set[int], float]] = {}
    for start, end, measure in zip(result.fired.start, result.fired.end, result.measure, strict=True):
        group = int(labels.texts[result.keys[end][0]])
        rows = result.rows(np.arange(start, end + 1))
        numbers_before, extreme = found.get(group, (set(), float(measure)))
        found[group] = (
            numbers_before | set(rows[:, 3].tolist()),
            (min if naive_falling(wanted) else max)(extreme, float(measure)),
        )
    return found


EVENTS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2), st.integers(0, 2), st.integers(-2, 4)), max_size=14).map(
    lambda rows: [Event(ts, rule, group, value, number) for number, (ts, rule, group, value) in enumerate(rows)]
)
REFERENCES = st.sampled_from([Reference(rule) for rule in RULES])
EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    REFERENCES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: Every(tuple(items))),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: Some(tuple(items))),
        inner.map(Without),
    ),
    max_leaves=4,
)
THRESHOLDS = st.builds(Threshold, st.sampled_from(["lt", "lte", "gt", "gte", "eq", "neq"]), st.integers(-1, 6))
RANGES = st.lists(THRESHOLDS, min_size=2, max_size=3).map(lambda several: Range(tuple(several)))
COUNTING = [kind for kind in get_args(CorrelationType) if kind not in ("temporal", "temporal_ordered")]


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(COUNTING),
    THRESHOLDS | RANGES,
    st.integers(0, 8),
    st.sampled_from([0.0, 10.0, 50.0, 75.0, 95.0, 100.0]),
    EVENTS,
)
def test_counted_windows_are_those_of_the_definition(
    kind: CorrelationType, threshold: Threshold | Range, span: int, percentile: float, events: list[Event]
) -> None:
    wanted = correlation(
        type=kind, rules=RULES, timespan_ns=span, condition=threshold, fields=("value",), percentile=percentile
    )
    expected = naive(wanted, events)
    got = fast(wanted, events)
    assert {group: numbers for group, (numbers, _) in got.items()} == {g: numbers for g, (numbers, _) in expected.items()}
    assert {group: measure for group, (_, measure) in got.items()} == pytest.approx({g: m for g, (_, m) in expected.items()})


@settings(max_examples=150, deadline=None)
@given(st.one_of(EXPRESSIONS, st.just(Threshold("gte", 3)), st.just(Threshold("gte", 2))), st.integers(0, 8), EVENTS)
def test_temporal_windows_are_those_of_the_definition(condition: Any, span: int, events: list[Event]) -> None:
    wanted = correlation(type="temporal", rules=RULES, timespan_ns=span, condition=condition)
    assert fast(wanted, events) == naive(wanted, events)


CHAINS = st.sampled_from([
    Threshold("gte", 3),
    Every((Reference("a"), Reference("b"))),
    Every((Reference("c"), Reference("a"))),
    Every((Reference("a"), Without(Reference("b")), Reference("c"))),
    Every((Without(Reference("a")), Reference("b"))),
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(CHAINS, st.integers(0, 8), EVENTS)
def test_ordered_chains_are_those_of_the_definition(condition: Any, span: int, events: list[Event]) -> None:
    wanted = correlation(type="temporal_ordered", rules=RULES, timespan_ns=span, condition=condition)
    assert fast(wanted, events) == naive(wanted, events)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=8))
def test_ranges_give_every_number_once(pairs: list[tuple[int, int]]) -> None:
    start = np.array([first for first, _ in pairs], np.int64)
    end = np.array([first + length for first, length in pairs], np.int64)
    expected = sorted({number for first, length in pairs for number in range(first, first + length + 1)})
    assert ranges(start, end).tolist() == expected


# Through the tables


def rule(name: str) -> Rule:
    return Rule(f"id-{name}", name, name, "low", "test", (), LogSource(product="windows", service="security"), And(()))


def tables_of(events: Sequence[Mapping[str, Any]]) -> Tables:
    """Security events, each matched by the rule that it names under ``rule``."""
    columns = ["Computer", "TargetUserName", "IpAddress", "Bytes"]
    rows = [
        {
            "ts": event.get("ts"),
            "evidence_id": event.get("evidence_id", "e1"),
            "record": event.get("record", number),
            "Channel": "Security",
            "EventID": 4625,
            "EventRecordID": event.get("EventRecordID"),
            **{name: event.get(name) for name in columns},
        }
        for number, event in enumerate(events)
    ]
    fields = [*schema.tables()["windows_event"].arrow(), *(pa.field(name, pa.string()) for name in columns[1:])]
    matches = [
        {"rule_id": f"id-{event['rule']}", "rule_name": event["rule"], "table": "windows_event", **row}
        for event, row in zip(events, rows, strict=True)
    ]
    return Tables.of_arrow({
        "windows_event": pa.Table.from_pylist(rows, schema=pa.schema(fields)),
        "match": pa.Table.from_pylist(matches, schema=schema.tables()["match"].arrow()),
    })  # fmt: skip


def correlate(wanted: Sequence[Correlation], events: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """(hits as values with events, number of events without a time) of the last correlation."""
    with tables_of(events) as tables:
        correlator = Correlator(tables, Matched(tables), [rule(name) for name in RULES], wanted)
        hits = correlator.hits(wanted[-1], wanted[-1].group_by)
        return [{**hit.values, "events": hit.events, "first": hit.first_ts, "last": hit.last_ts} for hit in hits], (
            correlator.without_time
        )


def test_groups_ignore_case_and_mapped_addresses_and_leave_the_unknown_out() -> None:
    wanted = correlation(group_by=("TargetUserName", "IpAddress"), timespan_ns=10, condition=Threshold("gte", 3))
    events: list[dict[str, Any]] = [
        {"rule": "a", "ts": 1, "TargetUserName": "Anna", "IpAddress": "10.0.0.1"},
        {"rule": "a", "ts": 2, "TargetUserName": "ANNA", "IpAddress": "::ffff:10.0.0.1"},
        {"rule": "a", "ts": 3, "TargetUserName": "anna", "IpAddress": "::FFFF:10.0.0.1"},
        *({"rule": "a", "ts": ts, "TargetUserName": "anna", "IpAddress": "-"} for ts in (1, 2, 3)),
        *({"rule": "a", "ts": ts, "TargetUserName": "", "IpAddress": "10.0.0.1"} for ts in (1, 2, 3)),
        *({"rule": "a", "ts": ts, "IpAddress": "10.0.0.1"} for ts in (1, 2, 3)),
    ]
    hits, _ = correlate([wanted], events)
    assert hits == [{"TargetUserName": "ANNA", "IpAddress": "10.0.0.1", "value": 3, "events": 3, "first": 1, "last": 3}]


def test_events_without_a_time_are_counted_and_left_out() -> None:
    wanted = correlation(group_by=("Computer",), timespan_ns=10, condition=Threshold("gte", 2))
    events = [{"rule": "a", "ts": ts, "Computer": "ct1"} for ts in (1, None, None)]
    assert correlate([wanted], events) == ([], 2)


def test_an_exported_copy_of_a_log_counts_once() -> None:
    wanted = correlation(group_by=("Computer",), timespan_ns=10, condition=Threshold("gte", 2))
    original = {"rule": "a", "ts": 1, "Computer": "ct1", "EventRecordID": 7}
    copy = {**original, "evidence_id": "e2", "record": 1}
    assert correlate([wanted], [original, copy]) == ([], 0)
    different = {**copy, "EventRecordID": 8}
    assert len(correlate([wanted], [original, different])[0]) == 1


def test_an_event_that_two_rules_match_counts_once() -> None:
    wanted = correlation(rules=("a", "b"), group_by=("Computer",), timespan_ns=10, condition=Threshold("gte", 2))
    with_both: list[dict[str, Any]] = [{"rule": name, "ts": 1, "Computer": "ct1", "record": 5} for name in ("a", "b")]
    with tables_of(with_both[:1]) as tables:
        matches = tables.arrow("SELECT * FROM match UNION ALL SELECT 'id-b', 'b', * EXCLUDE (rule_id, rule_name) FROM match")
        rows = tables.arrow("SELECT * FROM windows_event")
    with Tables.of_arrow({"windows_event": rows, "match": matches}) as tables:
        correlator = Correlator(tables, Matched(tables), [rule(name) for name in RULES], [wanted])
        assert correlator.hits(wanted, ()) == []
        both = replace(wanted, type="temporal", condition=Threshold("gte", 2))
        (hit,) = correlator.hits(both, ())
        assert hit.events == 1


def test_aliases_join_different_fields() -> None:
    alias = Alias("who", (("a", "TargetUserName"), ("b", "IpAddress")))
    wanted = correlation(
        type="temporal", rules=("a", "b"), group_by=("who",), aliases=(alias,), timespan_ns=10, condition=Threshold("gte", 2)
    )
    events = [
        {"rule": "a", "ts": 1, "TargetUserName": "x", "IpAddress": "other"},
        {"rule": "b", "ts": 4, "TargetUserName": "other", "IpAddress": "X"},
        {"rule": "b", "ts": 4, "TargetUserName": "x", "IpAddress": "y"},
    ]
    hits, _ = correlate([wanted], events)
    assert hits == [{"who": "X", "value": 2, "events": 2, "first": 1, "last": 4}]


def test_distinct_tuples_of_several_fields_are_counted() -> None:
    wanted = correlation(
        type="value_count", fields=("TargetUserName", "IpAddress"), group_by=("Computer",), timespan_ns=10,
        condition=Threshold("gte", 3),
    )  # fmt: skip
    names = [("u", "1"), ("U", "1"), ("u", "2"), ("v", "1"), ("v", None)]
    events = [{"rule": "a", "ts": 1, "Computer": "ct1", "TargetUserName": user, "IpAddress": ip} for user, ip in names]
    hits, _ = correlate([wanted], events)
    assert [(hit["value"], hit["events"]) for hit in hits] == [(3, 4)]
    assert correlate([replace(wanted, condition=Threshold("gte", 4))], events)[0] == []


def test_numbers_are_summed_and_what_is_none_is_left_out() -> None:
    wanted = correlation(
        type="value_sum", fields=("Bytes",), group_by=("Computer",), timespan_ns=10, condition=Threshold("gt", 9)
    )
    events = [{"rule": "a", "ts": 1, "Computer": "ct1", "Bytes": value} for value in ("4", "6.5", "many", "nan", "inf", None)]
    hits, _ = correlate([wanted], events)
    assert [(hit["value"], hit["events"]) for hit in hits] == [(10.5, 2)]


FAILURES = correlation(id="burst", name="burst", group_by=("Computer",), timespan_ns=60 * SECOND, condition=Threshold("gte", 5))


def failures(first: int, count: int, computer: str = "ct1") -> list[dict[str, Any]]:
    return [{"rule": "a", "ts": (first + number) * SECOND, "Computer": computer} for number in range(count)]


def test_a_success_during_a_burst_follows_it() -> None:
    chain = correlation(
        id="chain", name="chain", type="temporal_ordered", rules=("burst", "b"), group_by=("Computer",),
        timespan_ns=30 * SECOND, condition=Threshold("gte", 2),
    )  # fmt: skip
    success = {"rule": "b", "ts": 20 * SECOND + 1, "Computer": "CT1"}
    hits, _ = correlate([FAILURES, chain], [*failures(0, 40), success])
    assert [(hit["Computer"], hit["last"]) for hit in hits] == [("CT1", success["ts"])]
    assert correlate([FAILURES, chain], [*failures(0, 4), success])[0] == []
    assert correlate([FAILURES, chain], [*failures(0, 40, "mr1"), success])[0] == []
    early = {**success, "ts": 3 * SECOND}
    assert correlate([FAILURES, chain], [*failures(0, 40), early])[0] == []


def test_a_correlation_over_correlations_counts_occurrences_not_moments() -> None:
    thrice = correlation(
        id="thrice", name="thrice", rules=("burst",), group_by=("Computer",), timespan_ns=3600 * SECOND,
        condition=Threshold("gte", 3),
    )  # fmt: skip
    assert correlate([FAILURES, thrice], failures(0, 40))[0] == []
    hits, _ = correlate([FAILURES, thrice], [event for start in (0, 600, 1200) for event in failures(start, 6)])
    assert [(hit["value"], hit["events"]) for hit in hits] == [(3, 18)]


def guesses(first: int, users: Sequence[str], computer: str = "ct1") -> list[dict[str, Any]]:
    """A failed logon a second, by one user after the other."""
    return [{**event, "TargetUserName": user} for event, user in zip(failures(first, len(users), computer), users, strict=True)]


def test_a_chain_may_group_by_what_the_correlation_below_does_not() -> None:
    chain = correlation(
        id="chain", name="chain", type="temporal_ordered", rules=("burst", "b"), group_by=("TargetUserName",),
        timespan_ns=30 * SECOND, condition=Threshold("gte", 2),
    )  # fmt: skip
    tried = guesses(0, ["u1", "u2", "u3", "u4", "u5", "u6"])
    for user, found in (("U2", 1), ("u6", 1), ("u9", 0)):
        success = {"rule": "b", "ts": 20 * SECOND, "Computer": "mr1", "TargetUserName": user}
        hits, _ = correlate([FAILURES, chain], [*tried, success])
        assert [hit["TargetUserName"].lower() for hit in hits] == [user.lower()] * found
    too_early = {"rule": "b", "ts": 3 * SECOND, "Computer": "mr1", "TargetUserName": "u2"}
    assert correlate([FAILURES, chain], [*tried, too_early])[0] == []
    elsewhere = guesses(0, ["u7"], "mr1")  # no burst of its own
    success = {"rule": "b", "ts": 20 * SECOND, "Computer": "mr1", "TargetUserName": "u7"}
    assert correlate([FAILURES, chain], [*tried, *elsewhere, success])[0] == []


def test_what_the_correlation_below_does_not_group_by_can_be_counted_once_per_occurrence() -> None:
    thrice = correlation(
        id="thrice", name="thrice", rules=("burst",), group_by=("TargetUserName",), timespan_ns=3600 * SECOND,
        condition=Threshold("gte", 3),
    )  # fmt: skip
    bursts = [event for start in (0, 600, 1200) for event in guesses(start, ["u1", "u1", "u2", "u2", "u1", f"x{start}"])]
    hits, _ = correlate([FAILURES, thrice], bursts)
    assert [(hit["TargetUserName"], hit["value"], hit["events"]) for hit in hits] == [("u1", 3, 18), ("u2", 3, 18)]
    users = replace(
        thrice, type="value_count", fields=("TargetUserName",), group_by=("Computer",), condition=Threshold("eq", 5)
    )
    assert [hit["value"] for hit in correlate([FAILURES, users], bursts)[0]] == [5]


def test_a_field_is_carried_through_two_levels() -> None:
    pair = correlation(
        id="pair",
        name="pair",
        rules=("burst",),
        group_by=("Computer",),
        timespan_ns=3600 * SECOND,
        condition=Threshold("gte", 2),
    )
    chain = correlation(
        id="chain", name="chain", type="temporal", rules=("pair", "b"), group_by=("TargetUserName",),
        timespan_ns=3600 * SECOND, condition=Threshold("gte", 2),
    )  # fmt: skip
    success = {"rule": "b", "ts": 700 * SECOND, "Computer": "mr1", "TargetUserName": "u5"}
    two = [*guesses(0, ["u1"] * 5), *guesses(600, ["u1", "u2", "u3", "u4", "u5"])]
    hits, _ = correlate([FAILURES, pair, chain], [*two, success])
    assert [(hit["TargetUserName"], hit["events"]) for hit in hits] == [("u5", 11)]
    assert correlate([FAILURES, pair, chain], [*two[5:], success])[0] == []


def test_values_of_a_correlation_below_can_be_counted() -> None:
    spread = correlation(
        id="spread", name="spread", type="value_count", rules=("burst",), fields=("Computer",), group_by=(),
        timespan_ns=3600 * SECOND, condition=Threshold("gte", 3),
    )  # fmt: skip
    hosts = [event for name in ("ct1", "mr1", "xr1") for event in failures(0, 6, name)]
    assert [hit["value"] for hit in correlate([FAILURES, spread], hosts)[0]] == [3]
    assert correlate([FAILURES, spread], hosts[:12])[0] == []


def test_separate_occurrences_of_a_group_are_one_hit() -> None:
    hits, _ = correlate([FAILURES], [*failures(0, 6), *failures(7200, 8)])
    assert hits == [{"Computer": "ct1", "value": 8, "events": 14, "first": 0, "last": 7207 * SECOND}]


def test_pointers_are_the_first_ten_by_time() -> None:
    with tables_of(list(reversed(failures(0, 30)))) as tables:
        correlator = Correlator(tables, Matched(tables), [rule("a")], [FAILURES])
        (hit,) = correlator.hits(FAILURES, ("Computer",))
    assert [pointer[3] for pointer in hit.evidence] == [number * SECOND for number in range(10)]
    assert {pointer[:2] for pointer in hit.evidence} == {("windows_event", "e1")}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([correlation(rules=("nowhere",))], "nowhere"),
        ([correlation(id="x", name="x", rules=("x",))], "circles"),
        ([correlation(type="value_count")], "field"),
        ([correlation(type="value_sum", fields=("Bytes", "Computer"))], "field"),
        ([correlation(type="temporal", condition=Reference("b"))], "b"),
        ([correlation(type="temporal_ordered", rules=("a", "b"), condition=Some((Reference("a"), Reference("b"))))], "only"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_is_said(wanted: list[Correlation], message: str) -> None:
    with pytest.raises(ContentError, match=message):
        correlate(wanted, [{"rule": "a", "ts": 1, "Computer": "ct1", "TargetUserName": "u"}])
