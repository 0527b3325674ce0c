"""The payloads of an IKE message in clear: what is offered and chosen, who says to be who, vendor ids and notifications.

Sources: RFC 2408, section 3 (ISAKMP payloads), 2407, 4.6.2 (identities), 2409, appendix A (attributes), and 7296, section 3.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from wardround.wire.connection import Malformed
from wardround.wire.octets import Octets
from wardround.wire.printable import printable
from wardround.wire.protocols import ike_names as names

_PROBLEM = "ike_malformed"

_SA_1, _IDENTITY_1, _NOTIFY_1, _VENDOR_1 = 1, 5, 11, 13
_SA_2, _NOTIFY_2, _VENDOR_2 = 33, 41, 43

#: Payloads of one message, proposals and transforms of one payload, and vendor ids of one message, that are read.
_MAX_PAYLOADS, _MAX_TRANSFORMS, _MAX_VENDORS = 64, 256, 32

#: Of a vendor id and of an identity, so much is kept.
_MAX_VENDOR, _MAX_IDENTITY = 64, 256

#: Attributes of a transform of version 1, and the one of version 2.
_CIPHER, _HASH, _AUTHENTICATION, _GROUP, _LIFE_TYPE, _LIFETIME, _KEY_LENGTH = 1, 2, 3, 4, 11, 12, 14
_SECONDS = 1

#: SA payloads are remembered up to this size.
_LONGEST_REMEMBERED = 2_048

_IPV4, _FQDN, _USER_FQDN, _IPV6, _KEY_ID = 1, 2, 3, 5, 11

_Columns = dict[str, Any]


def read(kind: int, body: bytes, *, second: bool) -> _Columns:
    """Columns of table ike from the chain of payloads whose first is of ``kind``; raises Malformed."""
    columns: _Columns = {}
    take: Callable[[_Columns, int, bytes], None] = _take_2 if second else _take_1
    for number, payload in _chain(kind, body):
        take(columns, number, payload)
    for column in ("encryption", "integrity", "prf", "groups", "authentication", "vendor_ids", "notifications"):
        if column in columns:
            columns[column] = list(columns[column])
    return columns


def _chain(kind: int, body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for _ in range(_MAX_PAYLOADS):
        if not kind:
            return
        if at + 4 > len(body):
            raise Malformed(_PROBLEM, f"payload of 4 bytes or more expected, {len(body) - at} left")
        size = body[at + 2] << 8 | body[at + 3]
        if size < 4:
            raise Malformed(_PROBLEM, f"payload of {size} bytes")
        if at + size > len(body):
            raise Malformed(_PROBLEM, f"{size - 4} bytes expected, {len(body) - at - 4} left")
        yield kind, body[at + 4 : at + size]
        kind = body[at]
        at += size


def _add(columns: _Columns, column: str, value: str) -> None:
    """Note a value once, in the order of the wire."""
    columns.setdefault(column, {})[value] = None


def _take_1(columns: _Columns, kind: int, payload: bytes) -> None:
    if kind == _SA_1:
        _offer(columns, payload, second=False)
    elif kind == _IDENTITY_1:
        columns["identity"] = _identity(payload)
    elif kind == _NOTIFY_1 and len(payload) >= 8:
        _add(columns, "notifications", names.name(names.NOTIFICATIONS_1, int.from_bytes(payload[6:8], "big")))
    elif kind == _VENDOR_1:
        _vendor(columns, payload)


def _take_2(columns: _Columns, kind: int, payload: bytes) -> None:
    if kind == _SA_2:
        _offer(columns, payload, second=True)
    elif kind == _NOTIFY_2 and len(payload) >= 4:
        _add(columns, "notifications", names.name(names.NOTIFICATIONS_2, int.from_bytes(payload[2:4], "big")))
    elif kind == _VENDOR_2:
        _vendor(columns, payload)


def _vendor(columns: _Columns, payload: bytes) -> None:
    if len(columns.get("vendor_ids", ())) < _MAX_VENDORS:
        _add(columns, "vendor_ids", payload[:_MAX_VENDOR].hex())


def _offer(columns: _Columns, payload: bytes, *, second: bool) -> None:
    """Take an SA payload. A gateway offers the same to everybody and again and again, so what was read is remembered."""
    read = _remembered_offer if len(payload) <= _LONGEST_REMEMBERED else _read_offer
    for column, value in read(payload, second):
        if column == "lifetime":
            columns.setdefault(column, value)
        else:
            _add(columns, column, str(value))


def _read_offer(payload: bytes, second: bool) -> tuple[tuple[str, str | float], ...]:
    """Columns and values of an SA payload in the order of the wire, each once; raises Malformed."""
    octets = Octets(payload, _PROBLEM)
    if second:
        found = [pair for transform in _transforms(octets, version=2) for pair in _transform_2(transform)]
    else:
        octets.take(8)  # domain of interpretation, situation
        found = [pair for transform in _transforms(octets, version=1) for pair in _transform_1(transform)]
    return tuple(dict.fromkeys(found))


_remembered_offer = lru_cache(maxsize=1_024)(_read_offer)


def _transforms(octets: Octets, *, version: int) -> Iterator[bytes]:
    """What follows the length of every transform of every proposal for IKE itself."""
    count = 0
    while octets.left:
        octets.take(2)
        proposal = Octets(octets.take(octets.number(2) - 4), _PROBLEM)
        proposal.take(1)
        protocol, size, transforms = proposal.number(1), proposal.number(1), proposal.number(1)
        proposal.take(size)
        for _ in range(transforms):
            proposal.take(2)
            transform = proposal.take(proposal.number(2) - 4)
            count += 1
            if count > _MAX_TRANSFORMS:
                return
            if protocol == 1 or version == 2:
                yield transform


def _attributes(octets: Octets) -> Iterator[tuple[int, int]]:
    """Attributes in the short form, or in the long one where a number is in it (RFC 2408, section 3.3)."""
    while octets.left:
        kind = octets.number(2)
        if kind & 0x8000:
            yield kind & 0x7FFF, octets.number(2)
        else:
            yield kind, int.from_bytes(octets.take(octets.number(2))[-8:], "big")


def _transform_1(transform: bytes) -> Iterator[tuple[str, str | float]]:
    octets = Octets(transform, _PROBLEM)
    octets.take(4)  # number, id (there is but one), reserved
    found = dict(_attributes(octets))
    if _CIPHER in found:
        yield "encryption", names.cipher(names.ENCRYPTION_1, found[_CIPHER], found.get(_KEY_LENGTH, 0))
    for number, column, known in (
        (_HASH, "integrity", names.HASH_1),
        (_AUTHENTICATION, "authentication", names.AUTHENTICATION_1),
        (_GROUP, "groups", names.GROUPS),
    ):
        if number in found:
            yield column, names.name(known, found[number])
    if found.get(_LIFE_TYPE) == _SECONDS and _LIFETIME in found:
        yield "lifetime", float(min(found[_LIFETIME], 1 << 32))


_KINDS_2 = {
    1: ("encryption", names.ENCRYPTION_2),
    2: ("prf", names.PRF),
    3: ("integrity", names.INTEGRITY),
    4: ("groups", names.GROUPS),
}


def _transform_2(transform: bytes) -> Iterator[tuple[str, str | float]]:
    octets = Octets(transform, _PROBLEM)
    kind = octets.number(1)
    octets.take(1)
    number = octets.number(2)
    bits = dict(_attributes(octets)).get(_KEY_LENGTH, 0)
    if kind in _KINDS_2:
        column, known = _KINDS_2[kind]
        yield column, names.cipher(known, number, bits)


def _identity(payload: bytes) -> str | None:
    """An identity as text: an address, a name, or hexadecimal for what has no text of its own."""
    if len(payload) < 5:
        return None
    kind, value = payload[0], payload[4 : 4 + _MAX_IDENTITY]
    if kind == _IPV4 and len(value) == 4:
        return socket.inet_ntop(socket.AF_INET, value)
    if kind == _IPV6 and len(value) == 16:
        return socket.inet_ntop(socket.AF_INET6, value)
    if kind in (_FQDN, _USER_FQDN) or (kind == _KEY_ID and value.isascii()):
        return printable(value)
    return value.hex()
