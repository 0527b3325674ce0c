"""Which parsers could know a connection at all, told from the first octets of its directions: one kernel for a batch.

A parser module may say beside its ``SERVICE``:

- ``TCP_FIRST``, ``UDP_FIRST``: the octets with which a direction of a stream, or one of the first datagrams, can begin when
  its ``sniff`` says yes; an empty string that it never does over that transport. Without it any octet will do.
- ``ASKED_ON``: ports on which it is asked whatever the first octet is.

These are necessary conditions only. Whoever widens a ``sniff`` widens them too; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wardround.wire.capture import Bytes, Number, Records
from wardround.wire.decode import TCP, UDP

if TYPE_CHECKING:
    from wardround.wire.connection import Parser

#: Datagrams of each direction that are looked at: no parser looks at more.
DATAGRAMS = 24

#: A set of parsers is a number of 64 bits.
MAX_PARSERS = 64

#: Sets of parsers that are remembered.
_MAX_SETS = 4096

_ANY = bytes(range(256))


class Table:
    """The conditions of parsers, for :meth:`of`; the first of them is bit 0."""

    def __init__(self, parsers: Sequence[Parser]) -> None:
        if len(parsers) > MAX_PARSERS:
            raise ValueError(f"more than {MAX_PARSERS} parsers")
        self._parsers = parsers
        # A dictionary and no cache around a bound method: that would be a cycle, and the table would outlive its engine.
        self._sets: dict[int, tuple[Parser, ...]] = {}
        self._first = np.zeros((2, 257), np.uint64)  # by transport and octet; the last one for octets that are not known
        self._ports = np.zeros((2, 65536), np.uint64)
        for number, parser in enumerate(parsers):
            bit = np.uint64(1 << number)
            for transport, name in enumerate(("TCP_FIRST", "UDP_FIRST")):
                octets: bytes = getattr(parser, name, _ANY)
                self._first[transport, list(octets)] |= bit
                if octets:
                    self._first[transport, 256] |= bit
                if octets == _ANY:
                    self._ports[transport] |= bit
                self._ports[transport, list(getattr(parser, "ASKED_ON", ()))] |= bit

    def of(self, data: Bytes, flows: Records, found: Records, starts: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The candidates of every flow whose segments are ``found``: those of its two ends begin at ``starts``."""
        result = np.zeros(len(flows), np.uint64)
        _candidates(data, flows, found, starts, self._first, self._ports, result)
        return result

    def chosen(self, candidates: int) -> tuple[Parser, ...]:
        """The parsers of a set, in their order."""
        known = self._sets.get(candidates)
        if known is None:
            if len(self._sets) >= _MAX_SETS:
                self._sets.clear()
            known = self._sets[candidates] = tuple(one for number, one in enumerate(self._parsers) if candidates >> number & 1)
        return known


@njit(boundscheck=True, cache=True, nogil=True)
def _octet(data: Bytes, segment: Records, at: Number) -> Number:
    """The octet ``at`` of a segment, 256 where it does not lie in the capture."""
    if segment.offset < 0:
        return 256
    return np.int64(data[segment.offset + at])


@njit(boundscheck=True, cache=True, nogil=True)
def _candidates(
    data: Bytes, flows: Records, found: Records, starts: NDArray[np.int64], first: NDArray[np.uint64],
    ports: NDArray[np.uint64], result: NDArray[np.uint64],
) -> None:  # fmt: skip
    for index in range(len(flows)):
        begin, turn, end = starts[2 * index], starts[2 * index + 1], starts[2 * index + 2]
        flow = flows[index]
        if begin == end or (flow.protocol != TCP and flow.protocol != UDP):
            continue
        transport = 0 if flow.protocol == TCP else 1
        mask = ports[transport, flow.orig_port] | ports[transport, flow.resp_port]
        for side in range(2):
            at, stop = (begin, turn) if side == 0 else (turn, end)
            if transport == 1:
                for number in range(at, min(stop, at + DATAGRAMS)):
                    mask |= first[1, _octet(data, found[number], 0)]
                continue
            # The piece that holds the first octet of the stream, unless that octet is missing.
            while at + 1 < stop and found[at + 1].at <= 1:
                at += 1
            if at < stop and found[at].at <= 1 and 1 - found[at].at < found[at].length:
                mask |= first[0, _octet(data, found[at], 1 - found[at].at)]
        result[index] = mask
