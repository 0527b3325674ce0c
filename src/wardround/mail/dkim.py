"""DKIM signatures (RFC 6376, 8301, 8463) checked with keys that the evidence holds. Nothing is ever asked of the network.

A signature with a body length (``l=``) proves nothing about what follows and is not accepted; nor is SHA-1 (RFC 8301).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from wardround.mail.decode import base64
from wardround.mail.message import Message
from wardround.mail.records import public_key, tags
from wardround.mail.suffixes import within

#: Signatures of one message that are checked, and headers one may sign.
_SIGNATURES = 8
_SIGNED = 200

_FIELD = re.compile(rb"^([!-9;-~]{1,100})([ \t]*:(?:[^\n]*(?:\n[ \t][^\n]*)*)\n?)", re.MULTILINE)
_BLANKS = re.compile(rb"[ \t]+")
_AT_END = re.compile(rb"[ \t]+(?=\n)")
_SIGNATURE = re.compile(rb"(\bb[ \t\r\n]*=)[^;]*")


def verified(message: Message, keys: Mapping[str, str]) -> tuple[str, ...]:
    """The domains of which a signature of the message is valid; ``keys`` by ``selector._domainkey.domain``."""
    if not message.raw or not message.has("dkim-signature"):
        return ()
    data = message.raw.replace(b"\r\n", b"\n")
    if data.startswith(b"From "):
        data = data[data.find(b"\n") + 1 :]
    head, separator, body = data.lstrip(b"\n").partition(b"\n\n")
    fields = [(match.group(1), match.group(2)) for match in _FIELD.finditer(head + b"\n" if separator else head)]
    signatures = [field for field in fields if field[0].lower() == b"dkim-signature"][:_SIGNATURES]
    found = []
    for name, value in signatures:
        domain = _valid(name, value, fields, body, keys)
        if domain and domain not in found:
            found.append(domain)
    return tuple(found)


def _valid(name: bytes, value: bytes, fields: list[tuple[bytes, bytes]], body: bytes, keys: Mapping[str, str]) -> str:
    """The domain of a signature that is valid, else nothing."""
    pairs = {key: re.sub(r"\s+", "", text) for key, text in tags(value.partition(b":")[2].decode("utf-8", "replace")).items()}
    domain, selector = pairs.get("d", "").lower(), pairs.get("s", "").lower()
    record = keys.get(f"{selector}._domainkey.{domain}")
    signed = [item.lower() for item in pairs.get("h", "").split(":")][:_SIGNED]
    if not record or pairs.get("v") != "1" or "l" in pairs or "from" not in signed:
        return ""
    identity = pairs.get("i", f"@{domain}").rpartition("@")[2].lower()
    if not within(identity, (domain,)):
        return ""
    of_header, _, of_body = pairs.get("c", "simple/simple").partition("/")
    wanted = base64(pairs.get("bh", "").encode("ascii", "replace"))
    if hashlib.sha256(_body(body, of_body == "relaxed")).digest() != wanted:
        return ""
    relaxed = of_header == "relaxed"
    text = b"".join(_field(*field, relaxed) for field in _chosen(signed, fields))
    text += _field(name, _SIGNATURE.sub(rb"\1", value, count=1), relaxed).removesuffix(b"\r\n")
    signature = base64(pairs.get("b", "").encode("ascii", "replace"))
    return domain if _checked(pairs.get("a", "").lower(), tags(record), signature, text) else ""


def _chosen(signed: list[str], fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The header fields that are signed: of several of one name the last first (RFC 6376, 5.4.2)."""
    left: dict[str, list[tuple[bytes, bytes]]] = {}
    for field in fields:
        left.setdefault(field[0].decode("ascii").lower(), []).append(field)
    return [left[name].pop() for name in signed if left.get(name)]


def _field(name: bytes, value: bytes, relaxed: bool) -> bytes:
    """A header field as it is signed (RFC 6376, 3.4.1 and 3.4.2)."""
    if not relaxed:
        return name + value.rstrip(b"\n").replace(b"\n", b"\r\n") + b"\r\n"
    content = _BLANKS.sub(b" ", value.partition(b":")[2].replace(b"\n", b"")).strip(b" ")
    return name.lower() + b":" + content + b"\r\n"


def _body(body: bytes, relaxed: bool) -> bytes:
    """The body as it is signed (RFC 6376, 3.4.3 and 3.4.4)."""
    if relaxed:
        body = _AT_END.sub(b"", _BLANKS.sub(b" ", body + b"\n"))
    body = body.rstrip(b"\n")
    if not body:
        return b"" if relaxed else b"\r\n"
    return body.replace(b"\n", b"\r\n") + b"\r\n"


def _checked(algorithm: str, record: dict[str, str], signature: bytes, text: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    key = public_key(record)
    try:
        if algorithm == "rsa-sha256" and isinstance(key, RSAPublicKey) and key.key_size >= 1024:
            key.verify(signature, text, PKCS1v15(), SHA256())
            return True
        if algorithm == "ed25519-sha256" and isinstance(key, Ed25519PublicKey):
            key.verify(signature, hashlib.sha256(text).digest())
            return True
    except (InvalidSignature, ValueError):
        return False
    return False
