"""The bytes of a DICOM file through a window, and what a run of bytes is by its magic number: program, archive, document."""

from __future__ import annotations

import struct
from typing import BinaryIO

#: How much is read when the walk leaves what is in memory.
WINDOW_BYTES = 256 * 1024

#: Of what follows the data set, and of the end of a file, so much is searched (a ZIP's comment is at most 64 KiB).
SEARCHED_BYTES = 66 * 1024

#: The shortest value that is looked at for a program.
SHORTEST_PROGRAM = 64

#: Shorter text that begins with ``MZ`` is rather the magic number.
SHORTEST_WORDS = 8

#: First two bytes of everything that :func:`kind_of` knows; anything else need not be asked about.
FIRST_BYTES = frozenset(
    (b"MZ", b"\x7fE", b"PK", b"Ra", b"7z", b"#!", b"%P", b"\xca\xfe", b"\xfe\xed", b"\xcf\xfa", b"\xce\xfa", b"MS", b"\x1f\x8b",
     b"<h", b"<H", b"<!", b"<s", b"<S", b"<?", b"<%", b"@e", b"@E", b"%!")
)  # fmt: skip

_ARCHIVES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"MSCF\0\0\0\0", "cab"),
)
_PROGRAMS = (
    (b"\xca\xfe\xba\xbe\0\0\0", "java"),
    (b"\xfe\xed\xfa\xce", "macho"),
    (b"\xfe\xed\xfa\xcf", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\xcf\xfa\xed\xfe", "macho"),
)
_SCRIPTS = (b"#!", b"<?php", b"<%", b"@echo", b"%!ps")
_PAGES = (b"<html", b"<!doctype html", b"<script", b"<svg", b"<hta:", b"<body", b"<iframe", b"<?xml")

#: Kinds that run.
PROGRAM_KINDS = frozenset(("pe", "mz", "elf", "java", "macho", "script"))

#: Kinds that hold other files.
ARCHIVE_KINDS = frozenset(("zip", "rar", "7z", "cab", "gzip"))


class Octets:
    """Bytes of known ``size``, of which ``data`` (beginning at ``base``) is in memory; without a stream that is all of it."""

    __slots__ = ("_stream", "base", "data", "size")

    def __init__(self, data: bytes, size: int, stream: BinaryIO | None = None) -> None:
        self.data, self.base, self.size = data, 0, size
        self._stream = stream

    def see(self, position: int, length: int) -> None:
        """Bring ``length`` bytes at ``position`` into memory, or as many of them as there are."""
        length = min(length, self.size - position)
        if length <= 0 or self._stream is None or (position >= self.base and position + length <= self.base + len(self.data)):
            return
        self._stream.seek(position)
        self.data, self.base = self._stream.read(max(WINDOW_BYTES, length)), position

    def get(self, position: int, length: int) -> bytes:
        """The bytes there, fewer at the end."""
        self.see(position, length)
        offset = position - self.base
        return self.data[offset : offset + length] if offset >= 0 else b""


def kind_of(octets: Octets, start: int, *, sure: bool = True) -> str:
    """What begins at ``start``: pe, mz, elf, java, macho, script, zip, rar, 7z, cab, gzip, pdf, html, or empty.

    When ``sure``, a program must have more than its magic number: a PE header behind ``MZ``, an ELF identification.
    """
    head = octets.get(start, 64)
    if head.startswith(b"MZ"):
        return _dos_kind(octets, start, head) if len(head) == 64 else "" if sure else "mz"
    if head.startswith(b"\x7fELF"):
        identified = len(head) > 6 and head[4] in (1, 2) and head[5] in (1, 2) and head[6] == 1
        return "elf" if identified or not sure else ""
    for magic, kind in (*_ARCHIVES, *_PROGRAMS):
        if head.startswith(magic):
            return kind
    if head.startswith(b"\x1f\x8b\x08") and not head[3] & 0xE0:
        return "gzip"
    if head.startswith(b"%PDF-"):
        return "pdf"
    lowered = head.lower()
    if lowered.startswith(_SCRIPTS):
        return "script"
    return "html" if lowered.startswith(_PAGES) else ""


def _dos_kind(octets: Octets, start: int, head: bytes) -> str:
    header = start + int(struct.unpack_from("<I", head, 60)[0])
    return "pe" if header < octets.size and octets.get(header, 4) == b"PE\0\0" else "mz"


def preamble_kind(octets: Octets) -> tuple[str, str]:
    """Class of the 128 bytes before ``DICM`` and, where they are what no image needs, the kind :func:`kind_of` gives.

    Classes: zero, tiff, text, executable, elf, script, archive, pdf, html, other. TIFF is legitimate (PS3.10, 7.1).
    """
    preamble = octets.get(0, 128)
    if not any(preamble):
        return "zero", ""
    if preamble.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff", ""
    plain = is_text(preamble)
    kind = kind_of(octets, 0, sure=False)
    if kind == "mz" and plain and len(preamble.rstrip(b"\0")) >= SHORTEST_WORDS:  # words that begin with these letters
        kind = ""
    if not kind and b"%PDF-" in preamble:  # a viewer looks for it in the first 1,024 bytes
        kind = "pdf"
    if not kind:
        return ("text", "") if plain else ("other", "")
    if kind in ("elf", "script", "pdf", "html"):
        return kind, kind
    return ("archive", kind) if kind in ARCHIVE_KINDS else ("executable", kind)


def is_text(data: bytes) -> bool:
    """Whether bytes are printable ASCII or Latin-1 text, padded with zeros or not."""
    plain = data.rstrip(b"\0")
    return bool(plain) and all(byte >= 0xA0 or 0x20 <= byte < 0x7F or byte in (9, 10, 13) for byte in plain)


def zip_at_end(octets: Octets) -> int:
    """Where the end record of a ZIP stands whose directory is where it says, at the end of the file; -1 for none."""
    start = max(0, octets.size - SEARCHED_BYTES)
    tail = octets.get(start, SEARCHED_BYTES)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < 22:
        return -1
    size = int(struct.unpack_from("<I", tail, place + 12)[0])
    directory = start + place - size
    return start + place if size >= 46 and directory >= 0 and octets.get(directory, 4) == b"PK\x01\x02" else -1


def search(octets: Octets, start: int) -> list[tuple[str, int]]:
    """Programs, archives and documents in the first part of what follows the data set, as (kind, position)."""
    tail = octets.get(start, SEARCHED_BYTES)
    found: dict[str, int] = {}
    if kind := kind_of(octets, start, sure=False):
        found[kind] = start
    for magic in (
        b"MZ",
        b"\x7fELF",
        b"PK\x03\x04",
        b"Rar!\x1a\x07",
        b"7z\xbc\xaf\x27\x1c",
        b"%PDF-",
        b"#!/",
        b"<script",
        b"<html",
    ):
        place, tries = tail.find(magic), 0
        while place >= 0 and tries < 1_000:
            kind = kind_of(octets, start + place)
            if kind and kind != "mz":  # two letters alone occur by chance
                found.setdefault(kind, start + place)
                break
            place, tries = tail.find(magic, place + 1), tries + 1
    return [*found.items()]
