"""What a message tells and asks, sentence by sentence, in pieces: a purchase, a call, a code, an account, a command to paste.

No piece says anything alone. Signals ask which of them stand together (``signals.requests``, ``signals.actions``). Sentences
that refuse ("never enter a code") do not count, nor those that tell of frauds, with their neighbours: so a warning is not what
it warns of. The pieces stand in ``knowledge/deeds.tsv``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

from ahocorasick_rs import AhoCorasick, MatchKind

from wardround.mail.folding import folded
from wardround.mail.knowledge import rows

#: Characters of a folded text in which pieces are looked for; what is asked stands at the beginning.
CHARACTERS = 8_000
#: Characters after which a sentence ends in any case.
_LONGEST = 400

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_END = re.compile(r"[.!?;] ")


@dataclass(frozen=True, slots=True)
class Told:
    """The sentences in which each piece stands, the phrase that it was first told by, and whether a sentence was left out."""

    where: dict[str, frozenset[int]]
    phrase: dict[str, str]
    silent: bool = False

    def says(self, *pieces: str) -> bool:
        """Whether all the pieces are told, wherever."""
        return all(piece in self.where for piece in pieces)

    def count(self, *pieces: str) -> int:
        """How many of the pieces are told."""
        return sum(piece in self.where for piece in pieces)

    def together(self, first: str, *others: str, within: int = 2) -> bool:
        """Whether the other pieces stand less than ``within`` sentences away from one that tells the first."""
        if not self.says(first, *others):
            return False
        steps = range(1 - within, within)
        return any(all(any(at + step in self.where[other] for step in steps) for other in others) for at in self.where[first])

    def words(self, *pieces: str) -> str:
        """The phrases that told the pieces, for people."""
        return ", ".join(dict.fromkeys(self.phrase[piece] for piece in pieces if piece in self.phrase))[:160]


@cache
def _index() -> tuple[AhoCorasick, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    pieces: dict[str, list[str]] = {}
    for piece, phrases in rows("deeds.tsv"):
        for phrase in {folded(phrase) for written in phrases.split("|") for phrase in _each(written)}:
            pieces.setdefault(phrase, []).append(piece)
    words = tuple(sorted(pieces))
    return AhoCorasick(words, matchkind=MatchKind.Standard), words, tuple(tuple(pieces[word]) for word in words)


def _each(written: str) -> Iterator[str]:
    """The phrases that ``{a,b} {c,d}`` stands for."""
    choices = [part.split(",") if at % 2 else [part] for at, part in enumerate(re.split(r"[{}]", written))]
    return map("".join, product(*choices))


def told(text: str) -> Told:
    """The pieces of a folded text; linear in its length."""
    automaton, words, of_word = _index()
    text = text[:CHARACTERS]
    found: list[tuple[int, str, str]] = []
    ends: list[int] = []
    padded = f" {text} "  # so that every phrase has a neighbour on both sides
    for number, start, end in automaton.find_matches_as_indexes(text, overlapping=True):
        word = words[number]
        before, after = padded[start], padded[end + 1]
        if (before in _LETTERS and word[0] in _LETTERS) or (after in _LETTERS and word[-1] in _LETTERS):
            continue
        ends = ends or _ends(text)
        sentence = bisect_right(ends, start)
        found.extend((sentence, piece, word) for piece in of_word[number])
    silent = {at for at, piece, _ in found if piece == "refusal"}
    silent.update(at + step for at, piece, _ in found if piece == "warning" for step in (-1, 0, 1))
    where: dict[str, set[int]] = {}
    phrase: dict[str, str] = {}
    for at, piece, word in found:
        if at not in silent:
            where.setdefault(piece, set()).add(at)
            phrase.setdefault(piece, word)
    return Told({piece: frozenset(sentences) for piece, sentences in where.items()}, phrase, bool(silent))


def _ends(text: str) -> list[int]:
    """Where sentences end: behind their sign, or after so many characters."""
    ends: list[int] = []
    last = 0
    for end in (*(match.end() for match in _END.finditer(text)), len(text)):
        while end - last > _LONGEST:
            last += _LONGEST
            ends.append(last)
        ends.append(end)
        last = end
    return ends
