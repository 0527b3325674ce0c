"""The language of a text, by its commonest words. Told for the reader and for figures; nothing is judged by it."""

from __future__ import annotations

from functools import cache

_COMMON = {
    "en": "the and you your for this that with have from are was will our not please be has can we if it of to on any all",
    "fr": "le la les des vous votre nous pour est dans une que qui sur avec pas ce cette aux sont plus ou par et du vos notre",
    "de": "der die das und sie ihr ihre ist nicht ein eine mit fur auf von zu den dem wir werden im auch oder bei haben ich",
    "es": "el los las que para por con una su sus usted del este esta como mas pero se ha al sin sobre nuestro y lo",
    "pt": "o os as que para por com uma seu sua voce do da dos das nao em no na mais ou ao foi este esta pelo nosso e um",
    "it": "il lo gli che per con una suo sua di del della non in nel sono piu come ha questo questa nostro e un la al dei",
    "nl": "de het een en van voor uw je is niet met op te dat die wij zijn om aan bij ook naar door ons of deze dit wordt",
}


_POINTS = str.maketrans(dict.fromkeys(".,:;!?()\"'", " "))
_ASCII_POINTS = bytes(32 if code in _POINTS else code for code in range(256))


@cache
def _words() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for language, words in _COMMON.items():
        for word in words.split():
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}


def language_of(text: str) -> str:
    """The language of a folded text (en, fr, de, es, pt, it, nl), empty when it cannot be told."""
    scores = dict.fromkeys(_COMMON, 0.0)
    words = _words()
    start = text[:5_000]
    if start.isascii():
        tokens = start.encode("ascii").translate(_ASCII_POINTS).decode("ascii").split()
    else:
        tokens = start.translate(_POINTS).split()
    for languages in filter(None, map(words.get, tokens)):
        share = 1 / len(languages)
        for language in languages:
            scores[language] += share
    best = max(scores, key=lambda name: (scores[name], name))
    return best if scores[best] >= 3 and scores[best] >= len(tokens) * 0.04 else ""
