"""The negotiation of a DICOM association: A-ASSOCIATE-RQ and -AC (PS3.8 9.3.2 and 9.3.3, PS3.7 annex D.3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wardround.wire.connection import Connection, Rows, Stream
from wardround.wire.printable import printable

_CONTEXT_RQ, _CONTEXT_AC, _USER = 0x20, 0x21, 0x50
_ABSTRACT, _TRANSFER = 0x30, 0x40
_MAX_LENGTH, _IMPLEMENTATION, _VERSION, _IDENTITY = 0x51, 0x52, 0x55, 0x58

#: Bytes of the body before its items: version, reserved, two AE titles, reserved.
FIXED = 68

#: How users identify themselves (PS3.7 table D.3-14).
IDENTITIES = {1: "username", 2: "passcode", 3: "kerberos", 4: "saml", 5: "jwt"}

#: Items of one kind that are read: contexts have odd numbers below 256.
_ITEMS, _TRANSFERS = 512, 64

#: Ports that are assigned to DICOM (IANA: acr-nema, dicom-tls, dicom).
_PORTS = frozenset({104, 2762, 11112})

_UID_BYTES, _TEXT_BYTES = 64, 256


@dataclass(slots=True)
class Context:
    """A presentation context: of a request what is proposed, of an answer the result and the transfer syntax chosen."""

    number: int
    result: int
    abstract: str | None
    transfers: list[str]


@dataclass(slots=True)
class Negotiation:
    """What one side says of itself and of what it can do. The password of an identity is not here."""

    called: str
    calling: str
    contexts: list[Context] = field(default_factory=list)
    max_pdu: int | None = None
    implementation: str | None = None
    version: str | None = None
    identity: int = 0
    username: bytes = b""
    password: bytes | None = None


def uid(data: bytes) -> str | None:
    """A UID as text without its padding, None for an empty one."""
    return printable(data[: _UID_BYTES + 1].strip(b"\0 "), _UID_BYTES) or None


def title(data: bytes) -> str | None:
    """An AE title, or another short text, without its padding."""
    return printable(data.strip(b"\0 "), _TEXT_BYTES) or None


def negotiation(body: bytes) -> Negotiation:
    """Read the body of an A-ASSOCIATE-RQ or -AC; items that are cut or malformed are left out."""
    found = Negotiation(title(body[4:20]) or "", title(body[20:36]) or "")
    for kind, item in _items(body, FIXED, _ITEMS, cut=True):
        if kind in (_CONTEXT_RQ, _CONTEXT_AC) and len(item) >= 4:
            found.contexts.append(_context(item))
        elif kind == _USER:
            for number, value in _items(item, 0, _ITEMS):
                _user_item(found, number, value)
    return found


def _items(data: bytes, at: int, limit: int, *, cut: bool = False) -> Iterator[tuple[int, bytes]]:
    """Items of a kind, a reserved byte, a length of two bytes, and so many bytes.

    The last one is left out where its end is missing (the beginning of a UID is often another UID), unless ``cut`` is
    set because it holds items of its own.
    """
    for _ in range(limit):
        if at + 4 > len(data):
            return
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data) and not cut:
            return
        yield data[at], data[at + 4 : end]
        at = end


def _context(item: bytes) -> Context:
    context = Context(item[0], item[2], None, [])
    for kind, value in _items(item, 4, _TRANSFERS):
        name = uid(value)
        if kind == _ABSTRACT:
            context.abstract = name
        elif kind == _TRANSFER and name:
            context.transfers.append(name)
    return context


def _user_item(found: Negotiation, kind: int, value: bytes) -> None:
    if kind == _MAX_LENGTH and len(value) == 4:
        found.max_pdu = int.from_bytes(value, "big")
    elif kind == _IMPLEMENTATION:
        found.implementation = uid(value)
    elif kind == _VERSION:
        found.version = title(value)
    elif kind == _IDENTITY and len(value) >= 4:
        size = int.from_bytes(value[2:4], "big")
        second = value[4 + size :]
        found.identity = value[0]
        if value[0] in (1, 2):
            found.username = value[4 : 4 + size]
        if value[0] == 2 and len(second) >= 2:
            found.password = second[2 : 2 + int.from_bytes(second[:2], "big")]


def inside_tls(connection: Connection, rows: Rows, ts: int, record: int) -> None:
    """A row for an established TLS connection without an application protocol of its own on a port of DICOM.

    That it is DICOM is told by the port alone, for nothing else of it can be read; what runs on such a port and names
    another protocol (ALPN: HTTP) is not meant.
    """
    if connection.resp_p not in _PORTS:
        return
    orig, resp = connection.orig, connection.resp
    rows.add(
        "dicom_association", connection, ts, record,
        tls=True, orig_bytes=orig.length, resp_bytes=resp.length,
        duration=max(0, max(last_ts(orig), last_ts(resp)) - ts) / 1e9,
    )  # fmt: skip


def last_ts(stream: Stream) -> int:
    """When the last byte of a stream came (ns UTC), 0 for an empty one."""
    chunk = stream.chunk_at(stream.length - 1)
    return chunk.ts if chunk else 0
