"""Lines of a stream, however it is cut into chunks; media types by first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.wire.connection import Chunk, Gap, Stream
from wardround.wire.lines import LINE_LIMIT, Cursor, lines
from wardround.wire.media_type import PREFIX, media_type


def _stream(parts: list[bytes]) -> Stream:
    pieces: list[Chunk | Gap] = []
    at = 0
    for number, part in enumerate(parts):
        pieces.append(Chunk(at, number, number, part))
        at += len(part)
    return Stream(pieces)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.binary(min_size=1, max_size=9).map(lambda part: part.replace(b"a", b"\n").replace(b"b", b"\r\n")), max_size=12)
)
def test_lines_do_not_depend_on_the_cut(parts: list[bytes]) -> None:
    whole = b"".join(parts)
    expected = [line.removesuffix(b"\r") for line in whole.split(b"\n")[:-1]]
    cursor = Cursor(_stream(parts))
    found = []
    while (line := cursor.line()) is not None:
        found.append(line)
    assert found == expected
    assert cursor.peek(100) == whole.rpartition(b"\n")[2]
    assert [line.data for line in lines(_stream(parts))] == [line.rstrip(b"\r") for line in whole.split(b"\n")[:-1]]


def test_long_lines_are_cut_and_gaps_end_them() -> None:
    cursor = Cursor(_stream([b"x" * (LINE_LIMIT + 5) + b"\nnext\n"]))
    assert [cursor.line(), cursor.line(), cursor.line()] == [b"x" * LINE_LIMIT, b"x" * 5, b"next"]
    torn = Stream([Chunk(0, 1, 1, b"one\ntw"), Gap(6, 10), Chunk(16, 2, 2, b"three\n")])
    assert [(line.data, line.end, line.ts) for line in lines(torn)] == [(b"one", 4, 1), (b"three", 22, 2)]
    cursor = Cursor(torn)
    assert [cursor.line(), cursor.line(), cursor.last_line(), cursor.skip(100), cursor.ended] == [b"one", None, None, 18, True]


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        (b"MZ\x90", "application/x-dosexec"),
        (b"PK\x03\x04", "application/zip"),
        (bytes(128) + b"DICM", "application/dicom"),
        (b"\r\n <!DOCTYPE HTML>", "text/html"),
        (b'{"a": 1}', "text/json"),
        (b"plain words\r\n", "text/plain"),
        (b"\x00\x01\x02", None),
        (b"", None),
    ],
)
def test_media_types(prefix: bytes, kind: str | None) -> None:
    assert media_type(prefix[:PREFIX]) == kind
