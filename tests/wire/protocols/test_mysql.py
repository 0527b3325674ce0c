"""MySQL: the greeting, and TLS behind it."""

from __future__ import annotations

import pytest
from tests.wire.protocols.talk import conversation, read

from wardround.wire.protocols import mysql

GREETING = b"\x4a\0\0\0\x0a8.0.36\0" + b"g" * 0x42
HELLO = b"\x16\x03\x01\0\x2f\x01\0\0\x2b\x03\x03" + b"r" * 32 + b"\0\0\x04\xc0\x2f\0\x35\x01\0"


@pytest.mark.parametrize(("flags", "services"), [(0x8A00, ["mysql", "ssl"]), (0x8200, ["mysql"])])
def test_tls_where_the_client_asks_for_it(flags: int, services: list[str]) -> None:
    request = b"\x20\0\0\x01" + flags.to_bytes(4, "little") + b"\0" * 28
    connection, kept = read("mysql", [("<", GREETING), (">", request), (">", HELLO)], port=3306)
    assert connection.services == services
    assert ("ssl" in kept.tables) == ("ssl" in services)


@pytest.mark.parametrize("head", [b"", b"\x4a\0\0\0", b"\x4a\0\0\x01\x0a8.0", b"\x4a\0\0\0\x0a--", b"SSH-2.0-x\r\n"])
def test_what_is_not_mysql(head: bytes) -> None:
    assert not mysql.sniff(conversation([("<", head)]))
