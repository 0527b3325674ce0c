"""Packets of a capture in memory: pcap (both byte orders, µs and ns), pcapng and snoop, a block of packets at a time.

Works on any array of bytes, mapped from a file or not. Formats: the pcap and pcapng drafts of the IETF opsawg working group;
RFC 1761 (snoop, which Solaris and Check Point's ``fw monitor`` write); A. Kuznetsov's pcap with longer records, as libpcap
reads it. Captures of pcap that were strung together with ``cat`` are read one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wardround.errors import ReaderError

Bytes = NDArray[np.uint8]
_Order = Literal["big", "little"]

#: A whole number inside a kernel: of Python for mypy, of the machine once compiled.
Number = Any

#: A structured array inside a kernel, whose items are records.
Records = Any

#: Packets per block: enough to amortise a kernel call, small enough to stay in the cache.
BLOCK_PACKETS = 32_768

#: About so many bytes of a capture make a block, however few packets they are: its pages stay in memory meanwhile.
BLOCK_BYTES = 64 << 20

#: No link layer hands up more than this in one piece (libpcap's own limit); a longer record is damage.
MAX_PACKET = 262_144

#: What the walking kernels say when they stop: END of the data, FULL block, a block for Python to look at, or damage.
END, FULL, OTHER, CUT, IMPLAUSIBLE = 0, 1, 2, 3, 4

#: Whether it is big-endian, how many ns its fractions are, and the size of its records' heads.
_PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": (False, 1000, 16),
    b"\xa1\xb2\xc3\xd4": (True, 1000, 16),
    b"\x4d\x3c\xb2\xa1": (False, 1, 16),
    b"\xa1\xb2\x3c\x4d": (True, 1, 16),
    b"\x34\xcd\xb2\xa1": (False, 1000, 24),
    b"\xa1\xb2\xcd\x34": (True, 1000, 24),
}
_PCAP_HEADER = 24

_SNOOP_MAGIC = b"snoop\0\0\0\0\0\0\2"
_SNOOP_HEADER = 16

#: Link types of snoop by those of pcap; what is not here is told as not read.
_SNOOP_LINKS = {0: 1, 4: 1}
_NO_LINK = 0xFFFF

_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"

PACKET_PLACE = np.dtype(
    [
        ("offset", np.int64),  # of the first byte of the packet in the data
        ("captured", np.int32),  # bytes that were kept
        ("length", np.int32),  # bytes that were on the wire
        ("ts", np.int64),  # ns since 1970 UTC
        ("link", np.int32),  # link type (https://www.tcpdump.org/linktypes.html)
    ]
)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive packets: where they are (dtype PACKET_PLACE) and the frame number of the first (from 1)."""

    places: NDArray[Any]
    first: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Something wrong with the capture file itself, at a byte offset."""

    code: str
    message: str
    offset: int


def is_capture(head: bytes) -> str | None:
    """The format (pcap, pcapng or snoop) of bytes that begin a capture, else None."""
    if head[:4] in _PCAP_MAGIC and len(head) >= _PCAP_HEADER:
        return "pcap"
    if head[: len(_SNOOP_MAGIC)] == _SNOOP_MAGIC and len(head) >= _SNOOP_HEADER:
        return "snoop"
    return "pcapng" if head[:4] == _PCAPNG_MAGIC and len(head) >= 12 and head[8:12] in _NG_ORDER else None


_NG_ORDER = {b"\x1a\x2b\x3c\x4d": True, b"\x4d\x3c\x2b\x1a": False}


def blocks(data: Bytes) -> Iterator[Block | Damage]:
    """Every packet of the capture in ``data``, in file order; raises ReaderError when it is not one."""
    kind = is_capture(data[:24].tobytes())
    if kind == "pcap":
        yield from _pcap(data)
    elif kind == "pcapng":
        yield from _pcapng(data)
    elif kind == "snoop":
        yield from _snoop(data)
    else:
        raise ReaderError("not_a_capture", "neither pcap nor pcapng nor snoop", 0)


def _pcap(data: Bytes) -> Iterator[Block | Damage]:
    position, first, status = 0, 1, OTHER
    while status in (FULL, OTHER):
        if status == OTHER:  # the head of the capture, or of one that was appended to it
            head = data[position : position + _PCAP_HEADER].tobytes()
            if head[:4] not in _PCAP_MAGIC or len(head) < _PCAP_HEADER:
                break
            big, tick, size = _PCAP_MAGIC[head[:4]]
            order: _Order = "big" if big else "little"
            link = int.from_bytes(head[20:], order) & 0x0FFF_FFFF  # the upper bits tell of a frame check sequence
            position += _PCAP_HEADER
        places = np.zeros(BLOCK_PACKETS, PACKET_PLACE)
        count, position, status = _walk_pcap(data, position, big, tick, link, size, places)
        if count:
            yield Block(places[:count], first)
        first += count
    if status != END:
        yield _damage(CUT if status == OTHER else status, position)


def _snoop(data: Bytes) -> Iterator[Block | Damage]:
    link = _SNOOP_LINKS.get(int.from_bytes(data[12:_SNOOP_HEADER].tobytes(), "big"), _NO_LINK)
    position, first, status = _SNOOP_HEADER, 1, FULL
    while status == FULL:
        places = np.zeros(BLOCK_PACKETS, PACKET_PLACE)
        count, position, status = _walk_snoop(data, position, link, places)
        if count:
            yield Block(places[:count], first)
        first += count
    if status != END:
        yield _damage(status, position)


def _damage(status: int, position: int) -> Damage:
    if status == CUT:
        return Damage("truncated_capture", "the capture ends in the middle of a packet", position)
    return Damage("damaged_capture", "a packet record has an impossible length; the rest was not read", position)


@njit(boundscheck=True, cache=True, nogil=True)
def _u32(data: Bytes, at: Number, big: bool) -> Number:
    a, b, c, d = np.int64(data[at]), np.int64(data[at + 1]), np.int64(data[at + 2]), np.int64(data[at + 3])
    if big:
        return (a << 24) | (b << 16) | (c << 8) | d
    return (d << 24) | (c << 16) | (b << 8) | a


@njit(boundscheck=True, cache=True, nogil=True)
def _is_head(data: Bytes, at: Number) -> bool:
    """Whether the head of a capture of pcap (version 2.4) stands where a record was expected: captures strung together."""
    big = data[at] == 0xA1
    magic, version = _u32(data, at, big), _u32(data, at + 4, big)
    known = magic == 0xA1B2C3D4 or magic == 0xA1B23C4D or magic == 0xA1B2CD34
    return bool(known and version == (0x00020004 if big else 0x00040002))


@njit(boundscheck=True, cache=True, nogil=True)
def _walk_pcap(
    data: Bytes, position: Number, big: bool, tick: Number, link: Number, size: Number, places: NDArray[Any]
) -> tuple[Number, Number, Number]:
    """Fill ``places`` from the pcap records at ``position``; gives how many, where it stopped and why.

    ``size`` is that of a record's head. It stops with OTHER at what looks like the head of another capture.
    """
    end = len(data)
    count = 0
    begin = position
    while count < len(places) and position - begin < BLOCK_BYTES:
        if position == end:
            return count, position, END
        if position + size > end:
            return count, position, CUT
        if _is_head(data, position):
            return count, position, OTHER
        captured = _u32(data, position + 8, big)
        if captured > MAX_PACKET:
            return count, position, IMPLAUSIBLE
        if position + size + captured > end:
            return count, position, CUT
        place = places[count]
        place.ts = _u32(data, position, big) * 1_000_000_000 + _u32(data, position + 4, big) * tick
        place.offset = position + size
        place.captured = captured
        place.length = min(max(_u32(data, position + 12, big), captured), 0x7FFFFFFF)
        place.link = link
        position += size + captured
        count += 1
    return count, position, FULL


@njit(boundscheck=True, cache=True, nogil=True)
def _walk_snoop(data: Bytes, position: Number, link: Number, places: NDArray[Any]) -> tuple[Number, Number, Number]:
    """Fill ``places`` from the snoop records at ``position``; gives how many, where it stopped and why."""
    end = len(data)
    count = 0
    begin = position
    while count < len(places) and position - begin < BLOCK_BYTES:
        if position == end:
            return count, position, END
        if position + 24 > end:
            return count, position, CUT
        length, captured, size = _u32(data, position, True), _u32(data, position + 4, True), _u32(data, position + 8, True)
        if captured > MAX_PACKET or size < 24 + captured:
            return count, position, IMPLAUSIBLE
        if position + 24 + captured > end:
            return count, position, CUT
        place = places[count]
        place.ts = _u32(data, position + 16, True) * 1_000_000_000 + _u32(data, position + 20, True) * 1000
        place.offset = position + 24
        place.captured = captured
        place.length = min(max(length, captured), 0x7FFFFFFF)
        place.link = link
        position = min(position + size, end)  # the last record may lack its padding
        count += 1
    return count, position, FULL


class _Interfaces:
    """The interfaces of a pcapng section, as arrays for the kernel."""

    def __init__(self) -> None:
        self.link = np.zeros(0, np.int64)
        self.snap = np.zeros(0, np.int64)
        self.resolution = np.zeros(0, np.int64)
        self.offset = np.zeros(0, np.int64)

    def add(self, link: int, snap: int, resolution: int, offset: int) -> None:
        self.link = np.append(self.link, link)
        self.snap = np.append(self.snap, snap)
        self.resolution = np.append(self.resolution, resolution)
        self.offset = np.append(self.offset, offset)


#: A section may not have more interfaces than this.
MAX_INTERFACES = 4096


def _pcapng(data: Bytes) -> Iterator[Block | Damage]:
    interfaces, big = _Interfaces(), True
    position, first, status = 0, 1, OTHER
    while status in (FULL, OTHER):
        places = np.zeros(BLOCK_PACKETS, PACKET_PLACE)
        count, position, status = _walk_pcapng(
            data, position, big, interfaces.link, interfaces.snap, interfaces.resolution, interfaces.offset, places
        )
        if count:
            yield Block(places[:count], first)
        first += count
        if status != OTHER:
            continue
        if data[position : position + 4].tobytes() == _PCAPNG_MAGIC:
            order = _NG_ORDER.get(data[position + 8 : position + 12].tobytes())
            if order is None:
                yield _damage(IMPLAUSIBLE, position)
                return
            big, interfaces = order, _Interfaces()
        length = int(_u32(data, position + 4, big))
        if length < 12 or length % 4 or position + length > len(data):
            yield _damage(CUT if position + length > len(data) else IMPLAUSIBLE, position)
            return
        if _u32(data, position, big) == 1 and length >= 20 and len(interfaces.link) < MAX_INTERFACES:
            _describe(data[position + 8 : position + length - 4].tobytes(), big, interfaces)
        position += length
    if status != END:
        yield _damage(status, position)


def _describe(body: bytes, big: bool, interfaces: _Interfaces) -> None:
    """Take an interface description block: link type, snap length, time resolution (option 9) and offset (option 14)."""
    order: _Order = "big" if big else "little"
    link, snap = int.from_bytes(body[:2], order), int.from_bytes(body[4:8], order)
    resolution, offset = 6, 0
    at = 8
    while at + 4 <= len(body):
        code, size = int.from_bytes(body[at : at + 2], order), int.from_bytes(body[at + 2 : at + 4], order)
        value = body[at + 4 : at + 4 + size]
        if code == 0 or len(value) < size:  # the block ends within an option
            break
        if code == 9 and size == 1:
            resolution = value[0]
        if code == 14 and size == 8:
            offset = int.from_bytes(value, order, signed=True)
        at += 4 + (size + 3) // 4 * 4
    interfaces.add(link, snap, resolution, max(-(1 << 33), min(offset, 1 << 33)))


@njit(boundscheck=True, cache=True, nogil=True)
def _nanoseconds(ticks: Number, resolution: Number) -> Number:
    """Ticks of a pcapng clock in ns: ``resolution`` is a power of ten, or of two when its high bit is set."""
    if resolution & 0x80:
        power = resolution & 0x7F
        if power > 62:
            return 0
        fraction = ticks & ((1 << power) - 1)
        if power > 30:  # keep the product below 2**63
            fraction >>= power - 30
            power_left = 30
        else:
            power_left = power
        return (ticks >> power) * 1_000_000_000 + ((fraction * 1_000_000_000) >> power_left)
    scaled = ticks
    for _ in range(resolution, 9):
        scaled *= 10
    for _ in range(9, min(resolution, 30)):
        scaled //= 10
    return scaled


@njit(boundscheck=True, cache=True, nogil=True)
def _walk_pcapng(
    data: Bytes,
    position: Number,
    big: bool,
    links: NDArray[np.int64],
    snaps: NDArray[np.int64],
    resolutions: NDArray[np.int64],
    shifts: NDArray[np.int64],
    places: NDArray[Any],
) -> tuple[Number, Number, Number]:
    """Fill ``places`` from packet blocks at ``position``; stops with OTHER at a block that only Python understands."""
    end = len(data)
    count = 0
    last = np.int64(0)
    begin = position
    while count < len(places) and position - begin < BLOCK_BYTES:
        if position == end:
            return count, position, END
        if position + 12 > end:
            return count, position, CUT
        kind = _u32(data, position, big)
        if kind == 1 or kind == 0x0A0D0D0A:
            return count, position, OTHER
        size = _u32(data, position + 4, big)
        if position + size > end:
            return count, position, CUT
        if kind != 6 and kind != 3 and kind != 2:  # names, statistics, secrets, what only its maker understands
            if size < 12 or size % 4:
                return count, position, IMPLAUSIBLE
            position += size
            continue
        head = 12 if kind == 3 else 28
        if size < head + 4 or size % 4:
            return count, position, IMPLAUSIBLE
        if kind == 3:
            interface, length = 0, _u32(data, position + 8, big)
            captured = min(length, size - 16)
            if len(snaps) > 0 and snaps[0] > 0:
                captured = min(captured, snaps[0])
        else:
            interface = _u32(data, position + 8, big)
            if kind == 2:  # the obsolete packet block has a 16-bit interface and a drop count there
                interface = (interface >> 16) if big else (interface & 0xFFFF)
            captured, length = _u32(data, position + 20, big), _u32(data, position + 24, big)
            if interface < len(links):
                ticks = (_u32(data, position + 12, big) << 32) | _u32(data, position + 16, big)
                last = _nanoseconds(ticks, resolutions[interface]) + shifts[interface] * 1_000_000_000
        if captured > MAX_PACKET or captured > size - head - 4 or interface >= len(links):
            return count, position, IMPLAUSIBLE
        place = places[count]
        place.ts = last  # a simple packet block has no time: that of the packet before
        place.offset = position + head
        place.captured = captured
        place.length = min(max(length, captured), 0x7FFFFFFF)
        place.link = links[interface]
        position += size
        count += 1
    return count, position, FULL
