"""Fingerprints: the worked example of JA4's description, that of JA3's, and the corner cases it names."""

from __future__ import annotations

import hashlib

import pytest

from wardround.wire.ja4 import ja3, ja3s, ja4
from wardround.wire.tls_ciphers import GREASE
from wardround.wire.tls_hello import Hello


def _example() -> Hello:
    """The hello of the example in FoxIO's description, with GREASE added and in an order of its own."""
    ciphers = "5a5a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035"
    extensions = "5a5a 001b 0000 0033 0010 4469 0017 002d 000d 0005 0023 0012 002b ff01 000b 000a 0015 1a1a"
    return Hello(
        0x0303,
        ciphers=[int(number, 16) for number in ciphers.split()],
        extensions=[int(number, 16) for number in extensions.split()],
        signatures=[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
        versions=[0x5A5A, 0x0304, 0x0303],
        alpn=[b"h2", b"http/1.1"],
    )


def test_the_example_of_the_description() -> None:
    assert ja4(_example(), "t") == "t13d1516h2_8daaf6152771_e5627efa2ab1"


@pytest.mark.parametrize(
    ("alpn", "expected"),
    [([], "00"), ([b""], "00"), ([b"http/1.1"], "h1"), ([b"x"], "xx"), ([b"\xab"], "ab"), ([b"0\xcd"], "3d")],
)
def test_alpn(alpn: list[bytes], expected: str) -> None:
    hello = _example()
    hello.alpn = alpn
    assert ja4(hello, "q")[:10] == f"q13d1516{expected}"


def test_a_bare_hello() -> None:
    assert ja4(Hello(0x0301), "t") == "t10i000000_000000000000_000000000000"


def test_without_signature_algorithms_there_is_no_underscore() -> None:
    hello = Hello(0xFEFD, ciphers=[0xC02B], extensions=[0x0017, 0x000A])
    tail = hashlib.sha256(b"000a,0017").hexdigest()[:12]
    assert ja4(hello, "d") == f"dd2i010200_{hashlib.sha256(b'c02b').hexdigest()[:12]}_{tail}"


def test_ja3() -> None:
    hello = Hello(769, ciphers=[47, 53, 0x0A0A, 5], extensions=[0, 10, 11, 0xFAFA], groups=[0x2A2A, 23, 24], point_formats=[0])
    assert ja3(hello) == hashlib.md5(b"769,47-53-5,0-10-11,23-24,0", usedforsecurity=False).hexdigest()
    # The example of JA3's description for a hello without extensions.
    bare = Hello(769, ciphers=[4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99])
    assert ja3(bare) == "de350869b8c85de67a350c8d186f11e6"


def test_ja3s() -> None:
    server = Hello(769, ciphers=[47], extensions=[65281, 0, 11, 35, 5, 16])
    assert ja3s(server) == hashlib.md5(b"769,47,65281-0-11-35-5-16", usedforsecurity=False).hexdigest()


def test_grease() -> None:
    assert {0x0A0A, 0x1A1A, 0xFAFA} < GREASE
    assert len(GREASE) == 16
