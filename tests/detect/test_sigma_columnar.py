"""The corners of the columnar matcher: where texts, windows, sources, batches and types meet."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround.detect import columnar, sigma_tests
from wardround.detect.columnar import ColumnarMatcher
from wardround.detect.matcher import Matcher
from wardround.detect.naive import NaiveMatcher
from wardround.detect.rule import And, Condition, LogSource, Not, Predicate, Rule


def rule(condition: Condition, logsource: LogSource | None = None) -> Rule:
    source = logsource or LogSource(product="wardround", service="made_up")
    return Rule("id", "", "title", "low", "test", (), source, condition)


def matching(condition: Condition, rows: pa.Table) -> list[int]:
    found: list[int] = Matcher([rule(condition)], paranoid=True).match("made_up", rows).row.tolist()
    return found


def test_text_that_only_two_values_together_have_is_not_found() -> None:
    rows = pa.table({"A": ["xa", "bx", "ab"]})
    assert matching(Predicate("A", "contains", "ab"), rows) == [2]
    assert matching(Predicate("A", "endswith", "ab"), rows) == [2]
    assert matching(Predicate(None, "contains", "ab"), rows) == [2]


def test_a_needle_at_start_end_and_both() -> None:
    rows = pa.table({"A": ["ab1ab", "1ab1", "ab1", "1ab", "ab"]})
    assert matching(Predicate("A", "startswith", "ab"), rows) == [0, 2, 4]
    assert matching(Predicate("A", "endswith", "ab"), rows) == [0, 3, 4]


def test_a_long_s_is_an_s_for_expressions_without_case_only() -> None:
    rows = pa.table({"A": ["pa\u017f\u017fword", "password"]})
    assert matching(Predicate("A", "regex", "(?i)password", cased=True), rows) == [0, 1]
    assert matching(Predicate("A", "contains", "password"), rows) == [1]


def test_different_numbers_with_the_same_text() -> None:
    rows = pa.table({"A": pa.array([0.0, -0.0, 1.0, None, 0.5])})
    condition = And((Predicate("A", "regex", "[01]", cased=True), Not(Predicate("A", "contains", "5"))))
    assert matching(condition, rows) == [0, 1, 2]
    assert matching(Predicate("A", "equals", "0"), rows) == [0, 1]
    matcher = Matcher([rule(Predicate("A", "equals", "0.5"))], paranoid=True)
    matcher.match("made_up", rows.slice(4))
    assert matcher.match("made_up", rows).row.tolist() == [4]


def test_a_rare_value_outside_the_log_source_does_not_count() -> None:
    security = LogSource(None, "windows", "security")
    rows = pa.table({"Channel": ["Security"] * 9 + ["System"], "User": ["a"] * 9 + ["b"]})
    matcher = Matcher([rule(Predicate("User", "equals", "b"), security)], paranoid=True)
    assert matcher.match("windows_event", rows).row.tolist() == []


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("values", [["one", "two", "three"], ["one", None, "three"]])
def test_keywords_in_a_slice(values: list[str | None], kind: pa.DataType) -> None:
    rows = pa.table({"A": pa.array(values, kind), "B": ["x", "y", "z"]}).slice(2)
    assert matching(Predicate(None, "contains", "three"), rows) == [0]
    assert matching(Predicate(None, "contains", "one"), rows) == []


def test_text_behind_a_null_is_not_there() -> None:
    validity, offsets = pa.py_buffer(bytes([0b101])), pa.array([0, 1, 4, 5], pa.int32()).buffers()[1]
    hidden = pa.StringArray.from_buffers(3, offsets, pa.py_buffer(b"aevib"), validity)
    rows = pa.table({"A": hidden, "B": ["x", "y", "z"]})
    assert hidden.to_pylist() == ["a", None, "b"]
    assert matching(Predicate(None, "contains", "evi"), rows) == []
    assert matching(Predicate("A", "contains", "evi"), rows) == []
    assert matching(Predicate(None, "regex", "^.?$", cased=True), rows) == [0, 1, 2]


def test_dictionary_and_large_columns() -> None:
    text = pa.chunked_array([["a", None], ["b", "a"]])
    for column in (text, text.dictionary_encode(), text.cast(pa.large_string())):
        assert matching(Predicate("A", "equals", "A"), pa.table({"A": column})) == [0, 3]
        assert matching(Predicate(None, "contains", "b"), pa.table({"A": column})) == [2]


def test_a_column_may_change_its_type_between_batches() -> None:
    matcher = Matcher([rule(Predicate("A", "equals", "5", part="hour")), rule(Predicate("A", "gt", 3))], paranoid=True)
    number = 18_000_000_000_000
    first = matcher.match("made_up", pa.table({"A": [number]}))
    assert first.rule.tolist() == [0, 1]
    assert matcher.match("made_up", pa.table({"A": [str(number)]})).rule.tolist() == [1]
    assert matcher.match("made_up", pa.table({"A": [None]}, schema=pa.schema({"A": pa.null()}))).rule.tolist() == []


def test_memory_is_bounded_and_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "_MEMORY_TEXTS", 3)
    matcher = ColumnarMatcher([rule(Predicate("A", "regex", "v[0-9]*7", cased=True))])
    for start in range(0, 30, 2):
        values = [f"v{start}", f"v{start + 1}", "v7"]
        wanted = [at for at, value in enumerate(values) if value.endswith("7")]
        assert matcher.match("made_up", pa.table({"A": values}))[1].tolist() == wanted
    (memory,) = (memory for table in matcher._tables.values() for memory in table._memories.values())
    assert memory.values <= 6


def test_nothing_to_look_at() -> None:
    matcher = Matcher([rule(Predicate("A", "equals", "a"))], paranoid=True)
    assert len(matcher.match("made_up", pa.table({"A": pa.array([], pa.string())}))) == 0
    assert len(matcher.match("unheard_of", pa.table({"A": ["a"]}))) == 0
    assert matcher.match("made_up", pa.table({"B": [1]})).assessed.tolist() == [True]
    assert len(Matcher([]).match("made_up", pa.table({"A": ["a"]}))) == 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("abé\n", min_size=0, max_size=9), min_size=1, max_size=12),
    st.lists(st.text("abé", min_size=1, max_size=5), min_size=1, max_size=6),
    st.integers(1, 9),
)
def test_windows_cut_nothing(monkeypatch: pytest.MonkeyPatch, values: list[str], needles: list[str], window: int) -> None:
    monkeypatch.setattr(sigma_tests, "WINDOW_BYTES", window)
    shapes: list[Any] = ["contains", "startswith", "endswith", "equals"]
    rules = [rule(Predicate("A", shape, needle)) for needle in needles for shape in shapes]
    found = ColumnarMatcher(rules).match("made_up", pa.table({"A": values}))
    expected = NaiveMatcher(rules).match("made_up", [{"A": value} for value in values])
    assert list(zip(found[0].tolist(), found[1].tolist(), strict=True)) == expected


LOGSOURCES = [
    LogSource(None, "windows", "security"),
    LogSource(None, "windows", "sysmon"),
    LogSource("process_creation", "windows"),
    LogSource("registry_set", "windows"),
    LogSource("network_connection", "windows"),
    LogSource("registry_event", "windows", "sysmon"),
    LogSource(None, "windows"),
    LogSource("antivirus"),
    LogSource("ps_script", "windows"),
]
EVENT = st.fixed_dictionaries(
    {
        "Channel": st.sampled_from(["Security", "System", "Microsoft-Windows-Sysmon/Operational", "security"]),
        "Provider_Name": st.sampled_from([None, "Microsoft-Windows-Sysmon", "x"]),
        "EventID": st.sampled_from([1, 3, 13, 4688, 4657, 5156, 1116]),
        "Image": st.sampled_from([None, "a", "b"]),
        "NewProcessName": st.sampled_from([None, "a"]),
        "User": st.sampled_from([None, "a"]),
        "SubjectUserName": st.sampled_from([None, "a", ""]),
        "OperationType": st.sampled_from([None, "%%1904", "%%1906"]),
        "EventType": st.sampled_from([None, "SetValue"]),
        "Direction": st.sampled_from([None, "%%14593"]),
        "Initiated": st.sampled_from([None, "true"]),
        "Hashes": st.sampled_from([None, "MD5=a,IMPHASH=b"]),
    }
)
EVENT_SCHEMA = pa.schema(
    {
        name: pa.int64() if name == "EventID" else pa.string()
        for name in (
            *("Channel", "Provider_Name", "EventID", "Image", "NewProcessName", "User", "SubjectUserName"),
            *("OperationType", "EventType", "Direction", "Initiated", "Hashes"),
        )
    }
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=20), st.data())
def test_log_sources_agree(events: list[dict[str, Any]], data: st.DataObject) -> None:
    field = st.sampled_from(["Image", "User", "EventType", "Initiated", "md5", "Imphash", "EventID", None])
    value = st.sampled_from(["a", "b", "true", "SetValue", "", "1"])
    shape: Any = st.sampled_from(["equals", "contains"])
    plain = st.builds(Predicate, field, shape, value)
    others = st.builds(Predicate, st.sampled_from(["Image", "User"]), st.sampled_from(["null", "exists"]))
    references = st.builds(Predicate, st.just("Image"), st.just("field_equals"), st.just("User"))
    single = plain.filter(lambda item: item.field is not None or item.operator == "contains") | others | references
    conditions = single | single.map(Not) | st.lists(single, min_size=2, max_size=3).map(lambda items: And(tuple(items)))
    trees = data.draw(st.lists(st.tuples(conditions, st.sampled_from(LOGSOURCES)), min_size=1, max_size=6))
    rules = [rule(tree, logsource) for tree, logsource in trees]
    rows = pa.Table.from_pylist(events, EVENT_SCHEMA)
    found = Matcher(rules, paranoid=True).match("windows_event", rows)
    naive = NaiveMatcher(rules)
    assert found.assessed.tolist() == Matcher(rules).assessed("windows_event", rows).tolist()
    assert found.assessed.tolist() == naive.assessed("windows_event", rows.to_pylist())
