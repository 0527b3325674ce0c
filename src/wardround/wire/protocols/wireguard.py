"""WireGuard: handshakes into table vpn_tunnel.

Source: J. Donenfeld, WireGuard: Next Generation Kernel Network Tunnel, section 5.4 (message types and their fixed sizes).
"""

from __future__ import annotations

import itertools

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads

SERVICE = "wireguard"
TCP_FIRST = b""
UDP_FIRST = b"\x01\x04"

_INITIATION, _INITIATION_SIZE = b"\1\0\0\0", 148
_RESPONSE, _RESPONSE_SIZE = b"\2\0\0\0", 92
_TRANSPORT, _SMALLEST_TRANSPORT = b"\4\0\0\0", 32

#: Datagrams looked at, how many of one direction must hold together, and the largest step of their counters.
_LOOKED_AT, _NEEDED, _LARGEST_STEP = 16, 3, 64


def sniff(connection: Connection) -> bool:
    """An initiation of the one size it can have; where the peer speaks, a response that names the initiator's index.

    A capture that begins within the tunnel has transport messages: padded to 16 bytes unless they fill the tunnel's MTU, one
    receiver, counters that go on.
    """
    if connection.proto != "udp":
        return False
    first, second = heads(connection)
    if first[:4] != _INITIATION or len(first) != _INITIATION_SIZE:
        return _under_way(connection)
    return not second or (second[:4] == _RESPONSE and len(second) == _RESPONSE_SIZE and second[8:12] == first[4:8])


def _under_way(connection: Connection) -> bool:
    seen: dict[bool, list[bytes]] = {True: [], False: []}
    looked_at = connection.datagrams[:_LOOKED_AT]
    largest = max((datagram.length for datagram in looked_at), default=0)
    for datagram in looked_at:
        data, size = datagram.data, datagram.length
        if data[:4] != _TRANSPORT or size < _SMALLEST_TRANSPORT or (size % 16 and size < largest) or len(data) < 16:
            return False
        seen[datagram.from_orig].append(data[4:16])
    for messages in seen.values():
        counters = [int.from_bytes(message[4:], "little") for message in messages]
        steps = [after - before for before, after in itertools.pairwise(counters)]
        if len({message[:4] for message in messages}) > 1 or not all(0 < abs(step) <= _LARGEST_STEP for step in steps):
            return False
    return max(map(len, seen.values())) >= _NEEDED


def parse(connection: Connection, rows: Rows) -> None:
    """A row for the tunnel; it is up when the peer answered."""
    connection.confirm(SERVICE)
    established = bool(heads(connection)[1])
    rows.add("vpn_tunnel", connection, connection.ts, connection.record, proto="udp", kind=SERVICE, established=established)
