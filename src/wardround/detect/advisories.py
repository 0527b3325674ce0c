"""Whether an advisory speaks of an installed program: by its maker's words, and by versions as makers of devices write them.

Advisories on medical devices (CSAF) name products in words: ``Patient Information Center iX (PIC iX)``, of ``Becton, Dickinson
and Company (BD)``. All telling words of the product must stand in what the inventory says of the program, and its maker's name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from wardround.detect.packages import Package
from wardround.detect.versions import Range

_WORD = re.compile(r"[a-z0-9]+")

#: Words of names that tell nothing apart, and of companies' names.
_COMMON = frozenset(
    {
        "system", "systems", "software", "server", "series", "the", "and", "for", "with", "of", "version", "all", "inc",
        "medical", "device", "devices", "model", "unit", "point", "care",
        "hub", "including", "application", "app", "android", "ios",
    }
)  # fmt: skip
_COMPANY = frozenset(
    {
        "ag", "and", "co", "company", "corp", "corporation", "gmbh", "group", "healthcare", "inc", "international", "kg",
        "limited", "ltd", "llc", "sa", "sas", "se",
    }
)  # fmt: skip
#: In brackets, and no abbreviation of a product.
_PLACES = ("US", "EU", "UK", "OS", "PC")

_BRACKET = re.compile(r"\(([^()]{0,80})\)")
_ABBREVIATION = re.compile(r"[A-Z]\w?[A-Z][\w+]{0,8}(?: \w{1,6}){0,2}$")

_PART = re.compile(r"^(?:(?P<from>[^\s<>=]+) )?(?P<sign><=?|>=?|=|==) ?(?P<to>[^<>=]+)$")
_ANY = re.compile(r"(?:^|(?<=[.\d]))[x*](?=\.|$)")


def words(text: str | None) -> list[str]:
    """The words of a name, in lower case."""
    return _WORD.findall((text or "").lower())


@lru_cache(maxsize=4_096)
def makers(vendor: str | None) -> frozenset[str]:
    """The words that any of the makers is called by: ``becton``, ``bd`` for ``Becton, Dickinson and Company (BD)``."""
    parts = re.split(r"[,;/()]| and ", vendor or "")
    firsts = (next((word for word in words(part) if len(word) > 1 and word not in _COMPANY), "") for part in parts)
    return frozenset(word for word in firsts if word and not word.isdigit())


@lru_cache(maxsize=65_536)
def names(product: str | None) -> tuple[frozenset[str], ...]:
    """The telling words of a product: of its name without brackets, and of the abbreviation that a bracket gives for it."""
    text = product or ""
    found = [_BRACKET.sub(" ", text)]
    for bracket in _BRACKET.finditer(text):
        if _ABBREVIATION.match(bracket[1]) and bracket[1] not in _PLACES:
            found += [bracket[1], _abbreviated(text, bracket)]
    telling = (frozenset(word for word in words(name) if word not in _COMMON) for name in found)
    return tuple(dict.fromkeys(name for name in telling if any(not word.isdigit() and len(word) > 1 for word in name)))


def _abbreviated(text: str, bracket: re.Match[str]) -> str:
    """The name with the words for which a bracket stands replaced by it: ``Point-of-Care Unit (PCU) 8015`` is ``PCU 8015``."""
    before = text[: bracket.start()].replace("-", " ").split()
    letters = bracket[1].split()[0].lower()
    while letters and before:
        word = before.pop().lower()
        if word[0] == letters[-1]:
            letters = letters[:-1]
        elif word not in _COMMON and word not in words(bracket[1]):
            return text[: bracket.start()] + " " + text[bracket.end() :]
    return f"{' '.join(before)} {bracket[1]} {text[bracket.end() :]}"


def keys(vendor: str | None, product: str | None) -> list[str]:
    """The word under which each name of a product is looked up: the longest that is not its maker's."""
    telling = filter(None, (name - makers(vendor) for name in names(product)))
    return sorted({max(name, key=lambda word: (not word.isdigit(), len(word), word)) for name in telling})


def is_named(row: dict[str, Any], program: dict[str, Any]) -> bool:
    """Whether the words of a statement (``vendor``, ``product``) stand in those of a program (``name``, ``vendor``)."""
    said = {*words(program["name"]), *words(program["vendor"])}
    told = makers(row["vendor"])
    # A brand of the maker's own, at the beginning of the product's name, may stand for it: Welch Allyn is one of Hillrom's.
    is_its_maker = told and (told & said or makers(program["vendor"]) & set(words(row["product"])[:1]))
    return bool(is_its_maker) and any(name - told <= said and name - told for name in names(row["product"]))


def has_range(row: dict[str, Any]) -> bool:
    """Whether a statement is about some versions only."""
    return bool(row["versions"] or row["version_from"] or row["version_to"])


def within(row: dict[str, Any], version: str, package: Package | None = None) -> bool:
    """Whether a version is in the range of a statement; one without a range is about all versions, also an unknown one."""
    if not has_range(row):
        return True
    if not version:
        return False
    if row["versions"]:
        return any(part_holds(part.strip(), version) for part in row["versions"].split("|")[:100])
    range_ = Range(row["version_from"] or "", row["version_to"] or "", excluded=bool(row["excluded"]))
    if package is not None:
        return package.holds(range_, version)
    if range_.first and range_.first == range_.last:
        return part_holds(range_.first, version)
    return holds(range_, version)


def is_later(row: dict[str, Any], version: str) -> bool:
    """Whether a version is the one that a statement names, or a later one."""
    first = row["version_from"] or ""
    return bool(version and first) and holds(Range(first), version)


def part_holds(part: str, version: str) -> bool:
    """Whether a version is in a part of a range as advisories write it: ``<= C.00.04``, ``A10 < A11``, ``5.x.x``, ``3.1``."""
    lowered = version.lower()
    told = _PART.match(part)
    if told is None:
        if found := _ANY.search(part.lower()):
            return _begins(lowered, part.lower()[: found.start()])
        return lowered == part.lower() or part.lower().endswith(f" {lowered}")
    first, sign, last = told["from"] or "", told["sign"], told["to"].strip()
    if sign in (">", ">="):
        return not first and holds(Range(last, "", excluded=False), version)
    if sign in ("=", "=="):
        return lowered == last.lower()
    if sign == "<=" and (found := _ANY.search(last.lower())):
        steady = last.lower()[: found.start()]
        return _begins(lowered, steady) or holds(Range(first, steady.rstrip(".") or "0"), version)
    return holds(Range(first, last, excluded=sign == "<"), version)


def _begins(version: str, steady: str) -> bool:
    """Whether a version begins with what stands before an ``x``."""
    return bool(steady) and f"{version}.".startswith(steady)


def holds(range_: Range, version: str) -> bool:
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
