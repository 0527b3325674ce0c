"""SigmaHQ's regression data counted by SQLite: rules as pySigma's SQLite backend writes them, which is how Zircolite works.

    VENV/bin/python benchmarks/sigma_sqlite.py --sigma CHECKOUT_OF_SIGMA

VENV is an environment of its own with pysigma, pysigma-backend-sqlite, pysigma-pipeline-sysmon, pysigma-pipeline-windows and
evtx; nothing of wardround runs here. Prints the rules whose count is not the stated one. Every value is text that SQLite
compares without regard to the case of ASCII letters; a column that a rule names and no event has is null.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import sigma_peer
from sigma.collection import SigmaCollection

#: No rule names more columns than this.
COLUMNS = 500


def backend() -> Any:
    """The converter, with the pipelines that say which channel and event numbers a log source is."""
    sysmon = import_module("sigma.pipelines.sysmon").sysmon_pipeline()
    windows = import_module("sigma.pipelines.windows").windows_logsource_pipeline()
    return import_module("sigma.backends.sqlite").sqliteBackend(processing_pipeline=sysmon + windows)


def events(log: Path) -> list[dict[str, str | None]]:
    """The events of a log, values as text and names in lower case."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory, "events.ndjson")
        sigma_peer.export([log], target)
        rows = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    return [{k.lower(): v if v is None else str(v) for k, v in row.items()} for row in rows]


def count(where: str, rows: list[dict[str, str | None]]) -> int:
    """How many rows satisfy a condition; raises sqlite3.Error."""
    names = {name for row in rows for name in row}
    for _ in range(COLUMNS):
        database = sqlite3.connect(":memory:")
        database.create_function("regexp", 2, lambda pattern, value: value is not None and bool(re.search(pattern, value)))
        order = sorted(names)
        columns = ", ".join(f'"{name}" TEXT COLLATE NOCASE' for name in order)
        database.execute(f"CREATE TABLE logs ({columns})")
        values = [[row.get(name) for name in order] for row in rows]
        database.executemany(f"INSERT INTO logs VALUES ({','.join('?' * len(order))})", values)
        try:
            return int(database.execute(f"SELECT count(*) FROM logs WHERE {where}").fetchone()[0])
        except sqlite3.OperationalError as error:
            missing = re.match(r'no such column: "?([^"]+)"?', str(error))
            if missing is None:
                raise
            names.add(missing[1].lower())
        finally:
            database.close()
    raise sqlite3.OperationalError("too many columns")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sigma", type=Path, required=True, help="checkout of SigmaHQ/sigma")
    sigma: Path = parser.parse_args().sigma
    files, converter = sigma_peer.rule_files(sigma), backend()
    total = exact = 0
    for rule_id, test in sigma_peer.cases(sigma):
        total += 1
        try:
            query = converter.convert(SigmaCollection.from_yaml(files[rule_id].read_text("utf-8")))[0]
            found: int | str = count(query.split(" WHERE ", 1)[1], events(sigma / test["path"]))
        except sqlite3.Error as error:
            found = str(error)
        wanted = test.get("match_count")
        if found == wanted or (wanted is None and found):
            exact += 1
        else:
            print(f"{rule_id}: {found} matches, {wanted} stated: {test['path']}")
    print(f"{exact}/{total} exactly as stated")


if __name__ == "__main__":
    main()
