"""Domains as mail uses them: whose they are (organizational domain), what class they are of, whether a name was diced.

A class says what anybody can do there (write free mail, shorten a link, put up a page), not whether the owner is honest.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from wardround.mail.knowledge import rows
from wardround.mail.suffixes import organization

_HOST = re.compile(r"^(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.){0,12}[a-z0-9_](?:[a-z0-9_-]{0,62})$")
_VOWELS = frozenset("aeiouy")
_TURNS = re.compile(r"\d+|[a-z]+")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}")


@cache
def _classes() -> dict[str, str]:
    return {domain: name for name, domains in ((r[0], r[1]) for r in rows("domains.tsv")) for domain in domains.split()}


@lru_cache(maxsize=65_536)
def kind_of(host: str, path: str = "") -> str:
    """The class of a host (freemail, shortener, redirector, storage, hosting, form, image_host, bulk, …), else empty.

    ``path`` is the first element of the URL's path: ``docs.google.com/forms`` is a form, the rest of that host is not.
    """
    known = _classes()
    labels = host.split(".")
    for at in range(len(labels) - 1):
        name = ".".join(labels[at:])
        if path and (found := known.get(f"{name}/{path}")):
            return found
        if found := known.get(name):
            return found
    return ""


@lru_cache(maxsize=65_536)
def suffix_kind(host: str) -> str:
    """``abused_tld`` or ``cheap_tld`` when the top-level domain is one that frauds buy by the thousand, else empty."""
    return _classes().get(host.rpartition(".")[2], "") if "." in host else ""


def well_formed(host: str) -> bool:
    """Whether a host can exist on the Internet: letters, digits, hyphens, and at least one dot."""
    return "." in host and bool(_HOST.match(host)) and not host.rpartition(".")[2].isdigit()


@lru_cache(maxsize=65_536)
def diced(label: str) -> bool:
    """Whether a label looks thrown by dice: digits and letters by turns, no vowels, six consonants in a row."""
    text = label.lower().replace("-", "").replace("_", "")
    if len(text) < 6 or text.startswith("xn"):
        return False
    turns = _TURNS.findall(text)
    letters = sum(len(t) for t in turns if t.isalpha())
    if len(turns) >= 4 and letters >= 2:
        return True
    if letters < 6:
        return False
    vowels = sum(1 for c in text if c in _VOWELS)
    if vowels / letters < 0.17:
        return True
    return bool(_CONSONANTS.search(text)) and letters >= 8


def labels(host: str) -> list[str]:
    """The labels of a host without its public suffix: ``mail.chu-x.example.fr`` gives mail, chu-x, example."""
    owner = organization(host)
    name = owner.partition(".")[0]
    return [*host[: -len(owner)].strip(".").split("."), name] if host != owner else [name]
