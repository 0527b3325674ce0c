"""Members of JSON documents told one by one, whatever the pieces they come in."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.errors import ReaderError
from wardround.readers.json_members import MEMBER_BYTES, members


class _Sink:
    def __init__(self) -> None:
        self.codes: list[str] = []

    def write(self, table: str, rows: Any) -> None:
        raise AssertionError(table)

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.codes.append(code)


class _Pieces:
    """A stream that hands out pieces of a few bytes."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream, self._size = io.BytesIO(data), size

    def read(self, _: int) -> bytes:
        return self._stream.read(self._size)


def _members(data: bytes, size: int = 1 << 20) -> tuple[list[tuple[str, bool, int, Any]], list[str]]:
    sink = _Sink()
    found = [(m.key, m.listed, m.index, m.value()) for m in members(cast("BinaryIO", _Pieces(data, size)), sink)]
    return found, sink.codes


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(document=st.dictionaries(st.text(max_size=5), _VALUES, max_size=5), size=st.integers(1, 40))
def test_the_members_are_those_of_the_document(document: dict[str, Any], size: int) -> None:
    found, codes = _members(orjson.dumps(document, option=orjson.OPT_INDENT_2), size)
    assert codes == []
    told: dict[str, Any] = {}
    for key, listed, index, value in found:
        if listed:
            told.setdefault(key, []).append(value)
            assert index == len(told[key])
        else:
            told[key] = value
    plain = {orjson.dumps(key)[1:-1].decode(): value for key, value in document.items() if value != []}
    assert told == plain


@given(items=st.lists(_VALUES, max_size=6), size=st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_a_list_gives_its_members(items: list[Any], size: int) -> None:
    found, codes = _members(orjson.dumps(items), size)
    assert codes == []
    assert [value for _, _, _, value in found] == items


def test_a_document_that_breaks_off() -> None:
    found, codes = _members(b'{"a": [{"b": 1}, {"b": 2}, {"b": ')
    assert [value for *_, value in found] == [{"b": 1}, {"b": 2}]
    assert codes == ["json_broken"]
    assert _members(b'{"a": "never closed')[1] == ["json_broken"]


def test_limits() -> None:
    with pytest.raises(ReaderError, match="deep"):
        _members(b'{"a":' + b"[" * 300)
    with pytest.raises(ReaderError, match="longer"):
        _members(b'{"a": "' + b"x" * (MEMBER_BYTES + (1 << 21)) + b'"}')
    long_list = b'{"a": [' + b",".join([b'{"b": "' + b"x" * 1000 + b'"}'] * 20_000) + b"]}"
    assert len(long_list) > MEMBER_BYTES
    assert len(_members(long_list)[0]) == 20_000


@settings(max_examples=300, deadline=None)
@given(data=st.text(st.sampled_from('{}[]",:\\ab1 '), max_size=60), size=st.integers(1, 20))
def test_any_text_ends(data: str, size: int) -> None:
    sink = _Sink()
    try:
        for member in members(cast("BinaryIO", _Pieces(data.encode(), size)), sink):
            assert member.raw
    except ReaderError as error:
        assert error.code.startswith("json_")
