"""Bytes from the wire as text: what tables show of names and messages that a stranger wrote."""

from __future__ import annotations

#: Longest text that a cell shows of one value, in bytes.
LONGEST = 4_096

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)}
_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))


def printable(data: bytes, longest: int = LONGEST) -> str:
    r"""``data`` as UTF-8; what is not, and control characters, as \xNN. At most ``longest`` bytes are shown."""
    data = data[:longest]
    if data.isascii():
        text = data.decode("ascii")
        return text if text.isprintable() else text.translate(_ESCAPES)
    return data.decode("utf-8", "backslashreplace").translate(_ESCAPES)


def lowered(data: bytes) -> bytes:
    """ASCII capitals to small letters, everything else as it is."""
    return data.translate(_LOWER)
