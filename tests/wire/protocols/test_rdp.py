"""RDP: negotiation, settings of both sides written byte by byte, TLS inside, hostile bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.certificates import certificate, der
from tests.wire.protocols.talk import Kept, conversation, read, survives

from wardround.wire.connection import Connection, Datagram
from wardround.wire.protocols import rdp
from wardround.wire.rdp_names import keyboard


def _tpkt(body: bytes) -> bytes:
    return b"\x03\0" + (4 + len(body)).to_bytes(2, "big") + body


def _x224(code: int, body: bytes) -> bytes:
    return _tpkt(bytes([6 + len(body), code]) + b"\0\0\0\0\0" + body)


def _request(cookie: bytes = b"Cookie: mstshash=martin\r\n", protocols: int | None = 3) -> bytes:
    return _x224(0xE0, cookie + (b"" if protocols is None else b"\x01\0\x08\0" + protocols.to_bytes(4, "little")))


def _confirm(kind: int = 2, value: int = 0) -> bytes:
    return _x224(0xD0, bytes([kind]) + b"\0\x08\0" + value.to_bytes(4, "little"))


def _ber(tag: bytes, body: bytes) -> bytes:
    return tag + b"\x82" + len(body).to_bytes(2, "big") + body


def _number(size: int, *values: int) -> bytes:
    return b"".join(value.to_bytes(size, "little") for value in values)


def _block(kind: int, body: bytes) -> bytes:
    return _number(2, kind, 4 + len(body)) + body


def _initial(*blocks: bytes) -> bytes:
    data = b"".join(blocks)
    user = b"\0\x05\0\x14\x7c\0\x01\x81\x2a\0\x08\0\x10\0\x01\xc0\0Duca" + (0x8000 | len(data)).to_bytes(2, "big") + data
    head = b"\x04\x01\x01\x04\x01\x01\x01\x01\xff" + b"\x30\x03\x02\x01\x22" * 3
    return _tpkt(b"\x02\xf0\x80" + _ber(b"\x7f\x65", head + _ber(b"\x04", user)))


def _response(*blocks: bytes, result: int = 0) -> bytes:
    data = b"".join(blocks)
    user = (
        b"\0\x05\0\x14\x7c\0\x01\x2a\x14\x76\x0a\x01\x01"
        + bytes([result])
        + b"\x01\xc0\0McDn"
        + bytes([len(data) & 0x7F])
        + data
    )
    if len(data) > 0x7F:
        user = user.replace(b"McDn" + bytes([len(data) & 0x7F]), b"McDn" + (0x8000 | len(data)).to_bytes(2, "big"))
    return _tpkt(b"\x02\xf0\x80" + _ber(b"\x7f\x66", b"\x0a\x01\0\x02\x01\0\x30\x03\x02\x01\x22" + _ber(b"\x04", user)))


CORE = (
    _number(4, 0x00080004) + _number(2, 1920, 1080, 0xCA01, 0xAA03) + _number(4, 0x040C, 9600)
    + "RADIO-3".encode("utf-16-le").ljust(32, b"\0") + _number(4, 4, 0, 12) + b"\0" * 64
)  # fmt: skip
NEWER = _number(2, 0xCA03, 1) + _number(4, 0) + _number(2, 24, 7, 0x0001) + "55274-OEM".encode("utf-16-le").ljust(64, b"\0")
CHANNELS = _number(4, 2) + b"rdpdr\0\0\0" + _number(4, 0) + b"cliprdr\0" + _number(4, 0)


def _row(*turns: tuple[str, bytes | int]) -> tuple[dict[str, Any], Kept]:
    connection, kept = read("rdp", turns, port=3389)
    assert connection.services == ["rdp"]
    (row,) = kept.tables["rdp"]
    return row, kept


def test_settings_and_certificates() -> None:
    chain = [der(certificate(serial=number)) for number in (11, 12)]
    x509 = _number(4, 0x80000002, 2) + b"".join(_number(4, len(one)) + one for one in chain)
    security = _number(4, 2, 3, 32, len(x509)) + b"r" * 32 + x509
    row, kept = _row(
        (">", _request()), ("<", _confirm()), (">", _initial(_block(0xC001, CORE + NEWER), _block(0xC003, CHANNELS))),
        ("<", _response(_block(0x0C01, b"\x04\0\x08\0"), _block(0x0C02, security))),
    )  # fmt: skip
    expected = {
        "cookie": "martin", "result": "Success", "security_protocol": "RDP", "client_channels": ["rdpdr", "cliprdr"],
        "keyboard_layout": "French - France", "client_build": "RDP 8.1", "client_name": "RADIO-3",
        "client_dig_product_id": "55274-OEM", "desktop_width": 1920, "desktop_height": 1080, "requested_color_depth": "24bit",
        "cert_type": "X.509", "cert_count": 2, "cert_permanent": False, "encryption_level": "High",
        "encryption_method": "128bit",
    }  # fmt: skip
    assert expected.items() <= row.items()
    assert [one["certificate.serial"] for one in kept.tables["x509"]] == ["0B", "0C"]


@pytest.mark.parametrize(
    ("core", "depth"),
    [(CORE, "8bit"), (CORE + NEWER[:2], "16bit"), (CORE + NEWER, "24bit"), (CORE + NEWER[:12] + b"\x03" + NEWER[13:], "32bit")],
)
def test_older_clients_say_less(core: bytes, depth: str) -> None:
    row, _ = _row((">", _request()), ("<", _confirm()), (">", _initial(_block(0xC001, core))))
    assert row["requested_color_depth"] == depth


@pytest.mark.parametrize(
    ("code", "result"), [(2, "SSL_NOT_ALLOWED_BY_SERVER"), (5, "HYBRID_REQUIRED_BY_SERVER"), (9, "failure_code-9")]
)
def test_a_refusal(code: int, result: str) -> None:
    row, _ = _row((">", _request()), ("<", _confirm(3, code)))
    assert (row["result"], row["cookie"], row["cert_count"]) == (result, "martin", 0)


def test_a_server_without_negotiation_and_its_own_certificate() -> None:
    security = _number(4, 1, 1, 4, 4) + b"rand" + _number(4, 1)
    row, _ = _row(
        (">", _request(b"", None)), ("<", _x224(0xD0, b"")), (">", _initial(_block(0xC001, CORE))),
        ("<", _response(_block(0x0C02, security), result=2)),
    )  # fmt: skip
    assert (row["result"], row["cert_type"], row["cert_count"], row["cert_permanent"]) == (
        "Resources not available",
        "RSA",
        1,
        True,
    )
    assert (row["encryption_method"], row["encryption_level"]) == ("40bit", "Low")


def test_tls_inside() -> None:
    hello = b"\x03\x03" + b"r" * 32 + b"\0" + b"\0\x02\xc0\x2f" + b"\x01\0"
    record = b"\x16\x03\x01" + (4 + len(hello)).to_bytes(2, "big") + b"\x01" + len(hello).to_bytes(3, "big") + hello
    connection, kept = read(
        "rdp", [(">", _request()), ("<", _confirm(2, 2)), (">", record), ("<", b"\x15\x03\x03\0\x02\x02\x28")]
    )
    (row,), (session,) = kept.tables["rdp"], kept.tables["ssl"]
    assert (row["security_protocol"], row["result"]) == ("HYBRID", "encrypted")
    assert session["last_alert"] == "handshake_failure"
    assert connection.services == ["rdp", "ssl"]


def test_behind_a_balancer_the_token_is_in_its_own_words() -> None:
    asked = _request(b"tsv://MS Terminal Services Plugin.1.Farm\r\n")
    _, kept = read("rdp", [(">", asked), ("<", _confirm(2, 1))], port=3390)
    (row,) = kept.tables["rdp"]
    assert (row["security_protocol"], row["result"], row.get("cookie")) == ("SSL", "encrypted", None)
    for changed in (asked[:-1], asked.replace(b"\r\n", b"\r."), asked.replace(b"\x08\0", b"\x09\0")):
        assert not rdp.sniff(conversation([(">", changed)], port=102))


def test_keyboards() -> None:
    assert keyboard(0x40C) == "French - France"
    assert keyboard(0x2080C) == "French - Belgium (Best Guess for 133132)"
    assert keyboard(0xFFFF) == "keyboard-65535"


@pytest.mark.parametrize(
    "head",
    [b"", b"\x03\0\0\x16\x11\xe0\0\0\0\1\0\xc0\x01\x0a\xc1\x02\1\0\xc2\x02\1\2", b"\x03\0\0\x0b\x06\xe0\0\0\0\0\0", b"GET /"],
)
def test_what_is_not_rdp(head: bytes) -> None:
    assert not rdp.sniff(conversation([(">", head)], port=102))


def test_the_udp_transport() -> None:
    syn = (b"\xff\xff\xff\xff\0\x40\x10\x01").ljust(1232, b"\0")
    answer = (b"\0\0\0\x01\0\x40\x10\x05").ljust(1232, b"\0")
    datagrams = [Datagram(1, True, syn, 1, 1232), Datagram(2, False, answer, 2, 1232)]
    connection = Connection("C1", 1, 1, "udp", "10.0.0.1", 5000, "10.0.0.2", 3389, datagrams=datagrams)
    assert rdp.sniff(connection)
    rdp.parse(connection, Kept())
    assert connection.services == ["rdpeudp"]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_hostile_bytes(data: st.DataObject) -> None:
    client = bytearray(_request() + _initial(_block(0xC001, CORE + NEWER), _block(0xC003, CHANNELS)))
    server = bytearray(_confirm() + _response(_block(0x0C02, _number(4, 2, 3, 2, 8) + b"rr" + _number(4, 2, 1))))
    for side in (client, server):
        for _ in range(data.draw(st.integers(0, 5))):
            side[data.draw(st.integers(0, len(side) - 1))] = data.draw(st.integers(0, 255))
    survives("rdp", bytes(client), bytes(server), data.draw(st.lists(st.integers(1, 300), max_size=2)))
