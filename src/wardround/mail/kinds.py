"""What the bytes of an attachment are, whatever its name and declared type say."""

from __future__ import annotations

import re

_CONTROL = bytes((*range(9), *range(14, 32)))

#: How much of the beginning decides, and where an ISO 9660 volume says that it is one.
HEAD = 4_096
_ISO_AT = 0x8001

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rt", "rtf"),
    (b"MZ", "executable"),
    (b"\x7fELF", "executable"),
    (b"\xca\xfe\xba\xbe", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "lnk"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"MSCF", "cab"),
    (b"ITSF", "chm"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote"),
    (b"vhdxfile", "vhd"),
    (b"conectix", "vhd"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"BEGIN:VCALENDAR", "ics"),
    (b"BEGIN:VCARD", "vcf"),
    (b"\x00\x00\x01\x00", "ico"),
    (b"wOFF", "font"),
    (b"ID3", "media"),
    (b"OggS", "media"),
)

_HTML = re.compile(
    rb"<\s*(?:!doctype\s+html|html|head|body|script|form|iframe|meta\b|table|div\b|p\b|a\s|br\b|span|center|style)", re.I
)
_RDP = re.compile(
    rb"^(?:full address|screen mode id|remoteapplicationmode|alternate full address|prompt for credentials):[sib]:", re.I | re.M
)
_MAIL = re.compile(
    rb"^(?:Received|Return-Path|From|To|Subject|Date|Message-ID|MIME-Version|Delivered-To|X-[\w-]{1,60}):[ \t]", re.I
)


def kind_of(data: bytes, size: int | None = None) -> str:
    """One word for the content: pdf, png, html, zip, docx, ole, executable, iso, text …; ``unknown`` when nothing tells."""
    head = data[:HEAD]
    if not head:
        return "empty"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip(data)
    if head[:4] == b"RIFF":
        return "webp" if head[8:12] == b"WEBP" else "media"
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "media"
    if head.startswith(b"BM") and len(head) > 26 and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124):
        return "bmp"
    if data[_ISO_AT : _ISO_AT + 5] in (b"CD001", b"BEA01", b"NSR02", b"NSR03"):
        return "iso"
    if head[257:262] == b"ustar":
        return "tar"
    if data[-512:].startswith(b"conectix") and size in (None, len(data)):
        return "vhd"
    return _text(head)


def _zip(data: bytes) -> str:
    """The office format that a zip archive holds, else ``zip``."""
    window = data[:65_536] + data[-65_536:]
    if b"mimetypeapplication/vnd.oasis" in window:
        return "opendocument"
    if b"[Content_Types].xml" in window:
        for folder, name in ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx")):
            if folder in window:
                return name
        return "zip"
    if b"META-INF/MANIFEST.MF" in window:
        return "jar"
    return "apk" if b"AndroidManifest.xml" in window else "zip"


def _text(head: bytes) -> str:
    """A kind of text, or ``unknown``."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"\x00" in plain:
        return "unknown"
    lowered = plain[:64].lower()
    if lowered.startswith(b"<svg") or (lowered.startswith((b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in plain.lower()):
        return "svg"
    folded = plain.lower()
    if (b":s:" in folded or b":i:" in folded or b":b:" in folded) and _RDP.search(plain):
        return "rdp"
    if plain[:20].upper().startswith((b"BEGIN:VCALENDAR", b"BEGIN:VCARD")):
        return "ics" if plain[6:15].upper() == b"VCALENDAR" else "vcf"
    if lowered.startswith(b"<?xml") and b"<html" not in plain.lower():
        return "xml"
    if _HTML.search(plain):
        return "html"
    if plain.startswith(b"<"):
        return "xml"
    if _MAIL.match(plain):
        return "eml"
    if plain[:1] in b"{[" and plain[:1]:
        return "json"
    start = plain[:1024]
    control = len(start) - len(start.translate(None, _CONTROL))
    return "text" if control * 50 <= len(start) else "unknown"
