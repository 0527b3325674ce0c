"""The protocol parsers, in the order in which they are asked whether a connection speaks their protocol.

Protocols with an unmistakable beginning come first, those that are only a shape of bytes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from wardround.wire.connection import Connection, Malformed, Rows

if TYPE_CHECKING:
    from wardround.wire.connection import Parser

_ORDER: tuple[str, ...] = (
    "ssl",
    "dicom",
    "hl7",
    "quic",
    "stun",
    "zoom",
    "ike",
    "l2tp",
    "wireguard",
    "openvpn",
    "softether",
    "pptp",
    "rdp",
    "mysql",
    "postgresql",
    "tds",
    "smb",
    "dce_rpc",
    "ssh",
    "rfb",
    "smtp",
    "ftp",
    "pop3",
    "imap",
    "socks",
    "irc",
    "mqtt",
    "telnet",
    "rtsp",
    "http",
    "sip",
    "dhcp",
    "dhcpv6",
    "netbios_datagram",
    "snmp",
    "ldap",
    "kerberos",
    "radius",
    "dns",
    "ntp",
    "tftp",
    "syslog",
    "rtp",
    "esp",
)  # fmt: skip


@cache
def parsers() -> tuple[Parser, ...]:
    """Every parser, the most certain first."""
    return tuple(by_name(name) for name in _ORDER)


@cache
def by_name(name: str) -> Parser:
    """The parser module of that name."""
    return cast("Parser", import_module(f"{__name__}.{name}"))


def recognise(connection: Connection, candidates: Sequence[Parser] | None = None) -> Parser | None:
    """The parser that knows the beginning of a connection, None when none does; only ``candidates`` are asked."""
    for parser in parsers() if candidates is None else candidates:
        if parser.sniff(connection):
            return parser
    return None


def parse(connection: Connection, rows: Rows, candidates: Sequence[Parser] | None = None) -> None:
    """Read a connection with the parser that knows it; what breaks its protocol becomes a weird.

    ``candidates`` are the parsers that could know it (see :mod:`wardround.wire.candidates`), None where that is not known.
    """
    parser = recognise(connection, candidates)
    if parser is not None:
        _run(parser, connection, rows)


def _run(parser: Parser, connection: Connection, rows: Rows) -> None:
    try:
        parser.parse(connection, rows)
    except Malformed as problem:
        rows.weird(connection, problem.name, problem.detail)


def parse_inner(connection: Connection, name: str, rows: Rows, orig_offset: int = 0, resp_offset: int = 0) -> Connection:
    """Read the rest of a connection's streams as another protocol: after STARTTLS, CONNECT, a SOCKS or RDP negotiation.

    ``name`` is that of a parser, or empty to recognise it by content. Services and applications found inside are added
    to ``connection``; gives the connection as the inner parser saw it.
    """
    inner = Connection(
        connection.uid,
        connection.ts,
        connection.record,
        connection.proto,
        connection.orig_h,
        connection.orig_p,
        connection.resp_h,
        connection.resp_p,
        connection.orig.from_offset(orig_offset),
        connection.resp.from_offset(resp_offset),
    )
    if name and name in _ORDER:
        _run(by_name(name), inner, rows)
    elif not name:
        parse(inner, rows)
    for service in inner.services:
        connection.confirm(service)
    connection.applications |= inner.applications
    return inner
