"""IKE (ISAKMP) headers into table ike; ESP in UDP and NAT traversal are recognised beside it.

Sources: RFC 2408 (ISAKMP), 2409 (IKEv1), 7296 (IKEv2), 3948 (UDP encapsulation of ESP).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Datagram, Rows

SERVICE = "ike"

_HEADER = 28
_MARKER = b"\0\0\0\0"
_EXCHANGES = {
    2: "main", 4: "aggressive", 5: "informational", 6: "transaction", 32: "quick", 33: "new_group",
    34: "ike_sa_init", 35: "ike_auth", 36: "create_child_sa", 37: "informational",
    43: "ike_intermediate",
}  # fmt: skip
_LOOKED_AT = 16


def _message(datagram: Datagram) -> bytes | None:
    """The IKE message of a datagram, without the marker that tells it from ESP; None when it is not one."""
    data = datagram.data
    if data[:4] == _MARKER:
        data = data[4:]
    if len(data) < _HEADER or data[17] not in (0x10, 0x20) or data[18] not in _EXCHANGES or not any(data[:8]):
        return None
    size = int.from_bytes(data[24:28], "big")
    return data if _HEADER <= size <= datagram.length else None


def sniff(connection: Connection) -> bool:
    """Whether one of the first datagrams is IKE."""
    return connection.proto == "udp" and any(_message(datagram) for datagram in connection.datagrams[:_LOOKED_AT])


def parse(connection: Connection, rows: Rows) -> None:
    """A row per message."""
    connection.confirm(SERVICE)
    for datagram in connection.datagrams:
        data = _message(datagram)
        if data is None:
            continue
        second = data[17] == 0x20
        rows.add(
            "ike", connection, datagram.ts, datagram.record,
            is_orig=datagram.from_orig, initiator_spi=data[:8].hex(), responder_spi=data[8:16].hex(),
            version="2.0" if second else "1.0", exchange_type=_EXCHANGES[data[18]],
            message_id=int.from_bytes(data[20:24], "big"), encrypted=data[16] == 46 if second else bool(data[19] & 1),
        )  # fmt: skip
