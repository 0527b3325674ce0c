"""DHCPv6 into table dhcpv6, a row per message: who offers addresses and, above all, name servers on the link.

Source: RFC 8415 (messages, options, identifiers), 3646 (name servers and domains), 4704 (name of the client).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.octets import Octets
from wardround.wire.printable import printable

SERVICE = "dhcpv6"
TCP_FIRST = b""
UDP_FIRST = bytes(range(1, 14))

_PROBLEM = "dhcpv6_malformed"

_TYPES = {
    1: "solicit", 2: "advertise", 3: "request", 4: "confirm", 5: "renew", 6: "rebind", 7: "reply", 8: "release",
    9: "decline", 10: "reconfigure", 11: "information_request", 12: "relay_forward", 13: "relay_reply",
}  # fmt: skip
_RELAYED = (12, 13)
_PORTS = frozenset({546, 547})

_CLIENT_ID, _SERVER_ID, _NON_TEMPORARY, _TEMPORARY, _ADDRESS, _RELAY, _STATUS = 1, 2, 3, 4, 5, 9, 13
_SERVERS, _DOMAINS, _PREFIXES, _PREFIX, _NAME = 23, 24, 25, 26, 39

_MAX_OPTIONS, _MAX_LIST, _MAX_RELAYS, _LOOKED_AT = 64, 32, 8, 4


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    octets = Octets(data, _PROBLEM)
    for _ in range(_MAX_OPTIONS):
        if not octets.left:
            return
        kind = octets.number(2)
        yield kind, octets.take(octets.number(2))


def sniff(connection: Connection) -> bool:
    """A known message whose options fill it; on other ports than its own it must also name a client."""
    if connection.proto != "udp" or ":" not in connection.orig_h:
        return False
    own = not _PORTS.isdisjoint((connection.orig_p, connection.resp_p))
    for datagram in connection.datagrams[:_LOOKED_AT]:
        data = datagram.data
        if len(data) < 8 or data[0] not in _TYPES:
            continue
        try:
            kinds = {kind for kind, _ in _options(data[34 if data[0] in _RELAYED else 4 :])}
        except Malformed:
            continue
        if kinds and (own or _CLIENT_ID in kinds):
            return True
    return False


def _texts(value: bytes) -> str | None:
    """A domain name in the form of DNS, without compression (RFC 8415, section 10)."""
    labels: list[str] = []
    octets = Octets(value, _PROBLEM)
    while octets.left:
        size = octets.number(1)
        if not size:
            break
        labels.append(printable(octets.take(size & 0x3F)))
    return ".".join(labels) or None


def _addresses(value: bytes) -> list[str]:
    whole = range(0, min(len(value), 16 * _MAX_LIST) - 15, 16)
    return [socket.inet_ntop(socket.AF_INET6, value[at : at + 16]) for at in whole]


def _domains(value: bytes) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(value) and len(found) < _MAX_LIST:
        end = value.find(b"\0", at)
        end = len(value) if end < 0 else end + 1
        name = _texts(value[at:end])
        if name:
            found.append(name)
        at = end
    return found


def link_address(identifier: bytes) -> str | None:
    """The Ethernet address in a DUID, None where there is none (RFC 8415, section 11)."""
    kind, hardware = identifier[:2], identifier[2:4]
    start = 8 if kind == b"\0\1" else 4
    if kind not in (b"\0\1", b"\0\3") or hardware != b"\0\1" or len(identifier) != start + 6:
        return None
    return ":".join(f"{octet:02x}" for octet in identifier[start:])


def _leases(columns: dict[str, Any], value: bytes, skip: int) -> None:
    for kind, inner in _options(value[skip:]):
        if kind == _ADDRESS and len(inner) >= 24 and len(columns["addresses"]) < _MAX_LIST:
            columns["addresses"].append(socket.inet_ntop(socket.AF_INET6, inner[:16]))
            columns["lease_time"] = float(int.from_bytes(inner[20:24], "big"))
        elif kind == _PREFIX and len(inner) >= 25 and len(columns["addresses"]) < _MAX_LIST:
            columns["addresses"].append(f"{socket.inet_ntop(socket.AF_INET6, inner[9:25])}/{inner[8]}")
            columns["lease_time"] = float(int.from_bytes(inner[4:8], "big"))


def _describe(columns: dict[str, Any], data: bytes) -> None:
    columns["trans_id"] = int.from_bytes(data[1:4], "big")
    for kind, value in _options(data[4:]):
        if kind in (_CLIENT_ID, _SERVER_ID):
            side = "client" if kind == _CLIENT_ID else "server"
            columns[f"{side}_duid"], columns[f"{side}_mac"] = value[:130].hex(), link_address(value)
        elif kind in (_NON_TEMPORARY, _PREFIXES):
            _leases(columns, value, 12)
        elif kind == _TEMPORARY:
            _leases(columns, value, 4)
        elif kind == _SERVERS:
            columns["dns_servers"] = _addresses(value)
        elif kind == _DOMAINS:
            columns["dns_search"] = _domains(value)
        elif kind == _NAME and value:
            columns["client_fqdn"] = _texts(value[1:])
        elif kind == _STATUS and len(value) >= 2:
            columns["status"] = int.from_bytes(value[:2], "big")


def _inner(data: bytes) -> bytes:
    """The message that relays carry."""
    for _ in range(_MAX_RELAYS):
        if not data or data[0] not in _RELAYED:
            break
        data = next((value for kind, value in _options(data[34:]) if kind == _RELAY), b"")
    return data


def parse(connection: Connection, rows: Rows) -> None:
    """A row per message; that of a relay is about what it carries."""
    for datagram in connection.datagrams:
        columns: dict[str, Any] = {
            "is_orig": datagram.from_orig,
            "relayed": datagram.data[:1] in (b"\x0c", b"\x0d"),
            "addresses": [],
        }
        try:
            data = _inner(datagram.data)
            if len(data) < 4 or data[0] not in _TYPES:
                raise Malformed(_PROBLEM, "no message")
            columns["msg_type"] = _TYPES[data[0]]
            _describe(columns, data)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=datagram.ts, record=datagram.record)
            if "msg_type" not in columns:
                continue
        connection.confirm(SERVICE)
        rows.add("dhcpv6", connection, datagram.ts, datagram.record, **columns)
