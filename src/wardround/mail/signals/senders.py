"""Who claims to write: display names, addresses, and where answers and failures would go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail.domains import diced, kind_of, labels, suffix_kind, well_formed
from wardround.mail.folding import folded
from wardround.mail.letter import Letter, Seen
from wardround.mail.suffixes import organization

_ADDRESS = re.compile(r"[\w.+-]{1,64}@([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5})", re.IGNORECASE)
_WORDS = re.compile(r"[a-z]{3,}")
_ODD = re.compile(r"[#_=|~^*<>\[\]{}\\$%]|\d{4,}|^\W*$|!!|[\u2190-\u2bff\U0001f000-\U0001faff]")
_DIGITS = re.compile(r"\d{4,}")
_ROLES = frozenset(
    [
        "info",
        "contact",
        "service",
        "services",
        "support",
        "news",
        "newsletter",
        "noreply",
        "no-reply",
        "hello",
        "team",
        "admin",
        "mail",
        "office",
        "customer",
        "client",
    ]
)


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about the author, Reply-To and Return-Path."""
    yield from _names(letter)
    yield from _domains(letter)
    yield from _ways_back(letter)


def _names(letter: Letter) -> Iterator[Seen]:
    author, display = letter.author, letter.display.text
    if not letter.message.sender_from or not letter.sent_by.address:
        yield Seen("author_missing")
    if len(letter.message.sender_from) > 1 or "<>" in display:
        yield Seen("author_several", 1.0, f"{len(letter.message.sender_from)} addresses")
    if (
        "@" in author.display
        and (match := _ADDRESS.search(author.display))
        and organization(match.group(1).lower()) != letter.owner
        and not letter.listed
    ):
        yield Seen("name_holds_address", 1.0, match.group())
    if author.display and _ODD.search(author.display):
        yield Seen("name_odd", 1.0, author.display[:80])
    if letter.display.styled or letter.display.mixed:
        yield Seen("name_disguised", 1.0, author.display[:80])
    words = [w for w in _WORDS.findall(display) if w not in _ROLES]
    if words and author.address:
        address = re.sub(r"[^a-z]", "", folded(author.address))
        if not any(word in address or (len(word) > 4 and word[:4] in address) for word in words) and not letter.listed:
            initials = "".join(w[0] for w in words)
            if not (len(initials) >= 2 and initials in address):
                yield Seen("name_unrelated", 1.0, f"{author.display[:60]} <{author.address[:80]}>")
    people = [folded(person) for person in letter.context.mail.people]
    if display and not _inside(letter, author.domain):
        for person in people:
            if person and all(part in display.split() for part in person.split()):
                yield Seen("name_of_staff", 1.0, author.display[:80])
                break


def _inside(letter: Letter, domain: str) -> bool:
    return any(domain == own or domain.endswith("." + own) for own in (d.lower() for d in letter.context.mail.domains))


def _domains(letter: Letter) -> Iterator[Seen]:
    author = letter.author
    domain, local = author.domain, author.local
    if not domain:
        return
    if not well_formed(domain):
        yield Seen("author_domain_malformed", 1.0, domain[:80])
    *below, name = labels(domain)
    if diced(name):
        yield Seen("author_domain_diced", 1.0, domain[:80])
    elif any(diced(label) for label in below) and letter.author_kind != "bulk":
        yield Seen("author_domain_diced", 0.5, domain[:80])
    if (tld := suffix_kind(domain)) == "abused_tld":
        yield Seen("author_domain_cheap", 1.0, domain[:80])
    elif tld == "cheap_tld":
        yield Seen("author_domain_cheap", 0.4, domain[:80])
    if letter.author_kind in ("hosting", "storage", "shortener"):
        yield Seen("author_on_hosting", 1.0, domain[:80])
    if letter.author_kind == "freemail":
        words = len(letter.page.anchors)
        if (letter.page.images or letter.page.forms or words > 1) and not letter.answering and not letter.listed:
            yield Seen("freemail_dressed", 1.0, domain)
        if letter.brands_above and not any(b.owns(domain) for b in letter.brands_above):
            yield Seen("freemail_for_brand", 1.0, domain)
    if local and letter.author_kind != "freemail" and (diced(local) or _DIGITS.search(local)):
        yield Seen("author_local_diced", 1.0, local[:60])
    elif local and diced(local) and letter.author_kind == "freemail":
        yield Seen("author_local_diced", 0.6, local[:60])
    if domain.count(".") >= 3 and letter.author_kind != "bulk":
        yield Seen("author_domain_deep", 1.0, domain[:80])


def _ways_back(letter: Letter) -> Iterator[Seen]:
    message = letter.message
    if letter.passed_on:
        return
    reply = message.reply_to[0] if message.reply_to else None
    if reply and reply.domain and not letter.listed:
        theirs = organization(reply.domain)
        if theirs != letter.owner and not _akin(theirs, letter.owner):
            yield Seen("reply_elsewhere", 1.0, reply.address[:80])
            if kind_of(reply.domain) == "freemail":
                yield Seen("reply_to_freemail", 1.0, reply.address[:80])
    elif reply and not reply.domain:
        yield Seen("reply_malformed", 1.0, reply.address[:80])
    back = message.return_path
    if back and back.domain and letter.owner and not letter.listed:
        theirs = organization(back.domain)
        if theirs != letter.owner and kind_of(back.domain) != "bulk" and not _akin(theirs, letter.owner):
            if "+caf_=" in back.address or "srs0=" in back.address.lower() or "srs1=" in back.address.lower():
                return
            yield Seen("return_elsewhere", 1.0, back.domain[:80])
    if back and back.domain and not well_formed(back.domain):
        yield Seen("return_malformed", 1.0, back.domain[:80])
    elif back and back.domain and diced(labels(back.domain)[-1]) and kind_of(back.domain) != "bulk":
        yield Seen("return_diced", 1.0, back.domain[:80])


def _akin(one: str, other: str) -> bool:
    """Whether two domains belong together by their names: acme.com and acme-mail.fr."""
    first, second = (d.partition(".")[0].replace("-", "") for d in (one, other))
    return len(first) >= 4 and len(second) >= 4 and (first in second or second in first)
