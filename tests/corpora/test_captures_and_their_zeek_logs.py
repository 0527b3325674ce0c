"""Network detections fire on a capture as they do on the logs that Zeek makes of it.

Zeek's expected logs have their times masked; each row is given the time of our row about the same connection. Tables and
columns are those that both sides have: what only one of them tells cannot be the same.
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from wardround import readers, schema, store
from wardround.detect.decide import decide
from wardround.detect.detection import Detection, shipped
from wardround.detect.matcher import Matcher
from wardround.detect.rule import ParsedRules
from wardround.detect.tables import Tables
from wardround.detect.testing import _matches
from wardround.evidence import FileSource
from wardround.model import Finding
from wardround.site import Site

pytestmark = pytest.mark.corpus

CONNECTION = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
PROVENANCE = {"ts", "ts_zone", "record", "evidence_id"}
MASKED = "XXXXXXXXXX.XXXXXX"

#: The one trace where we find more, and why: Zeek names no service for a server of remote desktop on a port of its own.
MORE = {("modbus/modbus-and-non-modbus-p502.pcap", "RDP-E01")}

#: Where something is found at all; `make verify` (WARDROUND_VERIFY) looks at all traces.
FAST = ("ldap/s", "pop3/", "rdp/", "sip/", "modbus/", "tls/pop3")

Rows = dict[str, pa.Table]


class _Sink:
    def __init__(self) -> None:
        self.parts: dict[str, list[pa.Table]] = defaultdict(list)

    def write(self, table: str, rows: pa.Table) -> None:
        self.parts[table].append(store.conform(table, rows, "e1"))

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        assert code != "parser_defect", message


def _read(path: Path) -> Rows:
    source = FileSource("e1", str(path), path, stored_bytes=path.stat().st_size)
    known = readers.identify(source.head())
    assert known is not None, f"no reader knows {path}"
    sink = _Sink()
    for span in known[1].split(source):
        known[1].read(source, span, sink)
    return {name: pa.concat_tables(parts, promote_options="default") for name, parts in sink.parts.items()}


def _times(rows: pa.Table | None) -> dict[tuple[str, ...], list[int]]:
    """The times of our rows by connection, in order."""
    times: dict[tuple[str, ...], list[int]] = defaultdict(list)
    if rows is not None:
        known = [name for name in (*CONNECTION, "ts") if name in rows.column_names]
        for row in sorted(rows.select(known).to_pylist(), key=lambda row: row["ts"] or 0):
            times[tuple(str(row.get(name)) for name in CONNECTION)].append(row["ts"])
    return times


def _dated(log: str, ours: pa.Table | None, first: int) -> tuple[str, set[str]]:
    """A log with times for the masked ones, and the columns it has."""
    times = _times(ours)
    names: list[str] = []
    lines: list[str] = []
    for line in log.splitlines():
        cells = line.split("\t")
        if line.startswith("#fields"):
            names = cells[1:]
        elif line and not line.startswith("#"):
            row = dict(zip(names, cells, strict=True))
            pool = times.get(tuple(row.get(name, "None") for name in CONNECTION), [first])
            ts = pool.pop(0) if len(pool) > 1 else pool[0]
            cells = [f"{ts // 10**9}.{ts % 10**9 // 1000:06d}" if cell == MASKED else cell for cell in cells]
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n", set(names)


@cache
def _detections() -> tuple[Detection, ...]:
    return tuple(shipped())


def _decide(rows: Rows) -> tuple[Finding, ...]:
    # The others cannot be assessed, which takes its time too.
    detections = tuple(one for one in _detections() if any(need.table in rows for need in one.needs))
    rules = [rule for detection in detections for rule in detection.rules]
    matcher = Matcher(rules)
    tables, matches, assessed = dict(rows), [], [False] * len(rules)
    for name, table in rows.items():
        matches.append(_matches(matcher, name, table))
        assessed = [was or bool(now) for was, now in zip(assessed, matcher.assessed(name, table), strict=True)]
    if matches:
        tables["match"] = pa.concat_tables(matches)
    evidence = {"evidence_id": "e1", "path": "case", "records": 1}
    tables["evidence"] = pa.Table.from_pylist([evidence], schema=schema.tables()["evidence"].arrow())
    with Tables.of_arrow(tables, Site()) as opened:
        return decide(opened, detections, ParsedRules(), rules, assessed, Site()).findings


def _told(findings: Iterable[Finding]) -> set[tuple[str, str, str, int]]:
    """Findings without what must differ: identifiers of rows."""
    subjects = ((finding, sorted(f"{subject.kind} {subject.name}" for subject in finding.subjects)) for finding in findings)
    return {(finding.detection, ", ".join(names), finding.severity, finding.events) for finding, names in subjects}


def _shared(ours: Rows, log: str, columns: set[str]) -> pa.Table:
    """Our table with nothing in the columns that the log lacks."""
    table = ours[log]
    kept = columns | PROVENANCE
    return pa.table({f.name: table[f.name] if f.name in kept else pa.nulls(len(table), f.type) for f in table.schema})


def _both(trace: Path, logs: Mapping[str, Path], scratch: Path) -> tuple[Rows, Rows]:
    """The tables of Zeek's logs, and ours as far as they are the same tables and columns."""
    ours, zeek, shared = _read(trace), Rows(), Rows()
    times = [ts for table in ours.values() for ts in table["ts"].to_pylist() if ts]
    for log, path in logs.items():
        text, columns = _dated(path.read_text("utf-8", "replace"), ours.get(log), min(times, default=0))
        dated = scratch / f"{log}.log"
        dated.write_text(text, "utf-8")
        rows = _read(dated)
        if log in rows:
            zeek[log] = rows[log]
            if log in ours:
                shared[log] = _shared(ours, log, columns)
    return zeek, shared


def _cases(corpora: Path) -> dict[tuple[str, str], dict[str, Path]]:
    """The logs that a test of Zeek's expects of a trace."""
    cases: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    with (corpora / "zeek" / "manifest.tsv").open(newline="") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            path = corpora / "zeek" / "expected" / row["test"] / f"{row['log']}.log"
            cases[row["trace"], row["test"]][row["log"]] = path
    return cases


def test_findings_are_the_same(corpora: Path, tmp_path: Path) -> None:
    everything = "WARDROUND_VERIFY" in os.environ
    counts: Counter[str] = Counter()
    for (trace, test), logs in sorted(_cases(corpora).items()):
        if not (everything or trace.startswith(FAST)):
            continue
        zeek, shared = _both(corpora / "zeek" / "traces" / trace, logs, tmp_path)
        theirs, ours = _told(_decide(zeek)), _told(_decide(shared))
        ours = {told for told in ours if told in theirs or (trace, told[0]) not in MORE}
        assert ours == theirs, f"{trace} ({test})"
        counts["findings"] += len(ours)
        counts["traces"] += 1
    assert counts["traces"] > (100 if everything else 10)
    assert counts["findings"] >= 8
