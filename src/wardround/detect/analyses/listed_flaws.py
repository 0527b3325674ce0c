"""Programs and devices in versions that the user's lists call vulnerable: CSAF, OSV, statements of bills of materials.

A list speaks of a product by package URL, by the name in an ecosystem (OSV), by CPE, or by its maker's words. Where a version
cannot be compared, nothing is claimed; what a list calls corrected or not concerned is not claimed either. KEV and EPSS raise
the level.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wardround.detect import advisories, packages
from wardround.detect.advisories import has_range, is_later, within, words
from wardround.detect.knowledge.products import known
from wardround.detect.packages import Package
from wardround.detect.tables import Tables
from wardround.site import Site

_POINTERS, _NAMED = 10, 6

#: Distinct programs and statements looked at, and services that a scan speaks of.
_MOST, _MOST_SCANNED = 200_000, 10_000

#: From this probability of exploitation in the next 30 days on, a flaw counts as one level worse.
LIKELY = 0.5

_LEVELS = ("low", "medium", "high", "critical")
_BASE = {"critical": 2, "high": 1, "medium": 0}

_PROGRAMS = """
    SELECT host, name, vendor, version, purl, cpe, kind, tab, evidence_id, min(record) AS record, count(*) AS events
    FROM (
      SELECT coalesce(host, '?') AS host, name, vendor, version, purl, cpe, software_type AS kind, 'software' AS tab,
        evidence_id, record
      FROM software WHERE name IS NOT NULL
      UNION ALL
      SELECT host, product, NULL, version, NULL, array_to_string(cpe, ' '), NULL, 'service', evidence_id, record FROM service
      WHERE state = 'open' AND product IS NOT NULL)
    GROUP BY ALL
"""
_STATED = """
    SELECT DISTINCT cve, source, vendor, product, cpe, purl, status, version_from, version_to,
      coalesce(to_excluded, false) AS excluded, versions, severity, coalesce(score, 0) AS score, evidence_id
    FROM vulnerability
    WHERE source IN ('csaf', 'osv', 'sbom') AND status IN ('affected', 'not_affected', 'fixed') AND cve IS NOT NULL
"""
_SCANNED = """
    SELECT host, coalesce(product, service, 'port ' || port, os, 'host') AS name, version, 'service' AS tab, evidence_id,
      record, 1 AS events, array_to_string(scripts, chr(10)) AS said
    FROM service WHERE state IN ('open', 'host') AND regexp_matches(array_to_string(scripts, ' '), 'vulners|\\bscanner: CVE-')
"""
_RATED = """
    SELECT cve, max(epss) AS epss, coalesce(bool_or(source = 'kev' AND known_exploited), false) AS exploited,
      coalesce(bool_or(source = 'kev' AND ransomware), false) AS ransomware
    FROM vulnerability WHERE source IN ('epss', 'kev') GROUP BY cve
"""

_CPE = re.compile(r"cpe:(?:2\.3:|/)[aoh]:([^:]+):([^: ]+)")
_SCORED = re.compile(r"\b(CVE-\d{4}-\d{4,7})/?\s+(\d{1,2}(?:\.\d)?)\b")

#: The score from which a flaw that only a scan names is worth a word.
_GRAVE = 5.0


@dataclass(slots=True)
class _Hit:
    """What is known of one program on one host."""

    program: dict[str, Any]
    flaws: dict[str, tuple[str, float]] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)


def analyse(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row per host, program and version: which listed flaws it has, and how likely they are to be used."""
    stated = tables.query(_STATED, most=_MOST)
    rated = {row["cve"]: row for row in tables.query(_RATED)}
    by_key: dict[str, list[dict[str, Any]]] = defaultdict(list)
    denied: dict[str, set[str]] = defaultdict(set)  # flaws that a bill says do not concern what it lists
    shipped = {name for product in known().products for name in product.cpe}
    for row in stated:
        if row["source"] == "sbom" and row["status"] != "affected":
            denied[row["evidence_id"]].add(row["cve"])
            continue
        row["package"] = _package_of_statement(row)
        for found in _keys_of_statement(row, shipped):
            by_key[found].append(row)
    programs = tables.query(_PROGRAMS, most=_MOST)
    releases = _releases(programs)
    for program in programs:
        program["packages"] = _packages_of_program(program, releases)
        said = {id(row): row for found in _keys_of_program(program) for row in by_key.get(found, ())}.values()
        hit = _judged([row for row in said if _names(row, program)], program, denied.get(program["evidence_id"], set()))
        if hit.flaws:
            yield _row(hit, rated)
    for hit in _scanned(tables):
        yield _row(hit, rated)


def _judged(said: list[dict[str, Any]], program: dict[str, Any], denied: set[str]) -> _Hit:
    """What the statements that name a program say of its version."""
    version = (program["version"] or "").strip()
    cleared, corrected = set(denied), set()
    for row in said:
        if row["status"] != "affected" and (row["status"] == "not_affected" or has_range(row)):
            if within(row, version, row["package"]):
                cleared.add(row["cve"])
            elif is_later(row, version):
                corrected.add(row["cve"])
    hit = _Hit(program)
    for row in said:
        if row["status"] != "affected" or row["cve"] in cleared:
            continue
        is_open = row["source"] != "sbom" and not has_range(row)
        if row["source"] == "sbom" or (within(row, version, row["package"]) and not (is_open and row["cve"] in corrected)):
            hit.flaws[row["cve"]] = (row["severity"] or "", row["score"])
            hit.lists.add(row["source"])
    return hit


def _scanned(tables: Tables) -> Iterator[_Hit]:
    """What a scan itself says of flaws (nmap's script *vulners*, a vulnerability scanner): numbers with their scores."""
    for row in tables.query(_SCANNED, most=_MOST_SCANNED):
        hit = _Hit(row, lists={"scan"})
        for cve, score in _SCORED.findall(row["said"])[:1000]:
            hit.flaws[cve] = ("", float(score))
        if any(score >= _GRAVE for _, score in hit.flaws.values()):
            yield hit


def _package_of_statement(row: dict[str, Any]) -> Package | None:
    """The package that a statement is about; OSV names it within an ecosystem (``vendor``), with its release."""
    if row["source"] == "osv" and (named := packages.of_ecosystem(row["vendor"], row["product"])):
        return named[0]
    return next(iter(packages.of_url(row["purl"]) or packages.of_url(row["product"])), None)


def _releases(programs: list[dict[str, Any]]) -> dict[str, str]:
    """The distribution and release of every list of packages, as most of its versions tell."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for program in programs:
        if program["kind"] == "package" and (told := packages.release_of(program["version"])):
            counted[program["evidence_id"]][told] += 1
    return {evidence: found.most_common(1)[0][0] for evidence, found in counted.items()}


def _packages_of_program(program: dict[str, Any], releases: dict[str, str]) -> list[Package]:
    if found := packages.of_url(program["purl"]):
        return found
    if program["kind"] != "package":
        return []
    return packages.of_listing(program["name"], program["version"], releases.get(program["evidence_id"], ""))


def _keys_of_statement(row: dict[str, Any], shipped: set[str]) -> list[str]:
    """By what programs are looked up for it: package, CPE, or the rarest word of each of its names.

    ``shipped`` are the CPE names of products that the detections of gateways, routers and conferencing tell of.
    """
    package: Package | None = row["package"]
    cpe = _CPE.match((row["cpe"] or "").lower())
    if cpe and f"{cpe[1]}:{cpe[2]}" in shipped:
        return []
    if package or cpe:
        return [*([f"package {package.url}"] if package else []), *([f"cpe {cpe[1]}:{cpe[2]}"] if cpe else [])]
    if row["source"] == "sbom":
        return [f"bom {row['evidence_id']}"]  # the product is named by a reference within the bill
    if row["source"] == "osv" or not advisories.makers(row["vendor"]):
        return []
    return [f"name {word}" for word in advisories.keys(row["vendor"], row["product"])]


def _keys_of_program(program: dict[str, Any]) -> list[str]:
    found = [f"name {word}" for word in {*words(program["name"]), *words(program["vendor"])}]
    found += [f"cpe {vendor}:{name}" for vendor, name in _CPE.findall((program["cpe"] or "").lower())]
    return [*found, f"bom {program['evidence_id']}", *(f"package {package.url}" for package in program["packages"])]


def _names(row: dict[str, Any], program: dict[str, Any]) -> bool:
    """Whether a statement is about this program, in whatever version."""
    package: Package | None = row["package"]
    if row["source"] == "sbom" and row["evidence_id"] != program["evidence_id"]:
        return False
    if package and any(installed.is_of(package) for installed in program["packages"]):
        return True
    if package or row["cpe"]:
        cpe = _CPE.match((row["cpe"] or "").lower())
        return bool(cpe and cpe.groups() in _CPE.findall((program["cpe"] or "").lower()))
    if row["source"] == "sbom":
        name = set(words(program["name"]))
        return bool(name) and name <= set(words(row["product"]))
    return advisories.is_named(row, program)


def _row(hit: _Hit, rated: dict[str, dict[str, Any]]) -> dict[str, Any]:
    program = hit.program
    epss = {cve: float((rated.get(cve) or {}).get("epss") or 0) for cve in hit.flaws}
    exploited = {cve for cve in hit.flaws if (rated.get(cve) or {}).get("exploited")}
    ransomware = {cve for cve in hit.flaws if (rated.get(cve) or {}).get("ransomware")}
    level = 0
    for cve, (severity, score) in hit.flaws.items():
        base = _BASE.get(severity or ("critical" if score >= 9 else "high" if score >= 7 else "medium"), 0)
        level = max(level, min(base + (epss[cve] >= LIKELY), 3), 2 * (cve in exploited), 3 * (cve in ransomware))
    order = sorted(hit.flaws, key=lambda cve: (cve not in exploited, -epss[cve], -hit.flaws[cve][1], cve))
    return {
        "host": program["host"],
        "product": program["name"],
        "version": program["version"] or "–",
        "flaws": len(order),
        "cves": ", ".join(order[:_NAMED]) + (" …" if len(order) > _NAMED else ""),
        "exploited": len(exploited),
        "likely": f"{max(epss.values()):.0%}" if any(epss.values()) else "–",
        "lists": ", ".join(sorted(hit.lists)).upper(),
        "events": program["events"],
        "first_ts": None,
        "last_ts": None,
        "level": _LEVELS[level],
        "evidence": [{"table": program["tab"], "evidence_id": program["evidence_id"], "record": program["record"], "ts": None}],
    }
