"""Capture files: byte orders, clocks, damage; packets at the same place whatever the format."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.packets import SECOND, pcap

from wardround.wire.capture import Block, Damage, blocks, is_capture

TIME = 1_700_000_000 * SECOND + 123_456_000


def packets(data: bytes) -> list[tuple[int, bytes, int, int]]:
    """Time, bytes, length and link type of every packet."""
    array = np.frombuffer(data, np.uint8)
    found = []
    for item in blocks(array):
        if isinstance(item, Block):
            for place in item.places:
                start = int(place["offset"])
                body = data[start : start + int(place["captured"])]
                found.append((int(place["ts"]), body, int(place["length"]), int(place["link"])))
    return found


def damage(data: bytes) -> list[str]:
    return [item.code for item in blocks(np.frombuffer(data, np.uint8)) if isinstance(item, Damage)]


def block(kind: int, body: bytes, order: str) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def section(order: str) -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(order: str, link: int = 1, resolution: int | None = None, offset: int = 0) -> bytes:
    options = b"" if resolution is None else struct.pack(order + "HHB3x", 9, 1, resolution)
    if offset:
        options += struct.pack(order + "HHq", 14, 8, offset)
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options + b"\0\0\0\0", order)


def enhanced(order: str, ticks: int, body: bytes, number: int = 0, length: int | None = None) -> bytes:
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(body), length or len(body))
    return block(6, head + body, order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [True, False])
def test_pcap(order: str, nano: bool) -> None:
    data = pcap([(TIME, b"one"), (TIME + 1000, b"three")], order=order, nano=nano, link=101)
    assert packets(data) == [(TIME, b"one", 3, 101), (TIME + 1000, b"three", 5, 101)]
    assert not damage(data)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng(order: str) -> None:
    """Interfaces with clocks of µs, ns and powers of two, and one whose clock starts elsewhere."""
    data = section(order) + interface(order) + interface(order, 113, 9) + interface(order, 1, 0x80 | 20)
    data += interface(order, 1, 6, 1_000_000_000)
    data += enhanced(order, TIME // 1000, b"micro") + enhanced(order, TIME, b"nano", 1, 99)
    data += block(0xBAD, b"ignored", order)
    data += enhanced(order, (TIME // SECOND << 20) + (1 << 19), b"binary", 2)
    data += enhanced(order, TIME // 1000 - 1_000_000_000 * 1_000_000, b"late", 3)
    assert packets(data) == [
        (TIME, b"micro", 5, 1),
        (TIME, b"nano", 99, 113),
        (TIME // SECOND * SECOND + SECOND // 2, b"binary", 6, 1),
        (TIME, b"late", 4, 1),
    ]


def test_simple_packet_blocks_have_the_time_before() -> None:
    data = section("<") + interface("<") + enhanced("<", TIME // 1000, b"a")
    data += block(3, struct.pack("<I", 1) + b"b", "<")
    assert packets(data) == [(TIME, b"a", 1, 1), (TIME, b"b", 1, 1)]


def test_sections_have_interfaces_of_their_own() -> None:
    data = section("<") + interface("<", 1) + enhanced("<", 0, b"a") + section(">") + interface(">", 101)
    assert [link for *_, link in packets(data + enhanced(">", 0, b"b"))] == [1, 101]


def snoop(frames: list[tuple[int, bytes]], link: int = 4) -> bytes:
    parts = [b"snoop\0\0\0" + struct.pack(">II", 2, link)]
    for ts, frame in frames:
        pad = -len(frame) % 4
        times = ts // SECOND, ts % SECOND // 1000
        parts.append(struct.pack(">IIIIII", len(frame), len(frame), 24 + len(frame) + pad, 0, *times) + frame + bytes(pad))
    return b"".join(parts)


def test_snoop() -> None:
    frames = [(TIME, b"one"), (TIME + 1000, b"four")]
    assert packets(snoop(frames)) == [(TIME, b"one", 3, 1), (TIME + 1000, b"four", 4, 1)]
    assert packets(snoop(frames, link=8))[0][3] == 0xFFFF
    assert damage(snoop(frames)[:-1]) == ["truncated_capture"]
    assert damage(snoop(frames)[:-28] + struct.pack(">IIIIII", 4, 4, 8, 0, 0, 0) + b"four") == ["damaged_capture"]
    assert damage(snoop([(TIME, b"one")])[:-1]) == []  # without its padding


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcap_with_longer_records(order: str) -> None:
    head = struct.pack(order + "IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, 1)
    record = struct.pack(order + "IIIIIHBB", TIME // SECOND, 123456, 3, 3, 1, 8, 0, 0)
    assert packets(head + record + b"one") == [(TIME, b"one", 3, 1)]


def test_captures_strung_together_are_read_one_after_the_other() -> None:
    first, second = pcap([(TIME, b"one")], nano=False), pcap([(TIME + 5000, b"two"), (TIME, b"six")], order=">", link=101)
    assert packets(first + second + first) == [
        (TIME, b"one", 3, 1), (TIME + 5000, b"two", 3, 101), (TIME, b"six", 3, 101), (TIME, b"one", 3, 1),
    ]  # fmt: skip
    assert damage(first + second) == []
    assert damage(first + second[:20]) == ["truncated_capture"]


@pytest.mark.parametrize("order", ["<", ">"])
def test_blocks_that_hold_no_packets_are_passed_over(order: str) -> None:
    """Names, statistics, secrets, journals and blocks of other makers, between packets."""
    others = [block(kind, b"abcd", order) for kind in (4, 5, 9, 10, 0x0BAD)]
    ticks = TIME // 1000
    data = section(order) + others[0] + interface(order) + others[1] + enhanced(order, ticks, b"one") + b"".join(others)
    assert packets(data + enhanced(order, ticks, b"two")) == [(TIME, b"one", 3, 1), (TIME, b"two", 3, 1)]
    assert damage(data + struct.pack(order + "II", 4, 8) + bytes(4)) == ["damaged_capture"]


def test_files_that_break_off() -> None:
    data = pcap([(TIME, b"one"), (TIME, b"two")])
    for size in range(25, len(data)):
        assert len(packets(data[:size])) == (size >= 24 + 19) + (size >= 24 + 38)
        assert damage(data[:size]) == ([] if size in (24 + 19, 24 + 38) else ["truncated_capture"])


def test_impossible_lengths() -> None:
    data = pcap([(TIME, b"one")]) + struct.pack("<IIII", 0, 0, 0x7FFFFFFF, 0x7FFFFFFF) + b"x" * 100
    assert len(packets(data)) == 1
    assert damage(data) == ["damaged_capture"]
    assert damage(section("<") + interface("<") + struct.pack("<II", 6, 3) + b"x" * 100) == ["damaged_capture"]


def test_interfaces_that_do_not_exist() -> None:
    assert damage(section("<") + enhanced("<", 0, b"a")) == ["damaged_capture"]


@pytest.mark.parametrize("option", [struct.pack("<HH", 9, 1), struct.pack("<HHI", 14, 8, 7)])
def test_an_interface_that_ends_within_an_option_has_the_usual_clock(option: bytes) -> None:
    described = block(1, struct.pack("<HHI", 1, 0, 0) + option, "<")
    data = section("<") + described + enhanced("<", TIME // 1000, b"a")
    assert packets(data) == [(TIME, b"a", 1, 1)]


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3, 6, 0x0A0D0D0A, 0xBAD]), st.binary(max_size=40)), max_size=5))
def test_any_blocks_are_survived(parts: list[tuple[int, bytes]]) -> None:
    data = section("<") + interface("<") + b"".join(block(kind, body, "<") for kind, body in parts)
    for start, body, *_ in packets(data):
        assert isinstance(start, int)
        assert len(body) <= len(data)


def test_what_is_not_a_capture() -> None:
    assert is_capture(b"") is None
    assert is_capture(b"\xd4\xc3\xb2\xa1") is None
    assert is_capture(b"\x0a\x0d\x0d\x0a" + b"\0" * 20) is None
