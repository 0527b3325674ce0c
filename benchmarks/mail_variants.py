"""Frauds changed as frauds change: authentication that passes, wrapped links, Base64, split words, other letters, a picture."""

from __future__ import annotations

import base64
import email
import random
import re
from collections.abc import Callable
from email.message import Message
from urllib.parse import quote

_LATIN = "aeopcxyi"
_CYRILLIC = "аеорсхуі"
_LINK = re.compile(r"https?://[^\s\"'<>]{5,500}")
_WORD = re.compile(r"(?<![<&/\w])[A-Za-z]{6,}(?![^<]*>)")


def authenticated(data: bytes) -> bytes:
    """Every result of authentication passes, as for a mailbox that was broken into."""
    data = re.sub(
        rb"(?i)\b(spf|dkim|dmarc|compauth)=(?:fail|softfail|none|neutral|temperror|permerror|bestguesspass)", rb"\1=pass", data
    )
    return re.sub(rb"(?im)^Received-SPF: \w+", b"Received-SPF: Pass", data)


def _texts(data: bytes, change: Callable[[str, bool], str], *, encode: bool = False) -> bytes:
    """The message with the text of its parts changed (the second argument: whether it is HTML), always written anew."""
    message = email.message_from_bytes(data)
    for part in message.walk():
        if part.get_content_maintype() != "text" or part.get_filename():
            continue
        raw = part.get_payload(decode=True)
        charset = str(part.get_content_charset() or "utf-8")
        try:
            text = bytes(raw if isinstance(raw, bytes) else b"").decode(charset, "replace")
        except LookupError:
            text = bytes(raw if isinstance(raw, bytes) else b"").decode("latin-1")
        _write(part, change(text, part.get_content_subtype() == "html"), encode=encode)
    return message.as_bytes()


def _write(part: Message, text: str, *, encode: bool) -> None:
    kind = part.get_content_type()
    for name in ("Content-Type", "Content-Transfer-Encoding"):
        del part[name]
    part["Content-Type"] = f'{kind}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "base64" if encode or not text.isascii() else "8bit"
    part.set_payload(base64.encodebytes(text.encode("utf-8", "replace")).decode() if encode or not text.isascii() else text)


def wrapped(data: bytes) -> bytes:
    """Every link as Microsoft's gateway rewrites it."""

    def change(text: str, _: bool) -> str:
        return _LINK.sub(
            lambda m: f"https://eur02.safelinks.protection.outlook.com/?url={quote(m.group(), safe='')}&amp;data=05", text
        )

    return _texts(data, change)


def encoded(data: bytes) -> bytes:
    """Every text in Base64."""
    return _texts(data, lambda text, _: text, encode=True)


def split(data: bytes) -> bytes:
    """An invisible character within every long word."""
    return _texts(data, lambda text, _: _WORD.sub(lambda m: m.group()[:3] + "\u200b" + m.group()[3:], text))


def cyrillic(data: bytes) -> bytes:
    """A Cyrillic letter in every long word."""
    table = str.maketrans(_LATIN, _CYRILLIC)
    return _texts(data, lambda text, _: _WORD.sub(lambda m: m.group()[:2].translate(table) + m.group()[2:], text))


def picture(data: bytes) -> bytes:
    """The text as a picture that leads to the first link."""

    def change(text: str, html: bool) -> str:
        links = [link for link in _LINK.findall(text) if "w3.org" not in link]
        if not html:
            return ""
        place = links[0] if links else "https://example.org/"
        return f'<html><body><a href="{place}"><img src="https://img.example.net/{random.Random(len(text)).getrandbits(30)}.png"></a></body></html>'

    return _texts(data, change)


VARIANTS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("SPF, DKIM and DMARC pass", authenticated),
    ("links rewritten by a gateway", wrapped),
    ("texts in Base64", encoded),
    ("words split by invisible characters", split),
    ("Cyrillic letters in words", cyrillic),
    ("a picture instead of text", picture),
)
