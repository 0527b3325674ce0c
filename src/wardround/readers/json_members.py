"""JSON documents of any size, member by member: what stands in the arrays of the outermost object comes one at a time.

A list of a million vulnerabilities is one document; it is never parsed as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from wardround.errors import ReaderError
from wardround.readers.base import Sink

CHUNK_BYTES = 256 * 1024

#: A longer member is not read.
MEMBER_BYTES = 16 * 1024 * 1024

MAX_DEPTH = 128

#: A whole text, a text that the buffer ends within (group 1 takes part), or a sign.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|(\\?\Z))|[\[\]{},:]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the outermost object, or of one of its arrays (``listed``); ``index`` counts those from 1.

    Members of an outermost array have an empty key.
    """

    key: str
    listed: bool
    index: int
    raw: bytes

    def value(self) -> Any:
        """The value; raises ReaderError when the bytes are not JSON."""
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError as error:
            raise ReaderError("json_broken", f"not readable as JSON: {error}", self.index) from error


class _Scanner:
    """Follows the brackets of a document over its pieces."""

    def __init__(self) -> None:
        self.buffer = b""
        self.place = 0
        self.depth = 0
        self.start: int | None = None  # of the member that is being read
        self.key = ""
        self.inside = 0  # depth of the array whose members are told, 0 outside of one
        self.object = False
        self.index = 0

    def feed(self, chunk: bytes) -> Iterator[Member]:
        """Take a piece; the members that are complete with it."""
        self.buffer += chunk
        while True:
            token = _TOKEN.search(self.buffer, self.place)
            if token is None:
                self.place = len(self.buffer)
                break
            if token[1] is not None:
                self.place = token.start()
                break
            yield from self._token(token.start(), token.end(), token[0])
            self.place = token.end()
        self._forget()

    def _forget(self) -> None:
        keep = min(self.place, self.start if self.start is not None else self.place)
        if len(self.buffer) - keep > MEMBER_BYTES:
            raise ReaderError("json_too_long", f"a member of the document is longer than {MEMBER_BYTES} bytes", self.index)
        self.buffer = self.buffer[keep:]
        self.place -= keep
        if self.start is not None:
            self.start -= keep

    def _token(self, begin: int, end: int, sign: bytes) -> Iterator[Member]:
        if sign in b"{[" and len(sign) == 1:
            self._open(begin, end, sign)
        elif sign in (b"}", b"]"):
            yield from self._close(begin)
        elif self.depth == 1 and self.object:
            if sign == b":":
                self.start = end
            elif sign == b",":
                yield from self._told(begin, listed=False)
            elif self.start is None:
                self.key = sign[1:-1].decode("utf-8", "replace")
        elif self.inside and self.depth == self.inside and sign == b",":
            yield from self._told(begin, listed=True)
            self.start = end

    def _open(self, begin: int, end: int, sign: bytes) -> None:
        if self.depth == 0:
            self.object = sign == b"{"
            self.key, self.index = "", 0
            if not self.object:
                self.inside, self.start = 1, end
        elif self.depth == 1 and self.object and sign == b"[" and not self.buffer[self.start or 0 : begin].strip():
            self.inside, self.start, self.index = 2, end, 0
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ReaderError("json_too_deep", f"brackets stand more than {MAX_DEPTH} deep", self.index)

    def _close(self, begin: int) -> Iterator[Member]:
        if self.inside and self.depth == self.inside:
            yield from self._told(begin, listed=True)
            self.inside = 0
        elif self.depth == 1 and self.object:
            yield from self._told(begin, listed=False)
        self.depth = max(0, self.depth - 1)

    def _told(self, end: int, *, listed: bool) -> Iterator[Member]:
        if self.start is not None and (raw := self.buffer[self.start : end].strip()):
            self.index += listed
            yield Member(self.key, listed, self.index if listed else 0, raw)
        self.start = None


def members(stream: BinaryIO, sink: Sink) -> Iterator[Member]:
    """The members of a document in order. A document that breaks off ends with diagnostic ``json_broken``.

    Raises ReaderError when a limit is passed.
    """
    scanner = _Scanner()
    while chunk := stream.read(CHUNK_BYTES):
        yield from scanner.feed(chunk)
    if scanner.depth or scanner.place < len(scanner.buffer):
        sink.diagnose("json_broken", "The document breaks off.", scanner.index)


def whole(stream: BinaryIO) -> Any:
    """A document that is one record, parsed as a whole. Raises ReaderError when it is too long or no JSON."""
    data = stream.read(MEMBER_BYTES + 1)
    if len(data) > MEMBER_BYTES:
        raise ReaderError("json_too_long", f"the document is longer than {MEMBER_BYTES} bytes")
    return Member("", False, 0, data.removeprefix(b"\xef\xbb\xbf")).value()


def mapping(value: Any) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value where it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """The texts of a list; nothing where it is no list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
