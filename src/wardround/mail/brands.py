"""Names that frauds borrow (administrations, health bodies, banks, carriers, software …) and the domains that are theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

from wardround.mail.domains import labels
from wardround.mail.folding import folded, skeleton
from wardround.mail.knowledge import rows
from wardround.mail.suffixes import organization

#: Names of fewer letters are looked for as whole names only.
_SHORT = 3
_EDGE = re.compile(r"[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Brand:
    """A name that frauds borrow: its first spelling, its group (health, bank …), and the domains of its owner."""

    name: str
    group: str
    domains: frozenset[str]

    def owns(self, host: str) -> bool:
        """Whether a host is one of the owner's domains or below one."""
        return not self.domains.isdisjoint(_above(host))


@lru_cache(maxsize=16_384)
def _above(host: str) -> tuple[str, ...]:
    """A host and the domains that it lies in."""
    parts = host.split(".")
    return tuple(".".join(parts[at:]) for at in range(len(parts)))


@dataclass(frozen=True)
class _Index:
    words: AhoCorasick
    of_word: tuple[tuple[str, Brand], ...]
    whole: dict[str, Brand]
    shapes: dict[str, Brand]
    owners: frozenset[str]


@cache
def _index() -> _Index:
    words: list[tuple[str, Brand]] = []
    whole: dict[str, Brand] = {}
    shapes: dict[str, Brand] = {}
    owners: set[str] = set()
    for group, names, domains in rows("brands.tsv"):
        own = frozenset(domains.split())
        owners |= own
        for written in names.split("|"):
            name = folded(written.lstrip("="))
            brand = Brand(name, group, own)
            whole[name] = brand
            if not written.startswith("=") and len(name) > _SHORT:
                words.append((name, brand))
            squeezed = re.sub(r"[^a-z0-9]", "", name)
            if len(squeezed) >= 5 and not written.startswith("="):
                shapes.setdefault(skeleton(squeezed), brand)
    return _Index(
        AhoCorasick([w for w, _ in words], matchkind=MatchKind.LeftmostLongest), tuple(words), whole, shapes, frozenset(owners)
    )


def named(text: str) -> list[Brand]:
    """The brands named in a folded text, at the limits of words, in order, each once."""
    index = _index()
    found: dict[str, Brand] = {}
    for number, start, end in index.words.find_matches_as_indexes(text):
        if (start and _EDGE.match(text[start - 1])) or (end < len(text) and _EDGE.match(text[end])):
            continue
        name, brand = index.of_word[number]
        found.setdefault(name, brand)
    return list(found.values())


def called(name: str) -> list[Brand]:
    """The brands that a folded display name stands for: named in it, or the whole of it."""
    index = _index()
    words = re.sub(r"[^a-z0-9&.+' -]", " ", name).strip()
    short = re.sub(
        r"\b(?:support|team|service|services|security|online|billing|alert|alerts|info|notification|notice|client|the)\b",
        "",
        words,
    ).strip(" -.")
    found = {b.name: b for b in named(words)}
    for key in (words, short):
        if key in index.whole:
            found.setdefault(key, index.whole[key])
    return list(found.values())


@lru_cache(maxsize=65_536)
def owned(host: str) -> bool:
    """Whether a host belongs to the owner of a known name."""
    parts = host.split(".")
    return any(".".join(parts[at:]) in _index().owners for at in range(len(parts) - 1))


@lru_cache(maxsize=65_536)
def imitated(host: str) -> tuple[Brand, str] | None:
    """The brand that a host which is not its owner's carries in its labels, and how: ``label``, ``alike`` or ``part``.

    ``label`` is the name as a whole label, ``part`` beside other words (ameli-remboursement), ``alike`` when letters are
    exchanged for look-alikes or one is changed.
    """
    if not host or owned(host) or "." not in host:
        return None
    index = _index()
    for label in labels(_unicode(host)):
        squeezed = skeleton(label)
        if len(squeezed) < 5:
            continue
        if (brand := index.shapes.get(squeezed)) is not None:
            return brand, "label" if label.replace("-", "") == brand.name.replace(" ", "") else "alike"
        for word in (*re.split(r"[-_]+", label), *re.split(r"[-_0-9]+", label), *_runs(label)):
            if len(word) >= 5 and (brand := index.shapes.get(skeleton(word))) is not None:
                return brand, "part"
        if len(squeezed) >= 7 and (brand := _near(squeezed)) is not None and organization(host) not in index.owners:
            return brand, "alike"
    return None


def _runs(label: str) -> Iterator[str]:
    """Two to four neighbouring words of a label as one, for names of several words (mon-espace-sante-verif)."""
    words = label.split("-")[:8]
    for size in (4, 3, 2):
        yield from ("".join(words[at : at + size]) for at in range(len(words) - size + 1))


@cache
def _deletions() -> dict[str, str]:
    """Every shape with one letter left out, to find names with one letter more, less, changed or exchanged in one look."""
    found: dict[str, str] = {}
    for shape in _index().shapes:
        if len(shape) >= 7:
            for at in range(len(shape)):
                found.setdefault(shape[:at] + shape[at + 1 :], shape)
    return found


def _near(text: str) -> Brand | None:
    index = _index()
    cut = _deletions()
    if (shape := cut.get(text)) is not None:
        return index.shapes[shape]
    for at in range(len(text)):
        short = text[:at] + text[at + 1 :]
        if short in index.shapes and len(short) >= 7:
            return index.shapes[short]
        if (shape := cut.get(short)) is not None and len(shape) == len(text):
            return index.shapes[shape]
    return None


@lru_cache(maxsize=8_192)
def _unicode(host: str) -> str:
    if "xn--" not in host:
        return host
    parts = []
    for label in host.split("."):
        try:
            parts.append(label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label)
        except (UnicodeError, ValueError):
            parts.append(label)
    return ".".join(parts)
