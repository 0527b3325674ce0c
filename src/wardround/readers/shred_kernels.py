"""The compiled first half of :mod:`wardround.readers.shred`: JSON bytes to a flat list of leaves.

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
def signed(position: Any) -> Any:
    """An unsigned position as a signed one: arithmetic of the two together would be done in floating point."""
    return np.int64(position)


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
                return signed(place), escaped
            if data[place] == 92:
                break
        else:
            return -1, escaped
        escaped = True
        position = signed(place) + 2
    return -1, escaped


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
            start = first = position - 1
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
                start, finish, kind = first if key_start < 0 else key_start, position, RAW
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
    """The leaves ordered by name (in record order within it), and where each name begins.

    Columns are built one after another; with their leaves side by side each pass runs through memory in one direction.
    """
    bounds = np.zeros(names + 1, np.int64)
    for leaf in range(leaves.shape[0]):
        bounds[name_of_path[leaves[leaf, PATH]] + 1] += 1
    for name in range(names):
        bounds[name + 1] += bounds[name]
    grouped = np.empty_like(leaves)
    used = bounds.copy()
    for leaf in range(leaves.shape[0]):
        name = name_of_path[leaves[leaf, PATH]]
        for part in range(5):
            grouped[used[name], part] = leaves[leaf, part]
        used[name] += 1
    return grouped, bounds


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
