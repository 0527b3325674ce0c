"""ESP in UDP where the negotiation before it was not captured: one index per direction, a sequence that goes on.

Sources: RFC 4303 (ESP), 3948 (UDP encapsulation, keep-alives of one byte).
"""

from __future__ import annotations

import itertools

from wardround.wire.connection import Connection, Rows

SERVICE = "esp"
TCP_FIRST = b""
UDP_FIRST = b""
ASKED_ON = (4500, 4501)

#: Port of IPsec through address translation, and the one that Palo Alto's GlobalProtect publishes for its own.
_PORT, _GLOBALPROTECT = 4500, 4501

_KEEP_ALIVE = b"\xff"
_LOOKED_AT, _NEEDED, _LARGEST_STEP, _SMALLEST = 24, 3, 64, 24


def sniff(connection: Connection) -> bool:
    """Packets of one index whose sequence goes on, on one of the two ports: the header alone is too weak a sign."""
    ports = (connection.orig_p, connection.resp_p)
    if connection.proto != "udp" or not (_PORT in ports or _GLOBALPROTECT in ports):
        return False
    seen: dict[bool, list[bytes]] = {True: [], False: []}
    for datagram in connection.datagrams[:_LOOKED_AT]:
        if datagram.data == _KEEP_ALIVE:
            continue
        if datagram.length < _SMALLEST or len(datagram.data) < 8:
            return False
        seen[datagram.from_orig].append(datagram.data[:8])
    for heads in seen.values():
        numbers = [int.from_bytes(head[4:], "big") for head in heads]
        steps = [abs(after - before) for before, after in itertools.pairwise(numbers)]
        if len({head[:4] for head in heads}) > 1 or not all(0 < step <= _LARGEST_STEP for step in steps):
            return False
    return max(map(len, seen.values())) >= _NEEDED and all(any(head[:4]) for heads in seen.values() for head in heads)


def parse(connection: Connection, rows: Rows) -> None:
    """A row for the tunnel, which is up."""
    connection.confirm(SERVICE)
    kind = "ipsec" if _PORT in (connection.orig_p, connection.resp_p) else "globalprotect"
    if kind == "globalprotect":
        connection.applications.add(kind)
    where = (connection, connection.ts, connection.record)
    rows.add("vpn_tunnel", *where, proto="udp", kind=kind, version="ESP", established=True)
