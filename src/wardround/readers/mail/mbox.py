"""Reader of mailboxes in one file (mbox, RFC 4155) in all dialects: mboxo, mboxrd, mboxcl, mboxcl2, and Mozilla's and Eudora's.

Messages begin at a line ``From sender date`` which a header line follows. Where
``Content-Length`` leads exactly to such a place or to the end, lines between are the message's even if they look like a
beginning (mboxcl2). ``>From`` loses one mark (mboxrd; mboxo is the same for what it writes). ``record`` is the index of
the message. Sources: RFC 4155; J. Hall, *mbox* (5), qmail; R. Allbery, *mboxcl*; Mozilla's and Eudora's own mailboxes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers.base import Sink, Source, Span

if TYPE_CHECKING:
    from wardround.readers.base import Reader

MBOX = "mbox"

#: Mailboxes are cut finer than logs: a byte of mail takes much longer to read, and cores would wait for the last one.
SPAN_BYTES = 4 << 20

_BLOCK = 256 << 10

#: What a line that begins a message and the line after it must look like, in so many bytes.
_LINE = 1_000
_BEGIN = re.compile(
    rb"From (?:\S{0,320}[ \t]{1,10}|\"[^\"\n]{0,200}\"\S{0,200}[ \t]{1,10})?"
    rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ \t]|[^\n]{0,80}\d\d:\d\d)[^\n]{0,120}\r?\n(?:>?[!-9;-~]{1,100}[ \t]*:|[ \t\r]*\n)"
)
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


class MboxReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "mbox"

    def sniff(self, head: bytes) -> str | None:
        """A line that begins a message, and a header after it."""
        return MBOX if _BEGIN.match(head[: 2 * _LINE].lstrip(b"\r\n")) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of some SPAN_BYTES that begin with a message; compressed mailboxes are read in one piece."""
        if source.size is None or source.size < 2 * SPAN_BYTES:
            yield Span()
            return
        start, first = 0, 1
        with source.open() as stream:
            for index, (offset, _) in enumerate(_messages(stream, keep=0), 1):
                if offset - start >= SPAN_BYTES:
                    yield Span(start, offset, first)
                    start, first = offset, index
        yield Span(start, source.size, first)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the messages of a span, one after another."""
        from wardround.readers.mail.desk import MESSAGE_BYTES, Desk

        desk = Desk(sink, source.path)
        try:
            with source.open() as stream:
                if span.start:
                    stream.seek(span.start)
                length = span.end - span.start if span.end >= 0 else -1
                for index, (offset, data) in enumerate(_messages(stream, MESSAGE_BYTES, length), span.first_record):
                    if len(data) > MESSAGE_BYTES:
                        told = f"Only the first {MESSAGE_BYTES >> 20} MiB of a message were read."
                        sink.diagnose("message_too_long", told, span.start + offset)
                        data = data[:MESSAGE_BYTES]
                    desk.take(_QUOTED.sub(rb"\1", data) if b"\n>From " in data or b"\n>>" in data else data, index)
        finally:
            desk.close()


def _messages(stream: BinaryIO, keep: int, length: int = -1) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes (at most ``keep`` and one more) of every message in ``length`` bytes of a stream."""
    window = _Window(stream, length, keep)
    begin = 0
    while begin >= 0:
        end = _next(window, begin)
        yield begin, window.take(end)
        begin = end


def _next(window: _Window, begin: int) -> int:
    """The offset of the message after the one that begins at ``begin``; -1 when there is none."""
    declared = _declared_end(window, begin)
    at = begin + 1
    if declared is not None:
        if declared < 0:
            return -1
        at = declared
    return window.find_begin(at)


def _declared_end(window: _Window, begin: int) -> int | None:
    """Where Content-Length says that the message ends (-1: with the file); None when that is no end."""
    head = window.peek(begin, 64 << 10)
    one = head.find(b"\n\n")
    two = head.find(b"\n\r\n", 0, one + 1 if one >= 0 else len(head))
    stop = min((place for place in (one, two) if place >= 0), default=-1)
    stated = stop >= 0 and b"content-length" in head[:stop].lower()
    match = _LENGTH.search(head, 0, stop + 1) if stated else None
    if match is None:
        return None
    body = begin + stop + (2 if stop == one else 3)
    end = body + int(match.group(1))
    if end - begin > window.REACH:
        return None
    after = window.peek(end, _LINE * 2)
    rest = after.lstrip(b"\r\n")
    if len(after) - len(rest) > 4:
        return None
    if not rest:  # a length that leads beyond the end is a lie that would hide every message after it
        return -1 if window.ends_at(end + len(after)) else None
    return end + len(after) - len(rest) - 1 if _BEGIN.match(rest) else None


class _Window:
    """A stream seen through a buffer that moves forward: what lies before the message at hand is forgotten."""

    #: How far ahead of the message at hand the buffer may reach.
    REACH = 48 << 20

    def __init__(self, stream: BinaryIO, length: int, keep: int) -> None:
        self._stream = stream
        self._left = length
        self._base = stream.tell() if stream.seekable() else -1  # where offset 0 is
        self._keep = keep
        self._data = bytearray()
        self._start = 0  # offset of the first byte of the buffer
        self._past = 0  # bytes of the buffer that lie before the message at hand; they go when more is read
        self._kept = b""  # the beginning of the message at hand, once it is no longer in the buffer
        self._over = False

    def _fill(self, upto: int) -> None:
        while not self._over and self._start + len(self._data) < upto:
            block = self._stream.read(_BLOCK if self._left < 0 else min(_BLOCK, self._left))
            self._left -= len(block) if self._left > 0 else 0
            self._over = not block
            self._drop(self._past)
            self._data += block

    def _drop(self, count: int) -> None:
        """Forget so many bytes; done once a block, for it moves what follows."""
        del self._data[:count]
        self._start += count
        self._past -= count

    def _cut(self, begin: int, end: int) -> bytes:
        """Bytes between two places of the buffer."""
        return bytes(memoryview(self._data)[begin:end])

    def peek(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes at an offset."""
        if self._base >= 0 and offset > self._start + len(self._data) + _BLOCK:
            return self._far(offset, size)
        self._fill(offset + size)
        return self._cut(offset - self._start, offset - self._start + size)

    def _far(self, offset: int, size: int) -> bytes:
        """The same far ahead, without what lies between: a length may be a lie, and reading so far for it costs much."""
        if self._left >= 0:
            size = min(size, self._left - (offset - self._start - len(self._data)))
        here = self._stream.tell()
        self._stream.seek(self._base + offset)
        found = self._stream.read(max(0, size))
        self._stream.seek(here)
        return found

    def ends_at(self, offset: int) -> bool:
        """Whether the stream ends exactly at an offset."""
        self._fill(offset + 1)
        return self._start + len(self._data) == offset

    def find_begin(self, offset: int) -> int:
        """The next line at or after an offset that begins a message, -1 when there is none."""
        while True:
            self._fill(offset + _BLOCK)
            place = self._data.find(b"\nFrom ", max(0, offset - self._start - 1))
            if place >= 0:
                offset = self._start + place + 1
                if _BEGIN.match(self.peek(offset, 2 * _LINE)):
                    return offset
                offset += 1
            elif self._over:
                return -1
            else:
                offset = self._start + len(self._data) - 6
                self._forget(offset)

    def _forget(self, offset: int) -> None:
        """Keep memory bounded within a message that does not end."""
        if len(self._data) - self._past > self.REACH:
            self._kept = self._kept or self._cut(self._past, self._past + self._keep + 1)
            self._past = offset - self._start - 1
            self._drop(self._past)

    def take(self, end: int) -> bytes:
        """The message at hand, which ends at ``end`` (-1: with the stream), at most ``keep`` bytes and one; then go on."""
        stop = end - self._start if end >= 0 else len(self._data)
        taken = self._kept or self._cut(self._past, min(stop, self._past + self._keep + 1))
        self._past = stop
        self._kept = b""
        return taken


READER: Reader = MboxReader()
