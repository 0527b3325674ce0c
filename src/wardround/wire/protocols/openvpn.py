"""OpenVPN: the reset of a session and its acknowledgement into table vpn_tunnel.

Source: OpenVPN's protocol description (opcode and key id in the first byte, session id of eight bytes, acknowledgements
followed by the peer's session id). Works with and without tls-auth, not with tls-crypt, which hides the acknowledgement.
"""

from __future__ import annotations

import itertools

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads, messages, prefixed

SERVICE = "openvpn"
UDP_FIRST = b"\x08\x38"
TCP_HEADS = ({2: UDP_FIRST},)

#: First bytes of P_CONTROL_HARD_RESET_CLIENT and _SERVER, versions 1 and 2, key 0.
_PAIRS = frozenset({(1 << 3, 2 << 3), (7 << 3, 8 << 3)})


#: P_DATA_V1 and P_DATA_V2: what only flows once the keys are agreed; messages looked at for them.
_DATA = (6, 9)
_LOOKED_AT = 512


def sniff(connection: Connection) -> bool:
    """A reset of the client, and one of the server that acknowledges the client's session id."""
    first, second = heads(connection, 256)
    if connection.proto == "tcp":
        first, second = first[2:], second[2:]
    if len(first) < 14 or len(second) < 22:
        return False
    return (first[0], second[0]) in _PAIRS and any(first[1:9]) and first[1:9] in second[9:]


def parse(connection: Connection, rows: Rows) -> None:
    """A row for the tunnel."""
    connection.confirm(SERVICE)
    extent = prefixed(2)
    first = itertools.islice(messages(connection, extent), _LOOKED_AT)
    established = any(message.data[:1] and message.data[0] >> 3 in _DATA for message in first)
    where = (connection, connection.ts, connection.record)
    rows.add("vpn_tunnel", *where, proto=connection.proto, kind=SERVICE, established=established)
