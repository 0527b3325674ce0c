"""QUIC: what its first packets tell, with the TLS hellos inside them. Tables quic and ssl.

The letters of the history are those of Zeek's documentation of quic.log.
"""

from __future__ import annotations

from wardround.wire import gquic
from wardround.wire.connection import Connection, Datagram, Malformed, Rows
from wardround.wire.ja4 import ja3, ja4
from wardround.wire.quic_packets import (
    HANDSHAKE,
    INITIAL,
    RETRY,
    ZERO_RTT,
    Close,
    CryptoStream,
    LongHeader,
    decrypt,
    frames,
    initial_keys,
    long_header,
    version_name,
)
from wardround.wire.tls_hello import Hello, text
from wardround.wire.tls_session import Session

SERVICE = "quic"
TCP_FIRST = b""
UDP_FIRST = bytes(first for first in range(256) if first >= 0xC0 or (first & 0x09 == 0x09 and not first & 0xC2))

_LETTERS = {INITIAL: "i", HANDSHAKE: "h", ZERO_RTT: "z"}
_MAX_HISTORY = 100

#: Packets within one datagram, and records of one pair of ports, that are read.
_MAX_PACKETS = 64
_MAX_RECORDS = 256

#: Ports of servers that speak QUIC: there even an unknown version is noted.
_PORTS = (443, 784, 853)


def sniff(connection: Connection) -> bool:
    """Whether the first datagrams begin with a long header of a version that there is."""
    if connection.proto != "udp":
        return False
    return any(_begins(datagram.data, connection) for datagram in connection.datagrams[:2])


def _begins(data: bytes, connection: Connection) -> bool:
    if gquic.sniff(data):
        return True
    if len(data) < 7 or data[0] & 0xC0 != 0xC0:
        return False
    try:
        header = long_header(data)
    except Malformed:
        return False
    if len(header.destination) > 20 or len(header.source) > 20:
        return False
    if header.kind >= 0 or _asks_for_versions(header):
        return True
    return connection.resp_p in _PORTS and header.version >> 24 != 0


def _asks_for_versions(header: LongHeader) -> bool:
    """Whether a client makes the server tell its versions, by one that is reserved for that (RFC 9000, section 15)."""
    return header.version & 0x0F0F0F0F == 0x0A0A0A0A and len(header.packet) >= 1200


def parse(connection: Connection, rows: Rows) -> None:
    """Read the hellos and the history of a connection into rows of quic and ssl."""
    if connection.datagrams and gquic.sniff(connection.datagrams[0].data):
        connection.confirm(SERVICE)
        gquic.parse(connection, rows)
        return
    reader = _Reader(connection, rows)
    try:
        for datagram in connection.datagrams:
            reader.take(datagram)
            if reader.broken:
                break
    finally:
        reader.close()


class _Entry:
    """One row of table quic while it grows."""

    def __init__(self, datagram: Datagram, version: int) -> None:
        self.ts, self.frame = datagram.ts, datagram.record
        self.version = version
        self.history = ""
        self.initial: bytes | None = None
        self.client_id: bytes | None = None
        self.server_id: bytes | None = None
        self.hello: Hello | None = None

    def letter(self, letter: str, *, from_client: bool) -> None:
        if len(self.history) < _MAX_HISTORY:
            self.history += letter.upper() if from_client else letter

    def see(self, header: LongHeader, *, from_client: bool) -> None:
        """Note the connection ids of a packet."""
        if not from_client:
            self.server_id = header.source
            return
        self.client_id = header.source
        if self.initial is None and header.destination:
            self.initial = header.destination

    def add_row(self, connection: Connection, rows: Rows) -> None:
        hello = self.hello
        rows.add(
            "quic",
            connection,
            self.ts,
            self.frame,
            version=version_name(self.version),
            client_initial_dcid=None if self.initial is None else self.initial.hex(),
            client_scid=None if self.client_id is None else self.client_id.hex(),
            server_scid=None if self.server_id is None else self.server_id.hex(),
            server_name=hello.server_name if hello else None,
            client_protocol=text(hello.alpn[0]) if hello and hello.alpn else None,
            history=self.history,
            ja3=ja3(hello) if hello else None,
            ja4=ja4(hello, "q") if hello else None,
        )


class _Reader:
    """Takes the datagrams of a connection in order."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.session = Session("q")
        self.broken = False
        self._entry: _Entry | None = None
        self._written = 0
        self._short = {True: 0, False: 0}
        self._decrypted = 0
        self._restart()

    def _restart(self) -> None:
        """Forget the keys: the client begins again with another connection id."""
        self._secret: bytes | None = None
        self._crypto = {True: CryptoStream(), False: CryptoStream()}

    def take(self, datagram: Datagram) -> None:
        """Read the packets of a datagram; what breaks the protocol ends the reading of the connection."""
        data = datagram.data
        for _ in range(_MAX_PACKETS):
            if not data or self.broken:
                return
            if not data[0] & 0x40:
                if self._decrypted and self._entry is not None:
                    self._entry.letter("x", from_client=datagram.from_orig)
                return
            if not data[0] & 0x80:
                self._short_packet(from_client=datagram.from_orig)
                return
            header = long_header(data)
            self._long_packet(header, datagram)
            data = data[len(header.packet) :]

    def _short_packet(self, *, from_client: bool) -> None:
        """Count a packet with a short header; the powers of two show in the history."""
        self._short[from_client] += 1
        count = self._short[from_client]
        if self._entry is not None and count & (count - 1) == 0:
            self._entry.letter("o", from_client=from_client)

    def _long_packet(self, header: LongHeader, datagram: Datagram) -> None:
        from_client = datagram.from_orig
        entry = self._entry
        if entry is None:
            entry = self._entry = _Entry(datagram, header.version)
            entry.see(header, from_client=from_client)
        if header.kind == -1:
            entry.letter("u", from_client=from_client)
            self._write()
            if _asks_for_versions(header):
                self.connection.confirm(SERVICE)
            # A server that knows no such version says so, and the client begins again with another one.
            self.broken = header.version != 0 and header.version & 0x0F0F0F0F != 0x0A0A0A0A
        elif header.kind == RETRY:
            entry.letter("r", from_client=from_client)
            self._write()
            self._restart()
        else:
            entry.see(header, from_client=from_client)
            entry.letter(_LETTERS[header.kind], from_client=from_client)
            if header.kind == INITIAL and not self._crypto[from_client].finished:
                self._initial(header, datagram, entry)

    def _initial(self, header: LongHeader, datagram: Datagram, entry: _Entry) -> None:
        from_client = datagram.from_orig
        if self._secret is None:
            if not from_client:
                return
            self._secret = header.destination
        payload = decrypt(header, initial_keys(header.version, self._secret, of_client=from_client))
        if payload is None:
            self.broken = True
            return
        self._decrypted += 1
        self.connection.confirm(SERVICE)
        for frame in frames(payload, header.version):
            if isinstance(frame, Close):
                entry.letter("c", from_client=from_client)
                self._write()
                return
            message = self._crypto[from_client].add(frame)
            if message is not None:
                self._message(message, datagram, entry)

    def _message(self, message: tuple[int, bytes], datagram: Datagram, entry: _Entry) -> None:
        kind, body = message
        from_client = datagram.from_orig
        if kind != (1 if from_client else 2):
            raise Malformed("quic_unexpected_handshake", f"message {kind}")
        self.session.note(datagram.ts, datagram.record)
        self.session.message(from_client, kind, body)
        self.connection.confirm("ssl")
        entry.letter("s", from_client=from_client)
        if from_client:
            entry.hello = self.session.client

    def _write(self) -> None:
        entry, self._entry = self._entry, None
        if entry is not None and self._written < _MAX_RECORDS:
            self._written += 1
            entry.add_row(self.connection, self.rows)

    def close(self) -> None:
        """Write what is left."""
        self._write()
        self.session.add_rows(self.connection, self.rows)
