"""Connections as Zeek counts them: states, history, sizes, timeouts, directions."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import struct
from typing import Any

import pytest
from tests.wire.packets import (
    ACK,
    CLIENT,
    FIN,
    PSH,
    RST,
    SECOND,
    SERVER,
    SYN,
    Talk,
    conn,
    ethernet,
    icmp,
    ip,
    pcap,
    read,
    udp,
)

START = 1_700_000_000 * SECOND


def test_whole_connection() -> None:
    talk = Talk().open().send(True, PSH | ACK, b"x" * 10, at=1, ack=1).send(False, PSH | ACK, b"y" * 20, at=1, ack=11)
    row = conn(talk.close(11, 21).frames)
    assert (row["conn_state"], row["history"]) == ("SF", "ShADdFf")
    assert (row["orig_bytes"], row["resp_bytes"], row["missed_bytes"]) == (10, 20, 0)
    assert (row["orig_pkts"], row["resp_pkts"], row["orig_ip_bytes"], row["resp_ip_bytes"]) == (5, 3, 210, 140)
    assert (row["proto"], row["id.orig_h"], row["id.resp_p"], row["record"]) == ("tcp", CLIENT, 11112, 1)
    assert row["duration"] == pytest.approx(0.006)
    assert (row["orig_l2_addr"], row["resp_l2_addr"]) == ("02:00:00:00:00:01", "02:00:00:00:00:02")


@pytest.mark.parametrize(
    ("talk", "state", "history"),
    [
        (Talk().send(True, SYN), "S0", "S"),
        (Talk().open(), "S1", "ShA"),
        (Talk().send(True, SYN).send(False, RST | ACK, ack=1), "REJ", "Sr"),
        (Talk().send(True, SYN).send(True, RST, at=1), "RSTOS0", "SR"),
        (Talk().open().send(True, RST | ACK, at=1, ack=1), "RSTO", "ShAR"),
        (Talk().open().send(False, RST | ACK, at=1, ack=1), "RSTR", "ShAr"),
        (Talk().open().send(True, FIN | ACK, at=1, ack=1), "S2", "ShAF"),
        (Talk().open().send(False, FIN | ACK, at=1, ack=1), "S3", "ShAf"),
        (Talk().send(True, SYN).send(True, FIN, at=1), "SH", "SF"),
        (Talk().send(False, SYN | ACK, ack=1).send(False, FIN | ACK, at=1, ack=1), "SHR", "^hf"),
        (Talk().send(True, PSH | ACK, b"x", at=1, ack=1), "OTH", "D"),
        (Talk().send(True, SYN | FIN), "SH", "Q"),
    ],
)
def test_states(talk: Talk, state: str, history: str) -> None:
    row = conn(talk.frames)
    assert (row["conn_state"], row["history"]) == (state, history)


def test_bytes_never_captured() -> None:
    talk = Talk().open().send(True, PSH | ACK, b"x" * 10, at=1, ack=1).send(True, PSH | ACK, b"x" * 10, at=31, ack=1)
    row = conn(talk.send(False, ACK, at=1, ack=41).close(41, 1).frames)
    assert (row["orig_bytes"], row["missed_bytes"], row["history"]) == (40, 20, "ShADaGFf")


def test_segments_out_of_order_and_again() -> None:
    talk = Talk().open().send(True, PSH | ACK, b"b" * 5, at=6, ack=1).send(True, PSH | ACK, b"a" * 5, at=1, ack=1)
    row = conn(talk.send(False, ACK, at=1, ack=11).close(11, 1).frames)
    assert (row["orig_bytes"], row["missed_bytes"]) == (10, 0)
    assert row["history"] == "ShADTaFf"


def test_letters_grow_with_the_logarithm() -> None:
    talk = Talk().open().send(True, PSH | ACK, b"a", at=1, ack=1)
    for _ in range(100):
        talk.send(True, PSH | ACK, b"a", at=1, ack=1)
    assert conn(talk.frames)["history"] == "ShADTTT"


def test_zero_windows() -> None:
    talk = Talk().open()
    for _ in range(10):
        talk.send(False, ACK, at=1, ack=1, window=0)
    assert conn(talk.frames)["history"] == "ShAaww"


def test_sequence_numbers_that_wrap() -> None:
    talk = Talk(first=(0xFFFFFFF0, 0xFFFFFFFF)).open().send(True, PSH | ACK, b"x" * 100, at=1, ack=1)
    row = conn(talk.send(False, ACK, at=1, ack=101).close(101, 1).frames)
    assert (row["orig_bytes"], row["resp_bytes"], row["missed_bytes"], row["conn_state"]) == (100, 0, 0, "SF")


def test_ports_used_again() -> None:
    first = Talk().open().close()
    again = Talk(first=(5000, 7000), ts=first.ts).open()
    rows = read(pcap(first.frames + again.frames)).rows["conn"]
    assert sorted(row["conn_state"] for row in rows) == ["S1", "SF"]
    assert len({row["uid"] for row in rows}) == 2
    assert len({row["community_id"] for row in rows}) == 1


def test_attempts_without_an_answer_are_apart() -> None:
    talk = Talk().send(True, SYN).send(True, SYN, after=3 * SECOND).send(True, SYN, after=6 * SECOND)
    rows = read(pcap(talk.frames)).rows["conn"]
    assert [row["orig_pkts"] for row in sorted(rows, key=lambda row: row["ts"])] == [2, 1]


def _udp(seconds: float, up: bool, body: bytes, ports: tuple[int, int] = (40000, 53)) -> tuple[int, bytes]:
    source, target = (CLIENT, SERVER) if up else (SERVER, CLIENT)
    a, b = ports if up else ports[::-1]
    return START + int(seconds * SECOND), ethernet(ip(source, target, 17, udp(a, b, body)))


def test_datagrams() -> None:
    row = conn([_udp(0, True, b"question"), _udp(1, False, b"the answer")])
    assert (row["proto"], row["conn_state"], row["history"]) == ("udp", "SF", "Dd")
    assert (row["orig_bytes"], row["resp_bytes"], row["orig_ip_bytes"], row["duration"]) == (8, 10, 36, 1.0)


def test_datagrams_a_minute_apart_are_two_connections() -> None:
    rows = read(pcap([_udp(0, True, b"a"), _udp(59, True, b"a"), _udp(120, True, b"a")])).rows["conn"]
    assert sorted(row["orig_pkts"] for row in rows) == [1, 2]


def test_answers_seen_first_are_turned_round() -> None:
    row = conn([_udp(0, False, b"answer")])
    assert (row["id.orig_h"], row["id.resp_p"], row["conn_state"], row["history"]) == (CLIENT, 53, "SHR", "^d")


def test_echo_and_reply_are_one_connection() -> None:
    frames = [
        (START, ethernet(ip(CLIENT, SERVER, 1, icmp(8, 0, b"\0" * 4 + b"ping")))),
        (START + SECOND, ethernet(ip(SERVER, CLIENT, 1, icmp(0, 0, b"\0" * 4 + b"ping")))),
    ]
    row = conn(frames)
    assert (row["proto"], row["id.orig_p"], row["id.resp_p"], row["conn_state"]) == ("icmp", 8, 0, "OTH")
    assert (row["orig_bytes"], row["resp_bytes"], row["history"]) == (4, 4, None)


def test_other_transports_are_counted() -> None:
    row = conn([(START, ethernet(ip(CLIENT, SERVER, 50, b"\0" * 40)))])
    assert (row["proto"], row["ip_proto"], row["orig_pkts"], row["conn_state"]) == ("unknown_transport", 50, 1, "OTH")


def test_community_ids_of_the_specification() -> None:
    """The example of the specification: 128.232.110.120:34855 to 66.35.250.204:80 over TCP, seed 0."""
    talk = Talk(client=("128.232.110.120", 34855), server=("66.35.250.204", 80)).open()
    assert conn(talk.frames)["community_id"] == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="


def _community_id(protocol: int, source: str, target: str, ports: tuple[int, int]) -> str:
    """The specification, read literally."""
    (a, p), (b, q) = sorted(((ipaddress.ip_address(source).packed, ports[0]), (ipaddress.ip_address(target).packed, ports[1])))
    text = b"\0\0" + a + b + struct.pack("!BBHH", protocol, 0, p, q)
    return "1:" + base64.b64encode(hashlib.sha1(text).digest()).decode()


@pytest.mark.parametrize(
    ("source", "target", "ports"),
    [
        (CLIENT, SERVER, (40000, 53)),
        (SERVER, CLIENT, (40000, 53)),
        (CLIENT, CLIENT, (7000, 6000)),
        ("2001:db8::1", "fe80::2", (5000, 53)),
        ("fe80::2", "2001:db8::1", (5000, 53)),
    ],
)
def test_community_ids(source: str, target: str, ports: tuple[int, int]) -> None:
    row = conn([(START, ethernet(ip(source, target, 17, udp(*ports, b"x"))))])
    assert row["community_id"] == _community_id(17, source, target, ports)


def test_tunnel_within_udp() -> None:
    inner = ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(1000, 53, b"dns?")))
    outer = ethernet(ip(CLIENT, SERVER, 17, udp(5555, 4789, b"\x08\0\0\0\0\0\x01\0" + inner)), tags=(7,))
    tables = read(pcap([(START, outer)]))
    by_port: dict[int, dict[str, Any]] = {row["id.resp_p"]: row for row in tables.rows["conn"]}
    assert by_port[4789]["service"] == "vxlan"
    assert by_port[4789]["vlan"] == 7
    assert by_port[53]["tunnel_parents"] == [by_port[4789]["uid"]]
    assert {row["tunnel_type"] for row in tables.rows["tunnel"]} == {"Tunnel::VXLAN"}


def test_tunnels_without_transport_are_no_connections() -> None:
    inner = ip("10.0.0.1", "10.0.0.2", 17, udp(1000, 53, b"dns?"))
    frames = [(START, ethernet(ip(CLIENT, SERVER, 47, b"\0\0\x08\0" + inner))), (START, ethernet(ip(CLIENT, SERVER, 4, inner)))]
    tables = read(pcap(frames))
    (row,) = tables.rows["conn"]
    assert row["orig_pkts"] == 2
    assert len(row["tunnel_parents"]) == 2
    assert sorted({r["tunnel_type"] for r in tables.rows["tunnel"]}) == ["Tunnel::GRE", "Tunnel::IP"]


def test_shards_share_nothing_and_lose_nothing() -> None:
    frames = []
    for port in range(40000, 40040):
        frames += Talk(client=(CLIENT, port)).open().close().frames
    frames.sort(key=lambda item: item[0])
    whole = read(pcap(frames)).rows["conn"]
    halves = [read(pcap(frames), shard=shard, shards=2).rows["conn"] for shard in range(2)]
    assert min(map(len, halves)) > 0
    assert sorted(row["uid"] for half in halves for row in half) == sorted(row["uid"] for row in whole)
