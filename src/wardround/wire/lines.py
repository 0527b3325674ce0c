"""Reading a stream of a text protocol: line by line, over as much as a parser wants to skip."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple

from wardround.wire.connection import Connection, Gap, Stream

#: Longer lines are cut: a text protocol that needs more is none.
LINE_LIMIT = 32_768

_WINDOW = 4_096

_RETURN = ord("\r")


def decode(data: bytes) -> str:
    """Bytes as text: UTF-8, other bytes as a backslash, x and their number as Zeek writes them."""
    return data.decode("utf-8", "backslashreplace")


class Line(NamedTuple):
    """A line without its end: when and in which frame its last byte came, and where in the stream the next line begins."""

    ts: int
    record: int
    end: int
    data: bytes


def lines(stream: Stream) -> Iterator[Line]:
    """The lines of a stream, cut at ``LINE_LIMIT``. A gap ends a line without giving it; another begins behind it."""
    rest = b""
    for piece in stream.pieces:
        if isinstance(piece, Gap):
            rest = b""
            continue
        begin = 0
        while (end := piece.data.find(b"\n", begin)) >= 0:
            line = rest + piece.data[begin:end]
            begin, rest = end + 1, b""
            yield Line(piece.ts, piece.record, piece.offset + begin, line.rstrip(b"\r")[:LINE_LIMIT])
        if len(rest) < LINE_LIMIT:
            rest += piece.data[begin:]


def dialogue(connection: Connection) -> Iterator[tuple[int, Line]]:
    """The lines of both directions in order of time, with 0 for the originator's and 1 for the responder's."""
    asked, answered = (zip(repeat(side), lines(stream)) for side, stream in enumerate((connection.orig, connection.resp)))
    yield from heapq.merge(asked, answered, key=lambda item: (item[1].ts, item[1].record))


class Cursor:
    """A position in a stream that moves forward only; ``at`` is its offset."""

    def __init__(self, stream: Stream, at: int = 0) -> None:
        self.stream = stream
        self.at = at
        self.length = stream.length
        self._window = b""
        self._start = at

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer than ``size`` before a gap or the end; the position stays."""
        skip = self.at - self._start
        if skip + size > len(self._window) or skip < 0:
            self._window = self.stream.read(self.at, max(size, _WINDOW))
            self._start = self.at
            skip = 0
        return self._window[skip : skip + size]

    def line(self, limit: int = LINE_LIMIT) -> bytes | None:
        """The next line without its end (LF or CR LF), cut at ``limit``; None when the stream has no whole line here."""
        skip = self.at - self._start
        end = self._window.find(b"\n", skip, skip + limit) if 0 <= skip < len(self._window) else -1
        if end < 0:
            size = _WINDOW
            while True:
                data = self.peek(min(size, limit))
                skip = self.at - self._start
                end = self._window.find(b"\n", skip, skip + limit)
                if end >= 0:
                    break
                if len(data) < min(size, limit):
                    return None
                if size >= limit:
                    self.at += limit
                    return data
                size *= 4
        window = self._window
        self.at += end + 1 - skip
        if end > skip and window[end - 1] == _RETURN:
            end -= 1
        return window[skip:end]

    def last_line(self) -> bytes | None:
        """The next line even where nothing ends it but the end of the stream; None at the end or a gap."""
        line = self.line()
        if line is None:
            line = self.peek(LINE_LIMIT)
            if not line or self.at + len(line) < self.length:
                return None
            self.at += len(line)
        return line

    def skip(self, size: int) -> int:
        """Move on by at most ``size`` bytes, gaps included; gives how many the stream has."""
        moved = max(0, min(size, self.length - self.at))
        self.at += moved
        return moved

    @property
    def ended(self) -> bool:
        """Whether nothing is left, not even a gap."""
        return self.at >= self.length


def when(connection: Connection, stream: Stream, offset: int) -> tuple[int, int]:
    """Time and frame of the byte at ``offset`` of a stream; those of the connection's begin where it is missing."""
    return stream.arrival(offset) or (connection.ts, connection.record)
