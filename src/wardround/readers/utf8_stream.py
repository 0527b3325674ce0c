"""Text evidence as UTF-8, whatever of UTF-8 and UTF-16 it is written in."""

from __future__ import annotations

import codecs
from typing import BinaryIO

#: How many bytes at the head tell how the text is written and how its records are laid out.
HEAD_BYTES = 64 * 1024

_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"{\0", "utf-16-le"), (b"\0{", "utf-16-be"),
          (b"[\0", "utf-16-le"), (b"\0[", "utf-16-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))  # fmt: skip


class Utf8Stream:
    """A stream of text as UTF-8: UTF-16 is transcoded, a byte order mark becomes blanks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        start = stream.read(HEAD_BYTES)
        encoding = encoding_of(start)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        self.head = self._transcode(start)
        self._pending = self.head

    def read(self, size: int) -> bytes:
        """At most that many bytes, none only at the end."""
        while not self._pending and (chunk := self._stream.read(size)):
            self._pending = self._transcode(chunk)
        part, self._pending = self._pending[:size], self._pending[size:]
        return part

    def _transcode(self, chunk: bytes) -> bytes:
        if self._decoder is None:
            return b"   " + chunk[3:] if chunk.startswith(codecs.BOM_UTF8) else chunk
        return self._decoder.decode(chunk).replace("\ufeff", " ").encode("utf-8", "replace")


def encoding_of(head: bytes) -> str | None:
    """UTF-16 and its byte order when the text is that, else None: UTF-8."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)
