"""MySQL and MariaDB: recognised by the greeting of the server; what follows a switch to TLS goes to ssl.

Source: MySQL's documentation of the client/server protocol (protocol version 10).
"""

from __future__ import annotations

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows

SERVICE = "mysql"
UDP_FIRST = b""
TCP_HEADS = ({3: b"\0", 4: b"\x0a"},)

_CLIENT_SSL = 0x0800

#: The request for TLS has a fixed length, and is the second packet of the conversation.
_TLS_REQUEST = b"\x20\0\0\x01"

#: No greeting is longer than this.
_MAX_GREETING = 1024


def sniff(connection: Connection) -> bool:
    """Whether the server begins with a greeting: packet 0, protocol 10, and a version that begins with a digit."""
    if connection.proto != "tcp":
        return False
    head = connection.resp.head(6)
    size = int.from_bytes(head[:3], "little")
    return len(head) == 6 and 20 <= size <= _MAX_GREETING and head[3:5] == b"\0\x0a" and head[5:6].isdigit()


def parse(connection: Connection, rows: Rows) -> None:
    """Note the service; read the TLS handshake where the client asks for one."""
    connection.confirm(SERVICE)
    request = connection.orig.head(36)
    if request[:4] == _TLS_REQUEST and int.from_bytes(request[4:8], "little") & _CLIENT_SSL:
        greeting = 4 + int.from_bytes(connection.resp.head(3), "little")
        protocols.parse_inner(connection, "ssl", rows, 36, greeting)
