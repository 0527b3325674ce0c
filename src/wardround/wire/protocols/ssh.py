"""SSH: banners, the algorithms agreed on, the server's key, and from packet sizes whether a logon succeeded.

RFC 4253 and 4252. HASSH and hasshServer as Salesforce defined them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from wardround.wire.connection import Connection, Rows, Stream
from wardround.wire.lines import Cursor, decode, when

SERVICE = "ssh"
TCP_FIRST = b"S"
UDP_FIRST = b""

_KEXINIT, _NEWKEYS, _KEX_REPLY, _GEX_REPLY = 20, 21, 31, 33

#: Packets before encryption, and lines before the banner, that are looked at.
_PACKETS, _LINES = 32, 1_024

#: Packets of the server after encryption began that are looked at for the result of the logon.
_LOGON_PACKETS = 200

#: RFC 4253 wants 35,000 bytes to be accepted; implementations take up to 256 KiB.
_PACKET_LIMIT = 262_144

#: A payload of SSH_MSG_SERVICE_ACCEPT for ssh-userauth takes 16 bytes more than SSH_MSG_USERAUTH_SUCCESS in every cipher.
_ACCEPT_OVER_SUCCESS = 16

_NO_AGREEMENT = "Algorithm negotiation failed"


@dataclass(slots=True)
class _Side:
    """What one end said before encryption began."""

    banner: str | None = None
    algorithms: tuple[tuple[str, ...], ...] = ()
    replies: tuple[tuple[int, bytes], ...] = ()
    encrypted_at: int = -1


def sniff(connection: Connection) -> bool:
    """The banner of either end."""
    beginning = (b"SSH-1.", b"SSH-2.")
    return connection.orig.head(6).startswith(beginning) or connection.resp.head(6).startswith(beginning)


def parse(connection: Connection, rows: Rows) -> None:
    """One row of table ssh."""
    client, server = _side(connection.orig), _side(connection.resp)
    connection.confirm(SERVICE)
    row: dict[str, Any] = {
        "client": client.banner,
        "server": server.banner,
        "version": _version(client.banner, server.banner),
        "auth_attempts": 0,
    }
    if client.algorithms and server.algorithms:
        row |= _agreed(client.algorithms, server.algorithms)
    if client.algorithms:
        kex, _, encryption, _, mac, _, compression = client.algorithms[:7]
        row["hassh"] = _hassh(kex, encryption, mac, compression)
    if server.algorithms:
        kex, _, _, encryption, _, mac, _, compression = server.algorithms[:8]
        row["hasshServer"] = _hassh(kex, encryption, mac, compression)
    row["host_key_fingerprint"] = _host_key(server, row.get("kex_alg", ""))
    if client.encrypted_at >= 0 and server.encrypted_at >= 0 and row.get("compression_alg") == "none":
        row["auth_success"], row["auth_attempts"] = _logon(connection.resp, server.encrypted_at)
    first = connection.orig if connection.orig.length else connection.resp
    ts, record = when(connection, first, 0)
    rows.add("ssh", connection, ts, record, **row)


def _side(stream: Stream) -> _Side:
    side = _Side()
    cursor = Cursor(stream)
    for _ in range(_LINES):
        line = cursor.last_line()
        if line is None:
            return side
        if line.startswith(b"SSH-"):
            side.banner = decode(line.rstrip(b"\r"))
            break
    if side.banner is None or not side.banner.startswith(("SSH-2.", "SSH-1.99")):
        return side
    replies = []
    for kind, payload in _packets(cursor):
        if kind == _KEXINIT and not side.algorithms:
            side.algorithms = _name_lists(payload)
        elif kind in (_KEX_REPLY, _GEX_REPLY):
            replies.append((kind, payload))
        elif kind == _NEWKEYS:
            side.encrypted_at = cursor.at
            break
    side.replies = tuple(replies)
    return side


def _packets(cursor: Cursor) -> Iterator[tuple[int, bytes]]:
    """Packets as they are before encryption: kind and payload."""
    for _ in range(_PACKETS):
        head = cursor.peek(5)
        size = int.from_bytes(head[:4], "big")
        if len(head) < 5 or not 2 <= size <= _PACKET_LIMIT or head[4] + 1 >= size:
            return
        packet = cursor.peek(4 + size)
        if len(packet) < 4 + size:
            return
        cursor.skip(4 + size)
        payload = packet[5 : 4 + size - head[4]]
        yield payload[0], payload[1:]


def _name_lists(payload: bytes) -> tuple[tuple[str, ...], ...]:
    """The ten lists of SSH_MSG_KEXINIT; nothing when they are not whole."""
    at = 16
    lists = []
    for _ in range(10):
        size = int.from_bytes(payload[at : at + 4], "big")
        value = payload[at + 4 : at + 4 + size]
        if len(value) < size or at + 4 > len(payload):
            return ()
        lists.append(tuple(decode(value).split(",")))
        at += 4 + size
    return tuple(lists)


def _version(client: str | None, server: str | None) -> int | None:
    """The major version that both ends can speak, 0 where there is none, None where one end was not heard."""
    if not client or not server:
        return None
    speaks = [{1, 2} if banner.startswith("SSH-1.99") else {1 if banner[4:5] == "1" else 2} for banner in (client, server)]
    return max(speaks[0] & speaks[1], default=0)


def _agree(client: tuple[str, ...], server: tuple[str, ...]) -> str:
    offered = set(server)
    return next((name for name in client if name in offered), _NO_AGREEMENT)


def _agreed(client: tuple[tuple[str, ...], ...], server: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    """The algorithms that RFC 4253 §7.1 makes of both offers."""
    first = [_agree(*pair) for pair in zip(client, server, strict=True)]

    def both(up: str, down: str) -> str:
        return up if up == down else f"To server: {up}, to client: {down}"

    return {
        "kex_alg": first[0],
        "host_key_alg": first[1],
        "cipher_alg": both(first[2], first[3]),
        "mac_alg": both(first[4], first[5]),
        "compression_alg": both(first[6], first[7]),
    }


def _hassh(*lists: tuple[str, ...]) -> str:
    text = ";".join(",".join(names) for names in lists)
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def _host_key(server: _Side, method: str) -> str | None:
    """The fingerprint of the server's key as OpenSSH writes it."""
    wanted = _GEX_REPLY if "group-exchange" in method else _KEX_REPLY
    for kind, payload in server.replies:
        size = int.from_bytes(payload[:4], "big")
        if kind == wanted and 0 < size <= len(payload) - 4:
            digest = hashlib.sha256(payload[4 : 4 + size]).digest()
            return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")
    return None


def _logon(server: Stream, start: int) -> tuple[bool | None, int]:
    """Whether a logon succeeded and how many attempts there were, from the sizes of the server's packets.

    Neither can be told for sure; None where it cannot be told at all. The first packet accepts the service, the second
    tells that the method "none" failed (or is a banner), each later one of that size another failure; success is
    16 bytes shorter than the first. What came in one piece with the change of keys is not an answer to the client:
    servers tell there of the extensions that they know (RFC 8308).
    """
    accept = failure = attempts = 0
    result: bool | None = None
    first = server.data_after(start)
    if first is None:
        return None, 0
    for piece in islice(server.from_offset(first).pieces, _LOGON_PACKETS):
        size = len(getattr(piece, "data", b""))
        if not size:
            break
        if not accept:
            accept = size
        elif size == accept - _ACCEPT_OVER_SUCCESS:
            return True, attempts + 1
        elif not failure:
            failure = size
        elif size == failure:
            result = False
            attempts += 1
    return result, attempts
