"""How connections are named: addresses as text, uids, community ids, MAC addresses.

Sources: RFC 5952 (text of IPv6 addresses) and the Community ID flow hashing specification, version 1.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
from functools import lru_cache

_MAPPED = 0xFFFF00000000
_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132


@lru_cache(maxsize=65_536)
def address(high: int, low: int) -> str:
    """An address of 128 bits as text; IPv4 ones (in ::ffff:0:0/96) as dotted quad."""
    if high == 0 and low >> 32 == 0xFFFF:
        return f"{low >> 24 & 255}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"
    return socket.inet_ntop(socket.AF_INET6, struct.pack("!QQ", high, low))


def packed(high: int, low: int) -> bytes:
    """An address of 128 bits as the 4 or 16 bytes of the protocol."""
    if high == 0 and low >> 32 == 0xFFFF:
        return struct.pack("!I", low & 0xFFFFFFFF)
    return struct.pack("!QQ", high, low)


def mac(value: int) -> str | None:
    """A MAC address as text, None when the link had none."""
    return value.to_bytes(6, "big").hex(":") if value else None


def uid(number: int) -> str:
    """The text of a connection's 64-bit identifier, in the manner of Zeek: C and base 62."""
    text = ["C"]
    while number:
        number, digit = divmod(number, 62)
        text.append(_BASE62[digit])
    return "".join(text)


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
