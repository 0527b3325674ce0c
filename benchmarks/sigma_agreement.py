"""Do both matchers agree on every rule and every event, and does every rule load.

    python benchmarks/sigma_agreement.py --sigma CHECKOUT_OF_SIGMA --evtx DIRECTORY [--limit EVENTS]

Prints the rules that cannot be used with their reasons, then the differences. Exit code 1 when there is a difference, or a
rule that cannot be used for another reason than placeholders without values. The naive matcher takes minutes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from sigma_events import TABLE, evtx_files, read, rule_directories

from wardround.detect.matcher import Matcher
from wardround.detect.naive import NaiveMatcher
from wardround.detect.sigma import combine, load_directory

BATCH = 2_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sigma", type=Path, required=True, help="checkout of SigmaHQ/sigma")
    parser.add_argument("--evtx", type=Path, required=True, help="directory with event logs")
    parser.add_argument("--limit", type=int, default=None, help="compare on the first events only")
    options = parser.parse_args()
    parsed = combine(load_directory(path) for path in rule_directories(options.sigma))
    for item in parsed.unusable:
        print(f"unusable: {item.rule_id} {item.title}: {item.reason}")
    unexplained = [item for item in parsed.unusable if "placeholder" not in item.reason]
    print(f"{len(parsed.rules)} rules, {len(parsed.correlations)} correlations, {len(parsed.unusable)} unusable,")
    print(f"{len(unexplained)} of them for another reason than placeholders without values")
    events = read(evtx_files(options.evtx)).slice(0, options.limit)
    matcher, naive = Matcher(parsed.rules), NaiveMatcher(parsed.rules)
    differences = matches = 0
    begin = time.monotonic()
    for start in range(0, events.num_rows, BATCH):
        batch = events.slice(start, BATCH)
        found = matcher.match(TABLE, batch)
        expected = set(naive.match(TABLE, batch.to_pylist()))
        matches += len(expected)
        for rule, row in sorted(expected.symmetric_difference(zip(found.rule.tolist(), found.row.tolist(), strict=True))):
            differences += 1
            who = "naive" if (rule, row) in expected else "columnar"
            print(f"only {who}: {parsed.rules[rule].id} in row {start + row}")
        print(f"{start + batch.num_rows}/{events.num_rows} events, {time.monotonic() - begin:.0f} s", file=sys.stderr)
    print(f"{events.num_rows} events, {matches} matches, {differences} differences")
    return 1 if differences or unexplained or not matches else 0


if __name__ == "__main__":
    sys.exit(main())
