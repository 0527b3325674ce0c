"""Zoom's own transport: media through its servers and between two clients, both over UDP.

Sources: O. Michel et al., Enabling Passive Measurement of Zoom Performance in Production Networks (IMC 2022): a server
encapsulation whose first byte is 5 in front of a media encapsulation that holds RTP or RTCP. Two clients introduce
themselves to each other with a message that states an address and an identifier, both as text.
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows

SERVICE = "zoom"
TCP_FIRST = b""
UDP_FIRST = b"\x1f"
ASKED_ON = tuple(range(8801, 8811))

#: Ports of Zoom's media servers, as Zoom publishes them.
_PORTS = range(8801, 8811)

_INTRODUCED, _LOOKED_AT, _NEEDED = 4, 24, 3

#: Where RTP or RTCP begins behind each type of media encapsulation: shared screen, audio, video, and RTCP.
_MEDIA = {13: 27, 15: 19, 16: 24, 33: 16, 34: 16, 35: 16}

_SERVER_HEADER = 8
_INTRODUCTIONS = (b"\x1f\x01\x01\x00", b"\x1f\x02\x01\x00")
_ADDRESS_AT, _IDENTIFIER = 24, 36


def _is_media(data: bytes) -> bool:
    """Whether a datagram is media through a server: both encapsulations, and RTP or RTCP behind them."""
    if len(data) <= _SERVER_HEADER or data[0] != 5:
        return False
    start = _MEDIA.get(data[_SERVER_HEADER])
    return start is not None and len(data) > _SERVER_HEADER + start and data[_SERVER_HEADER + start] >> 6 == 2


def _is_introduction(data: bytes) -> bool:
    """Whether a datagram states an address and an identifier as the introduction of one client to another does."""
    if data[:4] not in _INTRODUCTIONS:
        return False
    size = int.from_bytes(data[_ADDRESS_AT : _ADDRESS_AT + 4], "big")
    at = _ADDRESS_AT + 4 + size
    if not 7 <= size <= 45 or int.from_bytes(data[at : at + 4], "big") != _IDENTIFIER:
        return False
    identifier = data[at + 4 : at + 4 + _IDENTIFIER]
    return len(identifier) == _IDENTIFIER and identifier.count(b"-") == 4


def sniff(connection: Connection) -> bool:
    """An introduction, or several datagrams of media to or from a port of Zoom's servers."""
    if connection.proto != "udp":
        return False
    if any(_is_introduction(datagram.data) for datagram in connection.datagrams[:_INTRODUCED]):
        return True
    if connection.orig_p not in _PORTS and connection.resp_p not in _PORTS:
        return False
    return sum(_is_media(datagram.data) for datagram in connection.datagrams[:_LOOKED_AT]) >= _NEEDED


def parse(connection: Connection, rows: Rows) -> None:
    """Note the application; what is said is encrypted."""
    connection.applications.add("zoom")
