"""The hello messages of SSL and TLS: what the client offers and what the server chooses.

Sources: RFC 8446, 5246, 6066 (server name), 7301 (ALPN), 8422 (groups), 9147 (DTLS), 5077 (tickets), and for SSL 2.0
the specification of 1995 with RFC 5246 appendix E.2.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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

#: Version and random, with which hellos of either side begin.
_FIXED = 34

#: Lists of numbers are remembered up to this size, in bytes: longer ones are nobody's.
_LONGEST_REMEMBERED = 512

Numbers = Sequence[int]

#: The random of a server hello that asks the client to try again (RFC 8446, 4.1.3).
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


@dataclass(slots=True)
class Hello:
    """A hello of either side; lists keep the order of the wire. A server offers one cipher: the one it chose."""

    version: int
    random: bytes = b""
    session_id: bytes = b""
    ciphers: Numbers = ()
    extensions: Numbers = ()
    server_name: str | None = None
    groups: Numbers = ()
    point_formats: Numbers = ()
    signatures: Numbers = ()
    alpn: Sequence[bytes] = ()
    versions: Numbers = ()
    key_shares: Numbers = ()
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
    at = _span(body, _fixed(body), 1)
    session = body[_FIXED + 1 : at]
    if datagram:
        at = _span(body, at, 1)  # cookie
    end = _span(body, at, 2)
    ciphers = _pairs(body[at + 2 : end])
    hello = Hello(body[0] << 8 | body[1], body[2:_FIXED], session, ciphers)
    _extensions(body, _span(body, end, 1), hello, from_client=True)  # compression methods lie before them
    return hello


def server_hello(body: bytes) -> Hello:
    """Read the body of a server hello; raises Malformed."""
    at = _fixed(body)
    hello = Hello(body[0] << 8 | body[1], body[2:at])
    if body[0] == 0x7F and body[1] < 22:  # the early drafts had no session and no compression
        after = at + 2
    else:
        begin, at = at + 1, _span(body, at, 1)
        hello.session_id = body[begin:at]
        after = at + 3
    if len(body) < at + 2:
        raise _missing(2, len(body) - at)
    if len(body) < after:
        raise _missing(1, 0)
    hello.ciphers = (body[at] << 8 | body[at + 1],)
    _extensions(body, after, hello, from_client=False)
    return hello


def client_hello_2(body: bytes) -> Hello:
    """Read a client hello in the form of SSL 2.0, from the version on; its ciphers are numbers of three bytes."""
    octets = Octets(body, _PROBLEM)
    hello = Hello(octets.number(2))
    sizes = [octets.number(2) for _ in range(3)]
    hello.ciphers = _triples(octets.take(sizes[0]))
    hello.session_id, hello.random = octets.take(sizes[1]), octets.take(sizes[2])
    return hello


def server_hello_2(body: bytes) -> tuple[Hello, bytes]:
    """Read a server hello of SSL 2.0, from the session hit on; gives it with the certificate it carries."""
    octets = Octets(body, _PROBLEM)
    octets.take(2)  # session hit, type of the certificate
    hello = Hello(octets.number(2))
    sizes = [octets.number(2) for _ in range(3)]
    certificate = octets.take(sizes[0])
    hello.ciphers = _triples(octets.take(sizes[1]))
    return hello, certificate


def _missing(wanted: int, left: int) -> Malformed:
    return Malformed(_PROBLEM, f"{wanted} bytes expected, {left} left")


def _fixed(body: bytes) -> int:
    """Where the fixed beginning of a hello ends: its version and random."""
    if len(body) < _FIXED:
        raise _missing(2, len(body)) if len(body) < 2 else _missing(_FIXED - 2, len(body) - 2)
    return _FIXED


def _span(data: bytes, at: int, size: int) -> int:
    """Where bytes at ``at`` end that are preceded by their length, a number of one or two bytes; raises Malformed."""
    begin = at + size
    if begin > len(data):
        raise _missing(size, len(data) - at)
    length = data[at] if size == 1 else data[at] << 8 | data[at + 1]
    if begin + length > len(data):
        raise _missing(length, len(data) - begin)
    return begin + length


def _vector(data: bytes, at: int, size: int) -> bytes:
    """The bytes at ``at`` that are preceded by their length; raises Malformed."""
    return data[at + size : _span(data, at, size)]


def _extensions(body: bytes, at: int, hello: Hello, *, from_client: bool) -> None:
    if at == len(body):
        return
    begin, end = at + 2, _span(body, at, 2)
    kinds: list[int] = []
    while begin < end:
        if begin + 4 > end:
            raise _missing(2, end - begin & 1)
        kind = body[begin] << 8 | body[begin + 1]
        at = begin + 4
        begin = at + (body[begin + 2] << 8 | body[begin + 3])
        if begin > end:
            raise _missing(begin - at, end - at)
        kinds.append(kind)
        if kind not in _READ:
            continue
        try:
            _extension(hello, kind, body[at:begin], from_client)
        except Malformed:
            continue  # one extension that does not hold together does not spoil the others
    hello.extensions = kinds


def _extension(hello: Hello, kind: int, data: bytes, from_client: bool) -> None:
    if kind == _SERVER_NAME and from_client:
        _name(hello, _vector(data, 0, 2))
    elif kind == _GROUPS:
        hello.groups = _pairs(_vector(data, 0, 2))
    elif kind == _POINT_FORMATS:
        hello.point_formats = tuple(_vector(data, 0, 1))
    elif kind == _SIGNATURES:
        hello.signatures = _pairs(_vector(data, 0, 2))
    elif kind == _ALPN:
        hello.alpn = [*hello.alpn, *_protocols(_vector(data, 0, 2))]
    elif kind == _VERSIONS:
        hello.versions = _pairs(_vector(data, 0, 1)) if from_client else (_pair(data, 0),)
    elif kind in (_KEY_SHARE, _KEY_SHARE_DRAFT):
        hello.key_shares = [*hello.key_shares, *_shares(_vector(data, 0, 2))] if from_client else (_pair(data, 0),)
    elif kind == _TICKET:
        hello.ticket = len(data) > 0
    elif kind == _PRE_SHARED_KEY:
        hello.pre_shared_key = True


def _name(hello: Hello, names: bytes) -> None:
    """The first host name of a list of names."""
    at = 0
    while at < len(names) and hello.server_name is None:
        begin, at, kind = at + 3, _span(names, at + 1, 2), names[at]
        if kind == 0:
            hello.server_name = text(names[begin:at])


def _protocols(names: bytes) -> list[bytes]:
    """Names of protocols, up to what does not hold together."""
    found, at = [], 0
    while at < len(names) and (after := at + 1 + names[at]) <= len(names):
        found.append(names[at + 1 : after])
        at = after
    return found


def _shares(shares: bytes) -> list[int]:
    """The groups of key shares; the last one counts also where it is cut short."""
    found, at = [], 0
    while at + 2 <= len(shares):
        found.append(shares[at] << 8 | shares[at + 1])
        if at + 4 > len(shares):
            break
        at += 4 + (shares[at + 2] << 8 | shares[at + 3])
    return found


def _pair(data: bytes, at: int) -> int:
    if at + 2 > len(data):
        raise _missing(2, len(data) - at)
    return data[at] << 8 | data[at + 1]


def _pairs(data: bytes) -> tuple[int, ...]:
    """Numbers of two bytes. Clients are many, but what they offer is of few kinds."""
    return _remembered(data) if len(data) <= _LONGEST_REMEMBERED else _unpacked(data)


def _unpacked(data: bytes) -> tuple[int, ...]:
    count = len(data) // 2
    return struct.unpack_from(f"!{count}H", data)


_remembered = lru_cache(maxsize=4_096)(_unpacked)


def _triples(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 3], "big") for at in range(0, len(data) - 2, 3))
