"""Where payload is: chains of references into the capture, in one bounded array."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wardround.wire.capture import Number, Records

SEGMENT = np.dtype(
    [
        ("at", np.int64),  # position in the stream, from 1; of a datagram: its number
        ("offset", np.int64),  # of the payload in the capture; negative: -1 - offset among reassembled packets
        ("ts", np.int64),  # ns UTC
        ("frame", np.int64),
        ("length", np.int32),  # bytes that were captured
        ("wire", np.int32),  # bytes that it stands for in the stream; of a datagram: those on the wire
        ("next", np.int32),
    ]
)

#: No direction of a connection keeps more segments than this; what follows is counted, not parsed.
SEGMENT_LIMIT = 750_000

#: Places in the array of counters.
SEGMENT_FREE, SEGMENT_TOP, FLOW_FREE, FLOW_TOP, FLOWS_LIVE, FINISHED, SEGMENTS_LIVE, COUNTERS = 0, 1, 2, 3, 4, 5, 6, 8


@njit(boundscheck=True, cache=True, nogil=True)
def take_segment(segments: Records, counters: NDArray[np.int64]) -> Number:
    """A free segment, -1 when there is none."""
    index = counters[SEGMENT_FREE]
    if index >= 0:
        counters[SEGMENT_FREE] = segments[index].next
    elif counters[SEGMENT_TOP] < len(segments):
        index = counters[SEGMENT_TOP]
        counters[SEGMENT_TOP] += 1
    else:
        return -1
    counters[SEGMENTS_LIVE] += 1
    segments[index].next = -1
    return index


@njit(boundscheck=True, cache=True, nogil=True)
def insert_sorted(segments: Records, head: Number, index: Number) -> Number:
    """Put a segment into a chain by position, after its equals; gives the head of the chain."""
    at = segments[index].at
    if head < 0 or segments[head].at > at:
        segments[index].next = head
        return index
    before = head
    while segments[before].next >= 0 and segments[segments[before].next].at <= at:
        before = segments[before].next
    segments[index].next = segments[before].next
    segments[before].next = index
    return head


@njit(boundscheck=True, cache=True, nogil=True)
def release_chain(segments: Records, counters: NDArray[np.int64], head: Number) -> None:
    """Make the segments of a chain free."""
    while head >= 0:
        following = segments[head].next
        segments[head].next = counters[SEGMENT_FREE]
        counters[SEGMENT_FREE] = head
        counters[SEGMENTS_LIVE] -= 1
        head = following


@njit(boundscheck=True, cache=True, nogil=True)
def chains(segments: Records, heads: NDArray[np.int32], numbers: NDArray[np.int64], starts: NDArray[np.int64]) -> None:
    """Write the numbers of the segments of chains one after the other, but for empty ones.

    ``starts`` tells where each chain begins, and in the end where the last one ends.
    """
    count = 0
    for position in range(len(heads)):
        starts[position] = count
        at = heads[position]
        while at >= 0 and count < len(numbers):
            if segments[at].length > 0:
                numbers[count] = at
                count += 1
            at = segments[at].next
    starts[len(heads)] = count
