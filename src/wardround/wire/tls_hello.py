"""The hello messages of SSL and TLS: what the client offers and what the server chooses.

Sources: RFC 8446, 5246, 6066 (server name), 7301 (ALPN), 8422 (groups), 9147 (DTLS), 5077 (tickets), and for SSL 2.0
the specification of 1995 with RFC 5246 appendix E.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from wardround.wire.connection import Malformed
from wardround.wire.octets import Octets

_PROBLEM = "ssl_malformed_hello"

_SERVER_NAME, _GROUPS, _POINT_FORMATS, _SIGNATURES, _ALPN = 0, 10, 11, 13, 16
_TICKET, _PRE_SHARED_KEY, _VERSIONS, _KEY_SHARE, _KEY_SHARE_DRAFT = 35, 41, 43, 51, 40

#: Extensions that are looked into.
_READ = frozenset({
    _SERVER_NAME, _GROUPS, _POINT_FORMATS, _SIGNATURES, _ALPN, _TICKET, _PRE_SHARED_KEY, _VERSIONS,
    _KEY_SHARE, _KEY_SHARE_DRAFT,
})  # fmt: skip

#: The random of a server hello that asks the client to try again (RFC 8446, 4.1.3).
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


@dataclass(slots=True)
class Hello:
    """A hello of either side; lists keep the order of the wire. A server offers one cipher: the one it chose."""

    version: int
    random: bytes = b""
    session_id: bytes = b""
    ciphers: list[int] = field(default_factory=list)
    extensions: list[int] = field(default_factory=list)
    server_name: str | None = None
    groups: list[int] = field(default_factory=list)
    point_formats: list[int] = field(default_factory=list)
    signatures: list[int] = field(default_factory=list)
    alpn: list[bytes] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    key_shares: list[int] = field(default_factory=list)
    ticket: bool = False
    pre_shared_key: bool = False


def text(value: bytes) -> str:
    r"""Text of the wire: UTF-8 where it is, otherwise and for control characters ``\xNN`` as Zeek writes it."""
    decoded = value.decode("utf-8", "backslashreplace")
    if decoded.isprintable():
        return decoded
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in decoded)


def client_hello(body: bytes, *, datagram: bool = False) -> Hello:
    """Read the body of a client hello; raises Malformed."""
    octets = Octets(body, _PROBLEM)
    hello = Hello(octets.number(2), octets.take(32), octets.vector(1))
    if datagram:
        octets.vector(1)  # cookie
    hello.ciphers = _numbers(octets.vector(2), 2)
    octets.vector(1)  # compression methods
    _extensions(octets, hello, from_client=True)
    return hello


def server_hello(body: bytes) -> Hello:
    """Read the body of a server hello; raises Malformed."""
    octets = Octets(body, _PROBLEM)
    hello = Hello(octets.number(2), octets.take(32))
    if hello.version >> 8 == 0x7F and hello.version & 0xFF < 22:  # the early drafts had no session and no compression
        hello.ciphers = [octets.number(2)]
    else:
        hello.session_id = octets.vector(1)
        hello.ciphers = [octets.number(2)]
        octets.take(1)
    _extensions(octets, hello, from_client=False)
    return hello


def client_hello_2(body: bytes) -> Hello:
    """Read a client hello in the form of SSL 2.0, from the version on; its ciphers are numbers of three bytes."""
    octets = Octets(body, _PROBLEM)
    hello = Hello(octets.number(2))
    sizes = [octets.number(2) for _ in range(3)]
    hello.ciphers = _numbers(octets.take(sizes[0]), 3)
    hello.session_id, hello.random = octets.take(sizes[1]), octets.take(sizes[2])
    return hello


def server_hello_2(body: bytes) -> tuple[Hello, bytes]:
    """Read a server hello of SSL 2.0, from the session hit on; gives it with the certificate it carries."""
    octets = Octets(body, _PROBLEM)
    octets.take(2)  # session hit, type of the certificate
    hello = Hello(octets.number(2))
    sizes = [octets.number(2) for _ in range(3)]
    certificate = octets.take(sizes[0])
    hello.ciphers = _numbers(octets.take(sizes[1]), 3)
    return hello, certificate


def _extensions(octets: Octets, hello: Hello, *, from_client: bool) -> None:
    if not octets.left:
        return
    block = Octets(octets.vector(2), _PROBLEM)
    while block.left:
        kind = block.number(2)
        body = block.vector(2)
        hello.extensions.append(kind)
        if kind not in _READ:
            continue
        try:
            _extension(hello, kind, Octets(body, _PROBLEM), from_client)
        except Malformed:
            continue  # one extension that does not hold together does not spoil the others


def _extension(hello: Hello, kind: int, octets: Octets, from_client: bool) -> None:
    if kind == _SERVER_NAME and from_client:
        names = Octets(octets.vector(2), _PROBLEM)
        while names.left and hello.server_name is None:
            if names.number(1) == 0:
                hello.server_name = text(names.vector(2))
            else:
                names.vector(2)
    elif kind == _GROUPS:
        hello.groups = _numbers(octets.vector(2), 2)
    elif kind == _POINT_FORMATS:
        hello.point_formats = list(octets.vector(1))
    elif kind == _SIGNATURES:
        hello.signatures = _numbers(octets.vector(2), 2)
    elif kind == _ALPN:
        names = Octets(octets.vector(2), _PROBLEM)
        while names.left:
            hello.alpn.append(names.vector(1))
    elif kind == _VERSIONS:
        hello.versions = _numbers(octets.vector(1), 2) if from_client else [octets.number(2)]
    elif kind in (_KEY_SHARE, _KEY_SHARE_DRAFT):
        _key_share(hello, octets, from_client)
    elif kind == _TICKET:
        hello.ticket = octets.left > 0
    elif kind == _PRE_SHARED_KEY:
        hello.pre_shared_key = True


def _key_share(hello: Hello, octets: Octets, from_client: bool) -> None:
    if not from_client:
        hello.key_shares = [octets.number(2)]
        return
    shares = Octets(octets.vector(2), _PROBLEM)
    while shares.left:
        hello.key_shares.append(shares.number(2))
        shares.vector(2)


def _numbers(data: bytes, size: int) -> list[int]:
    if size == 2:
        count = len(data) // 2
        return list(struct.unpack_from(f"!{count}H", data))
    return [int.from_bytes(data[at : at + size], "big") for at in range(0, len(data) - size + 1, size)]
