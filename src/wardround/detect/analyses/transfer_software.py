"""Interface engines and file transfer products of a version that is being exploited (BR-E06)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any

from wardround.detect.tables import Tables
from wardround.site import Site

#: Parts of a version number that are compared; no product of the list has more.
_PARTS = 6
_NUMBER = re.compile(r"\d{1,9}")
_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){1,5}")

_QUERY = """
    SELECT host, name, version, ts, evidence_id, record, source FROM (
      SELECT host, coalesce(name, '') || ' ' || coalesce(unparsed_version, '') AS name,
        coalesce(version, nullif(concat_ws('.', "version.major", "version.minor", "version.minor2", "version.minor3"), ''),
          unparsed_version) AS version, ts, evidence_id, record, 'software' AS source FROM software
      UNION ALL
      SELECT host, coalesce(product, '') || ' ' || coalesce(service, ''), version, ts, evidence_id, record, 'service'
      FROM service WHERE state = 'open'
    ) WHERE host IS NOT NULL ORDER BY host, name, version, ts, evidence_id, record
"""


@dataclass(frozen=True, slots=True)
class _Flaw:
    """A flaw and the versions that have it, as tuples of numbers; ``fixed`` None means that none is free of it."""

    product: str
    since: tuple[int, ...]
    fixed: tuple[int, ...] | None
    cve: str
    ransomware: bool

    def affects(self, version: tuple[int, ...]) -> bool:
        return self.fixed is None or self.since <= version < self.fixed


def analyse(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row per host, product and flaw; a product whose version is unknown is told only when every version has it."""
    del site
    found: list[tuple[tuple[str, str, str], str, _Flaw, dict[str, Any]]] = []
    for row in tables.query(_QUERY):
        name = row["name"].casefold()
        stated = _VERSION.search(row["version"] or "")
        version = _numbers(stated[0]) if stated else None
        for flaw in _flaws():
            if flaw.product in name and (flaw.fixed is None or (version is not None and flaw.affects(version))):
                shown = stated[0] if stated else "?"
                found.append(((row["host"], flaw.product, flaw.cve), shown, flaw, row))
    found.sort(key=lambda item: item[0])
    for (host, product, cve), group in groupby(found, key=lambda item: item[0]):
        items = list(group)
        times = [row["ts"] for *_, row in items if row["ts"] is not None]
        yield {
            "host": host,
            "product": product,
            "version": items[0][1],
            "cve": cve,
            "events": len(items),
            "first_ts": min(times, default=None),
            "last_ts": max(times, default=None),
            "level": "critical" if items[0][2].ransomware else "high",
            "evidence": [
                {"table": row["source"], "evidence_id": row["evidence_id"], "record": row["record"], "ts": row["ts"]}
                for *_, row in items[:10]
            ],
        }


@cache
def _flaws() -> tuple[_Flaw, ...]:
    text = (resources.files(__package__ or "") / "transfer_software.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(
        _Flaw(name, _numbers(since), None if fixed == "-" else _numbers(fixed), cve, ransomware == "yes")
        for name, since, fixed, cve, ransomware in lines
    )


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, filled up with zeros so that 4.4 and 4.4.0 are equal."""
    numbers = [int(part) for part in _NUMBER.findall(version)][:_PARTS]
    return (*numbers, *([0] * (_PARTS - len(numbers))))
