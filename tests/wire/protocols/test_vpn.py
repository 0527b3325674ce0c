"""IKE with its proposals, ESP, L2TP, PPTP, OpenVPN, SoftEther: tables ike and vpn_tunnel; DHCPv6 beside them."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.packets import CLIENT, SERVER, ethernet, ip, pcap
from tests.wire.packets import read as read_capture
from tests.wire.protocols.datagrams import exchange, fits, read, survives
from tests.wire.protocols.talk import Kept, conversation

from wardround.wire import protocols
from wardround.wire.connection import Connection
from wardround.wire.engine import Engine

INITIATOR, RESPONDER = b"initiate", b"responds"


def message(first: int, version: int, exchange_type: int, body: bytes = b"", *, answer: bool = False, flags: int = 0) -> bytes:
    """An IKE message of payloads."""
    spis = INITIATOR + (RESPONDER if answer else bytes(8))
    return spis + bytes((first, version, exchange_type, flags)) + bytes(4) + (28 + len(body)).to_bytes(4, "big") + body


def payload(following: int, body: bytes) -> bytes:
    return bytes((following, 0)) + (4 + len(body)).to_bytes(2, "big") + body


def attribute(kind: int, value: int) -> bytes:
    return (0x8000 | kind).to_bytes(2, "big") + value.to_bytes(2, "big")


def transform_1(last: bool, *attributes: tuple[int, int], long_lifetime: int | None = None) -> bytes:
    body = b"\1\1\0\0" + b"".join(attribute(*pair) for pair in attributes)
    if long_lifetime is not None:
        body += b"\0\x0c\0\4" + long_lifetime.to_bytes(4, "big")
    return payload(0 if last else 3, body)


def proposal(protocol: int, transforms: list[bytes]) -> bytes:
    return payload(0, bytes((1, protocol, 0, len(transforms))) + b"".join(transforms))


AES = ((1, 7), (2, 2), (3, 1), (4, 2), (14, 256), (11, 1))
DES = ((1, 1), (2, 1), (3, 65001), (4, 1), (11, 1), (12, 3600))
OFFER_1 = proposal(1, [transform_1(False, *AES, long_lifetime=86_400), transform_1(True, *DES)])
CHOICE_1 = proposal(1, [transform_1(True, *AES, long_lifetime=86_400)])


def sa_1(following: int, proposals: bytes) -> bytes:
    return payload(following, b"\0\0\0\1\0\0\0\1" + proposals)


AGGRESSIVE = message(
    1, 0x10, 4,
    sa_1(4, OFFER_1) + payload(10, b"k" * 128) + payload(5, b"n" * 20) + payload(13, b"\3\x11\1\xf4" + b"paul@example.org")
    + payload(0, b"vendor"),
)  # fmt: skip
AGGRESSIVE_ANSWER = message(1, 0x10, 4, sa_1(5, CHOICE_1) + payload(0, b"\1\x11\1\xf4\xc0\0\2\2"), answer=True)


def test_aggressive_mode_tells_who_and_how() -> None:
    quick = [(side, message(8, 0x10, 32, b"c" * 40, answer=True, flags=1)) for side in "><"]
    connection, kept = read("ike", [(">", AGGRESSIVE), ("<", AGGRESSIVE_ANSWER), *quick], 500)
    offered, chosen = kept.tables["ike"][:2]
    assert connection.services == ["ike"]
    assert offered["exchange_type"] == "aggressive"
    assert offered["encryption"] == ["aes-cbc-256", "des"]
    assert offered["integrity"] == ["sha1", "md5"]
    assert offered["authentication"] == ["psk", "xauth-psk"]
    assert offered["groups"] == ["modp1024", "modp768"]
    assert offered["lifetime"] == 86_400
    assert offered["identity"] == "paul@example.org"
    assert offered["vendor_ids"] == [b"vendor".hex()]
    assert (chosen["is_orig"], chosen["encryption"], chosen["identity"]) == (False, ["aes-cbc-256"], "192.0.2.2")
    (tunnel,) = kept.tables["vpn_tunnel"]
    assert (tunnel["kind"], tunnel["version"], tunnel["username"]) == ("ipsec", "IKE 1.0", "paul@example.org")
    assert (tunnel["cipher"], tunnel["authentication"], tunnel["established"]) == ("aes-cbc-256", "psk", True)


def transform_2(last: bool, kind: int, number: int, bits: int = 0) -> bytes:
    body = bytes((kind, 0)) + number.to_bytes(2, "big") + (attribute(14, bits) if bits else b"")
    return payload(0 if last else 3, body)


def test_version_2_on_any_port() -> None:
    offer = [transform_2(False, 1, 20, 256), transform_2(False, 1, 3), transform_2(False, 2, 5), transform_2(False, 3, 12)]
    body = payload(34, proposal(1, [*offer, transform_2(True, 4, 31)])) + payload(41, b"k" * 32)
    body += payload(0, b"\0\0" + (16388).to_bytes(2, "big") + b"h" * 20)
    asked = message(33, 0x20, 34, body)
    refused = message(41, 0x20, 34, payload(0, b"\0\0\0\x0e"), answer=True)
    _, kept = read("ike", [(">", b"\0\0\0\0" + asked), ("<", b"\0\0\0\0" + refused)], 443)
    offered, answer = kept.tables["ike"]
    assert offered["encryption"] == ["aes-gcm-16-256", "3des"]
    assert (offered["prf"], offered["integrity"], offered["groups"]) == (["sha2-256"], ["sha2-256-128"], ["curve25519"])
    assert offered["notifications"] == ["nat_detection_source_ip"]
    assert answer["notifications"] == ["no_proposal_chosen"]
    assert kept.tables["vpn_tunnel"][0]["established"] is False


def test_esp_beside_ike_means_that_the_tunnel_is_up() -> None:
    asked, answer = message(46, 0x20, 35, b"c" * 40, answer=True), b"\1\2\3\4\0\0\0\1" + bytes(60)
    _, kept = read("ike", [(">", b"\0\0\0\0" + asked), ("<", answer)], 4500)
    assert kept.tables["ike"][0]["encrypted"] is True
    assert kept.tables["vpn_tunnel"][0]["established"] is True


def test_a_chain_that_breaks_is_a_weird_and_keeps_what_was_read() -> None:
    broken = message(13, 0x10, 2, payload(13, b"first") + b"\0\0\xff\xff")
    _, kept = read("ike", [(">", broken)], 500)
    assert kept.weirds == ["ike_malformed"]
    assert kept.tables["ike"][0]["exchange_type"] == "main"


def _parsed(turns: list[tuple[str, bytes]], port: int) -> tuple[Connection, Kept]:
    connection, kept = exchange(turns, ("10.0.0.1", 40_000), ("10.0.0.2", port)), Kept()
    protocols.parse(connection, kept)
    fits(kept)
    return connection, kept


def _esp(number: int, index: bytes = b"\1\2\3\4") -> tuple[str, bytes]:
    return ">", index + number.to_bytes(4, "big") + bytes(40)


def test_esp_alone_needs_its_port_and_a_sequence() -> None:
    connection, kept = _parsed([_esp(5), (">", b"\xff"), _esp(6), _esp(9)], 4500)
    assert connection.services == ["esp"]
    assert (kept.tables["vpn_tunnel"][0]["kind"], kept.tables["vpn_tunnel"][0]["established"]) == ("ipsec", True)
    assert _parsed([_esp(5), _esp(6), _esp(9)], 4501)[0].applications == {"globalprotect"}
    assert _parsed([_esp(5), _esp(6), _esp(9)], 4502)[0].services == []
    assert _parsed([_esp(5), _esp(6), _esp(9, b"\1\2\3\5")], 4500)[0].services == []
    assert _parsed([_esp(5), _esp(6), _esp(900)], 4500)[0].services == []


def test_esp_as_a_protocol_of_its_own() -> None:
    frames = [(n, ethernet(ip(CLIENT, SERVER, 50, b"\1\2\3\4" + n.to_bytes(4, "big") + bytes(40)))) for n in (1, 2)]
    tables = read_capture(pcap(frames))
    assert [(row["service"], row["ip_proto"]) for row in tables.rows["conn"]] == [("esp", 50)]
    assert [(row["kind"], row["proto"]) for row in tables.rows["vpn_tunnel"]] == [("ipsec", "esp")]


def _l2tp(*pairs: tuple[int, bytes]) -> bytes:
    body = b"".join((0x8000 | 6 + len(v)).to_bytes(2, "big") + b"\0\0" + k.to_bytes(2, "big") + v for k, v in pairs)
    return b"\xc8\x02" + (12 + len(body)).to_bytes(2, "big") + bytes(8) + body


def test_l2tp_on_any_port() -> None:
    turns = [
        (">", _l2tp((0, b"\0\1"), (2, b"\1\0"), (7, b"laptop"))),
        ("<", _l2tp((0, b"\0\2"), (7, b"gateway"), (11, b"challenge"))),
        (">", _l2tp((0, b"\0\3"), (13, b"answer"))),
    ]
    connection, kept = _parsed(turns, 40_001)
    assert connection.services == ["l2tp"]
    (tunnel,) = kept.tables["vpn_tunnel"]
    assert (tunnel["kind"], tunnel["version"], tunnel["server_name"]) == ("l2tp", "2", "gateway")
    assert (tunnel["authentication"], tunnel["established"]) == ("challenge", True)
    assert _parsed(turns[:1], 1701)[1].tables["vpn_tunnel"][0]["established"] is False
    assert _parsed([(">", turns[0][1] + b"\0")], 1701)[0].services == []


def test_pptp_is_up_when_the_call_is() -> None:
    def control(kind: int, body: bytes) -> bytes:
        data = b"\0\1\x1a\x2b\x3c\x4d" + kind.to_bytes(2, "big") + b"\0\0" + body
        return (2 + len(data)).to_bytes(2, "big") + data

    start, reply = control(1, b"\1\0" + bytes(142)), control(2, b"\1\0" + bytes(142))
    for result, established in ((1, True), (4, False)):
        call = control(8, b"\0\7\0\7" + bytes((result,)) + bytes(15))
        kept = Kept()
        protocols.parse(conversation([(">", start), ("<", reply), ("<", call)], port=1723), kept)
        assert kept.tables["vpn_tunnel"][0]["established"] is established


def test_openvpn_is_up_when_data_flow() -> None:
    asked, answer = b"\x38sessionA" + bytes(5), b"\x40sessionB\1\0\0\0\0sessionA\0\0\0\0"
    _, kept = _parsed([(">", asked), ("<", answer)], 1194)
    assert kept.tables["vpn_tunnel"][0]["established"] is False
    _, kept = _parsed([(">", asked), ("<", answer), (">", b"\x48\0\0\1" + bytes(60))], 1194)
    assert kept.tables["vpn_tunnel"][0]["established"] is True


#: Resets of OpenVPN 2.6 with tls-crypt, as recorded; the client's of version 2 goes on with its wrapped key.
CRYPT = (
    bytes.fromhex(
        "3889f71399c0bcfec3000000016b0845f3c61d3290af5962c74b61b78c896b111f33f350746a61a710bc18e852c6e624c4338e9402da"
    ),
    bytes.fromhex(
        "40fcdcbe796b7cc37d000000016b0845f31ed22f17eeb27d2f296f78738e52a916274fea5d116319e2fe16323510759f6c630b3c9393e8ebb5ea"
        "b0089c61d0baf378"
    ),
)
CRYPT_2 = (
    bytes.fromhex(
        "50e61367467df3cacf0f0000016b0845fa60d6cecf1c35a9378362813de0011485985462bc605e115e0fcd7ba385b7f81a545f93da37e122"
    ),
    bytes.fromhex(
        "4065315135788b20ae000000016b0845fabf13847ad4e76e805521aafac4b4c1bb68e9063b147c4f68b4a2cee91a466b1ca655c8862da9e49949"
        "92f0fa64864e1b6b138e864f683d"
    ),
)


@pytest.mark.parametrize(("asked", "answer"), [CRYPT, CRYPT_2], ids=["tls-crypt", "tls-crypt-v2"])
def test_openvpn_that_hides_its_acknowledgement(asked: bytes, answer: bytes) -> None:
    connection, kept = _parsed([(">", asked), ("<", answer), (">", b"\x48" + bytes(60))], 33_033)
    assert connection.services == ["openvpn"]
    assert kept.tables["vpn_tunnel"][0]["established"] is True
    another_day = answer[:13] + (int.from_bytes(answer[13:17], "big") - 90_000).to_bytes(4, "big") + answer[17:]
    assert _parsed([(">", asked), ("<", another_day)], 33_033)[0].services == []
    assert _parsed([(">", asked), ("<", answer[:12] + b"\7" + answer[13:])], 33_033)[0].services == []


def test_openvpn_under_way() -> None:
    def data(number: int, peer: bytes = b"\0\0\2") -> bytes:
        return b"\x48" + peer + number.to_bytes(4, "big") + bytes(40)

    control = b"\x20" + bytes(30)
    turns = [(">", data(7)), ("<", data(90)), (">", control), (">", data(8)), (">", data(10))]
    connection, kept = _parsed(turns, 443)
    assert connection.services == ["openvpn"]
    assert kept.tables["vpn_tunnel"][0]["established"] is True
    for other in (data(2_000), data(10), data(11, b"\0\0\3"), b"\x40" + data(11)[1:], b"\x48"):
        assert _parsed([*turns, (">", other)], 443)[0].services == []
    assert _parsed(turns[:4], 443)[0].services == []


def test_wireguard_under_way_fills_its_mtu() -> None:
    """A packet as large as the tunnel takes is not padded: 1,420 bytes of content make 1,452."""

    def data(number: int, size: int) -> tuple[str, bytes]:
        return ">", b"\4\0\0\0abcd" + number.to_bytes(8, "little") + bytes(size - 16)

    turns = [data(5, 128), data(6, 1452), data(7, 1452), data(8, 96)]
    assert _parsed(turns, 51_820)[0].services == ["wireguard"]
    assert _parsed([*turns, data(9, 100)], 51_820)[0].services == []


def _proofs(*sizes: int, then: int = 0) -> list[tuple[str, bytes]]:
    """Rounds of IKE_AUTH with answers of these sizes, then messages of an informational exchange."""
    turns = []
    for number, size in enumerate(sizes, 1):
        for side, flags, length in ((">", 8, 300), ("<", 0x20, size)):
            turns.append((side, _numbered(message(46, 0x20, 35, bytes(length - 28), answer=True, flags=flags), number)))
    for flags in (8, 0x20)[:then]:
        side = "<" if flags & 0x20 else ">"
        turns.append((side, _numbered(message(46, 0x20, 37, bytes(52), answer=True, flags=flags), len(sizes) + 1)))
    return turns


def _numbered(data: bytes, number: int) -> bytes:
    return b"\0\0\0\0" + data[:20] + number.to_bytes(4, "big") + data[24:]


@pytest.mark.parametrize(
    ("turns", "up"),
    [
        (_proofs(224), True),
        (_proofs(80), False),
        (_proofs(1200, 144, 80, 224), True),
        (_proofs(1200, 128, then=2), False),
        (_proofs(1200, then=2), False),
        ([*_proofs(224, then=2), *((side, data.replace(INITIATOR, b"another!")) for side, data in _proofs(224))], True),
        ([*_proofs(1200, then=2), ("<", b"\1\2\3\4\0\0\0\1" + bytes(60))], True),
    ],
    ids=["agreed", "refused", "EAP", "EAP refused", "refused by the initiator", "again", "protected"],
)
def test_what_was_refused_is_no_tunnel(turns: list[tuple[str, bytes]], up: bool) -> None:
    """Sizes as strongSwan sends them: a refusal is an exchange of IKE_AUTH too."""
    _, kept = read("ike", turns, 4500)
    assert kept.tables["vpn_tunnel"][0]["established"] is up


def test_softether_asks_how_it_is_seen() -> None:
    connection, kept = _parsed([(">", b"A"), ("<", b"IP=192.0.2.9,PORT=51381")], 5004)
    assert connection.applications == {"softether"}
    assert kept.tables["vpn_tunnel"][0]["kind"] == "softether"
    assert _parsed([(">", b"A"), ("<", b"IP=192.0.2.9,PORT=51381;")], 5004)[0].services == []


DUID = b"\0\1\0\1\x11\x77\xd6\x07\x52\x54\0\xa0\x14\xb8"
ROGUE = b"\0\3\0\1\x02\0\0\0\0\x66"


def _option(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def _six(turns: list[tuple[str, bytes]], port: int = 547) -> tuple[Connection, Kept]:
    connection, kept = exchange(turns, ("fe80::1", 546), ("ff02::1:2", port)), Kept()
    protocols.parse(connection, kept)
    fits(kept)
    return connection, kept


def test_dhcpv6_tells_who_offers_name_servers() -> None:
    address, server = ipaddress.IPv6Address("2001:db8::5").packed, ipaddress.IPv6Address("fe80::66").packed
    lease = _option(3, bytes(12) + _option(5, address + (300).to_bytes(4, "big") + (600).to_bytes(4, "big")))
    offer = b"\2abc" + _option(1, DUID) + _option(2, ROGUE) + lease + _option(23, server)
    offer += _option(24, b"\4evil\4test\0") + _option(39, b"\0\6victim\0")
    connection, kept = _six([(">", b"\1abc" + _option(1, DUID) + _option(8, b"\0\0")), ("<", offer)])
    assert connection.services == ["dhcpv6"]
    asked, told = kept.tables["dhcpv6"]
    assert (asked["msg_type"], asked["client_mac"]) == ("solicit", "52:54:00:a0:14:b8")
    assert (told["msg_type"], told["server_mac"], told["trans_id"]) == ("advertise", "02:00:00:00:00:66", 0x616263)
    assert (told["addresses"], told["lease_time"]) == (["2001:db8::5"], 600)
    assert (told["dns_servers"], told["dns_search"]) == (["fe80::66"], ["evil.test"])
    assert told["client_fqdn"] == "victim"


def test_dhcpv6_through_a_relay() -> None:
    inner = b"\3xyz" + _option(1, DUID)
    _, kept = _six([(">", b"\x0c\0" + bytes(32) + _option(9, inner))])
    (row,) = kept.tables["dhcpv6"]
    assert (row["relayed"], row["msg_type"], row["client_duid"]) == (True, "request", DUID.hex())


def test_dhcpv6_whose_options_do_not_fit() -> None:
    assert _six([(">", b"\1abc" + _option(1, DUID)[:-1])])[0].services == []


IKE = st.sampled_from([AGGRESSIVE, AGGRESSIVE_ANSWER])


@given(IKE, st.integers(28, 400), st.integers(0, 255), st.integers(0, 500))
@settings(max_examples=300, deadline=None)
def test_ike_that_was_tampered_with(whole: bytes, at: int, value: int, size: int) -> None:
    changed = bytearray(whole)
    changed[at % len(changed)] = value
    survives("ike", [(">", bytes(changed)), ("<", whole[:size])], 500)


@given(st.sampled_from(["ike", "esp", "l2tp", "dhcpv6", "softether", "openvpn"]), st.lists(st.binary(max_size=200), max_size=4))
@settings(max_examples=200, deadline=None)
def test_datagrams_that_make_no_sense(name: str, messages: list[bytes]) -> None:
    survives(name, [(">", data) for data in messages], 500)


class _Rows:
    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def write(self, table: str, rows: pa.Table) -> None:
        self.tables.setdefault(table, []).extend(rows.to_pylist())

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        assert code != "parser_defect", message


def _sample(corpora: Path, name: str) -> dict[str, list[dict[str, Any]]]:
    rows = _Rows()
    (path,) = (corpora / "evidence" / "pcap_vpn").glob(f"*{name}*")
    Engine(np.fromfile(path, np.uint8), rows).run()
    return rows.tables


@pytest.mark.corpus
def test_real_negotiations(corpora: Path) -> None:
    aggressive = _sample(corpora, "aggressive-mode")
    offered, chosen = [row for row in aggressive["ike"] if row["exchange_type"] == "aggressive"][:2]
    assert (offered["is_orig"], chosen["is_orig"]) == (True, False)
    assert chosen["authentication"] == ["psk"]
    assert chosen["groups"] == ["modp1024"]
    assert [row["exchange_type"] for row in _sample(corpora, "main-mode")["ike"]][:6] == ["main"] * 6
    second = _sample(corpora, "ikev2_nat_t")
    assert second["ike"][0]["encryption"] == ["aes-gcm-16-256"]
    assert second["vpn_tunnel"][0]["established"]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "kinds"),
    [("isakmp_esp", {"ipsec"}), ("openvpn__openvpn.pcap", {"openvpn"}), ("openvpn-tcp-tls-auth", {"openvpn"}),
     ("pptp", {"pptp"}), ("softether", {"softether"})],
)  # fmt: skip
def test_real_tunnels(name: str, kinds: set[str], corpora: Path) -> None:
    assert {row["kind"] for row in _sample(corpora, name)["vpn_tunnel"]} == kinds
