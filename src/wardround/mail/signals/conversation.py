"""An answer beside the conversation that it quotes: whether its author took part, and what it brings that is new.

The mail that programs quote stands under a header of its own ("From:", "De :") or a line that names its author ("wrote:").
Who hijacks a conversation copies that, and writes from elsewhere, or adds a link or an archive and its password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail.folding import folded
from wardround.mail.letter import ANSWER, Letter, Seen
from wardround.mail.signals.urls import odd
from wardround.mail.suffixes import organization

_PASSWORD = re.compile(
    r"\b(?:mot de passe|mdp|password|passcode|passwort|kennwort|contrasena|senha|wachtwoord)\b"
    r"[^.:=]{0,25}?(?::|=| is | est | ist | e )\s?[\"']?[^\s\d]{0,24}\d"
)

# One of these stands in everything that _PASSWORD finds.
_PASSWORD_WORDS = ("pass", "mdp", "kennwort", "contrasena", "senha", "wachtwoord")

# The header of quoted mail, as programs write it that show names without addresses.
_NAMED_HEADER = re.compile(
    r"\b(?:From|De|Von|Van|Da)\s?:[^\n:]{1,120}?\n?\s{0,4}(?:Sent|Date|Envoyé|Gesendet|Datum|Verzonden|Inviato)\s?:"
)

#: Words of one's own below which an answer says little.
_FEW_WORDS = 45

_HEAVY = ("iso", "vhd", "7z", "rar", "zip", "html", "lnk", "executable", "onenote", "docm", "xlsm", "pptm")


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about answers, and passwords beside what they open."""
    yield from _password(letter)
    answer = letter.answering or bool(ANSWER.match(letter.message.subject))
    if not answer or letter.listed or letter.passed_on:
        return
    yield from _people(letter)
    yield from _news(letter)
    yield from _lure(letter)


def _people(letter: Letter) -> Iterator[Seen]:
    author = letter.author
    if not author.domain:
        return
    reply = letter.message.reply_to[0] if letter.message.reply_to else None
    if reply and reply.domain and organization(reply.domain) != letter.owner:
        yield Seen("answer_returns_elsewhere", 1.0, reply.address[:80])
    quoted = letter.quoted_people
    if not quoted:
        return
    name = _words(letter.display.text)
    if len(name) >= 2:
        for display, address in quoted:
            if _words(folded(display)) == name and organization(address.rpartition("@")[2]) != letter.owner:
                yield Seen("answer_from_other_address", 1.0, f"{address[:60]} → {author.address[:60]}")
                break
    theirs = {organization(address.rpartition("@")[2]) for _, address in quoted}
    if len({address for _, address in quoted}) >= 2 and letter.owner not in theirs:
        yield Seen("answer_by_stranger", 1.0, author.address[:80])


def _news(letter: Letter) -> Iterator[Seen]:
    """A few words above a quoted text, or an answer to nothing, with something to open."""
    bait = _bait(letter)
    if not bait:
        return
    quoting = bool(letter.quoted_people)
    if not letter.answering:
        yield Seen("answer_to_nothing_with_bait", 1.0, bait[:80])
    elif quoting and len(letter.above_quoted.split()) < _FEW_WORDS:
        yield Seen("answer_brings_bait", 1.0, bait[:80])


def _lure(letter: Letter) -> Iterator[Seen]:
    """A few words in a conversation that bring what conversations do not: an archive and its password, a page, an odd link."""
    shown = letter.visible[:20_000]
    header = _NAMED_HEADER.search(shown)
    if not letter.answering or not (letter.quoted_people or header):
        return
    own = letter.above_quoted if letter.quoted_people else shown[: header.start()] if header else shown
    if len(own.split()) >= _FEW_WORDS:
        return
    secret = _PASSWORD.search(folded(own[:4_000])) is not None
    for part in letter.message.attachments:
        if part.kind == "html" or (secret and part.listing.encrypted and part.kind != "pdf"):
            yield Seen("conversation_brings_lure", 1.0, part.filename[:80] or part.kind, part.path)
            return
    known = {organization(address.rpartition("@")[2]) for _, address in letter.quoted_people} | {letter.owner}
    for link in letter.leading[:20]:
        above = link.origin in ("qr", "pdf") or (link.text.strip() or link.to.host) in own  # not in what is quoted
        if above and link.origin in ("html", "text", "qr", "pdf") and link.to.owner not in known and (how := odd(link.to)):
            yield Seen("conversation_brings_lure", 1.0, f"{how}: {link.to.host[:80]}", link.to.url)
            return


def _bait(letter: Letter) -> str:
    """What is to be opened: a link to no organization of the conversation, or a file that carries others."""
    for part in letter.message.attachments:
        if part.kind in _HEAVY:
            return part.filename or part.kind
    known = {organization(address.rpartition("@")[2]) for _, address in letter.quoted_people} | {letter.owner}
    for link in letter.leading:
        if link.origin in ("html", "text", "form", "qr", "pdf") and link.to.owner not in known and link.to.kind != "meeting":
            return link.to.host
    return ""


def _password(letter: Letter) -> Iterator[Seen]:
    text = letter.own_text[:4_000]
    if not any(word in text for word in _PASSWORD_WORDS) or _PASSWORD.search(text) is None or letter.listed:
        return
    if any(part.listing.encrypted and part.kind != "pdf" for part in letter.message.attachments):
        yield Seen("attached_encrypted_with_password")
    outside = [
        link for link in letter.leading if link.to.owner != letter.owner and link.to.kind != "meeting" and link.origin != "qr"
    ]
    if outside and len(letter.web) <= 4:
        yield Seen("password_beside_link", 1.0, outside[0].to.host[:80], outside[0].to.url)


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]{2,}", name))
