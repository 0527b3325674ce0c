"""What is said: the themes of fraud found in a folded text, by phrases in seven languages, all in one pass."""

from __future__ import annotations

from functools import cache

from ahocorasick_rs import AhoCorasick, MatchKind

from wardround.mail.folding import folded
from wardround.mail.knowledge import rows

#: What a single word counts, unless its file says that it is as good as a phrase.
ONE_WORD = 0.4
_STRONG: set[str] = set()
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


@cache
def _index() -> tuple[AhoCorasick, tuple[str, ...], tuple[frozenset[tuple[str, str]], ...], frozenset[str]]:
    themes: dict[str, set[tuple[str, str]]] = {}
    names: set[str] = set()
    for theme, language, phrases in rows("phrases.tsv"):
        names.add(theme)
        for written in phrases.split("|"):
            themes.setdefault(folded(written.removeprefix("!")), set()).add((theme, language))
            if written.startswith("!") or " " in written:
                _STRONG.add(folded(written.removeprefix("!")))
    words = tuple(sorted(themes))
    return AhoCorasick(words, matchkind=MatchKind.Standard), words, tuple(frozenset(themes[w]) for w in words), frozenset(names)


def worth(phrases: set[str]) -> float:
    """How much these phrases count together."""
    strong = sum(phrase in _STRONG for phrase in phrases)  # counted, not summed: a sum would depend on the order of a set
    return strong + ONE_WORD * (len(phrases) - strong)


def themes() -> frozenset[str]:
    """The names of all themes."""
    return _index()[3]


def said(text: str, language: str = "") -> dict[str, set[str]]:
    """The phrases of every theme in a folded text; a phrase stands at the limits of words.

    Where the language of the text is known, the phrases of other languages do not count ("date" says nothing in English);
    where it is not, single words do not.
    """
    automaton, words, of_word, _ = _index()
    found: dict[str, set[str]] = {}
    padded = f" {text} "  # so that every phrase has a neighbour on both sides
    for number, start, end in automaton.find_matches_as_indexes(text, overlapping=True):
        word = words[number]
        if (padded[start] in _LETTERS and word[0] in _LETTERS) or (padded[end + 1] in _LETTERS and word[-1] in _LETTERS):
            continue
        for theme, spoken in of_word[number]:
            if (language and spoken != language) or (not language and word not in _STRONG):
                continue
            found.setdefault(theme, set()).add(word)
    return found
