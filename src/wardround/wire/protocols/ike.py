"""IKE (ISAKMP) on any port into table ike, and a row of vpn_tunnel for the negotiation; NAT traversal and ESP beside it.

Sources: RFC 2408 (ISAKMP), 2409 (IKEv1), 7296 (IKEv2), 3948 (UDP encapsulation of ESP).
"""

from __future__ import annotations

from typing import Any

from wardround.wire.connection import Connection, Datagram, Malformed, Rows
from wardround.wire.protocols import ike_payloads
from wardround.wire.protocols.ike_names import EXCHANGES

SERVICE = "ike"
TCP_FIRST = b""

_HEADER = 28
_MARKER = b"\0\0\0\0"
_LOOKED_AT = 16

#: Messages of one connection that get a row.
_MAX_ROWS = 1_000

#: First payloads that there are: of version 1 with the drafts of NAT traversal, of version 2.
_FIRST_1, _FIRST_2 = frozenset((*range(0, 22), 128, 129, 130, 131, 132)), frozenset((0, *range(33, 55)))

#: A first payload, a version, an exchange and a length below 65,536, as they are and behind the marker.
_HEAD = {16: bytes(_FIRST_1 | _FIRST_2), 17: b"\x10\x20", 18: bytes(EXCHANGES), 24: b"\0", 25: b"\0"}
UDP_HEADS = (_HEAD, dict.fromkeys(range(4), b"\0") | {place + 4: octets for place, octets in _HEAD.items()})


def _message(datagram: Datagram) -> bytes | None:
    """The IKE message of a datagram, without the marker that tells it from ESP; None when it is not one."""
    data = datagram.data
    if data[:4] == _MARKER:
        data = data[4:]
    if len(data) < _HEADER or data[17] not in (0x10, 0x20) or data[18] not in EXCHANGES or not any(data[:8]):
        return None
    if data[16] not in (_FIRST_1 if data[17] == 0x10 else _FIRST_2):
        return None
    size = int.from_bytes(data[24:28], "big")
    return data if _HEADER <= size <= datagram.length else None


def sniff(connection: Connection) -> bool:
    """Whether one of the first datagrams is IKE."""
    return connection.proto == "udp" and any(_message(datagram) for datagram in connection.datagrams[:_LOOKED_AT])


class _Negotiation:
    """What the messages of a connection agree upon."""

    def __init__(self) -> None:
        self.version: str | None = None
        self.identity: str | None = None
        self.authentication: str | None = None
        self.cipher: str | None = None
        self.agreed: set[bool] = set()
        self.protected = False

    def note(self, columns: dict[str, Any]) -> None:
        """Take the columns of a message."""
        self.version = columns["version"]
        self.identity = self.identity or columns.get("identity")
        if not columns["is_orig"]:
            self.authentication = _only(columns.get("authentication")) or self.authentication
            self.cipher = _only(columns.get("encryption")) or self.cipher
        # Quick mode protects traffic, IKE_AUTH ends with its own first such agreement: both ends must have spoken.
        if columns["exchange_type"] in ("quick", "ike_auth", "create_child_sa"):
            self.agreed.add(columns["is_orig"])


def _only(values: list[str] | None) -> str | None:
    return values[0] if values and len(values) == 1 else None


def parse(connection: Connection, rows: Rows) -> None:
    """A row per message, and one for the tunnel."""
    connection.confirm(SERVICE)
    negotiation = _Negotiation()
    written = 0
    for datagram in connection.datagrams:
        data = _message(datagram)
        if data is None:
            negotiation.protected = negotiation.protected or _is_esp(datagram.data)
            continue
        columns = _columns(connection, rows, datagram, data)
        negotiation.note(columns)
        written += 1
        if written <= _MAX_ROWS:
            rows.add("ike", connection, datagram.ts, datagram.record, **columns)
    rows.add(
        "vpn_tunnel", connection, connection.ts, connection.record, proto="udp", kind="ipsec",
        version=f"IKE {negotiation.version}", username=negotiation.identity, authentication=negotiation.authentication,
        cipher=negotiation.cipher, established=len(negotiation.agreed) == 2 or negotiation.protected,
    )  # fmt: skip


def _columns(connection: Connection, rows: Rows, datagram: Datagram, data: bytes) -> dict[str, Any]:
    second = data[17] == 0x20
    encrypted = data[16] in (46, 53) if second else bool(data[19] & 1)
    columns: dict[str, Any] = {
        "is_orig": datagram.from_orig, "initiator_spi": data[:8].hex(), "responder_spi": data[8:16].hex(),
        "version": "2.0" if second else "1.0", "exchange_type": EXCHANGES[data[18]],
        "message_id": int.from_bytes(data[20:24], "big"), "encrypted": encrypted,
    }  # fmt: skip
    if not encrypted:
        body = data[_HEADER : int.from_bytes(data[24:28], "big")]
        try:
            columns |= ike_payloads.read(data[16], body, second=second)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=datagram.ts, record=datagram.record)
    return columns


def _is_esp(data: bytes) -> bool:
    """Whether a datagram beside IKE is ESP: an index, and more than a keep-alive (RFC 3948, sections 2.1 and 2.3)."""
    return len(data) >= 16 and data[:4] != _MARKER
