"""Messages that are pairs of key and value (FortiGate, SonicWall, Sophos, Stormshield, CEF, LEEF …), by column.

One pass over the bytes notes where the value of each wanted key stands in each message; columns are then made of the keys
that a table needs. Values are quoted, or run to the blank before the next key, so that unquoted values may hold blanks.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import ASSUMED, STATED, UTC, ZONE_NAMES
from wardround.readers.syslog_messages import Messages
from wardround.readers.zeek_cells import Bytes, Positions, _kernel

_FNV_OFFSET, _FNV_PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF


@_kernel
def _is_key(byte: int) -> bool:
    return 97 <= byte <= 122 or 65 <= byte <= 90 or 48 <= byte <= 57 or byte == 95 or byte == 45 or byte == 46


@_kernel
def _find(data: Bytes, begin: int, end: int, hashed: int, slots: Positions, words: Bytes, edges: Positions) -> int:
    """The number of a key among the wanted ones, -1 when it is none of them."""
    mask = slots.size - 1
    slot = hashed & mask
    while slots[slot] >= 0:
        number = slots[slot]
        first = edges[number]
        if edges[number + 1] - first == end - begin:
            same = True
            for i in range(end - begin):
                if data[begin + i] != words[first + i]:
                    same = False
                    break
            if same:
                return int(number)
        slot = (slot + 1) & mask
    return -1


@_kernel
def _next_key(data: Bytes, at: int, end: int, assign: int) -> bool:
    """Whether a key and the sign that assigns stand there."""
    begin = at
    while at < end and _is_key(data[at]):
        at += 1
    return bool(at > begin and at < end and data[at] == assign)


@_kernel
def cut_pairs(
    data: Bytes,
    begins: Positions,
    ends: Positions,
    assign: int,
    divider: int,
    slots: Positions,
    words: Bytes,
    edges: Positions,
    value_begins: NDArray[np.int32],
    value_ends: NDArray[np.int32],
) -> None:
    """Note the first value of every wanted key: row k of the two results is key k, -1 where a message lacks it.

    ``divider`` ends an unquoted value for sure (a bar, say); 0 when only a blank before the next key does. Where a colon
    assigns, blanks follow it, and only the divider ends a value: times and names in it hold colons themselves.
    """
    for line in range(begins.size):
        at, end, seen = begins[line], ends[line], False
        while at < end:
            while at < end and not _is_key(data[at]):
                at += 1
            begin = at
            hashed = np.uint32(_FNV_OFFSET)
            while at < end and _is_key(data[at]):
                hashed = np.uint32((np.uint64(hashed ^ np.uint32(data[at])) * np.uint64(_FNV_PRIME)) & np.uint64(_MASK))
                at += 1
            if at >= end or data[at] != assign or at == begin:
                while at < end and data[at] != 32 and data[at] != 9 and data[at] != 124 and data[at] != divider:
                    if data[at] == 34:
                        break
                    at += 1
                at += 1
                continue
            number = _find(data, begin, at, int(hashed), slots, words, edges)
            at += 1
            if assign == 58 and number < 0 and not seen:
                continue  # the head of the message, which a colon ends as well
            seen = True
            while assign == 58 and at < end and data[at] == 32:
                at += 1
            if at < end and (data[at] == 34 or (data[at] == 39 and divider == 0)):
                quote = data[at]
                at += 1
                value = at
                while at < end and data[at] != quote:
                    if data[at] == 92:
                        at += 1
                    at += 1
                stop = min(at, end)
                at = stop + 1
            else:
                value = at
                while at < end:
                    byte = data[at]
                    if divider and byte == divider:
                        break
                    if assign == 58 and divider:
                        at += 1
                        continue
                    if byte == 9 or (byte == 32 and (at + 1 >= end or _next_key(data, at + 1, end, assign))):
                        break
                    at += 1
                stop = min(at, end)
            if number >= 0 and value_begins[number, line] < 0:
                value_begins[number, line] = value
                value_ends[number, line] = stop


@_kernel
def parse_values(
    data: Bytes,
    begins: NDArray[np.int32],
    ends: NDArray[np.int32],
    largest: int,
    values: NDArray[np.int64],
    marks: NDArray[np.uint8],
) -> None:
    """Whole numbers of at most 18 digits of the first key (row) that a message (column) fills.

    Marks: 0 nothing there, 1 a number, 2 anything else, which a closer look must tell, 3 a number above the largest.
    """
    for line in range(begins.shape[1]):
        values[line], marks[line] = 0, 0
        for row in range(begins.shape[0]):
            begin, end = begins[row, line], ends[row, line]
            if begin < 0 or begin == end:
                continue
            if end - begin > 18:
                marks[line] = 2
                break
            value = 0
            marks[line] = 1
            for at in range(begin, end):
                digit = int(data[at]) - 48
                if digit < 0 or digit > 9:
                    marks[line] = 2
                    break
                value = value * 10 + digit
            values[line] = value
            if marks[line] == 1 and value > largest:
                marks[line] = 3
            break


@_kernel
def cut_cells(
    data: Bytes, begins: Positions, ends: Positions, comma: int, value_begins: NDArray[np.int32], value_ends: NDArray[np.int32]
) -> None:
    """Cut messages that are lists of values, perhaps quoted: row k of the results is value k, -1 past the last."""
    width = value_begins.shape[0]
    for line in range(begins.size):
        at, end = begins[line], ends[line]
        cell = 0
        while at <= end and cell < width:
            begin = at
            if at < end and data[at] == 34:
                at += 1
                begin = at
                while at < end and not (data[at] == 34 and (at + 1 >= end or data[at + 1] == comma)):
                    at += 1
                stop = min(at, end)
                at = stop + 1
            else:
                while at < end and data[at] != comma:
                    at += 1
                stop = at
            value_begins[cell, line] = begin
            value_ends[cell, line] = stop
            cell += 1
            at += 1


class Vocabulary:
    """A set of keys, ready to be looked up by the compiled loop."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        names = [key.encode() for key in self.keys]
        self.words = np.frombuffer(b"".join(names), np.uint8)
        self.edges = np.cumsum([0, *map(len, names)]).astype(np.int64)
        self.slots = np.full(1 << max(4, (4 * len(names)).bit_length()), -1, np.int64)
        for number, name in enumerate(names):
            hashed = _FNV_OFFSET
            for byte in name:
                hashed = ((hashed ^ byte) * _FNV_PRIME) & _MASK
            slot = hashed & (self.slots.size - 1)
            while self.slots[slot] >= 0:
                slot = (slot + 1) & (self.slots.size - 1)
            self.slots[slot] = number


class Pairs:
    """Messages with the values of their keys."""

    def __init__(
        self,
        messages: Messages,
        vocabulary: Vocabulary,
        rows: dict[int, int],
        value_begins: NDArray[np.int32],
        value_ends: NDArray[np.int32],
    ) -> None:
        """``rows``: the row of each key, by its number, in the two arrays; keys that no message has are left out."""
        self.messages = messages
        self._vocabulary = vocabulary
        self._begins, self._ends = value_begins, value_ends
        self._rows = rows
        self._made: dict[str, pa.Array] = {}

    @classmethod
    def of(cls, messages: Messages, vocabulary: Vocabulary, assign: str = "=", divider: str = "\0") -> Pairs:
        """Find the pairs of messages."""
        shape = (len(vocabulary.keys), len(messages))
        value_begins, value_ends = np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
        cut_pairs(
            messages.data,
            messages.begins,
            messages.ends,
            ord(assign),
            ord(divider),
            vocabulary.slots,
            vocabulary.words,
            vocabulary.edges,
            value_begins,
            value_ends,
        )
        there = np.flatnonzero((value_begins >= 0).any(axis=1))
        rows = {int(number): row for row, number in enumerate(there)}
        return cls(messages, vocabulary, rows, value_begins[there], value_ends[there])

    def __len__(self) -> int:
        return len(self.messages)

    def take(self, flags: NDArray[np.bool_]) -> Pairs:
        """Those that are chosen."""
        if flags.all():
            return self
        kept = np.flatnonzero(flags)
        taken = self._begins[:, kept], self._ends[:, kept]
        return Pairs(self.messages.take(flags), self._vocabulary, self._rows, *taken)

    def has(self, key: str) -> NDArray[np.bool_]:
        """Which messages have a key, whatever its value."""
        row = self._rows.get(self._vocabulary.keys[key])
        found: NDArray[np.bool_] = np.zeros(len(self), np.bool_) if row is None else self._begins[row] >= 0
        return found

    def get(self, *keys: str) -> pa.Array:
        """The value of the first of the keys that a message fills, as text."""
        texts = [self._text(key) for key in keys]
        return pc.coalesce(*texts) if len(texts) > 1 else texts[0]

    def numbers(self, *keys: str, largest: int = 2**62) -> pa.Array:
        """The value of the first of the keys that a message fills, as a whole number up to ``largest``; null otherwise."""
        rows = [row for key in keys if (row := self._rows.get(self._vocabulary.keys[key])) is not None]
        values, marks = np.zeros(len(self), np.int64), np.zeros(len(self), np.uint8)
        if rows:
            parse_values(self.messages.data, self._begins[rows], self._ends[rows], largest, values, marks)
        if (marks == 2).any():
            found = cells.integers(self.get(*keys))
            return pc.if_else(pc.less_equal(found, largest), found, pa.scalar(None, pa.int64()))
        return pa.array(values, mask=marks != 1)

    def _text(self, key: str) -> pa.Array:
        if key not in self._made:
            row = self._rows.get(self._vocabulary.keys[key])
            if row is None or (self._begins[row] < 0).all():
                self._made[key] = pa.nulls(len(self), pa.string())
            else:
                self._made[key] = cells.strings(self.messages.data, self._begins[row], self._ends[row])
        return self._made[key]

    @cached_property
    def no(self) -> pa.Array:
        """Nothing, once per message."""
        return pa.nulls(len(self), pa.string())


def listed(messages: Messages, width: int, comma: str = ",") -> list[pa.Array]:
    """The first ``width`` values of messages that are lists of values, as text; null past the last."""
    value_begins, value_ends = np.full((width, len(messages)), -1, np.int32), np.full((width, len(messages)), -1, np.int32)
    cut_cells(messages.data, messages.begins, messages.ends, ord(comma), value_begins, value_ends)
    return [cells.known(cells.strings(messages.data, value_begins[i], value_ends[i])) for i in range(width)]


#: Zones by name as offsets: ``+0100``.
_OFFSETS = {name.lower(): f"{'-' if at < 0 else '+'}{abs(at) // 60:02}{abs(at) % 60:02}" for name, at in ZONE_NAMES.items()}


def offset_of(text: pa.Array) -> pa.Array:
    """The offset that stands behind a clock; null where there is none."""
    return part_of(text, r"[\d.]+ ?(?P<o>[+-]\d\d:?\d\d)\s*$")


def day_and_clock(messages: Messages, text: pa.Array, offset: pa.Array | None = None) -> None:
    """Put times such as ``2026-03-10 08:00:00`` or ``2026/03/10 08:00:00``, perhaps with a zone, into the messages."""
    text = pc.fill_null(text, "")
    if offset is None:
        offset = offset_of(text)
    utc = pc.match_substring_regex(text, r"(?:UTC|GMT|Z)\s*$")
    plain = pc.replace_substring_regex(text, r"^\s*(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d\d).*$", r"\1-\2-\3T\4")
    value, good, stated = cells.times(plain, cells.mapped(offset, _OFFSETS, "*"))
    messages.ts[good] = value[good]
    stated = stated | utc.to_numpy(zero_copy_only=False)
    messages.zone[good] = np.where(stated, STATED, ASSUMED)[good]


def seconds_since_1970(messages: Messages, text: pa.Array) -> None:
    """Put times that count seconds or milliseconds since 1970 into the messages."""
    number = cells.integers(pc.fill_null(text, ""))
    value = pc.fill_null(number, 0).to_numpy(zero_copy_only=False)
    good = number.is_valid().to_numpy(zero_copy_only=False) & (value > 0) & (value < 10**14)
    scaled = np.where(value < 10**11, value * 10**9, value * 10**6)
    messages.ts[good], messages.zone[good] = scaled[good], UTC


def first_of(cases: Iterable[tuple[str, str]], text: pa.Array, default: str | None = None) -> pa.Array:
    """The word of the first case whose pattern (RE2) the text holds."""
    found = pa.nulls(len(text), pa.string())
    for pattern, word in cases:
        hit = pc.and_(pc.is_null(found), pc.fill_null(pc.match_substring_regex(text, pattern), False))
        found = pc.if_else(hit, pa.scalar(word), found)
    return found if default is None else pc.fill_null(found, default)


def part_of(text: pa.Array, pattern: str) -> pa.Array:
    """What the one named group of a pattern holds; null where the text does not match."""
    return cells.known(pc.struct_field(pc.extract_regex(text, pattern), [0]))
