"""The shredder says what Python's json says, and survives what is not JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.readers.shred import MAX_BAD, MAX_PATHS, OVERFLOW, objects, shred

_KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6).filter(lambda key: key != OVERFLOW)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=8,
)
_RECORDS = st.lists(st.dictionaries(_KEYS, _VALUES, max_size=5), max_size=6)


def _leaves(value: Any, path: str, found: dict[str, list[str]]) -> None:
    """The texts at every path, as the documentation of the shredder defines them."""
    if isinstance(value, dict):
        for key, member in value.items():
            _leaves(member, f"{path}.{key}" if path else key, found)
    elif isinstance(value, list):
        for member in value:
            _leaves(member, path, found)
    elif value is not None:
        found.setdefault(path, []).append(value if isinstance(value, str) else json.dumps(value))


def _expected(records: list[dict[str, Any]]) -> list[dict[str, list[str]]]:
    rows = []
    for record in records:
        found: dict[str, list[str]] = {}
        for key, value in record.items():  # the outermost keys may be anything but nothing
            _leaves(value, key, found)
        rows.append(found)
    return rows


@settings(max_examples=150, deadline=None)
@given(_RECORDS, st.booleans(), st.booleans())
def test_every_value_is_where_json_has_it(records: list[dict[str, Any]], ascii_only: bool, array: bool) -> None:
    if array:
        data = json.dumps(records, ensure_ascii=ascii_only, indent=1).encode()
        shredded = shred(data, objects(data))
    else:
        data = "\n".join(json.dumps(record, ensure_ascii=ascii_only) for record in records).encode()
        shredded = shred(data)
    rows = _expected(records)
    assert shredded.rows == len(records)
    assert shredded.bad == []
    for path in {path for row in rows for path in row}:
        assert path in shredded.paths()
        column = shredded.texts(path)
        column.validate(full=True)
        assert column.to_pylist() == [row.get(path) for row in rows]
        first = shredded.text(path)
        first.validate(full=True)
        assert first.to_pylist() == [row[path][0] if path in row else None for row in rows]
        assert shredded.joined(path, "|").to_pylist() == ["|".join(row[path]) if path in row else None for row in rows]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_survived(data: bytes, array: bool) -> None:
    shredded = shred(data, objects(data) if array else None)
    for path in shredded.paths():
        for column in (shredded.text(path), shredded.texts(path), shredded.int(path), shredded.real(path), shredded.time(path)):
            column.validate(full=True)
            assert len(column) == shredded.rows


_DOCUMENT = b'{"a": "x\\u00e9\\ud83d\\ude00", "b": {"c": [1, 2.5e3, true, null, {"d": "e"}]}, "t": "2020-01-01T00:00:00Z"}'


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(_DOCUMENT) - 1), st.integers(0, 255), st.integers(0, len(_DOCUMENT)))
def test_damage_stays_in_its_line(place: int, byte: int, cut: int) -> None:
    damaged = bytearray(_DOCUMENT)
    damaged[place] = byte
    shredded = shred(b"\n".join((_DOCUMENT, bytes(damaged[:cut]).replace(b"\n", b" "), _DOCUMENT)))
    for path in shredded.paths():
        for column in (shredded.text(path), shredded.texts(path), shredded.flag(path), shredded.reals(path)):
            column.validate(full=True)
    assert shredded.numbers[0] == 0
    assert shredded.numbers[-1] == 2
    texts = shredded.texts("b.c").to_pylist()
    assert texts[0] == texts[-1] == ["1", "2.5e3", "true"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1]", "not an object"),
        (b"7", "not an object"),
        (b'{"a" 1}', "does not allow"),
        (b'{"a": tru}', "does not allow"),
        (b'{"a": 1,}', "does not allow"),
        (b'{"a": [1}', "does not allow"),
        (b'{"a": "1', "without end"),
        (b'{"a": 1', "ends before"),
        (b'{"a": 1} x', "follows"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper"),
    ],
)
def test_a_bad_record_is_named(line: bytes, reason: str) -> None:
    shredded = shred(b'{"a": 1}\n' + line + b'\n\n{"a": 2}')
    assert shredded.int("a").to_pylist() == [1, 2]
    assert shredded.numbers.tolist() == [0, 3]
    [bad] = shredded.bad
    assert (bad.number, bad.offset) == (1, 9)
    assert reason in bad.reason


def test_bad_records_are_bounded() -> None:
    shredded = shred(b"x\n" * 1000)
    assert (shredded.rows, len(shredded.bad), shredded.bad_count) == (0, MAX_BAD, 1000)


def test_names_beyond_the_limit_are_kept_as_written() -> None:
    names = MAX_PATHS + 10
    data = json.dumps({f"n{i}": f"v{i}" for i in range(names)} | {"deep": {"x": [1, "y"]}}).encode()
    shredded = shred(data)
    kept = [path for path in shredded.paths() if path != OVERFLOW]
    assert len(kept) < MAX_PATHS
    assert all(shredded.text(path).to_pylist() == [path.replace("n", "v")] for path in kept[:50])
    overflow = shredded.texts(OVERFLOW).to_pylist()[0]
    assert len(kept) + len(overflow) == names + 2
    assert overflow[-3:] == [f'"n{names - 1}": "v{names - 1}"', '"x": [1', '"y"']


def test_long_values_are_cut_at_a_character() -> None:
    shredded = shred(json.dumps({"a": "é" * 100, "b": ["é" * 10] * 3}, ensure_ascii=False).encode())
    assert shredded.text("a", limit=11).to_pylist() == ["é" * 5]
    assert shredded.cut == 1
    assert shredded.joined("b", limit=24).to_pylist() == ["é" * 10 + "\n" + "é"]
    assert shredded.cut == 2


def test_what_is_not_utf8_is_replaced() -> None:
    shredded = shred(b'{"a": "x\xffy", "b": "\xc3\xa9"}')
    assert shredded.replaced
    assert (shredded.text("a").to_pylist(), shredded.text("b").to_pylist()) == (["x\ufffdy"], ["é"])
    assert not shred(b'{"a": "\xc3\xa9"}').replaced


def test_escapes() -> None:
    shredded = shred(rb'{"a": "\"\\\/\b\f\n\r\t\u0041\u20ac\ud83d\ude00", "b": "\ud83d\u0041", "c": "\x \u12"}')
    assert shredded.text("a").to_pylist() == ['"\\/\b\f\n\r\tA€😀']
    assert shredded.text("b").to_pylist() == ["\ufffdA"]
    assert shredded.text("c").to_pylist() == [r"\x \u12"]


def test_dotted_and_nested_names_are_one_path() -> None:
    shredded = shred(b'{"a.b": 1}\n{"a": {"b": 2}}\n{"a": {"c": 3}}')
    assert shredded.int("a.b").to_pylist() == [1, 2, None]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12", 12),
        ('"-5"', -5),
        ('"0x1F"', 31),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ('"0xffffffffffffffff"', None),
        ('"0x"', None),
        ("1.5", None),
        ('"1a"', None),
        ("true", None),
        ("null", None),
    ],
)
def test_integers(written: str, value: int | None) -> None:
    assert shred(f'{{"a": {written}}}'.encode()).int("a").to_pylist() == [value]


@pytest.mark.parametrize(
    ("written", "value"), [("1.5", 1.5), ('"-2e3"', -2000.0), ("7", 7.0), ('"-"', None), ('"nan"', None), ("null", None)]
)
def test_reals(written: str, value: float | None) -> None:
    assert shred(f'{{"a": {written}}}'.encode()).real("a").to_pylist() == [value]
    assert shred(f'{{"a": [{written}]}}'.encode()).reals("a").to_pylist() == [None if written == "null" else [value]]


_NOON = 1_577_880_000 * 10**9  # 2020-01-01T12:00:00Z


@pytest.mark.parametrize(
    ("written", "value", "zoned"),
    [
        ('"2020-01-01T12:00:00Z"', _NOON, True),
        ('"2020-01-01 12:00:00.1234567 UTC"', _NOON + 123_456_700, True),
        ('"2020-01-01T13:00:00,5+01:00"', _NOON + 500_000_000, True),
        ('"2020-01-01T12:00:00.000000-0000"', _NOON, True),
        ('"2020-01-01 12:00:00"', _NOON, False),
        ('"2020-01-01 12:00:00 CEST"', _NOON, False),
        ("1577880000.000000001", _NOON + 1, True),
        ('"1577880000"', _NOON, True),
        ('"1969-12-31T23:59:59.5Z"', -500_000_000, True),
        ('"2020-02-30T12:00:00Z"', None, None),
        ('"2020-13-01T12:00:00Z"', None, None),
        ('"2020-01-01T12:00:00+0"', None, None),
        ('"2020-01-01T12:00"', None, None),
        ('"0001-01-01T00:00:00Z"', None, None),
        ('"soon"', None, None),
        ('""', None, None),
    ],
)
def test_times(written: str, value: int | None, zoned: bool | None) -> None:
    times, zones = shred(f'{{"a": {written}}}'.encode()).times("a")
    assert (times.to_pylist(), zones.to_pylist()) == ([value], [zoned])


def test_flags() -> None:
    shredded = shred(b'{"a": true}\n{"a": "False"}\n{"a": "T"}\n{"a": "the"}\n{}')
    assert shredded.flag("a").to_pylist() == [True, False, None, None, None]


def test_guids_are_braced() -> None:
    guid = "54849625-5478-4994-A5BA-3E3B0328C30D"
    shredded = shred(json.dumps({"a": guid, "b": guid.lower(), "c": f"{guid} "}).encode())
    shredded.brace_guids()
    texts = [shredded.text(name).to_pylist() for name in "abc"]
    assert texts == [[f"{{{guid}}}"], [guid.lower()], [f"{guid} "]]
