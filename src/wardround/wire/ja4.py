"""Fingerprints of TLS hellos: JA3 and JA3S (Salesforce, 2017), JA4 of clients (FoxIO's technical description, BSD licence)."""

from __future__ import annotations

import hashlib
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


def _known(values: list[int]) -> list[int]:
    return [value for value in values if value not in GREASE]


def _dashed(values: list[int]) -> str:
    return "-".join(map(str, _known(values)))


@lru_cache(maxsize=4_096)
def _md5(text: str) -> str:
    return hashlib.md5(text.encode("ascii"), usedforsecurity=False).hexdigest()


def ja3(hello: Hello) -> str:
    """JA3 of a client's hello."""
    lists = (hello.ciphers, hello.extensions, hello.groups, hello.point_formats)
    return _md5(",".join([str(hello.version), *map(_dashed, lists)]))


def ja3s(hello: Hello) -> str:
    """JA3S of a server's hello."""
    return _md5(f"{hello.version},{hello.ciphers[0]},{'-'.join(map(str, hello.extensions))}")


def ja4(hello: Hello, transport: Transport) -> str:
    """JA4 of a client's hello that came over TCP (t), QUIC (q) or as DTLS (d)."""
    ciphers, extensions, signatures = _known(hello.ciphers), _known(hello.extensions), _known(hello.signatures)
    offered = _known(hello.versions) or [hello.version]
    # The highest number counts, also when it is a draft without a code of its own; the versions of DTLS count downwards.
    newest = min(offered) if transport == "d" else max(offered)
    head = (
        f"{transport}{_VERSIONS.get(newest, '00')}{'d' if _SERVER_NAME in extensions else 'i'}"
        f"{min(len(ciphers), 99):02d}{min(len(extensions), 99):02d}{_alpn(hello)}"
    )
    compared = sorted(kind for kind in extensions if kind not in (_SERVER_NAME, _ALPN))
    return f"{head}_{_listed(tuple(sorted(ciphers)))}_{_listed(tuple(compared), tuple(signatures))}"


@lru_cache(maxsize=4_096)
def _listed(numbers: tuple[int, ...], signatures: tuple[int, ...] = ()) -> str:
    """The short hash of lists of numbers. Clients are many, but of few kinds."""
    text = ",".join(f"{number:04x}" for number in numbers)
    return _short(f"{text}_{','.join(f'{scheme:04x}' for scheme in signatures)}" if signatures else text)


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
