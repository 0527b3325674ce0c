"""winmail.dat: what Exchange encloses for Outlook alone (TNEF, MS-OXTNEF): the text, the attachments, their names."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from wardround.mail.message import Part
from wardround.mail.parse import Budget
from wardround.mail.properties import (
    BINARY,
    BODY,
    CODEPAGE,
    DATA,
    LONG_NAME,
    OBJECT,
    SHORT_NAME,
    STRING8,
    UNICODE,
    Bag,
    Value,
    attachment,
    bodies,
)

MAGIC = b"\x78\x9f\x3e\x22"

#: Attributes, attachments and properties that are read.
_ATTRIBUTES = 20_000
_ATTACHMENTS = 300
_PROPERTIES = 5_000

_TITLE, _CONTENT, _ATTACHED, _MESSAGE, _RENDERING = 0x00018010, 0x0006800F, 0x00069005, 0x00069003, 0x00069002
_TEXT, _PAGE = 0x0002800C, 0x00069007

#: Bytes of a value of fixed size, as it is stored.
_FIXED = dict.fromkeys((0x0002, 0x0003, 0x0004, 0x000A, 0x000B), 4) | dict.fromkeys((0x0005, 0x0006, 0x0007, 0x0014, 0x0040), 8)
_FIXED[0x0048] = 16


@dataclass(slots=True)
class _Found:
    message: Bag = field(default_factory=Bag)
    attachments: list[Bag] = field(default_factory=list)
    codepage: int = 1252


def parts(data: bytes, path: str, budget: Budget, messages: int) -> list[Part]:
    """The parts enclosed in a winmail.dat, as far as ``budget`` goes; none when it is damaged."""
    found = _Found()
    for identifier, value in _attributes(data):
        _take(found, identifier, value)
    found.message.codepage = found.message.number(CODEPAGE) or found.codepage
    children = bodies(found.message, path, budget)
    for bag in found.attachments:
        bag.codepage = found.codepage
        if budget.parts <= 0:
            budget.note("too_many_parts")
            break
        budget.parts -= 1
        children.append(attachment(bag, None, f"{path}.{len(children) + 1}", budget, messages))
    return children


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a stream: identifier and value; it ends where they make no sense any more."""
    if not data.startswith(MAGIC):
        return
    at = 6
    for _ in range(_ATTRIBUTES):
        if at + 9 > len(data):
            return
        level, identifier, length = struct.unpack_from("<BII", data, at)
        at += 9
        if level not in (1, 2) or at + length > len(data):
            if level in (1, 2) and identifier in (_CONTENT, _ATTACHED, _MESSAGE):
                yield identifier, data[at:]  # cut short
            return
        yield identifier, data[at : at + length]
        at += length + 2


def _take(found: _Found, identifier: int, value: bytes) -> None:
    if identifier == _RENDERING:
        if len(found.attachments) < _ATTACHMENTS:
            found.attachments.append(Bag())
    elif identifier == _PAGE and len(value) >= 4:
        found.codepage = struct.unpack_from("<I", value)[0] % 100_000
    elif identifier == _TEXT:
        found.message.values.setdefault(BODY, (STRING8, value))
    elif identifier == _MESSAGE:
        found.message.values |= properties(value)
    elif found.attachments:
        bag = found.attachments[-1]
        if identifier == _TITLE:
            bag.values.setdefault(SHORT_NAME, (STRING8, value))
        elif identifier == _CONTENT:
            bag.values[DATA] = (BINARY, value)
        elif identifier == _ATTACHED:
            enclosed = properties(value)
            kind, content = enclosed.pop(DATA, (0, b""))
            if kind == OBJECT and isinstance(content, bytes):
                content = content[16:]  # the identifier of its interface stands before an object
            if isinstance(content, bytes) and len(content) > len(bag.data(DATA)):
                bag.values[DATA] = (BINARY, content)
            bag.values |= enclosed
            if LONG_NAME in enclosed:
                bag.values.pop(SHORT_NAME, None)


def properties(data: bytes) -> dict[int, tuple[int, Value]]:
    """The MAPI properties of an attribute, the first value of those with several; it ends where they make no sense."""
    found: dict[int, tuple[int, Value]] = {}
    if len(data) < 4:
        return found
    count, at = struct.unpack_from("<I", data)[0], 4
    for _ in range(min(count, _PROPERTIES)):
        if at + 4 > len(data):
            return found
        kind, identifier = struct.unpack_from("<HH", data, at)
        at += 4
        if identifier >= 0x8000:
            at = _named(data, at)
        several, kind = bool(kind & 0x1000), kind & 0x0FFF
        value, at = _values(data, at, kind, several)
        if at < 0:
            return found
        if value is not None:
            found.setdefault(identifier, (kind, value))
    return found


def _named(data: bytes, at: int) -> int:
    """The place behind the name of a named property."""
    if at + 24 > len(data):
        return len(data)
    kind, length = struct.unpack_from("<II", data, at + 16)
    return at + 24 if kind == 0 else min(len(data), at + 24 + length + -length % 4)


def _values(data: bytes, at: int, kind: int, several: bool) -> tuple[Value | None, int]:
    """The first value of a property and the place behind all of them; -1 when they make no sense."""
    size = _FIXED.get(kind)
    variable = kind in (STRING8, UNICODE, BINARY, OBJECT)
    if size is None and not variable:
        return None, -1
    count = 1
    if several or variable:
        if at + 4 > len(data):
            return None, -1
        count = struct.unpack_from("<I", data, at)[0]
        at += 4
    if size is not None:
        if count > (len(data) - at) // size:
            return None, -1
        first = int.from_bytes(data[at : at + size], "little") if count else None
        return first, at + count * size
    value: Value | None = None
    for number in range(min(count, _PROPERTIES)):
        if at + 4 > len(data):
            return value, -1
        length = struct.unpack_from("<I", data, at)[0]
        at += 4
        if number == 0:
            value = data[at : at + length]
        at += length + -length % 4
        if at > len(data) + 3:
            return value, -1 if number else len(data)
    return value, at
