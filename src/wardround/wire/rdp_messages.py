"""The first messages of RDP: negotiation (X.224) and the settings that both sides exchange (MCS, GCC).

Sources: [MS-RDPBCGR] 2.2.1 (connection sequence), RFC 1006 (TPKT), ITU-T X.224, T.125 and T.124.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wardround.wire import der
from wardround.wire.connection import Malformed
from wardround.wire.octets import Octets
from wardround.wire.rdp_names import BUILDS, CERTIFICATES, DEPTHS, LEVELS, METHODS, OLD_DEPTHS, RESULTS, keyboard
from wardround.wire.tls_hello import text

PROBLEM = "rdp_malformed_message"

CONNECTION_REQUEST, CONNECTION_CONFIRM, DATA = 0xE0, 0xD0, 0xF0
CONNECT_INITIAL, CONNECT_RESPONSE = 0x65, 0x66

_CLIENT_CORE, _CLIENT_NETWORK, _SERVER_SECURITY = 0xC001, 0xC003, 0x0C02
_COOKIE = b"Cookie: mstshash="
_TOKEN = b"Cookie: msts="

#: Channels and certificates that are read.
_MAX_LIST = 64


@dataclass(frozen=True, slots=True)
class Negotiation:
    """A connection request or confirm. ``kind`` is 1 (request), 2 (response) or 3 (failure), 0 without negotiation."""

    kind: int
    value: int
    cookie: str | None = None


def negotiation(message: bytes) -> Negotiation:
    """Read the X.224 message of a connection request or confirm; raises Malformed."""
    octets = Octets(message, PROBLEM)
    body = octets.vector(1)
    octets = Octets(body, PROBLEM)
    octets.take(6)  # code, references, class
    rest = octets.rest()
    cookie = None
    if rest.startswith((_COOKIE, _TOKEN)):
        line, _, rest = rest.partition(b"\r\n")
        cookie = text(line.removeprefix(_COOKIE).removeprefix(_TOKEN))
    elif rest[-10:-8] == b"\r\n":  # a routing token in other words, such as tsv://, tells of no user
        rest = rest[-8:]
    if len(rest) >= 8 and rest[0] in (1, 2, 3) and rest[2:4] == b"\x08\0":
        return Negotiation(rest[0], int.from_bytes(rest[4:8], "little"), cookie)
    return Negotiation(0, 0, cookie)


def settings_of_client(message: bytes) -> dict[str, Any]:
    """Columns of table rdp from an MCS connect initial; raises Malformed."""
    columns: dict[str, Any] = {}
    user_data = _user_data(message, 6)
    for kind, body in _blocks(user_data, b"Duca"):
        if kind == _CLIENT_CORE:
            columns |= _core(Octets(body, PROBLEM))
        elif kind == _CLIENT_NETWORK:
            columns["client_channels"] = list(_channels(Octets(body, PROBLEM)))
    return columns


def settings_of_server(message: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Columns of table rdp from an MCS connect response, and the certificates in it; raises Malformed."""
    user_data = _user_data(message, 3)
    key = user_data.find(b"McDn")
    columns: dict[str, Any] = {}
    if key >= 4:
        columns["result"] = RESULTS.get(user_data[key - 4], f"result-{user_data[key - 4]}")
    certificates: list[bytes] = []
    for kind, body in _blocks(user_data, b"McDn"):
        if kind == _SERVER_SECURITY:
            columns |= _security(Octets(body, PROBLEM), certificates)
    return columns, certificates


def _user_data(message: bytes, index: int) -> bytes:
    """The user data of a connect message, its element ``index``. The tag of the message itself has two octets."""
    elements = der.children(der.first(bytes([der.SEQUENCE]) + message[2:]))
    if len(elements) <= index or elements[index].tag != der.OCTET_STRING:
        raise Malformed(PROBLEM, "a connect message without user data")
    return elements[index].body


def _blocks(user_data: bytes, key: bytes) -> Iterator[tuple[int, bytes]]:
    """The data blocks (type, body) after the H.221 key of their side; a block that is cut ends them."""
    start = user_data.find(key)
    if start < 0:
        raise Malformed(PROBLEM, "no settings")
    octets = Octets(user_data[start + 4 :], PROBLEM)
    if octets.number(1) & 0x80:  # a length in packed encoding rules: one octet or two
        octets.take(1)
    while octets.left >= 4:
        kind, size = octets.number(2, little=True), octets.number(2, little=True)
        if size < 4 or size - 4 > octets.left:
            return
        yield kind, octets.take(size - 4)


def _core(octets: Octets) -> dict[str, Any]:
    octets.take(4)  # version
    width, height, old_depth, _ = (octets.number(2, little=True) for _ in range(4))
    layout, build = octets.number(4, little=True), octets.number(4, little=True)
    columns: dict[str, Any] = {
        "desktop_width": width,
        "desktop_height": height,
        "keyboard_layout": keyboard(layout),
        "client_build": BUILDS.get(build, f"client_build-{build}"),
        "client_name": _wide(octets.take(32)),
        "requested_color_depth": OLD_DEPTHS.get(old_depth),
    }
    octets.take(12 + 64)  # kind of keyboard, name of the input method
    if octets.left >= 2:
        newer_depth = octets.number(2, little=True)
        columns["requested_color_depth"] = OLD_DEPTHS.get(newer_depth) or columns["requested_color_depth"]
    if octets.left >= 12:
        octets.take(6)  # product id, serial number
        depth, _, flags = (octets.number(2, little=True) for _ in range(3))
        columns["requested_color_depth"] = "32bit" if flags & 2 else DEPTHS.get(depth, f"high_color_depth-{depth}")
    if octets.left >= 64:
        columns["client_dig_product_id"] = _wide(octets.take(64))
    return columns


def _wide(value: bytes) -> str:
    return text(value.decode("utf-16-le", "replace").partition("\0")[0].encode("utf-8", "replace"))


def _channels(octets: Octets) -> Iterator[str]:
    count = octets.number(4, little=True)
    for _ in range(min(count, _MAX_LIST)):
        if octets.left < 12:
            return
        yield text(octets.take(8).partition(b"\0")[0])
        octets.take(4)


def _security(octets: Octets, certificates: list[bytes]) -> dict[str, Any]:
    method, level = octets.number(4, little=True), octets.number(4, little=True)
    columns: dict[str, Any] = {
        "encryption_method": METHODS.get(method, f"encryption_method-{method}"),
        "encryption_level": LEVELS.get(level, f"encryption_level-{level}"),
    }
    if method and level:
        columns["security_protocol"] = "RDP"
    if octets.left < 8:
        return columns
    random_size, size = octets.number(4, little=True), octets.number(4, little=True)
    octets.take(random_size)
    certificate = Octets(octets.take(size), PROBLEM)
    version = certificate.number(4, little=True)
    kind = version & 0x7FFFFFFF
    columns |= {
        "cert_type": CERTIFICATES.get(kind, f"cert_type-{kind}"),
        "cert_permanent": version >> 31 == 0,
        "cert_count": 1 if kind == 1 else 0,
    }
    if kind == 2:
        count = min(certificate.number(4, little=True), _MAX_LIST)
        certificates += [certificate.take(certificate.number(4, little=True)) for _ in range(count)]
        columns["cert_count"] = len(certificates)
    return columns
