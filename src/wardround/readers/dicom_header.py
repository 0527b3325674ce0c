"""One DICOM file from its bytes to what the tables keep of it: preamble, meta group, data set, documents, what follows.

The file is judged here, with bounds, before any library or codec sees it.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from typing import Literal

from wardround.readers.dicom_octets import ARCHIVE_KINDS, SEARCHED_BYTES, Octets, kind_of, preamble_kind, search, zip_at_end
from wardround.readers.dicom_values import (
    META_CLASS,
    META_LENGTH,
    SYNTAX,
    WANTED,
    WANTED_META,
    WANTED_NESTED,
    number,
    uid,
)
from wardround.readers.dicom_walk import LONG_VRS, SHORT_VRS, UNDEFINED, Walk, Walked

IMPLICIT, DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"

#: A deflated data set may become so large, in all and beside what is stored (deflate's own ceiling is 1,032).
INFLATED_BYTES = 64 * 1024 * 1024
INFLATED_RATIO = 500
INFLATED_FREE = 4 * 1024 * 1024

#: An image that claims to be larger than this, and so many times larger than what is stored, is made to exhaust memory.
BOMB_BYTES = 16 << 30
BOMB_RATIO = 2_000

#: Behind a deflated data set some programs leave what ends a gzip file, and a byte that makes the length even.
TRAILER_BYTES = 9

_VRS = LONG_VRS | SHORT_VRS
_BLOCK = 1 << 20
_META_LENGTH = b"\2\0\0\0UL\4\0"


@dataclass(slots=True)
class Header:
    """What was found in one file; ``walked`` is the data set, ``meta`` the values of the file meta information."""

    part10: bool
    preamble: str
    walked: Walked
    meta: dict[int, bytes] = field(default_factory=dict)
    explicit: bool = True
    big: bool = False
    anomalies: set[str] = field(default_factory=set)
    embedded: list[tuple[str, int]] = field(default_factory=list)
    document_kind: str | None = None
    trailing: int = 0
    #: Whether positions within the data set are of the file (not of what was inflated).
    stored: bool = True

    @property
    def readable(self) -> bool:
        """Whether the data set could be read to its end or to the pixel data."""
        return self.walked.readable and self.walked.elements > 0


def is_headerless(head: bytes) -> tuple[bool, bool] | None:
    """Whether bytes begin a data set without a file header: (explicit VRs, big endian), None when they do not.

    It must begin in group 2 or 8 and be a walk of at least four elements of standard groups in rising order, up to where the
    head ends, with a UID where a UID belongs. Other binary formats do not pass that, and text cannot.
    """
    if len(head) < 32 or head[:2] not in (b"\x08\0", b"\0\x08", b"\x02\0", b"\0\x02"):
        return None
    big = head[0] == 0
    explicit = head[4:6] in _VRS
    if big and not explicit:
        return None
    order: Literal["big", "little"] = "big" if big else "little"
    position, last, elements, identified = 0, -1, 0, False
    while position + 12 <= len(head) and elements < 64:
        group, element = (
            int.from_bytes(head[position : position + 2], order),
            int.from_bytes(head[position + 2 : position + 4], order),
        )
        tag, vr = group << 16 | element, head[position + 4 : position + 6]
        if tag <= last or group > 0x7FE0 or (group & 1 and group < 9):
            break
        header, length = 8, int.from_bytes(head[position + 4 : position + 8], order)
        if explicit:
            if vr not in _VRS:
                break
            length = int.from_bytes(head[position + 6 : position + 8], order)
            if vr in LONG_VRS:
                header, length = 12, int.from_bytes(head[position + 8 : position + 12], order)
        last, elements = tag, elements + 1
        if length == UNDEFINED or position + header + length > len(head):
            break
        if tag in (0x00020002, 0x00020010, 0x00080016, 0x00080018, 0x0020000D):
            identified = uid(head[position + header : position + header + length]) is not None
            if not identified:
                return None
        position += header + length
    return (explicit, big) if identified and elements >= 4 else None


def examine(octets: Octets) -> Header | None:
    """Judge one file; None when it is neither a DICOM file nor a data set without a header."""
    if octets.get(128, 4) == b"DICM":
        preamble, kind = preamble_kind(octets)
        header = Header(True, preamble, Walked())
        if kind:
            header.embedded.append((kind, 0))
        start = _meta(octets, 132, header)
    elif octets.get(0, 4) == b"DICM":
        header = Header(False, "absent", Walked())
        header.anomalies.add("no_preamble")
        start = _meta(octets, 4, header)
    else:
        raw = is_headerless(octets.get(0, 4096))
        if raw is None:
            return None
        header = Header(False, "absent", Walked())
        start = 0
        if octets.get(0, 2) == b"\2\0":
            start = _meta(octets, 0, header)
        else:
            header.anomalies.add("no_header")
            header.explicit, header.big = raw
    _data_set(octets, start, header)
    return header


def _meta(octets: Octets, start: int, header: Header) -> int:
    """Read the file meta information; where the data set begins."""
    explicit = octets.get(start + 4, 2) in _VRS
    if not explicit:
        header.anomalies.add("meta_implicit")  # PS3.10 wants explicit VRs there, whatever follows
    first = octets.get(start, 12)
    end = start + 12 + int.from_bytes(first[8:], "little") if first.startswith(_META_LENGTH) else 0
    if explicit and start + 12 < end <= octets.size - 2 and octets.get(end, 2) != b"\2\0":
        walked = Walk(octets, WANTED_META, frozenset()).run(start, explicit, False, end=end)
        if walked.end != end or not walked.readable or walked.anomalies:  # the length lies: element by element then
            walked = Walk(octets, WANTED_META, frozenset()).run(start, explicit, False, only_group=2)
    else:
        walked = Walk(octets, WANTED_META, frozenset()).run(start, explicit, False, only_group=2)
    header.meta = walked.values
    header.anomalies |= walked.anomalies
    header.embedded += walked.embedded
    if not walked.elements:
        header.anomalies.add("no_meta")
    told = number(walked.values.get(META_LENGTH))
    if told is None:
        if walked.elements:
            header.anomalies.add("no_meta_length")
    elif abs(start + 12 + told - walked.end) > 0:
        header.anomalies.add("meta_length")
    return walked.end


def _syntax(octets: Octets, start: int, header: Header, syntax: str) -> None:
    """Decide how the data set is encoded: as its transfer syntax says, unless its first element says otherwise."""
    told_explicit, told_big = syntax != IMPLICIT, syntax == BIG_ENDIAN
    first = octets.get(start, 8)
    seems_explicit = first[4:6] in _VRS
    group = first[:2]
    seems_big = seems_explicit and len(first) == 8 and group[0] == 0 and group[1] != 0
    header.explicit, header.big = seems_explicit if len(first) == 8 else told_explicit, seems_big
    if not syntax:
        header.anomalies.add("no_transfer_syntax")
    elif len(first) == 8 and (told_explicit, told_big) != (header.explicit, header.big):
        header.anomalies.add("syntax_mismatch")


def _data_set(octets: Octets, start: int, header: Header) -> None:
    raw = header.meta.get(SYNTAX)
    syntax = (uid(raw) or "") if raw else ""
    inside, begin, unused = octets, start, 0
    if syntax == DEFLATED:
        inflated, unused = _inflate(octets, start, header)
        if inflated is not None:
            inside, begin, header.stored = Octets(inflated, len(inflated)), 0, False
    if "no_header" not in header.anomalies:
        _syntax(inside, begin, header, syntax)
    nested = WANTED_NESTED
    header.walked = Walk(inside, WANTED, nested).run(begin, header.explicit, header.big)
    walked = header.walked
    header.anomalies |= walked.anomalies
    header.embedded += walked.embedded if header.stored else [(kind, start) for kind, _ in walked.embedded]
    _document(inside, header)
    _frames(header, syntax)
    _rest(octets, header, walked.end if header.stored else octets.size - unused)


def _inflate(octets: Octets, start: int, header: Header) -> tuple[bytes | None, int]:
    """The data set of the deflated transfer syntax (PS3.5, A.5), within bounds, and how many bytes follow it."""
    inflater = zlib.decompressobj(-15)
    parts: list[bytes] = []
    position, given = start, 0
    while position < octets.size and not inflater.eof:
        block = octets.get(position, _BLOCK)
        if not block:
            break
        position += len(block)
        limit = min(INFLATED_BYTES, max(INFLATED_FREE, INFLATED_RATIO * (position - start)))
        try:
            data = inflater.decompress(block, limit - given + 1)
        except zlib.error:
            header.anomalies.add("damaged_deflate")
            break
        given += len(data)
        parts.append(data)
        if given > limit or inflater.unconsumed_tail:
            header.anomalies.add("deflate_bomb")
            break
    if not parts or not given:
        return None, 0
    unused = len(inflater.unused_data) + octets.size - position if inflater.eof else 0
    return b"".join(parts), unused


def _document(octets: Octets, header: Header) -> None:
    """What an encapsulated document is by its bytes (PS3.3, C.24.2), beside the MIME type it has."""
    if header.walked.document is None:
        return
    start, length = header.walked.document
    kind = kind_of(octets, start, sure=False) if length else "empty"
    if not kind:
        beginning = octets.get(start, min(1024, length))
        stripped = beginning.lstrip(b"\xef\xbb\xbf\r\n\t ")
        pdf = beginning.find(b"%PDF-")
        kind = "pdf" if pdf >= 0 else "xml" if stripped.startswith(b"<") else "text" if _texty(beginning) else "other"
    elif kind == "html" and octets.get(start, 5).lower() == b"<?xml":
        kind = "xml"
    header.document_kind = kind
    mime = (header.walked.values.get(0x00420012) or b"").strip(b"\0 ").lower()
    if kind in ("pe", "mz", "elf", "java", "macho", "script"):
        header.embedded.append((kind, start))
        header.anomalies.add("mime_mismatch")
    elif kind != "empty" and not _fits(mime, kind):
        header.anomalies.add("mime_mismatch")
        if kind in (*ARCHIVE_KINDS, "html"):
            header.embedded.append((kind, start))


def _fits(mime: bytes, kind: str) -> bool:
    """Whether a document of this kind may have this MIME type; types that we cannot judge may be anything harmless."""
    if mime == b"application/pdf":
        return kind == "pdf"
    if mime.endswith((b"/xml", b"+xml")) or mime in (b"text/xml", b"text/html"):
        return kind in ("xml", "html")
    if mime.startswith(b"text/"):
        return kind in ("text", "xml")
    if b"zip" in mime:
        return kind in ARCHIVE_KINDS
    return kind not in ARCHIVE_KINDS and kind != "html"


def _texty(data: bytes) -> bool:
    return bool(data) and all(byte >= 0x20 or byte in (0, 9, 10, 13) for byte in data)


def _frames(header: Header, syntax: str) -> None:
    """Images that claim to be far larger than they are."""
    values, walked = header.walked.values, header.walked
    frames = number(values.get(0x00280008), digits=True) or 1
    rows, columns, samples, bits = (
        number(values.get(tag), big=header.big) or 1 for tag in (0x00280010, 0x00280011, 0x00280002, 0x00280100)
    )
    claimed = frames * rows * columns * samples * max(1, bits // 8)
    stored = walked.pixel[1] - walked.pixel[0] if walked.pixel else 0
    video = syntax.startswith("1.2.840.10008.1.2.4.10")
    if claimed > BOMB_BYTES and claimed > BOMB_RATIO * max(1, stored) and not video:
        header.anomalies.add("frame_bomb")
    if walked.pixel is None or not walked.readable:
        return
    if walked.fragments < 0:
        if stored < claimed // (8 if bits == 1 else 1) and 0x00280010 in values and "beyond_end" not in header.anomalies:
            header.anomalies.add("pixel_length")
    elif frames > walked.fragments and not video:
        header.anomalies.add("fragments_missing")


def _rest(octets: Octets, header: Header, end: int) -> None:
    """Bytes after the end of the data set. Zeros, a newline or one odd byte are padding."""
    rest = octets.size - end
    at_end = zip_at_end(octets)
    if at_end >= 0:
        header.embedded.append(("zip", at_end))
    if rest <= 0:
        return
    beginning = octets.get(end, SEARCHED_BYTES)
    padding = not beginning.strip(b"\0\r\n\x1a ") or (not header.stored and rest <= TRAILER_BYTES)
    found = [] if padding else search(octets, end)
    if not header.walked.readable and not found:  # broken in the middle, and not continued by something else
        return
    header.trailing = rest
    header.walked.readable = True
    header.embedded += [pair for pair in found if pair[0] != "zip" or at_end < 0]
    if not padding:
        header.anomalies.add("trailing_data")


def digest(octets: Octets, start: int, end: int) -> str:
    """SHA-256 of a run of bytes, read in blocks."""
    if start >= octets.base and end <= octets.base + len(octets.data):
        return hashlib.sha256(memoryview(octets.data)[start - octets.base : end - octets.base]).hexdigest()
    state = hashlib.sha256()
    while start < end and (block := octets.get(start, min(_BLOCK, end - start))):
        state.update(block)
        start += len(block)
    return state.hexdigest()


def media_class(header: Header) -> str | None:
    """SOP class that the file meta information states."""
    raw = header.meta.get(META_CLASS)
    return uid(raw) if raw else None
