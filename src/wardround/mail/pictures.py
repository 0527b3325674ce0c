"""QR codes read from pictures, within limits: a picture is opened only when its size in pixels is small enough."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any

#: Pixels of a picture that is opened, its sides, and the bytes of its file.
PIXELS = 6_000_000
SMALLEST = 48
LARGEST = 6_000
FILE_BYTES = 4 << 20
#: Pictures are made smaller than this before they are searched.
_SIDE = 1_400
#: Codes taken from one picture.
_CODES = 4


@dataclass(frozen=True, slots=True)
class Raw:
    """A picture as samples: 1 or 3 bytes a pixel (grey, RGB), or a file in a format of its own (``components`` 0)."""

    data: bytes
    width: int = 0
    height: int = 0
    components: int = 0


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height that the header of a PNG, JPEG, GIF or BMP tells; zeros when it tells none."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    if data[:4] in (b"GIF8",) and len(data) >= 10:
        return struct.unpack("<HH", data[6:10])
    if data[:2] == b"BM" and len(data) >= 26:
        width, height = struct.unpack("<ii", data[18:26])
        return abs(width), abs(height)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    return 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return 0, 0
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + max(2, length)
    return 0, 0


def codes(data: bytes) -> list[str]:
    """The texts of the QR codes in a picture file; none when it is too large, too small or cannot be read."""
    width, height = size_of(data)
    if (
        not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST)
        or width * height > PIXELS
        or len(data) > FILE_BYTES
    ):
        return []
    try:
        from PIL import Image
    except ImportError:
        return []
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "BMP")) as picture:
            if picture.width * picture.height > PIXELS:
                return []
            picture.draft("L", (_SIDE, _SIDE))
            flat: Any = picture
            if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
                flat = Image.new("RGB", picture.size, "white")
                flat.paste(picture.convert("RGBA"), mask=picture.convert("RGBA").getchannel("A"))
            grey = flat.convert("L")
            grey.thumbnail((_SIDE, _SIDE))
            return _read(grey)
    except (OSError, ValueError, SyntaxError, struct.error, MemoryError, Image.DecompressionBombError):
        return []


def codes_of(picture: Raw) -> list[str]:
    """The texts of the QR codes in a picture that a document holds."""
    if picture.components == 0:
        return codes(picture.data)
    if (
        not (SMALLEST <= picture.width <= LARGEST and SMALLEST <= picture.height <= LARGEST)
        or picture.width * picture.height > PIXELS
    ):
        return []
    try:
        from PIL import Image

        mode = "L" if picture.components == 1 else "RGB"
        grey = Image.frombytes(mode, (picture.width, picture.height), picture.data).convert("L")
        grey.thumbnail((_SIDE, _SIDE))
        return _read(grey)
    except (ImportError, ValueError):
        return []


def _read(grey: Any) -> list[str]:
    import zxingcpp

    wanted: Any = zxingcpp.BarcodeFormat.QRCode
    found = zxingcpp.read_barcodes(grey, formats=wanted)
    return [code.text[:4_096] for code in found[:_CODES] if code.text]
