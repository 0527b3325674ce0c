"""VPN protocols and STUN by content, and products by the names in a connection."""

from __future__ import annotations

from typing import Any

import pytest

from wardround.wire import applications, protocols
from wardround.wire.connection import Chunk, Connection, Datagram, Stream
from wardround.wire.rows import Collector


class _Sink:
    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def write(self, table: str, rows: Any) -> None:
        self.tables.setdefault(table, []).extend(rows.to_pylist())

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        raise AssertionError(message)


def _read(*talk: tuple[bool, bytes]) -> tuple[Connection, dict[str, list[dict[str, Any]]]]:
    datagrams = [Datagram(n, from_orig, data, n, len(data)) for n, (from_orig, data) in enumerate(talk)]
    connection = Connection("C1", 1, 0, "udp", "192.0.2.1", 40000, "192.0.2.2", 40001, datagrams=datagrams)
    sink = _Sink()
    rows = Collector(sink)
    protocols.parse(connection, rows)
    rows.close()
    return connection, sink.tables


def test_stun_needs_cookie_and_length() -> None:
    message = b"\0\1\0\4\x21\x12\xa4\x42" + bytes(12) + bytes(4)
    assert _read((True, message))[0].services == ["stun"]
    assert _read((True, message[:4] + b"\0" + message[5:]))[0].services != ["stun"]
    assert _read((True, message[:3] + b"\x08" + message[4:]))[0].services != ["stun"]


def test_wireguard_needs_the_answer_to_name_the_initiator() -> None:
    asked = b"\1\0\0\0abcd" + bytes(140)
    connection, tables = _read((True, asked), (False, b"\2\0\0\0wxyzabcd" + bytes(80)))
    assert connection.services == ["wireguard"]
    assert tables["vpn_tunnel"][0]["established"] is True
    assert "wireguard" not in _read((True, asked), (False, b"\2\0\0\0wxyzefgh" + bytes(80)))[0].services


def test_openvpn_needs_the_acknowledged_session() -> None:
    asked, answer = b"\x38sessionA" + bytes(5), b"\x40sessionB\1\0\0\0\0sessionA\0\0\0\0"
    assert _read((True, asked), (False, answer))[0].services == ["openvpn"]
    assert "openvpn" not in _read((True, asked), (False, answer.replace(b"sessionA", b"sessionC")))[0].services


@pytest.mark.parametrize("marker", [b"", b"\0\0\0\0"])
@pytest.mark.parametrize(
    ("version", "exchange", "names"), [(0x10, 4, ("1.0", "aggressive")), (0x20, 34, ("2.0", "ike_sa_init"))]
)
def test_ike_exchanges(marker: bytes, version: int, exchange: int, names: tuple[str, str]) -> None:
    message = (
        marker
        + b"initiate"
        + bytes(8)
        + bytes((1 if version == 0x10 else 33, version, exchange, 8))
        + bytes(4)
        + (28).to_bytes(4, "big")
    )
    connection, tables = _read((True, message))
    assert connection.services == ["ike"]
    row = tables["ike"][0]
    assert (row["version"], row["exchange_type"]) == names
    assert row["initiator_spi"] == b"initiate".hex()
    assert row["encrypted"] is False


@pytest.mark.parametrize(
    ("name", "application"),
    [
        ("us04web.zoom.us", "zoom"), ("*.WebEx.com.", "webex"), ("notzoom.us", None), ("dns.google", "doh"),
        ("google.com", None), ("zoom.us.example.org", None), ("doh.example.net", "doh"), ("doh.net", None), ("", None),
    ],
)  # fmt: skip
def test_names_of_products(name: str, application: str | None) -> None:
    assert applications.by_host(name) == application


def test_the_certificate_counts_when_no_name_was_asked_for() -> None:
    connection = Connection("C1", 0, 0, "tcp", "192.0.2.1", 40000, "192.0.2.2", 443)
    applications.learn("ssl", connection, {"server_name": "example.org", "subject": "CN=*.webex.com,O=Cisco"})
    assert not connection.applications
    applications.learn("ssl", connection, {"server_name": None, "subject": "CN=*.webex.com,O=Cisco"})
    assert connection.applications == {"webex"}


def test_rtp_needs_a_sequence_of_one_source() -> None:
    def packet(number: int, source: bytes = b"ssrc") -> tuple[bool, bytes]:
        return True, b"\x80\x08" + number.to_bytes(2, "big") + number.to_bytes(4, "big") + source + bytes(160)

    assert _read(*(packet(n % 65_536) for n in range(65_534, 65_540)))[0].services == ["rtp"]
    assert "rtp" not in _read(*(packet(7) for _ in range(6)))[0].services
    assert "rtp" not in _read(*(packet(n, n.to_bytes(4, "big")) for n in range(6)))[0].services


def test_pptp_needs_the_magic_cookie() -> None:
    def services(first: bytes) -> list[str]:
        stream = Stream([Chunk(0, 1, 0, first)])
        connection = Connection("C1", 1, 0, "tcp", "192.0.2.1", 40000, "192.0.2.2", 40001, orig=stream)
        protocols.parse(connection, Collector(_Sink()))
        return connection.services

    request = b"\x00\x9c\x00\x01\x1a\x2b\x3c\x4d\x00\x01\x00\x00\x01\x00" + bytes(142)
    assert services(request) == ["pptp"]
    assert services(request.replace(b"\x1a\x2b", b"\x1a\x2c")) != ["pptp"]
