"""SigmaHQ's regression data: does every rule match the events that it must match, exactly as often as stated.

    python benchmarks/sigma_regression.py --sigma CHECKOUT_OF_SIGMA [--peer RSIGMA]

A test states how often its rule matches (`match_count`); without that number at least one match is wanted, as upstream's
documentation of the format has it. Three of these numbers were too low, and upstream corrected them (CORRECTED); an older
copy of the data is held to the corrected ones, and says so. The naive matcher has to confirm every count. Exit code 1 when
any count is another. With --peer (see sigma_peer.py) each rule's count is also compared with that of another engine; what
it says changes nothing about the exit code.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import sigma_peer
from sigma_events import TABLE, read, rule_directories

from wardround.detect.matcher import Matcher
from wardround.detect.naive import NaiveMatcher
from wardround.detect.pack import load_rules
from wardround.detect.rule import Rule

#: What upstream's data say since SigmaHQ/sigma, pull request 6211 (merged in August 2026), by the id of the rule.
CORRECTED = {
    "0b9ad457-2554-44c1-82c2-d56a99c42377": 3,
    "8fbf3271-1ef6-4e94-8210-03c2317947f6": 3,
    "c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2,
}


def compare(sigma: Path, program: Path, found: dict[tuple[str, str], int]) -> None:
    """Print where another engine counts otherwise than we do, and with how many tests it agrees."""
    files, agreed = sigma_peer.rule_files(sigma), 0
    for (rule_id, path), ours in found.items():
        theirs = sigma_peer.counts(program, files[rule_id], sigma / path)[rule_id]
        agreed += theirs == ours
        if theirs != ours:
            print(f"{rule_id}: {ours} matches, {theirs} by {program.name}: {path}")
    print(f"{program.name} counts as we do in {agreed} of {len(found)} tests")


def run(rules: tuple[Rule, ...], sigma: Path, peer: Path | None = None) -> tuple[int, int, int]:
    """Print what deviates; the numbers of tests, of those exact as stated and of those exact as corrected upstream."""
    counted: dict[tuple[str, str], int] = {}
    matcher = Matcher(rules)
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    total = exact = corrected = 0
    for rule_id, test in sigma_peer.cases(sigma):
        total += 1
        number = numbers.get(rule_id)
        if number is None:
            print(f"{rule_id}: no such rule")
            continue
        events = read([sigma / test["path"]])
        found = matcher.match(TABLE, events)
        count = int((found.rule == number).sum())
        counted[rule_id, test["path"]] = count
        wanted = test.get("match_count")
        confirmed = len(NaiveMatcher([rules[number]]).match(TABLE, events.to_pylist()))
        if count == confirmed and (count == wanted or (wanted is None and count > 0)):
            exact += 1
            continue
        corrected += count == confirmed == CORRECTED.get(rule_id)
        print(f"{rule_id}: {count} matches ({confirmed} by the naive matcher), {wanted} stated: {test['path']}")
    if peer is not None:
        compare(sigma, peer, counted)
    return total, exact, corrected


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sigma", type=Path, required=True, help="checkout of SigmaHQ/sigma")
    parser.add_argument("--peer", type=Path, help="the program rsigma, to count beside us")
    given = parser.parse_args()
    sigma: Path = given.sigma
    total, exact, corrected = run(load_rules(rule_directories(sigma)).rules, sigma, given.peer)
    failed = total - exact - corrected
    print(f"{exact}/{total} exactly as stated, {corrected} exactly as upstream corrected the number, {failed} failed")
    return 0 if total and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
