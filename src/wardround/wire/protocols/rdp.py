"""Remote desktop: negotiation and settings over TCP, TLS inside it, and the sign of its UDP transport. Table rdp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wardround.wire import protocols
from wardround.wire.connection import Connection, Malformed, Rows, Stream
from wardround.wire.rdp_messages import (
    CONNECT_INITIAL,
    CONNECT_RESPONSE,
    CONNECTION_CONFIRM,
    CONNECTION_REQUEST,
    DATA,
    negotiation,
    settings_of_client,
    settings_of_server,
)
from wardround.wire.rdp_names import FAILURES, PROTOCOLS
from wardround.wire.x509 import Certificate, add_certificates

SERVICE = "rdp"
TCP_FIRST = b"\x03"
UDP_FIRST = b"\xff"

_PORT = 3389

#: The longest connection request: a length of one octet behind the four of the frame.
_REQUEST_BYTES = 5 + 255

#: Messages of one side before the settings are complete; the settings are the second.
_MAX_MESSAGES = 8

#: The first datagram of the UDP transport is filled up to this size ([MS-RDPEUDP] 3.1.5.1.1).
_SYN_SIZES = range(1132, 1233)


@dataclass(frozen=True, slots=True)
class _Message:
    """An X.224 message: its code, itself from its length on, and the offset in the stream where it ends."""

    code: int
    body: bytes
    end: int


def sniff(connection: Connection) -> bool:
    """Whether a client asks for a remote desktop, over TCP or UDP."""
    if connection.proto == "udp":
        return _is_syn(connection)
    head = connection.orig.head(_REQUEST_BYTES)
    if len(head) < 11 or head[:2] != b"\x03\0" or head[5] != CONNECTION_REQUEST:
        return False
    if head[11:24] == b"Cookie: msts=" or head[11:28] == b"Cookie: mstshash=":
        return True
    size = head[2] << 8 | head[3]
    if len(head) >= size >= 19 and size == head[4] + 5:
        # A negotiation at the end, behind nothing or a routing token, whose words are the balancer's (MS-RDPBCGR 2.2.1.1).
        asked = head[size - 8 : size]
        return asked[0] == 1 and asked[2:4] == b"\x08\0" and (size == 19 or head[size - 10 : size - 8] == b"\r\n")
    return size == 11 and head[4] == 6 and (connection.resp_p == _PORT or _connects(connection.orig))


def _connects(stream: Stream) -> bool:
    """Whether the second message of a client is an MCS connect initial."""
    return stream.read(11, 9)[4:9] == b"\x02\xf0\x80\x7f\x65"


def _is_syn(connection: Connection) -> bool:
    """Whether the first datagram opens the UDP transport: no acknowledgement yet, flag SYN, filled up."""
    first = connection.datagrams[0] if connection.datagrams else None
    return (
        first is not None
        and first.from_orig
        and first.length in _SYN_SIZES
        and first.data[:4] == b"\xff\xff\xff\xff"
        and len(first.data) >= 8
        and first.data[7] == 1
    )


def parse(connection: Connection, rows: Rows) -> None:
    """Read a connection into a row of rdp; what is inside its TLS handshake goes to ssl."""
    if connection.proto == "udp":
        if any(not d.from_orig and len(d.data) >= 8 and d.data[7] & 5 == 5 for d in connection.datagrams[:8]):
            connection.confirm("rdpeudp")
        return
    columns: dict[str, Any] = {"cert_count": 0}
    try:
        encrypted = _read(connection, rows, columns)
    finally:
        first = connection.orig.chunk_at(0)
        if first is not None and any(columns.get(name) for name in ("cookie", "keyboard_layout", "result")):
            rows.add("rdp", connection, first.ts, first.record, **columns)
    if encrypted is not None:
        protocols.parse_inner(connection, "ssl", rows, *encrypted)


def _read(connection: Connection, rows: Rows, columns: dict[str, Any]) -> tuple[int, int] | None:
    """Fill ``columns``; gives where TLS begins in both directions when the server chose it. Raises Malformed."""
    from_client, from_server = _messages(connection.orig), _messages(connection.resp)
    request, answer = next(from_client, None), next(from_server, None)
    if request is not None and request.code == CONNECTION_REQUEST:
        asked = negotiation(request.body)
        if asked.cookie is not None:
            columns["cookie"] = asked.cookie
            connection.confirm(SERVICE)
    if answer is not None and answer.code == CONNECTION_CONFIRM:
        connection.confirm(SERVICE)
        chosen = negotiation(answer.body)
        if chosen.kind == 3:
            columns["result"] = FAILURES.get(chosen.value, f"failure_code-{chosen.value}")
        elif chosen.kind == 2:
            columns["security_protocol"] = PROTOCOLS.get(chosen.value, f"security_protocol-{chosen.value}")
            if chosen.value and request is not None:
                columns["result"] = "encrypted"
                return request.end, answer.end
    for message in from_client:
        if _is_data(message, CONNECT_INITIAL):
            columns |= settings_of_client(message.body[3:])
            break
    for message in from_server:
        if _is_data(message, CONNECT_RESPONSE):
            settings, certificates = settings_of_server(message.body[3:])
            columns |= settings
            _certificates(connection, rows, certificates)
            break
    return None


def _is_data(message: _Message, kind: int) -> bool:
    return message.code == DATA and message.body[3:5] == bytes([0x7F, kind])


def _certificates(connection: Connection, rows: Rows, certificates: list[bytes]) -> None:
    """Write the certificates of the server: each is a file of its own, not one of a chain."""
    for certificate in certificates:
        add_certificates(rows, [Certificate.read(certificate)], connection.ts, connection.record)


def _messages(stream: Stream) -> Iterator[_Message]:
    """The X.224 messages of one side, as long as they follow each other; raises Malformed."""
    at = 0
    for _ in range(_MAX_MESSAGES):
        head = stream.read(at, 4)
        if len(head) < 4 or head[:2] != b"\x03\0":
            return
        size = head[2] << 8 | head[3]
        body = stream.read(at + 4, size - 4)
        if size < 7 or len(body) < 2:
            raise Malformed("rdp_malformed_message", f"{size} bytes")
        if len(body) < size - 4:
            return
        at += size
        yield _Message(body[1], body, at)
