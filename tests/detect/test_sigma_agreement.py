"""The columnar matcher equals the naive one on generated rules and rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.detect.columnar import ColumnarMatcher
from wardround.detect.literals import escape_wildcards
from wardround.detect.matcher import Matcher
from wardround.detect.naive import NaiveMatcher
from wardround.detect.rule import And, Condition, LogSource, Not, Or, Predicate, Rule

TABLE = "made_up"
TEXT_FIELDS = ["Image", "CommandLine", "Empty"]
FIELDS = [*TEXT_FIELDS, "answers", "EventID", "ratio", "flag", "ts", "absent"]
# Few letters, so that things meet; the others are where engines differ: case, length in bytes, line ends, escapes.
ALPHABET = "abAB\\*?./-1 \nsSkKéÉßİıſKςσΣ\x00"
texts = st.text(st.sampled_from(ALPHABET), max_size=6)
addresses = st.sampled_from(["10.0.0.1", "10.255.1.1", "::ffff:10.0.0.1", "fe80::1", "2001:db8::5", "10.0.0", "x"])
times = st.sampled_from(
    ["2024-03-01 08:05:00.1", "2024-03-01T23:59", "2024-02-30 10:00", "2024-03-01", "2024-3-1 10:00", "2024-03-01T24:00", "99"]
)
numbers = st.sampled_from(["0", "1", "-1", "10", "010", "+1", "1.5", "1e3", "0x1f", "1_0", " 1", "nan", "inf", "1.", ".5", "١"])
words = texts | addresses | times | numbers

REGEXES = [
    "ab", "(?i)ab", "a.b", "(?s)a.b", "(?m)^b$", "^a", "b$", "a+b?", "[ab]{2,}", "(?i)s", "(?i)k", "a|b", "(?:ab|AB)a", "abA",
    "(?i)abab|sksk", "a{0,2}b", r"\.1", r"\\a", "(aba)?b", "(?i)[^a]sss", "é", "aaa*", "(?i)kkk", "(?i)sss",
]  # fmt: skip


def wildcards() -> st.SearchStrategy[str]:
    parts = st.sampled_from(["*", "?"]) | texts.map(escape_wildcards)
    return st.lists(parts, min_size=1, max_size=5).map("".join)


def predicates() -> st.SearchStrategy[Predicate]:
    fields = st.sampled_from(FIELDS)
    shapes: Any = st.sampled_from(["equals", "contains", "startswith", "endswith"])
    compare: Any = st.sampled_from(["lt", "lte", "gt", "gte"])
    presence: Any = st.sampled_from(["exists", "null"])
    others: Any = st.sampled_from(["field_equals", "field_contains", "field_startswith", "field_endswith"])
    parts: Any = st.sampled_from(["minute", "hour", "day", "week", "month", "year"])
    limits = st.sampled_from([0, 1, 10, 1.5, -1, 2024])
    networks = st.sampled_from(["10.0.0.0/8", "10.0.0.1/32", "fe80::/10", "::/0", "::ffff:0:0/96", "0.0.0.0/0"])
    return st.one_of(
        st.builds(Predicate, fields, shapes, words, st.booleans()),
        st.builds(Predicate, st.none(), st.just("contains"), words, st.booleans()),
        st.builds(Predicate, st.none(), st.just("wildcard"), wildcards().map(lambda text: f"*{text}*")),
        st.builds(Predicate, st.none(), st.just("regex"), st.sampled_from(REGEXES), st.just(True)),
        st.builds(Predicate, fields, st.just("wildcard"), wildcards(), st.booleans()),
        st.builds(Predicate, fields, st.just("regex"), st.sampled_from(REGEXES), st.just(True)),
        st.builds(Predicate, fields, st.just("cidr"), networks),
        st.builds(Predicate, fields, compare, limits),
        st.builds(Predicate, fields, compare, limits, st.just(False), parts),
        st.builds(Predicate, fields, st.just("equals"), limits.map(str), st.just(False), parts),
        st.builds(Predicate, fields, presence),
        st.builds(Predicate, fields, others, fields),
    )


def conditions() -> st.SearchStrategy[Condition]:
    def extend(children: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(children, min_size=0, max_size=3).map(tuple)
        return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, children)

    return st.recursive(predicates(), extend, max_leaves=8)


def rule(condition: Condition) -> Rule:
    return Rule("id", "", "title", "low", "test", (), LogSource(product="wardround", service=TABLE), condition)


def rows() -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(
        {
            "Image": st.none() | words,
            "CommandLine": st.none() | words,
            "Empty": st.none() | st.just(""),
            "answers": st.none() | st.lists(st.none() | words, max_size=3),
            "EventID": st.none() | st.sampled_from([0, 1, 10, 4624, -1]),
            "ratio": st.none() | st.sampled_from([0.0, 1.0, 1.5, 1e22, -0.5]),
            "flag": st.none() | st.booleans(),
            "ts": st.none() | st.sampled_from([0, 1_709_280_300_000_000_000, -1, 2**62]),
            "evidence_id": words,
        }
    )
    return st.lists(row, min_size=1, max_size=12)


SCHEMA = pa.schema(
    {
        "Image": pa.string(),
        "CommandLine": pa.string(),
        "Empty": pa.string(),
        "answers": pa.list_(pa.string()),
        "EventID": pa.int64(),
        "ratio": pa.float64(),
        "flag": pa.bool_(),
        "ts": pa.int64(),
        "evidence_id": pa.string(),
    }
)


@settings(max_examples=400, deadline=None)
@given(st.lists(conditions(), min_size=1, max_size=4), rows(), st.integers(0, 3))
def test_agrees_with_the_naive_matcher(trees: list[Condition], made: list[dict[str, Any]], cut: int) -> None:
    rules = [rule(tree) for tree in trees]
    table = pa.Table.from_pylist(made, SCHEMA)
    table = pa.concat_tables([table.slice(0, cut), table.slice(cut)])  # chunks must not matter
    found_rules, found_rows, _ = ColumnarMatcher(rules).match(TABLE, table)
    expected = NaiveMatcher(rules).match(TABLE, made)
    assert list(zip(found_rules.tolist(), found_rows.tolist(), strict=True)) == expected


@settings(max_examples=50, deadline=None)
@given(st.lists(predicates(), min_size=40, max_size=60), rows())
def test_many_rules_at_once_do_not_disturb_each_other(trees: list[Predicate], made: list[dict[str, Any]]) -> None:
    rules = [rule(tree) for tree in trees]
    found = ColumnarMatcher(rules).match(TABLE, pa.Table.from_pylist(made, SCHEMA))
    expected = NaiveMatcher(rules).match(TABLE, made)
    assert list(zip(found[0].tolist(), found[1].tolist(), strict=True)) == expected


@settings(max_examples=25, deadline=None)
@given(conditions(), rows())
def test_a_matcher_may_be_used_again(tree: Condition, made: list[dict[str, Any]]) -> None:
    matcher = Matcher([rule(tree)], paranoid=True)
    table = pa.Table.from_pylist(made, SCHEMA)
    first, second, again = (matcher.match(TABLE, part) for part in (table, table.slice(1), table))
    assert first.row.tolist() == again.row.tolist()
    assert second.row.tolist() == [row - 1 for row in first.row.tolist() if row]
