"""SigmaHQ's own rules and regression data, where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from wardround import readers
from wardround.detect.matcher import Matcher
from wardround.detect.sigma import combine, load_directory
from wardround.evidence import FileSource
from wardround.readers.base import Span

pytestmark = pytest.mark.corpus

#: Older copies of the data state one match; upstream corrected the numbers (SigmaHQ/sigma, pull request 6211).
CORRECTED = {
    "0b9ad457-2554-44c1-82c2-d56a99c42377": 3,
    "8fbf3271-1ef6-4e94-8210-03c2317947f6": 3,
    "c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2,
}


class Rows:
    def __init__(self) -> None:
        self.batches: list[pa.Table] = []

    def write(self, table: str, rows: pa.Table) -> None:
        assert table == "windows_event"
        self.batches.append(rows)

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        pass


def events(file: Path) -> pa.Table:
    sink = Rows()
    source = FileSource("e1", file.name, file, stored_bytes=file.stat().st_size)
    readers.by_name("evtx").read(source, Span(), sink)
    return pa.concat_tables(sink.batches, promote_options="default")


def test_every_rule_loads_but_for_placeholders(corpora: Path) -> None:
    parsed = combine(load_directory(path) for path in sorted((corpora / "sigma").glob("rules*")))
    assert len(parsed.rules) > 3000
    assert [item for item in parsed.unusable if "placeholder" not in item.reason] == []


def test_regression_data(corpora: Path) -> None:
    sigma = corpora / "sigma"
    cases: list[tuple[str, dict[str, Any]]] = []
    for file in sorted((sigma / "regression_data").rglob("info.yml")):
        info = yaml.safe_load(file.read_text("utf-8"))
        cases += [(rule["id"], test) for rule in info["rule_metadata"] for test in info["regression_tests_info"]]
    assert len(cases) > 100
    files = [file for path in sigma.glob("rules*") for file in sorted(path.rglob("*.yml"))]
    chosen = [file for file in files if b"regression_tests_path" in file.read_bytes()]
    parsed = combine(load_directory(file) for file in chosen)
    numbers = {rule.id: number for number, rule in enumerate(parsed.rules)}
    matcher = Matcher(parsed.rules)
    deviating = []
    for rule_id, test in cases:
        found = matcher.match("windows_event", events(sigma / test["path"]))
        count = int((found.rule == numbers[rule_id]).sum())
        stated = CORRECTED.get(rule_id, test.get("match_count"))
        if count != stated and not (stated is None and count):
            deviating.append((rule_id, count, stated))
    assert deviating == []


def test_both_matchers_agree_on_real_events(corpora: Path) -> None:
    sigma = corpora / "sigma"
    parsed = load_directory(sigma / "rules" / "windows" / "process_creation")
    files = sorted((sigma / "regression_data" / "rules" / "windows" / "process_creation").rglob("*.evtx"))[:12]
    rows = pa.concat_tables([events(file) for file in files], promote_options="default").slice(0, 120)
    assert len(Matcher(parsed.rules, paranoid=True).match("windows_event", rows)) >= len(files) // 2
