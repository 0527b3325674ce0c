"""Microsoft SQL Server (TDS): recognised by its packets.

Source: [MS-TDS], sections 2.2.3 (packets) and 2.2.6 (what clients send).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads

SERVICE = "mssql"
TCP_FIRST = bytes((1, 3, 6, 14, 16, 17, 18))
UDP_FIRST = b""

_HEADER = 8
_ANSWER = 4

#: What clients begin with: a batch, a remote procedure call, an attention, a login, its token, a negotiation.
_ASKED = frozenset({1, 3, 6, 14, 16, 17, 18})

#: What batches and calls begin with since TDS 7.2: all headers, of which one is that of the transaction.
_HEADERS = b"\x16\0\0\0\x12\0\0\0\x02\0"

_FIRST = frozenset(bytes((kind,)) for kind in _ASKED)

#: Packets are between 512 and 32,767 bytes, the last of a message may be shorter.
_SMALLEST, _LARGEST = 512, 32_767


def _is_packet(data: bytes, kinds: frozenset[int]) -> bool:
    if len(data) < _HEADER or data[0] not in kinds or data[1] & 0xE4 or data[7]:
        return False
    size = int.from_bytes(data[2:4], "big")
    if not _HEADER < size <= _LARGEST or (size < _SMALLEST and not data[1] & 1):
        return False
    # What follows is the next packet.
    return len(data) < size + _HEADER or (data[size] in kinds and not data[size + 7])


def _is_call(data: bytes) -> bool:
    """Whether a packet calls a procedure by its name, which is in UTF-16 behind its length."""
    size = int.from_bytes(data[_HEADER : _HEADER + 2], "little")
    name = data[_HEADER + 2 : _HEADER + 2 + 2 * size]
    return data[0] == 3 and 0 < size <= 128 and len(name) == 2 * size and not any(name[1::2]) and all(name[::2])


def sniff(connection: Connection) -> bool:
    """A packet of a client, and one of a server where it answered; a lone one must fill what was sent."""
    if connection.proto != "tcp":
        return False
    if connection.orig.read(0, 1) not in _FIRST:
        return False
    asked, answered = heads(connection, 4_096)
    if not _is_packet(asked, _ASKED):
        return False
    if not answered:
        whole = int.from_bytes(asked[2:4], "big") == len(asked)
        return whole and (asked[0] in (16, 18) or asked[_HEADER:].startswith(_HEADERS) or _is_call(asked))
    return _is_packet(answered, frozenset({_ANSWER}))


def parse(connection: Connection, rows: Rows) -> None:
    """Confirm the service; queries may hold what patients told, so they are not read."""
    connection.confirm(SERVICE)
