"""Why a message was judged as it was, in words: what its signals weigh, and what would have made it count as ordinary.

The log odds are a sum (:mod:`wardround.mail.judge`), so both can be told exactly: the fewest signals without which the sum
falls below the threshold, and the fewest of those that speak for a message which would have outweighed the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wardround.mail.judge import Model, model, probability, texts

#: A signal by name, and its weight times its strength.
Weighed = tuple[str, float]

# Of signals that weigh the same, those that an honest sender can show come first.
_SHOWN = ("known_domain_proven", "links_fit", "name_fits_domain", "brand_with_its_links", "unsubscribe_fits", "answers_quoting")

_LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Cleared:
    """What would have made a message count as ordinary: the absence of all ``without``, or the presence of all ``present``.

    ``present`` is empty where nothing that speaks for a message would have been enough.
    """

    without: tuple[str, ...]
    present: tuple[str, ...]


def weighed(names: Sequence[str] | None, weights: Sequence[float] | None) -> list[Weighed]:
    """Signals that have a weight, the heaviest against the message first, what speaks for it last."""
    pairs = zip(names or (), weights or (), strict=False)
    return sorted(((name, weight) for name, weight in pairs if weight), key=lambda pair: (-pair[1], pair[0]))


def cleared(signals: Iterable[Weighed]) -> Cleared:
    """What would have brought the probability below the threshold of *suspicious*."""
    by = model()
    there = dict(signals)
    return Cleared(_without(there, by), _present(there, by))


def _without(there: dict[str, float], by: Model) -> tuple[str, ...]:
    against, favour = _sums(there)
    gone: list[str] = []
    for name in sorted((name for name, weight in there.items() if weight > 0), key=lambda name: (-there[name], name)):
        if gone and _ordinary(against, favour, by):
            break
        against -= there[name]
        gone.append(name)
    return tuple(gone)


def _present(there: dict[str, float], by: Model) -> tuple[str, ...]:
    absent = [name for name, weight in by.weights.items() if weight < 0 and name not in there]
    absent.sort(key=lambda name: (by.weights[name], _SHOWN.index(name) if name in _SHOWN else len(_SHOWN), name))
    against, favour = _sums(there)
    added: list[str] = []
    for name in absent if _ordinary(against, by.limit, by) else ():
        favour += by.weights[name]
        added.append(name)
        if _ordinary(against, favour, by):
            return tuple(added)
    return ()


def _sums(weights: dict[str, float]) -> tuple[float, float]:
    """What speaks against a message and what speaks for it, each added up."""
    return sum(weight for weight in weights.values() if weight > 0), sum(weight for weight in weights.values() if weight < 0)


def _ordinary(against: float, favour: float, by: Model) -> bool:
    return probability(by.constant + against + max(by.limit, favour), by) < by.suspicious


def meaning(name: str) -> dict[str, str]:
    """What a signal means, a sentence per language; its name where this version does not know it."""
    text = texts().get(name)
    return {"en": text.en, "fr": text.fr} if text else dict.fromkeys(_LANGUAGES, name)


def number(weight: float, language: str) -> str:
    """A weight with its sign, as the language writes numbers."""
    written = f"{weight:+.1f}".replace("-", "\u2212")
    return written.replace(".", ",") if language == "fr" else written


def listed(names: Iterable[str], language: str) -> str:
    """The meanings of signals one after the other."""
    return between(language).join(meaning(name)[language].rstrip(".") for name in names)


def between(language: str) -> str:
    """What stands between two items of a list of sentences."""
    return "\u202f; " if language == "fr" else "; "


def sentence(told: Cleared) -> dict[str, str]:
    """What would have made a message count as ordinary, in words, per language."""
    said = {
        "en": f"It would have counted as ordinary without: {listed(told.without, 'en')}." if told.without else "",
        "fr": f"Il aurait passé pour ordinaire sans ceci\u00a0: {listed(told.without, 'fr')}." if told.without else "",
    }
    if told.present:
        said["en"] += f" Or with these as well: {listed(told.present, 'en')}."
        said["fr"] += f" Ou avec ceci en plus\u00a0: {listed(told.present, 'fr')}."
    else:
        said["en"] += " Nothing that speaks for a message would have outweighed this."
        said["fr"] += " Rien de ce qui parle en faveur d’un message n’aurait suffi."
    return {language: text.strip() for language, text in said.items()}
