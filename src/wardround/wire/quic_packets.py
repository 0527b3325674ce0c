"""Packets of QUIC: headers, and the protection of initial packets, whose keys anybody can derive.

Sources: RFC 8999 (invariants), RFC 9000 (packets and frames), RFC 9001 (initial keys), RFC 9369 (version 2); the salts of
the drafts 22 to 32 are those of the drafts themselves, and Google's T050 and T051 are QUIC with TLS under another salt.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from wardround.wire.connection import Malformed
from wardround.wire.octets import Octets

INITIAL, ZERO_RTT, HANDSHAKE, RETRY = 0, 1, 2, 3

VERSION_1, VERSION_2 = 0x00000001, 0x6B3343CF

_PROBLEM = "quic_malformed_packet"

_SALT_1 = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
_SALT_22 = bytes.fromhex("7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a")
_SALT_23 = bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502")
_SALT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")

#: Versions with the frames of Google's QUIC.
_GOOGLE = (0x54303530, 0x54303531)

_SALTS = {
    VERSION_1: _SALT_1,
    VERSION_2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
    0xFF000016: _SALT_22,
    **dict.fromkeys(range(0xFF000017, 0xFF00001D), _SALT_23),
    **dict.fromkeys(range(0xFF00001D, 0xFF000021), _SALT_29),
    **dict.fromkeys(range(0xFF000021, 0xFF000023), _SALT_1),
    0xFACEB001: _SALT_22,
    0xFACEB002: _SALT_23,
    0xFACEB00E: _SALT_23,
    0x54303530: bytes.fromhex("7ff579e5acd072915580304c43a2367c60488310"),
    0x54303531: bytes.fromhex("7a4edef4e7ccee5fa4506c19124fc8ccda6e033d"),
}


def version_name(version: int) -> str:
    """The name of a version as Zeek writes it."""
    if version == VERSION_1:
        return "1"
    if version == VERSION_2:
        return "quicv2"
    if 0xFF000000 < version < 0xFF000100:
        return f"draft-{version & 0xFF}"
    if version >> 12 == 0xFACEB:
        return f"mvfst ({version:x})"
    text = version.to_bytes(4, "big")
    if text[:1] in b"QT" and text[1:].isdigit():
        return text.decode("ascii")
    return f"unknown-{version:x}"


def is_readable(version: int) -> bool:
    """Whether packets of that version can be read."""
    return version in _SALTS


class LongHeader(NamedTuple):
    """A packet with a long header: ``kind`` is INITIAL … RETRY, or -1 when the version is not one that is read.

    ``protected`` is the offset of the protected packet number within ``packet``, which ends where the packet does.
    """

    kind: int
    version: int
    destination: bytes
    source: bytes
    protected: int
    packet: bytes


def long_header(data: bytes) -> LongHeader:
    """Read the packet with a long header at the beginning of ``data``; raises Malformed."""
    octets = Octets(data, _PROBLEM)
    flags, version = octets.number(1), octets.number(4)
    destination, source = octets.vector(1), octets.vector(1)
    if version not in _SALTS:
        return LongHeader(-1, version, destination, source, 0, data)
    kind = flags >> 4 & 3
    if version == VERSION_2:
        kind = (kind - 1) & 3
    if kind == RETRY:
        return LongHeader(kind, version, destination, source, 0, data)
    if kind == INITIAL:
        octets.take(variable(octets))  # token
    length = variable(octets)
    protected = octets.at
    if length < 20:
        raise Malformed(_PROBLEM, f"{length} bytes of payload")
    octets.take(length)
    return LongHeader(kind, version, destination, source, protected, data[: octets.at])


def variable(octets: Octets) -> int:
    """A number of variable length (RFC 9000, section 16)."""
    at, data = octets.at, octets.data
    if at < len(data) and at + (size := 1 << (data[at] >> 6)) <= len(data):
        octets.at = at + size
        return int.from_bytes(data[at : at + size], "big") & (1 << 8 * size - 2) - 1
    start = octets.number(1)
    rest = (1 << (start >> 6)) - 1
    return (start & 0x3F) << (8 * rest) | octets.number(rest)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one side's initial packets."""

    key: bytes
    iv: bytes
    header: bytes


@lru_cache(maxsize=256)
def initial_keys(version: int, destination: bytes, *, of_client: bool) -> Keys:
    """The keys that follow from the first destination connection id of a client (RFC 9001, 5.2)."""
    common = hmac.digest(_SALTS[version], destination, hashlib.sha256)
    secret = _expand(common, b"client in" if of_client else b"server in", 32)
    prefix = b"quicv2 " if version == VERSION_2 else b"quic "
    return Keys(*(_expand(secret, prefix + label, size) for label, size in ((b"key", 16), (b"iv", 12), (b"hp", 16))))


def _expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label of TLS 1.3 with SHA-256, for at most 32 bytes."""
    label = b"tls13 " + label
    info = size.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0"
    return hmac.digest(secret, info + b"\x01", hashlib.sha256)[:size]


def decrypt(header: LongHeader, keys: Keys) -> bytes | None:
    """The payload of an initial packet in clear, None when the keys are not its keys."""
    packet, at = bytearray(header.packet), header.protected
    sample = bytes(packet[at + 4 : at + 20])
    encryptor = Cipher(AES(keys.header), ECB()).encryptor()  # noqa: S305 - RFC 9001 masks headers with single blocks
    mask = encryptor.update(sample)
    packet[0] ^= mask[0] & 0x0F
    size = (packet[0] & 3) + 1
    for index in range(size):
        packet[at + index] ^= mask[1 + index]
    # A first flight has low numbers: the bytes that are sent are the number.
    number = bytes(packet[at : at + size]).rjust(12, b"\0")
    nonce = bytes(a ^ b for a, b in zip(keys.iv, number, strict=True))
    try:
        return AESGCM(keys.key).decrypt(nonce, bytes(packet[at + size :]), bytes(packet[: at + size]))
    except InvalidTag:
        return None


class Crypto(NamedTuple):
    """A frame with a part of the TLS handshake."""

    offset: int
    data: bytes


class Close:
    """A frame that ends the connection."""


_NO_PADDING = re.compile(rb"[^\0]")


def frames(payload: bytes, version: int = VERSION_1) -> Iterator[Crypto | Close]:
    """The frames of an initial packet that matter; what may not be there ends the reading."""
    octets = Octets(payload, _PROBLEM)
    crypto = 8 if version in _GOOGLE else 6
    while octets.at < len(payload):
        kind = octets.number(1)
        if kind == crypto:
            offset = variable(octets)
            yield Crypto(offset, octets.take(variable(octets)))
        elif kind in (2, 3):
            _acknowledgement(octets, with_counts=kind == 3)
        elif kind == 0x40 and crypto == 8:
            octets.take(5)  # Google's acknowledgement of a few packets, without timestamps
        elif kind in (0x1C, 0x1D):
            yield Close()
            return
        elif kind == 0:
            following = _NO_PADDING.search(payload, octets.at)
            octets.at = len(payload) if following is None else following.start()
        elif kind != 1:  # not a ping
            return


def _acknowledgement(octets: Octets, *, with_counts: bool) -> None:
    variable(octets)
    variable(octets)
    ranges = variable(octets)
    variable(octets)
    for _ in range(2 * ranges + (3 if with_counts else 0)):
        variable(octets)


#: No hello is longer than this.
MAX_CRYPTO = 1 << 16


class CryptoStream:
    """The first handshake message of one side, put together from frames in any order."""

    def __init__(self) -> None:
        self.finished = False
        self._data = bytearray()
        self._parts: dict[int, bytes] = {}

    def add(self, frame: Crypto) -> tuple[int, bytes] | None:
        """Take a frame; gives the message (type, body) when it completes it."""
        if self.finished or frame.offset + len(frame.data) > MAX_CRYPTO or len(self._parts) > 1024:
            return None
        if len(frame.data) > len(self._parts.get(frame.offset, b"")):
            self._parts[frame.offset] = frame.data
        while self._parts and (offset := min(self._parts)) <= len(self._data):
            self._data += self._parts.pop(offset)[len(self._data) - offset :]
        if len(self._data) < 4:
            return None
        size = 4 + int.from_bytes(self._data[1:4], "big")
        if len(self._data) < size:
            return None
        self.finished = True
        return self._data[0], bytes(self._data[4:size])
