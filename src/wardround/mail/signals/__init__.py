"""Signals: what speaks for a fraud or for a message, each named, explained and testable alone.

Every module has one function ``see(letter)`` that yields what it saw. ``texts.tsv`` says in English and French what each
name means; the weights are the judge's (``weights.tsv``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wardround.mail.letter import Letter, Seen
from wardround.mail.signals import (
    actions,
    attachments,
    body,
    codes,
    conversation,
    envelope,
    honest,
    imitation,
    payments,
    requests,
    senders,
    urls,
    wording,
)

#: In this order: attachments and codes add links that the others look at.
FAMILIES: tuple[tuple[str, Callable[[Letter], Iterator[Seen]]], ...] = (
    ("attachments", attachments.see),
    ("codes", codes.see),
    ("senders", senders.see),
    ("imitation", imitation.see),
    ("urls", urls.see),
    ("wording", wording.see),
    ("payments", payments.see),
    ("requests", requests.see),
    ("actions", actions.see),
    ("body", body.see),
    ("envelope", envelope.see),
    ("conversation", conversation.see),
    ("honest", honest.see),
)


def seen(letter: Letter) -> list[Seen]:
    """Everything that all signals saw, the strongest of every name."""
    best: dict[str, Seen] = {}
    for _, see in FAMILIES:
        for found in see(letter):
            if found.name not in best or found.strength > best[found.name].strength:
                best[found.name] = found
    return list(best.values())
