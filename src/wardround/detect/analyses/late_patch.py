"""Gateways that were corrected after somebody had used the flaw: the correction does not put out who is inside (PS-E04)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wardround.detect.analyses import exploit_requests, known_flaws
from wardround.detect.tables import Tables
from wardround.site import Site

_POINTERS = 5


def analyse(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row per gateway and flaw that was answered once and that the version seen no longer has."""
    programs: dict[str, list[tuple[str, str, dict[str, bool], list[dict[str, Any]]]]] = {}
    for host, product, version, has, evidence in known_flaws.installed(tables, "edge"):
        programs.setdefault(_host(host, site), []).append((product, version, has, evidence))
    for row in exploit_requests.analyse(tables, site):
        if not row["answered"] or row["address"]:
            continue
        for product, version, has, evidence in programs.get(_host(row["host"], site), ()):
            if has.get(row["flaw"]) is False:
                yield {
                    "host": row["host"],
                    "flaw": row["flaw"],
                    "product": product,
                    "version": version,
                    "answered": row["answered"],
                    "events": row["answered"],
                    "first_ts": row["first_ts"],
                    "last_ts": row["last_ts"],
                    "evidence": [*row["evidence"][:_POINTERS], *evidence[:_POINTERS]],
                }
                break


def _host(name: str, site: Site) -> str:
    """A host by what the site file calls it, else by its name without the domain."""
    asset = site.asset_of(name)
    short = name if name.replace(".", "").isdigit() or ":" in name else name.partition(".")[0]
    return (asset.name if asset else short).casefold()
