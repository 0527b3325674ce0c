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


#: What is missing where the author wrote no header at all, as some machines send their alarms: that says nothing of who it was.
_OF_HEADERS = frozenset(("author_missing", "date_unreadable", "message_id_missing", "recipients_hidden", "subject_empty"))
_AUTHORS = ("from", "to", "cc", "subject", "date", "message-id")


def seen(letter: Letter) -> list[Seen]:
    """Everything that all signals saw, the strongest of every name."""
    best: dict[str, Seen] = {}
    bare = not any(letter.message.has(name) for name in _AUTHORS)
    for _, see in FAMILIES:
        for found in see(letter):
            if bare and found.name in _OF_HEADERS:
                continue
            if found.name not in best or found.strength > best[found.name].strength:
                best[found.name] = found
    return list(best.values())
