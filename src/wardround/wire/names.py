"""How connections are named: addresses as text, uids, community ids, MAC addresses.

Sources: RFC 5952 (text of IPv6 addresses) and the Community ID flow hashing specification, version 1.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.wire.capture import Records

_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132


@lru_cache(maxsize=65_536)
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


def packed(high: int, low: int) -> bytes:
    """An address of 128 bits as the 4 or 16 bytes of the protocol."""
    if high == 0 and low >> 32 == 0xFFFF:
        return struct.pack("!I", low & 0xFFFFFFFF)
    return struct.pack("!QQ", high, low)


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


#: ICMP and ICMPv6 types as the specification pairs them; others are one-way.
_ANSWERS = {
    ICMP: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 10: 9, 9: 10, 17: 18, 18: 17},
    ICMP6: {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 144: 145, 145: 144},
}


def community_id(protocol: int, orig: tuple[int, int], resp: tuple[int, int], orig_port: int, resp_port: int) -> str:
    """Community ID, version 1 with seed 0. Addresses are (high, low) halves; ICMP has type and code in place of ports."""
    source, target = packed(*orig), packed(*resp)
    one_way = protocol in _ANSWERS and orig_port not in _ANSWERS[protocol]
    ported = protocol in (TCP, UDP, SCTP, ICMP, ICMP6)
    if not one_way and (source, orig_port) > (target, resp_port):
        source, target, orig_port, resp_port = target, source, resp_port, orig_port
    text = struct.pack("!H", 0) + source + target + struct.pack("!BB", protocol, 0)
    if ported:
        text += struct.pack("!HH", orig_port, resp_port)
    return "1:" + base64.b64encode(hashlib.sha1(text, usedforsecurity=False).digest()).decode("ascii")


def community_ids(flows: Records) -> list[str]:
    """The community ids of flows (dtype flows.FLOW)."""
    columns = ("protocol", "orig_high", "orig_low", "resp_high", "resp_low", "orig_port", "resp_port")
    return [
        community_id(protocol, (a, b), (c, d), source, target)
        for protocol, a, b, c, d, source, target in zip(*(flows[name].tolist() for name in columns), strict=True)
    ]
