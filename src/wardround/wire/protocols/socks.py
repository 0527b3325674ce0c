"""SOCKS 4, 4a and 5: who asks for what, the answer, and what is carried inside. RFC 1928 and 1929."""

from __future__ import annotations

import ipaddress
from typing import Any

from wardround.wire import protocols
from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.credentials import saw
from wardround.wire.lines import Cursor, decode, when

SERVICE = "socks"
TCP_FIRST = b"\x04\x05"
UDP_FIRST = b""

_STATUS_5 = (
    "succeeded", "general SOCKS server failure", "connection not allowed by ruleset", "Network unreachable", "Host unreachable",
    "Connection refused", "TTL expired", "Command not supported", "Address type not supported",
)  # fmt: skip

_STATUS_4 = {
    90: "succeeded",
    91: "general SOCKS server failure",
    92: "request failed because client is not running identd",
    93: "request failed because client's identd could not confirm the user ID string in the request",
}

_METHOD_PASSWORD = 2
_FIELD = 256


def sniff(connection: Connection) -> bool:
    """A request of version 4, or an offer of methods of version 5, with an answer that fits."""
    asked, answer = connection.orig.head(16), connection.resp.head(2)
    if len(asked) >= 9 and asked[0] == 4 and asked[1] in (1, 2):
        return len(answer) == 2 and answer[0] == 0 and answer[1] in _STATUS_4
    if len(asked) >= 3 and asked[0] == 5 and 1 <= asked[1] <= 10 and len(asked) >= 2 + asked[1]:
        return len(answer) == 2 and answer[0] == 5 and (answer[1] in asked[2 : 2 + asked[1]] or answer[1] == 0xFF)
    return False


def parse(connection: Connection, rows: Rows) -> None:
    """A row of table socks; what the proxy carries is read as what it is."""
    if not sniff(connection):
        raise Malformed("socks_no_request")
    connection.confirm(SERVICE)
    client, server = Cursor(connection.orig), Cursor(connection.resp)
    row: dict[str, Any] = {"version": client.peek(1)[0]}
    done = _version_4(client, server, row) if row["version"] == 4 else _version_5(connection, rows, client, server, row)
    rows.add("socks", connection, *when(connection, connection.orig, 0), **row)
    if done and row.get("status") == "succeeded":
        protocols.parse_inner(connection, "", rows, client.at, server.at)


def _version_4(client: Cursor, server: Cursor, row: dict[str, Any]) -> bool:
    """Read the exchange of version 4 into ``row``; whether it is whole."""
    request = client.peek(8)
    client.skip(8)
    user, ended = _until_zero(client)
    row |= {"request_p": int.from_bytes(request[2:4], "big"), "user": decode(user) or None}
    if request[4:7] == bytes(3) and request[7]:
        name, ended = _until_zero(client)
        row["request.name"] = decode(name)
    else:
        row["request.host"] = str(ipaddress.IPv4Address(request[4:8]))
    answer = server.peek(8)
    if len(answer) < 8:
        return False
    server.skip(8)
    row |= {"status": _STATUS_4.get(answer[1], str(answer[1])), "bound_p": int.from_bytes(answer[2:4], "big")}
    row["bound.host"] = str(ipaddress.IPv4Address(answer[4:8]))
    return ended


def _version_5(connection: Connection, rows: Rows, client: Cursor, server: Cursor, row: dict[str, Any]) -> bool:
    """Read the exchange of version 5 into ``row``; whether it is whole."""
    client.skip(2 + client.peek(2)[1])
    method = server.peek(2)[1]
    server.skip(2)
    if method == _METHOD_PASSWORD:
        at = client.at
        user, password = _counted(client, 1), _counted(client, 0)
        answer = server.peek(2)
        server.skip(2)
        row |= {"user": decode(user), "password": "<hidden>"}
        success = answer[1] == 0 if len(answer) == 2 else None
        saw(rows, connection, when(connection, connection.orig, at), SERVICE, user, password, success)
    elif method:
        return False
    if client.peek(1) != b"\x05":
        return False
    client.skip(3)
    asked = _destination(client, "request", row)
    answer = server.peek(3)
    if len(answer) < 3:
        return False
    row["status"] = _STATUS_5[answer[1]] if answer[1] < len(_STATUS_5) else str(answer[1])
    server.skip(3)
    return _destination(server, "bound", row) and asked


def _destination(cursor: Cursor, which: str, row: dict[str, Any]) -> bool:
    """Address or name, and port; whether they are whole."""
    kind = cursor.peek(1)
    if kind == b"\x03":
        row[f"{which}.name"] = decode(_counted(cursor, 1))
    elif kind in (b"\x01", b"\x04"):
        size = 4 if kind == b"\x01" else 16
        address = cursor.peek(1 + size)[1:]
        if len(address) < size:
            return False
        row[f"{which}.host"] = str(ipaddress.ip_address(address))
        cursor.skip(1 + size)
    else:
        return False
    port = cursor.peek(2)
    cursor.skip(2)
    row[f"{which}_p"] = int.from_bytes(port, "big") if len(port) == 2 else None
    return len(port) == 2


def _counted(cursor: Cursor, before: int) -> bytes:
    """A field preceded by its length in one byte, ``before`` bytes in."""
    head = cursor.peek(before + 1)
    size = head[before] if len(head) > before else 0
    value = cursor.peek(before + 1 + size)[before + 1 :]
    cursor.skip(before + 1 + size)
    return value


def _until_zero(cursor: Cursor) -> tuple[bytes, bool]:
    """A field that a zero ends, and whether it does."""
    value, zero, _ = cursor.peek(_FIELD).partition(b"\0")
    cursor.skip(len(value) + len(zero))
    return value, bool(zero)
