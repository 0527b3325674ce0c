"""Records in JSON as consoles and interfaces give them: as lines, in an array, one after another, or in an envelope.

An envelope is an object with the records in one of its members (``value``, ``Results``, ``data`` …), as interfaces answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span
from wardround.readers.json_members import members
from wardround.readers.lines import blocks, spans
from wardround.readers.utf8_stream import HEAD_BYTES, Utf8Stream, encoding_of

if TYPE_CHECKING:
    from collections.abc import Collection

#: Members of an envelope that hold the records.
ENVELOPES = frozenset(("value", "Results", "results", "data", "resources", "items", "alerts", "threats", "hits", "records"))

#: A document of up to this size is parsed as a whole, which is ten times as fast as member by member.
WHOLE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One record and its place: its line, or its place in the array or envelope, from 1."""

    value: dict[str, Any]
    number: int


class _Nowhere:
    """A sink for what only looks."""

    def write(self, table: str, rows: Any) -> None:
        """Nothing."""

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Nothing."""


def head_of(head: bytes) -> bytes:
    """The beginning of JSON text as ASCII-compatible bytes to look for keys in; empty when it is none."""
    if head[1:2] == b"\0" or head[:1] == b"\0" or encoding_of(head):
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return head if head[:1] in (b"{", b"[") else b""


def is_document(source: Source) -> bool:
    """Whether evidence begins like JSON."""
    with source.open() as stream:
        return bool(head_of(stream.read(4096)))


def has_keys(head: bytes, *keys: bytes) -> bool:
    """Whether all these keys of members stand in the head."""
    return all(b'"' + key + b'"' in head for key in keys)


def split(source: Source) -> Iterator[Span]:
    """Spans of whole lines where records are lines; one span otherwise."""
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    if encoding_of(head) or not _is_lines(head):
        yield Span()
    else:
        yield from spans(source, lambda _: b"")


def read(source: Source, span: Span, sink: Sink, keys: Collection[str] = ENVELOPES) -> Iterator[Record]:
    """The records of a span; those that are no JSON objects are diagnosed and left out. Raises ReaderError past a limit."""
    with source.open() as raw:
        head = raw.read(HEAD_BYTES)
    with source.open() as stream:
        if span.start or (not encoding_of(head) and _is_lines(head)):
            yield from _lines(stream, span, sink)
        elif _is_envelope(head_of(head), keys):
            text = cast("BinaryIO", Utf8Stream(stream))
            if source.size is not None and source.size <= WHOLE_BYTES:
                found = _whole(text, keys)
                if found is not None:
                    yield from found
                    return
                with source.open() as again:
                    yield from _members(cast("BinaryIO", Utf8Stream(again)), keys, sink)
            else:
                yield from _members(text, keys, sink)
        else:
            yield from _objects(cast("BinaryIO", Utf8Stream(stream)), sink)


def _whole(stream: BinaryIO, keys: Collection[str]) -> list[Record] | None:
    """The records of a document that is parsed as a whole, None when it is broken or has other members in their place."""
    pieces = []
    while piece := stream.read(1 << 20):
        pieces.append(piece)
    try:
        document = orjson.loads(b"".join(pieces))
    except orjson.JSONDecodeError:
        return None
    lists = [value for key, value in document.items() if key in keys and isinstance(value, list)]
    if len(lists) != 1 or not all(isinstance(item, dict) for item in lists[0]):
        return None
    return [Record(item, place) for place, item in enumerate(lists[0], 1)]


def _is_lines(head: bytes) -> bool:
    """Whether the first line with anything is a whole object, but none that holds the records."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    line = head.split(b"\n", 1)[0].strip()
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(line), dict) and not _is_envelope(line, ENVELOPES)
    except orjson.JSONDecodeError:
        return False


def _is_envelope(head: bytes, keys: Collection[str]) -> bool:
    """Whether the outermost object has a list of objects in one of these members."""
    if not head.startswith(b"{"):
        return False
    try:
        found = [member for member in members(BytesIO(head), _Nowhere()) if member.key in keys and member.listed]
    except ReaderError:
        return False
    # of one long record nothing may be complete: the key alone is then enough
    whole = any(member.raw.startswith(b"{") for member in found)
    return whole or (not found and any(_opens(head, key) for key in keys))


def _opens(head: bytes, key: str) -> bool:
    return re.match(rb'\{(?:[^{}\[\]]{0,2000})"' + key.encode() + rb'"\s{0,20}:\s{0,20}\[\s{0,200}\{', head) is not None


def _members(stream: BinaryIO, keys: Collection[str], sink: Sink) -> Iterator[Record]:
    for member in members(stream, sink):
        if member.listed and member.key in keys:
            yield from _record(member.raw, member.index, sink)


def _lines(stream: BinaryIO, span: Span, sink: Sink) -> Iterator[Record]:
    for block in blocks(stream, span, sink):
        for place, line in enumerate(block.data.split(b"\n")):
            if text := line.strip(b" \t\r\xef\xbb\xbf\x1e,"):
                yield from _record(text, block.first_line + place, sink)


def _objects(stream: BinaryIO, sink: Sink) -> Iterator[Record]:
    from wardround.readers.json_records import record_blocks

    for data, found in record_blocks(stream, Span(), sink, array=True):
        for start, end, number in zip(found.starts.tolist(), found.ends.tolist(), found.numbers.tolist(), strict=True):
            yield from _record(data[start:end], number, sink)


def _record(raw: bytes, number: int, sink: Sink) -> Iterator[Record]:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            value = orjson.loads(raw.decode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            sink.diagnose("bad_record", "A record is not a JSON object.", number)
            return
    if isinstance(value, dict):
        yield Record(value, number)
    else:
        sink.diagnose("bad_record", "A record is not a JSON object.", number)
