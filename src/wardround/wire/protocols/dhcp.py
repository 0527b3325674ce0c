"""DHCP into table dhcp: a row per transaction, gathered from all the connections that carry it.

Sources: RFC 2131 (messages), 2132 (options), 3396 (long options), 4702 (client names), and WPAD's option 252.
"""

from __future__ import annotations

import socket
from typing import Any

from wardround.wire.connection import Connection, Datagram, Malformed, Rows
from wardround.wire.framing import heads
from wardround.wire.printable import printable

SERVICE = "dhcp"
TCP_FIRST = b""
UDP_FIRST = b"\x01\x02"

_COOKIE, _COOKIE_AT, _OPTIONS_AT = b"\x63\x82\x53\x63", 236, 240
_PAD, _END = 0, 255

_ROUTERS, _NAME_SERVERS, _HOST_NAME, _DOMAIN, _REQUESTED, _LEASE = 3, 6, 12, 15, 50, 51
_KIND, _MESSAGE, _VENDOR, _CLIENT_ID, _CLIENT_NAME, _WPAD = 53, 56, 60, 61, 81, 252

_KINDS = (
    "", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM", "FORCERENEW", "LEASEQUERY",
    "LEASEUNASSIGNED", "LEASEUNKNOWN", "LEASEACTIVE", "BULKLEASEQUERY", "LEASEQUERYDONE", "ACTIVELEASEQUERY",
    "LEASEQUERYSTATUS", "TLS",
)  # fmt: skip

_DIRECTIONS = ((_ROUTERS, "routers"), (_NAME_SERVERS, "dns_servers"))

_ETHERNET = 1
_NO_ADDRESS, _EVERYBODY = "0.0.0.0", "255.255.255.255"  # noqa: S104 - compared with, not bound to

#: Messages of one number belong to one transaction when they are this close (ns), as Zeek holds.
_QUIET, _LONGEST = 10_000_000_000, 30_000_000_000

#: Messages of a transaction and connections that carried it, at most, within one row.
_MAX_MESSAGES, _MAX_UIDS = 50, 10

#: Messages that are held until the end of the capture; beyond, what was gathered is written.
_MAX_HELD = 20_000


def sniff(connection: Connection) -> bool:
    """A BOOTP message with DHCP's cookie."""
    if connection.proto != "udp":
        return False
    return any(data[:1] in (b"\x01", b"\x02") and data[_COOKIE_AT:_OPTIONS_AT] == _COOKIE for data in heads(connection))


def parse(connection: Connection, rows: Rows) -> None:
    """Take the messages of a connection into the transactions that are written when the capture has been read."""
    transactions: Transactions = rows.kept("dhcp", Transactions)
    for datagram in connection.datagrams:
        try:
            transactions.message(connection, datagram)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=datagram.ts, record=datagram.record)
        else:
            connection.confirm(SERVICE)


def _options(data: bytes) -> dict[int, bytes]:
    """The options of a message; those that are split over several are joined."""
    found: dict[int, bytes] = {}
    at = _OPTIONS_AT
    while at < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            raise Malformed("dhcp_option_cut_off")
        end = at + 2 + data[at + 1]
        found[data[at]] = found.get(data[at], b"") + data[at + 2 : end]
        at = end
    return found


def _address(data: bytes) -> str | None:
    return socket.inet_ntop(socket.AF_INET, data) if len(data) == 4 else None


def _addresses(data: bytes) -> list[str]:
    return [socket.inet_ntop(socket.AF_INET, data[at : at + 4]) for at in range(0, min(len(data), 256) - 3, 4)]


def _name(data: bytes) -> str | None:
    return printable(data.rstrip(b"\0")) or None


def _client_name(data: bytes) -> str | None:
    """The name of a client's name option: as text, or as labels in the form of DNS."""
    if len(data) < 4:
        return None
    name = data[3:]
    if not data[0] & 4:
        return _name(name)
    labels = []
    while name and name[0] and 1 + name[0] <= len(name):
        labels.append(name[1 : 1 + name[0]])
        name = name[1 + name[0] :]
    return printable(b".".join(labels)) or None


class _Transaction:
    """Messages of one number that are close in time."""

    def __init__(self, first: _Held) -> None:
        self.first = first
        self.last = first.ts
        self.hardware: str | None = None
        self.columns: dict[str, Any] = {"uids": [], "msg_types": [], "msg_orig": [], "offers": []}

    def goes_on_with(self, held: _Held) -> bool:
        """Whether a message of the same number belongs to this transaction."""
        columns = self.columns
        return (
            held.ts - self.last <= _QUIET
            and held.ts - self.first.ts <= _LONGEST
            and len(columns["uids"]) < _MAX_UIDS
            and len(columns["msg_types"]) < _MAX_MESSAGES
        )

    def take(self, held: _Held) -> None:
        """Add a message."""
        columns = self.columns
        self.last = held.ts
        if held.uid not in columns["uids"]:
            columns["uids"].append(held.uid)
        columns["msg_types"].append(held.kind)
        columns["msg_orig"].append(held.sender)
        if held.from_client:
            self._client(held)
        else:
            self._server(held)

    def _client(self, held: _Held) -> None:
        columns, options = self.columns, held.options
        if held.sender not in (_NO_ADDRESS, _EVERYBODY):
            columns["client_addr"] = held.sender
        for option, column in ((_HOST_NAME, "host_name"), (_MESSAGE, "client_message"), (_VENDOR, "client_software")):
            if option in options:
                columns[column] = _name(options[option])
        if _CLIENT_NAME in options:
            columns["client_fqdn"] = _client_name(options[_CLIENT_NAME])
        identifier = options.get(_CLIENT_ID, b"")
        if len(identifier) == 7 and identifier[0] == _ETHERNET:
            columns["mac"] = identifier[1:].hex(":")
        else:
            self.hardware = held.hardware
        if _REQUESTED in options:
            columns["requested_addr"] = _address(options[_REQUESTED])

    def _server(self, held: _Held) -> None:
        columns, options = self.columns, held.options
        if held.assigned != _NO_ADDRESS:
            columns["server_addr"], columns["server_port"] = held.sender, held.sender_port
            columns["client_port"] = held.receiver_port
            columns["assigned_addr"] = held.assigned
            columns.setdefault("client_addr", held.assigned)
        if held.hardware:
            columns.setdefault("mac", held.hardware)
        for option, column in (
            (_DOMAIN, "domain"),
            (_MESSAGE, "server_message"),
            (_VENDOR, "server_software"),
            (_WPAD, "wpad_url"),
        ):
            if option in options:
                columns[column] = _name(options[option].rstrip(b"\0\r\n") if option == _WPAD else options[option])
        for option, column in _DIRECTIONS:
            if option in options:
                columns[column] = _addresses(options[option])
        if held.kind in ("OFFER", "ACK"):
            told = (",".join(columns.get(column) or ()) if option in options else "" for option, column in _DIRECTIONS)
            offer = " ".join(word or "-" for word in (held.sender, held.assigned, *told))
            if offer not in columns["offers"]:
                columns["offers"].append(offer)
        if len(options.get(_LEASE, b"")) == 4:
            columns["lease_time"] = float(int.from_bytes(options[_LEASE], "big"))

    def row(self) -> dict[str, Any]:
        """The row of the transaction."""
        self.columns.setdefault("mac", self.hardware)
        duration = (self.last - self.first.ts) / 1e9
        return {"ts": self.first.ts, "ts_zone": "utc", "record": self.first.record, "duration": duration, **self.columns}


class _Held:
    """A message that waits until all of the capture has been read, since connections end in another order than they talk."""

    __slots__ = ("assigned", "from_client", "hardware", "kind", "number", "options", "receiver_port", "record", "sender",
                 "sender_port", "ts", "uid")  # fmt: skip

    def __init__(self, connection: Connection, datagram: Datagram) -> None:
        data = datagram.data
        if len(data) < _OPTIONS_AT or data[_COOKIE_AT:_OPTIONS_AT] != _COOKIE:
            raise Malformed("dhcp_bad_message")
        self.options = _options(data)
        kind = self.options.get(_KIND, b"")
        if len(kind) != 1:
            raise Malformed("dhcp_no_type_option")
        self.uid, self.ts, self.record = connection.uid, datagram.ts, datagram.record
        self.kind = _KINDS[kind[0]] if 0 < kind[0] < len(_KINDS) else f"UNKNOWN-{kind[0]}"
        self.number = data[4:8]
        self.from_client = data[0] == 1
        self.assigned = socket.inet_ntop(socket.AF_INET, data[16:20])
        size = data[2]
        self.hardware = data[28 : 28 + size].hex(":") if 0 < size <= 16 else None
        ends = (connection.orig_h, connection.orig_p), (connection.resp_h, connection.resp_p)
        (self.sender, self.sender_port), (_, self.receiver_port) = ends if datagram.from_orig else ends[::-1]


class Transactions:
    """The transactions of a capture."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._held: list[_Held] = []

    def message(self, connection: Connection, datagram: Datagram) -> None:
        """Take a message; raises Malformed."""
        self._held.append(_Held(connection, datagram))
        if len(self._held) >= _MAX_HELD:
            self.close()

    def close(self) -> None:
        """Write the transactions that the messages make up."""
        open_: dict[bytes, _Transaction] = {}
        for held in sorted(self._held, key=lambda held: (held.ts, held.record)):
            transaction = open_.get(held.number)
            if transaction is not None and not transaction.goes_on_with(held):
                self._rows.row("dhcp", transaction.row())
                transaction = None
            if transaction is None:
                transaction = open_[held.number] = _Transaction(held)
            transaction.take(held)
        for transaction in open_.values():
            self._rows.row("dhcp", transaction.row())
        self._held.clear()
