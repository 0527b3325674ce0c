"""Programs and devices in versions that the user's lists call vulnerable: CSAF, OSV, statements of bills of materials.

A list speaks of a product by package URL, by CPE, or by its maker's words. Words count only with the maker: all words of the
product must stand in the program's name. Where a version cannot be compared, nothing is claimed. KEV and EPSS raise the level.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wardround.detect.knowledge.products import known
from wardround.detect.tables import Tables
from wardround.detect.versions import Range
from wardround.site import Site

_POINTERS, _NAMED = 10, 6

#: Distinct programs and statements looked at, and services that a scan speaks of.
_MOST, _MOST_SCANNED = 200_000, 10_000

#: From this probability of exploitation in the next 30 days on, a flaw counts as one level worse.
LIKELY = 0.5

_LEVELS = ("low", "medium", "high", "critical")
_BASE = {"critical": 2, "high": 1, "medium": 0}

_PROGRAMS = """
    SELECT host, name, vendor, version, purl, cpe, tab, evidence_id, min(record) AS record, count(*) AS events
    FROM (
      SELECT coalesce(host, '?') AS host, name, vendor, version, purl, cpe, 'software' AS tab, evidence_id, record FROM software
      WHERE name IS NOT NULL
      UNION ALL
      SELECT host, product, NULL, version, NULL, array_to_string(cpe, ' '), 'service', evidence_id, record FROM service
      WHERE state = 'open' AND product IS NOT NULL)
    GROUP BY ALL
"""
_STATED = """
    SELECT DISTINCT cve, source, vendor, product, cpe, purl, status, version_from, version_to,
      coalesce(to_excluded, false) AS excluded, versions, severity, coalesce(score, 0) AS score, evidence_id
    FROM vulnerability WHERE source IN ('csaf', 'osv', 'sbom') AND status IN ('affected', 'not_affected') AND cve IS NOT NULL
"""
_SCANNED = """
    SELECT host, coalesce(product, service, 'port ' || port) AS name, version, 'service' AS tab, evidence_id, record,
      1 AS events, array_to_string(scripts, chr(10)) AS said
    FROM service WHERE state = 'open' AND contains(array_to_string(scripts, ' '), 'vulners')
"""
_RATED = """
    SELECT cve, max(epss) AS epss, coalesce(bool_or(source = 'kev' AND known_exploited), false) AS exploited,
      coalesce(bool_or(source = 'kev' AND ransomware), false) AS ransomware
    FROM vulnerability WHERE source IN ('epss', 'kev') GROUP BY cve
"""

_CPE = re.compile(r"cpe:(?:2\.3:|/)[aoh]:([^:]+):([^: ]+)")
_WORD = re.compile(r"[a-z0-9]+")
#: Words of names that tell nothing apart.
_COMMON = frozenset(
    {"system", "systems", "software", "server", "series", "the", "and", "for", "with", "version", "all", "inc", "medical"}
)
_SCORED = re.compile(r"\b(CVE-\d{4}-\d{4,7})/?\s+(\d{1,2}(?:\.\d)?)\b")

#: The score from which a flaw that only a scan names is worth a word.
_GRAVE = 5.0
_PART = re.compile(r"^(?:(?P<from>[^\s<>=]+) )?(?P<sign><=?|>=?|=|==) ?(?P<to>[^\s<>=]+)$")


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
        if row["status"] == "not_affected":
            denied[row["evidence_id"]].add(row["cve"])
            continue
        for found in _keys_of_statement(row, shipped):
            by_key[found].append(row)
    for program in tables.query(_PROGRAMS, most=_MOST):
        hit = _Hit(program)
        for row in {id(row): row for found in _keys_of_program(program) for row in by_key.get(found, ())}.values():
            if row["cve"] not in denied.get(program["evidence_id"], ()) and _concerns(row, program):
                hit.flaws[row["cve"]] = (row["severity"] or "", row["score"])
                hit.lists.add(row["source"])
        if hit.flaws:
            yield _row(hit, rated)
    for hit in _scanned(tables):
        yield _row(hit, rated)


def _scanned(tables: Tables) -> Iterator[_Hit]:
    """What a scan's own look-up of flaws (the script *vulners*) says of a service: numbers with their scores."""
    for row in tables.query(_SCANNED, most=_MOST_SCANNED):
        hit = _Hit(row, lists={"scan"})
        for cve, score in _SCORED.findall(row["said"])[:1000]:
            hit.flaws[cve] = ("", float(score))
        if any(score >= _GRAVE for _, score in hit.flaws.values()):
            yield hit


def _package(purl: str | None) -> str:
    """A package URL without version and qualifiers, in lower case."""
    return re.split(r"[@?#]", purl or "", maxsplit=1)[0].lower().rstrip("/") if (purl or "").startswith("pkg:") else ""


def _words(text: str | None) -> list[str]:
    return _WORD.findall((text or "").lower())


def _maker(vendor: str | None) -> str:
    return next((word for word in _words(vendor) if len(word) > 2 or word.isalpha()), "")


def _keys_of_statement(row: dict[str, Any], shipped: set[str]) -> list[str]:
    """By what programs are looked up for it: package, CPE, or its maker and its rarest word.

    ``shipped`` are the CPE names of products that the detections of gateways, routers and conferencing tell of.
    """
    package = _package(row["purl"]) or _package(row["product"])
    cpe = _CPE.match((row["cpe"] or "").lower())
    if cpe and f"{cpe[1]}:{cpe[2]}" in shipped:
        return []
    if package or cpe:
        return [*([f"purl {package}"] if package else []), *([f"cpe {cpe[1]}:{cpe[2]}"] if cpe else [])]
    if row["source"] == "sbom":
        return [f"bom {row['evidence_id']}"]  # the product is named by a reference within the bill
    telling = [word for word in _words(_plain(row["product"])) if word not in _COMMON and len(word) > 2 and not word.isdigit()]
    return [f"name {max(telling, key=lambda word: (len(word), word))}"] if telling and _maker(row["vendor"]) else []


def _keys_of_program(program: dict[str, Any]) -> list[str]:
    found = [f"name {word}" for word in set(_words(program["name"]))] + [f"bom {program['evidence_id']}"]
    found += [f"cpe {vendor}:{name}" for vendor, name in _CPE.findall((program["cpe"] or "").lower())]
    package = _package(program["purl"])
    return [*found, *([f"purl {package}"] if package else [])]


def _plain(product: str | None) -> str:
    """A product's name without what stands in brackets."""
    return re.sub(r"\([^)]{0,80}\)", " ", product or "")


def _concerns(row: dict[str, Any], program: dict[str, Any]) -> bool:
    """Whether a statement is about this program in this version."""
    if row["source"] == "sbom" and not (row["purl"] or row["cpe"] or _package(row["product"])):
        name = set(_words(program["name"]))
        return bool(name and name <= set(_words(row["product"])) and row["evidence_id"] == program["evidence_id"])
    if not (row["purl"] or row["cpe"] or _package(row["product"])):
        name = {*_words(program["name"]), *_words(program["vendor"])}
        maker = _maker(row["vendor"])
        if maker not in name or not {word for word in _words(_plain(row["product"])) if word not in _COMMON} <= name:
            return False
    if row["source"] == "sbom":
        return bool(row["evidence_id"] == program["evidence_id"])
    return bool(program["version"]) and _within(row, program["version"].strip())


def _within(row: dict[str, Any], version: str) -> bool:
    if row["versions"]:
        return any(_part_holds(part.strip(), version) for part in row["versions"].split("|")[:100])
    first, last = row["version_from"] or "", row["version_to"] or ""
    if first and first == last:
        return _part_holds(first, version)
    return bool(first or last) and _holds(Range(first, last, excluded=row["excluded"]), version)


def _part_holds(part: str, version: str) -> bool:
    """Whether a version is in a part of a range as advisories write it: ``<= C.00.04``, ``A10 < A11``, ``5.x.x``, ``3.1``."""
    told = _PART.match(part)
    if told is None:
        steady = re.split(r"(?:^|\.)[x*](?:\.|$)", part.lower(), maxsplit=1)[0]
        if steady != part.lower():
            return bool(steady) and (version.lower() + ".").startswith(steady + ".")
        return version.lower() == part.lower()
    first, sign, last = told["from"] or "", told["sign"], told["to"]
    if sign in (">", ">="):
        return not first and _holds(Range(last, "", excluded=False), version)
    if sign in ("=", "=="):
        return version.lower() == last.lower()
    return _holds(Range(first, last, excluded=sign == "<"), version)


def _holds(range_: Range, version: str) -> bool:
    """Whether a version is in a range; makers of devices also count in letters (``C.00.04``, ``L81``)."""
    found = range_.holds("generic", version)
    if found is not None:
        return found
    at, first, last = (_runs(text) for text in (version, range_.first, range_.last))
    if not at or any(bound and not _alike(at, bound) for bound in (first, last)):
        return False
    return (not first or first <= at) and (not last or at < last or (at == last and not range_.excluded))


def _runs(version: str) -> list[tuple[int, int, str]]:
    """Runs of digits and letters, in the order in which they count."""
    return [(0, int(run), "") if run.isdigit() else (1, 0, run) for run in re.findall(r"\d{1,18}|[a-z]+", version.lower())]


def _alike(one: list[tuple[int, int, str]], other: list[tuple[int, int, str]]) -> bool:
    """Whether two versions are counted in the same way."""
    return all(left[0] == right[0] for left, right in zip(one, other, strict=False))


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
