"""Reading rules: what is taken from a document, and what becomes of documents that are wrong."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.detect.rule import And, LogSource, Not, Or, ParsedRules, Predicate, Range, Threshold
from wardround.detect.sigma import load_directory, parse_rules

RULE = """
title: A rule
id: 8a2f4b1c-3d5e-4f7a-9b2c-1e4f6d8a9c2b
name: a_rule
status: test
level: high
description: Says what.
references: [https://example.org/]
falsepositives: [Admins]
tags: [attack.t1059]
logsource: {product: Windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\cmd.exe'
    CommandLine|contains: [a, b]
  filter:
    User: SYSTEM
  condition: selection and not filter
"""


def parse(text: str) -> ParsedRules:
    return parse_rules(text, "rules.yml")


def reason(text: str) -> str:
    parsed = parse(text)
    assert parsed.rules == ()
    assert parsed.correlations == ()
    (unusable,) = parsed.unusable
    return unusable.reason


def test_a_rule() -> None:
    parsed = parse(RULE)
    (rule,) = parsed.rules
    assert (rule.id, rule.name, rule.title) == ("8a2f4b1c-3d5e-4f7a-9b2c-1e4f6d8a9c2b", "a_rule", "A rule")
    assert (rule.level, rule.status, rule.tags, rule.path) == ("high", "test", ("attack.t1059",), "rules.yml")
    assert (rule.description, rule.references, rule.falsepositives) == ("Says what.", ("https://example.org/",), ("Admins",))
    assert rule.logsource == LogSource("process_creation", "windows")
    words = Or((Predicate("CommandLine", "contains", "a"), Predicate("CommandLine", "contains", "b")))
    wanted = And((Predicate("Image", "endswith", "\\cmd.exe"), words, Not(Predicate("User", "equals", "SYSTEM"))))
    assert rule.condition == wanted
    assert pickle.loads(pickle.dumps(parsed)) == parsed


def test_one_wrong_document_does_not_stop_the_others() -> None:
    parsed = parse(f"{RULE}\n---\ntitle: [unclosed\n---\n{RULE}\n---\ntitle: Not a rule\n---\n- 1\n---\n{RULE}...\n")
    assert len(parsed.rules) == 3
    assert [item.title for item in parsed.unusable] == ["", "Not a rule", ""]


def test_a_rule_without_id_gets_one_that_stays() -> None:
    text = RULE.replace("id: 8a2f4b1c-3d5e-4f7a-9b2c-1e4f6d8a9c2b\n", "")
    first, second = parse(text).rules[0].id, parse(text).rules[0].id
    assert first == second != parse(text.replace("A rule", "Another")).rules[0].id


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("User: SYSTEM", "User|expand: '%admins%'", "the placeholder %admins% has no values"),
        ("User: SYSTEM", "User|re: 'a(?=b)'", "regular expression not supported: invalid perl operator: (?="),
        ("User: SYSTEM", "User|re: '(a)\\1'", "regular expression not supported: invalid escape sequence: \\1"),
        ("User: SYSTEM", "User|re: '('", "regular expression not supported: missing ): ("),
        ("User: SYSTEM", "User|unheard: a", "Unknown modifier 'unheard'"),
        ("User: SYSTEM", "User|cidr: 10.0.0.1/8", "Invalid CIDR expression"),
        ("User: SYSTEM", "User|gt: many", "incompatible to value type"),
        ("selection and not filter", "selection and missing", "Detection 'missing' not defined"),
        ("selection and not filter", "selection | count() > 3", "pipe syntax"),
        ("selection and not filter", "1 of nothing*", "doesn't match any detection"),
        ("  condition: selection and not filter", "  other: {A: b}", "condition"),
        ("logsource: {product: Windows, category: process_creation}", "", "no log source"),
        ("{product: Windows, category: process_creation}", "{definition: x}", "names no category, product or service"),
        ("title: A rule", "action: global", "rule collections"),
        ("selection and not filter", "(selection and filter or " * 200 + "selection" + ")" * 200, "nested too deeply"),
        ("selection and not filter", "selection or " * 3000 + "filter", "the condition is too long"),
    ],
)
def test_why_a_rule_cannot_be_used(old: str, new: str, expected: str) -> None:
    assert old in RULE
    assert expected in reason(RULE.replace(old, new))


def test_aliases_that_explode_are_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    assert "alias" in reason(bomb + RULE).lower()


def test_values_that_explode_are_refused() -> None:
    text = " ".join(f"-{letter}" for letter in "abc")
    values = yaml.safe_dump([f"{text} {number}" for number in range(300)], default_flow_style=True, width=10**9)
    assert "more than 20000 comparisons" in reason(RULE.replace("User: SYSTEM", f"CommandLine|windash|contains: {values}"))


def test_deep_nesting_is_refused() -> None:
    assert reason("a: " + "[" * 5000 + "]" * 5000)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.integers(0, len(RULE)), st.integers(0, 40))
def test_whatever_the_text_no_error_escapes(noise: str, at: int, cut: int) -> None:
    parsed = parse(RULE[:at] + noise + RULE[at + cut :])
    assert isinstance(parsed, ParsedRules)


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "b" / "one.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "a.yaml").write_text(RULE.replace("A rule", "First"), encoding="utf-8")
    (tmp_path / ".git" / "two.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "huge.yml").write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    (tmp_path / "readme.md").write_text("# no rule", encoding="utf-8")
    parsed = load_directory(tmp_path)
    assert [rule.title for rule in parsed.rules] == ["First", "A rule"]
    assert [item.reason for item in parsed.unusable] == ["not UTF-8 text", "larger than any rule file"]


def test_a_correlation() -> None:
    text = """
title: Many failures
id: 0e95725d-7320-415d-80f7-004da920fc11
name: many
correlation:
  type: value_count
  rules: [failed, other]
  group-by: [user, Computer]
  timespan: 5m
  aliases: {user: {failed: TargetUserName, other: User}}
  condition: {gte: 10, field: IpAddress}
level: high
"""
    (item,) = parse(text).correlations
    assert (item.type, item.rules, item.group_by) == ("value_count", ("failed", "other"), ("user", "Computer"))
    assert (item.timespan_ns, item.condition, item.fields) == (300 * 10**9, Threshold("gte", 10), ("IpAddress",))
    assert item.aliases[0].fields == (("failed", "TargetUserName"), ("other", "User"))


def test_a_correlation_may_ask_for_a_range() -> None:
    text = "title: x\ncorrelation: {type: event_count, rules: [a], timespan: 1h, condition: {gt: 100, lte: 200}}\n"
    (item,) = parse(text).correlations
    assert item.condition == Range((Threshold("gt", 100), Threshold("lte", 200)))
    assert "many" in reason(text.replace("lte: 200", "lte: many"))


def test_a_correlation_without_timespan_is_unusable() -> None:
    assert "timespan" in reason("title: x\ncorrelation: {type: event_count, rules: [a], condition: {gte: 1}}\n")
