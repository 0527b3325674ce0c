"""SIP, DHCP and Kerberos: requests with their replies, transactions over several connections, and hostile bytes."""

from __future__ import annotations

import hashlib
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols import datagrams, talk
from tests.wire.protocols.datagrams import ber, row

from wardround.wire.protocols import by_name, kerberos


def sip(first: str, *headers: str, body: str = "") -> bytes:
    lines = [first, *headers, f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines).encode()


INVITE = sip(
    "INVITE sip:2@example.org SIP/2.0",
    "Via: SIP/2.0/UDP 10.0.0.1;branch=z9",
    'f: "One" <sip:1@example.org>;tag=77',
    "To: <sip:2@example.org>",
    "Call-ID: c1",
    "CSeq: 1 INVITE",
    "User-Agent: Phone",
    body="v=0",
)
RINGING = sip("SIP/2.0 180 Ringing", "Call-ID: c1", "From: <sip:1@example.org>;tag=77", "To: <sip:2@example.org>;tag=1")
OK = sip("SIP/2.0 200 OK", "Call-ID: c1", "Via: SIP/2.0/UDP 10.0.0.1;branch=z9", "Warning: 399 none")
ACK = sip("ACK sip:2@example.org SIP/2.0", "Call-ID: c1", "CSeq: 1 ACK")


def test_sip_has_a_row_per_reply() -> None:
    turns = [(">", b"\0\0\0\0"), (">", INVITE), ("<", RINGING), ("<", OK), (">", ACK)]
    connection, kept = datagrams.read("sip", turns, 5060)
    assert [(r["method"], r.get("status_code"), r.get("status_msg")) for r in kept.tables["sip"]] == [
        ("INVITE", 180, "Ringing"),
        ("INVITE", 200, "OK"),
        ("ACK", None, None),
    ]
    found = row(kept, "sip", 1)
    assert (found["uri"], found["call_id"], found["seq"], found["user_agent"]) == (
        "sip:2@example.org",
        "c1",
        "1 INVITE",
        "Phone",
    )
    assert (found["request_from"], found["response_from"]) == ('"One" <sip:1@example.org>', "<sip:1@example.org>")
    assert (found["request_path"], found["request_body_len"], found["warning"]) == (["SIP/2.0/UDP 10.0.0.1"], 3, "399 none")
    assert connection.services == ["sip"]


def test_calls_side_by_side_are_kept_apart() -> None:
    other = INVITE.replace(b"c1", b"c2").replace(b"sip:2@", b"sip:3@")
    _, kept = datagrams.read("sip", [(">", INVITE), (">", other), ("<", OK), ("<", OK.replace(b"c1", b"c2"))], 5060)
    assert [r["uri"] for r in kept.tables["sip"]] == ["sip:2@example.org", "sip:3@example.org"]


def test_sip_over_tcp_is_cut_by_its_content_length() -> None:
    _, kept = talk.read("sip", [(">", INVITE[:30]), (">", INVITE[30:] + ACK), ("<", OK)], port=5060)
    assert [(r["method"], r.get("status_code")) for r in kept.tables["sip"]] == [("ACK", 200)]


def dhcp(operation: int, kind: int, *options: tuple[int, bytes], assigned: str = "0.0.0.0", number: int = 9) -> bytes:
    head = bytes((operation, 1, 6, 0)) + number.to_bytes(4, "big") + bytes(8) + socket.inet_aton(assigned) + bytes(8)
    body = b"".join(bytes((option, len(value))) + value for option, value in ((53, bytes((kind,))), *options))
    return head + b"\0\x11\x22\x33\x44\x55" + bytes(10 + 192) + b"\x63\x82\x53\x63" + body + b"\xff"


def test_a_dhcp_transaction_is_one_row_over_two_connections() -> None:
    client = [
        (">", dhcp(1, 1, (12, b"ct01"), (60, b"MSFT 5.0"))),
        (">", b""),
        (">", dhcp(1, 3, (50, b"\x0a\0\0\x07"), (81, b"\0\0\0ct01.example"))),
        (">", b""),
    ]
    server = [
        (">", b""),
        (">", dhcp(2, 2, assigned="10.0.0.7")),
        (">", b""),
        (
            ">",
            dhcp(
                2,
                5,
                (51, b"\0\0\x0e\x10"),
                (15, b"example"),
                (3, b"\x0a\0\0\1"),
                (6, b"\x0a\0\0\2\x0a\0\0\3"),
                assigned="10.0.0.7",
            ),
        ),
    ]
    kept = talk.Kept()
    everybody = "255.255.255.255"
    second = datagrams.exchange(server, ("10.0.0.1", 67), (everybody, 68), "Cserver")
    first = datagrams.exchange(client, ("0.0.0.0", 68), (everybody, 67), "Cclient")
    for connection in (second, first):
        connection.datagrams = [datagram for datagram in connection.datagrams if datagram.data]
        parser = by_name("dhcp")
        assert parser.sniff(connection)
        parser.parse(connection, kept)
    assert not kept.tables
    kept.close()
    datagrams.fits(kept)
    (found,) = kept.tables["dhcp"]
    assert found["msg_types"] == ["DISCOVER", "OFFER", "REQUEST", "ACK"]
    assert found["uids"] == ["Cclient", "Cserver"]
    assert (found["mac"], found["host_name"], found["client_fqdn"]) == ("00:11:22:33:44:55", "ct01", "ct01.example")
    assert (found["assigned_addr"], found["requested_addr"], found["server_addr"]) == ("10.0.0.7", "10.0.0.7", "10.0.0.1")
    assert (found["lease_time"], found["domain"], found["duration"]) == (3600.0, "example", 3.0)
    assert (found["routers"], found["dns_servers"]) == (["10.0.0.1"], ["10.0.0.2", "10.0.0.3"])
    assert found["client_software"] == "MSFT 5.0"


def test_the_address_of_the_proxy_script_has_no_line_end() -> None:
    address = b"http://wpad.example/wpad.dat"
    for told in (address, address + b"\n", address + b"\0", address + b"\r\n\0"):
        _, kept = datagrams.read("dhcp", [(">", dhcp(1, 8)), ("<", dhcp(2, 5, (252, told)))], 67)
        assert kept.tables["dhcp"][0]["wpad_url"] == address.decode()


def test_dhcp_numbers_that_come_again_later_are_another_transaction() -> None:
    turns = [(">", dhcp(1, 1))] + [(">", dhcp(1, 1, number=1))] * 12 + [(">", dhcp(1, 1))]
    _, kept = datagrams.read("dhcp", turns, 67)
    assert sorted(len(r["msg_types"]) for r in kept.tables["dhcp"]) == [1, 1, 12]


def principal(*names: str) -> bytes:
    return ber(0x30, ber(0xA0, ber(2, 1)), ber(0xA1, ber(0x30, *(ber(0x1B, name) for name in names))))


def ticket(*service: str, cipher: int = 23, sealed: bytes = b"sealed") -> bytes:
    encrypted = ber(0x30, ber(0xA0, ber(2, cipher)), ber(0xA2, ber(4, sealed)))
    fields = (ber(2, 5), ber(0x1B, "EXAMPLE"), principal(*service), encrypted)
    return ber(0x61, ber(0x30, *(ber(0xA0 + i, field) for i, field in enumerate(fields))))


def ask(kind: int, client: str | None, *service: str, till: str = "20370913024805Z") -> bytes:
    body = [ber(0xA0, ber(3, b"\0\x40\x80\0\0"))]
    if client is not None:
        body.append(ber(0xA1, principal(client)))
    body += [ber(0xA2, ber(0x1B, "EXAMPLE")), ber(0xA3, principal(*service)), ber(0xA5, ber(0x18, till))]
    body += [ber(0xA7, ber(2, 99)), ber(0xA8, ber(0x30, ber(2, 18)))]
    fields = ber(0xA1, ber(2, 5)) + ber(0xA2, ber(2, kind - 0x60))
    if kind == 0x6C:
        presented = ber(0x30, ber(0xA1, ber(2, 1)), ber(0xA2, ber(4, application())))
        fields += ber(0xA3, ber(0x30, presented))
    return ber(kind, ber(0x30, fields, ber(0xA4, ber(0x30, *body))))


def application() -> bytes:
    fields = ber(0xA0, ber(2, 5)) + ber(0xA1, ber(2, 14)) + ber(0xA2, ber(3, bytes(5))) + ber(0xA3, ticket("cifs", "pacs"))
    return ber(0x6E, ber(0x30, fields))


def answer(kind: int, client: str, *service: str) -> bytes:
    fields = [ber(0xA0, ber(2, 5)), ber(0xA1, ber(2, kind - 0x60)), ber(0xA3, ber(0x1B, "EXAMPLE"))]
    return ber(kind, ber(0x30, *fields, ber(0xA4, principal(client)), ber(0xA5, ticket(*service, sealed=b"new"))))


def error(code: int, said: bytes = b"") -> bytes:
    fields = [ber(0xA0, ber(2, 5)), ber(0xA1, ber(2, 30)), ber(0xA6, ber(2, code)), ber(0xA9, ber(0x1B, "EXAMPLE"))]
    fields.append(ber(0xAA, principal("krbtgt", "EXAMPLE")))
    if said:
        fields.append(ber(0xAB, ber(0x1B, said)))
    return ber(0x7E, ber(0x30, *fields))


def test_kerberos_logon_and_service_ticket() -> None:
    turns = [
        (">", ask(0x6A, "mta", "krbtgt", "EXAMPLE")),
        ("<", error(25, b"NEEDED_PREAUTH")),
        (">", ask(0x6A, "mta", "krbtgt", "EXAMPLE")),
        ("<", answer(0x6B, "MTA", "krbtgt", "EXAMPLE")),
        (">", ask(0x6C, None, "cifs", "pacs")),
        ("<", answer(0x6D, "mta", "cifs", "pacs")),
    ]
    connection, kept = datagrams.read("kerberos", turns, 88)
    refused, logon, service = kept.tables["kerberos"]
    assert (refused["success"], refused["error_code"], refused["error_msg"]) == (False, 25, "KDC_ERR_PREAUTH_REQUIRED")
    assert (logon["request_type"], logon["client"], logon["service"]) == ("AS", "mta/EXAMPLE", "krbtgt/EXAMPLE")
    assert (logon["success"], logon["cipher"], logon["till"]) == (True, "rc4-hmac", 2_136_422_885_000_000_000)
    assert (logon["forwardable"], logon["renewable"]) == (True, True)
    assert (service["request_type"], service["client"], service["service"]) == ("TGS", "mta/EXAMPLE", "cifs/pacs")
    assert (logon["offered_ciphers"], logon["preauthenticated"]) == (["aes256-cts-hmac-sha1-96"], False)
    assert "preauthenticated" not in service
    assert service["auth_ticket_sha256"] == hashlib.sha256(b"sealed").hexdigest()
    assert service["new_ticket_sha256"] == hashlib.sha256(b"new").hexdigest()
    assert connection.services == ["krb"]


@pytest.mark.parametrize(
    ("code", "said", "shown"), [(6, b"", "KDC_ERR_C_PRINCIPAL_UNKNOWN"), (6, b"CLIENT_NOT_FOUND", "CLIENT_NOT_FOUND")]
)
def test_kerberos_errors(code: int, said: bytes, shown: str) -> None:
    request, reply = ask(0x6A, "nobody", "krbtgt", "EXAMPLE"), error(code, said)
    framed = [len(data).to_bytes(4, "big") + data for data in (request, reply)]
    connection, kept = talk.read("kerberos", [(">", framed[0]), ("<", framed[1])], port=88)
    assert (row(kept, "kerberos")["error_msg"], row(kept, "kerberos")["success"]) == (shown, False)
    assert connection.services == ["krb_tcp"]


@pytest.mark.parametrize(
    ("number", "read"), [((1 << 32) - 1, True), (-(1 << 31), True), (1 << 32, False), (-(1 << 31) - 1, False)]
)
def test_numbers_have_32_bits(number: int, read: bool) -> None:
    turns = [(">", ask(0x6A, "nobody", "krbtgt", "EXAMPLE")), ("<", error(number))]
    _, kept = datagrams.read("kerberos", turns, 88)
    assert row(kept, "kerberos").get("error_code") == (number if read else None)
    assert bool(kept.weirds) is not read


def test_a_ticket_for_ever() -> None:
    turns = [(">", ask(0x6A, "nobody", "krbtgt", "EXAMPLE", till="99990913024805Z"))]
    _, kept = datagrams.read("kerberos", turns, 88)
    assert row(kept, "kerberos")["till"] == (1 << 63) - 1


@pytest.mark.parametrize(
    ("brought", "proven"),
    [
        ([(2, b"timestamp")], True),
        ([(16, b"certificate")], True),
        ([(149, b""), (128, b"\x30\5")], False),
        # FAST, as MIT's kpasswd and Windows with armoring log on: the proof is encrypted with the request.
        ([(136, b"\xa0\x82\1\2")], None),
        ([(136, b"\xa0\x82\1\2"), (2, b"timestamp")], True),
        # SPAKE: the groups that the client knows are no proof, its answer is.
        ([(151, b"\xa0\5")], False),
        ([(151, b"\xa2\5")], True),
        ([(151, b"\xa2" + bytes(200))], True),
        ([(151, b"")], False),
    ],
)
def test_what_proves_a_password(brought: list[tuple[int, bytes]], proven: bool | None) -> None:
    entries = (ber(0x30, ber(0xA1, ber(2, kind)), ber(0xA2, ber(4, data))) for kind, data in brought)
    fields = ber(0xA1, ber(2, 5)) + ber(0xA2, ber(2, 10)) + ber(0xA3, ber(0x30, *entries))
    body = ber(0x30, ber(0xA1, principal("mta")), ber(0xA2, ber(0x1B, "EXAMPLE")))
    _, kept = datagrams.read("kerberos", [(">", ber(0x6A, ber(0x30, fields, ber(0xA4, body))))], 88)
    assert row(kept, "kerberos")["preauthenticated"] is proven


def test_a_logon_that_proves_its_password() -> None:
    proof = ber(0xA3, ber(0x30, ber(0x30, ber(0xA1, ber(2, 2)), ber(0xA2, ber(4, b"timestamp")))))
    fields = ber(0xA1, ber(2, 5)) + ber(0xA2, ber(2, 10)) + proof
    body = ber(0x30, ber(0xA1, principal("mta")), ber(0xA2, ber(0x1B, "EXAMPLE")), ber(0xA8, ber(0x30, ber(2, 23), ber(2, 99))))
    _, kept = datagrams.read("kerberos", [(">", ber(0x6A, ber(0x30, fields, ber(0xA4, body))))], 88)
    assert row(kept, "kerberos")["preauthenticated"] is True
    assert row(kept, "kerberos")["offered_ciphers"] == ["rc4-hmac", "99"]


def test_a_request_sent_again_is_one_request() -> None:
    asked = (">", ask(0x6A, "mta", "krbtgt", "EXAMPLE"))
    _, kept = datagrams.read("kerberos", [asked, asked, asked], 88)
    assert [(r["client"], r.get("success")) for r in kept.tables["kerberos"]] == [("mta/EXAMPLE", None)]


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_ticket_presented_to_another_protocol(wrapped: bool) -> None:
    token = ber(0x60, ber(6, bytes.fromhex("2a864886f712010202")), b"\1\0", application())
    if wrapped:
        offer = ber(0x30, ber(0xA0, ber(0x30, ber(6, bytes.fromhex("2a864882f712010202")))), ber(0xA2, ber(4, token)))
        token = ber(0x60, ber(6, bytes.fromhex("2b0601050502")), ber(0xA0, offer))
    connection, kept = talk.conversation([(">", b"x")], port=445), talk.Kept()
    assert kerberos.present(connection, kept, 5, 6, token, accepted=True)
    found = row(kept, "kerberos")
    assert (found["request_type"], found["client"], found["service"], found["success"]) == ("AP", "/EXAMPLE", "cifs/pacs", True)
    assert not kerberos.present(connection, kept, 5, 6, token[:-1])
    assert not kerberos.present(connection, kept, 5, 6, b"NTLMSSP\0")


WHOLE = {
    "sip": (INVITE, OK, 5060),
    "dhcp": (dhcp(1, 3, (12, b"ct01"), (81, b"\4\0\0\4ct01\0")), dhcp(2, 5, (3, b"\x0a\0\0\1"), assigned="10.0.0.7"), 67),
    "kerberos": (ask(0x6C, None, "cifs", "pacs"), answer(0x6D, "mta", "cifs", "pacs"), 88),
}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_damaged_messages(name: str, data: st.DataObject) -> None:
    request, reply, port = WHOLE[name]
    turns = []
    for side, whole in ((">", request), ("<", reply)):
        broken = bytearray(whole)
        for _ in range(data.draw(st.integers(0, 3))):
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
        turns.append((side, bytes(broken[: data.draw(st.integers(0, len(broken)))])))
    datagrams.survives(name, turns, port)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["sip", "kerberos"]),
    st.binary(max_size=150),
    st.binary(max_size=150),
    st.lists(st.integers(0, 90), max_size=2),
)
def test_hostile_streams(name: str, client: bytes, server: bytes, cuts: list[int]) -> None:
    datagrams.fits(talk.survives(name, client, server, cuts))
