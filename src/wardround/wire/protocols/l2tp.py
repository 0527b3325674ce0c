"""L2TP control connections on any port into table vpn_tunnel.

Sources: RFC 2661 (L2TPv2: header, attribute value pairs, message types), 3931 (version 3 over UDP).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.octets import Octets
from wardround.wire.printable import printable

SERVICE = "l2tp"
TCP_FIRST = b""
UDP_FIRST = b"\xc8"

_PROBLEM = "l2tp_malformed"
_LOOKED_AT, _READ, _MAX_PAIRS = 8, 64, 64

#: Type, length and sequence are told, and none of the reserved bits: what control messages begin with.
_CONTROL = {0xC802: "2", 0xC803: "3"}

_MESSAGE_TYPE, _HOST_NAME, _ANSWER, _CHALLENGE = 0, 7, 13, 11
_REPLY, _CONNECTED, _KNOWN_TYPES = 2, 3, frozenset(range(0, 29))


def _pairs(data: bytes) -> dict[int, bytes] | None:
    """The attributes of a control message, None when it is not one; an acknowledgement has none. Raises Malformed."""
    if len(data) < 12 or int.from_bytes(data[:2], "big") not in _CONTROL:
        return None
    if int.from_bytes(data[2:4], "big") != len(data):
        return None
    octets = Octets(data[12:], _PROBLEM)
    found: dict[int, bytes] = {}
    while octets.left and len(found) < _MAX_PAIRS:
        size = octets.number(2) & 0x03FF
        vendor, kind = octets.number(2), octets.number(2)
        if size < 6:
            raise Malformed(_PROBLEM, f"attribute of {size} bytes")
        value = octets.take(size - 6)
        if not vendor:
            found.setdefault(kind, value)
    return found


def _type(pairs: dict[int, bytes]) -> int:
    return int.from_bytes(pairs[_MESSAGE_TYPE][:2], "big") if _MESSAGE_TYPE in pairs else -1


def sniff(connection: Connection) -> bool:
    """A control message that its attributes fill and that states what it is."""
    if connection.proto != "udp":
        return False
    for datagram in connection.datagrams[:_LOOKED_AT]:
        try:
            pairs = _pairs(datagram.data)
        except Malformed:
            continue
        if pairs and _type(pairs) in _KNOWN_TYPES:
            return True
    return False


def parse(connection: Connection, rows: Rows) -> None:
    """A row for the tunnel: the name of the gateway, whether the ends prove who they are, whether it came up."""
    connection.confirm(SERVICE)
    name: str | None = None
    version: str | None = None
    challenged = established = False
    for datagram in connection.datagrams[:_READ]:
        try:
            pairs = _pairs(datagram.data)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=datagram.ts, record=datagram.record)
            continue
        if pairs is None:
            continue
        version = _CONTROL[int.from_bytes(datagram.data[:2], "big")]
        kind = _type(pairs)
        if kind == _REPLY and _HOST_NAME in pairs:
            name = printable(pairs[_HOST_NAME][:256])
        challenged = challenged or _CHALLENGE in pairs or _ANSWER in pairs
        established = established or kind == _CONNECTED
    rows.add(
        "vpn_tunnel", connection, connection.ts, connection.record, proto="udp", kind=SERVICE, version=version,
        server_name=name, authentication="challenge" if challenged else None, established=established,
    )  # fmt: skip
