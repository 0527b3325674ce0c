"""Search filters of LDAP as text (RFC 4515)."""

from __future__ import annotations

from wardround.wire.ber import Value
from wardround.wire.connection import Malformed

#: Filters within filters, and characters of the whole.
_DEEPEST, _LONGEST = 40, 8_192

_AND, _OR, _NOT, _EQUAL, _SUBSTRINGS, _GREATER, _LESS = range(0xA0, 0xA7)
_PRESENT, _APPROXIMATE, _EXTENSIBLE = 0x87, 0xA8, 0xA9
_COMPARISONS = {_EQUAL: "=", _GREATER: ">=", _LESS: "<=", _APPROXIMATE: "~="}
_SETS = {_AND: "&", _OR: "|"}
_INITIAL, _FINAL = 0x80, 0x82


def filter_text(filter_: Value) -> str:
    r"""The filter as RFC 4515 writes it; bytes that it has no character for as \NN. Raises Malformed."""
    return _text(filter_, 0)[:_LONGEST]


def _text(filter_: Value, depth: int) -> str:
    if depth > _DEEPEST:
        raise Malformed("ldap_filter_too_deep")
    if filter_.tag in _SETS:
        parts: list[str] = []
        size = 0
        for child in filter_.children():
            parts.append(_text(child, depth + 1))
            size += len(parts[-1])
            if size > _LONGEST:
                break
        return f"({_SETS[filter_.tag]}{''.join(parts)})"
    if filter_.tag == _NOT:
        return f"(!{_text(filter_.inner(), depth + 1)})"
    if filter_.tag == _PRESENT:
        return f"({assertion(filter_.content)}=*)"
    if filter_.tag in _COMPARISONS:
        fields = filter_.children()
        if len(fields) < 2:
            raise Malformed("ldap_bad_filter")
        return f"({assertion(fields[0].content)}{_COMPARISONS[filter_.tag]}{assertion(fields[1].content)})"
    if filter_.tag == _SUBSTRINGS:
        return _substrings(filter_)
    if filter_.tag == _EXTENSIBLE:
        return _extensible(filter_)
    raise Malformed("ldap_bad_filter", f"{filter_.tag:#x}")


def _substrings(filter_: Value) -> str:
    fields = filter_.children()
    if len(fields) < 2:
        raise Malformed("ldap_bad_filter")
    pieces = fields[1].children()
    text = "*".join(assertion(piece.content) for piece in pieces)
    before = "" if pieces and pieces[0].tag == _INITIAL else "*"
    after = "" if pieces and pieces[-1].tag == _FINAL else "*"
    return f"({assertion(fields[0].content)}={before}{text}{after})"


def _extensible(filter_: Value) -> str:
    fields = {field.tag: field.content for field in filter_.children()}
    kind = assertion(fields.get(0x82, b""))
    names = ":dn" if fields.get(0x84, b"\0") != b"\0" else ""
    rule = f":{assertion(fields[0x81])}" if 0x81 in fields else ""
    return f"({kind}{names}{rule}:={assertion(fields.get(0x83, b''))})"


def assertion(value: bytes) -> str:
    r"""A value as UTF-8; what is not, and control characters, as \NN."""
    text = value[:_LONGEST].decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    code = ord(character)
    if code < 32 or code == 127:
        return f"\\{code:02x}"
    return f"\\{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else character
