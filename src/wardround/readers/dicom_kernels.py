"""The compiled part of the walk through a data set: ordinary elements, one after another, at memory speed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.readers.dicom_octets import FIRST_BYTES, SHORTEST_PROGRAM
from wardround.readers.dicom_walk import LONG_VRS, SHORT_VRS, VALUE_BYTES
from wardround.readers.zeek_cells import Bytes, _kernel

Numbers = NDArray[np.int64]

_SHORT, _LONG = 1, 2


def _table(marked: dict[bytes, int]) -> Bytes:
    table = np.zeros(65536, np.uint8)
    for two, mark in marked.items():
        table[two[0] << 8 | two[1]] = mark
    return table


#: What two letters of a VR mean: 1 a length of two bytes, 2 one of four. SQ is left to the careful walk.
VRS = _table(dict.fromkeys(SHORT_VRS, _SHORT) | dict.fromkeys(LONG_VRS - {b"SQ"}, _LONG))

#: Whether two bytes begin something that runs or opens.
MAGICS = _table(dict.fromkeys(FIRST_BYTES, 1))


@_kernel
def _number(data: Bytes, at: int, big: bool) -> int:
    if big:
        return int(data[at]) << 24 | int(data[at + 1]) << 16 | int(data[at + 2]) << 8 | int(data[at + 3])
    return int(data[at + 3]) << 24 | int(data[at + 2]) << 16 | int(data[at + 1]) << 8 | int(data[at])


@_kernel
def _half(data: Bytes, at: int, big: bool) -> int:
    if big:
        return int(data[at]) << 8 | int(data[at + 1])
    return int(data[at + 1]) << 8 | int(data[at])


@_kernel
def _among(tags: Numbers, tag: int) -> bool:
    """Whether a sorted array holds the tag."""
    low, high = 0, tags.size
    while low < high:
        middle = (low + high) // 2
        if tags[middle] < tag:
            low = middle + 1
        else:
            high = middle
    return low < tags.size and tags[low] == tag


@_kernel
def pass_plain(
    data: Bytes,
    offset: int,
    end: int,
    last: int,
    explicit: bool,
    big: bool,
    remarkable: Numbers,
    wanted: Numbers,
    vrs: Bytes,
    magics: Bytes,
    kept: Numbers,
) -> tuple[int, int, int, int]:
    """Pass over elements that are whole before ``end`` and hold nothing remarkable, until one is not.

    Returns where that one begins, the tag before it, how many were passed and how many of ``wanted`` stand in ``kept``
    (tag, begin, end of the value).
    """
    count = found = 0
    while offset + 12 <= end and found < kept.shape[0]:
        group, element = _half(data, offset, big), _half(data, offset + 2, big)
        if explicit:
            kind = vrs[int(data[offset + 4]) << 8 | int(data[offset + 5])]
            if kind == _SHORT:
                begin, length = offset + 8, _half(data, offset + 6, big)
            elif kind == _LONG:
                begin, length = offset + 12, _number(data, offset + 8, big)
            else:
                break
        else:
            begin, length = offset + 8, _number(data, offset + 4, big)
            if length >= 8 and begin + 4 <= end and _number(data, begin, False) == 0xE000FFFE:
                break
        tag = group << 16 | element
        stop = begin + length
        if tag <= last or element == 0 or group == 0xFFFE or length & 1 or stop > end or _among(remarkable, tag):
            break
        if length >= SHORTEST_PROGRAM and magics[int(data[begin]) << 8 | int(data[begin + 1])]:
            break
        if _among(wanted, tag):
            kept[found, 0], kept[found, 1], kept[found, 2] = tag, begin, min(stop, begin + VALUE_BYTES)
            found += 1
        last, offset = tag, stop
        count += 1
    return offset, last, count, found


def sorted_tags(tags: frozenset[int]) -> Numbers:
    """Tags as the kernel wants them."""
    return np.array(sorted(tags), np.int64)


def empty_kept(rows: int = 64) -> Any:
    """Room for the values of one call."""
    return np.empty((rows, 3), np.int64)
