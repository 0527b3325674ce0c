"""SigmaHQ's regression data: does every rule match the events that it must match, exactly as often as stated.

    python benchmarks/sigma_regression.py --sigma CHECKOUT_OF_SIGMA

A test states how often its rule matches (`match_count`); without that number at least one match is wanted, as upstream's
documentation of the format has it. Upstream only *warns* of more matches than stated. Here they are counted apart, and the
naive matcher has to confirm every one of them. Exit code 1 when a rule matches too little, or more than the naive matcher
confirms.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml
from sigma_events import TABLE, read, rule_directories

from wardround.detect.matcher import Matcher
from wardround.detect.naive import NaiveMatcher
from wardround.detect.pack import load_rules
from wardround.detect.rule import Rule


def cases(sigma: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every active test: the id of its rule and its description."""
    found: list[tuple[str, dict[str, Any]]] = []
    for file in sorted((sigma / "regression_data").rglob("info.yml")):
        info = yaml.safe_load(file.read_text("utf-8"))
        tests = [test for test in info.get("regression_tests_info") or () if test.get("type") == "evtx"]
        found.extend((str(rule["id"]), test) for rule in info["rule_metadata"] for test in tests)
    return found


def run(rules: tuple[Rule, ...], sigma: Path) -> tuple[int, int, int]:
    """Print what deviates; the numbers of tests, of exact ones and of those with more matches than stated."""
    matcher = Matcher(rules)
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    total = exact = more = 0
    for rule_id, test in cases(sigma):
        total += 1
        number = numbers.get(rule_id)
        if number is None:
            print(f"{rule_id}: no such rule")
            continue
        events = read([sigma / test["path"]])
        found = matcher.match(TABLE, events)
        count = int((found.rule == number).sum())
        wanted = test.get("match_count")
        confirmed = len(NaiveMatcher([rules[number]]).match(TABLE, events.to_pylist()))
        if count == confirmed and (count == wanted or (wanted is None and count > 0)):
            exact += 1
            continue
        more += count == confirmed and wanted is not None and count > wanted
        print(f"{rule_id}: {count} matches ({confirmed} by the naive matcher), {wanted} stated: {test['path']}")
    return total, exact, more


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sigma", type=Path, required=True, help="checkout of SigmaHQ/sigma")
    sigma: Path = parser.parse_args().sigma
    total, exact, more = run(load_rules(rule_directories(sigma)).rules, sigma)
    print(f"{exact}/{total} exactly as stated, {more} with more matches than stated (confirmed), {total - exact - more} failed")
    return 0 if total and exact + more == total else 1


if __name__ == "__main__":
    sys.exit(main())
