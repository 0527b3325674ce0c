"""Compiled loops over the cells of Zeek's text logs: from bytes to numbers and strings without a Python object per cell.

A column is two int64 arrays, ``begins`` and ``ends``, that delimit its cells within one block of bytes (uint8). The bytes
are hostile: every index is checked, and a cell that does not hold what it should is marked, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Positions = NDArray[np.int64]
Marks = NDArray[np.uint8]

#: What a cell turned out to be.
UNSET, GOOD, BAD, LONG = 0, 1, 2, 3

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _kernel(function: _Function) -> _Function:
    return cast(_Function, njit(boundscheck=True, cache=True, nogil=True)(function))


@_kernel
def _equals(data: Bytes, begin: int, end: int, word: Bytes) -> bool:
    if end - begin != word.size:
        return False
    for i in range(word.size):  # noqa: SIM110 (compiled code has no generators)
        if data[begin + i] != word[i]:
            return False
    return True


@_kernel
def cut_lines(data: Bytes, begins: Positions, ends: Positions, separator: int, edges: NDArray[np.int32], whole: Marks) -> None:
    """Cut lines into cells.

    ``edges`` has a row per column and one more, a column per line: cell c of line l is the bytes from ``edges[c, l]`` to
    ``edges[c + 1, l] - 1``. ``whole[l]`` is 1 when line l has exactly as many cells as there are columns.
    """
    columns = edges.shape[0] - 1
    for line in range(begins.size):
        edges[0, line] = begins[line]
        column = 1
        for i in range(begins[line], ends[line]):
            if data[i] == separator:
                if column < columns:
                    edges[column, line] = i + 1
                column += 1
        if column == columns:
            edges[columns, line] = ends[line] + 1
            whole[line] = 1
        else:
            whole[line] = 0


@_kernel
def parse_integers(
    data: Bytes, begins: Positions, ends: Positions, unset: Bytes, values: NDArray[np.int64], marks: Marks
) -> None:
    """Decimal integers of at most 18 digits into ``values``, what each cell was into ``marks``."""
    for cell in range(begins.size):
        begin, end = begins[cell], ends[cell]
        values[cell] = 0
        if _equals(data, begin, end, unset):
            marks[cell] = UNSET
            continue
        negative = begin < end and data[begin] == 45
        if negative:
            begin += 1
        value = 0
        good = 0 < end - begin <= 18
        if good:
            for i in range(begin, end):
                digit = int(data[i]) - 48
                if digit < 0 or digit > 9:
                    good = False
                    break
                value = value * 10 + digit
        marks[cell] = GOOD if good else BAD
        if good:
            values[cell] = -value if negative else value


@_kernel
def parse_times(data: Bytes, begins: Positions, ends: Positions, unset: Bytes, values: NDArray[np.int64], marks: Marks) -> None:
    """Seconds since 1970 as decimal text into whole nanoseconds, exactly; digits below the nanosecond are cut off.

    A time that does not fit (before 1677 or after 2262) gets the nearest one that does and the mark LONG.
    """
    for cell in range(begins.size):
        begin, end = begins[cell], ends[cell]
        values[cell] = 0
        if _equals(data, begin, end, unset):
            marks[cell] = UNSET
            continue
        negative = begin < end and data[begin] == 45
        if negative:
            begin += 1
        whole = 0
        fraction = 0
        digits_before = 0
        digits_after = -1
        good = True
        for i in range(begin, end):
            digit = int(data[i]) - 48
            if data[i] == 46 and digits_after < 0:
                digits_after = 0
            elif digit < 0 or digit > 9:
                good = False
                break
            elif digits_after < 0:
                digits_before += 1
                if whole < 10**16:
                    whole = whole * 10 + digit
            else:
                if digits_after < 9:
                    fraction = fraction * 10 + digit
                    digits_after += 1
        if not good or digits_before == 0:
            marks[cell] = BAD
            continue
        for _ in range(max(digits_after, 0), 9):
            fraction *= 10
        if whole > 9223372035:
            values[cell] = np.int64(-(2**63 - 1)) if negative else np.int64(2**63 - 1)
            marks[cell] = LONG
        else:
            value = whole * 10**9 + fraction
            values[cell] = -value if negative else value
            marks[cell] = GOOD


@_kernel
def parse_reals(
    data: Bytes, begins: Positions, ends: Positions, unset: Bytes, values: NDArray[np.float64], marks: Marks
) -> None:
    """Decimal numbers, correctly rounded, into ``values``; those that need more care than this loop has are marked LONG."""
    for cell in range(begins.size):
        begin, end = begins[cell], ends[cell]
        values[cell] = 0.0
        if _equals(data, begin, end, unset):
            marks[cell] = UNSET
            continue
        negative = begin < end and data[begin] == 45
        if negative:
            begin += 1
        digits = 0
        scale = 1.0
        mantissa = 0
        fraction = False
        plain = 0 < end - begin <= 16
        if plain:
            for i in range(begin, end):
                digit = int(data[i]) - 48
                if data[i] == 46 and not fraction:
                    fraction = True
                elif digit < 0 or digit > 9:
                    plain = False
                    break
                else:
                    digits += 1
                    mantissa = mantissa * 10 + digit
                    if fraction:
                        scale *= 10.0
        # At most 15 digits over a power of ten up to 10^15: both are exact, so the quotient is correctly rounded.
        if plain and 0 < digits <= 15:
            value = mantissa / scale
            values[cell] = -value if negative else value
            marks[cell] = GOOD
        else:
            marks[cell] = LONG


@_kernel
def parse_flags(data: Bytes, begins: Positions, ends: Positions, unset: Bytes, values: NDArray[np.uint8], marks: Marks) -> None:
    """T and F into 1 and 0."""
    for cell in range(begins.size):
        begin, end = begins[cell], ends[cell]
        values[cell] = 0
        if _equals(data, begin, end, unset):
            marks[cell] = UNSET
        elif end - begin == 1 and (data[begin] == 84 or data[begin] == 70):
            values[cell] = 1 if data[begin] == 84 else 0
            marks[cell] = GOOD
        else:
            marks[cell] = BAD


@_kernel
def _hexadecimal(byte: int) -> int:
    if 48 <= byte <= 57:
        return byte - 48
    if 97 <= byte <= 102:
        return byte - 87
    if 65 <= byte <= 70:
        return byte - 55
    return -1


@_kernel
def _escape(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The byte that an escape at ``at`` stands for and how many bytes it takes; (-1, 1) when it is none."""
    if at + 1 < end and data[at + 1] == 92:
        return 92, 2
    if at + 3 < end and data[at + 1] == 120:
        high, low = _hexadecimal(data[at + 2]), _hexadecimal(data[at + 3])
        if high >= 0 and low >= 0:
            return high * 16 + low, 4
    return -1, 1


@_kernel
def measure_texts(
    data: Bytes,
    begins: Positions,
    ends: Positions,
    unset: Bytes,
    empty: Bytes,
    unescape: bool,
    offsets: Positions,
    marks: Marks,
) -> None:
    """Where each text will stand in the buffer that :func:`copy_texts` fills: ``offsets`` has one more than the cells."""
    total = 0
    for cell in range(begins.size):
        begin, end = begins[cell], ends[cell]
        offsets[cell] = total
        if _equals(data, begin, end, unset):
            marks[cell] = UNSET
            continue
        marks[cell] = GOOD
        if empty.size and _equals(data, begin, end, empty):
            continue
        if not unescape:
            total += end - begin
            continue
        i = begin
        while i < end:
            i += _escape(data, i, end)[1] if data[i] == 92 else 1
            total += 1
    offsets[begins.size] = total


@_kernel
def copy_texts(data: Bytes, begins: Positions, ends: Positions, unescape: bool, offsets: Positions, texts: Bytes) -> None:
    """Fill ``texts`` with the cells, their escapes undone when ``unescape``; unset and empty ones have no room there."""
    for cell in range(begins.size):
        at, stop = offsets[cell], offsets[cell + 1]
        i = begins[cell]
        while at < stop:
            if unescape and data[i] == 92:
                byte, taken = _escape(data, i, ends[cell])
                texts[at] = 92 if byte < 0 else byte
                i += taken
            else:
                texts[at] = data[i]
                i += 1
            at += 1


@_kernel
def count_elements(
    data: Bytes,
    begins: Positions,
    ends: Positions,
    unset: Bytes,
    empty: Bytes,
    separator: int,
    offsets: Positions,
    marks: Marks,
) -> None:
    """How sets and vectors divide: element e of cell c is element ``offsets[c] + e`` of all; one more offset than cells."""
    total = 0
    for cell in range(begins.size):
        begin, end = begins[cell], ends[cell]
        offsets[cell] = total
        if _equals(data, begin, end, unset):
            marks[cell] = UNSET
            continue
        marks[cell] = GOOD
        if begin == end or _equals(data, begin, end, empty):
            continue
        total += 1
        for i in range(begin, end):
            if data[i] == separator:
                total += 1
    offsets[begins.size] = total


@_kernel
def cut_elements(
    data: Bytes,
    begins: Positions,
    ends: Positions,
    separator: int,
    offsets: Positions,
    element_begins: Positions,
    element_ends: Positions,
) -> None:
    """Delimit the elements that :func:`count_elements` counted."""
    for cell in range(begins.size):
        element = offsets[cell]
        if element == offsets[cell + 1]:
            continue
        element_begins[element] = begins[cell]
        for i in range(begins[cell], ends[cell]):
            if data[i] == separator:
                element_ends[element] = i
                element += 1
                element_begins[element] = i + 1
        element_ends[element] = ends[cell]
