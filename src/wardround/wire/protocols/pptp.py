"""PPTP control connections into table vpn_tunnel.

Source: RFC 2637 (message type, magic cookie, Start-Control-Connection-Request and -Reply).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows

SERVICE = "pptp"
TCP_FIRST = b"\0"
UDP_FIRST = b""

_COOKIE = b"\x1a\x2b\x3c\x4d"
_CALL_REPLY = b"\x00\x08"
_MAX_MESSAGES = 64
_START = b"\x00\x9c\x00\x01" + _COOKIE + b"\x00"


def sniff(connection: Connection) -> bool:
    """A request to start, or the reply to one, with its length and magic cookie."""
    if connection.proto != "tcp":
        return False
    return connection.orig.head(10) == _START + b"\x01" or connection.resp.head(10) == _START + b"\x02"


def parse(connection: Connection, rows: Rows) -> None:
    """A row for the tunnel; the first two bytes of its body state the version."""
    connection.confirm(SERVICE)
    body = connection.orig.read(12, 2) or connection.resp.read(12, 2)
    version = f"{body[0]}.{body[1]}" if len(body) == 2 else None
    where = (connection, connection.ts, connection.record)
    rows.add("vpn_tunnel", *where, proto="tcp", kind=SERVICE, version=version, established=_connected(connection))


def _connected(connection: Connection) -> bool:
    """Whether one of the first replies says that a call is connected."""
    for stream in (connection.resp, connection.orig):
        at = 0
        for _ in range(_MAX_MESSAGES):
            head = stream.read(at, 17)
            if len(head) < 12 or head[4:8] != _COOKIE:
                break
            if head[8:10] == _CALL_REPLY and head[16:17] == b"\x01":
                return True
            at += max(12, int.from_bytes(head[:2], "big"))
    return False
