"""What is read from real messages of the edge, per vendor and kind: a table for docs/verification.md.

    python benchmarks/edge_fields.py CORPORA

For every vendor: lines, rows per table and what became none, how often each field is filled, and how often source,
destination, their ports and the user agree with the fields published beside the samples.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tests.corpora.test_edge_samples import _logs, _read, _same, _wanted

SHOWN = {
    "user": ("user", "username"),
    "source": ("source", "id.orig_h"),
    "destination": ("destination", "id.resp_h", "host"),
    "assigned": ("assigned_address",),
    "action": ("action", "method"),
    "outcome": ("outcome", "status_code"),
    "reason": ("reason", "threat"),
    "bytes": ("bytes_in", "bytes_out", "response_body_len"),
    "time": ("ts",),
}
_TABLES = ("vpn_session", "firewall_event", "logon", "device_event", "http")


def main(corpora: Path) -> None:
    """Print the table."""
    lines: Counter[str] = Counter()
    rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    unknown: Counter[str] = Counter()
    agreed: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    for path in _logs(corpora):
        count, sink = _read(path)
        by_record: dict[int, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        vendors = Counter(row.get("vendor") or "web server" for table, row in sink.rows if table in _TABLES)
        vendor = vendors.most_common(1)[0][0] if vendors else "none of the tables"
        lines[vendor] += count
        unknown[vendor] += sink.unknown
        for table, row in sink.rows:
            if table in _TABLES:
                rows[vendor, table].append(row)
                by_record[row["record"]].append((table, row))
        expected = path.with_name(path.name.replace(".log", ".expected.ndjson"))
        for text in expected.read_text().splitlines() if expected.exists() and expected != path else ():
            told = json.loads(text)
            for table, row in [
                pair
                for pair in by_record.get(told.get("line", -1), [])
                if pair[0] in ("vpn_session", "firewall_event", "logon")
            ][:1]:
                for column, want in _wanted(told, row):
                    agreed[vendor, table][_same(column, row[column], want)] += 1
    print("| vendor | lines (not read) | table | rows |", " | ".join(SHOWN), "| agrees with what was published |")
    print("|---|--:|---|--:|" + "--:|" * len(SHOWN) + "--:|")
    for vendor in sorted(lines):
        for table in (table for table in _TABLES if rows[vendor, table]):
            mine = rows[vendor, table]
            shares = [_share(mine, columns) for columns in SHOWN.values()]
            right = agreed[vendor, table]
            told = f"{right[True]} of {right.total()}" if right else "–"
            print(
                f"| {vendor} | {lines[vendor]} ({unknown[vendor]}) | {table} | {len(mine)} |", " | ".join(shares), f"| {told} |"
            )
    total = sum((one for one in agreed.values()), Counter())
    print(f"\nIn all {total[True]} of {total.total()} fields agree.", end=" ")
    print(f"{sum(unknown.values())} of {sum(lines.values())} lines could not be read.")


def _share(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    there = [column for column in columns if column in rows[0]]
    if not there:
        return "–"
    filled = sum(any(row[column] not in (None, "") for column in there) for row in rows)
    return f"{100 * filled // len(rows)} %"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
