"""What was judged of the mail as it stands in the result document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from wardround import model
from wardround.report.document_parts import Strict

_Iso = Callable[[int | None], str | None]


class MailSignal(Strict):
    """A sign that a message showed."""

    name: str
    weight: float = Field(description="Share in the log odds; negative speaks for the message")
    seen: str = Field(description="What exactly was seen, empty where the meaning of the sign says it all")


class JudgedMessage(Strict):
    """A message judged a fraud or suspicious: its signs, the heaviest first, and what would have cleared it."""

    evidence_id: str
    path: str
    record: int
    ts: str | None
    display: str
    address: str
    recipient: str
    subject: str
    verdict: Literal["fraud", "suspicious"]
    probability: float
    signals: list[MailSignal]
    without: list[str] = Field(description="Signals in whose absence it would have counted as ordinary")
    present: list[str] = Field(description="Signals that would have outweighed the others; empty where none could")
    cleared: dict[str, str] = Field(description="Both in words, per language")


class JudgedMail(Strict):
    """Counts of all messages judged, and the first of those that are no ordinary ones, of every campaign one at first."""

    fraud: int
    suspicious: int
    ordinary: int
    threshold: float = Field(description="Probability from which a message is suspicious")
    constant: float = Field(description="Log odds of a message without any sign")
    messages: list[JudgedMessage]
    meanings: dict[str, dict[str, str]] = Field(description="What the signals mean, by name and language")


def judged(told: model.JudgedMail | None, iso: _Iso) -> JudgedMail | None:
    """The mail for the document; ``iso`` writes a time."""
    if told is None:
        return None
    return JudgedMail(
        fraud=told.fraud,
        suspicious=told.suspicious,
        ordinary=told.ordinary,
        threshold=told.threshold,
        constant=told.constant,
        messages=[_message(message, iso) for message in told.messages],
        meanings={name: dict(text) for name, text in told.meanings.items()},
    )


def _message(told: model.JudgedMessage, iso: _Iso) -> JudgedMessage:
    return JudgedMessage(
        evidence_id=told.evidence.evidence_id,
        path=told.evidence.path,
        record=told.evidence.record,
        ts=iso(told.evidence.ts),
        display=told.display,
        address=told.address,
        recipient=told.recipient,
        subject=told.subject,
        verdict=told.verdict,
        probability=told.probability,
        signals=[MailSignal(name=sign.name, weight=sign.weight, seen=sign.seen) for sign in told.signals],
        without=list(told.without),
        present=list(told.present),
        cleared=dict(told.cleared),
    )
