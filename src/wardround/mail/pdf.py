"""What a PDF of a mail leads to: links, scripts, pictures that may hold a code. Not a renderer; bounded in every way.

ISO 32000: objects are looked for by their keywords, streams with FlateDecode are inflated within limits, other filters are
left alone. A code drawn with lines instead of a picture is not seen.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field

from wardround.mail.pictures import PIXELS, Raw

#: Bytes of a document that are looked at, streams that are inflated, bytes that all of them may give.
BYTES = 8 << 20
STREAMS = 120
INFLATED = 12 << 20
_ONE = 8 << 20
LINKS = 50
PICTURES = 6

_STREAM = re.compile(rb"stream\r?\n")
_URI = re.compile(rb"/URI\s*\(((?:[^()\\]|\\.){1,2000})\)")
_NUMBER = {
    name: re.compile(rb"/" + name + rb"\s+(\d{1,7})\b")
    for name in (b"Width", b"Height", b"BitsPerComponent", b"Colors", b"Predictor", b"Length")
}
_ACTIVE = ((b"/JavaScript", "JavaScript"), (b"/Launch", "Launch"), (b"/EmbeddedFile", "EmbeddedFile"))


@dataclass(slots=True)
class Inside:
    """What was found: URLs, pictures, the name of what runs, and whether the document is encrypted."""

    links: list[str] = field(default_factory=list)
    pictures: list[Raw] = field(default_factory=list)
    active: str = ""
    encrypted: bool = False


def inside(data: bytes) -> Inside:
    """What a PDF document leads to."""
    data = data[:BYTES]
    found = Inside(encrypted=b"/Encrypt" in data)
    _objects(data, found)
    room, at = INFLATED, 0
    for _ in range(STREAMS):
        match = _STREAM.search(data, at)
        if match is None or room <= 0:
            break
        head = data[max(at, match.start() - 2_000) : match.start()]
        head = head[max(head.rfind(b" obj"), 0) :]
        end = data.find(b"endstream", match.end())
        end = len(data) if end < 0 else end
        body, at = data[match.end() : end], end
        room -= _stream(head, body, found, room)
    return found


def _objects(data: bytes, found: Inside) -> None:
    for match in _URI.finditer(data):
        url = re.sub(rb"\\(.)", rb"\1", match.group(1)).decode("latin-1")
        if url not in found.links and len(found.links) < LINKS and url.lower().startswith(("http", "www.")):
            found.links.append(url)
    for mark, name in _ACTIVE:
        if mark in data and not found.active:
            found.active = name


def _stream(head: bytes, body: bytes, found: Inside, room: int) -> int:
    """Looks into one stream; tells how many bytes it gave."""
    picture = re.search(rb"/Subtype\s*/Image\b", head) is not None
    if picture and b"/DCTDecode" in head and b"/FlateDecode" not in head:
        if len(found.pictures) < PICTURES:
            found.pictures.append(Raw(body))
        return 0
    if b"/FlateDecode" not in head:
        return 0
    wanted = picture or b"/ObjStm" in head or b"/Type" not in head
    if not wanted or (picture and len(found.pictures) >= PICTURES):
        return 0
    try:
        plain = zlib.decompressobj().decompress(body, min(room, _ONE))
    except zlib.error:
        return 0
    if picture:
        _picture(head, plain, found)
    elif b"/ObjStm" in head:
        _objects(plain, found)
    return len(plain)


def _picture(head: bytes, plain: bytes, found: Inside) -> None:
    number = {name: int(m.group(1)) if (m := pattern.search(head)) else 0 for name, pattern in _NUMBER.items()}
    width, height, bits = number[b"Width"], number[b"Height"], number[b"BitsPerComponent"] or 1
    if not 0 < width * height <= PIXELS:
        return
    if b"/DCTDecode" in head:
        found.pictures.append(Raw(plain))
        return
    if bits == 1:
        line = (width + 7) // 8
        if len(plain) < line * height:
            return
        samples = bytearray()
        for row in range(height):
            packed = plain[row * line : (row + 1) * line]
            samples += bytes(255 if packed[x >> 3] >> (7 - (x & 7)) & 1 else 0 for x in range(width))
        found.pictures.append(Raw(bytes(samples), width, height, 1))
        return
    for components in (3, 1):
        line = width * components
        if bits == 8 and len(plain) in (line * height, (line + 1) * height):
            if len(plain) != line * height:
                plain = _unpredicted(plain, line, height, components)
            found.pictures.append(Raw(plain, width, height, components))
            return


def _unpredicted(plain: bytes, line: int, height: int, step: int) -> bytes:
    """PNG predictors undone (ISO 32000, 7.4.4.4): none, sub and up; rows with others are left as they are."""
    out = bytearray()
    above = bytes(line)
    for row in range(height):
        kind, now = plain[row * (line + 1)], bytearray(plain[row * (line + 1) + 1 : (row + 1) * (line + 1)])
        if kind == 1:
            for x in range(step, line):
                now[x] = (now[x] + now[x - step]) & 255
        elif kind == 2:
            now = bytearray((a + b) & 255 for a, b in zip(now, above, strict=True))
        out += now
        above = bytes(now)
    return bytes(out)
