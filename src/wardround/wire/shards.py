"""Which shard of a capture a connection falls to: the hash of its ends, and a look ahead that spares decoding the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from wardround.wire.capture import Bytes, Number

_MAPPED = np.uint64(0xFFFF00000000)
_ETHERNET, _TCP = 1, 6


@njit(boundscheck=True, cache=True, nogil=True)
def mix(value: Any) -> Any:
    """Spread the bits of a 64-bit number (the finalizer of SplitMix64)."""
    value = np.uint64(value)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(boundscheck=True, cache=True, nogil=True)
def hash_ends(
    src_high: Any, src_low: Any, src_port: Number, dst_high: Any, dst_low: Any, dst_port: Number, protocol: Number
) -> Any:
    """A hash of the ends of a connection (addresses of 128 bits), the same for both directions."""
    a = mix(src_high ^ mix(src_low + np.uint64(src_port)))
    b = mix(dst_high ^ mix(dst_low + np.uint64(dst_port)))
    return mix((a + b) ^ np.uint64(protocol))


@njit(boundscheck=True, cache=True, nogil=True)
def is_elsewhere(data: Bytes, at: Number, end: Number, link: Number, shard: Number, shards: Number) -> bool:
    """Whether the frame from ``at`` to ``end`` need not be decoded here, for it is sure to fall to another shard.

    That is said of whole TCP segments in plain IPv4 on Ethernet alone: they carry no tunnel, and nothing about them is odd.
    """
    if link != _ETHERNET or at + 54 > end or data[at + 12] != 8 or data[at + 13] != 0:
        return False
    if data[at + 14] != 0x45 or data[at + 23] != _TCP or data[at + 20] & 0x3F or data[at + 21]:
        return False
    total = (np.int64(data[at + 16]) << 8) | np.int64(data[at + 17])
    header = np.int64(data[at + 46] >> 4) * 4
    if total < 40 or at + 14 + total > end or header < 20 or header > total - 20:
        return False
    low = np.uint64(0)
    for place in range(at + 26, at + 38):  # both addresses and both ports
        if place == at + 30:
            src_low, low = low, np.uint64(0)
        elif place == at + 34:
            dst_low, low = low, np.uint64(0)
        low = (low << np.uint64(8)) | np.uint64(data[place])
    ports = np.int64(low)
    keyed = hash_ends(
        np.uint64(0), _MAPPED | src_low, ports >> 16, np.uint64(0), _MAPPED | dst_low, ports & 0xFFFF, np.int64(_TCP)
    )
    return bool(keyed % np.uint64(shards) != np.uint64(shard))
