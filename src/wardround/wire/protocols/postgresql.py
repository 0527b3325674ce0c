"""PostgreSQL: recognised by how a session starts; TLS inside it is read.

Source: PostgreSQL's documentation, "Message Formats" (StartupMessage, SSLRequest, GSSENCRequest, CancelRequest).
"""

from __future__ import annotations

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows

SERVICE = "postgresql"
TCP_FIRST = b"\0"
UDP_FIRST = b""

_ENCRYPTION = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
_REQUESTS = (_ENCRYPTION, b"\x00\x00\x00\x08\x04\xd2\x16\x30", b"\x00\x00\x00\x10\x04\xd2\x16\x2e")
_VERSION = b"\x00\x03\x00"

#: PostgreSQL itself refuses longer ones.
_LONGEST_START = 10_000


def _is_start(data: bytes) -> bool:
    size = int.from_bytes(data[:4], "big")
    return data[4:7] == _VERSION and 9 <= size <= _LONGEST_START and b"user\0" in data[8:size]


def sniff(connection: Connection) -> bool:
    """A request for encryption, to cancel, or to start a session of protocol 3."""
    if connection.proto != "tcp":
        return False
    head = connection.orig.head(512)
    return head.startswith(_REQUESTS) or _is_start(head)


def parse(connection: Connection, rows: Rows) -> None:
    """Confirm the service; read TLS when the server agreed to it. Queries are not read."""
    connection.confirm(SERVICE)
    if connection.orig.read(0, 8) == _ENCRYPTION and connection.resp.read(0, 1) == b"S":
        protocols.parse_inner(connection, "ssl", rows, 8, 1)
