"""Text made comparable: lower case, without accents, look-alike letters and invisible characters taken back.

Frauds split words with characters of no width and write them with Cyrillic, Greek or mathematical letters, so that filters
do not read what people read. Folding gives what people read; how often something had to be taken back is told beside it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Letters of other scripts that look like Latin ones (Unicode Technical Standard 39, the common ones).
_ALIKE = str.maketrans(
    "аеорсхуіјѕһԁԛԝкмтнвгіїАЕОРСХУІЈЅКМТНВαοερνικτυχωηΑΒΕΖΗΙΚΜΝΟΡΤΥΧɡıⅼｌӏ׀ո",
    "aeopcxyijshdqwkmthbriiaeopcxyijskmthbaoepviktuxwnabezhikmnoptyxgilllln",
)
# Characters without width. The soft hyphen and the joiners stand in honest text too: they are dropped, not counted. Halves of
# surrogate pairs, which no text should hold, are dropped too.
_INVISIBLE = "\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\u034f\u115f\u1160\u3164\u17b4\u17b5"
_DROPPED = re.compile("[" + _INVISIBLE + "\u00ad\u200c\u200d\u200e\u200f\u202a-\u202e\ufe0f\ud800-\udfff]+")
_HAS_INVISIBLE = re.compile("[" + _INVISIBLE + "]")
_QUOTES = {
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "´": "'",
    "`": "'",
    "\u2011": "-",
    "–": "-",
    "—": "-",
    "ß": "s",
    "œ": "oe",
    "æ": "ae",
    "ø": "o",
    "ł": "l",
    "đ": "d",
}

_DIGITS_ALIKE = str.maketrans("01i35", "olles")

_SPLIT = re.compile("[^\\W\\d_][" + _INVISIBLE + "]+[^\\W\\d_]")
# A word in two scripts: a Latin letter beside a Cyrillic or Greek one. Micro signs and Ohms stand beside digits, not here.
_MIXED = re.compile("[a-zA-Z][\u0370-\u03ff\u0400-\u052f\u0531-\u0587]|[\u0370-\u03ff\u0400-\u052f\u0531-\u0587][a-zA-Z]")
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u0587]")
# Everything that is looked for here lies outside what most texts are written with: Latin letters and usual signs.
_UNUSUAL = re.compile("[^\x00-\xac\xae-\xff‘’“”–—•…€™œŒ]")
_STYLED = re.compile("[\U0001d400-\U0001d7ff\U0001f130-\U0001f189\u24b6-\u24e9\uff21-\uff5a]")
# What is looked for stands first, what stands before it is looked at afterwards: so the search is for one letter.
_CAPITAL_I = re.compile("I(?<=[a-z]I)(?=[a-z])")
_ZERO = re.compile("0(?<=[a-zA-Z]0)(?=[a-zA-Z])")
_MARKS = re.compile("[\u0300-\u036f]")
_ANY_MARK = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0711-\u074f\u07a6-\u07b0\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
# Marks of other scripts, or several marks, on Latin letters: what people read is the letter.
_STACKED = re.compile(
    "(?<=[A-Za-z])(?:[\u0300-\u036f]{2,}|[\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0711-\u074f\u07a6-\u07b0\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+)"
)


@dataclass(frozen=True, slots=True)
class Folded:
    """``text`` as people read it, in lower case and with single blanks; and how often it had been disguised.

    ``split`` counts words cut by invisible characters, ``mixed`` words in two scripts, ``styled`` letters from alphabets
    made for mathematics, ``swapped`` capitals I and zeros inside words that stand for l and o.
    """

    text: str
    split: int = 0
    mixed: int = 0
    styled: int = 0
    swapped: int = 0


def fold(text: str) -> Folded:
    """The text folded; linear in its length."""
    swapped = 0
    if "I" in text or "0" in text:
        text, one = _CAPITAL_I.subn("l", text)
        text, two = _ZERO.subn("o", text)
        swapped = one + two
    if text.isascii():
        return Folded(" ".join(text.lower().split()), swapped=swapped)
    split = styled = stacked = mixed = 0
    if _UNUSUAL.search(text):
        split = len(_SPLIT.findall(text)) if _HAS_INVISIBLE.search(text) else 0
        styled = len(_STYLED.findall(text))
        text = _DROPPED.sub("", text)
        text, stacked = _STACKED.subn("", text) if _ANY_MARK.search(text) else (text, 0)
        mixed = len(_MIXED.findall(text)) if _FOREIGN.search(text) else 0
        if mixed:
            text = text.translate(_ALIKE)
    text = text.lower()
    for written, plain in _QUOTES.items():
        text = text.replace(written, plain)
    text = unicodedata.normalize("NFKD", text)
    text = _MARKS.sub("", text).lower()
    return Folded(" ".join(text.split()), split + stacked, mixed, styled, swapped)


def folded(text: str) -> str:
    """Only the text of :func:`fold`."""
    return fold(text).text


def skeleton(label: str) -> str:
    """A domain label with everything that looks alike made the same: ``rn`` and ``m``, ``1`` and ``l``, ``0`` and ``o``."""
    text = unicodedata.normalize("NFKD", label.lower().translate(_ALIKE))
    text = _MARKS.sub("", text).replace("rn", "m").replace("vv", "w").replace("cl", "d")
    return text.replace("-", "").translate(_DIGITS_ALIKE)
