"""The compiled half of :mod:`wardround.readers.shred`: JSON bytes to a flat list of leaves, and leaves to columns.

A *leaf* is one scalar of a record: five int32 ``(row, path, start, end, kind)``, where ``start`` and ``end`` are offsets
into the bytes (inside the quotes for strings). A *path* is an interned chain of object keys; arrays are transparent, so
that the members of an array share its path. Nothing here trusts the bytes: every index is checked, every loop is bounded
by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    Array = np.ndarray[Any, np.dtype[Any]]

ROW, PATH, START, END, KIND = range(5)

#: What is known of a path: its parent, where its key was first met, a hash of both, and the paths that lately came first
#: in it and next after it.
PARENT, KEY_START, KEY_END, HASH, FIRST, NEXT = range(6)

#: Kinds of leaf. RAW is ``"key": value`` as written, kept for names beyond the limit of paths.
TEXT, ESCAPED, NUMBER, TRUE, FALSE, NULL, RAW = range(7)

#: The first two paths: the record itself, and what no longer fits in the table of paths.
ROOT, OVERFLOW = 0, 1

MAX_DEPTH = 64
_MAX_PROBES = 64

_ONE = np.uint64(1)
_MOST = 0x7FFFFFFFFFFFFFFF

#: Why a record is not JSON; a negative result of ``_parse_record``.
ERRORS = (
    "",
    "it is not an object",
    "a byte that JSON does not allow there",
    "a text without end",
    "it ends before its object does",
    f"nested deeper than {MAX_DEPTH}",
    "something follows the object",
    "blank",
)
_NOT_OBJECT, _BAD_BYTE, _OPEN_TEXT, _OPEN_OBJECT, _TOO_DEEP, _TRAILING, BLANK = range(1, 8)

_AFTER, _KEY, _KEY_OR_CLOSE, _VALUE, _VALUE_OR_CLOSE = range(5)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile with the options that every kernel over hostile bytes has."""
    return njit(boundscheck=True, cache=True, nogil=True)(function)


@kernel
def object_bounds(data: Array, start: int, final: bool) -> tuple[Array, Array, int]:
    """Starts and ends of the objects that follow one another from ``start`` (members of an array, or just in a row).

    Third, where the first unfinished object begins (the size of the data when there is none): with more bytes, scanning
    goes on from there. ``final`` makes the unfinished object part of the result.
    """
    starts = np.empty(1024, np.int64)
    ends = np.empty(1024, np.int64)
    count = depth = 0
    begin = data.size
    inside = False
    position = start
    while position < data.size:
        byte = data[position]
        if inside:
            if byte == 92:
                position += 1
            elif byte == 34:
                inside = False
        elif depth > 0 and byte == 34:
            inside = True
        elif byte == 123:
            if depth == 0:
                begin = position
            depth += 1
        elif byte == 125 and depth > 0:
            depth -= 1
            if depth == 0:
                if count == starts.size:
                    starts = np.concatenate((starts, np.empty_like(starts)))
                    ends = np.concatenate((ends, np.empty_like(ends)))
                starts[count] = begin
                ends[count] = position + 1
                count += 1
                begin = data.size
        position += 1
    if final and begin < data.size:
        starts = np.append(starts[:count], begin)
        ends = np.append(ends[:count], data.size)
        return starts, ends, data.size
    return starts[:count], ends[:count], begin


@kernel
def _text_end(data: Array, position: int, end: int) -> tuple[int, bool]:
    """Where the quote stands that closes a text begun before ``position`` (-1: nowhere), and whether it holds escapes."""
    escaped = False
    while position < end:
        for place in range(np.uint64(position), np.uint64(end)):
            if data[place] == 34:
                return np.int64(place), escaped
            if data[place] == 92:
                break
        else:
            return -1, escaped
        escaped = True
        position = np.int64(place) + 2
    return -1, escaped


@kernel
def _copy(data: Array, start: int, end: int, out: Array, used: int) -> int:
    """Copy bytes; the new number of bytes used in ``out``. With unsigned indices the compiler makes it one block copy."""
    target = np.uint64(used)
    for place in range(np.uint64(start), np.uint64(end)):
        out[target] = data[place]
        target += _ONE
    return used + end - start


@kernel
def _is_key(data: Array, position: int, end: int, first: int, size: int) -> bool:
    """Whether the key at ``position`` is the same as the ``size`` bytes at ``first``."""
    if position + size >= end or data[position + size] != 34:
        return False
    known = np.uint64(first)
    for place in range(np.uint64(position), np.uint64(position + size)):
        if data[place] != data[known]:
            return False
        known += _ONE
    return True


@kernel
def _key(data: Array, position: int, end: int, paths: Array, table: Array, parent: int, last: int) -> tuple[int, int]:
    """The path of the key at ``position`` and where its closing quote stands (-1: nowhere).

    ``last`` is the path of the key before it in the object, 0 at the first. Records repeat themselves, so the key that
    followed the last time is tried first.
    """
    guess = paths[last, NEXT] if last else paths[parent, FIRST]
    if guess:
        size = paths[guess, KEY_END] - paths[guess, KEY_START]
        if _is_key(data, position, end, paths[guess, KEY_START], size):
            return guess, position + size
    close, _ = _text_end(data, position, end)
    if close < 0:
        return 0, -1
    path = _child(data, paths, table, parent, position, close)
    if path != OVERFLOW:
        paths[last if last else parent, NEXT if last else FIRST] = path
    return path, close


@kernel
def _child(data: Array, paths: Array, table: Array, parent: int, start: int, end: int) -> int:
    """The path of the key ``data[start:end]`` under ``parent``, interned; OVERFLOW when there is no room for it.

    The first cell of row 0 of ``paths`` holds the number of paths.
    """
    if parent == OVERFLOW:
        return OVERFLOW
    mixed = (parent * 16777619 + 2166136261) & 0xFFFFFFFF
    for position in range(start, end):
        mixed = ((mixed ^ data[position]) * 16777619) & 0xFFFFFFFF
    mask = table.size - 1
    slot = (mixed ^ (mixed >> 15)) & mask
    for _ in range(_MAX_PROBES):
        path = table[slot]
        if path == 0:
            count = paths[0, 0]
            if count == paths.shape[0]:
                return OVERFLOW
            paths[0, 0] = count + 1
            paths[count, PARENT] = parent
            paths[count, KEY_START] = start
            paths[count, KEY_END] = end
            paths[count, HASH] = mixed
            table[slot] = count
            return int(count)
        if paths[path, HASH] == mixed and paths[path, PARENT] == parent:
            size = paths[path, KEY_END] - paths[path, KEY_START]
            if size == end - start and _is_key(data, start, data.size, paths[path, KEY_START], size):
                return int(path)
        slot = (slot + 1) & mask
    return OVERFLOW


@kernel
def _literal(data: Array, position: int, end: int) -> tuple[int, int]:
    """The end and the kind of the number or word at ``position``; kind -1 when it is neither."""
    first = data[position]
    size = end - position
    if first == 116 and size >= 4 and data[position + 1] == 114 and data[position + 2] == 117 and data[position + 3] == 101:
        return position + 4, TRUE
    if first == 110 and size >= 4 and data[position + 1] == 117 and data[position + 2] == 108 and data[position + 3] == 108:
        return position + 4, NULL
    if (
        first == 102
        and size >= 5
        and data[position + 1] == 97
        and data[position + 2] == 108
        and data[position + 3] == 115
        and data[position + 4] == 101
    ):
        return position + 5, FALSE
    if first != 45 and not 48 <= first <= 57:
        return position, -1
    while position < end:
        byte = data[position]
        if not (48 <= byte <= 57 or byte == 45 or byte == 43 or byte == 46 or byte == 101 or byte == 69):
            break
        position += 1
    return position, NUMBER


@kernel
def _parse_record(data: Array, position: int, end: int, row: int, leaves: Array, count: int, paths: Array, table: Array) -> int:
    """Append the leaves of the record ``data[position:end]``; their new number, or an error of ERRORS negated."""
    stack_path = np.empty(MAX_DEPTH, np.int64)
    stack_key = np.empty(MAX_DEPTH, np.int64)
    stack_array = np.empty(MAX_DEPTH, np.bool_)
    depth = 0
    path = ROOT
    key_start = -1
    state = _VALUE
    while position < end:
        byte = data[position]
        position += 1
        if byte == 32 or byte == 9 or byte == 13 or byte == 10:
            continue
        if depth == 0 and (byte != 123 or state == _AFTER):
            return -_TRAILING if state == _AFTER else -_NOT_OBJECT
        in_array = depth > 0 and stack_array[depth - 1]
        if byte == 44 and state == _AFTER:
            path = stack_path[depth - 1]
            state = _VALUE if in_array else _KEY
        elif byte == 34 and (state in (_KEY, _KEY_OR_CLOSE)):
            path, close = _key(data, position, end, paths, table, path, stack_key[depth - 1])
            if close < 0:
                return -_OPEN_TEXT
            stack_key[depth - 1] = path
            key_start = position - 1
            position = close + 1
            while position < end and data[position] != 58 and data[position] <= 32:
                position += 1
            if position >= end or data[position] != 58:
                return -_BAD_BYTE
            position += 1
            state = _VALUE
        elif (byte == 125 and not in_array and (state in (_AFTER, _KEY_OR_CLOSE))) or (
            byte == 93 and in_array and (state in (_AFTER, _VALUE_OR_CLOSE))
        ):
            depth -= 1
            state = _AFTER
        elif state != _VALUE and state != _VALUE_OR_CLOSE:
            return -_BAD_BYTE
        elif byte == 123 or byte == 91:
            if depth == MAX_DEPTH:
                return -_TOO_DEEP
            stack_path[depth] = path
            stack_key[depth] = 0
            stack_array[depth] = byte == 91
            depth += 1
            state = _KEY_OR_CLOSE if byte == 123 else _VALUE_OR_CLOSE
        else:
            start = position - 1
            if byte == 34:
                close, escaped = _text_end(data, position, end)
                if close < 0:
                    return -_OPEN_TEXT
                start, finish, kind = position, close, ESCAPED if escaped else TEXT
                position = close + 1
            else:
                finish, kind = _literal(data, start, end)
                if kind < 0:
                    return -_BAD_BYTE
                position = finish
            if path == OVERFLOW:
                start, finish, kind = start if key_start < 0 else key_start, position, RAW
                key_start = -1
            leaves[count, ROW] = row
            leaves[count, PATH] = path
            leaves[count, START] = start
            leaves[count, END] = finish
            leaves[count, KIND] = kind
            count += 1
            state = _AFTER
    if depth == 0:
        return count if state == _AFTER else -BLANK
    return -_OPEN_OBJECT


@kernel
def tokenise(data: Array, starts: Array, ends: Array, paths: Array, table: Array) -> tuple[Array, Array]:
    """Leaves of all records (n x 5), rows being counted over the good records, and per record 0 or its error."""
    leaves = np.empty((data.size // 24 + 64, 5), np.int32)
    errors = np.zeros(starts.size, np.int32)
    count = row = 0
    for record in range(starts.size):
        room = count + (ends[record] - starts[record]) // 2 + 2
        if room > leaves.shape[0]:
            grown = np.empty((max(room, leaves.shape[0] * 3 // 2), 5), np.int32)
            grown[:count] = leaves[:count]
            leaves = grown
        result = _parse_record(data, starts[record], ends[record], row, leaves, count, paths, table)
        if result < 0:
            errors[record] = -result
        else:
            count = result
            row += 1
    return leaves[:count], errors


@kernel
def group(leaves: Array, name_of_path: Array, names: int) -> tuple[Array, Array]:
    """Leaf numbers ordered by name (in record order within it), and where each name begins in that order."""
    bounds = np.zeros(names + 1, np.int64)
    for leaf in range(leaves.shape[0]):
        bounds[name_of_path[leaves[leaf, PATH]] + 1] += 1
    for name in range(names):
        bounds[name + 1] += bounds[name]
    order = np.empty(leaves.shape[0], np.int32)
    used = bounds.copy()
    for leaf in range(leaves.shape[0]):
        name = name_of_path[leaves[leaf, PATH]]
        order[used[name]] = leaf
        used[name] += 1
    return order, bounds


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
def brace_guids(data: Array, leaves: Array) -> None:
    """Make ``"4A…"`` into ``{4A…}`` in place for the texts that are GUIDs in upper case, and widen their leaves."""
    for leaf in range(leaves.shape[0]):
        start, end = leaves[leaf, START], leaves[leaf, END]
        if end - start != 36 or leaves[leaf, KIND] != TEXT:
            continue
        guid = True
        for offset in range(36):
            byte = data[start + offset]
            if offset == 8 or offset == 13 or offset == 18 or offset == 23:
                guid &= byte == 45
            else:
                guid &= 48 <= byte <= 57 or 65 <= byte <= 70
            if not guid:
                break
        if guid:
            data[start - 1] = 123
            data[end] = 125
            leaves[leaf, START] = start - 1
            leaves[leaf, END] = end + 1


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
    data: Array, leaves: Array, order: Array, rows_of: Array, rows: int, separator: int, limit: int
) -> tuple[Array, Array, Array, int]:
    """Offsets, bytes and validity of an Arrow text column, and how many values were cut at ``limit`` bytes.

    ``order`` are the leaves and ``rows_of`` the row of each (ascending). A row with several leaves keeps the first, or
    all of them with the byte ``separator`` between when that is not negative.
    """
    room = 0
    for leaf in order:
        room += leaves[leaf, END] - leaves[leaf, START] + 1
    out = np.empty(room, np.uint8)
    offsets = np.zeros(rows + 1, np.int32)
    valid = np.zeros(rows, np.bool_)
    current = -1
    used = cut = 0
    for number in range(order.size):
        leaf = order[number]
        kind = leaves[leaf, KIND]
        row = rows_of[number]
        if kind == NULL or (row == current and separator < 0):
            continue
        if row != current:
            offsets[current + 1 : row + 1] = used
            current = row
            valid[row] = True
        elif used - offsets[row] >= limit:
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
def integer_column(data: Array, leaves: Array, order: Array, rows: int) -> tuple[Array, Array]:
    """Values and validity of an int64 column; the first leaf of a row that is a whole number counts."""
    values = np.zeros(rows, np.int64)
    valid = np.zeros(rows, np.bool_)
    for leaf in order:
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
def flag_column(data: Array, leaves: Array, order: Array, rows: int) -> tuple[Array, Array]:
    """Values and validity of a boolean column: true and false, as JSON words or as text in any case."""
    values = np.zeros(rows, np.bool_)
    valid = np.zeros(rows, np.bool_)
    for leaf in order:
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
        return _named_zone(data, position, end)
    hours, count = _digits(data, position + 1, end, 2)
    position += 1 + count
    if position < end and data[position] == 58:
        position += 1
    minutes, more = _digits(data, position, end, 2)
    seconds = hours * 3600 + minutes * 60
    good = count == 2 and (more == 2 or more == 0) and position + more == end and hours <= 18 and minutes < 60
    return (-seconds if sign == 45 else seconds), 1, good


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
def time_column(data: Array, leaves: Array, order: Array, rows: int) -> tuple[Array, Array, Array]:
    """Nanoseconds since 1970, validity, and whether the zone is known (stated, or seconds since 1970), per row."""
    values = np.zeros(rows, np.int64)
    valid = np.zeros(rows, np.bool_)
    zoned = np.zeros(rows, np.bool_)
    for leaf in order:
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
