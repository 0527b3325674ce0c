"""Windows event logs, ``.evtx``: as they were closed, as they were copied while in use, cut short or damaged.

After a file header of 4096 bytes, a log is chunks of 64 KiB, each of which can be read alone: it holds its own records,
names and templates. The ``evtx`` library parses them, one chunk at a time behind a clean header made here, so that memory
is bounded, every problem has an exact offset, and neither the header of the file nor another chunk can spoil a chunk.

A chunk that does not check out is repaired first (:mod:`wardround.readers.evtx_chunk`). Every record that the library
cannot read is a diagnostic; the others are kept. Chunks of zeros are ordinary: Windows allocates ahead.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers import evtx_chunk
from wardround.readers.base import SPAN_BYTES, Sink, Source, Span
from wardround.readers.evtx_chunk import CHUNK_BYTES, CHUNK_MAGIC

if TYPE_CHECKING:
    from wardround.readers.base import Reader

FILE_MAGIC = b"ElfFile\0"
HEADER_BYTES = 4096

#: Rows are written once the JSON of about this many bytes has come together.
_BATCH_BYTES = 8 * 1024 * 1024

#: A large log is cut into so many spans, or more: the larger they are, the fewer blocks of few records are written.
_SPANS = 16
_MAX_SPAN_BYTES = 6 * SPAN_BYTES

#: So many logs are kept apart; further ones share a block.
_MAX_LOGS = 16

_CHANNEL = re.compile(rb'"Channel": ?"([^"]{1,200})"')
_RECORD_NUMBER = re.compile(r"record number (\d{1,20})")


def _file_header() -> bytes:
    """The header of a properly closed log of one chunk."""
    header = bytearray(HEADER_BYTES)
    struct.pack_into("<8sQQQIHHHH", header, 0, FILE_MAGIC, 0, 0, 1, 128, 1, 3, HEADER_BYTES, 1)
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    return bytes(header)


_HEADER = _file_header()


class EvtxReader:
    """Reader of Windows event logs; see :class:`wardround.readers.base.Reader`."""

    name = "evtx"

    def sniff(self, head: bytes) -> str | None:
        """``evtx`` when a file header or a chunk stands where it should; the other may be missing or destroyed."""
        if head.startswith((FILE_MAGIC, CHUNK_MAGIC)) or head[HEADER_BYTES : HEADER_BYTES + 8] == CHUNK_MAGIC:
            return "evtx"
        return None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole chunks; the first also has the file header."""
        if source.size is None or source.size < 2 * SPAN_BYTES:
            yield Span()
            return
        with source.open() as stream:
            first = 0 if stream.read(8) == CHUNK_MAGIC else HEADER_BYTES
        size = min(max(source.size // _SPANS // CHUNK_BYTES * CHUNK_BYTES, SPAN_BYTES), _MAX_SPAN_BYTES)
        start = 0
        for end in range(first + size, source.size, size):
            yield Span(start, end)
            start = end
        yield Span(start, source.size)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the chunks of a span into ``windows_event``; a row's record is Windows' EventRecordID."""
        blocks = _Blocks(sink)
        for offset, chunk in _chunks(source, span, sink):
            blocks.add(_records(chunk, offset, sink))
        blocks.close()


READER: Reader = EvtxReader()


def _chunks(source: Source, span: Span, sink: Sink) -> Iterator[tuple[int, bytes]]:
    """The chunks of a span that hold anything, with their offsets; the last one may be short."""
    with source.open() as stream:
        offset, head = span.start, b""
        if offset:
            stream.seek(offset)
        else:
            head = _read(stream, HEADER_BYTES)
            if not head.startswith(CHUNK_MAGIC):
                _check_header(head, sink)
                offset, head = HEADER_BYTES, b""
            else:
                sink.diagnose("header_missing", "The log begins with a chunk; its file header is missing.", 0)
        while span.end < 0 or offset < span.end:
            chunk = head + _read(stream, CHUNK_BYTES - len(head))
            if not chunk:
                return
            head = b""
            if chunk.startswith(CHUNK_MAGIC) or chunk.count(0) < len(chunk):
                yield offset, chunk
            offset += CHUNK_BYTES


def _read(stream: BinaryIO, size: int) -> bytes:
    """Exactly that many bytes, fewer only at the end."""
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _check_header(header: bytes, sink: Sink) -> None:
    if len(header) < HEADER_BYTES:
        sink.diagnose("file_truncated", "The log ends within its file header.", len(header), recovered=False)
    elif not header.startswith(FILE_MAGIC):
        sink.diagnose("header_damaged", "The file header is damaged; the chunks are read all the same.", 0)


def _records(chunk: bytes, offset: int, sink: Sink) -> list[bytes]:
    """The records of a chunk as JSON; what is wrong with it is diagnosed, and made good where that is possible."""
    if len(chunk) < CHUNK_BYTES:
        sink.diagnose("file_truncated", f"The log ends within a chunk, after {len(chunk)} of its bytes.", offset + len(chunk))
        chunk += bytes(CHUNK_BYTES - len(chunk))
    found = evtx_chunk.check(chunk)
    records, errors = _parse(chunk)
    if found.sound and not errors and len(records) == found.expected and not evtx_chunk.goes_on(chunk, found):
        return records
    if not found.magic:
        sink.diagnose("chunk_damaged", "A chunk does not begin as chunks do.", offset)
    elif not found.header:
        sink.diagnose("chunk_damaged", "The header of a chunk does not match its checksum.", offset)
    elif not found.records:
        sink.diagnose("chunk_damaged", "The records of a chunk do not match their checksum.", offset)
    mended, links = evtx_chunk.repair(chunk, found)
    again, more_errors = _parse(mended)
    if len(again) >= len(records):
        records, errors = again, more_errors
    places = {link.identifier: link.offset for link in links}
    for error in errors:
        number = _RECORD_NUMBER.search(error)
        place = places.get(int(number[1]), 0) if number else 0
        sink.diagnose("record_unreadable", error, offset + place)
    return records


def _parse(chunk: bytes) -> tuple[list[bytes], list[str]]:
    """The records of a chunk that the library can read, as JSON, and what it says of the others."""
    from evtx import PyEvtxParser

    records: list[bytes] = []
    errors: list[str] = []
    try:
        stream = PyEvtxParser(io.BytesIO(_HEADER + chunk), number_of_threads=1).records_json()
    except (RuntimeError, OSError) as error:
        return records, [str(error)]
    # After a record that it cannot read the library goes on with the next; a chunk has room for so many records only.
    for _ in range(CHUNK_BYTES // evtx_chunk.RECORD_BYTES):
        try:
            for record in stream:
                records.append(record["data"].encode())  # type: ignore[index]  # noqa: PERF401 (those before an error are kept)
            break
        except RuntimeError as error:
            errors.append(str(error))
    return records, errors


class _Blocks:
    """Collects the records of chunks by the log (Channel) they are of, and writes them in large blocks.

    Events of one log have the same few dozen names. A block of many logs has hundreds, so that every row would be mostly
    nulls, which cost time and memory in all that follows. The first record of a chunk speaks for it: a mixed block is no
    mistake.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._records: dict[bytes, list[bytes]] = {}
        self._sizes: dict[bytes, int] = {}

    def add(self, records: list[bytes]) -> None:
        """Take the records of a chunk; write what is large enough."""
        if not records:
            return
        found = _CHANNEL.search(records[0])
        log = found[1] if found else b""
        if log not in self._records and len(self._records) >= _MAX_LOGS:
            log = b""
        self._records.setdefault(log, []).extend(records)
        self._sizes[log] = self._sizes.get(log, 0) + sum(map(len, records))
        if self._sizes[log] >= _BATCH_BYTES:
            self._write(log)
        elif sum(self._sizes.values()) >= 2 * _BATCH_BYTES:
            self._write(max(self._sizes, key=self._sizes.__getitem__))

    def close(self) -> None:
        """Write what is left."""
        rest = self._records.pop(b"", [])
        for log in [log for log in self._records if self._sizes[log] < _BATCH_BYTES // 8]:
            rest += self._records.pop(log)
        for records in (*self._records.values(), rest):
            _write(records, self._sink)

    def _write(self, log: bytes) -> None:
        del self._sizes[log]
        _write(self._records.pop(log), self._sink)


def _write(records: list[bytes], sink: Sink) -> None:
    from wardround.readers.shred import shred
    from wardround.readers.windows_rows import write_rows
    from wardround.readers.windows_shapes import EVENT

    shredded = shred(b"\n".join(records))
    for bad in shredded.bad:
        sink.diagnose("record_unreadable", f"A record gave JSON that cannot be read: {bad.reason}.")
    shredded.brace_guids()
    write_rows(shredded, EVENT, "", sink)
