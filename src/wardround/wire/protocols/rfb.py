"""RFB, the protocol of VNC: versions, authentication and its result, the screen. RFC 6143.

VeNCrypt (security type 19, as the community's RFB specification has it) is followed to the type within it: to TLS, or to a
user name and password in clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import saw
from wardround.wire.lines import Cursor, decode, when

SERVICE = "rfb"
TCP_FIRST = b"R"
UDP_FIRST = b""

_NONE, _VNC, _TLS, _VENCRYPT, _APPLE = 1, 2, 18, 19, 30

_METHODS = {
    0: "Invalid", 1: "None", 2: "VNC", 16: "Tight", 17: "Ultra", 18: "TLS", 19: "VeNCrypt", 20: "GTK-VNC SASL",
    21: "MD5 hash authentication", 22: "Colin Dean xvp", 30: "Apple Remote Desktop",
}  # fmt: skip

#: Types within VeNCrypt; all but the first are within TLS.
_PLAIN = 256
_WITHIN = {
    _PLAIN: "Plain", 257: "TLSNone", 258: "TLSVnc", 259: "TLSPlain", 260: "X509None", 261: "X509Vnc", 262: "X509Plain",
    263: "TLSSASL", 264: "X509SASL",
}  # fmt: skip

_NAME_LIMIT = 4_096

#: Bytes of a user name and of a password that are believed.
_CREDENTIAL_LIMIT = 1_024


def sniff(connection: Connection) -> bool:
    """The version that the server tells first."""
    return _version(connection.resp.head(12)) is not None


def parse(connection: Connection, rows: Rows) -> None:
    """One row of table rfb."""
    client, server = Cursor(connection.orig), Cursor(connection.resp)
    connection.confirm(SERVICE)
    row: dict[str, Any] = {}
    secured = _Secured()
    offered, spoken = _version(server.peek(12)), _version(client.peek(12))
    if offered is not None:
        row["server_major_version"], row["server_minor_version"] = offered
    if spoken is not None:
        row["client_major_version"], row["client_minor_version"] = spoken
        server.skip(12)
        client.skip(12)
        secured = _handshake(client, server, int(spoken[1]), row)
    ts, record = when(connection, connection.resp, 0)
    rows.add("rfb", connection, ts, record, **row)
    if secured.logon is not None:
        seen = when(connection, connection.orig, secured.at)
        saw(rows, connection, seen, SERVICE, *secured.logon, row.get("auth"))
    if secured.tls:
        protocols.parse_inner(connection, "ssl", rows, client.at, server.at)


@dataclass(slots=True)
class _Secured:
    """What the authentication leads to: TLS from where the cursors are, or a logon in clear at that offset."""

    tls: bool = False
    logon: tuple[bytes, bytes] | None = None
    at: int = 0


def _version(line: bytes) -> tuple[str, str] | None:
    """Major and minor version as they are written, None where the line is no RFB version."""
    if len(line) < 12 or not line.startswith(b"RFB ") or line[7:8] != b"." or line[11:12] != b"\n":
        return None
    major, minor = line[4:7], line[8:11]
    return (major.decode("ascii"), minor.decode("ascii")) if major.isdigit() and minor.isdigit() else None


def _handshake(client: Cursor, server: Cursor, minor: int, row: dict[str, Any]) -> _Secured:
    """Everything between the versions and the first picture, as far as it goes in clear; fills ``row``."""
    secured = _Secured()
    method = _method(client, server, minor)
    if method is None:
        return secured
    row["authentication_method"] = _METHODS.get(method, "RealVNC")
    if method == _TLS:
        secured.tls = True
    elif method == _VENCRYPT:
        _vencrypt(client, server, row, secured)
    if method not in (_NONE, _VNC, _APPLE) and secured.logon is None:
        return secured
    if method == _VNC:
        if server.skip(16) < 16 or client.skip(16) < 16:
            return secured
    elif method == _APPLE and not _skip_apple(client, server):
        return secured
    if method != _NONE or minor >= 8:
        result = server.peek(4)
        if len(result) < 4:
            return secured
        server.skip(4)
        row["auth"] = not any(result)
        if any(result):
            return secured
    _screen(client, server, row)
    return secured


def _vencrypt(client: Cursor, server: Cursor, row: dict[str, Any], secured: _Secured) -> None:
    """The version of VeNCrypt, the types that the server offers, the client's choice, and where that leads."""
    accepted = server.peek(4)  # version, its acceptance, number of types
    if len(accepted) < 4 or accepted[2] or client.skip(2) < 2:
        return
    server.skip(4 + 4 * accepted[3])
    chosen = client.peek(4)
    if len(chosen) < 4:
        return
    client.skip(4)
    within = int.from_bytes(chosen, "big")
    row["security_subtype"] = _WITHIN.get(within, str(within))
    if within == _PLAIN:
        lengths = client.peek(8)
        user, secret = int.from_bytes(lengths[:4], "big"), int.from_bytes(lengths[4:], "big")
        if len(lengths) == 8 and max(user, secret) <= _CREDENTIAL_LIMIT:
            secured.at = client.at
            told = client.peek(8 + user + secret)[8:]
            if client.skip(8 + user + secret) == 8 + user + secret == 8 + len(told):
                secured.logon = told[:user], told[user:]
    elif within in _WITHIN and server.peek(1) == b"\x01":
        server.skip(1)
        secured.tls = True


def _method(client: Cursor, server: Cursor, minor: int) -> int | None:
    """The security type: decided by the server up to version 3.6, chosen by the client from a list since."""
    if minor < 7:
        kind = server.peek(4)
        server.skip(4)
        return int.from_bytes(kind, "big") if len(kind) == 4 else None
    count = server.peek(1)
    if not count:
        return None
    if count == b"\x00":
        return 0
    server.skip(1 + count[0])
    chosen = client.peek(1)
    client.skip(1)
    return chosen[0] if chosen else None


def _skip_apple(client: Cursor, server: Cursor) -> bool:
    """Pass over the Diffie-Hellman exchange of Apple's authentication."""
    head = server.peek(4)
    size = int.from_bytes(head[2:4], "big")
    return len(head) == 4 and server.skip(4 + 2 * size) == 4 + 2 * size and client.skip(128 + size) == 128 + size


def _screen(client: Cursor, server: Cursor, row: dict[str, Any]) -> None:
    shared = client.peek(1)
    if not shared:
        return
    row["share_flag"] = shared != b"\x00"
    head = server.peek(24)
    if len(head) < 24:
        return
    row["width"], row["height"] = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:4], "big")
    server.skip(24)
    row["desktop_name"] = decode(server.peek(min(int.from_bytes(head[20:24], "big"), _NAME_LIMIT)))
