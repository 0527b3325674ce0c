"""One chunk of a Windows event log: whether it is sound, and how its chain of records is joined again when it is not.

The layout is that of libevtx's format documentation. A chunk has 512 bytes of header and tables, then records one after
another, each a magic number, its size, its identifier, its time, its content, and the size again.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK_MAGIC = b"ElfChnk\0"
RECORD_MAGIC = b"**\0\0"
CHUNK_BYTES = 65536

#: Where the records of a chunk begin, after its header and the tables of names and templates.
RECORDS_AT = 512

#: Magic, size, identifier, time and the size again: no record is smaller.
RECORD_BYTES = 28

_TABLES_AT = 128

#: How far identifiers may jump over lost records; older records left behind in the unused end of a chunk are not taken up.
_MOST_LOST = 4096


@dataclass(frozen=True, slots=True)
class Link:
    """A record in the chain: offset in the chunk, size, identifier, and whether its frame was found whole."""

    offset: int
    size: int
    identifier: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Check:
    """What the header of a chunk says and whether its checksums hold. ``end`` is where its records are said to end."""

    magic: bool
    header: bool
    records: bool
    first: int
    last: int
    end: int

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.magic and self.header and self.records

    @property
    def expected(self) -> int:
        """How many records the chunk says it has."""
        return self.last - self.first + 1


def check(chunk: bytes) -> Check:
    """Look at the header of a chunk of CHUNK_BYTES and compute its checksums."""
    first, last = struct.unpack_from("<QQ", chunk, 24)
    end, records_sum = struct.unpack_from("<II", chunk, 48)
    (header_sum,) = struct.unpack_from("<I", chunk, 124)
    view = memoryview(chunk)
    header = zlib.crc32(view[_TABLES_AT:RECORDS_AT], zlib.crc32(view[:120])) == header_sum
    plausible = RECORDS_AT <= end <= CHUNK_BYTES
    records = plausible and zlib.crc32(view[RECORDS_AT:end]) == records_sum
    return Check(chunk.startswith(CHUNK_MAGIC), header, records, first, last, end if header and plausible else CHUNK_BYTES)


def goes_on(chunk: bytes, found: Check) -> bool:
    """Whether the log was copied while a record had been written that its chunk does not count yet."""
    return _frame(chunk, found.end, CHUNK_BYTES, found.last) is not None


def repair(chunk: bytes, found: Check) -> tuple[bytes, list[Link]]:
    """The chunk with a clean header, empty tables and an unbroken chain of records, and that chain."""
    links = list(_chain(chunk, found))
    mended = bytearray(chunk)
    mended[:RECORDS_AT] = bytes(RECORDS_AT)
    for link in links:
        if not link.whole:
            struct.pack_into("<4sIQ", mended, link.offset, RECORD_MAGIC, link.size, link.identifier)
            struct.pack_into("<I", mended, link.offset + link.size - 4, link.size)
    if links:
        first, last, tail = links[0].identifier, links[-1].identifier, links[-1]
        end = tail.offset + tail.size
        struct.pack_into("<8sQQQQIII", mended, 0, CHUNK_MAGIC, first, last, first, last, 128, tail.offset, end)
        struct.pack_into("<I", mended, 52, zlib.crc32(mended[RECORDS_AT:end]))
        struct.pack_into("<I", mended, 124, zlib.crc32(mended[_TABLES_AT:RECORDS_AT], zlib.crc32(mended[:120])))
    return bytes(mended), links


def _chain(chunk: bytes, found: Check) -> Iterator[Link]:
    """The records of a chunk, with what lies between two whole ones as one broken record."""
    offset, limit, previous = RECORDS_AT, found.end, -1
    while offset + RECORD_BYTES <= CHUNK_BYTES:
        inside = offset < limit < CHUNK_BYTES
        link = _frame(chunk, offset, limit if inside else CHUNK_BYTES, -1 if inside else previous)
        if link is None:
            following = _next_frame(chunk, offset + RECORD_BYTES, previous)
            if following is not None:
                link = Link(offset, following.offset - offset, previous + 1, whole=False)
            elif inside and limit - offset >= RECORD_BYTES:
                link = Link(offset, limit - offset, previous + 1, whole=False)
            else:
                return
        yield link
        previous = link.identifier
        offset = link.offset + link.size


def _frame(chunk: bytes, offset: int, limit: int, previous: int) -> Link | None:
    """The record at an offset when its frame is whole and it may follow ``previous`` (-1: any may come)."""
    if offset + RECORD_BYTES > limit or chunk[offset : offset + 4] != RECORD_MAGIC:
        return None
    size, identifier = struct.unpack_from("<IQ", chunk, offset + 4)
    if size < RECORD_BYTES or offset + size > limit or identifier >= 1 << 63:
        return None
    if chunk[offset + 4 : offset + 8] != chunk[offset + size - 4 : offset + size]:
        return None
    if previous >= 0 and identifier != previous + 1:
        return None
    return Link(offset, size, identifier, whole=True)


def _next_frame(chunk: bytes, offset: int, previous: int) -> Link | None:
    """The next whole record at or after an offset that is younger than ``previous``."""
    while (offset := chunk.find(RECORD_MAGIC, offset)) >= 0:
        link = _frame(chunk, offset, CHUNK_BYTES, -1)
        if link is not None and (previous < 0 or previous < link.identifier <= previous + _MOST_LOST):
            return link
        offset += 1
    return None
