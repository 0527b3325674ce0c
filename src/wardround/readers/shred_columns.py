"""The compiled second half of :mod:`wardround.readers.shred`: leaves to the buffers of Arrow columns.

Every function takes the bytes and the leaves (:mod:`wardround.readers.shred_kernels`) of one path in the order of their
rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wardround.readers.shred_kernels import END, ESCAPED, FALSE, KIND, NULL, NUMBER, ROW, START, TEXT, TRUE, kernel

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

_ONE = np.uint64(1)
_MOST = 0x7FFFFFFFFFFFFFFF


@kernel
def _copy(data: Array, start: int, end: int, out: Array, used: int) -> int:
    """Copy bytes; the new number of bytes used in ``out``. With unsigned indices the compiler makes it one block copy."""
    target = np.uint64(used)
    for place in range(np.uint64(start), np.uint64(end)):
        out[target] = data[place]
        target += _ONE
    return used + end - start


@kernel
def _hexadecimal(data: Array, position: int, end: int) -> int:
    """The value of the four hexadecimal digits at ``position``, -1 when they are not there."""
    if position + 4 > end:
        return -1
    value = 0
    for offset in range(4):
        digit = _digit(data[position + offset])
        if digit < 0:
            return -1
        value = value * 16 + digit
    return value


@kernel
def _digit(byte: int) -> int:
    """The value of a hexadecimal digit, -1 when it is none."""
    if 48 <= byte <= 57:
        return int(byte) - 48
    lower = byte | 32
    return int(lower) - 87 if 97 <= lower <= 102 else -1


@kernel
def _put_character(out: Array, used: int, character: int) -> int:
    """Write one character in UTF-8; the new number of bytes used."""
    if character < 0x80:
        out[used] = character
        return used + 1
    if character < 0x800:
        out[used] = 0xC0 | (character >> 6)
    else:
        if character < 0x10000:
            out[used] = 0xE0 | (character >> 12)
        else:
            out[used] = 0xF0 | (character >> 18)
            used += 1
            out[used] = 0x80 | ((character >> 12) & 0x3F)
        used += 1
        out[used] = 0x80 | ((character >> 6) & 0x3F)
    out[used + 1] = 0x80 | (character & 0x3F)
    return used + 2


@kernel
def _put_escaped(data: Array, position: int, end: int, out: Array, used: int) -> int:
    """Copy a text taking its escapes off; what is not a valid escape stays as it is written."""
    while position < end:
        byte = data[position]
        position += 1
        if byte != 92 or position == end:
            out[used] = byte
            used += 1
            continue
        byte = data[position]
        position += 1
        if byte == 34 or byte == 92 or byte == 47:
            out[used] = byte
        elif byte == 110:
            out[used] = 10
        elif byte == 116:
            out[used] = 9
        elif byte == 114:
            out[used] = 13
        elif byte == 98:
            out[used] = 8
        elif byte == 102:
            out[used] = 12
        else:
            character = _hexadecimal(data, position, end) if byte == 117 else -1
            if character < 0:
                out[used] = 92
                out[used + 1] = byte
                used += 2
                continue
            position += 4
            if 0xD800 <= character < 0xE000:
                low = -1
                if character < 0xDC00 and position + 6 <= end and data[position] == 92 and data[position + 1] == 117:
                    low = _hexadecimal(data, position + 2, end)
                if 0xDC00 <= low < 0xE000:
                    character = 0x10000 + ((character - 0xD800) << 10) + (low - 0xDC00)
                    position += 6
                else:
                    character = 0xFFFD
            used = _put_character(out, used, character)
            continue
        used += 1
    return used


@kernel
def text_column(
    data: Array, leaves: Array, rows_of: Array, rows: int, separator: int, limit: int
) -> tuple[Array, Array, Array, int]:
    """Offsets, bytes and validity of an Arrow text column, and how many values were cut at ``limit`` bytes.

    ``rows_of`` is the row of each leaf (ascending). A row with several leaves keeps the first, or
    all of them with the byte ``separator`` between when that is not negative.
    """
    room = 0
    for leaf in range(leaves.shape[0]):
        room += leaves[leaf, END] - leaves[leaf, START] + 1
    out = np.empty(room, np.uint8)
    offsets = np.zeros(rows + 1, np.int32)
    valid = np.zeros(rows, np.bool_)
    current = full = -1
    used = cut = 0
    for leaf in range(leaves.shape[0]):
        kind = leaves[leaf, KIND]
        row = rows_of[leaf]
        if kind == NULL or (row == current and separator < 0):
            continue
        if row != current:
            offsets[current + 1 : row + 1] = used
            current = row
            valid[row] = True
        elif row == full:
            continue
        else:
            out[used] = separator
            used += 1
        if kind == ESCAPED:
            used = _put_escaped(data, leaves[leaf, START], leaves[leaf, END], out, used)
        else:
            used = _copy(data, leaves[leaf, START], leaves[leaf, END], out, used)
        if used - offsets[row] > limit:
            used = offsets[row] + limit
            while used > offsets[row] and out[used] & 0xC0 == 0x80:
                used -= 1
            full = row
            cut += 1
    offsets[current + 1 :] = used
    return offsets, out[:used], valid, cut


@kernel
def _integer(data: Array, position: int, end: int) -> tuple[int, bool]:
    """The int64 written at ``data[position:end]`` in decimal or 0x-hexadecimal, and whether there is one."""
    while position < end and data[position] == 32:
        position += 1
    while end > position and data[end - 1] == 32:
        end -= 1
    negative = position < end and data[position] == 45
    if negative:
        position += 1
    base = 10
    if end - position > 2 and data[position] == 48 and data[position + 1] | 32 == 120:
        base = 16
        position += 2
    if position == end:
        return 0, False
    value = 0
    most = _MOST // base
    for place in range(position, end):
        digit = _digit(data[place])
        if digit < 0 or digit >= base or value > most or (value == most and digit > _MOST - most * base):
            return 0, False
        value = value * base + digit
    return -value if negative else value, True


@kernel
def integer_column(data: Array, leaves: Array, rows: int) -> tuple[Array, Array]:
    """Values and validity of an int64 column; the first leaf of a row that is a whole number counts."""
    values = np.zeros(rows, np.int64)
    valid = np.zeros(rows, np.bool_)
    for leaf in range(leaves.shape[0]):
        row = leaves[leaf, ROW]
        kind = leaves[leaf, KIND]
        if valid[row] or (kind != NUMBER and kind != TEXT):
            continue
        value, good = _integer(data, leaves[leaf, START], leaves[leaf, END])
        if good:
            values[row] = value
            valid[row] = True
    return values, valid


@kernel
def flag_column(data: Array, leaves: Array, rows: int) -> tuple[Array, Array]:
    """Values and validity of a boolean column: true and false, as JSON words or as text in any case."""
    values = np.zeros(rows, np.bool_)
    valid = np.zeros(rows, np.bool_)
    for leaf in range(leaves.shape[0]):
        row = leaves[leaf, ROW]
        kind = leaves[leaf, KIND]
        size = leaves[leaf, END] - leaves[leaf, START]
        if valid[row] or not (kind in (TRUE, FALSE) or (kind == TEXT and 4 <= size <= 5)):
            continue
        first = data[leaves[leaf, START]] | 32
        last = data[leaves[leaf, END] - 1] | 32
        if last == 101 and (first == 116 or first == 102):
            values[row] = first == 116
            valid[row] = True
    return values, valid


@kernel
def _digits(data: Array, position: int, end: int, most: int) -> tuple[int, int]:
    """The number written in at most ``most`` decimal digits from ``position``, and how many there are."""
    value = count = 0
    while position + count < end and count < most and 48 <= data[position + count] <= 57:
        value = value * 10 + (int(data[position + count]) - 48)
        count += 1
    return value, count


@kernel
def _fraction(data: Array, position: int, end: int) -> tuple[int, int]:
    """Nanoseconds of the fraction of a second at ``position`` (a point or comma and digits), and where it ends."""
    if position >= end or (data[position] != 46 and data[position] != 44):
        return 0, position
    value, count = _digits(data, position + 1, end, 9)
    position += 1 + count
    while count < 9:
        value *= 10
        count += 1
    while position < end and 48 <= data[position] <= 57:
        position += 1
    return value, position


@kernel
def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the Gregorian calendar."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return int(era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468)


@kernel
def _named_zone(data: Array, position: int, end: int) -> tuple[int, int, bool]:
    """As :func:`_zone` for names: UTC and GMT are known; CEST, EST and such are not, as they are not unique."""
    if end - position > 5:
        return 0, 0, False
    for place in range(position, end):
        if not 65 <= data[place] <= 90:
            return 0, 0, False
    size, first, second = end - position, data[position], data[position + 1] if position + 1 < end else 0
    if size == 3 and ((first == 85 and second == 84) or (first == 71 and second == 77)):  # UT., GM.
        return 0, 1, True
    return 0, 0, True


@kernel
def _zone(data: Array, position: int, end: int) -> tuple[int, int, bool]:
    """Seconds east of UTC stated at ``position``, how it is known (0 not, 1 stated) and whether the text is well formed."""
    while position < end and data[position] == 32:
        position += 1
    if position == end:
        return 0, 0, True
    sign = data[position]
    if sign | 32 == 122:
        return 0, 1, bool(position + 1 == end)
    if sign != 43 and sign != 45:
        return _named_zone(data, position, end)  # type: ignore[no-any-return]
    hours, count = _digits(data, position + 1, end, 2)
    position += 1 + count
    if position < end and data[position] == 58:
        position += 1
    minutes, more = _digits(data, position, end, 2)
    seconds = hours * 3600 + minutes * 60
    good = count == 2 and (more == 2 or more == 0) and position + more == end and hours <= 18 and minutes < 60
    return (-seconds if sign == 45 else seconds), 1, bool(good)


@kernel
def _iso_time(data: Array, position: int, end: int) -> tuple[int, int, bool]:
    """Nanoseconds since 1970 of an ISO 8601 time, whether it states its zone (1) and whether it is one."""
    if end - position < 19:
        return 0, 0, False
    year, a = _digits(data, position, end, 4)
    month, b = _digits(data, position + 5, end, 2)
    day, c = _digits(data, position + 8, end, 2)
    hour, d = _digits(data, position + 11, end, 2)
    minute, e = _digits(data, position + 14, end, 2)
    second, f = _digits(data, position + 17, end, 2)
    if a + b + c + d + e + f != 14 or not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return 0, 0, False
    if data[position + 4] != data[position + 7] or data[position + 13] != 58 or data[position + 16] != 58:
        return 0, 0, False
    nanoseconds, position = _fraction(data, position + 19, end)
    offset, stated, good = _zone(data, position, end)
    days = _days(year, month, day)
    good &= day <= 28 or days < _days(year + month // 12, month % 12 + 1, 1)
    if not good or not -106000 < days < 106000:
        return 0, 0, False
    return ((days * 86400 + hour * 3600 + minute * 60 + second) - offset) * 1_000_000_000 + nanoseconds, stated, True


@kernel
def _epoch_time(data: Array, position: int, end: int) -> tuple[int, bool]:
    """Nanoseconds since 1970 of a decimal number of seconds, exact to the last digit, and whether it is one."""
    negative = data[position] == 45
    if negative:
        position += 1
    seconds, count = _digits(data, position, end, 10)
    nanoseconds, finish = _fraction(data, position + count, end)
    if count == 0 or finish != end or seconds > 9_000_000_000:
        return 0, False
    value = seconds * 1_000_000_000 + nanoseconds
    return -value if negative else value, True


@kernel
def time_column(data: Array, leaves: Array, rows: int) -> tuple[Array, Array, Array]:
    """Nanoseconds since 1970, validity, and whether the zone is known (stated, or seconds since 1970), per row."""
    values = np.zeros(rows, np.int64)
    valid = np.zeros(rows, np.bool_)
    zoned = np.zeros(rows, np.bool_)
    for leaf in range(leaves.shape[0]):
        row = leaves[leaf, ROW]
        kind = leaves[leaf, KIND]
        start, end = leaves[leaf, START], leaves[leaf, END]
        if valid[row] or (kind != NUMBER and kind != TEXT) or start == end:
            continue
        value, stated, good = _iso_time(data, start, end)
        if not good:
            value, good = _epoch_time(data, start, end)
            stated = 1
        if good:
            values[row] = value
            valid[row] = True
            zoned[row] = stated == 1
    return values, valid, zoned
