"""Headers: every way to an IP packet, tunnels, options, and bytes that are not what they seem."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.wire.packets import ACK, CLIENT, PSH, SERVER, SYN, Talk, ethernet, icmp, ip, pcap, read, tcp, udp

from wardround.wire import decode as d
from wardround.wire.capture import PACKET_PLACE

INNER = ip("10.0.0.1", "10.0.0.2", 17, udp(1000, 53, b"dns?"))
PLAIN = ip(CLIENT, SERVER, 17, udp(1000, 53, b"dns?"))


def rows(frame: bytes, link: int = 1, captured: int | None = None) -> NDArray[Any]:
    places = np.zeros(1, PACKET_PLACE)
    places["captured"] = len(frame) if captured is None else captured
    places["length"] = len(frame)
    places["link"] = link
    packets = np.zeros(8, d.PACKET)
    taken, count = d.decode(np.frombuffer(frame, np.uint8), places, 1, packets, 0, 1)
    assert taken == 1
    return packets[:count]


def payload(frame: bytes, row: NDArray[Any]) -> bytes:
    start = int(row["payload"])
    return frame[start : start + int(row["captured"])]


@pytest.mark.parametrize(
    ("frame", "link"),
    [
        (ethernet(PLAIN), 1),
        (ethernet(PLAIN, tags=(5,)), 1),
        (PLAIN, 101),
        (PLAIN, 228),
        (b"\x02\0\0\0" + PLAIN, 0),
        (b"\0\0\0\x02" + PLAIN, 108),
        (b"\0" * 14 + b"\x08\0" + PLAIN, 113),
        (b"\x08\0" + b"\0" * 18 + PLAIN, 276),
        (b"\xff\x03\0\x21" + PLAIN, 9),
        (b"\x21" + PLAIN, 9),
        (b"\x11\0\0\x01\0\x40\0\x21" + PLAIN, 51),
        (ethernet(b"\x11\0\0\x01\0\x40\0\x21" + PLAIN, 0x8864), 1),
        (ethernet(b"\0\0\x10\xff\0\0\x21\xff" + PLAIN, 0x8847), 1),
        (ethernet(b"\0\0\x11\xff\0\0\0\0" + ethernet(PLAIN), 0x8847), 1),
        (ethernet(b"\0\0\x11\xff\x8a" + ethernet(PLAIN)[1:], 0x8847), 1),
        (ethernet(b"\0\0\x11\xff" + ethernet(PLAIN), 0x8847), 1),
        (ethernet(b"\0\0" + ethernet(PLAIN), 0x8903), 1),
        (b"\x08\x02\0\0" + b"\x02" * 18 + b"\0\0" + b"\xaa\xaa\x03\0\0\0\x08\0" + PLAIN, 105),
        (b"\0\0\x08\0\0\0\0\0" + b"\x88\x02\0\0" + b"\x02" * 18 + b"\0\0\0\0" + b"\xaa\xaa\x03\0\0\0\x08\0" + PLAIN, 127),
        (b"\x0f\0\x08\0" + PLAIN, 104),
        (b"\xff\3\0\x21" + PLAIN, 104),
        (b"\1\x0f\0\x08\0" + PLAIN, 205),
        (bytes(12) + PLAIN, 109),
        (b"\x3d\2" + bytes(62) + PLAIN, 117),
        (b"\1\3\0\x21" + PLAIN, 166),
        (b"\1\0\x21" + PLAIN, 204),
        (b"\1\xff\3\0\x21" + PLAIN, 204),
        (b"\0\0\x11\xff" + PLAIN, 219),
        (b"\2\0\0\5" + b"\5\0\x0a\0x\0\0\0" + b"\x50\0\x09\0" + PLAIN, 239),
        (b"\2\0\0\5" + b"\0\5\0\x0ax\0\0\0" + b"\0\x50\0\x09" + PLAIN, 239),
        (b"\x6c\0\0\0\1\0\0\0\1\0\0\0" + bytes(96) + ethernet(PLAIN), 258),
        (b"\0\0\x08\0\1\0\0\0" + ethernet(PLAIN), 192),
    ],
)
def test_ways_to_an_ip_packet(frame: bytes, link: int) -> None:
    (row,) = rows(frame, link)
    assert (row["status"], row["version"], row["protocol"], row["src_port"], row["dst_port"]) == (d.OK, 4, 17, 1000, 53)
    assert payload(frame, row) == b"dns?"


def test_tags() -> None:
    (row,) = rows(ethernet(PLAIN, tags=(5, 0x2000 | 6)))
    assert (row["vlan"], row["inner_vlan"]) == (5, 6)
    (row,) = rows(ethernet(PLAIN))
    assert (row["vlan"], row["inner_vlan"]) == (-1, -1)


@pytest.mark.parametrize(
    ("carrier", "kind", "outer"),
    [
        (ip(CLIENT, SERVER, 4, INNER), d.IP_IN_IP, d.CARRIER),
        (ip("2001:db8::1", "2001:db8::2", 4, INNER), d.IP_IN_IP, d.CARRIER),
        (ip(CLIENT, SERVER, 47, b"\0\0\x08\0" + INNER), d.GRE, d.CARRIER),
        (ip(CLIENT, SERVER, 47, b"\xb0\0\x08\0" + b"\0" * 12 + INNER), d.GRE, d.CARRIER),
        (ip(CLIENT, SERVER, 47, b"\0\0\x65\x58" + ethernet(INNER)), d.GRE, d.CARRIER),
        (ip(CLIENT, SERVER, 47, b"\x30\x81\x88\x0b" + b"\0" * 12 + b"\xff\x03\0\x21" + INNER), d.GRE, d.CARRIER),
        (ip(CLIENT, SERVER, 47, b"\x10\0\x88\xbe" + b"\0" * 12 + ethernet(INNER)), d.GRE, d.CARRIER),
        (ip(CLIENT, SERVER, 47, b"\x10\0\x22\xeb" + b"\0" * 16 + ethernet(INNER)), d.GRE, d.CARRIER),
        (ip(CLIENT, SERVER, 17, udp(9, 4789, b"\x08\0\0\0\0\0\x01\0" + ethernet(INNER))), d.VXLAN, d.OK),
        (ip(CLIENT, SERVER, 17, udp(9, 8472, b"\x08\0\0\0\0\0\x01\0" + ethernet(INNER))), d.VXLAN, d.OK),
        (ip(CLIENT, SERVER, 17, udp(9, 6081, b"\x01\0\x65\x58" + b"\0" * 8 + ethernet(INNER))), d.GENEVE, d.OK),
        (ip(CLIENT, SERVER, 17, udp(2152, 2152, b"\x30\xff" + len(INNER).to_bytes(2, "big") + b"\0" * 4 + INNER)), d.GTP, d.OK),
    ],
)
def test_tunnels(carrier: bytes, kind: int, outer: int) -> None:
    frame = ethernet(carrier)
    above, below = rows(frame)
    assert above["status"] == outer
    assert (below["parent"], below["tunnel"], below["status"], below["frame"]) == (0, kind, d.OK, 1)
    assert (below["src_low"], below["dst_port"]) == (0xFFFF0A000001, 53)
    assert payload(frame, below) == b"dns?"


def test_what_is_no_vxlan_on_the_port_of_linux() -> None:
    """The port is not VXLAN's own: flags or reserved octets that RFC 7348 does not know say that it is something else."""
    for head in (b"\x0c\0\0\0\0\0\x01\0", b"\x08\0\1\0\0\0\x01\0", b"\x08\0\0\0\0\0\x01\1"):
        assert len(rows(ethernet(ip(CLIENT, SERVER, 17, udp(9, 8472, head + ethernet(INNER)))))) == 1


def test_teredo_on_any_port() -> None:
    six = ip("2001:0:1::1", "2001:db8::2", 17, udp(1000, 53, b"dns?"))
    assert [row["tunnel"] for row in rows(ethernet(ip(CLIENT, SERVER, 17, udp(5, 6, six))))] == [0, d.TEREDO]
    other = ip("2001:db9:1::1", "2001:db8::2", 17, udp(1000, 53, b"dns?"))
    assert [row["tunnel"] for row in rows(ethernet(ip(CLIENT, SERVER, 17, udp(5, 6, other))))] == [0]


def test_tunnels_end_somewhere() -> None:
    packet = INNER
    for _ in range(12):
        packet = ip(CLIENT, SERVER, 4, packet)
    assert len(rows(ethernet(packet))) == d.MAX_TUNNELS + 1


def test_extension_headers() -> None:
    body = b"\x3c\x01" + b"\0" * 14 + b"\x11\0" + b"\0" * 6 + udp(7, 8, b"six")
    frame = ethernet(ip("2001:db8::1", "2001:db8::2", 0, body))
    (row,) = rows(frame)
    assert (row["version"], row["protocol"], row["dst_port"], row["ip_bytes"]) == (6, 17, 8, 40 + len(body))
    assert payload(frame, row) == b"six"


def test_options_of_a_syn() -> None:
    options = b"\x02\x04\x05\xb4\x01\x03\x03\x07"
    head = tcp(5, 6, 1, 0, SYN)
    segment = head[:12] + bytes((7 << 4, SYN)) + head[14:] + options
    (row,) = rows(ethernet(ip(CLIENT, SERVER, 6, segment)))
    assert (row["window_scale"], row["length"], row["flags"]) == (7, 0, SYN)
    (row,) = rows(ethernet(ip(CLIENT, SERVER, 6, tcp(5, 6, 1, 2, ACK, b"abc"))))
    assert (row["window_scale"], row["length"], row["seq"], row["ack"]) == (-1, 3, 1, 2)


def test_padding_is_not_payload() -> None:
    (row,) = rows(ethernet(ip(CLIENT, SERVER, 6, tcp(5, 6, 1, 2, ACK))) + b"\0" * 6)
    assert (row["length"], row["captured"]) == (0, 0)


def test_segmentation_offload_leaves_no_length() -> None:
    packet = bytearray(ip(CLIENT, SERVER, 6, tcp(5, 6, 1, 2, ACK, b"abc")))
    packet[2:4] = b"\0\0"
    (row,) = rows(ethernet(bytes(packet)))
    assert (row["length"], row["ip_bytes"]) == (3, 43)


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (b"short", d.TRUNCATED_HEADER),
        (ethernet(PLAIN)[:30], d.TRUNCATED_HEADER),
        (ethernet(PLAIN)[:38], d.TRUNCATED_HEADER),
        (ethernet(b"\x35" + PLAIN[1:], 0x0800), d.BAD_IP),
        (ethernet(b"\x44" + PLAIN[1:], 0x0800), d.BAD_IP),
        (ethernet(b"\0" * 30, 0x0806), d.NOT_IP),
        (ethernet(ip(CLIENT, SERVER, 6, tcp(1, 2, 3, 4, ACK)[:12] + b"\x10" + b"\0" * 7)), d.BAD_TRANSPORT),
        (ethernet(ip(CLIENT, SERVER, 17, b"x" * 16, fragment=0x2000)), d.FRAGMENT),
        (ethernet(ip(CLIENT, SERVER, 1, icmp(8, 0)[:3])), d.TRUNCATED_HEADER),
    ],
)
def test_headers_that_cannot_be_read(frame: bytes, status: int) -> None:
    assert rows(frame)[-1]["status"] == status


def test_unknown_link() -> None:
    assert rows(b"whatever", 9999)[0]["status"] == d.UNKNOWN_LINK
    assert rows(b"\x6c\0\0\0\1\0\0\0\x0f\x27\0\0", 258)[0]["status"] == d.UNKNOWN_LINK


def test_blocks_that_do_not_fit_are_taken_in_parts() -> None:
    data = np.frombuffer(ethernet(PLAIN), np.uint8)
    places = np.zeros(10, PACKET_PLACE)
    places["captured"] = places["length"] = len(data)
    places["link"] = 1
    packets = np.zeros(d.MAX_TUNNELS + 3, d.PACKET)
    assert d.decode(data, places, 1, packets, 0, 1) == (3, 3)


LINKS = (0, 1, 9, 12, 51, 101, 104, 105, 109, 113, 117, 127, 166, 192, 204, 205, 219, 239, 258, 276)


def test_random_bytes_never_reach_outside_their_packet() -> None:
    """The kernel is compiled with bounds checks: reading outside would raise IndexError."""
    chance = random.Random(3)
    heads = [
        ethernet(PLAIN),
        ethernet(ip("2001:db8::1", "2001:db8::2", 0, b"\x3c\0" * 20)),
        ethernet(ip(CLIENT, SERVER, 47, INNER)),
    ]
    for _ in range(3000):
        head = chance.choice(heads)
        frame = bytearray(head[: chance.randrange(len(head) + 1)] + chance.randbytes(chance.randrange(60)))
        for _ in range(chance.randrange(4)):
            if frame:
                frame[chance.randrange(len(frame))] = chance.randrange(256)
        for row in rows(bytes(frame), chance.choice(LINKS)):
            if row["status"] == d.OK:
                assert 0 <= int(row["payload"]) <= len(frame)
                assert int(row["payload"]) + int(row["captured"]) <= len(frame)


@pytest.mark.parametrize(
    ("flags", "frame"),
    [
        (b"\x20\x02\0", ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(1000, 9000, b"inside")))),
        (b"\x20\x03\0", b"\x08\x01" + bytes(22) + b"\xaa\xaa\3\0\0\0\x08\0"),
        (b"\x20\x03\x20", b"\x01\x08" + bytes(22) + b"\xaa\xaa\3\0\0\0\x08\0"),
    ],
    ids=["ethernet", "wireless", "wireless, swapped"],
)
def test_access_points_and_their_controller(flags: bytes, frame: bytes) -> None:
    if frame[:1] in (b"\x08", b"\x01"):
        frame += ip("10.0.0.1", "10.0.0.2", 17, udp(1000, 9000, b"inside"))
    outer = ip(CLIENT, SERVER, 17, udp(12380, 5247, b"\0" + flags + bytes(12) + frame))
    tables = read(pcap([(1, ethernet(outer))]))
    inner = next(row for row in tables.rows["conn"] if row["id.orig_h"] == "10.0.0.1")
    carrier = next(row for row in tables.rows["conn"] if row["id.orig_h"] == CLIENT)
    assert (inner["id.resp_p"], inner["tunnel_parents"]) == (9000, [carrier["uid"]])
    assert carrier["service"] == "capwap"


def test_a_fragment_of_capwap_is_not_a_frame() -> None:
    frame = ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(1000, 9000, b"inside")))
    outer = ip(CLIENT, SERVER, 17, udp(12380, 5247, b"\0\x20\x02\x80" + bytes(12) + frame))
    assert len(read(pcap([(1, ethernet(outer))])).rows["conn"]) == 1


def test_padding_that_was_counted_is_no_data() -> None:
    talk = Talk().open().send(True, ACK, b"\0\0", at=1, ack=1).send(True, PSH | ACK, b"GET / HTTP/1.0\r\n\r\n", at=1, ack=1)
    talk.send(False, PSH | ACK, b"HTTP/1.0 200 OK\r\n\r\n", at=1, ack=19)
    tables = read(pcap(talk.close(19, 20).frames))
    assert [(row["service"], row["orig_bytes"]) for row in tables.rows["conn"]] == [("http", 18)]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 65535), st.integers(1, 65535), st.binary(max_size=30)), max_size=12)
)
def test_shards_share_out_every_frame_and_leave_what_is_odd_to_all(made: list[tuple[int, int, int, bytes]]) -> None:
    frames = []
    for kind, source, target, body in made:
        packet = ip("10.1.2.3", "10.1.2.4", 6, tcp(source, target, 1, 1, 16, body))
        frame = ethernet(packet, tags=(5,) if kind == 3 else ())
        frames.append(frame[:-1] if kind == 1 else frame[:20] + (b"\x20" if kind == 2 else frame[20:21]) + frame[21:])
    data = np.frombuffer(b"".join(frames), np.uint8)
    places = np.zeros(len(frames), PACKET_PLACE)
    places["captured"] = places["length"] = [len(frame) for frame in frames]
    places["offset"] = np.cumsum(places["captured"]) - places["captured"]
    places["link"] = 1
    seen: list[list[int]] = []
    for shard in range(2):
        packets = np.zeros(200, d.PACKET)
        taken, rows = d.decode(data, places, 1, packets, shard, 2)
        assert taken == len(frames)
        seen.append(packets["frame"][:rows].tolist())
    for number, (kind, *_) in enumerate(made, 1):
        owners = sum(number in numbers for numbers in seen)
        assert owners == (1 if kind == 0 else 2)
