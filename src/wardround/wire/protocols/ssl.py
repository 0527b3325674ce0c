"""SSL 2.0 to TLS 1.3 over TCP and DTLS over UDP: tables ssl and x509.

A heartbeat that says it holds more than fits with its padding is told as weird ``ssl_heartbeat_overlong``, and an answer to
it, which RFC 6520 forbids and only a server with CVE-2014-0160 gives, as ``ssl_heartbeat_overlong_answered``; both as long as
heartbeats are not encrypted.
"""

from __future__ import annotations

from collections.abc import Iterator

from wardround.wire import dicom_association
from wardround.wire.connection import Connection, Rows
from wardround.wire.tls_hello import client_hello_2, server_hello_2
from wardround.wire.tls_records import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    HEARTBEAT,
    HELLO_2,
    MAX_RECORD,
    DatagramMessages,
    Messages,
    Record,
    datagram_records,
    is_hello_2,
    stream_records,
)
from wardround.wire.tls_session import Session

SERVICE = "ssl"
TCP_FIRST = bytes((*range(0x15, 0x18), *range(0x80, 0x100)))
UDP_FIRST = bytes(range(0x14, 0x18))
UDP_HEADS = ({1: b"\x01\xfe", 2: b"\x00\xfc\xfd\xff"},)

_CLIENT_HELLO, _SERVER_HELLO = 1, 2

#: Types of heartbeats, and the least padding of each (RFC 6520, section 4).
_HEARTBEAT_REQUEST, _HEARTBEAT_ANSWER, _PADDING = 1, 2, 16


def sniff(connection: Connection) -> bool:
    """Whether either side begins with a hello, or in the middle of a TLS connection with records of it."""
    if connection.proto == "udp":
        first = connection.datagrams[:4]
        return any(is_datagram_hello(d.data) or _is_datagram_ciphertext(d.data) or _is_anyconnect(d.data) for d in first)
    orig, resp = connection.orig.head(64), connection.resp.head(64)
    hello = any(_begins(side, kind) for side in (orig, resp) for kind in (_CLIENT_HELLO, _SERVER_HELLO))
    return hello or _hello_2(orig) or _under_way(connection)


def is_datagram_hello(data: bytes) -> bool:
    """Whether a datagram begins with a hello of DTLS (of either side; the epoch of the record is 0)."""
    return (
        len(data) >= 27
        and data[0] == HANDSHAKE
        and data[1] == 0xFE
        and data[2] in (0xFF, 0xFD, 0xFC)
        and data[3:5] == b"\0\0"
        and data[13] in (_CLIENT_HELLO, _SERVER_HELLO)
        and data[25] == 0xFE
    )


def _is_datagram_ciphertext(data: bytes) -> bool:
    """Whether a datagram is application data of DTLS and nothing else (the epoch is that of the first keys)."""
    return (
        len(data) >= 13 + 16
        and data[:2] == b"\x17\xfe"
        and data[2] in (0xFF, 0xFD)
        and data[3:5] == b"\0\1"
        and (data[11] << 8 | data[12]) == len(data) - 13
    )


def _is_anyconnect(data: bytes) -> bool:
    """Whether a datagram is one record of the DTLS draft that Cisco AnyConnect kept (OpenSSL: ``DTLS1_BAD_VER``, 0x0100)."""
    if len(data) < 13 + 13 or not 20 <= data[0] <= 23 or data[1:3] != b"\1\0" or data[3] or data[4] > 1:
        return False
    return not any(data[5:8]) and (data[11] << 8 | data[12]) == len(data) - 13


def _begins(head: bytes, kind: int) -> bool:
    """Whether a stream begins with a hello of that kind; a server may send an alert first."""
    if kind == _SERVER_HELLO and head[:2] == b"\x15\x03" and head[3:5] == b"\0\x02":
        head = head[7:]
    if len(head) < 6 or head[0] != HANDSHAKE or head[1] != 3 or head[2] > 4 or head[5] != kind:
        return False
    size = head[3] << 8 | head[4]
    if not 1 <= size <= MAX_RECORD or (len(head) > 6 and head[6] > 4):
        return False
    return size < 6 or len(head) < 11 or head[9] in (3, 0x7E, 0x7F)


def _hello_2(head: bytes) -> bool:
    """Whether a stream begins with a client hello of SSL 2.0 whose lengths agree (RFC 5246, appendix E.2)."""
    if len(head) < 11 or not is_hello_2(head) or head[2] != _CLIENT_HELLO:
        return False
    ciphers, session, challenge = (head[at] << 8 | head[at + 1] for at in (5, 7, 9))
    return ciphers > 0 and ciphers % 3 == 0 and (head[0] & 0x7F) << 8 | head[1] == 9 + ciphers + session + challenge


#: What an encrypted alert needs at least (an authentication tag and two bytes), and more than it ever has.
_SMALLEST_ALERT, _LARGEST_ALERT = 18, 64


def _under_way(connection: Connection) -> bool:
    """Whether the capture begins within a TLS connection: with two records of ciphertext, or just one in all."""
    for stream in (connection.orig, connection.resp):
        at = 0
        for _ in range(2):
            head = stream.read(at, 5)
            if len(head) < 5 or head[0] not in (APPLICATION_DATA, ALERT) or head[1] != 3 or not 1 <= head[2] <= 3:
                break
            size = head[3] << 8 | head[4]
            alert = head[0] == ALERT
            if not (_SMALLEST_ALERT if alert else 16) <= size <= (_LARGEST_ALERT if alert else MAX_RECORD):
                break
            at += 5 + size
            if at == stream.length:
                return True
        else:
            return True
    return False


def parse(connection: Connection, rows: Rows) -> None:
    """Read the handshake of a connection into rows of ssl and x509."""
    if connection.proto == "udp":
        if any(_is_anyconnect(datagram.data) for datagram in connection.datagrams[:4]):
            connection.confirm("dtls")
            connection.applications.add("anyconnect")
            where = (connection, connection.ts, connection.record)
            rows.add("vpn_tunnel", *where, proto="udp", kind="anyconnect", version="DTLS 0.9", established=True)
        elif any(_is_datagram_ciphertext(datagram.data) for datagram in connection.datagrams[:4]):
            connection.confirm("dtls")
        _read(connection, rows, Session("d"), datagram_records(connection.datagrams))
    elif _under_way(connection):
        connection.confirm(SERVICE)
    else:
        session = Session("t")
        _read(connection, rows, session, stream_records(connection))
        hellos = [hello for hello in (session.client, session.server) if hello is not None]
        if session.established and not any(hello.alpn for hello in hellos):
            dicom_association.inside_tls(connection, rows, session.ts, session.frame)


def _read(connection: Connection, rows: Rows, session: Session, records: Iterator[Record]) -> None:
    reader = _Reader(connection, rows, session)
    try:
        for record in records:
            reader.take(record)
            if session.established:
                break
    finally:
        session.add_rows(connection, rows)


class _Reader:
    """Takes records in order into a session; the client is whoever says its hello."""

    def __init__(self, connection: Connection, rows: Rows, session: Session) -> None:
        self.connection = connection
        self.rows = rows
        self.overlong: bool | None = None
        self.session = session
        self.flipped: bool | None = None
        kind = DatagramMessages if session.transport == "d" else Messages
        self.messages = {True: kind(), False: kind()}

    def take(self, record: Record) -> None:
        """Take one record; raises Malformed."""
        session = self.session
        if record.kind in (HANDSHAKE, HELLO_2) and not record.encrypted:
            self._handshake(record)
            return
        if self.flipped is None and record.kind != ALERT:
            return
        from_client = record.from_orig != bool(self.flipped)
        session.note(record.ts, record.frame)
        if record.kind == CHANGE_CIPHER_SPEC:
            session.change_cipher_spec(from_client)
        elif record.kind == APPLICATION_DATA or record.encrypted or session.is_encrypted(from_client):
            session.ciphertext(from_client)
        elif record.kind == ALERT:
            session.alert(from_client, record.body)
        elif record.kind == HEARTBEAT:
            session.letter(from_client, "b")
            self._heartbeat(record)

    def _heartbeat(self, record: Record) -> None:
        if len(record.body) < 3:
            return
        stated = record.body[1] << 8 | record.body[2]
        name = None
        if record.body[0] == _HEARTBEAT_REQUEST and 3 + stated + _PADDING > len(record.body):
            self.overlong, name = record.from_orig, "ssl_heartbeat_overlong"
        elif record.body[0] == _HEARTBEAT_ANSWER and self.overlong is (not record.from_orig):
            self.overlong, name = None, "ssl_heartbeat_overlong_answered"
        if name is not None:
            detail = f"{stated} bytes stated, {len(record.body) - 3} there"
            self.rows.weird(self.connection, name, detail, ts=record.ts, record=record.frame)

    def _handshake(self, record: Record) -> None:
        session = self.session
        if self.flipped is None:
            from_server = record.body[:1] == (b"\x04" if record.kind == HELLO_2 else b"\x02")
            self.flipped = record.from_orig == from_server
            session.note(record.ts, record.frame)
            if self.flipped:
                session.history = "^"
        from_client = record.from_orig != self.flipped
        session.note(record.ts, record.frame)
        if record.kind == HELLO_2:
            self._hello_2(record)
        elif session.is_encrypted(from_client):
            session.ciphertext(from_client)
        else:
            for kind, body in self.messages[record.from_orig].add(record.body):
                self._confirm(kind)
                session.message(from_client, kind, body)

    def _confirm(self, kind: int) -> None:
        if kind in (_CLIENT_HELLO, _SERVER_HELLO):
            self.connection.confirm("dtls" if self.session.transport == "d" else SERVICE)

    def _hello_2(self, record: Record) -> None:
        session = self.session
        if record.body[:1] == b"\x01":
            session.hello_of_client(client_hello_2(record.body[1:]))
            session.letter(True, "c")
        else:
            hello, certificate = server_hello_2(record.body[1:])
            session.hello_of_server(hello)
            session.chain(False, [certificate])
            session.letter(False, "s")
        self.connection.confirm(SERVICE)
