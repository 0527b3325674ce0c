"""DNS: pairing, every kind of answer, transports, NetBIOS and hostile bytes."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols import datagrams, talk
from tests.wire.protocols.datagrams import row

from wardround.wire.connection import Malformed
from wardround.wire.printable import lowered, printable
from wardround.wire.protocols import dns
from wardround.wire.protocols.dns_records import name, netbios_name, shown

QUERY, REPLY = 0x0100, 0x8180


def labels(text: str) -> bytes:
    return b"".join(bytes((len(part),)) + part.encode() for part in text.split(".") if part) + b"\0"


def question(text: str, kind: int = 1, group: int = 1) -> bytes:
    return labels(text) + struct.pack("!HH", kind, group)


def record(owner: bytes, kind: int, data: bytes, life: int = 300, group: int = 1) -> bytes:
    return owner + struct.pack("!HHIH", kind, group, life, len(data)) + data


def message(number: int, flags: int, questions: list[bytes], *sections: list[bytes]) -> bytes:
    counts = [len(section) for section in (*sections, [], [], [])[:3]]
    head = struct.pack("!HHHHHH", number, flags, len(questions), *counts)
    return head + b"".join(questions) + b"".join(part for section in sections for part in section)


def asked(text: str, kind: int, data: bytes, number: int = 7) -> list[tuple[str, bytes]]:
    answer = record(b"\xc0\x0c", kind, data)
    return [
        (">", message(number, QUERY, [question(text, kind)])),
        ("<", message(number, REPLY, [question(text, kind)], [answer])),
    ]


def test_a_query_and_its_reply_are_one_row() -> None:
    connection, kept = datagrams.read("dns", asked("Www.Example.ORG", 1, socket.inet_aton("192.0.2.5")), 53)
    (found,) = kept.tables["dns"]
    assert found["query"] == "www.example.org"
    assert (found["qtype_name"], found["qclass_name"], found["rcode_name"]) == ("A", "C_INTERNET", "NOERROR")
    assert (found["answers"], found["TTLs"], found["rtt"]) == (["192.0.2.5"], [300.0], 1.0)
    assert (found["RD"], found["RA"], found["AA"], found["TC"], found["Z"]) == (True, True, False, False, 0)
    assert (found["ts"], found["record"], found["proto"], found["trans_id"]) == (talk.SECOND, 1, "udp", 7)
    assert connection.services == ["dns"]


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (28, socket.inet_pton(socket.AF_INET6, "2001:db8::1"), "2001:db8::1"),
        (5, labels("Alias.example"), "alias.example"),
        (15, b"\0\x0a" + labels("mx.example"), "mx.example"),
        (16, b"\x03v=1\x02ab", "TXT 3 v=1 TXT 2 ab"),
        (16, b"\x03a\nb", "TXT 3 a\\x0ab"),
        (99, b"\x03all", "SPF 3 all"),
        (33, b"\0\1\0\2\1\xbb" + labels("srv.example"), "srv.example"),
        (6, labels("ns.example") + labels("root.example") + b"\0" * 20, "ns.example"),
        (43, b"\0\1\x05\x02abcd", "DS 5 2"),
        (46, b"\0\1\x05\x02" + b"\0" * 14 + b"\0", "RRSIG 1 <Root>"),
        (47, labels("b.example"), "NSEC asked.example b.example"),
        (48, b"\1\1\3\x08key", "DNSKEY 8"),
        (50, b"\1\0\0\1", "NSEC3"),
        (44, b"\1\1\xab\xcd", "SSHFP: abcd"),
        (257, b"\0\x05issueca.example", "CAA 0 issue ca.example"),
        (65, b"\0\1\0", "HTTPS 1 ."),
        (29, b"\0\x12\x16\x13" + b"\0" * 12, "LOC:  18 22 19"),
        (777, b"anything", "<unknown type=777>"),
    ],
)
def test_answers_as_text(kind: int, data: bytes, text: str) -> None:
    _, kept = datagrams.read("dns", asked("asked.example", kind, data), 53)
    assert row(kept, "dns")["answers"] == [text]


def test_unanswered_queries_and_lone_replies_are_written() -> None:
    turns = [
        (">", message(1, QUERY, [question("a.example")])),
        (">", message(1, QUERY, [question("b.example")])),
        ("<", message(1, REPLY, [question("a.example")], [record(b"\xc0\x0c", 1, b"\1\2\3\4")])),
        ("<", message(9, REPLY, [question("c.example")], [record(b"\xc0\x0c", 1, b"\1\2\3\5")])),
    ]
    _, kept = datagrams.read("dns", turns, 53)
    rows = kept.tables["dns"]
    assert [(r["query"], r.get("rcode_name"), r.get("qtype_name")) for r in rows] == [
        ("a.example", "NOERROR", "A"),
        ("b.example", None, "A"),
        ("c.example", "NOERROR", None),
    ]


_OPT = record(b"\0", 41, b"")


@pytest.mark.parametrize(
    ("code", "further", "rejected"), [(0, [], True), (3, [], True), (5, [], True), (0, [_OPT], False), (3, [_OPT], False)]
)
def test_rejection_is_a_reply_without_any_record(code: int, further: list[bytes], rejected: bool) -> None:
    """As dnsmasq replies about an address of the other family: no error, and no SOA; with EDNS there is a record."""
    turns = [
        (">", message(1, QUERY, [question("a.example")])),
        ("<", message(1, REPLY | code, [question("a.example")], [], [], further)),
    ]
    _, kept = datagrams.read("dns", turns, 53)
    assert row(kept, "dns")["rejected"] is rejected


def test_a_reply_about_a_name_that_does_not_exist_is_no_rejection() -> None:
    soa = record(labels("example"), 6, labels("ns.example") + labels("root.example") + b"\0" * 20)
    turns = [
        (">", message(1, QUERY, [question("a.example")])),
        ("<", message(1, REPLY | 3, [question("a.example")], [], [soa])),
    ]
    _, kept = datagrams.read("dns", turns, 53)
    assert (row(kept, "dns")["rejected"], row(kept, "dns")["rcode_name"]) == (False, "NXDOMAIN")


def test_dynamic_update() -> None:
    zone = question("example", 6)
    before = [record(labels("host.example"), 5, b"", 0, 254)]
    changes = [record(labels("host.example"), 1, b"", 0, 255), record(labels("host.example"), 1, b"\x0a\0\0\5", 1200)]
    turns = [(">", message(3, 0x2800, [zone], before, changes)), ("<", message(3, 0xA805, [zone]))]
    _, kept = datagrams.read("dns", turns, 53)
    found = row(kept, "dns")
    assert found["opcode_name"] == "dynamic-update"
    assert found["answers"] == ["pre: NoRRSet CNAME host.example", "del: RRSet A", "add: A host.example 10.0.0.5"]
    assert (found["rcode_name"], found["rejected"]) == ("REFUSED", False)


def test_netbios_names_and_addresses() -> None:
    encoded = "".join(chr(65 + (byte >> 4)) + chr(65 + (byte & 15)) for byte in b"FILESERVER     \x20")
    turns = [
        (">", message(5, 0x0110, [question(encoded, 32)])),
        ("<", message(5, 0x8500, [], [record(labels(encoded), 32, b"\0\0\x0a\1\1\x42")])),
    ]
    _, kept = datagrams.read("dns", turns, 137)
    found = row(kept, "dns")
    assert (found["query"], found["qtype_name"], found["opcode_name"]) == ("FILESERVER", "NB", "netbios-query")
    assert found["answers"] == ["10.1.1.66"]


def test_over_tcp_messages_follow_their_length() -> None:
    (_, query), (_, reply) = asked("a.example", 1, b"\1\2\3\4")
    framed = [struct.pack("!H", len(data)) + data for data in (query, reply)]
    turns: list[tuple[str, bytes | int]] = [(">", framed[0][:5]), (">", framed[0][5:]), ("<", framed[1])]
    connection, kept = talk.read("dns", turns, port=53)
    assert (row(kept, "dns")["answers"], row(kept, "dns")["proto"]) == (["1.2.3.4"], "tcp")
    assert row(kept, "dns")["ts"] == 2 * talk.SECOND
    assert connection.services == ["dns"]


def test_other_ports_need_a_message_that_could_be_nothing_else() -> None:
    query = message(1, QUERY, [question("a.example")])
    ends = ("10.0.0.1", 40_000), ("10.0.0.2", 5_000)
    assert dns.sniff(datagrams.exchange([(">", query)], *ends))
    assert not dns.sniff(datagrams.exchange([(">", bytes(40))], *ends))
    assert not dns.sniff(datagrams.exchange([(">", message(1, QUERY, [question("a.example", 61_000)]))], *ends))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xc0\x00", "DNS_label_forward_compress_offset"),
        (b"\xc0", "DNS_label_len_gt_pkt"),
        (b"\x05ab", "DNS_label_len_gt_pkt"),
        (b"\x50" + b"a" * 90, "DNS_label_too_long"),
        (b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + b"\xc0\x00", "DNS_label_forward_compress_offset"),
    ],
)
def test_broken_names(data: bytes, problem: str) -> None:
    with pytest.raises(Malformed) as caught:
        name(data, 0)
    assert caught.value.name == problem


def test_names_follow_pointers_backwards_only() -> None:
    data = labels("example.org") + b"\x03www\xc0\x00"
    assert name(data, 13) == (b"www.example.org", len(data))


def test_a_netbios_name_that_is_not_encoded_stays() -> None:
    assert netbios_name(b"plain") == b"plain"


def test_a_flood_of_queries_does_not_pile_up() -> None:
    turns = [(">", message(i & 0xFFFF, QUERY, [question("a.example")])) for i in range(6_000)]
    _, kept = datagrams.read("dns", turns, 53)
    assert len(kept.tables["dns"]) == 6_000


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("<>"), st.binary(max_size=120)), max_size=4), st.sampled_from([53, 137, 9]))
def test_hostile_datagrams(turns: list[tuple[str, bytes]], port: int) -> None:
    datagrams.survives("dns", turns, port)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_messages(data: st.DataObject) -> None:
    kind, content = data.draw(
        st.sampled_from([(1, b"\1\2\3\4"), (16, b"\x03abc"), (46, b"\0" * 20), (257, b"\0\2abc"), (32, b"\0" * 6)])
    )
    turns = []
    for side, whole in asked("some.name.example", kind, content):
        broken = bytearray(whole)
        for _ in range(data.draw(st.integers(0, 3))):
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
        turns.append((side, bytes(broken[: data.draw(st.integers(0, len(broken)))])))
    datagrams.survives("dns", turns, data.draw(st.sampled_from([53, 137])))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200), st.lists(st.integers(0, 100), max_size=3))
def test_hostile_streams(client: bytes, server: bytes, cuts: list[int]) -> None:
    datagrams.fits(talk.survives("dns", client, server, cuts))


#: Bytes in which names, pointers, zeros within labels and capitals are frequent.
_NAMES = st.lists(
    st.sampled_from([b"\0", b"\1a", b"\3WWW", b"\2\0b", b"\xc0\0", b"\xc0\2", b"\xc0\x04", b"\x3f", b"\x40", b"\2\xe9\xff"]),
    max_size=24,
).map(b"".join)


@given(_NAMES, st.integers(0, 30))
@settings(max_examples=400)
def test_a_name_that_is_remembered_reads_as_one_that_is_not(message: bytes, at: int) -> None:
    try:
        found, after = name(message, at)
    except Malformed as problem:
        with pytest.raises(Malformed, match=problem.name):
            shown(message, at)
    else:
        assert shown(message, at) == (printable(lowered(found)), after)


def test_a_name_behind_a_pointer_to_a_name_met_before() -> None:
    message = bytes(12) + labels("Archive.Hospital.example") + b"\xc0\x0c" + b"\xc0\x26"
    assert [shown(message, at) for at in (12, 38, 40)] == [("archive.hospital.example", at) for at in (38, 40, 42)]
    with pytest.raises(Malformed):
        shown(message, 42)
