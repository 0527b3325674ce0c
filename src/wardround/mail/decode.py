"""Bytes of mail as text: character sets, encoded words, parameters, transfer encodings. Tolerant, bounded, never raising.

RFC 2045 (transfer encodings), 2047 (encoded words), 2231 (parameters), 6532 (UTF-8 in headers), and what mail programs
accept beside them. Only codecs of text are used: Python has others that expand or take quadratic time.
"""

from __future__ import annotations

import binascii
import re
from contextlib import suppress
from functools import lru_cache

#: Characters kept of a decoded header value.
HEADER_CHARACTERS = 16_384

#: Encoded words decoded in one header; a name needs a few, an attack thousands.
_ENCODED_WORDS = 400

_NAMES = """
ascii utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-7 latin-1 big5 big5hkscs gb2312 gbk gb18030 hz euc_jp euc_kr
shift_jis shift_jisx0213 euc_jisx0213 iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_3 iso2022_kr johab koi8_r
koi8_u koi8_t kz1048 ptcp154 tis-620 mac_roman mac_cyrillic mac_greek mac_turkish mac_latin2
iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-11 iso8859-13
iso8859-14 iso8859-15 iso8859-16 cp437 cp850 cp852 cp855 cp858 cp866 cp874 cp932 cp949 cp950 cp1250 cp1251 cp1252
cp1253 cp1254 cp1255 cp1256 cp1257 cp1258
"""
_CODECS = frozenset(_NAMES.split())

#: Names that senders use and Python does not know, or means otherwise than mail programs do (WHATWG Encoding Standard).
_ALIASES = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "ansi_x3.4-1968": "cp1252", "iso-8859-9": "cp1254", "iso-8859-8-i": "iso8859-8", "unicode": "utf-8",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
    "shift_jis": "cp932", "x-sjis": "cp932", "sjis": "cp932", "big5": "big5hkscs", "iso-2022-jp": "iso2022_jp_2",
    "unicode-1-1-utf-7": "utf-7", "utf8": "utf-8", "x-unknown": "utf-8", "unknown-8bit": "utf-8", "8bit": "utf-8",
    "utf-8-sig": "utf-8", "macintosh": "mac_roman", "x-mac-roman": "mac_roman", "windows-874": "cp874", "tis-620": "cp874",
}  # fmt: skip

_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?]{0,2000})\?=")
_BETWEEN = re.compile(r"(\?=)\s+(=\?)")
_HALVES = re.compile("[\ud800-\udfff]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


@lru_cache(maxsize=512)
def codec(charset: str) -> str:
    """The codec to use for a declared character set, empty when there is none that is safe."""
    import codecs

    name = charset.strip().strip("\"'").lower().split("*")[0]
    if name in _ALIASES:
        return _ALIASES[name]
    if not name.isascii() or not name.isprintable() or len(name) > 40 or " " in name:
        return ""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        guess = re.fullmatch(r"(?:x-)?(?:windows|cp|ibm|dos)[-_]?(\d{3,4})", name)
        found = f"cp{guess.group(1)}" if guess else ""
    found = _ALIASES.get(found, found)
    return found if found in _CODECS else ""


def _whole(decoded: str, name: str) -> str:
    """The text without halves of surrogate pairs, which UTF-7 can hold and nothing that reads a text takes."""
    return _HALVES.sub("\ufffd", decoded) if name not in ("utf-8", "cp1252") else decoded


def text(data: bytes, charset: str = "") -> tuple[str, bool]:
    """Bytes as text, and whether the declared character set fitted; else UTF-8 or Windows-1252 is taken."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and len(data) >= 4:
        return data.decode("utf-16", "replace"), True
    name = codec(charset) if charset else "utf-8"
    if name:
        try:
            return _whole(data.decode(name), name), True
        except (UnicodeDecodeError, ValueError):
            pass
    try:
        return data.decode("utf-8"), not charset
    except UnicodeDecodeError:
        name = name if name and name != "utf-8" else "cp1252"
        return _whole(data.decode(name, "replace"), name), False


def _raw(data: bytes) -> str:
    """Header bytes outside encoded words: UTF-8 (RFC 6532), else Windows-1252."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def unfolded(raw: bytes) -> str:
    """A header value on one line, without surrounding blanks, not decoded further."""
    if b"\n" in raw or b"\r" in raw:
        raw = raw.translate(None, b"\r\n")
    return _raw(raw[: 4 * HEADER_CHARACTERS]).strip()[:HEADER_CHARACTERS]


def header_text(raw: bytes) -> str:
    """A header value as people read it: unfolded, encoded words decoded."""
    return words(unfolded(raw))


def words(value: str) -> str:
    """Decode the encoded words of a text (RFC 2047), also where they stand within words, as mail programs do."""
    if "=?" not in value:
        return value
    pieces: list[str | tuple[str, bytes]] = []
    at = 0
    for count, match in enumerate(_WORD.finditer(_BETWEEN.sub(r"\1\2", value))):
        if count >= _ENCODED_WORDS:
            break
        if match.start() > at:
            pieces.append(match.string[at : match.start()])
        charset, how, content = match.groups()
        data = _q(content) if how in "qQ" else base64(content.encode("ascii", "replace"))
        last = pieces[-1] if pieces else ""
        if isinstance(last, tuple) and last[0].lower() == charset.lower():
            pieces[-1] = (charset, last[1] + data)  # a character may be parted between words
        else:
            pieces.append((charset, data))
        at = match.end()
    rest = _BETWEEN.sub(r"\1\2", value)[at:]
    decoded = "".join(piece if isinstance(piece, str) else text(piece[1], piece[0])[0] for piece in pieces) + rest
    return decoded.replace("\r", "").replace("\n", " ")[:HEADER_CHARACTERS]


def _q(content: str) -> bytes:
    return binascii.a2b_qp(content.replace(" ", "_").encode("utf-8", "replace"), header=True)


def base64(data: bytes) -> bytes:
    """Decode base64, whatever stands between its characters; what is cut short gives what is there."""
    end = data[-200:].rstrip().rstrip(b"=")
    if b"=" not in end and b"=" not in data[:-200]:
        with suppress(binascii.Error):  # cut short: the slow way
            return binascii.a2b_base64(data)
    cut = data.find(b"=")
    clean = _NOT_BASE64.sub(b"", data if cut < 0 else data[:cut] + data[cut:].replace(b"=", b""))
    clean = clean[: len(clean) - 1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def transfer(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """Take off a content-transfer-encoding; False when its name is unknown (the bytes are then as they were)."""
    if encoding == "base64":
        return base64(data), True
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data), True
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return uudecode(data), True
    return data, encoding in ("", "7bit", "8bit", "binary")


def uudecode(data: bytes) -> bytes:
    """Decode the lines between ``begin`` and ``end``; damaged lines are left out."""
    start = data.find(b"begin ")
    lines = (data[start:] if start >= 0 else data).split(b"\n")[1:]
    found = []
    for line in lines:
        line = line.rstrip(b"\r")
        if line in (b"end", b"`", b""):
            break
        try:
            found.append(binascii.a2b_uu(line))
        except binascii.Error:
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                found.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(found)


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The value of a structured header and its parameters, decoded (RFC 2231, and encoded words as many programs send)."""
    head, *rest = _split(value)
    found: dict[str, str] = {}
    parted: dict[str, list[tuple[int, bool, str]]] = {}
    for item in rest[:200]:
        name, equals, content = item.partition("=")
        name, content = name.strip().lower(), _unquoted(content.strip())
        if not equals or not name:
            continue
        base, star, number = name.partition("*")
        if not star:
            found.setdefault(name, words(content))
        elif number.rstrip("*").isdigit() and len(number) < 6:
            parted.setdefault(base, []).append((int(number.rstrip("*")), number.endswith("*"), content))
        else:
            parted.setdefault(base, []).append((0, True, content))
    for base, pieces in parted.items():
        found[base] = _joined(pieces)
    return head.strip().lower(), found


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    charset, data = "", b""
    for position, (_, encoded, content) in enumerate(sorted(pieces, key=lambda piece: piece[0])):
        if encoded:
            if position == 0 and content.count("'") >= 2:
                charset, _, content = content.split("'", 2)
            data += _percent(content)
        else:
            data += content.encode("utf-8", "replace")
    return text(data, charset or "utf-8")[0][:HEADER_CHARACTERS]


def _percent(content: str) -> bytes:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(content)


def _split(value: str) -> list[str]:
    """The pieces of a structured value between semicolons outside quotation marks; comments are left out."""
    if '"' not in value and "(" not in value:
        return value.split(";")
    if "(" not in value and "\\" not in value:
        return _split_simply(value)
    pieces: list[str] = []
    piece: list[str] = []
    quoted, comment, escaped = False, 0, False
    for letter in value:
        if escaped:
            escaped = False
        elif letter == "\\" and (quoted or comment):
            escaped = True
        elif letter == '"' and not comment:
            quoted = not quoted
        elif letter == "(" and not quoted and (comment or not piece or piece[-1] in " \t"):
            comment += 1
        elif letter == ")" and comment:
            comment -= 1
            continue
        elif letter == ";" and not quoted and not comment:
            pieces.append("".join(piece))
            piece = []
            continue
        if not comment:
            piece.append(letter)
    pieces.append("".join(piece))
    return pieces


def _split_simply(value: str) -> list[str]:
    """The same where nothing is commented or escaped."""
    pieces, quoted = [""], False
    for number, run in enumerate(value.split('"')):
        if number:
            pieces[-1] += '"'
            quoted = not quoted
        if quoted:
            pieces[-1] += run
        else:
            first, *rest = run.split(";")
            pieces[-1] += first
            pieces += rest
    return pieces


def _unquoted(content: str) -> str:
    if content.startswith('"'):
        end = content.rfind('"')
        content = content[1:end] if end > 0 else content[1:]
        if "\\" in content:
            content = re.sub(r"\\(.)", r"\1", content)
    return content
