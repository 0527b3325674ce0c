"""QUIC: the keys of the RFCs' examples, connections written and protected byte by byte, hostile datagrams."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.talk import SECOND, Kept

from wardround.wire.connection import Connection, Datagram, Malformed
from wardround.wire.protocols import quic
from wardround.wire.quic_packets import VERSION_1, VERSION_2, initial_keys, version_name

FIRST = bytes.fromhex("8394c8f03e515708")


def _variable(number: int) -> bytes:
    return (number | 0x4000).to_bytes(2, "big")


def _crypto(data: bytes, offset: int = 0) -> bytes:
    return b"\x06" + _variable(offset) + _variable(len(data)) + data


def _header(kind: int, version: int, destination: bytes, source: bytes) -> bytes:
    bits = (kind + 1) & 3 if version == VERSION_2 else kind
    ids = bytes([len(destination)]) + destination + bytes([len(source)]) + source
    return bytes([0xC3 | bits << 4]) + version.to_bytes(4, "big") + ids


def initial(
    payload: bytes, *, up: bool = True, number: int = 0, version: int = VERSION_1, secret: bytes = FIRST, pad: int = 0,
    destination: bytes = FIRST, source: bytes = b"",
) -> bytes:  # fmt: skip
    """A protected initial packet (RFC 9001, 5.4)."""
    payload = payload.ljust(max(pad, 4), b"\0")
    head = _header(0, version, destination, source) + b"\0" + _variable(4 + len(payload) + 16)
    number_bytes = number.to_bytes(4, "big")
    keys = initial_keys(version, secret, of_client=up)
    nonce = bytes(a ^ b for a, b in zip(keys.iv, number_bytes.rjust(12, b"\0"), strict=True))
    sealed = AESGCM(keys.key).encrypt(nonce, payload, head + number_bytes)
    mask = Cipher(AES(keys.header), ECB()).encryptor().update(sealed[:16])
    masked = bytes(a ^ b for a, b in zip(number_bytes, mask[1:5], strict=True))
    return bytes([head[0] ^ mask[0] & 0x0F]) + head[1:] + masked + sealed


def client_hello(name: bytes = b"pacs.example") -> bytes:
    extensions = [
        (0, (len(name) + 3).to_bytes(2, "big") + b"\0" + len(name).to_bytes(2, "big") + name),
        (16, b"\0\x03\x02h3"),
        (43, b"\x02\x03\x04"),
        (13, b"\0\x02\x04\x03"),
    ]
    block = b"".join(kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body for kind, body in extensions)
    body = b"\x03\x03" + b"r" * 32 + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" + len(block).to_bytes(2, "big") + block
    return b"\x01" + len(body).to_bytes(3, "big") + body


def server_hello() -> bytes:
    block = b"\0\x2b\0\x02\x03\x04" + b"\0\x33\0\x06\0\x1d\0\x02kk"
    body = b"\x03\x03" + b"s" * 32 + b"\0" + b"\x13\x01" + b"\0" + len(block).to_bytes(2, "big") + block
    return b"\x02" + len(body).to_bytes(3, "big") + body


def _read(*sent: tuple[bool, bytes], port: int = 4433) -> tuple[list[dict[str, Any]], Kept, Connection]:
    datagrams = [Datagram(n * SECOND, up, data, n, len(data)) for n, (up, data) in enumerate(sent, 1)]
    connection = Connection("C1", SECOND, 1, "udp", "10.0.0.1", 5000, "10.0.0.2", port, datagrams=datagrams)
    kept = Kept()
    assert quic.sniff(connection)
    quic.parse(connection, kept)
    return kept.tables["quic"], kept, connection


@pytest.mark.parametrize(
    ("version", "of_client", "key", "iv", "header"),
    [
        (VERSION_1, True, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"),
        (VERSION_1, False, "cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314"),
        (VERSION_2, True, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9"),
    ],
)
def test_the_keys_of_the_examples(version: int, of_client: bool, key: str, iv: str, header: str) -> None:
    """RFC 9001, appendix A.1, and RFC 9369, appendix A.1."""
    keys = initial_keys(version, FIRST, of_client=of_client)
    assert (keys.key.hex(), keys.iv.hex(), keys.header.hex()) == (key, iv, header)


@pytest.mark.parametrize(("version", "name"), [(VERSION_1, "1"), (VERSION_2, "quicv2"), (0xFF00001D, "draft-29")])
def test_a_connection(version: int, name: str) -> None:
    ack = b"\x02\0\0\0\0"
    handshake = _header(2, version, b"", b"SRV") + _variable(20) + b"h" * 20
    (row,), kept, connection = _read(
        (True, initial(_crypto(client_hello()), version=version, source=b"C", pad=1100)),
        (False, initial(ack + _crypto(server_hello()), version=version, up=False, destination=b"C", source=b"SRV") + handshake),
        (True, b"\x41" + b"e" * 30),
        (True, b"\x41" + b"e" * 30),
        (True, b"\x41" + b"e" * 30),
    )
    expected = {
        "version": name, "client_initial_dcid": FIRST.hex(), "client_scid": "43", "server_scid": "535256",
        "server_name": "pacs.example", "client_protocol": "h3", "history": "ISishOO", "ts": SECOND, "record": 1,
    }  # fmt: skip
    assert expected.items() <= row.items()
    (session,) = kept.tables["ssl"]
    assert (session["version"], session["cipher"], session["curve"]) == ("TLSv13", "TLS_AES_128_GCM_SHA256", "x25519")
    assert session["ja4"] == row["ja4"]
    assert row["ja4"].startswith("q13d0104h3_")
    assert connection.services == ["quic", "ssl"]


def test_a_hello_over_packets_and_datagrams_out_of_order() -> None:
    hello = client_hello()
    (row,), _, _ = _read(
        (
            True,
            initial(_crypto(hello[90:], 90), number=1)
            + initial(_crypto(hello[:20]) + b"\x01" + _crypto(hello[60:95], 60), number=2),
        ),
        (True, initial(_crypto(hello[20:60], 20), number=3)),
    )
    assert (row["history"], row["server_name"]) == ("IIIS", "pacs.example")


def test_a_retry_begins_a_new_row() -> None:
    retry = _header(3, VERSION_1, b"", b"NEW") + b"token" * 8
    rows, _, _ = _read(
        (True, initial(_crypto(client_hello()))),
        (False, retry),
        (True, initial(_crypto(client_hello()), destination=b"NEW", secret=b"NEW")),
        (False, initial(_crypto(server_hello()), up=False, secret=b"NEW")),
    )
    assert [(row["client_initial_dcid"], row["history"]) for row in rows] == [(FIRST.hex(), "ISr"), (b"NEW".hex(), "ISis")]


def test_a_close_ends_the_row() -> None:
    (row,), _, _ = _read((True, initial(b"\x1c" + b"\0" * 4)))
    assert row["history"] == "IC"


def test_padding_behind_a_packet_shows() -> None:
    (row,), _, _ = _read((True, initial(_crypto(client_hello())) + b"\0" * 100))
    assert row["history"] == "ISX"


def test_keys_that_do_not_fit_end_the_reading() -> None:
    (row,), kept, connection = _read(
        (True, initial(_crypto(client_hello()), secret=b"other")), (True, initial(_crypto(client_hello())))
    )
    assert row["history"] == "I"
    assert connection.services == []
    assert "ssl" not in kept.tables


def test_an_unknown_version() -> None:
    (row,), _, _ = _read((True, _header(0, 0x10010000, b"D", b"") + b"?" * 40), port=443)
    assert (row["version"], row["history"], row["client_initial_dcid"]) == ("unknown-10010000", "U", "44")


def test_googles_quic() -> None:
    values = [(b"SNI\0", b"www.example"), (b"VER\0", b"Q043")]
    head, body = b"CHLO" + len(values).to_bytes(2, "little") + b"\0\0", b""
    for tag, value in values:
        body += value
        head += tag + len(body).to_bytes(4, "little")
    (row,), _, connection = _read((True, b"\x0d" + b"i" * 8 + b"Q043" + b"\x01" + b"m" * 12 + b"\xa0\x01\0\x04" + head + body))
    assert (row["version"], row["server_name"]) == ("Q043", "www.example")
    assert connection.services == ["quic"]


@pytest.mark.parametrize("data", [b"", b"\xc0", b"\x16\xfe\xff" + b"\0" * 30, b"\xc3\0\0\0\x01\x40" + b"D" * 80, b"\x40" * 60])
def test_what_is_not_quic(data: bytes) -> None:
    datagrams = [Datagram(1, True, data, 1, len(data))]
    assert not quic.sniff(Connection("C1", 1, 1, "udp", "10.0.0.1", 5000, "10.0.0.2", 4433, datagrams=datagrams))


def test_names_of_versions() -> None:
    assert [version_name(v) for v in (0xFACEB002, 0x51303436, 0x0A1A2A3A)] == ["mvfst (faceb002)", "Q046", "unknown-a1a2a3a"]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60), st.binary(max_size=60)), min_size=1, max_size=5))
def test_hostile_payloads(sent: list[tuple[bool, bytes, bytes]]) -> None:
    datagrams = [Datagram(1, True, initial(_crypto(client_hello()[:50])), 1, 99)]
    datagrams += [Datagram(1, up, initial(inside, up=up) + outside, 1, 99) for up, inside, outside in sent]
    connection = Connection("C1", 1, 1, "udp", "10.0.0.1", 5000, "10.0.0.2", 443, datagrams=datagrams)
    kept = Kept()
    try:
        quic.parse(connection, kept)
    except Malformed as problem:
        assert problem.name.startswith(("quic_", "ssl_"))
    assert kept.tables["quic"][0]["history"].startswith("I")


def test_googles_quic_with_tls() -> None:
    version = 0x54303531
    hello, answer = client_hello(), server_hello()
    acknowledgement = b"\x40\x01\0\0\x01\0"
    (row,), kept, _ = _read(
        (True, initial(b"\x08" + _crypto(hello)[1:], version=version)),
        (False, initial(acknowledgement + b"\x08" + _crypto(answer)[1:], up=False, version=version)),
    )
    assert (row["version"], row["server_name"], row["history"]) == ("T051", "pacs.example", "ISis")
    assert kept.tables["ssl"][0]["version"] == "TLSv13"


def test_a_client_that_asks_for_versions() -> None:
    asked = (_header(0, 0x1A2A3A4A, FIRST, b"C") + b"?").ljust(1200, b"?")
    answer = _header(0, 0, b"C", FIRST) + VERSION_1.to_bytes(4, "big")
    rows, _, connection = _read((True, asked), (False, answer), (True, initial(_crypto(client_hello()))))
    assert [row["history"] for row in rows] == ["U", "u", "IS"]
    assert connection.services == ["quic", "ssl"]
