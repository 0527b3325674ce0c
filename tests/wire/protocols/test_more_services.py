"""Services recognised by content only: SQL Server, PostgreSQL, NetBIOS datagrams, Zoom, AnyConnect, and TLS under way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.datagrams import exchange, survives
from tests.wire.protocols.talk import Kept, conversation
from tests.wire.protocols.talk import survives as stream_survives

from wardround.wire import applications, protocols
from wardround.wire.connection import Connection
from wardround.wire.ja4 import ja4
from wardround.wire.tls_hello import Hello

ALERT = b"\x15\x03\x03\x00\x1a" + bytes(range(26))


def _datagrams(*turns: tuple[str, bytes], port: int = 40_001) -> tuple[Connection, Kept]:
    connection, kept = exchange(turns, ("10.0.0.1", 40_000), ("10.0.0.2", port)), Kept()
    protocols.parse(connection, kept)
    return connection, kept


def _stream(*turns: tuple[str, bytes], port: int = 40_001) -> Connection:
    connection = conversation(turns, port=port)
    protocols.parse(connection, Kept())
    return connection


def _tds(kind: int, body: bytes, status: int = 1) -> bytes:
    return bytes((kind, status)) + (8 + len(body)).to_bytes(2, "big") + b"\0\0\1\0" + body


HEADERS = b"\x16\0\0\0\x12\0\0\0\x02\0" + bytes(8) + b"\1\0\0\0"


def test_sql_server_is_told_by_its_packets() -> None:
    batch, answer = _tds(1, HEADERS + "select 1".encode("utf-16le")), _tds(4, b"\xfd" + bytes(12))
    assert _stream((">", batch), ("<", answer)).services == ["mssql"]
    assert _stream((">", batch)).services == ["mssql"]
    assert _stream((">", _tds(3, b"\x02\0s\0p\0\0\0"))).services == ["mssql"]
    assert _stream((">", batch), ("<", b"HTTP/1.1 200 OK\r\n\r\n")).services != ["mssql"]
    assert _stream((">", batch[:-1])).services == []


def test_postgresql_and_the_tls_inside() -> None:
    request = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
    assert _stream((">", request), ("<", b"S"), (">", ALERT)).services == ["postgresql", "ssl"]
    assert _stream((">", request), ("<", b"N")).services == ["postgresql"]
    start = b"\0\3\0\0user\0reader\0\0"
    assert _stream((">", (4 + len(start)).to_bytes(4, "big") + start)).services == ["postgresql"]


def test_smb_in_a_netbios_datagram() -> None:
    name = b"\x20" + b"CA" * 16 + b"\0"
    datagram = b"\x11\x0a\0\1" + bytes(10) + name + name + b"\xffSMB%" + bytes(27)
    assert _datagrams((">", datagram), port=138)[0].services == ["smb"]
    assert _datagrams((">", datagram.replace(b"\xffSMB", b"\xffSMC")), port=138)[0].services == []


def test_tls_that_began_before_the_capture() -> None:
    assert _stream((">", ALERT)).services == ["ssl"]
    assert _stream((">", ALERT + ALERT)).services == ["ssl"]
    assert _stream((">", ALERT[:-1])).services == []
    assert _stream((">", b"\x15\x03\x03\x00\x05hello")).services == []


def test_anyconnect_is_told_by_its_dtls() -> None:
    record = b"\x17\x01\0\0\1\0\0\0\0\0\7\0\x20" + bytes(32)
    connection, kept = _datagrams((">", record), port=443)
    assert (connection.services, connection.applications) == (["dtls"], {"anyconnect"})
    assert kept.tables["vpn_tunnel"][0]["kind"] == "anyconnect"
    assert _datagrams((">", record + b"\0"), port=443)[0].services == []


def _stun(*attributes: bytes, kind: bytes = b"\0\1", cookie: bytes = b"\x21\x12\xa4\x42") -> bytes:
    body = b"".join(attributes)
    return kind + len(body).to_bytes(2, "big") + cookie + b"transaction!" + body


@pytest.mark.parametrize(
    ("attribute", "port", "application"),
    [
        (b"\x80\x70\0\4\0\0\0\3", 3479, "teams"),
        (b"\x80\x54\0\4" + b"1\0\0\0", 50_000, "skype"),
        (b"\1\1\0\x14" + b"123456789" * 2 + b"1\0", 3478, "zoom"),
        (b"\0\6\0\4abcd", 19_305, "google_meet"),
        (b"\0\6\0\4abcd", 3478, None),
    ],
)
def test_stun_tells_the_product(attribute: bytes, port: int, application: str | None) -> None:
    connection, _ = _datagrams((">", _stun(attribute)), port=port)
    assert connection.services == ["stun"]
    assert connection.applications == ({application} if application else set())


def test_stun_without_a_cookie_needs_the_answer() -> None:
    asked = _stun(b"\0\3\0\4\0\0\0\0", cookie=b"old!")
    answer = _stun(b"\0\1\0\x08\0\1\x1f\x90\x0a\0\0\1", kind=b"\1\1", cookie=b"old!")
    assert _datagrams((">", asked), ("<", answer))[0].services == ["stun"]
    assert _datagrams((">", asked))[0].services == []
    assert _datagrams((">", asked), ("<", answer.replace(b"tr", b"TR")))[0].services == []


def test_zoom_between_two_clients_and_through_a_server() -> None:
    identifier = b"01234567-89ab-cdef-0123-456789abcdef"
    address = b"192.0.2.1"
    hello = b"\x1f\2\1\0" + bytes(20) + len(address).to_bytes(4, "big") + address + b"\0\0\0\x24" + identifier + bytes(4)
    assert _datagrams((">", hello))[0].applications == {"zoom"}
    assert _datagrams((">", hello.replace(b"-", b"+")))[0].applications == set()
    media = b"\5" + bytes(7) + b"\x0f" + bytes(18) + b"\x80" + bytes(40)
    assert _datagrams(*[(">", media)] * 3, port=8801)[0].applications == {"zoom"}
    assert _datagrams(*[(">", media)] * 3, port=8811)[0].applications == set()


def test_wireguard_that_began_before_the_capture() -> None:
    def message(counter: int, receiver: bytes = b"abcd") -> tuple[str, bytes]:
        return ">", b"\4\0\0\0" + receiver + counter.to_bytes(8, "little") + bytes(32)

    assert _datagrams(message(7), message(8), message(10))[0].services == ["wireguard"]
    assert _datagrams(message(7), message(8), message(1000))[0].services == []
    assert _datagrams(message(7), message(8), message(9, b"abce"))[0].services == []


def test_rtp_after_knocking_and_over_tcp() -> None:
    packets = [b"\x80\x08" + n.to_bytes(2, "big") + bytes(4) + b"ssrc" + bytes(40) for n in range(6)]
    assert _datagrams((">", b"\1" + bytes(15)), *((">", packet) for packet in packets))[0].services == ["rtp"]
    assert _datagrams(*((">", packet) for packet in packets for _ in range(2)))[0].services == ["rtp"]
    framed = b"".join(len(packet).to_bytes(2, "big") + packet for packet in packets)
    assert _stream((">", framed)).services == ["rtp"]


@pytest.mark.parametrize(
    ("columns", "application"),
    [
        ({"subject": "CN=www.abcdefgh234.net", "issuer": "CN=www.zyxwvu7654.com", "server_name": "www.a.com"}, "tor"),
        ({"subject": "CN=www.abcdefgh234.net", "issuer": "CN=Example CA"}, None),
        ({"next_protocol": "anydesk/6.2.0/linux"}, "anydesk"),
        ({"client_subject": "CN=AnyDesk Client"}, "anydesk"),
        ({"subject": "emailAddress=support@fortinet.com,CN=FGT60F,OU=FortiGate,O=Fortinet,C=US"}, "fortinet"),
    ],
)
def test_products_of_tls_sessions(columns: dict[str, str], application: str | None) -> None:
    connection = conversation([], port=443)
    applications.learn("ssl", connection, columns)
    assert connection.applications == ({application} if application else set())


@pytest.mark.parametrize(
    ("request_line", "kind"),
    [
        (b"CONNECT /CSCOSSLC/tunnel HTTP/1.1", "anyconnect"),
        (b"GET /ssl-tunnel-connect.sslvpn?user=a HTTP/1.1", "globalprotect"),
        (b"GET /remote/sslvpn-tunnel HTTP/1.1", "fortinet"),
        (b"SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1", "sstp"),
    ],
)
def test_tunnels_that_clients_ask_for_over_http(request_line: bytes, kind: str) -> None:
    connection, kept = conversation([(">", request_line + b"\r\n\r\n"), ("<", b"HTTP/1.1 200 OK\r\n\r\n")]), Kept()
    protocols.parse(connection, kept)
    tunnel = kept.tables["vpn_tunnel"][0]
    assert (tunnel["kind"], tunnel["established"]) == (kind, True)


def test_a_gateway_alone_is_no_tunnel() -> None:
    kept = Kept()
    protocols.parse(conversation([(">", b"GET /dana-na/auth/url_default/welcome.cgi HTTP/1.1\r\nHost: a\r\n\r\n")]), kept)
    assert "vpn_tunnel" not in kept.tables
    connection = conversation([], port=443)
    applications.learn("http", connection, {"uri": "/dana-na/auth/url_default/welcome.cgi"})
    assert connection.applications == {"pulse"}


def test_ja4_takes_the_highest_version_even_when_it_has_no_code() -> None:
    hello = Hello(0x0303, ciphers=[0x1301], versions=[0x7F1C, 0x0304, 0x0303])
    assert ja4(hello, "t").startswith("t00i")
    hello.versions = [0x3A3A, 0x0304, 0x0303]
    assert ja4(hello, "t").startswith("t13i")
    assert ja4(Hello(0xFEFD, ciphers=[0x1301], versions=[0xFEFC, 0xFEFD]), "d").startswith("dd3i")


@given(st.sampled_from(["stun", "zoom", "netbios_datagram", "wireguard", "rtp"]), st.lists(st.binary(max_size=120), max_size=5))
@settings(max_examples=200, deadline=None)
def test_datagrams_that_make_no_sense(name: str, messages: list[bytes]) -> None:
    survives(name, [(">", message) for message in messages], 3478)


@given(st.sampled_from(["tds", "postgresql", "stun", "rtp", "ssl"]), st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_streams_that_make_no_sense(name: str, client: bytes, server: bytes) -> None:
    stream_survives(name, client, server)
