"""What the messages of a TLS handshake say, gathered into a row of table ssl as Zeek would write it.

Source: RFC 8446 and 5246; the letters of the history are those of Zeek's documentation of ssl.log.
"""

from __future__ import annotations

from typing import Any

from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.ja4 import Transport, ja3, ja3s, ja4
from wardround.wire.octets import Octets
from wardround.wire.tls_ciphers import cipher_suite
from wardround.wire.tls_hello import RETRY_RANDOM, Hello, client_hello, server_hello, text
from wardround.wire.tls_names import alert_name, group_name, is_tls13, version_name
from wardround.wire.x509 import Certificate, add_certificates

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE, CLIENT_KEY_EXCHANGE = 1, 2, 11, 12, 16

_LETTERS = {
    0: "h", 1: "c", 2: "s", 3: "v", 4: "t", 5: "e", 6: "j", 8: "o", 11: "x", 12: "k", 13: "r", 14: "n", 15: "y",
    16: "g", 20: "f", 21: "w", 22: "u", 23: "a", 24: "p", 254: "m",
}  # fmt: skip

_MAX_HISTORY = 100

#: Certificates of one chain that are read.
MAX_CHAIN = 32


class Session:
    """One TLS session: feed it what both sides say, then ask it for its row."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.seen = False
        self.ts = 0
        self.frame = -1
        self.history = ""
        self.client: Hello | None = None
        self.server: Hello | None = None
        self.version: int | None = None
        self.curve: int | None = None
        self.resumed = False
        self.established = False
        self.last_alert: str | None = None
        self.chains: dict[bool, list[Certificate]] = {}
        self._first_hello: Hello | None = None
        self._encrypted = {True: False, False: False}
        self._key_exchanged = False

    def note(self, ts: int, frame: int) -> None:
        """Tell when the messages that follow came (ns, frame number)."""
        if not self.seen:
            self.seen, self.ts, self.frame = True, ts, frame

    def letter(self, from_client: bool, letter: str) -> None:
        """Add to the history."""
        if len(self.history) < _MAX_HISTORY:
            self.history += letter.upper() if from_client else letter

    def is_encrypted(self, from_client: bool) -> bool:
        """Whether that side has said that it encrypts from now on."""
        return self._encrypted[from_client]

    def message(self, from_client: bool, kind: int, body: bytes) -> None:
        """Take a handshake message in clear; raises Malformed when a hello does not hold together."""
        letter = _LETTERS.get(kind, "z")
        if kind == CLIENT_HELLO:
            self.hello_of_client(client_hello(body, datagram=self.transport == "d"))
        elif kind == SERVER_HELLO:
            hello = server_hello(body)
            if hello.random == RETRY_RANDOM:
                letter = "j"
            self.hello_of_server(hello)
        elif kind == CERTIFICATE:
            self._certificates(from_client, body)
        elif kind == SERVER_KEY_EXCHANGE:
            self._key_exchange(body)
        elif kind == CLIENT_KEY_EXCHANGE and from_client:
            self._key_exchanged = True
        self.letter(from_client, letter)

    def hello_of_client(self, hello: Hello) -> None:
        """Take what the client offers; after a retry its second hello counts, fingerprints are of the first."""
        self.client = hello
        if self._first_hello is None:
            self._first_hello = hello

    def hello_of_server(self, hello: Hello) -> None:
        """Take what the server chose."""
        self.server = hello
        self.version = hello.versions[0] if hello.versions else hello.version
        if hello.key_shares:
            self.curve = hello.key_shares[0]
        client = self.client
        if client is None:
            return
        if client.pre_shared_key and hello.pre_shared_key:
            self.resumed = True
        same = client.session_id == hello.session_id and client.session_id.strip(b"\0")
        if same and not is_tls13(self.version):
            self.resumed = True

    def change_cipher_spec(self, from_client: bool) -> None:
        """That side encrypts from now on."""
        self.letter(from_client, "i")
        self._encrypted[from_client] = True
        client = self.client
        if from_client and client is not None and client.ticket and not client.session_id and not self._key_exchanged:
            self.resumed = True

    def alert(self, from_client: bool, body: bytes) -> None:
        """Take an alert in clear."""
        self.letter(from_client, "l")
        if len(body) == 2:
            self.last_alert = alert_name(body[1])

    def ciphertext(self, from_client: bool) -> None:
        """Take note of an encrypted record: it shows whether the handshake was completed."""
        if all(self._encrypted.values()) or (from_client and self.version is not None and is_tls13(self.version)):
            self.established = True

    def _key_exchange(self, body: bytes) -> None:
        name = cipher_suite(self.server.ciphers[0]) if self.server and self.server.ciphers else ""
        if "_ECDH" in name and len(body) >= 3 and body[0] == 3:  # a named curve (RFC 8422, 5.4)
            self.curve = body[1] << 8 | body[2]

    def _certificates(self, from_client: bool, body: bytes) -> None:
        if self.version is not None and is_tls13(self.version):
            return
        certificates: list[bytes] = []
        try:
            octets = Octets(Octets(body, "ssl_malformed_certificate").vector(3), "ssl_malformed_certificate")
            while octets.left and len(certificates) < MAX_CHAIN:
                certificates.append(octets.vector(3))
        except Malformed:
            if not certificates:
                raise
        self.chain(from_client, certificates)

    def chain(self, from_client: bool, certificates: list[bytes]) -> None:
        """Take the certificates of one side, its own first."""
        self.chains[from_client] = [Certificate.read(certificate) for certificate in certificates if certificate]

    def add_rows(self, connection: Connection, rows: Rows) -> None:
        """Write the rows of ssl and x509."""
        if not self.seen:
            return
        for from_client, chain in self.chains.items():
            add_certificates(rows, chain, self.ts, self.frame, from_client=from_client)
        rows.add("ssl", connection, self.ts, self.frame, **self._columns())

    def _columns(self) -> dict[str, Any]:
        client, server, first = self.client, self.server, self._first_hello
        columns: dict[str, Any] = {
            "resumed": self.resumed,
            "established": self.established,
            "ssl_history": self.history,
            "last_alert": self.last_alert,
            "version": None if self.version is None else version_name(self.version),
            "curve": None if self.curve is None else group_name(self.curve),
        }
        if client is not None and first is not None:
            columns |= {"server_name": client.server_name, "ja3": ja3(first), "ja4": ja4(first, self.transport)}
        if server is not None and server.ciphers:
            columns |= {"cipher": cipher_suite(server.ciphers[0]), "ja3s": ja3s(server)}
            columns["next_protocol"] = text(server.alpn[0]) if server.alpn else None
        for from_client, prefix in ((False, ""), (True, "client_")):
            chain = self.chains.get(from_client)
            if chain is not None:
                columns[f"{prefix}cert_chain_fps"] = [certificate.fingerprint for certificate in chain]
            if chain:
                columns[f"{prefix}subject"], columns[f"{prefix}issuer"] = chain[0].subject, chain[0].issuer
        own = self.chains.get(False)
        if own and columns.get("server_name"):
            columns["sni_matches_cert"] = own[0].is_for(columns["server_name"])
        return columns
