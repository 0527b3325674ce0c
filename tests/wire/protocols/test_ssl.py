"""TLS: handshakes of OpenSSL in memory, older and datagram forms byte by byte, hostile bytes."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.certificates import certificate, der, write_pem
from tests.wire.protocols.talk import SECOND, Kept, conversation, survives

from wardround.wire.connection import Connection, Datagram, Malformed
from wardround.wire.protocols import ssl as parser
from wardround.wire.tls_records import DatagramMessages

Turns = list[tuple[str, bytes | int]]


class Handshake:
    """A client and a server of OpenSSL that talk in memory."""

    def __init__(self, pem: Path, version: ssl.TLSVersion, ciphers: str = "DEFAULT") -> None:
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(pem)
        self.server.set_alpn_protocols(["dicom", "h2"])
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client.check_hostname, self.client.verify_mode = False, ssl.CERT_NONE
        self.client.minimum_version = self.client.maximum_version = version
        self.client.set_alpn_protocols(["h2", "dicom"])
        self.client.set_ciphers(ciphers)

    def talk(self, session: ssl.SSLSession | None = None) -> tuple[Turns, ssl.SSLObject]:
        """All that both send until each has sent something of its own, and the client."""
        inward = {">": ssl.MemoryBIO(), "<": ssl.MemoryBIO()}
        outward = {">": ssl.MemoryBIO(), "<": ssl.MemoryBIO()}
        client = self.client.wrap_bio(inward[">"], outward[">"], server_hostname="pacs.example", session=session)
        server = self.server.wrap_bio(inward["<"], outward["<"], server_side=True)
        turns: Turns = []
        open_ends = {">": client, "<": server}
        for _ in range(4):
            for side, end, other in ((">", client, "<"), ("<", server, ">")):
                try:
                    if side in open_ends:
                        end.do_handshake()
                        del open_ends[side]
                        end.write(b"C-ECHO")
                    else:
                        end.read(64)
                except ssl.SSLWantReadError:
                    pass
                sent = outward[side].read()
                inward[other].write(sent)
                if sent:
                    turns.append((side, sent))
        assert not open_ends
        return turns, client


def _read(turns: Turns) -> tuple[dict[str, Any], Kept, Connection]:
    connection, kept = conversation(turns, port=11112), Kept()
    assert parser.sniff(connection)
    parser.parse(connection, kept)
    (row,) = kept.tables["ssl"]
    return row, kept, connection


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pem(tmp_path_factory.mktemp("server"))


def test_tls_1_2(pem: Path) -> None:
    turns, _ = Handshake(pem, ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256").talk()
    row, kept, connection = _read(turns)
    assert row["version"] == "TLSv12"
    assert row["cipher"] == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert row["curve"] == "x25519"
    assert (row["server_name"], row["next_protocol"]) == ("pacs.example", "dicom")
    assert row["established"] is True
    assert row["resumed"] is False
    assert row["ssl_history"].startswith("CsxknGI")
    assert (row["subject"], row["sni_matches_cert"]) == ("CN=pacs.example", True)
    assert (row["ts"], row["record"]) == (SECOND, 1)
    assert row["ja4"].startswith("t12d")
    (written,) = kept.tables["x509"]
    assert written["fingerprint"] == row["cert_chain_fps"][0]
    assert connection.services == ["ssl"]


def _heartbeat(kind: int, stated: int, body: bytes) -> bytes:
    message = bytes((kind,)) + stated.to_bytes(2, "big") + body
    return b"\x18\x03\x03" + len(message).to_bytes(2, "big") + message


@pytest.mark.parametrize(
    ("asked", "answered", "weirds"),
    [
        (
            _heartbeat(1, 16_384, b""),
            _heartbeat(2, 500, bytes(516)),
            ["ssl_heartbeat_overlong", "ssl_heartbeat_overlong_answered"],
        ),
        (_heartbeat(1, 16_384, b""), b"", ["ssl_heartbeat_overlong"]),
        (_heartbeat(1, 20, bytes(36)), _heartbeat(2, 20, bytes(36)), []),
        (b"\x18\x03\x03\0\1\1", b"", []),
    ],
)
def test_heartbeats_that_ask_for_memory(pem: Path, asked: bytes, answered: bytes, weirds: list[str]) -> None:
    turns, _ = Handshake(pem, ssl.TLSVersion.TLSv1_2).talk()
    _, kept, _ = _read([*turns[:2], (">", asked), ("<", answered), *turns[2:]])
    assert kept.weirds == weirds


def test_tls_1_3(pem: Path) -> None:
    turns, client = Handshake(pem, ssl.TLSVersion.TLSv1_3).talk()
    row, kept, _ = _read(turns)
    chosen = client.cipher()
    assert chosen is not None
    assert (row["version"], row["cipher"]) == ("TLSv13", chosen[0])
    assert row["established"] is True
    assert row["resumed"] is False
    assert row["ssl_history"].startswith("Cs")
    assert "x509" not in kept.tables
    assert row["next_protocol"] is None  # said only under encryption


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_resumption(pem: Path, version: ssl.TLSVersion) -> None:
    handshake = Handshake(pem, version)
    _, first = handshake.talk()
    turns, second = handshake.talk(first.session)
    assert second.session_reused
    row, _, _ = _read(turns)
    assert row["resumed"] is True
    assert row["established"] is True


def test_records_over_any_segments(pem: Path) -> None:
    turns, _ = Handshake(pem, ssl.TLSVersion.TLSv1_2).talk()
    whole, _, _ = _read(turns)
    cut: Turns = []
    for side, data in turns:
        assert isinstance(data, bytes)
        cut += [(side, data[at : at + 7]) for at in range(0, len(data), 7)]
    pieces, _, _ = _read(cut)
    assert {**pieces, "record": 0, "ts": 0} == {**whole, "record": 0, "ts": 0}


def test_a_gap_ends_the_reading_of_its_side(pem: Path) -> None:
    (_, hello), (_, answer), *_ = Handshake(pem, ssl.TLSVersion.TLSv1_2).talk()[0]
    assert isinstance(answer, bytes)
    row, _, _ = _read([(">", hello), ("<", answer[:90]), ("<", 10), ("<", answer[100:])])
    assert row["established"] is False
    assert row["server_name"] == "pacs.example"
    assert "x" not in row["ssl_history"]


def test_an_alert(pem: Path) -> None:
    (_, hello), *_ = Handshake(pem, ssl.TLSVersion.TLSv1_2).talk()[0]
    row, _, _ = _read([(">", hello), ("<", b"\x15\x03\x03\0\x02\x02\x28")])
    assert (row["last_alert"], row["ssl_history"], row["version"]) == ("handshake_failure", "Cl", None)


def test_what_is_no_record_ends_the_reading(pem: Path) -> None:
    (_, hello), *_ = Handshake(pem, ssl.TLSVersion.TLSv1_2).talk()[0]
    connection, kept = conversation([(">", hello), ("<", b"HTTP/1.1 400 Bad Request\r\n\r\n")]), Kept()
    with pytest.raises(Malformed, match="ssl_invalid_record"):
        parser.parse(connection, kept)
    assert kept.tables["ssl"][0]["server_name"] == "pacs.example"


def test_the_hello_of_the_responder_flips_the_direction(pem: Path) -> None:
    turns = [("<" if side == ">" else ">", data) for side, data in Handshake(pem, ssl.TLSVersion.TLSv1_2).talk()[0]]
    row, _, _ = _read(turns)
    assert row["ssl_history"].startswith("^Cs")
    assert row["established"] is True


def test_ssl_2() -> None:
    body = b"\x01\x00\x02" + b"\0\x06\0\0\0\x10" + b"\x01\0\x80\x07\0\xc0" + b"c" * 16
    encoded = der(certificate())
    answer = b"\x04\0\x01\0\x02" + len(encoded).to_bytes(2, "big") + b"\0\x03\0\x10" + encoded + b"\x07\0\xc0" + b"i" * 16
    turns: Turns = [(side, (0x8000 | len(data)).to_bytes(2, "big") + data) for side, data in ((">", body), ("<", answer))]
    row, kept, _ = _read(turns)
    assert (row["version"], row["cipher"]) == ("SSLv2", "SSLv20_CK_DES_192_EDE3_CBC_WITH_MD5")
    assert row["ssl_history"] == "Cs"
    assert len(kept.tables["x509"]) == 1


def test_a_capture_that_begins_within_a_connection() -> None:
    record = b"\x17\x03\x03\0\x20" + b"e" * 32
    assert parser.sniff(conversation([("<", record)]))
    connection, kept = conversation([(">", record * 3)]), Kept()
    assert parser.sniff(connection)
    parser.parse(connection, kept)
    assert connection.services == ["ssl"]
    assert not kept.tables


@pytest.mark.parametrize(
    "head", [b"\x16\x03\x01", b"\x16\x02\x01\0\x40\x01", b"GET / HTTP/1.1\r\n", b"\x17\x03\x03\0\x20e", b""]
)
def test_what_is_not_tls(head: bytes) -> None:
    assert not parser.sniff(conversation([(">", head)]))


def _dtls(kind: int, body: bytes, number: int, epoch: int = 0) -> bytes:
    return (
        bytes([kind]) + b"\xfe\xfd" + epoch.to_bytes(2, "big") + number.to_bytes(6, "big") + len(body).to_bytes(2, "big") + body
    )


def _fragment(kind: int, message: bytes, number: int, begin: int, end: int) -> bytes:
    sizes = len(message).to_bytes(3, "big"), begin.to_bytes(3, "big"), (end - begin).to_bytes(3, "big")
    return bytes([kind]) + sizes[0] + number.to_bytes(2, "big") + sizes[1] + sizes[2] + message[begin:end]


def test_dtls_with_fragments_out_of_order_and_sent_twice() -> None:
    hello = b"\xfe\xfd" + b"r" * 32 + b"\0\0" + b"\0\x02\xc0\x2b" + b"\x01\0" + b"\0\0"
    answer = b"\xfe\xfd" + b"s" * 32 + b"\0" + b"\xc0\x2b" + b"\0"
    sent = [
        (True, _dtls(22, _fragment(1, hello, 0, 0, len(hello)), 0)),
        (False, _dtls(22, _fragment(2, answer, 0, 20, len(answer)), 0)),
        (True, _dtls(22, _fragment(1, hello, 0, 0, len(hello)), 1)),
        (False, _dtls(22, _fragment(2, answer, 0, 0, 25), 1)),
        (True, _dtls(20, b"\x01", 2) + _dtls(22, b"e" * 40, 0, epoch=1)),
        (False, _dtls(20, b"\x01", 2) + _dtls(22, b"e" * 40, 0, epoch=1)),
    ]
    datagrams = [Datagram(n * SECOND, up, data, n, len(data)) for n, (up, data) in enumerate(sent, 1)]
    connection = Connection("C1", SECOND, 1, "udp", "10.0.0.1", 4000, "10.0.0.2", 4433, datagrams=datagrams)
    kept = Kept()
    assert parser.sniff(connection)
    parser.parse(connection, kept)
    (row,) = kept.tables["ssl"]
    assert (row["version"], row["ssl_history"], row["established"]) == ("DTLSv12", "CsIi", True)
    assert row["ja4"].startswith("dd2i0100")
    assert connection.services == ["dtls"]


def test_a_capture_that_begins_within_dtls() -> None:
    data = _dtls(23, b"e" * 40, 7, epoch=1)
    for sent, recognised in ((data, True), (data + b"x", False), (_dtls(23, b"e" * 40, 7), False)):
        datagrams = [Datagram(1, False, sent, 1, len(sent))]
        connection = Connection("C1", 1, 1, "udp", "10.0.0.1", 4000, "10.0.0.2", 4433, datagrams=datagrams)
        assert parser.sniff(connection) is recognised
        kept = Kept()
        parser.parse(connection, kept)
        assert connection.services == (["dtls"] if recognised else [])
        assert not kept.tables


def test_the_parts_of_one_message_must_agree() -> None:
    messages = DatagramMessages()
    assert not list(messages.add(_fragment(1, b"a" * 20, 0, 0, 10)))
    assert not list(messages.add(_fragment(1, b"a" * 30, 0, 10, 30)))
    assert list(messages.add(_fragment(1, b"a" * 20, 0, 10, 20))) == [(1, b"a" * 20)]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_hostile_bytes(data: st.DataObject) -> None:
    head = st.sampled_from(
        [b"", b"\x16\x03\x01\0\x30\x01\0\0\x2c\x03\x03", b"\x80\x2e\x01\0\x02\0\x03", b"\x16\x03\x03\0\x40\x02\0\0\x3c"]
    )
    sides = [data.draw(head) + data.draw(st.binary(max_size=200)) for _ in range(2)]
    survives("ssl", sides[0], sides[1], data.draw(st.lists(st.integers(1, 60), max_size=2)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=80)), max_size=8))
def test_hostile_datagrams(sent: list[tuple[bool, bytes]]) -> None:
    datagrams = [Datagram(1, up, b"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0" + body, 1, 12 + len(body)) for up, body in sent]
    connection = Connection("C1", 1, 1, "udp", "10.0.0.1", 4000, "10.0.0.2", 4433, datagrams=datagrams)
    parser.sniff(connection)
    try:
        parser.parse(connection, Kept())
    except Malformed as problem:
        assert problem.name.startswith(("ssl_", "x509_"))
