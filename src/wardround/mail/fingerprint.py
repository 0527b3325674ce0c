"""Similarity hashes of texts, equal or nearly so for mails of one campaign, and the language of a text.

The hash is Charikar's simhash (2002) of 64 bits over pairs of words; digits and web addresses, which campaigns vary, are
left out.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import Counter

import numpy as np

#: Words that count, from the beginning; and the fewest that make a hash.
_WORDS = 256
_FEWEST = 3

#: Characters of a text that its digest is made of.
_DIGESTED = 20_000

_LONGEST_WORD = 40

#: Characters that mostly hold the words that count.
_NEAR = 12 * _WORDS
_NO_LETTER = re.compile(r"[\W\d_]+")
_NO_LETTERS_OF_LATIN = bytes(code for code in range(256) if _NO_LETTER.match(chr(code)))
# What is neither Latin-1 nor a sign of punctuation or of money may be a letter.
_BEYOND = re.compile("[^\x00-\xff\u2000-\u206f\u20a0-\u20bf]")
_WORD = re.compile(rf"[^\W\d_]{{1,{_LONGEST_WORD}}}")

# Bytes of ASCII: what is no lower-case letter as a blank, and all of them.
_BLANKED = bytes(code if chr(code).islower() else 32 for code in range(128)) + bytes(128)
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).islower())

_STOP = {
    "en": "the and you your for this that with have from are not will our please can has been was any click here if of to",
    "fr": "le la les des vous votre vos pour dans est avec une nous pas cette ce qui par veuillez cliquez et aux être été du",
    "de": "der die das und ist sie ihr ihre nicht mit für auf den dem ein eine wir haben werden sich bitte von zu",
    "es": "el los las que por para con una su usted del más está como este esta se no al haga aquí",
    "it": "il che per con una del della sono non suo tuo questo questa gli nel alla più clicca qui è",
    "nl": "het een van voor niet uw met dat zijn aan wij heeft deze naar ook wordt klik hier op en",
    "pt": "que para com uma não seu sua você do da os as em por mais está ao este esta clique aqui",
}
_LANGUAGE: dict[str, tuple[str, ...]] = {}
for _name, _list in _STOP.items():
    for _word in _list.split(" "):
        _LANGUAGE[_word] = (*_LANGUAGE.get(_word, ()), _name)


def words(text: str) -> list[str]:
    """The first words of a text in lower case, without addresses and numbers."""
    start = text[: 40 * _WORDS]
    # The words that count mostly stand in a part of that. It ends with a blank: nothing is cut in two.
    near = start.rfind(" ", 0, _NEAR) if len(start) > _NEAR else -1
    if near > 0 and len(found := _first_words(start[:near])) >= _WORDS:
        return found
    return _first_words(start)


def _first_words(text: str) -> list[str]:
    start = text.lower()
    if "//" in start or "@" in start or "www." in start:
        pieces = [p for p in start.split() if "@" not in p and "//" not in p]
        start = " ".join([p for p in pieces if not p.startswith("www.")] if "www." in start else pieces)
    if start.isascii():
        found = start.encode("ascii").translate(_BLANKED).decode("ascii").split()[:_WORDS]
        if not found or len(max(found, key=len)) <= _LONGEST_WORD:
            return found
    return _WORD.findall(start)[:_WORDS]


def similarity(found: list[str]) -> str:
    """The hash of words as 16 hexadecimal digits; empty for fewer than three words."""
    if len(found) < _FEWEST:
        return ""
    encoded = "\n".join(found).encode("utf-8", "replace").split(b"\n")
    single = np.fromiter(map(zlib.crc32, encoded), np.uint64, len(encoded))
    pairs = single[:-1] * np.uint64(0x9E3779B97F4A7C15) + single[1:] * np.uint64(0xC2B2AE3D27D4EB4F)
    pairs ^= pairs >> np.uint64(30)
    pairs *= np.uint64(0xBF58476D1CE4E5B9)
    pairs ^= pairs >> np.uint64(27)
    bits = np.unpackbits(pairs.view(np.uint8).reshape(-1, 8), axis=1)
    counts = np.add.reduce(bits, axis=0, dtype=np.uint8)  # there are fewer pairs than 256
    return np.packbits(counts > len(pairs) // 2).tobytes().hex()


def digest(text: str) -> str:
    """SHA-256 of the letters at the beginning of a text, in hexadecimal; empty for a text without any."""
    start = text[:_DIGESTED].lower()
    if start.isascii():
        letters = start.encode("ascii").translate(None, _NO_LETTERS)
    else:
        if not _BEYOND.search(start):
            start = start.encode("latin-1", "ignore").translate(None, _NO_LETTERS_OF_LATIN).decode("latin-1")
        letters = _NO_LETTER.sub("", start).encode("utf-8", "replace")
    return hashlib.sha256(letters).hexdigest() if letters else ""


def language(found: list[str]) -> str:
    """The language of words, by the most common ones of each; empty when that tells nothing."""
    counts: Counter[str] = Counter()
    for word in found:
        for name in _LANGUAGE.get(word, ()):
            counts[name] += 1
    if not counts:
        return ""
    (best, most), *rest = counts.most_common(2)
    enough = max(2, len(found) // 25)
    return best if most >= enough and (not rest or most > rest[0][1]) else ""
