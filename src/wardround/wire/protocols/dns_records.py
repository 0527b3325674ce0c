"""Names and resource records of DNS messages, as text in the manner of Zeek's dns log.

Sources: RFC 1035 (names, records), 1002 (NetBIOS names), 3596 (AAAA), 4034 and 5155 (DNSSEC), 4255 (SSHFP), 8659 (CAA),
9460 (SVCB and HTTPS), 1876 (LOC).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from functools import lru_cache

from wardround.wire.connection import Malformed
from wardround.wire.printable import lowered, printable
from wardround.wire.protocols import dns_names

#: Compression pointers followed within one name.
_MAX_POINTERS = 64

#: Bytes of a name, dots included; RFC 1035 allows 255.
_LONGEST_NAME = 512

_NETBIOS_ENCODED = 32


def name(message: bytes, at: int, netbios: bool = False) -> tuple[bytes, int]:
    """The name at offset ``at``, labels joined by dots and capitals kept, and the offset after it.

    Pointers must lead backwards. NetBIOS allows labels longer than 63 bytes. Raises Malformed.
    """
    labels: list[bytes] = []
    after, length = -1, 0
    limit = len(message)
    for _ in range(_MAX_POINTERS):
        start = at
        while True:
            if at >= limit:
                raise Malformed("DNS_label_len_gt_pkt")
            size = message[at]
            if size == 0:
                return b".".join(labels), after if after >= 0 else at + 1
            if size >= 0xC0:
                break
            if size > 63 and not netbios:
                raise Malformed("DNS_label_too_long")
            if at + 1 + size > limit:
                raise Malformed("DNS_label_len_gt_pkt")
            length += size + 1
            if length > _LONGEST_NAME:
                raise Malformed("DNS_label_len_gt_name_len")
            labels.append(message[at + 1 : at + 1 + size])
            at += 1 + size
        if at + 2 > limit:
            raise Malformed("DNS_label_len_gt_pkt")
        if after < 0:
            after = at + 2
        target = (size & 0x3F) << 8 | message[at + 1]
        if target >= start:
            raise Malformed("DNS_label_forward_compress_offset")
        at = target
    raise Malformed("DNS_label_forward_compress_offset", "too many pointers")


def netbios_name(encoded: bytes) -> bytes:
    """A NetBIOS name from its first-level encoding (RFC 1002), without the byte that says what kind of name it is."""
    first = encoded.split(b".", 1)[0].upper()
    if len(first) != _NETBIOS_ENCODED or not all(0x41 <= code <= 0x50 for code in first):
        return encoded
    raw = bytes((first[i] - 0x41) << 4 | (first[i + 1] - 0x41) for i in range(0, _NETBIOS_ENCODED, 2))
    return raw[:15].rstrip(b" ")


#: A name without pointers that is longer is not looked up among those that were met.
_LONGEST_REMEMBERED = 256


def shown(message: bytes, at: int) -> tuple[str, int]:
    """The name at offset ``at`` as text in small letters, and the offset after it; raises Malformed as :func:`name` does."""
    start, after = at, -1
    if at + 1 < len(message) and message[at] >= 0xC0:
        target = (message[at] & 0x3F) << 8 | message[at + 1]
        if target < at:
            start, after = target, at + 2
    end = message.find(0, start, start + _LONGEST_REMEMBERED) + 1
    text = _whole(message[start:end])
    if text is not None:
        return text, end if after < 0 else after
    found, after = name(message, at)
    return printable(lowered(found)), after


@lru_cache(maxsize=4_096)
def _whole(octets: bytes) -> str | None:
    """The text of a name that is all of ``octets``; None when they are something else, or more must be known to tell."""
    if not octets.isascii():  # pointers lead elsewhere
        return None
    try:
        found, after = name(octets, 0)
    except Malformed:
        return None
    return printable(lowered(found)) if after == len(octets) else None


def _shown(message: bytes, at: int) -> str:
    return shown(message, at)[0]


def _address(message: bytes, at: int, size: int) -> str:
    if size == 4:
        return socket.inet_ntop(socket.AF_INET, message[at : at + 4])
    if size == 16:
        return socket.inet_ntop(socket.AF_INET6, message[at : at + 16])
    raise Malformed("DNS_RR_bad_length")


def _a6(message: bytes, at: int, size: int) -> str:
    if not size or message[at] > 128:
        raise Malformed("DNS_RR_bad_length")
    suffix = 16 - message[at] // 8
    if size < 1 + suffix:
        raise Malformed("DNS_RR_bad_length")
    return socket.inet_ntop(socket.AF_INET6, message[at + 1 : at + 1 + suffix].rjust(16, b"\0"))


def _strings(label: str) -> Callable[[bytes, int, int], str]:
    """Character strings as TXT and SPF hold them: each with what it is and how long it is."""

    def text(message: bytes, at: int, size: int) -> str:
        end = at + size
        parts = []
        while at < end:
            length = message[at]
            if at + 1 + length > end:
                raise Malformed("DNS_TXT_char_str_past_rdlen")
            parts.append(f"{label} {length} {printable(message[at + 1 : at + 1 + length])}")
            at += 1 + length
        return " ".join(parts)

    return text


def _host_information(message: bytes, at: int, size: int) -> str:
    end = at + size
    parts = []
    for _ in range(2):
        if at >= end or at + 1 + message[at] > end:
            raise Malformed("DNS_RR_bad_length")
        parts.append(printable(message[at + 1 : at + 1 + message[at]]))
        at += 1 + message[at]
    return "HINFO " + " ".join(parts)


def _signature(message: bytes, at: int, size: int) -> str:
    if size < 19:
        raise Malformed("DNS_RR_bad_length")
    covered = int.from_bytes(message[at : at + 2], "big")
    return f"RRSIG {covered} {_shown(message, at + 18) or '<Root>'}"


def _numbers(label: str, form: str, *wanted: int) -> Callable[[bytes, int, int], str]:
    """A label and some of the numbers that a record begins with."""
    size_needed = struct.calcsize(form)

    def text(message: bytes, at: int, size: int) -> str:
        if size < size_needed:
            raise Malformed("DNS_RR_bad_length")
        numbers = struct.unpack_from(form, message, at)
        return " ".join([label, *(str(numbers[index]) for index in wanted)])

    return text


def _at(skip: int) -> Callable[[bytes, int, int], str]:
    """A name after ``skip`` bytes of the record."""

    def text(message: bytes, at: int, size: int) -> str:
        if size <= skip:
            raise Malformed("DNS_RR_bad_length")
        return _shown(message, at + skip)

    return text


def _constant(label: str) -> Callable[[bytes, int, int], str]:
    return lambda message, at, size: label


def _fingerprint(message: bytes, at: int, size: int) -> str:
    if size < 2:
        raise Malformed("DNS_RR_bad_length")
    return f"SSHFP: {message[at + 2 : at + size].hex()}"


def _authorization(message: bytes, at: int, size: int) -> str:
    if size < 2 or 2 + message[at + 1] > size:
        raise Malformed("DNS_CAA_char_str_past_rdlen")
    value = at + 2 + message[at + 1]
    return f"CAA {message[at]} {printable(message[at + 2 : value])} {printable(message[value : at + size])}"


def _service_binding(label: str) -> Callable[[bytes, int, int], str]:
    def text(message: bytes, at: int, size: int) -> str:
        if size < 3:
            raise Malformed("DNS_RR_bad_length")
        priority = int.from_bytes(message[at : at + 2], "big")
        return f"{label} {priority} {_shown(message, at + 2) or '.'}"

    return text


def _netbios_address(message: bytes, at: int, size: int) -> str:
    """Addresses of a NetBIOS name, each behind two bytes of flags."""
    pieces = [_address(message, place + 2, 4) for place in range(at, at + size - 5, 6)]
    return " ".join(pieces)


_TEXT: dict[int, Callable[[bytes, int, int], str]] = {
    1: _address,
    2: _at(0),
    5: _at(0),
    6: _at(0),
    11: _constant(""),
    12: _at(0),
    13: _host_information,
    15: _at(2),
    16: _strings("TXT"),
    28: _address,
    29: _numbers("LOC: ", "!BBBB", 1, 2, 3),
    33: _at(6),
    35: _constant("<unknown type=35>"),
    38: _a6,
    41: _constant(""),
    43: _numbers("DS", "!HBB", 1, 2),
    44: _fingerprint,
    46: _signature,
    48: _numbers("DNSKEY", "!HBB", 2),
    50: _constant("NSEC3"),
    51: _constant("NSEC3PARAM"),
    64: _service_binding("SVCB"),
    65: _service_binding("HTTPS"),
    99: _strings("SPF"),
    250: _constant(""),
    257: _authorization,
    65534: _constant("BIND9 signing signal"),
}


def data_text(message: bytes, kind: int, owner: str, at: int, size: int, netbios: bool) -> str:
    """The data of a record of type ``kind`` as text; empty when the log shows nothing of such records. Raises Malformed."""
    if netbios and kind in dns_names.NETBIOS_TYPES:
        return _netbios_address(message, at, size) if dns_names.NETBIOS_TYPES[kind] == "NB" else ""
    if kind == 47:
        return f"NSEC {owner} {_shown(message, at)}"
    shown = _TEXT.get(kind)
    return f"<unknown type={kind}>" if shown is None else shown(message, at, size)
