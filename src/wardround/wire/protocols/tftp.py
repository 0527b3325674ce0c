"""TFTP requests on port 69: the service. The transfer itself goes on between other ports, as a connection of its own.

Source: RFC 1350 (TFTP), 2347 (options).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads

SERVICE = "tftp"
TCP_FIRST = b""
UDP_FIRST = b""
ASKED_ON = (69,)

_REQUESTS = (b"\0\1", b"\0\2")
_MODES = (b"netascii", b"octet", b"mail")


def sniff(connection: Connection) -> bool:
    """A request to read or write a file, with its name and mode, to the port of the service."""
    if connection.proto != "udp" or connection.resp_p not in ASKED_ON:
        return False
    data = heads(connection)[0]
    parts = data[2:].split(b"\0", 2)
    return data[:2] in _REQUESTS and len(parts) == 3 and bool(parts[0]) and parts[1].lower() in _MODES


def parse(connection: Connection, rows: Rows) -> None:
    """The service alone."""
    connection.confirm(SERVICE)
