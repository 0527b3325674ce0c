"""Hand-checked lines of gateways, firewalls and servers: fields that are right, per vendor and table.

    PYTHONPATH=. python benchmarks/edge_lines.py [--wrong]

With ``--wrong``, each field that differs is printed, with the file and the line it stands on.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

from edge_fields import SHOWN
from tests.readers.edge_lines import check, lines


def main(*, wrong: bool) -> None:
    """Print the table; a field counts where it is stated, and as wrong where it is filled without being stated."""
    count: Counter[tuple[str, str]] = Counter()
    right: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    asked: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for line in lines():
        key = line.vendor, line.table
        count[key] += 1
        for field in check(line):
            asked[key][field.column] += 1
            right[key][field.column] += field.right
            if wrong and not field.right:
                print(f"{line.vendor}.txt:{line.number} {line.table}.{field.column}: {field.found!r}, not {field.wanted!r}")
    print("| vendor | table | lines |", " | ".join(SHOWN), "| other fields | right |")
    print("|---|---|--:|" + "--:|" * (len(SHOWN) + 2))
    for key in count:
        known = {column for columns in SHOWN.values() for column in columns}
        groups = [*SHOWN.values(), tuple(column for column in asked[key] if column not in known)]
        shares = [_share(right[key], asked[key], columns) for columns in groups]
        good, all_of = right[key].total(), asked[key].total()
        print(f"| {key[0]} | {key[1]} | {count[key]} |", " | ".join(shares), f"| {100 * good / all_of:.1f} % |")
    good = sum(one.total() for one in right.values())
    all_of = sum(one.total() for one in asked.values())
    print(f"\n{good} of {all_of} fields right ({100 * good / all_of:.1f} %), {count.total()} lines.")


def _share(right: Counter[str], asked: Counter[str], columns: tuple[str, ...]) -> str:
    total = sum(asked[column] for column in columns)
    return f"{sum(right[column] for column in columns)}/{total}" if total else "–"


if __name__ == "__main__":
    main(wrong="--wrong" in sys.argv)
