"""MQTT on any port: the service, and logons in clear. Topics and what is published are not read.

Sources: OASIS MQTT 3.1.1 and 5.0 (section 3.1, CONNECT; 3.2, CONNACK), IBM's MQTT 3.1 (the name MQIsdp).
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Malformed, Rows
from wardround.wire.credentials import saw
from wardround.wire.lines import when

SERVICE = "mqtt"
TCP_FIRST = b"\x10"
UDP_FIRST = b""

_NAMES = {b"\0\x04MQTT\x04": 4, b"\0\x04MQTT\x05": 5, b"\0\x06MQIsdp\x03": 3}

#: Flags of CONNECT: a name, a password, a will.
_USER, _PASSWORD, _WILL = 0x80, 0x40, 0x04

_CONNACK = 0x20

#: A CONNECT is read so far; identifiers and wills are seldom long.
_LIMIT = 65_536


def sniff(connection: Connection) -> bool:
    """A CONNECT of one of the three versions, whose length its first field fits into."""
    return _name(connection.orig.head(16)) is not None


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to four bytes of seven bits, and where it ends; raises Malformed."""
    value = 0
    for place in range(4):
        if at + place >= len(data):
            break
        value |= (data[at + place] & 0x7F) << 7 * place
        if not data[at + place] & 0x80:
            return value, at + place + 1
    raise Malformed("mqtt_malformed")


def _name(head: bytes) -> tuple[int, int] | None:
    """The version that a CONNECT states, and where its flags are; None when it is none."""
    if head[:1] != TCP_FIRST:
        return None
    try:
        size, at = _number(head, 1)
    except Malformed:
        return None
    for name, version in _NAMES.items():
        if size >= len(name) + 5 and head.startswith(name, at):
            return version, at + len(name)
    return None


class _Fields:
    """The fields of a message, one after the other; raises Malformed at its end."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def field(self) -> bytes:
        """A field that states its length in two bytes."""
        start = self.at + 2
        end = start + int.from_bytes(self.data[self.at : start], "big")
        if end > len(self.data):
            raise Malformed("mqtt_malformed")
        self.at = end
        return self.data[start:end]

    def skip_properties(self) -> None:
        """Pass over the properties of version 5."""
        size, start = _number(self.data, self.at)
        self.at = start + size


def parse(connection: Connection, rows: Rows) -> None:
    """A row of clear_credential when the client gives a name and a password."""
    connection.confirm(SERVICE)
    head = connection.orig.head(_LIMIT)
    known = _name(head)
    if known is None:
        return
    version, at = known
    if at >= len(head) or not head[at] & _USER:
        return
    flags, fields = head[at], _Fields(head, at + 3)
    if version == 5:
        fields.skip_properties()
    fields.field()
    if flags & _WILL:
        if version == 5:
            fields.skip_properties()
        fields.field()
        fields.field()
    user = fields.field()
    if flags & _PASSWORD:
        saw(rows, connection, when(connection, connection.orig, 0), SERVICE, user, fields.field(), _accepted(connection))


def _accepted(connection: Connection) -> bool | None:
    """Whether the server let the client in; None when it did not say."""
    answer = connection.resp.head(8)
    if len(answer) < 4 or answer[0] != _CONNACK:
        return None
    return answer[3] == 0
