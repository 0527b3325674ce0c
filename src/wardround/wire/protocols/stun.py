"""STUN and TURN by content, and the conferencing products that their attributes belong to.

With the magic cookie a length that fits and a message type are enough; without it (RFC 3489) the attributes must fill the
message and the answer must name the transaction. Microsoft's clients state their version in attributes of their own,
Zoom's probe its relays with a run of digits.

Sources: RFC 8489 (STUN), 8656 (TURN), 3489 (before the cookie), 4571 (framing over TCP), [MS-TURN] and [MS-ICE2].
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads, messages, prefixed

SERVICE = "stun"
UDP_FIRST = bytes(range(0x40))
UDP_HEADS = ({4: b"\x21", 5: b"\x12", 6: b"\xa4", 7: b"\x42"}, {0: b"\0\1", 1: b"\1\x11"})
TCP_HEADS = ({4: b"\x21", 5: b"\x12", 6: b"\xa4", 7: b"\x42"}, {6: b"\x21", 7: b"\x12", 8: b"\xa4", 9: b"\x42"})

_COOKIE = b"\x21\x12\xa4\x42"
_HEADER = 20

#: Datagrams looked at: a call may begin with media and ask for its way later.
_LOOKED_AT = 16

#: Attributes of one message, and messages of one connection, that are read.
_MAX_ATTRIBUTES, _MAX_MESSAGES = 64, 64

_BINDING = b"\0\1"
_OLD_TYPES = frozenset({_BINDING, b"\1\1", b"\1\x11"})

#: Attributes of RFC 3489 and its first extensions.
_OLD_ATTRIBUTES = frozenset((*range(0x0001, 0x000C), 0x0020, 0x8020, 0x8022, 0x8028))

#: MS-VERSION, CANDIDATE-IDENTIFIER, MS-IMPLEMENTATION-VERSION: Skype for Business and Teams.
_MICROSOFT = frozenset({0x8008, 0x8054, 0x8070})

#: Ports of Microsoft's relays that Teams uses, and of Google Meet's media servers, both as their makers publish them.
_TEAMS_PORTS, _MEET_PORTS = range(3478, 3482), range(19305, 19310)

#: Zoom's attribute, whose value is a run of digits that ends in a zero byte.
_ZOOM, _ZOOM_SIZE = 0x0101, 20


def _is_message(data: bytes) -> bool:
    size = int.from_bytes(data[2:4], "big")
    return len(data) >= _HEADER and data[0] < 0x40 and data[4:8] == _COOKIE and size % 4 == 0 and size + _HEADER <= len(data)


def _attributes(data: bytes) -> list[tuple[int, bytes]] | None:
    """Type and value of the attributes of a message, None when they do not fill it."""
    found: list[tuple[int, bytes]] = []
    at, end = _HEADER, _HEADER + int.from_bytes(data[2:4], "big")
    if end > len(data):
        return None
    while at < end and len(found) < _MAX_ATTRIBUTES:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 4 + size > end:
            return None
        found.append((int.from_bytes(data[at : at + 2], "big"), data[at + 4 : at + 4 + size]))
        at += 4 + (size + 3 & ~3)
    return found


def _is_zoom(kind: int, value: bytes) -> bool:
    return kind == _ZOOM and len(value) == _ZOOM_SIZE and value.rstrip(b"\0").isdigit()


def _is_old(data: bytes) -> bool:
    """Whether bytes are a message without a cookie: a binding request or its answer whose attributes are known."""
    if data[:2] not in _OLD_TYPES or len(data) < _HEADER:
        return False
    attributes = _attributes(data)
    if not attributes or len(data) > _HEADER + int.from_bytes(data[2:4], "big") + 1:
        return False
    return all(kind in _OLD_ATTRIBUTES or _is_zoom(kind, value) for kind, value in attributes)


def _among(first: list[bytes]) -> bool:
    """Whether one of the first datagrams is STUN; without a cookie a request and the answer to it, or a product's own."""
    asked: set[bytes] = set()
    for data in first:
        if _is_message(data):
            return True
        if not _is_old(data):
            continue
        if any(_is_zoom(kind, value) for kind, value in _attributes(data) or ()):
            return True
        if data[:2] == _BINDING:
            asked.add(data[4:_HEADER])
        elif data[4:_HEADER] in asked:
            return True
    return False


def sniff(connection: Connection) -> bool:
    """Whether one of the first messages is STUN; over TCP also behind a length of two bytes (RFC 4571)."""
    if connection.proto == "udp":
        return _among([datagram.data for datagram in connection.datagrams[:_LOOKED_AT]])
    return any(_is_message(data) or _is_message(data[2:]) for data in heads(connection))


def _application(connection: Connection, data: bytes) -> str | None:
    """The product that the attributes of a message belong to."""
    for kind, value in _attributes(data) or ():
        if kind in _MICROSOFT:
            ports = (connection.orig_p, connection.resp_p)
            return "teams" if any(port in _TEAMS_PORTS for port in ports) else "skype"
        if _is_zoom(kind, value):
            return "zoom"
    return "google_meet" if connection.proto == "udp" and connection.resp_p in _MEET_PORTS else None


def parse(connection: Connection, rows: Rows) -> None:
    """Confirm the service and tell the product; what is carried beside it is media."""
    connection.confirm(SERVICE)
    framed = connection.proto == "tcp" and any(_is_message(data[2:]) for data in heads(connection))
    if connection.proto == "tcp" and not framed:
        found = list(heads(connection))
    elif framed:
        found = [message.data for message in messages(connection, prefixed(2))][:_MAX_MESSAGES]
    else:
        found = [datagram.data for datagram in connection.datagrams[:_MAX_MESSAGES]]
    for data in found:
        application = _application(connection, data) if _is_message(data) or _is_old(data) else None
        if application is not None:
            connection.applications.add(application)
            return
