"""Messages put together for measuring: a sender, a receiver with its servers' headers, parts. Everything from a seed."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

#: The hospitals that receive; nothing about them may be a feature, so there are several.
RECEIVERS = (
    ("mx1.chu-valmont.example", "chu-valmont.example"),
    ("smtp-in.clinique-desrives.example", "clinique-desrives.example"),
    ("mail.northvale-hospital.example", "northvale-hospital.example"),
    ("mailgate.gh-littoral.example", "gh-littoral.example"),
)
PEOPLE = (
    "Claire Fontaine", "Marc Delorme", "Sophie Lacombe", "Julien Perrot", "Anne Rousseau", "Karim Benali", "Elise Garnier", "Thomas Vidal",
    "Helen Ashworth", "James Whitlock", "Priya Nair", "Oliver Grant", "Lucia Moretti", "Jan de Vries", "Petra Lang", "Ana Ribeiro",
)  # fmt: skip


@dataclass
class Draft:
    """What a message says and how it travels; ``links`` are (text, URL). Empty values are filled in when it is sent."""

    display: str
    address: str
    subject: str
    paragraphs: list[str]
    links: list[tuple[str, str]] = field(default_factory=list)
    html: bool = False
    plain_too: bool = True
    images: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    inline: list[tuple[str, bytes]] = field(default_factory=list)
    calendar: str = ""
    reply_to: str = ""
    return_path: str = ""
    server: str = ""
    authenticated: str = "pass"
    year: int = 2025
    quoted: list[str] = field(default_factory=list)
    answers: bool = False
    extra_html: str = ""
    message_id: str = ""


def _page(draft: Draft, dice: random.Random) -> str:
    colour = dice.choice(("#1a5276", "#0b7a75", "#444444", "#7b241c"))
    rows = "".join(f"<p style='font-family:Arial,sans-serif;font-size:14px;color:#222'>{text}</p>" for text in draft.paragraphs)
    pictures = "".join(f"<img src='{source}' alt='' width='{dice.choice((120, 200, 600))}'>" for source in draft.images)
    pictures += "".join(f"<p><img src='cid:{name}' alt=''></p>" for name, _ in draft.inline)
    links = "".join(f"<p><a href='{url}' style='color:{colour}'>{text}</a></p>" for text, url in draft.links)
    quoted = f"<blockquote>{'<br>'.join(draft.quoted)}</blockquote>" if draft.quoted else ""
    return f"<html><head><meta charset='utf-8'></head><body>{pictures}{rows}{links}{draft.extra_html}{quoted}</body></html>"


def sent(draft: Draft, dice: random.Random, day: int) -> bytes:
    """The bytes of the message as one of the receivers stored it."""
    server, domain = dice.choice(RECEIVERS)
    person = dice.choice(PEOPLE)
    recipient = f"{person.lower().replace(' ', '.')}@{domain}"
    when = datetime(draft.year, 1, 5, 8, tzinfo=UTC) + timedelta(days=day % 350, minutes=dice.randrange(0, 600))
    own = draft.address.rpartition("@")[2]
    outgoing = draft.server or f"mail.{own}"
    message = EmailMessage(policy=policy.SMTP)
    random.seed(dice.getrandbits(32))  # the boundaries that the email package makes
    _travel(message, draft, dice, (server, recipient, outgoing, when))
    message["From"] = formataddr((draft.display, draft.address)) if draft.display else draft.address
    message["To"] = formataddr((person, recipient)) if dice.random() < 0.6 else recipient
    message["Subject"] = draft.subject
    message["Date"] = format_datetime(when - timedelta(seconds=dice.randrange(1, 40)))
    message["Message-ID"] = draft.message_id or f"<{dice.getrandbits(64):016x}@{own}>"
    if draft.reply_to:
        message["Reply-To"] = draft.reply_to
    if draft.answers:
        message["In-Reply-To"] = f"<{dice.getrandbits(64):016x}@{domain}>"
        message["References"] = message["In-Reply-To"]
    for name, value in draft.headers.items():
        message[name] = value
    _content(message, draft, dice)
    return bytes(message)


def _travel(message: EmailMessage, draft: Draft, dice: random.Random, way: tuple[str, str, str, datetime]) -> None:
    server, recipient, outgoing, when = way
    back = draft.return_path or draft.address
    address = f"203.0.113.{dice.randrange(2, 250)}"
    message["Return-Path"] = f"<{back}>"
    stamp = format_datetime(when)
    message["Received"] = (
        f"from {outgoing} ({outgoing} [{address}]) by {server} (Postfix) with ESMTPS id {dice.getrandbits(40):X} for <{recipient}>; {stamp}"
    )
    if draft.authenticated and draft.year >= 2015:
        own, spf = draft.address.rpartition("@")[2], back.rpartition("@")[2]
        result = draft.authenticated
        message["Authentication-Results"] = (
            f"{server}; spf={result} smtp.mailfrom={spf}; dkim={result} header.d={own}; dmarc={result} header.from={own}"
        )


def _content(message: EmailMessage, draft: Draft, dice: random.Random) -> None:
    text = "\n\n".join(draft.paragraphs + [f"{label}: {url}" if label != url else url for label, url in draft.links])
    if draft.quoted:
        text += "\n\n> " + "\n> ".join(draft.quoted)
    if not draft.html:
        message.set_content(text)
    elif draft.plain_too:
        message.set_content(text)
        message.add_alternative(_page(draft, dice), subtype="html")
    else:
        message.set_content(_page(draft, dice), subtype="html")
    for name, data in draft.inline:
        target = message.get_payload()[-1] if message.is_multipart() else message  # type: ignore[index]
        target.add_related(data, maintype="image", subtype="png", cid=f"<{name}>")  # type: ignore[union-attr]
    if draft.calendar:
        message.add_attachment(draft.calendar.encode(), maintype="text", subtype="calendar", filename="invite.ics")
    for name, kind, data in draft.files:
        main, _, sub = kind.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)


def quoted(language: str, author: tuple[str, str], reader: tuple[str, str], subject: str) -> list[str]:
    """The header and the beginning of a message as programs quote it above an answer."""
    words = ("De", "Envoyé", "À", "Objet") if language == "fr" else ("From", "Sent", "To", "Subject")
    values = (f"{author[0]} <{author[1]}>", "lundi 3 mars 2025 09:12", f"{reader[0]} <{reader[1]}>", subject)
    text = "Bonjour, où en est-on ? Merci d'avance." if language == "fr" else "Hello, where do we stand? Thanks in advance."
    return [
        *(f"{word} : {value}" if language == "fr" else f"{word}: {value}" for word, value in zip(words, values, strict=True)),
        text,
    ]


def pdf(url: str = "", text: str = "Document") -> bytes:
    """A small PDF with a line of text, and a link when a URL is given."""
    link = f"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 200 50] /A << /S /URI /URI ({url}) >> >>]" if url else ""
    stream = zlib.compress(f"BT /F1 12 Tf 40 700 Td ({text}) Tj ET".encode("latin-1", "replace"))
    head = f"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {link} >> endobj\n4 0 obj << /Length {len(stream)} /Filter /FlateDecode >> stream\n"
    return head.encode("latin-1") + stream + b"\nendstream endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def calendar(title: str, organizer: str, where: str) -> str:
    """An invitation (RFC 5545)."""
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:meeting-1\r\nDTSTART:20250310T090000Z\r\n"
        f"SUMMARY:{title}\r\nORGANIZER:mailto:{organizer}\r\nLOCATION:{where}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
