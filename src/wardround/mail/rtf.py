"""Outlook's compressed RTF (MS-OXRTFCP), and the HTML or text that it encloses (MS-OXRTFEX)."""

from __future__ import annotations

import re
import struct

#: Bytes that come out at most.
MOST = 2 << 20

_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans Serif"
    b"SymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)

_TOKEN = re.compile(rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL)
_CODEPAGE = re.compile(rb"\\ansicpg(\d{3,5})")

#: Groups whose text is not shown.
_HIDDEN = frozenset((b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"generator"))
_BREAKS = {b"par": "\n", b"line": "\n", b"tab": "\t"}


def decompress(data: bytes) -> bytes:
    """The RTF in the value of PidTagRtfCompressed, at most MOST bytes; empty when it is damaged from the start."""
    if len(data) < 16:
        return b""
    _, raw_size, magic = struct.unpack_from("<II4s", data)
    if magic == b"MELA":
        return data[16 : 16 + min(raw_size, MOST)]
    if magic != b"LZFu":
        return b""
    window = bytearray(4096)
    window[: len(_DICTIONARY)] = _DICTIONARY
    write = len(_DICTIONARY)
    out = bytearray()
    at, end = 16, len(data)
    most = min(raw_size, MOST)
    while at < end and len(out) < most:
        control = data[at]
        at += 1
        for bit in range(8):
            if at >= end or len(out) >= most:
                break
            if not control >> bit & 1:
                byte = data[at]
                at += 1
                out.append(byte)
                window[write] = byte
                write = (write + 1) & 4095
                continue
            if at + 2 > end:
                return bytes(out)
            reference = data[at] << 8 | data[at + 1]
            at += 2
            offset, length = reference >> 4, (reference & 15) + 2
            if offset == write:
                return bytes(out)
            for step in range(length):
                byte = window[(offset + step) & 4095]
                out.append(byte)
                window[write] = byte
                write = (write + 1) & 4095
    return bytes(out[:most])


def enclosed(rtf: bytes) -> tuple[str, str]:
    """The text of a document and what it is: ``html`` where RTF was made from HTML, else ``text``."""
    html = b"\\fromhtml1" in rtf[:4_096]
    page = _CODEPAGE.search(rtf[:4_096])
    codec = f"cp{page.group(1).decode()}" if page else "cp1252"
    try:
        b"".decode(codec)
    except LookupError:
        codec = "cp1252"
    pieces: list[str] = []
    pending = bytearray()
    # Of every open group: is it hidden, is it a tag of HTML, is what is in it only for RTF; and characters to skip.
    stack: list[tuple[bool, bool, bool, int]] = []
    hidden, tag, only_rtf, skip = False, False, False, 1
    left, begun = 0, False

    def flush() -> None:
        if pending:
            pieces.append(pending.decode(codec, "replace"))
            pending.clear()

    for match in _TOKEN.finditer(rtf):
        word, number, code, symbol, brace, text = match.groups()
        shown = not hidden and not (only_rtf and not tag)
        if brace == b"{":
            stack.append((hidden, tag, only_rtf, skip))
            begun = True
            if len(stack) > 1_000:
                break
            continue
        if brace == b"}":
            if not stack:
                break
            hidden, tag, only_rtf, skip = stack.pop()
        elif word is not None:
            if word in _HIDDEN and begun:
                hidden = True
            elif word == b"htmltag":
                hidden, tag = False, True
            elif word == b"htmlrtf":
                only_rtf = number != b"0"
            elif word == b"uc":
                skip = max(0, min(8, int(number or b"1")))
            elif word == b"u" and number is not None and shown:
                flush()
                value = int(number) % 65_536
                pieces.append(chr(value) if not 0xD800 <= value < 0xE000 else "\ufffd")
                left = skip
            elif word in _BREAKS and shown:
                flush()
                pieces.append(_BREAKS[word])
        elif symbol == b"*":
            hidden = True
        elif shown and code is not None:
            if left:
                left -= 1
            else:
                pending += bytes((int(code, 16),))
        elif shown and symbol is not None:
            pending += {b"~": b"\xa0", b"_": b"-", b"-": b""}.get(symbol, symbol)
        elif shown and text is not None:
            if left:
                cut = min(left, len(text))
                text, left = text[cut:], left - cut
            pending += text
        begun = False
    flush()
    return "".join(pieces), "html" if html else "text"
