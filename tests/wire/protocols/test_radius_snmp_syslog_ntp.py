"""RADIUS, SNMP, syslog and NTP: what their rows tell, and hostile bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols import datagrams, talk
from tests.wire.protocols.datagrams import ber, row

from wardround.wire.protocols import by_name

SECRET = b"geheim-16-bytes!"


def radius(code: int, number: int, *attributes: tuple[int, bytes]) -> bytes:
    body = b"".join(bytes((kind, len(value) + 2)) + value for kind, value in attributes)
    return struct.pack("!BBH", code, number, 20 + len(body)) + bytes(16) + body


def test_radius_request_and_answer() -> None:
    request = radius(1, 5, (1, b"mta"), (2, SECRET), (31, b"00-11-22-AA-BB-CC"), (77, b"CONNECT 1Gbps"))
    turns = [(">", request), ("<", radius(2, 5, (8, b"\x0a\0\0\x09"), (18, b"Welcome")))]
    connection, kept = datagrams.read("radius", turns, 1812)
    found = row(kept, "radius")
    assert (found["username"], found["mac"], found["result"], found["ttl"]) == ("mta", "00:11:22:aa:bb:cc", "success", 1.0)
    assert (found["framed_addr"], found["reply_msg"], found["connect_info"]) == ("10.0.0.9", "Welcome", "CONNECT 1Gbps")
    assert SECRET.decode() not in repr(kept.tables)
    assert connection.services == ["radius"]


def test_radius_challenge_and_what_follows_are_one_logon() -> None:
    turns = [
        (">", radius(1, 5, (1, b"mta"))),
        ("<", radius(11, 5, (24, b"state"))),
        (">", radius(1, 6, (1, b"mta"), (24, b"state"))),
        ("<", radius(3, 6)),
    ]
    _, kept = datagrams.read("radius", turns, 1812)
    assert [(r["result"], r["ttl"], r["record"]) for r in kept.tables["radius"]] == [("failed", 3.0, 1)]


def test_radius_user_is_the_one_who_asked() -> None:
    """FreeRADIUS answers with the name that it keeps books under."""
    turns = [(">", radius(1, 5, (1, b"anna"))), ("<", radius(2, 5, (1, b"anna-canonical"), (77, b"told"), (66, b"10.0.0.1")))]
    _, kept = datagrams.read("radius", turns, 1812)
    found = row(kept, "radius")
    assert (found["username"], found["result"]) == ("anna", "success")
    assert found.get("connect_info") is None and found.get("tunnel_client") is None


def test_radius_without_answer_and_broken() -> None:
    _, kept = datagrams.read("radius", [(">", radius(1, 5, (1, b"mta"))), (">", b"\1\6\0\x19" + bytes(21))], 1812)
    assert [r["result"] for r in kept.tables["radius"]] == ["unknown"]
    assert kept.weirds == ["radius_bad_attribute"]


def snmp(version: int, community: str, operation: int, *bindings: tuple[bytes, bytes]) -> bytes:
    pairs = [ber(0x30, ber(6, name), value) for name, value in bindings]
    body = ber(operation, ber(2, 1), ber(2, 0), ber(2, 0), ber(0x30, *pairs))
    return ber(0x30, ber(2, version), ber(4, community), body)


def test_snmp_is_told_by_its_first_message() -> None:
    asked = [(">", snmp(version, name, 0xA0, (DESCRIPTION, ber(5)))) for version, name in ((0, "first"), (1, "second"))]
    _, kept = datagrams.read("snmp", asked, 161)
    found = row(kept, "snmp")
    assert (found["version"], found["community"], found["get_requests"]) == ("1", "first", 2)


DESCRIPTION, UP_TIME = b"\x2b\6\1\2\1\1\1\0", b"\x2b\6\1\2\1\1\3\0"


def test_snmp_conversation() -> None:
    turns = [
        (">", snmp(1, "public", 0xA0, (DESCRIPTION, ber(5)), (UP_TIME, ber(5)))),
        ("<", snmp(1, "public", 0xA2, (DESCRIPTION, ber(4, "CT console")), (UP_TIME, ber(0x43, 100)))),
        (">", snmp(1, "private", 0xA3, (DESCRIPTION, ber(4, "x")))),
    ]
    connection, kept = datagrams.read("snmp", turns, 161)
    found = row(kept, "snmp")
    assert (found["version"], found["community"], found["duration"]) == ("2c", "public", 2.0)
    assert (found["get_requests"], found["get_responses"], found["set_requests"], found["get_bulk_requests"]) == (2, 2, 1, 0)
    assert (found["display_string"], found["up_since"]) == ("CT console", 1_000_000_000)
    assert connection.services == ["snmp"]


@pytest.mark.parametrize(("flags", "user", "asked"), [(0, "operator", 1), (3, None, 0)])
def test_snmp_3(flags: int, user: str | None, asked: int) -> None:
    settings_ = ber(0x30, ber(2, 9), ber(2, 1500), ber(4, bytes((flags,))), ber(2, 3))
    security = ber(4, ber(0x30, ber(4, b"engine"), ber(2, 1), ber(2, 1), ber(4, "operator"), ber(4), ber(4)))
    request = ber(0xA1, ber(2, 1), ber(2, 0), ber(2, 0), ber(0x30, ber(0x30, ber(6, DESCRIPTION), ber(5))))
    scoped = ber(4, b"sealed") if flags else ber(0x30, ber(4), ber(4), request)
    _, kept = datagrams.read("snmp", [(">", ber(0x30, ber(2, 3), settings_, security, scoped))], 161)
    found = row(kept, "snmp")
    assert (found["version"], found.get("community"), found["get_requests"]) == ("3", user, asked)


@pytest.mark.parametrize(
    ("data", "facility", "severity", "text"),
    [
        (b"<134>ct01 app: started", "LOCAL0", "INFO", "ct01 app: started"),
        (b"<0>x", "KERN", "EMERG", "x"),
        (b"<191>x\0", "LOCAL7", "DEBUG", "x\\x00"),
        (b"<192>x", "UNSPECIFIED", "UNSPECIFIED", "<192>x"),
        (b"no priority", "UNSPECIFIED", "UNSPECIFIED", "no priority"),
    ],
)
def test_syslog(data: bytes, facility: str, severity: str, text: str) -> None:
    _, kept = datagrams.read("syslog", [(">", data)], 514)
    found = row(kept, "syslog")
    assert (found["facility"], found["severity"], found["message"], found["proto"]) == (facility, severity, text, "udp")


def test_syslog_on_other_ports_needs_a_priority() -> None:
    parser = by_name("syslog")
    ends = ("10.0.0.1", 40_000), ("10.0.0.2", 5_140)
    assert parser.sniff(datagrams.exchange([(">", b"<13>text")], *ends))
    assert not parser.sniff(datagrams.exchange([(">", b"text")], *ends))
    assert not parser.sniff(datagrams.exchange([(">", b"<13>\x01\x02")], *ends))


@pytest.mark.parametrize(
    "stream",
    [
        b"<134>first\r\n<11>second\n",
        b"<134>first\n<11>second",
        b"<134>first\0<11>second\0",
        b"10 <134>first10 <11>second40 <11>cut off",
    ],
)
def test_syslog_over_tcp(stream: bytes) -> None:
    connection, kept = talk.read("syslog", [(">", stream[:4]), (">", stream[4:]), ("<", b"no priority\n")], port=6514)
    assert [(r["facility"], r["severity"], r["message"]) for r in kept.tables["syslog"]] == [
        ("LOCAL0", "INFO", "first"),
        ("USER", "ERR", "second"),
    ]
    assert (connection.services, row(kept, "syslog")["proto"]) == (["syslog"], "tcp")


def test_ntp() -> None:
    stamp = struct.pack("!II", 2_208_988_800 + 1_700_000_000, 1 << 31)
    server = struct.pack("!BBbbII", 0x24, 2, 6, -20, 1 << 16, 1 << 15) + b"\x0a\0\0\1" + bytes(8) + stamp * 3
    _, kept = datagrams.read("ntp", [(">", b"\x23" + bytes(47)), ("<", server)], 123)
    client, answer = kept.tables["ntp"]
    assert (client["mode"], client["version"], client["xmt_time"]) == (3, 4, None)
    assert (answer["mode"], answer["stratum"], answer["ref_id"]) == (4, 2, "10.0.0.1")
    assert (answer["poll"], answer["root_delay"], answer["root_disp"]) == (64.0, 1.0, 0.5)
    assert (answer["xmt_time"], answer["ref_time"]) == (1_700_000_000_500_000_000, None)


WHOLE = {
    "radius": (radius(1, 5, (1, b"mta"), (31, b"00-11-22-AA-BB-CC")), 1812),
    "snmp": (snmp(1, "public", 0xA2, (UP_TIME, ber(0x43, 100)), (DESCRIPTION, ber(4, "x"))), 161),
    "syslog": (b"<134>ct01 app", 514),
    "ntp": (b"\x24\1" + bytes(80), 123),
}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_damaged_messages(name: str, data: st.DataObject) -> None:
    whole, port = WHOLE[name]
    turns = []
    for side in "><":
        broken = bytearray(whole)
        for _ in range(data.draw(st.integers(0, 3))):
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
        turns.append((side, bytes(broken[: data.draw(st.integers(0, len(broken)))])))
    datagrams.survives(name, turns, port)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.lists(st.binary(max_size=80), min_size=1, max_size=3))
def test_hostile_datagrams(name: str, payloads: list[bytes]) -> None:
    datagrams.survives(name, [(">", payload) for payload in payloads], WHOLE[name][1])
