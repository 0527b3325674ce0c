"""A reader of BER and DER (ITU-T X.690), as SNMP, LDAP and Kerberos use it: values within bounds, nothing copied twice."""

from __future__ import annotations

from typing import NamedTuple

from wardround.wire.connection import Malformed

INTEGER, OCTETS, NULL, OID, ENUMERATED, SEQUENCE, SET = 0x02, 0x04, 0x05, 0x06, 0x0A, 0x30, 0x31

#: Values within one value that are read; what claims more is not read to its end.
_MOST_VALUES = 20_000


def header(data: bytes | bytearray, at: int) -> tuple[int, int, int] | None:
    """Tag, start and end of the content of the value at ``at``; None when its header is cut off.

    The end may lie beyond the data. Tags above 30 and indefinite lengths raise Malformed: no protocol read here has them.
    """
    if at + 2 > len(data):
        return None
    tag, size = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise Malformed("ber_high_tag")
    start = at + 2
    if size >= 0x80:
        count = size & 0x7F
        if count == 0 or count > 4:
            raise Malformed("ber_length")
        if start + count > len(data):
            return None
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    return tag, start, start + size


class Value(NamedTuple):
    """One value: its tag and where its content lies in ``data``."""

    tag: int
    data: bytes
    start: int
    end: int

    @property
    def content(self) -> bytes:
        """The bytes of the content."""
        return self.data[self.start : self.end]

    @property
    def number(self) -> int:
        """The content as a signed number; Malformed when it is empty or no number of 32 bits, signed or not.

        None that is read here is larger (RFC 4120 5.2.4, RFC 4511 4.1.1, RFC 2578 7.1), and it fits every column.
        """
        size = self.end - self.start
        number = int.from_bytes(self.content, "big", signed=True) if 0 < size <= 5 else 1 << 32
        if not -(1 << 31) <= number < 1 << 32:
            raise Malformed("ber_integer")
        return number

    def children(self) -> list[Value]:
        """The values within a constructed value."""
        result: list[Value] = []
        at = self.start
        while at < self.end and len(result) < _MOST_VALUES:
            child = value(self.data, at, self.end)
            result.append(child)
            at = child.end
        return result

    def tagged(self) -> dict[int, Value]:
        """The values within a sequence whose fields have explicit tags [0], [1] …: number of the tag to the value inside."""
        found: dict[int, Value] = {}
        for child in self.children():
            if child.tag & 0xE0 == 0xA0:
                found.setdefault(child.tag & 0x1F, child.inner())
        return found

    def inner(self) -> Value:
        """The first value within an explicit tag."""
        return value(self.data, self.start, self.end)

    def expect(self, tag: int) -> Value:
        """The value itself when it has ``tag``, else Malformed."""
        if self.tag != tag:
            raise Malformed("ber_unexpected_tag", f"{self.tag:#x} instead of {tag:#x}")
        return self


def value(data: bytes, at: int = 0, end: int | None = None) -> Value:
    """The value at ``at``; Malformed when it does not lie within the data up to ``end``."""
    end = len(data) if end is None else end
    found = header(data, at)
    if found is None or found[2] > end:
        raise Malformed("ber_cut_off")
    return Value(found[0], data, found[1], found[2])


def oid(content: bytes) -> str:
    """An object identifier as dotted numbers."""
    if not content or len(content) > 512:
        raise Malformed("ber_oid")
    numbers: list[int] = []
    number = 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if number >> 64:
            raise Malformed("ber_oid")
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if not numbers:
        raise Malformed("ber_oid")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def extent(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Where the value at ``at`` of a stream begins and ends (:data:`wardround.wire.framing.Extent`)."""
    try:
        found = header(data, at)
    except Malformed:
        return at, at
    return None if found is None else (at, found[2])
