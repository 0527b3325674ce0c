"""NetBIOS datagrams with SMB inside: how Windows hosts announce themselves to their neighbours.

Source: RFC 1002, section 4.4 (datagrams); the names are 32 letters behind their length.
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows

SERVICE = "smb"
TCP_FIRST = b""
UDP_FIRST = b"\x10\x11\x12"

_KINDS = (0x10, 0x11, 0x12)
_HEADER, _NAME = 14, 34
_MESSAGE = _HEADER + 2 * _NAME


def sniff(connection: Connection) -> bool:
    """A datagram between two names that carries SMB."""
    if connection.proto != "udp":
        return False
    for datagram in connection.datagrams[:2]:
        data = datagram.data
        if len(data) < _MESSAGE + 4 or data[0] not in _KINDS or data[_HEADER] != 32 or data[_HEADER + _NAME] != 32:
            continue
        if data[_MESSAGE : _MESSAGE + 4] == b"\xffSMB":
            return True
    return False


def parse(connection: Connection, rows: Rows) -> None:
    """Confirm the service."""
    connection.confirm(SERVICE)
