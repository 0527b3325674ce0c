"""The products of ``products.yml``, checked, and whether a program or a configuration is one of them."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from wardround.detect.versions import SCHEMES, Range, key
from wardround.errors import ContentError

CATEGORIES = ("edge", "router", "conferencing", "communications")

_WORD = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_RANGE = re.compile(r"(\S*?) ?\.\.(<?) (\S+)$")


@dataclass(frozen=True, slots=True)
class Flaw:
    """A flaw of a product, the versions that have it, and whose word that is."""

    cve: str
    exploited: bool
    ransomware: bool
    severity: str
    ranges: tuple[Range, ...]
    requires: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A product: how it is recognised, how its versions are counted, its flaws, and versions no longer corrected."""

    name: str
    category: str
    scheme: str
    names: tuple[tuple[str, ...], ...]
    without: frozenset[str]
    config: frozenset[str]
    cpe: frozenset[str]
    ended: tuple[tuple[Range, datetime.date], ...]
    flaws: tuple[Flaw, ...]

    def is_named(self, name: str) -> bool:
        """Whether a program of that name is this product."""
        lowered = name.lower().strip()
        tokens = _WORD.findall(lowered)
        words = frozenset([*tokens, *(part for token in tokens for part in token.split("-"))])
        if words & self.without:
            return False
        return any(all(_stands_in(word, lowered, words) for word in alternative) for alternative in self.names)

    def has_ended(self, version: str) -> datetime.date | None:
        """Since when that version is no longer corrected, None where it still is."""
        return next((since for range_, since in self.ended if range_.holds(self.scheme, version)), None)


def _stands_in(word: str, name: str, words: frozenset[str]) -> bool:
    if word.startswith("="):
        return word[1:] == name
    if word.endswith("*"):
        return any(other.startswith(word[:-1]) for other in words)
    return word in words


@dataclass(frozen=True, slots=True)
class Known:
    """All products, and the date of what is said of them."""

    date: datetime.date
    products: tuple[Product, ...]


@cache
def known() -> Known:
    """What comes with wardround. Raises ContentError when a part of it is wrong."""
    text = (resources.files(__package__ or "") / "products.yml").read_text(encoding="utf-8")
    return load(text)


def load(text: str) -> Known:
    """Read the text of such a file. Raises ContentError with the product and the part that is wrong."""
    content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    return Known(content["date"], tuple(_product(item) for item in content["products"]))


def _product(item: dict[str, Any]) -> Product:
    name, scheme = item["product"], item["scheme"]
    if scheme not in SCHEMES or item["category"] not in CATEGORIES:
        raise ContentError(f"products.yml: {name}: unknown scheme or category")
    if spaced := [word for word in item.get("without", ()) if not _WORD.fullmatch(word)]:
        raise ContentError(f"products.yml: {name}: {spaced[0]!r} is not one word, and would never be met")
    return Product(
        name=name,
        category=item["category"],
        scheme=scheme,
        names=tuple(tuple(words) for words in item.get("names", ())),
        without=frozenset(item.get("without", ())),
        config=frozenset(item.get("config", ())),
        cpe=frozenset(item.get("cpe", ())),
        ended=tuple(
            (_range(name, scheme, part["versions"]), part["since"]) for part in item.get("ended", ()) if _source(name, part)
        ),
        flaws=tuple(_flaw(name, scheme, part) for part in item["flaws"]),
    )


def _flaw(name: str, scheme: str, part: dict[str, Any]) -> Flaw:
    return Flaw(
        cve=part["cve"],
        exploited=part["exploited"],
        ransomware=part["ransomware"],
        severity=part.get("severity", "critical"),
        ranges=tuple(_range(name, scheme, text) for text in part["versions"]),
        requires=tuple(part.get("requires", ())),
        source=_source(name, part),
    )


def _source(name: str, part: dict[str, Any]) -> str:
    if not (source := part.get("source")):
        raise ContentError(f"products.yml: {name}: {part.get('cve', part['versions'])} names no source")
    return str(source)


def _range(name: str, scheme: str, text: str) -> Range:
    found = _RANGE.match(text)
    bounds = [found[1], found[3]] if found else []
    if found is None or any(bound and key(scheme, bound) is None for bound in bounds):
        raise ContentError(f"products.yml: {name}: {text!r} is not a range of versions")
    return Range(found[1], found[3], excluded=bool(found[2]))
