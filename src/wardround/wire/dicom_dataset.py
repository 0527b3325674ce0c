"""The beginning of a DICOM data set (PS3.5): the few elements that a round needs, as raw values.

Nothing here decodes values: patients are named by them, and only tokens of them may be kept.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

IMPLICIT_LITTLE, EXPLICIT_LITTLE = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
EXPLICIT_BIG, DEFLATED = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"

QUERY_LEVEL = 0x00080052
SOP_CLASS, INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
STUDY_DATE, ACCESSION, MODALITY, MODALITIES = 0x00080020, 0x00080050, 0x00080060, 0x00080061
PATIENT_NAME, PATIENT_ID, BIRTH_DATE = 0x00100010, 0x00100020, 0x00100030
SCHEDULED_DATE = 0x00400002

#: Elements that say how a query is to be understood, not what is asked for.
_NOT_KEYS = {QUERY_LEVEL, 0x00080001, 0x00080005, 0x00080053, 0x00080054, 0x00080055, 0x00080056, 0x00080201}

#: Elements of the object that are wanted of what is stored, and the last of them in the order of tags.
_OF_OBJECTS = frozenset({SOP_CLASS, INSTANCE, ACCESSION, MODALITY, PATIENT_NAME, PATIENT_ID, STUDY, SERIES})

_PIXELS = 0x7FE00008
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_ITEM_BYTES = {True: b"\xfe\xff\x00\xe0", False: b"\xff\xfe\xe0\x00"}

#: Sequences within sequences that are followed, elements that are looked at, bytes that a deflated beginning may become.
_DEPTH, _ELEMENTS, _INFLATED = 16, 4_096, 65_536

#: Values longer than this are none of those that are read here.
_VALUE_BYTES = 16_384


@dataclass(slots=True)
class Identifier:
    """The keys of a query or a retrieval: with a value, with a wildcard, and empty; nested ones are among them."""

    level: bytes = b""
    keys: list[int] = field(default_factory=list)
    wildcards: list[int] = field(default_factory=list)
    universal: list[int] = field(default_factory=list)
    values: dict[int, bytes] = field(default_factory=dict)


def elements(data: bytes, syntax: str | None) -> Iterator[tuple[int, int, bytes]]:
    """The elements from the beginning on: (depth, tag, value), those within sequences too. Ends where the bytes do.

    Without a transfer syntax it is guessed from the first element. Sequences themselves are not given.
    """
    if syntax == DEFLATED:
        try:
            data = zlib.decompressobj(-15).decompress(data, _INFLATED)
        except zlib.error:
            return
    little = syntax != EXPLICIT_BIG
    explicit = data[4:6].isalpha() and data[4:6].isupper() if syntax is None else syntax != IMPLICIT_LITTLE
    order = "<" if little else ">"
    tag_of, short_of, long_of = (struct.Struct(order + form).unpack_from for form in ("HH", "H", "I"))
    at = depth = 0
    ends = [_UNDEFINED]
    for _ in range(_ELEMENTS):
        while depth and at >= ends[-1]:
            ends.pop()
            depth -= 1
        if at + 8 > len(data):
            return
        group, number = tag_of(data, at)
        tag = group << 16 | number
        if group == 0xFFFE:
            at += 8
            if tag == _SEQUENCE_END and depth and ends[-1] == _UNDEFINED:
                ends.pop()
                depth -= 1
            continue
        vr = data[at + 4 : at + 6] if explicit else b""
        if not explicit:
            size, at = long_of(data, at + 4)[0], at + 8
        elif vr in _LONG_VRS:
            if at + 12 > len(data):
                return
            size, at = long_of(data, at + 8)[0], at + 12
        else:
            size, at = short_of(data, at + 6)[0], at + 8
        if tag >= _PIXELS and not depth:
            return
        if vr == b"SQ" or size == _UNDEFINED or (not vr and data[at : at + 4] == _ITEM_BYTES[little]):
            if depth >= _DEPTH:
                return
            ends.append(_UNDEFINED if size == _UNDEFINED else at + size)
            depth += 1
            continue
        if at + size > len(data):
            return
        yield depth, tag, data[at : at + size] if size <= _VALUE_BYTES else b""
        at += size


def of_object(data: bytes, syntax: str | None, *, nested: bool = False) -> dict[int, bytes]:
    """What is wanted of a stored object, or with ``nested`` of the data set of another service; values are stripped."""
    found: dict[int, bytes] = {}
    for depth, tag, value in elements(data, syntax):
        if depth == 0 and tag > SERIES and not nested:
            break
        if tag in _OF_OBJECTS and (nested or depth == 0) and tag not in found:
            found[tag] = value.strip(b"\0 ")
    return found


def identifier(data: bytes, syntax: str | None) -> Identifier:
    """The keys of an identifier."""
    found = Identifier()
    for _, tag, raw in elements(data, syntax):
        value = raw.strip(b"\0 ")
        if tag == QUERY_LEVEL:
            found.level = value
        if tag in _NOT_KEYS or not tag & 0xFFFF or tag in found.values:
            continue
        found.values[tag] = value
        kind = found.universal if not value else found.wildcards if b"*" in value or b"?" in value else found.keys
        kind.append(tag)
    return found
