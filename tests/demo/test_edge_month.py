"""Thirty harmless days at the VPN gateways raise no attack; the same days with one real attack in them raise that one."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

import pyarrow as pa
import pytest
from demo.generate import edge_month
from tests.readers.conftest import Bytes

from wardround import readers, store
from wardround.detect.detection import Detection, shipped
from wardround.detect.testing import decide_rows
from wardround.model import Finding
from wardround.site import Site

#: Attacks that the logs of gateways alone can show.
ATTACKS = (*(f"VPN-A{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13)), "TEL-A01")


class _Sink:
    def __init__(self) -> None:
        self.parts: dict[str, list[pa.Table]] = defaultdict(list)

    def write(self, table: str, rows: pa.Table) -> None:
        self.parts[table].append(store.conform(table, rows, "e1"))

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        assert code == "ignored_kind", (code, message)


def tables_of(logs: dict[str, list[str]]) -> dict[str, pa.Table]:
    sink = _Sink()
    for log in logs.values():
        data = "\n".join(log).encode() + b"\n"
        source = Bytes(data, len(data))
        known = readers.identify(data[:65536])
        assert known is not None
        for span in known[1].split(source):
            known[1].read(source, span, sink)
    return {name: pa.concat_tables(parts, promote_options="default") for name, parts in sink.parts.items()}


@cache
def month() -> dict[str, list[str]]:
    return edge_month.lines()


@cache
def detections() -> dict[str, Detection]:
    return {detection.name: detection for detection in shipped()}


def site() -> Site:
    return Site.model_validate(tomllib.loads(edge_month.SITE))


def attacks(name: str, tables: dict[str, pa.Table]) -> Sequence[Finding]:
    decision = decide_rows(detections()[name], tables, site())
    assert not decision.diagnostics
    return [finding for finding in decision.findings if "exception" not in finding.details]


@pytest.fixture(scope="module")
def harmless() -> dict[str, pa.Table]:
    return tables_of(month())


def test_every_line_is_read(harmless: dict[str, pa.Table]) -> None:
    lines = sum(len(log) for log in month().values())
    assert sum(table.num_rows for table in harmless.values()) == lines
    assert harmless["vpn_session"].num_rows > 4000


def test_the_month_is_always_the_same() -> None:
    assert edge_month.lines() == month()


@pytest.mark.parametrize("name", ATTACKS)
def test_thirty_harmless_days_raise_no_attack(harmless: dict[str, pa.Table], name: str) -> None:
    assert attacks(name, harmless) == []


def test_a_guessed_account_among_them_is_found() -> None:
    victim, night = edge_month.people()[4], edge_month.START + timedelta(days=20, hours=1)
    stranger = "203.0.113.200"
    told = [edge_month._failure(victim, night + timedelta(seconds=2 * i), stranger) for i in range(40)]
    told += edge_month._session(victim, night + timedelta(minutes=5), 120, stranger, 9_000_000_000, "Vietnam")
    logs = {name: [*log, *(line for _, where, line in told if where == name)] for name, log in month().items()}
    tables = tables_of(logs)
    for name in ("VPN-A01", "VPN-A03", "TEL-A01"):
        (finding,) = attacks(name, tables)
        assert any(subject.kind == "user" and subject.name == victim.name for subject in finding.subjects)
    for name in ("VPN-A02", "VPN-A04", "VPN-A10", "VPN-A13"):
        assert attacks(name, tables) == []
