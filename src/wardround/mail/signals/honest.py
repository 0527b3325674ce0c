"""What speaks for a message. Each weighs little, and together no more than the judge allows: frauds can imitate them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail import brands
from wardround.mail.folding import folded
from wardround.mail.letter import Letter, Seen

# ruff: noqa: E501 - a pattern is easier to read on one line
_QUOTED = re.compile(
    r"(?m)^\s{0,3}>|-----\s?(?:original message|message d'origine|urspr)|^(?:le|on|am|el|il) .{5,80}(?:wrote|a ecrit|a écrit|schrieb|escribi|ha scritto)\s*:",
    re.IGNORECASE,
)
_REPORTS = ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification")
_SIGNED = re.compile(r"(?m)^-- ?$")


def see(letter: Letter) -> Iterator[Seen]:
    """Signals for the message."""
    message = letter.message
    if letter.listed:
        yield Seen("came_over_list", 1.0, message.header("list-id")[:80])
    if letter.answering:
        yield Seen("answers_quoting" if _QUOTED.search(message.plain[:20_000] or letter.visible[:20_000]) else "answers", 1.0)
    if message.root.declared == "multipart/report" and any(part.declared in _REPORTS for part in message.leaves):
        yield Seen("delivery_report", 1.0)
    if not letter.page.tags and message.plain.strip():
        yield Seen("plain_text", 1.0 if len(letter.web) <= 3 else 0.5)
        if _SIGNED.search(message.plain[-4_000:]):
            yield Seen("signed", 1.0)
    domain = letter.author.domain
    if domain and brands.owned(domain) and letter.author_kind == "" and letter.web:
        named = [b for b in letter.brands_above + letter.brands_below if b.owns(domain)]
        if named and sum(1 for link in letter.leading if any(b.owns(link.to.host) for b in named)) * 2 >= max(
            1, len(letter.leading)
        ):
            yield Seen("brand_with_its_links", 1.0, named[0].name)
    display = re.sub(r"[^a-z0-9]", "", letter.display.text)
    owner = re.sub(r"[^a-z0-9]", "", folded(letter.owner.partition(".")[0]))
    if len(owner) >= 3 and len(display) >= 3 and letter.author_kind == "" and (owner in display or display in owner):
        yield Seen("name_fits_domain", 1.0, letter.author.address[:80])
    own = [d.lower() for d in (*letter.context.mail.domains, *letter.context.mail.partners)]
    known = letter.context.authentication
    if domain and any(domain == d or domain.endswith("." + d) for d in own) and known.aligned:
        yield Seen("known_domain_proven", 1.0, domain)
    if letter.page.tags and message.has("list-unsubscribe") and letter.owners:
        written = message.header("list-unsubscribe").lower()
        if letter.owner and letter.owner in written and letter.owner in letter.owners:
            yield Seen("unsubscribe_fits", 1.0, letter.owner)
