"""The verdict: signals weighed, added up and told as a probability, with the weights that a person can read.

The log odds are the sum of a constant and of weight times strength of every signal; what speaks for a message counts down
to a limit only, because frauds can imitate it. Weights, constant, limit and thresholds stand in ``weights.tsv``, which
``python -m benchmarks.mail_weights`` learns (docs/mail.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from wardround.mail import signals
from wardround.mail.letter import Letter, Seen
from wardround.mail.message import Message
from wardround.mail.verdict import Context, Link, Signal, Verdict, Word

#: Links kept in a verdict.
LINKS = 200


@dataclass(frozen=True)
class Model:
    """Weights by signal, and the numbers beside them: constant, limit for what speaks for a message, scale, thresholds.

    ``scale`` and ``shift`` turn log odds into calibrated ones. ``fraud`` and ``suspicious`` are probabilities.
    """

    weights: dict[str, float]
    constant: float
    limit: float
    scale: float
    shift: float
    fraud: float
    suspicious: float


@dataclass(frozen=True, slots=True)
class Text:
    """What a signal means, for people."""

    expected: float
    en: str
    fr: str


@cache
def texts() -> dict[str, Text]:
    """Every signal with its expected weight and its meaning in English and French."""
    found = {}
    for line in files("wardround.mail.signals").joinpath("texts.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, expected, english, french = line.split("\t")
            found[name] = Text(float(expected), english, french)
    return found


@cache
def model() -> Model:
    """The model of this version."""
    numbers: dict[str, float] = {}
    for line in files("wardround.mail").joinpath("weights.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, value = line.split("\t")[:2]
            numbers[name] = float(value)
    return Model(
        {name: value for name, value in numbers.items() if not name.startswith("=")},
        *(numbers[f"={name}"] for name in ("constant", "limit", "scale", "shift", "fraud", "suspicious")),
    )


def log_odds(seen: list[Seen], by: Model) -> float:
    """The sum of what was seen, before calibration."""
    against = sum(by.weights.get(s.name, 0.0) * s.strength for s in seen if by.weights.get(s.name, 0.0) > 0)
    favour = sum(by.weights.get(s.name, 0.0) * s.strength for s in seen if by.weights.get(s.name, 0.0) < 0)
    return by.constant + against + max(by.limit, favour)


def probability(odds: float, by: Model) -> float:
    """Log odds as a calibrated probability, never quite 0 or 1."""
    return min(0.9999, max(0.0001, 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, by.scale * odds + by.shift))))))


def word(value: float, by: Model) -> Word:
    """The probability in a word."""
    return "fraud" if value >= by.fraud else "suspicious" if value >= by.suspicious else "ordinary"


def judge(message: Message, context: Context) -> Verdict:
    """The verdict about a message: probability, word, signals with their weights (the heaviest first), links, language."""
    letter = Letter(message, context)
    seen = signals.seen(letter)
    by = model()
    value = probability(log_odds(seen, by), by)
    weighed = [Signal(s.name, round(by.weights.get(s.name, 0.0) * s.strength, 2), s.detail, s.where) for s in seen]
    weighed.sort(key=lambda signal: (-abs(signal.weight), signal.name))
    return Verdict(round(value, 4), word(value, by), tuple(weighed), tuple(_links(letter)), letter.language, letter.visible)


def _links(letter: Letter) -> list[Link]:
    from wardround.mail.links import shown_host

    found = []
    for led in letter.links[:LINKS]:
        to = led.to
        if to.scheme in ("mailto", "tel", "cid", "sms") or (not to.host and to.scheme not in ("data", "javascript", "file")):
            continue
        wrapper = to.wrapper or (f"redirect:{to.through}"[:80] if to.through else "")
        found.append(Link(to.url[:2_048], to.host, led.text[:200], shown_host(led.text), wrapper, led.origin, led.part))
    return found
