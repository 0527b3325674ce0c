"""Real logs of gateways, firewalls and web servers: nearly every line is read or left out by name, with the right fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.readers.conftest import Bytes

from wardround import readers
from wardround.readers.syslog import READER as SYSLOG
from wardround.store import conform

pytestmark = pytest.mark.corpus

_KINDS = ("syslog_vpn_fw", "syslog_voip", "http_log_exploit")


class _Sink:
    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, Any]]] = []
        self.unknown = 0

    def write(self, table: str, rows: pa.Table) -> None:
        self.rows += [(table, row) for row in conform(table, rows, "e1").to_pylist()]

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        if code == "unknown_kind":
            single = re.match(r"(\d+) lines", message)
            self.unknown += int(single[1]) if single else sum(map(int, re.findall(r"\((\d+)\)", message)))


def _read(path: Path) -> tuple[int, _Sink]:
    data = path.read_bytes()
    sink, source = _Sink(), Bytes(data, len(data))
    known = readers.identify(data[:65536])
    reader = known[1] if known else SYSLOG
    for span in reader.split(source):
        reader.read(source, span, sink)
    return sum(1 for line in data.split(b"\n") if line.strip()), sink


def _logs(corpora: Path) -> Iterator[Path]:
    for kind in _KINDS:
        yield from sorted((corpora / "evidence" / kind).glob("*.log"))


def test_nearly_every_line_is_read_or_left_out_by_name(corpora: Path) -> None:
    """At least 99 of 100 lines: the rest is said in diagnostics."""
    lines = unknown = 0
    for path in _logs(corpora):
        count, sink = _read(path)
        lines, unknown = lines + count, unknown + sink.unknown
    assert lines > 4000
    assert unknown <= 0.01 * lines, (unknown, lines)


def test_addresses_and_people_agree_with_the_vendors_expectations(corpora: Path) -> None:
    """Beside lines lie the fields that others read from them: source, destination and user, where we have such rows."""
    right = wrong = 0
    for path in _logs(corpora):
        expected = path.with_name(path.name.replace(".log", ".expected.ndjson"))
        if path.name == expected.name or not expected.exists():
            continue
        rows: dict[int, list[dict[str, Any]]] = {}
        for table, row in _read(path)[1].rows:
            if table in ("vpn_session", "firewall_event", "logon"):
                rows.setdefault(row["record"], []).append(row)
        for text in expected.read_text().splitlines():
            told = json.loads(text)
            for row in rows.get(told.get("line", -1), [])[:1]:
                for column, side in (("source", "source"), ("destination", "destination")):
                    want = (told.get(side) or {}).get("ip")
                    if want and column in row and want not in ("0.0.0.0", "::"):
                        right, wrong = right + (row[column] == want), wrong + (row[column] != want)
    assert right > 250
    assert right >= 0.95 * (right + wrong), (right, wrong)
