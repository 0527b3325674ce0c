"""STUN and TURN by content: the magic cookie, a length that fits and a message type.

Source: RFC 8489 (STUN), 8656 (TURN).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads

SERVICE = "stun"

_COOKIE = b"\x21\x12\xa4\x42"
_HEADER = 20

#: Datagrams looked at: a call may begin with media and ask for its way later.
_LOOKED_AT = 16


def _is_message(data: bytes) -> bool:
    size = int.from_bytes(data[2:4], "big")
    return len(data) >= _HEADER and data[0] < 0x40 and data[4:8] == _COOKIE and size % 4 == 0 and size + _HEADER <= len(data)


def sniff(connection: Connection) -> bool:
    """Whether one of the first messages is STUN; over TCP also behind a length of two bytes (RFC 4571)."""
    if connection.proto == "udp":
        return any(_is_message(datagram.data) for datagram in connection.datagrams[:_LOOKED_AT])
    return any(_is_message(data) or _is_message(data[2:]) for data in heads(connection))


def parse(connection: Connection, rows: Rows) -> None:
    """Confirm the service; what is carried beside it is media."""
    connection.confirm(SERVICE)
