"""SNMP versions 1, 2c and 3 into table snmp: a row per conversation, with its community and how much was asked and told.

Sources: RFC 1157 (version 1), 1901 and 3416 (version 2c), 3412 and 3414 (version 3), 3418 (system group).
"""

from __future__ import annotations

from typing import Any

from wardround.wire import ber
from wardround.wire.connection import Connection, Datagram, Malformed, Rows
from wardround.wire.framing import heads
from wardround.wire.printable import printable

SERVICE = "snmp"
TCP_FIRST = b""
UDP_FIRST = b"0"

_VERSIONS = {0: "1", 1: "2c", 3: "3"}
_GET, _GET_NEXT, _RESPONSE, _SET, _TRAP, _BULK, _INFORM, _TRAP2, _REPORT = range(0xA0, 0xA9)
_COUNTED = {
    _GET: "get_requests",
    _GET_NEXT: "get_requests",
    _BULK: "get_bulk_requests",
    _RESPONSE: "get_responses",
    _SET: "set_requests",
}
_DESCRIPTION, _UP_TIME = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0"
_ENCRYPTED = 2
_TIME_TICKS = 0x43

#: Values within one message that are counted.
_MAX_VALUES = 2_000


def _version(data: bytes) -> str | None:
    """The version that a message states, None when it is not of SNMP."""
    try:
        message = ber.value(data).expect(ber.SEQUENCE)
        version = ber.value(data, message.start, message.end).expect(ber.INTEGER)
        following = ber.value(data, version.end, message.end)
    except Malformed:
        return None
    known = _VERSIONS.get(version.number) if version.end - version.start == 1 else None
    wanted = ber.SEQUENCE if known == "3" else ber.OCTETS
    return known if following.tag == wanted else None


def sniff(connection: Connection) -> bool:
    """A sequence that begins with one of SNMP's versions and what must follow it."""
    if connection.proto != "udp":
        return False
    return any(data and _version(data) is not None for data in heads(connection))


class _Summary:
    """What a row tells of a conversation."""

    def __init__(self) -> None:
        self.columns: dict[str, Any] = dict.fromkeys(_COUNTED.values(), 0)

    def message(self, message: Datagram) -> None:
        """Add a message; raises Malformed."""
        version = _version(message.data)
        if version is None:
            raise Malformed("snmp_not_a_message")
        # A conversation is told by its first message, as Zeek tells it; later communities may be guesses at others.
        self.columns.setdefault("version", version)
        fields = ber.value(message.data).children()
        if version == "3":
            self._version_3(message, fields)
        elif len(fields) >= 3:
            self.columns.setdefault("community", printable(fields[1].content))
            self._operation(message, fields[2])

    def _version_3(self, message: Datagram, fields: list[ber.Value]) -> None:
        if len(fields) < 4:
            raise Malformed("snmp_not_a_message")
        settings = fields[1].children()
        encrypted = len(settings) > 2 and settings[2].content and settings[2].content[0] & _ENCRYPTED
        if not encrypted and fields[3].tag == ber.SEQUENCE:
            security = ber.value(fields[2].content).children()
            if len(security) > 3 and security[3].content:
                # Version 3 has users instead of communities; in clear, they stand in the same column.
                self.columns.setdefault("community", printable(security[3].content))
            scoped = fields[3].children()
            if len(scoped) > 2:
                self._operation(message, scoped[2])

    def _operation(self, message: Datagram, operation: ber.Value) -> None:
        counted = _COUNTED.get(operation.tag)
        if counted is None:
            return
        fields = operation.children()
        if len(fields) < 4:
            raise Malformed("snmp_not_a_message")
        bindings = fields[3].expect(ber.SEQUENCE).children()[:_MAX_VALUES]
        self.columns[counted] += len(bindings)
        if operation.tag == _RESPONSE:
            for binding in bindings:
                self._told(message, binding.children())

    def _told(self, message: Datagram, pair: list[ber.Value]) -> None:
        if len(pair) < 2 or pair[0].tag != ber.OID:
            return
        name = ber.oid(pair[0].content)
        if name == _DESCRIPTION and pair[1].tag == ber.OCTETS:
            self.columns["display_string"] = printable(pair[1].content)
        elif name == _UP_TIME and pair[1].tag == _TIME_TICKS:
            self.columns["up_since"] = message.ts - pair[1].number * 10_000_000


def parse(connection: Connection, rows: Rows) -> None:
    """One row for the conversation; raises Malformed when not one of its messages can be read."""
    summary = _Summary()
    problem: Malformed | None = None
    understood = 0
    last = connection.ts
    for datagram in connection.datagrams:
        try:
            summary.message(datagram)
        except Malformed as found:
            problem = problem or found
            rows.weird(connection, found.name, found.detail, ts=datagram.ts, record=datagram.record)
        else:
            understood += 1
            last = max(last, datagram.ts)
    if not understood and problem is not None and "version" not in summary.columns:
        raise problem
    connection.confirm(SERVICE)
    first = connection.datagrams[0]
    rows.add("snmp", connection, first.ts, first.record, duration=(last - first.ts) / 1e9, **summary.columns)
