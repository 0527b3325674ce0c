"""Which parsers could know a connection at all, told from octets at the beginning of its directions: one kernel for a batch.

A parser module may say beside its ``SERVICE``:

- ``TCP_FIRST``, ``UDP_FIRST``: the octets with which a direction of a stream, or one of the first datagrams, can begin when
  its ``sniff`` says yes; an empty string that it never does over that transport. Without it any octet will do.
- ``TCP_HEADS``, ``UDP_HEADS``: further octets of such a beginning by their place in it, each of which must be there and be
  one of those given; several of them are alternatives.
- ``ASKED_ON``: ports on which it is asked whatever the first octets are.

These are necessary conditions only. Whoever widens a ``sniff`` widens them too; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wardround.wire.capture import Bytes, Number, Records
from wardround.wire.decode import TCP, UDP

if TYPE_CHECKING:
    from wardround.wire.connection import Parser

#: Datagrams of each direction that are looked at: no parser looks at more.
DATAGRAMS = 24

#: A set of beginnings, of one parser or of several, is a number of 64 bits.
MAX_HEADS = 64

#: Sets of parsers that are remembered.
_MAX_SETS = 4096

_ANY = bytes(range(256))

#: Stand for an octet that the capture holds elsewhere, and for one beyond the end.
_UNKNOWN, _MISSING = 256, 257

_TRANSPORTS = ("TCP", "UDP")


def _heads(parser: Parser, transport: str) -> list[Mapping[int, bytes]]:
    """The beginnings that a parser declares: octets by their place, the first of them at 0."""
    first: bytes = getattr(parser, f"{transport}_FIRST", _ANY)
    declared: Sequence[Mapping[int, bytes]] = getattr(parser, f"{transport}_HEADS", ({},))
    return [{0: first, **head} for head in declared]


class Table:
    """The conditions of parsers, for :meth:`of`. Each of their beginnings has a bit, those of the first parser the lowest."""

    def __init__(self, parsers: Sequence[Parser]) -> None:
        declared = [[_heads(parser, transport) for transport in _TRANSPORTS] for parser in parsers]
        self._parsers = parsers
        #: To which parser each bit belongs.
        self._owners = [number for number, heads in enumerate(declared) for _ in range(max(map(len, heads)))]
        if len(self._owners) > MAX_HEADS:
            raise ValueError(f"more than {MAX_HEADS} beginnings of parsers")
        # A dictionary and no cache around a bound method: that would be a cycle, and the table would outlive its engine.
        self._sets: dict[int, tuple[Parser, ...]] = {}
        places = sorted(
            {0, *(place for heads in declared for alternatives in heads for head in alternatives for place in head)}
        )
        self._places = np.array(places, np.int64)
        self._octets = np.zeros((len(_TRANSPORTS), len(places), _MISSING + 1), np.uint64)
        self._ports = np.zeros((len(_TRANSPORTS), 65536), np.uint64)
        for number, (parser, heads) in enumerate(zip(parsers, declared, strict=True)):
            lowest = self._owners.index(number)
            for transport, alternatives in enumerate(heads):
                for alternative, head in enumerate(alternatives):
                    self._declare(transport, np.uint64(1 << lowest + alternative), head)
                self._ports[transport, list(getattr(parser, "ASKED_ON", ()))] |= np.uint64(1 << lowest)

    def _declare(self, transport: int, bit: np.uint64, head: Mapping[int, bytes]) -> None:
        """Enter a beginning; at places that it says nothing of it can be anything."""
        self._octets[transport] |= bit
        for place, octets in head.items():
            column = self._octets[transport, np.searchsorted(self._places, place)]
            column &= ~bit
            if octets:
                column[np.frombuffer(octets, np.uint8)] |= bit
                column[_UNKNOWN] |= bit
        if all(octets == _ANY for octets in head.values()):
            self._ports[transport] |= bit

    def of(self, data: Bytes, flows: Records, found: Records, starts: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The candidates of every flow whose segments are ``found``: those of its two ends begin at ``starts``."""
        result = np.zeros(len(flows), np.uint64)
        _candidates(data, flows, found, starts, self._places, self._octets, self._ports, result)
        return result

    def chosen(self, candidates: int) -> tuple[Parser, ...]:
        """The parsers of a set, in their order."""
        known = self._sets.get(candidates)
        if known is None:
            if len(self._sets) >= _MAX_SETS:
                self._sets.clear()
            owners = sorted({owner for bit, owner in enumerate(self._owners) if candidates >> bit & 1})
            known = self._sets[candidates] = tuple(self._parsers[owner] for owner in owners)
        return known


@njit(boundscheck=True, cache=True, nogil=True)
def _possible(
    data: Bytes, segment: Records, skip: Number, beyond: Number, places: NDArray[np.int64], octets: NDArray[np.uint64]
) -> Any:
    """The beginnings that octets of a segment, from ``skip`` on, can be; ``beyond`` stands for those after its end."""
    mask = ~np.uint64(0)
    for column in range(len(places)):
        at = skip + places[column]
        octet = beyond
        if at < segment.length:
            octet = np.int64(data[segment.offset + at]) if segment.offset >= 0 else _UNKNOWN
        mask &= octets[column, octet]
        if mask == 0:
            break
    return mask


@njit(boundscheck=True, cache=True, nogil=True)
def _candidates(
    data: Bytes, flows: Records, found: Records, starts: NDArray[np.int64], places: NDArray[np.int64],
    octets: NDArray[np.uint64], ports: NDArray[np.uint64], result: NDArray[np.uint64],
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
                    mask |= _possible(data, found[number], 0, _MISSING, places, octets[1])
                continue
            # The piece that holds the first octet of the stream, unless that octet is missing.
            while at + 1 < stop and found[at + 1].at <= 1:
                at += 1
            if at < stop and found[at].at <= 1 and 1 - found[at].at < found[at].length:
                beyond = _UNKNOWN if at + 1 < stop else _MISSING
                mask |= _possible(data, found[at], 1 - found[at].at, beyond, places, octets[0])
        result[index] = mask
