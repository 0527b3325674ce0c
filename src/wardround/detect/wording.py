"""The sentences of findings: their placeholders, the singular and the plural, and the typography of French.

Not for translating the report, which gettext does: these sentences stand in the files of detections.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

#: ``{column}`` is a value; ``{column|computer|computers}`` is the word that agrees with it.
_PLACEHOLDER = re.compile(r"\{([^{}|]{1,100})(?:\|([^{}|]{1,100})\|([^{}|]{1,100}))?\}")
_NOT_COLUMNS = {"events", "first", "last"}

# What a sentence about one thing must not look like, once a count is 1: a plural right after the number.
_ONE_AS_MANY = {
    "en": re.compile(r"\b1 (?!was\b|is\b|as\b|has\b)[a-z-]*[a-rt-z-]s\b"),
    "fr": re.compile(r"\b1 (?!fois\b|dans\b|sous\b|depuis\b|puis\b|sans\b|vers\b|plus\b)[a-zà-ÿ-]+[sx]\b"),
}
_STRAIGHT_APOSTROPHE = re.compile(r"\w'\w")
_PLAIN_SPACE = re.compile(r"(?: [;:!?»]|« )")


def placeholders(texts: Iterable[str]) -> list[str]:
    """The columns that sentences name between braces, in order, each once; not ``events``, ``first`` and ``last``."""
    names = dict.fromkeys(match[1] for text in texts for match in _PLACEHOLDER.finditer(text))
    return [name for name in names if name not in _NOT_COLUMNS]


def fill(text: str, shown: Callable[[str], str], language: str) -> str:
    """The sentence with ``shown(column)`` in its places, and the words that agree with a number in its form."""

    def value(match: re.Match[str]) -> str:
        written = shown(match[1])
        if match[2] is None:
            return written
        return match[2] if _is_one(written, language) else match[3]

    return _PLACEHOLDER.sub(value, text)


def _is_one(written: str, language: str) -> bool:
    """Whether a number takes the singular: one in English; anything below two in French, where zero is singular too."""
    try:
        number = float(written.replace(",", ".") if language == "fr" else written)
    except ValueError:
        return False
    return abs(number) < 2 if language == "fr" else number == 1


def problems(text: str, language: str, named: Iterable[str]) -> list[str]:
    """What is wrong with a sentence: braces that are no placeholder, a plural after 1, typewriter marks in French.

    ``named`` are the columns that hold names; all others may be counts, and a count may be 1.
    """
    names = {*named, "first", "last"}
    found = [f"{language}: {mark}" for mark in _broken(text)]
    with_ones = fill(text, lambda name: "X" if name in names else "1", language)
    if agreed := _ONE_AS_MANY[language].search(with_ones):
        found.append(f"{language}: may say {agreed[0]!r}; write {{column|one|many}}, as {{hosts|computer|computers}}")
    if language == "fr":
        found += typography(text)
    return found


def _broken(text: str) -> list[str]:
    left = _PLACEHOLDER.sub("", text)
    return ["a brace that belongs to no placeholder"] if "{" in left or "}" in left else []


def typography(text: str) -> list[str]:
    """What a French text writes as a typewriter would: straight apostrophes, spaces that may break before a mark."""
    found = []
    if match := _STRAIGHT_APOSTROPHE.search(text):
        found.append(f"fr: a straight apostrophe in {match[0]!r}; write ’ (U+2019)")
    if match := _PLAIN_SPACE.search(text):
        found.append(f"fr: a space that may break in {match[0]!r}; write U+00A0 with : « », U+202F before ; ! ?")
    return found
