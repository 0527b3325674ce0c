"""How connections are named: addresses as text, uids, community ids, MAC addresses.

Sources: RFC 5952 (text of IPv6 addresses) and the Community ID flow hashing specification, version 1.
"""

from __future__ import annotations

import hashlib
import socket
import struct
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.wire.capture import Records

_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

ICMP, TCP, UDP, ESP, ICMP6, SCTP = 1, 6, 17, 50, 58, 132


@lru_cache(maxsize=16_384)
def address(high: int, low: int) -> str:
    """An address of 128 bits as text; IPv4 ones (in ::ffff:0:0/96) as dotted quad."""
    if high == 0 and low >> 32 == 0xFFFF:
        return f"{low >> 24 & 255}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
    return socket.inet_ntop(socket.AF_INET6, struct.pack("!QQ", high, low))


def from_packed(octets: bytes) -> str:
    """An address of 4 or 16 bytes as text."""
    return socket.inet_ntop(socket.AF_INET if len(octets) == 4 else socket.AF_INET6, octets)


def addresses(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> list[str]:
    """Many addresses as text."""
    return [address(*halves) for halves in zip(high.tolist(), low.tolist(), strict=True)]


def mac(value: int) -> str | None:
    """A MAC address as text, None when the link had none."""
    return value.to_bytes(6, "big").hex(":") if value else None


def macs(values: NDArray[np.uint64]) -> list[str | None]:
    """Many MAC addresses as text."""
    texts = {value: mac(value) for value in set(values.tolist())}
    return [texts[value] for value in values.tolist()]


def text(letters: NDArray[np.uint8], sizes: NDArray[np.uint8]) -> pa.Array:
    """Rows of ASCII letters, of which the first ``sizes`` count, as strings; empty ones null."""
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    data = letters[np.arange(letters.shape[1]) < sizes[:, None]]
    array = pa.StringArray.from_buffers(len(sizes), pa.py_buffer(offsets), pa.py_buffer(data))
    return pc.if_else(pa.array(sizes == 0), pa.scalar(None, pa.string()), array)


#: Digits of a 64-bit number in base 62.
_DIGITS = 11


def uids(numbers: NDArray[np.uint64]) -> pa.Array:
    """The texts of connections' 64-bit identifiers, in the manner of Zeek: C and base 62."""
    letters = np.empty((len(numbers), _DIGITS + 1), np.uint8)
    letters[:, 0] = ord("C")
    alphabet = np.frombuffer(_BASE62.encode("ascii"), np.uint8)
    rest = numbers.copy()
    for place in range(_DIGITS):
        rest, digit = np.divmod(rest, np.uint64(62))
        letters[:, place + 1] = alphabet[digit.astype(np.intp)]
    return text(letters, np.full(len(numbers), _DIGITS + 1, np.uint8))


@lru_cache(maxsize=4096)
def uid(number: int) -> str:
    """The text of one connection's identifier."""
    return str(uids(np.array([number], np.uint64))[0].as_py())


#: ICMP and ICMPv6 types that the Community ID pairs; others are one-way.
_PAIRED = np.zeros((256, 256), np.bool_)
_PAIRED[ICMP, [8, 0, 13, 14, 15, 16, 10, 9, 17, 18]] = True
_PAIRED[ICMP6, [128, 129, 133, 134, 135, 136, 130, 131, 144, 145]] = True
_BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)


def community_ids(flows: Records) -> pa.Array:
    """The community ids (version 1, seed 0) of flows (dtype flows.FLOW), whose ICMP ports are types and codes."""
    protocol = flows["protocol"]
    a, b = (flows["orig_high"], flows["orig_low"], flows["orig_port"]), (
        flows["resp_high"], flows["resp_low"], flows["resp_port"],
    )  # fmt: skip
    same = [x == y for x, y in zip(a, b, strict=True)]
    above = (a[0] > b[0]) | (same[0] & ((a[1] > b[1]) | (same[1] & (a[2] > b[2]))))
    icmp = (protocol == ICMP) | (protocol == ICMP6)
    swap = above & (~icmp | _PAIRED[protocol, flows["orig_port"] & 255])
    first = [np.where(swap, y, x) for x, y in zip(a, b, strict=True)]
    second = [np.where(swap, x, y) for x, y in zip(a, b, strict=True)]
    digests = np.zeros((len(flows), 21), np.uint8)
    four = (flows["orig_high"] == 0) & (flows["orig_low"] >> np.uint64(32) == 0xFFFF)
    ported = icmp | (protocol == TCP) | (protocol == UDP) | (protocol == SCTP)
    for version, width in ((four, 4), (~four, 16)):
        for with_ports in (True, False):
            chosen = np.nonzero(version & (ported == with_ports))[0]
            if len(chosen):
                ends = [[part[chosen] for part in end] for end in (first, second)]
                digests[chosen, :20] = _digests(ends, protocol[chosen], width, with_ports)
    groups = digests.reshape(len(flows), 7, 3).astype(np.int64)
    bits = (groups[:, :, 0] << 16) | (groups[:, :, 1] << 8) | groups[:, :, 2]
    letters = np.empty((len(flows), 30), np.uint8)
    letters[:, :2] = (ord("1"), ord(":"))
    letters[:, 2:] = np.stack([_BASE64[(bits >> shift) & 63] for shift in (18, 12, 6, 0)], axis=2).reshape(-1, 28)
    letters[:, 29] = ord("=")
    return text(letters, np.full(len(flows), 30, np.uint8))


def _digests(ends: list[list[NDArray[Any]]], protocol: NDArray[np.uint8], width: int, with_ports: bool) -> NDArray[np.uint8]:
    """SHA-1 of what a community id is made of, for flows of one kind."""
    pieces = [np.zeros((len(protocol), 2), np.uint8)]
    for high, low, _ in ends:
        if width == 16:
            pieces.append(_octets(high, ">u8"))
        pieces.append(_octets(low.astype(np.uint64), ">u8")[:, -min(width, 8) :])
    pieces += [protocol[:, None], np.zeros((len(protocol), 1), np.uint8)]
    if with_ports:
        pieces += [_octets(port, ">u2") for _, _, port in ends]
    message = np.concatenate(pieces, axis=1)
    width = message.shape[1]
    whole = memoryview(message.tobytes())
    sha1 = hashlib.sha1
    hashed = [sha1(whole[at : at + width], usedforsecurity=False).digest() for at in range(0, len(whole), width)]
    return np.frombuffer(b"".join(hashed), np.uint8).reshape(-1, 20)


def _octets(numbers: NDArray[Any], kind: str) -> NDArray[np.uint8]:
    return np.ascontiguousarray(numbers.astype(kind)).view(np.uint8).reshape(len(numbers), -1)
