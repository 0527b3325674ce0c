"""The compiled part of :mod:`wardround.care.percolation`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

_ENTRY_SALT = np.uint64(0x9E3779B97F4A7C15)
_DAMAGE_SALT = np.uint64(0xD1B54A32D192ED03)


def _kernel(function: Callable[..., Any]) -> Any:
    return njit(boundscheck=True, cache=True, nogil=True)(function)


@_kernel
def _uniform(seed: Any, run_number: Any, item: Any) -> Any:
    """A number in [0, 1) from three integers (the finaliser of SplitMix64; Steele, Lea and Flood, 2014)."""
    z = seed + (np.uint64(run_number) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z ^= (item + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@_kernel
def spread(
    starts: Any, targets: Any, kinds: Any, factors: Any, entry_nodes: Any, entry_kinds: Any, entry_factors: Any,
    probabilities: Any, damage: Any, places: Any, seed: Any, first: Any, last: Any, count: Any, reached: Any, damaged: Any,
) -> Any:  # fmt: skip
    """Breadth of one attack after the other: every edge out of a reached node is tried once."""
    size = len(starts) - 1
    mark = np.full(size, -1, np.int64)
    pending = np.empty(size, np.int64)
    for number in range(first, last):
        waiting = 0
        total = 0
        for entry in range(len(entry_nodes)):
            node = entry_nodes[entry]
            if mark[node] != number:
                chance = probabilities[number, entry_kinds[entry]] * entry_factors[entry]
                if _uniform(seed, number, np.uint64(entry) ^ _ENTRY_SALT) < chance:
                    mark[node] = number
                    pending[waiting] = node
                    waiting += 1
        while waiting > 0:
            waiting -= 1
            node = pending[waiting]
            total += 1
            place = places[node]
            if place >= 0:
                reached[number, place] = True
                damaged[number, place] = _uniform(seed, number, np.uint64(node) ^ _DAMAGE_SALT) < damage[number]
            for edge in range(starts[node], starts[node + 1]):
                target = targets[edge]
                if mark[target] != number:
                    chance = probabilities[number, kinds[edge]] * factors[edge]
                    if _uniform(seed, number, np.uint64(edge)) < chance:
                        mark[target] = number
                        pending[waiting] = target
                        waiting += 1
        count[number] = total
