"""A message and what is said of it as rows of ``mail_message``, ``mail_link`` and ``mail_attachment``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from wardround.mail import fingerprint
from wardround.mail.authentication import is_open
from wardround.mail.domains import kind_of
from wardround.mail.message import Address, Message, Part
from wardround.mail.redact import redacted
from wardround.mail.suffixes import ascii_domain, organization, within
from wardround.mail.verdict import Context, Verdict
from wardround.mail.visible import blanks, visible
from wardround.privacy import token

#: Addresses, links, attachments and signals of one message that become rows or values.
ADDRESSES = 200
LINKS = 300
ATTACHMENTS = 200
_SIGNALS = 60

#: Characters of visible text that are looked at.
_TEXT = 200_000

_ANSWERS = ("re:", "re :", "fw:", "fwd:", "tr:", "tr :", "aw:", "wg:", "rv:", "antw:", "rif:", "réf:", "sv:", "vs:", "r:", "i:")
_BULK = ("bulk", "list", "junk")

#: Where private persons have their mailboxes. Who writes from there may be a patient.
FREEMAIL = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr live.com live.fr msn.com yahoo.com yahoo.fr
    ymail.com aol.com icloud.com me.com mac.com orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr numericable.fr
    gmx.com gmx.net gmx.de gmx.fr web.de t-online.de proton.me protonmail.com pm.me mail.com mail.ru yandex.com yandex.ru
    zoho.com tutanota.com hotmail.co.uk yahoo.co.uk btinternet.com bluewin.ch skynet.be telenet.be libero.it virgilio.it
    hotmail.it hotmail.es telefonica.net comcast.net verizon.net att.net sbcglobal.net cox.net sympatico.ca videotron.ca
    """.split()  # noqa: SIM905 - a list of names is easier to read
)

Add = Callable[..., None]


def write(message: Message, verdict: Verdict, context: Context, record: int, path: str, add: Add, part: str = "") -> None:
    """Hand the rows of a message to ``add(table, **columns)``; ``part`` is where it stood within another one."""
    who = _Who(message, verdict, context)
    received = next((hop.ts for hop in message.received if hop.ts is not None), None)
    ts = received if received is not None else message.date
    place: dict[str, object] = {"record": record, "ts": ts, "ts_zone": "stated" if ts is not None else "none"}
    add(
        "mail_message",
        **place,
        path=path,
        folder=message.folder,
        part=part,
        date=message.date,
        received=received,
        **_people(message, who),
        **_thread(message),
        **_vouched(message, context),
        **_shape(message, verdict),
        **_said(verdict),
    )
    shared = place | {
        "message_id": redacted_id(message.message_id),
        "recipient": who.recipient,
        "from_organization": organization(message.author.domain),
        "verdict": verdict.verdict,
    }
    _links(verdict, shared, add)
    _attachments(message, verdict, shared, add)


class _Who:
    """How people outside may be shown: those with a private mailbox as tokens, unless the message is a fraud."""

    def __init__(self, message: Message, verdict: Verdict, context: Context) -> None:
        self.own = frozenset(ascii_domain(domain) for domain in context.mail.domains)
        self.keep = verdict.verdict == "fraud"
        self.recipient = self.address(Address("", _recipient(message)))

    def private(self, address: Address) -> bool:
        """Whether the address may be a private person's."""
        free = address.domain in FREEMAIL or kind_of(address.domain) == "freemail"
        return free and not within(address.domain, self.own)

    def address(self, address: Address | None) -> str:
        """``local@domain``, the local part as a token where it may be a private person's."""
        if address is None or not address.address:
            return ""
        if not self.private(address) or self.keep:
            return address.address
        return f"{token('name', address.local) or ''}@{address.domain}"

    def display(self, address: Address) -> str:
        """The display name, as a token where it may be a private person's."""
        if not address.display or not self.private(address) or self.keep:
            return address.display
        return token("name", address.display) or ""


def _people(message: Message, who: _Who) -> dict[str, Any]:
    author, answers = message.author, message.reply_to[0] if message.reply_to else None
    path = message.return_path
    named = [*message.to, *message.cc]
    return {
        "from_display": who.display(author),
        "from_address": who.address(author),
        "from_domain": ascii_domain(author.domain),
        "from_organization": organization(author.domain),
        "from_count": len(message.sender_from),
        "sender_address": who.address(message.sender),
        "reply_to_address": who.address(answers),
        "reply_to_domain": ascii_domain(answers.domain) if answers else None,
        "reply_to_organization": organization(answers.domain) if answers else None,
        "return_path_address": who.address(path),
        "return_path_domain": ascii_domain(path.domain) if path else None,
        "return_path_organization": organization(path.domain) if path else None,
        "to": [who.address(a) for a in message.to[:ADDRESSES] if a.address],
        "cc": [who.address(a) for a in message.cc[:ADDRESSES] if a.address],
        "recipient": who.recipient,
        "recipients": sum(1 for a in named if a.address),
        "undisclosed": not any(a.address for a in named),
    }


def _recipient(message: Message) -> str:
    """Whom the message was delivered to, as far as it tells."""
    if message.delivered_to:
        return message.delivered_to
    stated = next((hop.recipient for hop in message.received if hop.recipient), "")
    if stated:
        local, _, domain = stated.rpartition("@")
        return f"{local}@{domain.lower()}"
    return message.to[0].address if len(message.to) == 1 and not message.cc else ""


def redacted_id(message_id: str) -> str:
    """A Message-ID; some contain the author's address, which is no matter of patients."""
    return message_id[:500]


def _thread(message: Message) -> dict[str, Any]:
    precedence = message.header("precedence").lower()
    return {
        "message_id": redacted_id(message.message_id),
        "subject": redacted(message.subject),
        "in_reply_to": redacted_id(message.in_reply_to),
        "references": len(message.references),
        "answers": message.subject.lower().startswith(_ANSWERS),
        "list": message.has("list-id") or message.has("list-post"),
        "list_id": message.header("list-id")[:300],
        "bulk": precedence in _BULK or message.has("list-unsubscribe") or message.has("feedback-id"),
        "unsubscribe": message.has("list-unsubscribe"),
        "automatic": message.header("auto-submitted").lower() not in ("", "no")
        or (message.has("return-path") and message.return_path is None),
    }


def _vouched(message: Message, context: Context) -> dict[str, Any]:
    known = context.authentication
    return {
        "direction": known.direction,
        "spf": known.spf,
        "dkim": known.dkim,
        "dmarc": known.dmarc,
        "arc": known.arc,
        "spf_domain": known.spf_domain,
        "dkim_domains": list(known.dkim_domains),
        "aligned": known.aligned,
        "authentication_source": known.source,
        "receiver": known.receiver,
        "external_address": known.external_address,
        "external_name": known.external_name,
        "external_helo": known.external_helo,
        "external_tls": known.external_tls,
        "originating_address": message.header("x-originating-ip").strip("[] ")[:45],
        "hops": len(message.received),
        "open_hops": sum(1 for hop in message.received if is_open(hop)),
        "mailer": (message.header("x-mailer") or message.header("user-agent"))[:200],
    }


def shown_text(message: Message) -> str:
    """The visible text of a message: of its HTML where it has some, else its plain text."""
    from_html = visible(message.html[:_TEXT]) if message.html else ""
    return from_html or blanks(message.plain[:_TEXT])


def _shape(message: Message, verdict: Verdict) -> dict[str, Any]:
    text = blanks(verdict.visible[:_TEXT]) if verdict.visible else shown_text(message)
    words = fingerprint.words(text)
    return {
        "language": verdict.language or fingerprint.language(words),
        "bytes": message.size,
        "parts": len(message.leaves),
        "attachments": len(message.attachments),
        "links": len(verdict.links),
        "images": sum(1 for part in message.leaves if part.declared.startswith("image/")),
        "text_characters": len(text),
        "subject_fingerprint": fingerprint.similarity(fingerprint.words(message.subject)),
        "body_fingerprint": fingerprint.similarity(words),
        "body_sha256": fingerprint.digest(text),
        "excerpt": redacted(text),
        "anomalies": list(message.anomalies),
    }


def _said(verdict: Verdict) -> dict[str, Any]:
    signals = sorted(verdict.signals, key=lambda signal: (-abs(signal.weight), signal.name))[:_SIGNALS]
    return {
        "fraud_probability": verdict.probability,
        "verdict": verdict.verdict,
        "signals": [signal.name for signal in signals],
        "weights": [float(signal.weight) for signal in signals],
        "explanation": [redacted(signal.detail, 400) or signal.name for signal in signals],
    }


def _links(verdict: Verdict, shared: dict[str, Any], add: Add) -> None:
    for link in verdict.links[:LINKS]:
        url, scheme = _plain_url(link.url, values=verdict.verdict in ("fraud", "suspicious"))
        add(
            "mail_link",
            **shared,
            url=url,
            host=ascii_domain(link.host),
            organization=organization(link.host),
            scheme=scheme,
            text=redacted(link.text),
            text_host=ascii_domain(link.text_host),
            wrapper=link.wrapper,
            origin=link.origin,
            part=link.part,
            signals=[signal.name for signal in verdict.signals if signal.where and signal.where == link.url],
        )


def _plain_url(url: str, *, values: bool) -> tuple[str, str]:
    """A URL without user name, password and fragment, not longer than 1,000 characters; and its scheme.

    Without ``values`` only the names of what stands in its query are kept: appointments and results name patients there.
    """
    try:
        parts = urlsplit(url[:4_000])
        scheme = parts.scheme.lower()
        if scheme in ("http", "https", "ftp"):
            host = parts.netloc.rpartition("@")[2]
            query = parts.query
            if not values:
                query = "&".join(item.partition("=")[0] + "=" if "=" in item else "" for item in query.split("&")[:50])
            return urlunsplit((scheme, host, parts.path, query, ""))[:1_000], scheme
        return (f"{scheme}:" if scheme == "data" else url[:200]), scheme[:30]
    except ValueError:
        return url[:200], ""


def _attachments(message: Message, verdict: Verdict, shared: dict[str, Any], add: Add) -> None:
    files = [part for part in message.leaves if part.attached or part.message or part.declared.startswith("image/")]
    for part in files[:ATTACHMENTS]:
        add("mail_attachment", **shared, **_attachment(part, verdict))


def _attachment(part: Part, verdict: Verdict) -> dict[str, Any]:
    about = [signal.name for signal in verdict.signals if signal.where and signal.where == part.path]
    return {
        "part": part.path,
        "filename": redacted(part.filename),
        "extension": part.extension[:20],
        "declared": part.declared,
        "kind": part.kind,
        "bytes": part.size,
        "sha256": hashlib.sha256(part.data).hexdigest() if part.data and not part.truncated else None,
        "disposition": part.disposition,
        "embedded": bool(part.content_id) and not part.attached,
        "encrypted": part.listing.encrypted,
        "members": [redacted(name) for name in part.listing.members],
        "signals": about,
    }
