"""Sliding windows over grouped events, vectorised: no loop over events, no buckets, memory linear in the events.

Events are sorted by group, then time. The window of an event holds the events of its group that are not later than it and
at most the timespan older; so every window is told by its first and last event. A window is *maximal* when no further
event fits into it. Every array here is indexed by event, in that order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows by their first and last event (both belong to them), in order of the last one."""

    start: Indices
    end: Indices


def window_starts(group: Indices, ts: Indices, span: int) -> Indices:
    """The first event of every event's window; ``span`` in the unit of ``ts``, both ends of it included."""
    count = len(ts)
    lowest = np.iinfo(np.int64).min
    oldest = np.where(ts < lowest + span, lowest, ts - span)
    # Events and the oldest times of their windows sorted together: before a time stand the events that are too old.
    is_event = np.repeat(np.array([False, True]), count)
    order = np.lexsort((is_event, np.concatenate([oldest, ts]), np.concatenate([group, group])))
    older = np.cumsum(is_event[order])
    starts = np.empty(2 * count, np.int64)
    starts[order] = older
    return starts[:count]


def maximal(starts: Indices) -> Flags:
    """Which windows are maximal."""
    return np.append(starts[1:] > starts[:-1], True)[: len(starts)]


def counts(starts: Indices) -> Numbers:
    """How many events every window holds."""
    return (np.arange(len(starts)) - starts + 1).astype(np.float64)


def distinct(starts: Indices, codes: Indices) -> Numbers:
    """How many distinct codes every window holds.

    Of equal codes the first one in the window counts. An event is that from its own window on, and from the first window
    that no longer holds the event with its code before it, until the last window that holds itself.
    """
    count = len(codes)
    order = np.argsort(codes, kind="stable")
    before = np.full(count, -1, np.int64)
    same = codes[order[1:]] == codes[order[:-1]]
    before[order[1:][same]] = order[:-1][same]
    positions = np.arange(count)
    opens = np.maximum(positions, np.searchsorted(starts, before, side="right"))
    closes = np.searchsorted(starts, positions, side="right")
    counted = opens < closes
    change = np.zeros(count + 1, np.int64)
    np.add.at(change, opens[counted], 1)
    np.add.at(change, closes[counted], -1)
    return np.cumsum(change)[:count].astype(np.float64)


def sums(starts: Indices, values: Numbers) -> Numbers:
    """The sum of the values of every window; exact for whole numbers up to 2^53 in total."""
    cumulative = np.concatenate([np.zeros(1), np.cumsum(values)])
    return np.asarray(cumulative[1:] - cumulative[starts], np.float64)


def percentiles(starts: Indices, values: Numbers, percentile: float) -> Numbers:
    """The percentile (0 to 100) of the values of every window, interpolated linearly between neighbours."""
    sorted_values, ranks = np.unique(values, return_inverse=True)
    ends = np.arange(1, len(values) + 1)
    place = (ends - starts - 1) * (percentile / 100)
    low = np.floor(place).astype(np.int64)
    high = np.ceil(place).astype(np.int64)
    below = sorted_values[_smallest(ranks.astype(np.int64), starts, ends, low)]
    above = sorted_values[_smallest(ranks.astype(np.int64), starts, ends, high)]
    return np.asarray(below + (above - below) * (place - low), np.float64)


def _smallest(ranks: Indices, start: Indices, end: Indices, place: Indices) -> Indices:
    """The ``place``-th smallest rank (from 0) in each range [start, end): a wavelet matrix, one step per bit of a rank.

    Claude, Navarro, Ordóñez: The wavelet matrix, Information Systems 47 (2015).
    """
    found = np.zeros(len(start), np.int64)
    for bit in reversed(range(max(1, int(ranks.max(initial=0)).bit_length()))):
        ones = (ranks >> bit) & 1
        zeros_before = np.concatenate([np.zeros(1, np.int64), np.cumsum(1 - ones)])
        start_zeros, end_zeros = zeros_before[start], zeros_before[end]
        zeros = end_zeros - start_zeros
        in_zeros = place < zeros
        found |= np.where(in_zeros, 0, 1 << bit)
        place = np.where(in_zeros, place, place - zeros)
        start = np.where(in_zeros, start_zeros, zeros_before[-1] + start - start_zeros)
        end = np.where(in_zeros, end_zeros, zeros_before[-1] + end - end_zeros)
        ranks = np.concatenate([ranks[ones == 0], ranks[ones == 1]])
    return found


def holds(starts: Indices, marked: Flags) -> Flags:
    """Which windows hold a marked event."""
    cumulative = np.concatenate([np.zeros(1, np.int64), np.cumsum(marked)])
    return np.asarray(cumulative[1:] > cumulative[starts])


def ordered(group: Indices, step: Indices, steps: int) -> Indices:
    """Where the latest chain that ends with every event begins: steps 0, 1 … ``steps`` - 1, one after the other.

    ``step`` is -1 for events that are none. -1 where no chain ends.
    """
    positions = np.arange(len(group))
    first = np.ones(len(group), bool)
    first[1:] = group[1:] != group[:-1]
    group_start = np.maximum.accumulate(np.where(first, positions, 0))
    begins = np.where(step == 0, positions, -1)
    for number in range(1, steps):
        latest = np.maximum.accumulate(begins)
        begins = np.where((step == number) & (latest >= group_start), latest, -1)
    return begins


def merged(windows: Windows) -> Windows:
    """Windows that share events as one; their first events must not go back."""
    if not len(windows.start):
        return windows
    apart = windows.start[1:] > windows.end[:-1]
    return Windows(windows.start[np.append(True, apart)], windows.end[np.append(apart, True)])
