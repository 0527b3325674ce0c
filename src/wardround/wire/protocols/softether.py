"""SoftEther VPN asking a relay on the Internet how it is reached: a VPN that needs no opened port.

Source: SoftEther VPN's description of its NAT traversal: a client knocks with one letter, the relay answers with the
address and port it saw, as text; what else they say is a list of named values.
"""

from __future__ import annotations

import re

from wardround.wire.connection import Connection, Rows

SERVICE = "softether"
TCP_FIRST = b""
UDP_FIRST = b"AB"

_SEEN = re.compile(rb"IP=[0-9a-fA-F.:]{2,45},PORT=[0-9]{1,5}")
_KNOCK = (b"A", b"B")
_LOOKED_AT = 16


def sniff(connection: Connection) -> bool:
    """A knock, and an answer that is an address and a port."""
    if connection.proto != "udp":
        return False
    first = connection.datagrams[:_LOOKED_AT]
    return any(d.data in _KNOCK for d in first) and any(_SEEN.fullmatch(d.data) for d in first)


def parse(connection: Connection, rows: Rows) -> None:
    """A row of vpn_tunnel: the host is prepared for one."""
    connection.confirm(SERVICE)
    connection.applications.add(SERVICE)
    where = (connection, connection.ts, connection.record)
    rows.add("vpn_tunnel", *where, proto="udp", kind=SERVICE, established=False)
