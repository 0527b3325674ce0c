"""How fast is matching alone: all rules of SigmaHQ on a million Windows events made of real samples, on one core.

    python benchmarks/sigma_match.py --sigma CHECKOUT_OF_SIGMA --evtx DIRECTORY [--events 1000000] [--batch 65536]

The events are the samples over and over, each time in another order of files, so that no two batches are alike. The samples
are attacks and unusually diverse: more rules match, and more columns and texts occur, than in the logs of a working day.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from sigma_events import TABLE, evtx_files, read, rule_directories

from wardround.detect.matcher import Matcher
from wardround.detect.pack import load_rules


def batches(events: pa.Table, total: int, size: int) -> Iterator[pa.Table]:
    """Batches of ``size`` rows: stretches of 64 events in random order, as if many hosts were collected together."""
    order = random.Random(1)
    stretches = [np.arange(start, min(start + 64, events.num_rows)) for start in range(0, events.num_rows, 64)]
    left = total
    while left > 0:
        rows: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
        while sum(map(len, rows)) < min(size, left):
            rows += order.sample(stretches, len(stretches))
        taken = np.concatenate(rows)[: min(size, left)]
        left -= len(taken)
        yield events.take(pa.array(taken)).combine_chunks()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sigma", type=Path, required=True, help="checkout of SigmaHQ/sigma")
    parser.add_argument("--evtx", type=Path, required=True, help="directory with event logs")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=65_536, help="rows per batch; a round buffers up to 65,536")
    options = parser.parse_args()
    pa.set_cpu_count(1)
    load_rules(rule_directories(options.sigma))
    begin = time.perf_counter()
    rules = load_rules(rule_directories(options.sigma)).rules
    loaded = time.perf_counter()
    matcher = Matcher(rules)
    compiled = time.perf_counter()
    windows = sum(rule.logsource.product == "windows" for rule in rules)
    print(f"{len(rules)} rules, {windows} of them for Windows")
    print(f"load from pack {loaded - begin:.2f} s, compile {compiled - loaded:.2f} s")
    events = read(evtx_files(options.evtx))
    print(f"{events.num_rows} samples with {events.num_columns} columns")
    elapsed = cpu = matches = rows = 0.0
    matched: set[int] = set()
    for batch in batches(events, options.events, options.batch):
        wall, own = time.perf_counter(), time.process_time()
        found = matcher.match(TABLE, batch)
        elapsed += time.perf_counter() - wall
        cpu += time.process_time() - own
        if not rows:
            print(f"first batch, with everything still to be learnt: {elapsed:.2f} s")
        rows += batch.num_rows
        matches += len(found)
        matched.update(found.rule.tolist())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rows:.0f} events, {matches:.0f} matches of {len(matched)} rules")
    print(f"{elapsed:.2f} s, {cpu:.2f} s of processor time, {rows / elapsed:,.0f} events/s; peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
