"""RTP by its shape: one synchronisation source per direction, sequence numbers that go on by small steps.

Source: RFC 3550, section 5.1 (header) and appendix A.1 (validity checks of a header).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows

SERVICE = "rtp"

_HEADER = 12
_LOOKED_AT = 24

#: Packets in a row that must hold together: the header alone is too weak a sign.
_NEEDED = 4

#: Larger steps of the sequence number than this are no loss but another protocol.
_LARGEST_STEP = 16


def _holds_together(packets: list[bytes]) -> bool:
    """Whether packets are RTP of one source: a version of 2, one type, and a sequence that goes on."""
    if len(packets) < _NEEDED:
        return False
    first = packets[0]
    before = int.from_bytes(first[2:4], "big")
    for packet in packets:
        kind = packet[1] & 0x7F
        if len(packet) < _HEADER or packet[0] >> 6 != 2 or 64 <= kind < 96:
            return False
        if packet[8:12] != first[8:12] or kind != first[1] & 0x7F:
            return False
        sequence = int.from_bytes(packet[2:4], "big")
        if packet is not first and not 1 <= sequence - before & 0xFFFF <= _LARGEST_STEP:
            return False
        before = sequence
    return True


def sniff(connection: Connection) -> bool:
    """Whether the first packets of a direction hold together as RTP."""
    if connection.proto != "udp":
        return False
    first = connection.datagrams[:_LOOKED_AT]
    for from_orig in (True, False):
        packets = [datagram.data for datagram in first if datagram.from_orig == from_orig]
        if all(len(packet) >= _HEADER for packet in packets) and _holds_together(packets):
            return True
    return False


def parse(connection: Connection, rows: Rows) -> None:
    """Confirm the service; media is not read."""
    connection.confirm(SERVICE)
