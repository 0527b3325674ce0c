"""WireGuard: handshakes into table vpn_tunnel.

Source: J. Donenfeld, WireGuard: Next Generation Kernel Network Tunnel, section 5.4 (message types and their fixed sizes).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads

SERVICE = "wireguard"

_INITIATION, _INITIATION_SIZE = b"\1\0\0\0", 148
_RESPONSE, _RESPONSE_SIZE = b"\2\0\0\0", 92


def sniff(connection: Connection) -> bool:
    """An initiation of the one size it can have; where the peer speaks, a response that names the initiator's index."""
    if connection.proto != "udp":
        return False
    first, second = heads(connection)
    if first[:4] != _INITIATION or len(first) != _INITIATION_SIZE:
        return False
    return not second or (second[:4] == _RESPONSE and len(second) == _RESPONSE_SIZE and second[8:12] == first[4:8])


def parse(connection: Connection, rows: Rows) -> None:
    """A row for the tunnel; it is up when the peer answered."""
    connection.confirm(SERVICE)
    established = bool(heads(connection)[1])
    rows.add("vpn_tunnel", connection, connection.ts, connection.record, proto="udp", kind=SERVICE, established=established)
