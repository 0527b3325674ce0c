"""A message from its MAPI properties (MS-OXPROPS, MS-OXCMSG), which Outlook's files and winmail.dat hold instead of MIME."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from wardround.mail import rtf
from wardround.mail.decode import text as decoded
from wardround.mail.message import Header, Message, Part
from wardround.mail.parse import Budget, fields, filled, from_parts

#: Property identifiers.
SUBJECT, HEADERS, BODY, RTF, HTML = 0x0037, 0x007D, 0x1000, 0x1009, 0x1013
SENDER_NAME, SENDER_ADDRESS, SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
AUTHOR_NAME, AUTHOR_ADDRESS, AUTHOR_SMTP = 0x0042, 0x0065, 0x5D02
MESSAGE_ID, REPLIED, REFERENCES = 0x1035, 0x1042, 0x1039
SUBMITTED, DELIVERED, CODEPAGE, MESSAGE_CODEPAGE = 0x0039, 0x0E06, 0x3FDE, 0x3FFD
DISPLAY_NAME, ADDRESS, SMTP_ADDRESS, RECIPIENT_TYPE = 0x3001, 0x3003, 0x39FE, 0x0C15
DATA, SHORT_NAME, LONG_NAME, MEDIA_TYPE, CONTENT_ID, LOCATION = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712, 0x3713

#: Property types of text and bytes.
STRING8, UNICODE, BINARY, OBJECT, TIME = 0x001E, 0x001F, 0x0102, 0x000D, 0x0040

#: Codepages by number where Python names them otherwise.
_PAGES = {65001: "utf-8", 28591: "iso-8859-1", 28605: "iso8859-15", 20127: "us-ascii", 50220: "iso-2022-jp", 51932: "euc_jp"}

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_RECIPIENTS = 1_000
_TEXT = 4 << 20

Value = bytes | int


@dataclass(slots=True)
class Bag:
    """The properties of a message, recipient or attachment by identifier: type and value (numbers as int, others bytes)."""

    values: dict[int, tuple[int, Value]] = field(default_factory=dict)
    codepage: int = 1252

    def text(self, *identifiers: int) -> str:
        """The first of the properties that holds text, decoded; empty when none does."""
        for identifier in identifiers:
            kind, value = self.values.get(identifier, (0, b""))
            if isinstance(value, int) or not value:
                continue
            if kind == UNICODE:
                return value[: 2 * _TEXT].decode("utf-16-le", "replace").rstrip("\x00")
            if kind in (STRING8, BINARY):
                return decoded(value[:_TEXT], page_name(self.codepage))[0].rstrip("\x00")
        return ""

    def data(self, identifier: int) -> bytes:
        """The bytes of a property, empty when there are none."""
        value = self.values.get(identifier, (0, b""))[1]
        return b"" if isinstance(value, int) else value

    def number(self, identifier: int) -> int | None:
        """The number of a property, None when there is none."""
        value = self.values.get(identifier, (0, b""))[1]
        return value if isinstance(value, int) else None


def page_name(number: int) -> str:
    """The character set of a Windows codepage."""
    return _PAGES.get(number, f"cp{number}")


def built(
    bag: Bag,
    recipients: Iterable[Bag],
    attachments: Iterable[tuple[Bag, Message | None]],
    size: int,
    path: str,
    budget: Budget,
    messages: int,
) -> Message:
    """The message of a bag of properties; ``attachments`` come with the message within where they are one."""
    bag.codepage = bag.number(CODEPAGE) or bag.number(MESSAGE_CODEPAGE) or bag.codepage
    transported = bag.text(HEADERS)
    headers = fields(transported.encode("utf-8", "replace").replace(b"\r\n", b"\n"))[0] if transported else ()
    present = {header.name for header in headers}
    headers += tuple(h for h in _told(bag, recipients) if h.name not in present and h.raw)
    # What the transport said of the structure is no longer so: Outlook took the message apart.
    headers = tuple(h for h in headers if h.name not in ("content-type", "content-transfer-encoding"))
    children = bodies(bag, path, budget)
    for attached, within in attachments:
        if budget.parts <= 0:
            break
        budget.parts -= 1
        attached.codepage = bag.codepage
        children.append(attachment(attached, within, f"{path}.{len(children) + 1}", budget, messages))
    root = Part(path=path, declared="multipart/mixed", kind="multipart", size=size, children=tuple(children))
    return from_parts(headers, root, size)


def _told(bag: Bag, recipients: Iterable[Bag]) -> list[Header]:
    """Headers for what the properties say."""
    listed: dict[int, list[str]] = {1: [], 2: []}
    for count, recipient in enumerate(recipients):
        if count >= _RECIPIENTS:
            break
        recipient.codepage = bag.codepage
        name = recipient.text(DISPLAY_NAME)
        kind = recipient.number(RECIPIENT_TYPE)
        listed.setdefault(1 if kind is None else kind, []).append(
            _mailbox(name, recipient.text(SMTP_ADDRESS) or _smtp(recipient.text(ADDRESS)))
        )
    author = _mailbox(
        bag.text(AUTHOR_NAME, SENDER_NAME),
        bag.text(AUTHOR_SMTP, SENDER_SMTP) or _smtp(bag.text(AUTHOR_ADDRESS)) or _smtp(bag.text(SENDER_ADDRESS)),
    )
    found = {
        "from": author,
        "to": ", ".join(listed[1]),
        "cc": ", ".join(listed[2]),
        "subject": _subject(bag.text(SUBJECT)),
        "date": _date(bag.number(SUBMITTED) or bag.number(DELIVERED)),
        "message-id": bag.text(MESSAGE_ID),
        "in-reply-to": bag.text(REPLIED),
        "references": bag.text(REFERENCES),
    }
    return [
        Header(name, value.replace("\n", " ").replace("\r", " ").encode("utf-8", "replace")) for name, value in found.items()
    ]


def _subject(text: str) -> str:
    """A subject without what data files put before it: a mark and the length of its prefix (MS-PST, 2.5.3.1.1.1)."""
    return text[2:] if text.startswith("\x01") else text


def _mailbox(name: str, address: str) -> str:
    if not address:
        return f'"{_quoted(name)}"' if name else ""
    return f'"{_quoted(name)}" <{address}>' if name and name != address else f"<{address}>"


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')[:500]


def _smtp(address: str) -> str:
    """An address of the Internet; those within Exchange (/O=…) name nobody outside."""
    return address if "@" in address and not address.upper().startswith("/O=") else ""


def _date(ticks: int | None) -> str:
    """A FILETIME as a Date header."""
    try:
        return format_datetime(_EPOCH + timedelta(microseconds=ticks // 10)) if ticks else ""
    except (OverflowError, ValueError):
        return ""


def bodies(bag: Bag, path: str, budget: Budget) -> list[Part]:
    """The text of a message in its forms: plain, HTML, or what compressed RTF encloses."""
    plain, html = bag.text(BODY), ""
    kind, value = bag.values.get(HTML, (0, b""))
    if kind == UNICODE:
        html = bag.text(HTML)
    elif isinstance(value, bytes) and value:
        html = decoded(value[:_TEXT], page_name(bag.codepage))[0]
    if not html and (compressed := bag.data(RTF)):
        shown, what = rtf.enclosed(rtf.decompress(compressed))
        if what == "html":
            html = shown
        else:
            plain = plain or shown.rstrip("\x00")
    found: list[Part] = []
    for declared, shown in (("text/plain", plain), ("text/html", html)):
        if shown.strip():
            data = shown.encode("utf-8", "replace")
            found.append(filled(Part(f"{path}.{len(found) + 1}", declared, charset="utf-8", data=data, size=len(data)), budget))
    return found


def attachment(bag: Bag, within: Message | None, path: str, budget: Budget, messages: int) -> Part:
    """An attachment as a part, as far as ``budget`` goes; ``messages`` may be nested in it."""
    name = bag.text(LONG_NAME) or bag.text(SHORT_NAME) or bag.text(DISPLAY_NAME)
    if within is not None:
        return Part(path, "message/rfc822", "eml", filename=name, disposition="attachment", size=within.size, message=within)
    data = bag.data(DATA)
    declared = bag.text(MEDIA_TYPE).lower() or "application/octet-stream"
    part = Part(
        path,
        declared[:200],
        filename=name[:1_000],
        disposition="" if bag.text(CONTENT_ID) else "attachment",
        content_id=bag.text(CONTENT_ID).strip("<>")[:500],
        location=bag.text(LOCATION)[:2_000],
        data=data[: max(0, budget.data)],
        size=len(data),
    )
    budget.data -= len(part.data)
    return filled(part, budget, messages)
