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

#: Flag of an answer, and the first payload of a message that comes in pieces (RFC 7383), of version 2.
_ANSWER, _FRAGMENT = 0x20, 53

#: Negotiations of one connection that are told apart.
_MAX_PROOFS = 64

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


#: An IKE_AUTH of version 2 that agrees holds a proof, an offer and two selectors: with any cipher this is the least (it comes
#: to 164 bytes). One that refuses holds a notification or a failure of EAP, at most 128 bytes.
_SMALLEST_AGREEMENT = 150

#: An initiator that does not accept the responder's proof says so at once, and nothing follows (RFC 7296, section 2.21.2).
_AT_ONCE = 1_000_000_000


class _Negotiation:
    """What the messages of a connection agree upon."""

    def __init__(self) -> None:
        #: Of IKE_AUTH: per initiator's SPI the number of the responder's last message, its size, and when it came.
        self._proofs: dict[bytes, tuple[int, int, int]] = {}
        self._after: dict[bytes, list[tuple[int, bool, int]]] = {}
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
        # Quick mode protects traffic: both ends must have spoken.
        if columns["exchange_type"] in ("quick", "create_child_sa"):
            self.agreed.add(columns["is_orig"])

    def see(self, datagram: Datagram, data: bytes) -> None:
        """Take what tells whether IKE_AUTH agreed; its content is encrypted, its size is not."""
        spi, number, answer = data[:8], int.from_bytes(data[20:24], "big"), bool(data[19] & _ANSWER)
        if data[17] == 0x10 or (spi not in self._proofs and len(self._proofs) >= _MAX_PROOFS):
            return
        if EXCHANGES[data[18]] != "ike_auth":
            after = self._after.setdefault(spi, []) if spi in self._proofs else []
            if len(after) < _LOOKED_AT:
                after.append((number, answer, datagram.ts))
        elif answer:
            before, size, _ = self._proofs.get(spi, (number, 0, 0))
            total = int.from_bytes(data[24:28], "big")
            if before == number and data[16] == _FRAGMENT:
                total += size
            self._proofs[spi] = (number, total, datagram.ts)

    def is_up(self) -> bool:
        """Whether traffic is or can be protected."""
        if self.protected or len(self.agreed) == 2:
            return True
        return any(size >= _SMALLEST_AGREEMENT and not self._was_refused(spi) for spi, (_, size, _) in self._proofs.items())

    def _was_refused(self, spi: bytes) -> bool:
        number, _, ts = self._proofs[spi]
        after = self._after.get(spi, [])
        refused = any(not answer and one == number + 1 and when - ts <= _AT_ONCE for one, answer, when in after)
        return refused and all(one == number + 1 for one, _, _ in after)


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
        negotiation.see(datagram, data)
        written += 1
        if written <= _MAX_ROWS:
            rows.add("ike", connection, datagram.ts, datagram.record, **columns)
    rows.add(
        "vpn_tunnel", connection, connection.ts, connection.record, proto="udp", kind="ipsec",
        version=f"IKE {negotiation.version}", username=negotiation.identity, authentication=negotiation.authentication,
        cipher=negotiation.cipher, established=negotiation.is_up(),
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
