"""PPTP control connections into table vpn_tunnel.

Source: RFC 2637 (message type, magic cookie, Start-Control-Connection-Request and -Reply).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows

SERVICE = "pptp"

_COOKIE = b"\x1a\x2b\x3c\x4d"
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
    rows.add("vpn_tunnel", connection, connection.ts, connection.record, proto="tcp", kind=SERVICE, version=version)
