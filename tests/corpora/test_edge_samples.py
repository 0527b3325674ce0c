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


def test_addresses_ports_and_people_agree_with_the_vendors_expectations(corpora: Path) -> None:
    """Beside lines lie the fields that others read from them: addresses, ports and user, where we have such rows.

    A port counts only where the row is about a port: RADIUS logs state the port of the access server, ICMP an identifier.
    """
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
                for column, want in _wanted(told, row):
                    agrees = _same(column, row[column], want)
                    right, wrong = right + agrees, wrong + (not agrees)
    assert right > 600
    assert right >= 0.98 * (right + wrong), (right, wrong)


def _wanted(told: dict[str, Any], row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    source, destination = told.get("source") or {}, told.get("destination") or {}
    wanted = {"source": source.get("ip"), "destination": destination.get("ip"), "user": (told.get("user") or {}).get("name")}
    if row.get("proto") != "icmp" and row.get("service") != "radius":
        wanted |= {"source_port": source.get("port"), "destination_port": destination.get("port")}
    for column, value in wanted.items():
        if column in row and value not in (None, "", "0.0.0.0", "::"):
            yield column, str(value)


def _same(column: str, found: Any, want: str) -> bool:
    """Whether a cell says what is wanted; a user's name may have its domain."""
    text = "" if found is None else str(found).lower()
    return text == want.lower() or (
        column == "user" and bool(text) and re.search(rf"\b{re.escape(want.lower())}\b", text) is not None
    )
