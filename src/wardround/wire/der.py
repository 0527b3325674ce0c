"""Elements of ASN.1 in the Distinguished Encoding Rules (ITU-T X.690), read tolerantly: what is broken ends the reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from wardround.wire.connection import Malformed

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8, PRINTABLE, T61, IA5, UTC_TIME, GENERAL_TIME = 0x0C, 0x13, 0x14, 0x16, 0x17, 0x18
VISIBLE, UNIVERSAL, BMP, NUMERIC = 0x1A, 0x1C, 0x1E, 0x12
SEQUENCE, SET = 0x30, 0x31


class Element(NamedTuple):
    """One element: its identifier octet (low tag numbers only), its contents, and itself as encoded."""

    tag: int
    body: bytes
    encoded: bytes


def elements(data: bytes) -> Iterator[Element]:
    """The elements that follow each other in ``data``; raises Malformed at what is none."""
    at = 0
    while at < len(data):
        element = _element(data, at)
        at += len(element.encoded)
        yield element


def first(data: bytes) -> Element:
    """The first element of ``data``; raises Malformed."""
    return _element(data, 0)


def _element(data: bytes, start: int) -> Element:
    if start + 2 > len(data) or data[start] & 0x1F == 0x1F:
        raise Malformed("x509_malformed", "no ASN.1 element")
    size, at = data[start + 1], start + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or at + count > len(data):
            raise Malformed("x509_malformed", "length of an ASN.1 element")
        size, at = int.from_bytes(data[at : at + count], "big"), at + count
    if at + size > len(data):
        raise Malformed("x509_malformed", "an ASN.1 element is cut")
    return Element(data[start], data[at : at + size], data[start : at + size])


def children(element: Element, most: int = 1024) -> list[Element]:
    """The elements inside a constructed one, at most ``most``; those after a broken one are lost."""
    found: list[Element] = []
    try:
        for child in elements(element.body):
            found.append(child)
            if len(found) >= most:
                break
    except Malformed:
        pass
    return found


def object_identifier(body: bytes) -> str:
    """An object identifier in dotted form; arcs of more than 128 bits end it."""
    arcs: list[int] = []
    value = 0
    for octet in body[:128]:
        value = (value << 7) | (octet & 0x7F)
        if value.bit_length() > 128:
            break
        if octet & 0x80:
            continue
        if not arcs:
            arcs.append(min(value // 40, 2))
            value -= 40 * arcs[0]
        arcs.append(value)
        value = 0
    return ".".join(map(str, arcs))


def string(element: Element) -> str:
    """The text of a string of any kind."""
    if element.tag == BMP:
        return element.body.decode("utf-16-be", "replace")
    if element.tag == UNIVERSAL:
        return element.body.decode("utf-32-be", "replace")
    if element.tag == UTF8:
        return element.body.decode("utf-8", "replace")
    return element.body.decode("latin-1")
