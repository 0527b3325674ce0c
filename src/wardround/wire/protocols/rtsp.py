"""RTSP: the service only. RFC 2326."""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows

SERVICE = "rtsp"
TCP_FIRST = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UDP_FIRST = b""


def sniff(connection: Connection) -> bool:
    """A request line or a status line."""
    if connection.resp.head(7) == b"RTSP/1." or connection.resp.head(7) == b"RTSP/2.":
        return True
    line = connection.orig.head(2048).partition(b"\n")[0].rstrip(b"\r")
    return line[:1].isalpha() and line[-9:-1] in (b" RTSP/1.", b" RTSP/2.")


def parse(connection: Connection, rows: Rows) -> None:
    """Note the service."""
    connection.confirm(SERVICE)
