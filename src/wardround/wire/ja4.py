"""Fingerprints of TLS hellos: JA3 and JA3S (Salesforce, 2017), JA4 of clients (FoxIO's technical description, BSD licence)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from wardround.wire.tls_ciphers import GREASE
from wardround.wire.tls_hello import Hello

Transport = Literal["t", "q", "d"]

_SERVER_NAME, _ALPN = 0x0000, 0x0010
_NOTHING = "000000000000"

_VERSIONS = {
    0x0002: "s2",
    0x0300: "s3",
    0x0301: "10",
    0x0302: "11",
    0x0303: "12",
    0x0304: "13",
    0xFEFF: "d1",
    0xFEFD: "d2",
    0xFEFC: "d3",
}


#: Lists of numbers are remembered up to this length: longer ones are nobody's.
_LONGEST_REMEMBERED = 256


def _known(values: Sequence[int]) -> list[int]:
    return [value for value in values if value not in GREASE]


def _dashed(values: Sequence[int]) -> str:
    if len(values) > _LONGEST_REMEMBERED:
        return "-".join(map(str, _known(values)))
    return _remembered_dashed(tuple(values))


@lru_cache(maxsize=4_096)
def _remembered_dashed(values: tuple[int, ...]) -> str:
    return "-".join(map(str, _known(values)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("ascii"), usedforsecurity=False).hexdigest()


def ja3(hello: Hello) -> str:
    """JA3 of a client's hello."""
    ciphers, extensions = _dashed(hello.ciphers), _dashed(hello.extensions)
    return _md5(f"{hello.version},{ciphers},{extensions},{_dashed(hello.groups)},{_dashed(hello.point_formats)}")


def ja3s(hello: Hello) -> str:
    """JA3S of a server's hello."""
    return _md5(f"{hello.version},{hello.ciphers[0]},{'-'.join(map(str, hello.extensions))}")


def ja4(hello: Hello, transport: Transport) -> str:
    """JA4 of a client's hello that came over TCP (t), QUIC (q) or as DTLS (d)."""
    offered = _known(hello.versions) or [hello.version]
    # The highest number counts, also when it is a draft without a code of its own; the versions of DTLS count downwards.
    newest = min(offered) if transport == "d" else max(offered)
    named = "d" if _SERVER_NAME in hello.extensions else "i"
    ciphers, cipher_hash = _summary(hello.ciphers)
    extensions, extension_hash = _summary(hello.extensions, hello.signatures)
    head = f"{transport}{_VERSIONS.get(newest, '00')}{named}{ciphers:02d}{extensions:02d}{_alpn(hello)}"
    return f"{head}_{cipher_hash}_{extension_hash}"


def _summary(numbers: Sequence[int], signatures: Sequence[int] | None = None) -> tuple[int, str]:
    """How many ciphers, or extensions (where ``signatures`` are given), JA4 counts, at most 99, and their short hash."""
    kept = len(numbers) <= _LONGEST_REMEMBERED and (signatures is None or len(signatures) <= _LONGEST_REMEMBERED)
    summed = _remembered_sum if kept else _sum
    return summed(tuple(numbers), None if signatures is None else tuple(signatures))


def _sum(numbers: tuple[int, ...], signatures: tuple[int, ...] | None) -> tuple[int, str]:
    known = _known(numbers)
    if signatures is None:
        return min(len(known), 99), _short(_hexadecimal(sorted(known)))
    text = _hexadecimal(sorted(kind for kind in known if kind not in (_SERVER_NAME, _ALPN)))
    schemes = _known(signatures)
    return min(len(known), 99), _short(f"{text}_{_hexadecimal(schemes)}" if schemes else text)


#: Clients are many, but of few kinds.
_remembered_sum = lru_cache(maxsize=4_096)(_sum)


def _hexadecimal(numbers: Sequence[int]) -> str:
    return ",".join([f"{number:04x}" for number in numbers])


def _alpn(hello: Hello) -> str:
    """Both ends of the first protocol offered; of its hexadecimal form where they are no letters or digits."""
    first = hello.alpn[0] if hello.alpn else b""
    if not first:
        return "00"
    ends = first[:1] + first[-1:]
    if ends.isalnum():
        return ends.decode("ascii")
    digits = first.hex()
    return digits[0] + digits[-1]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12] if text else _NOTHING
