"""OpenVPN: the reset of a session and its acknowledgement, or a tunnel that began before the capture, into table vpn_tunnel.

Source: OpenVPN's protocol description (opcode and key id in the first byte, session id of eight bytes, acknowledgements
followed by the peer's session id; with tls-crypt a packet id, a time and a code of 32 bytes before what is encrypted).
With tls-crypt, which hides the acknowledgement, a session is known by these packet ids and by both ends telling the same time.
"""

from __future__ import annotations

import itertools

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads, messages, prefixed

SERVICE = "openvpn"
UDP_FIRST = bytes((0x08, 0x38, 0x50, *range(0x48, 0x50)))
TCP_HEADS = ({2: b"\x08\x38\x50"},)

#: First bytes of P_CONTROL_HARD_RESET_CLIENT and _SERVER, versions 1 and 2, key 0.
_PAIRS = frozenset({(1 << 3, 2 << 3), (7 << 3, 8 << 3)})


#: P_DATA_V1 and P_DATA_V2: what only flows once the keys are agreed; messages looked at for them.
_DATA = (6, 9)

#: P_CONTROL_SOFT_RESET_V1, P_CONTROL_V1 and P_ACK_V1: new keys are agreed beside the data.
_CONTROL = (3, 4, 5)
_LOOKED_AT = 512

#: First bytes with tls-crypt: the client's reset, also that of version 2 of tls-crypt, and the server's.
_CRYPT_CLIENT, _CRYPT_SERVER = (0x38, 0x50), 0x40

#: Sizes of these resets at least: opcode, session id, packet id, time and code, then an acknowledgement and a packet id.
_CRYPT_FIRST, _CRYPT_SECOND = 54, 66

#: Packet ids of the first message: the usual one, and that of a client which asks for an early negotiation (2.6).
_FIRST_IDS = (1, 0x0F000001)

#: Seconds that the clocks of both ends may be apart.
_CLOCKS = 86_400

#: Of a tunnel under way: datagrams looked at, how many of one direction must hold together, largest step of their numbers.
_DATAGRAMS, _NEEDED, _LARGEST_STEP = 16, 3, 64

#: No datagram of a session is smaller: an acknowledgement has its opcode, session id, and what is acknowledged.
_SMALLEST = 22


def sniff(connection: Connection) -> bool:
    """A reset of the client, and one of the server that acknowledges the client's session id; or data on its way."""
    first, second = heads(connection, 256)
    if connection.proto == "tcp":
        first, second = first[2:], second[2:]
    if len(first) < 14 or len(second) < 22:
        return _under_way(connection)
    if (first[0], second[0]) in _PAIRS and any(first[1:9]) and first[1:9] in second[9:]:
        return True
    return _is_encrypted(first, second) or _under_way(connection)


def _is_encrypted(first: bytes, second: bytes) -> bool:
    """Resets of a session with tls-crypt."""
    if len(first) < _CRYPT_FIRST or len(second) < _CRYPT_SECOND:
        return False
    if first[0] not in _CRYPT_CLIENT or second[0] != _CRYPT_SERVER or first[1:9] == second[1:9]:
        return False
    numbers, times = zip(
        *((int.from_bytes(d[9:13], "big"), int.from_bytes(d[13:17], "big")) for d in (first, second)), strict=True
    )
    return all(number in _FIRST_IDS for number in numbers) and abs(times[0] - times[1]) <= _CLOCKS


def _under_way(connection: Connection) -> bool:
    """Data of version 2: one opcode, key and peer in each direction, packet ids that go on."""
    if connection.proto != "udp":
        return False
    seen: dict[bool, list[bytes]] = {True: [], False: []}
    for datagram in connection.datagrams[:_DATAGRAMS]:
        data = datagram.data
        if len(data) < _SMALLEST or data[0] >> 3 not in (*_CONTROL, _DATA[1]):
            return False
        if data[0] >> 3 in _CONTROL:
            continue
        seen[datagram.from_orig].append(data[:8])
    for messages_ in seen.values():
        numbers = [int.from_bytes(message[4:], "big") for message in messages_]
        steps = [after - before for before, after in itertools.pairwise(numbers)]
        if len({message[:4] for message in messages_}) > 1 or not all(0 < abs(step) <= _LARGEST_STEP for step in steps):
            return False
    return max(map(len, seen.values())) >= _NEEDED


def parse(connection: Connection, rows: Rows) -> None:
    """A row for the tunnel."""
    connection.confirm(SERVICE)
    extent = prefixed(2)
    first = itertools.islice(messages(connection, extent), _LOOKED_AT)
    established = any(message.data[:1] and message.data[0] >> 3 in _DATA for message in first)
    where = (connection, connection.ts, connection.record)
    rows.add("vpn_tunnel", *where, proto=connection.proto, kind=SERVICE, established=established)
