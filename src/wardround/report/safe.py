"""Text from evidence made fit to be shown: nothing in it may act on a terminal, a browser or a spreadsheet.

Escaping for a format (HTML, CSV, JSON) is the business of its renderer. Here go the characters that no format escapes:
control characters, bidirectional overrides, invisible and lone surrogate characters, and excessive length.
"""

from __future__ import annotations

import unicodedata

#: Nothing a person has to read is longer; evidence is hostile and may be megabytes of one character.
LONGEST = 8192

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DELETE = 0x7F
_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = 0x2421


def encodable(text: str) -> str:
    """At most LONGEST characters, lone surrogates (from undecodable bytes of a path, say) written out as an escape."""
    text = shorten(text, LONGEST)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text


def visible(text: str) -> str:
    """The text on one line with every control or invisible character replaced by a visible sign: ␛ or ⟨U+202E⟩."""
    if text.isprintable() or text.replace("\u00a0", "").replace("\u202f", "").isprintable():
        return text  # spaces that do not break, as French has them, hide nothing
    return "".join(_sign(character) for character in text)


def shorten(text: str, longest: int) -> str:
    """At most ``longest`` characters: the middle gives way, because the ends of a path or a command say the most."""
    if len(text) <= longest:
        return text
    head = (longest - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"


def _sign(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == _DELETE:
        return chr(_DELETE_PICTURE)
    return f"⟨U+{code:04X}⟩"
