"""Products in versions with known flaws: gateways (VPN-E01), routers (RT-E01), conferencing (VC-E01, VC-E07).

What wardround knows itself is joined with the lists that the user gave: KEV says anew what is exploited, NVD, CVE and CSAF add
flaws of the same products, EPSS says which of them will most likely be used next, and these are told like exploited ones, one
level lower. Where a version cannot be told or compared, nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from wardround.detect.knowledge.products import Flaw, Product, known
from wardround.detect.tables import Tables
from wardround.detect.versions import Range, affected, key
from wardround.site import Site

#: Distinct programs looked at; an inventory of a whole hospital has some ten thousand.
_MOST_PROGRAMS = 200_000

#: Evidence kept per finding, and CVE ids named in its sentence.
_POINTERS = 10
_NAMED = 6

_PROGRAMS = """
    SELECT host, name, vendor, version, cpe, config, source,
      min((evidence_id, record, coalesce(ts, 0))) AS place, min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS events
    FROM (
      SELECT host, coalesce(name, unparsed_version) AS name, vendor, coalesce(version,
          nullif(concat_ws('.', "version.major", "version.minor", "version.minor2", "version.minor3"), '')) AS version,
        cpe, NULL AS config, 'software' AS source, evidence_id, record, ts
      FROM software
      UNION ALL
      SELECT host, product, NULL, version, array_to_string(cpe, ' '), NULL, 'service', evidence_id, record, ts
      FROM service WHERE state = 'open' AND product IS NOT NULL
      UNION ALL
      SELECT device, vendor, NULL, version, NULL, vendor, 'device_config_item', evidence_id, min(record), NULL
      FROM device_config_item WHERE version IS NOT NULL GROUP BY device, vendor, version, evidence_id
      UNION ALL
      SELECT "id.orig_h", agent[1], NULL, agent[2], NULL, NULL, 'http', evidence_id, record, ts
      FROM (SELECT *, regexp_extract(user_agent, '(?i)\\b(teams|webex|zoom)/([0-9]+\\.[0-9.]+)', ['a', 'b']) AS said FROM http
            WHERE regexp_matches(user_agent, '(?i)\\b(teams|webex|zoom)/[0-9]+\\.')),
        LATERAL (SELECT [said.a, said.b] AS agent)
    ) WHERE host IS NOT NULL AND name IS NOT NULL
    GROUP BY host, name, vendor, version, cpe, config, source
"""

_EXPLOITED = (
    "SELECT cve, bool_or(ransomware) AS ransomware FROM vulnerability WHERE source = 'kev' AND known_exploited GROUP BY cve"
)

_LISTED = """
    SELECT DISTINCT cve, lower(cpe) AS cpe, version_from, version_to, to_excluded, severity, coalesce(score, 0) AS score,
      coalesce(known_exploited, false) AS exploited
    FROM vulnerability
    WHERE source IN ('nvd', 'cve', 'csaf') AND status = 'affected' AND cpe IS NOT NULL AND cve LIKE 'CVE-%'
      AND coalesce(version_from, version_to) IS NOT NULL
    ORDER BY ALL
"""

_SETTINGS = """
    SELECT DISTINCT device, key FROM device_config_item
    WHERE list_contains(?, key) AND coalesce(value, '') NOT LIKE 'no%'
"""

_LIKELY = "SELECT cve, max(epss) AS epss FROM vulnerability WHERE source = 'epss' AND epss IS NOT NULL GROUP BY cve"

#: From this probability of exploitation in the next 30 days on, a flaw is told although nobody is known to use it.
LIKELY = 0.5

_CPE = re.compile(r"cpe:(?:2\.3:|/)[aoh]:([^:]+):([^:]+)(?::([^:]*))?")


@dataclass(slots=True)
class _Seen:
    """A product of one version on one host, with where it was seen."""

    product: Product
    host: str
    version: str
    events: int = 0
    first_ts: int | None = None
    last_ts: int | None = None
    config: bool = False
    evidence: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> None:
        """Take one more place where it was seen."""
        self.events += row["events"]
        times = [ts for ts in (self.first_ts, row["first_ts"]) if ts is not None]
        self.first_ts = min(times, default=None)
        times = [ts for ts in (self.last_ts, row["last_ts"]) if ts is not None]
        self.last_ts = max(times, default=None)
        self.config = self.config or row["config"] is not None
        evidence_id, record, _ = row["place"].values() if isinstance(row["place"], dict) else row["place"]
        if len(self.evidence) < _POINTERS:
            pointer = {"table": row["source"], "evidence_id": evidence_id, "record": record, "ts": row["first_ts"]}
            self.evidence.append(pointer)


def edge(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """Gateways and firewalls in versions that are being exploited, or that are no longer corrected (VPN-E01)."""
    return _rows(tables, "edge")


def router(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """Routers and switches, the same (RT-E01)."""
    return _rows(tables, "router")


def conferencing(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """Videoconferencing clients in versions with exploited or critical flaws, or no longer corrected (VC-E01)."""
    return _rows(tables, "conferencing", critical_too=True)


def communications(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """Servers and programs of remote support and telephony in versions that are being exploited (VC-E07)."""
    return _rows(tables, "communications")


def _rows(tables: Tables, category: str, *, critical_too: bool = False) -> Iterator[dict[str, Any]]:
    products = [product for product in known().products if product.category == category]
    products = _with_lists(products, tables)
    settings = _settings(products, tables)
    likely = {row["cve"]: float(row["epss"]) for row in tables.query(_LIKELY)}
    for seen in _seen(products, tables):
        flaws = [
            flaw
            for flaw in seen.product.flaws
            if (flaw.exploited or likely.get(flaw.cve, 0) >= LIKELY or (critical_too and flaw.severity in ("critical", "high")))
            and affected(seen.product.scheme, seen.version, flaw.ranges)
            and not (flaw.requires and seen.config and not any((seen.host, name) in settings for name in flaw.requires))
        ]
        ended = seen.product.has_ended(seen.version)
        if flaws or ended:
            yield _row(seen, flaws, str(ended) if ended else "", likely, critical_too=critical_too)


def _row(seen: _Seen, flaws: list[Flaw], ended: str, likely: dict[str, float], *, critical_too: bool) -> dict[str, Any]:
    exploited = {flaw.cve for flaw in flaws if flaw.exploited}
    ransomware = {flaw.cve for flaw in flaws if flaw.ransomware}
    worst = "critical" if ransomware else "high" if exploited else "medium"
    if critical_too:  # a client is attacked through its user, one at a time
        worst = "high" if exploited or any(flaw.severity == "critical" for flaw in flaws) else "medium"
    chance = {flaw.cve: likely.get(flaw.cve, 0.0) for flaw in flaws}
    named = sorted(chance, key=lambda cve: (cve not in ransomware, cve not in exploited, -chance[cve], cve))
    return {
        "host": seen.host,
        "product": seen.product.name,
        "version": seen.version,
        "flaws": len(named),
        "cves": ", ".join(named[:_NAMED]) + (" …" if len(named) > _NAMED else "") or "—",
        "ransomware": len(ransomware),
        "likely": f"{max(chance.values()):.0%}" if any(chance.values()) else "–",
        "ended": ended or "—",
        "events": seen.events,
        "first_ts": seen.first_ts,
        "last_ts": seen.last_ts,
        "level": worst,
        "evidence": seen.evidence,
    }


def _seen(products: list[Product], tables: Tables) -> list[_Seen]:
    found: dict[tuple[str, str, str], _Seen] = {}
    for row in tables.query(_PROGRAMS, most=_MOST_PROGRAMS):
        cpes = [(f"{vendor}:{name}", version) for vendor, name, version in _CPE.findall((row["cpe"] or "").lower())]
        for product in products:
            by_cpe = next((version for name, version in cpes if name in product.cpe), None)
            if row["config"] is not None:
                matches = row["config"] in product.config
            else:
                matches = (
                    by_cpe is not None
                    or product.is_named(f"{row['vendor'] or ''} {row['name']}")
                    or product.is_named(row["name"])
                )
            version = row["version"] or (by_cpe if by_cpe not in ("*", "-", None) else "") or ""
            if matches and key(product.scheme, version) is not None:
                identity = (row["host"], product.name, version)
                found.setdefault(identity, _Seen(product, row["host"], version)).add(row)
    return [found[identity] for identity in sorted(found)]


def _with_lists(products: list[Product], tables: Tables) -> list[Product]:
    """The products with what the user's lists say of their flaws."""
    exploited = {row["cve"]: bool(row["ransomware"]) for row in tables.query(_EXPLOITED)}
    listed: dict[str, dict[str, Flaw]] = {}
    for row in tables.query(_LISTED):
        found = _CPE.match(row["cpe"])
        if found is None:
            continue
        range_ = Range(row["version_from"] or "", row["version_to"] or "", excluded=bool(row["to_excluded"]))
        flaws = listed.setdefault(f"{found[1]}:{found[2]}", {})
        severity = row["severity"] or ("critical" if row["score"] >= 9 else "")
        flaw = flaws.get(row["cve"]) or Flaw(row["cve"], row["exploited"], False, severity, ())
        flaws[row["cve"]] = replace(flaw, ranges=(*flaw.ranges, range_))
    return [_extended(product, listed, exploited) for product in products]


def _extended(product: Product, listed: dict[str, dict[str, Flaw]], exploited: dict[str, bool]) -> Product:
    flaws = {flaw.cve: flaw for flaw in product.flaws}
    for name in sorted(product.cpe & listed.keys()):
        for cve, flaw in sorted(listed[name].items()):
            before = flaws.get(cve)
            flaws[cve] = replace(before, ranges=(*before.ranges, *flaw.ranges)) if before else flaw
    told = (
        replace(flaw, exploited=True, ransomware=exploited[flaw.cve]) if flaw.cve in exploited else flaw
        for flaw in flaws.values()
    )
    return replace(product, flaws=tuple(told))


def _settings(products: list[Product], tables: Tables) -> set[tuple[str, str]]:
    """Pairs of device and setting that is on, of the settings that flaws require."""
    wanted = sorted({name for product in products for flaw in product.flaws for name in flaw.requires})
    return {(row["device"], row["key"]) for row in tables.query(_SETTINGS, (wanted,))} if wanted else set()


def installed(tables: Tables, category: str) -> Iterator[tuple[str, str, str, dict[str, bool], list[dict[str, Any]]]]:
    """Programs of a category: host, product, version, for each of its known flaws whether this version has it, and evidence."""
    products = _with_lists([product for product in known().products if product.category == category], tables)
    for seen in _seen(products, tables):
        has = {flaw.cve: affected(seen.product.scheme, seen.version, flaw.ranges) is not None for flaw in seen.product.flaws}
        yield seen.host, seen.product.name, seen.version, has, seen.evidence
