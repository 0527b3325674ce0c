"""Every modifier and condition form of Sigma 2.1, from YAML to matching rows, in both matchers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from wardround.detect.matcher import Matcher
from wardround.detect.naive import NaiveMatcher
from wardround.detect.sigma import parse_rules

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "data" / "sigma_modifiers.yml").read_text("utf-8"))


def as_table(rows: list[dict[str, Any]]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names} or {"nothing": [None] * len(rows)})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_modifier(case: dict[str, Any]) -> None:
    document = {
        "title": case["name"],
        "logsource": {"product": "wardround", "service": "made_up"},
        "detection": case["detection"],
    }
    parsed = parse_rules(yaml.safe_dump(document, allow_unicode=True), "case.yml")
    assert parsed.unusable == ()
    assert Matcher(parsed.rules).match("made_up", as_table(case["rows"])).row.tolist() == case["match"]
    assert [row for _, row in NaiveMatcher(parsed.rules).match("made_up", case["rows"])] == case["match"]
