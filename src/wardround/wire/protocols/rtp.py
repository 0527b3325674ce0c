"""RTP by its shape: one synchronisation source per direction, sequence numbers that go on by small steps.

Source: RFC 3550, section 5.1 (header) and appendix A.1 (validity checks of a header).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows

SERVICE = "rtp"
UDP_FIRST = bytes(range(0x80, 0xC0))
TCP_HEADS = ({2: UDP_FIRST},)

_HEADER = 12
_LOOKED_AT = 24

#: Bytes of a stream looked at, and what the first byte of a packet may be.
_HEAD = 16_384
_VERSION_2 = frozenset(bytes((first,)) for first in range(0x80, 0xC0))

#: Packets in a row that must hold together: the header alone is too weak a sign.
_NEEDED = 4

#: Larger steps of the sequence number than this are no loss but another protocol.
_LARGEST_STEP = 16

#: Packets at the beginning that may be something else: keep-alives and knocking at the door before media flow.
_FOREIGN = 4


def _is_packet(packet: bytes) -> bool:
    return len(packet) >= _HEADER and packet[0] >> 6 == 2 and not 64 <= packet[1] & 0x7F < 96


def _holds_together(packets: list[bytes]) -> bool:
    """Whether packets are RTP of one source: a version of 2, one type, and a sequence that goes on."""
    first = packets[0]
    before, told = int.from_bytes(first[2:4], "big"), 1
    for number, packet in enumerate(packets[1:], 1):
        if not _is_packet(packet) or packet[8:12] != first[8:12] or (packet[1] ^ first[1]) & 0x7F:
            return False
        step = int.from_bytes(packet[2:4], "big") - before & 0xFFFF
        # The same packet twice in a row comes from a capture at two places.
        if step > _LARGEST_STEP or (step == 0 and packet != packets[number - 1]):
            return False
        told += step > 0
        before = int.from_bytes(packet[2:4], "big")
    return told >= _NEEDED


def _framed(head: bytes) -> list[bytes]:
    """The whole packets at the beginning of a stream, each behind its length (RFC 4571)."""
    packets: list[bytes] = []
    at = 0
    while at + 2 <= len(head) and len(packets) < _LOOKED_AT:
        size = int.from_bytes(head[at : at + 2], "big")
        if size < _HEADER or at + 2 + size > len(head):
            break
        packets.append(head[at + 2 : at + 2 + size])
        at += 2 + size
    return packets


def sniff(connection: Connection) -> bool:
    """Whether the first packets of a direction hold together as RTP."""
    datagrams = connection.datagrams[:_LOOKED_AT]
    for from_orig in (True, False):
        if connection.proto == "udp":
            packets = [datagram.data for datagram in datagrams if datagram.from_orig == from_orig]
        else:
            stream = connection.orig if from_orig else connection.resp
            packets = _framed(stream.head(_HEAD)) if stream.read(2, 1)[:1] in _VERSION_2 else []
        start = next((number for number, packet in enumerate(packets[: _FOREIGN + 1]) if _is_packet(packet)), None)
        if start is not None and _holds_together(packets[start:]):
            return True
    return False


def parse(connection: Connection, rows: Rows) -> None:
    """Confirm the service; media is not read."""
    connection.confirm(SERVICE)
