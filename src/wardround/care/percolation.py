"""Percolation: which machines an attack reaches, run after run, by chance along the edges of a graph.

Every edge holds or breaks in every run by a number that depends on the seed, the run and the edge alone. Two graphs that
differ in a few probabilities are so compared under the same luck (common random numbers), and a lower probability can only
shrink what is reached.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

#: Runs are shared between so many threads; the kernel holds no lock.
THREADS = 2


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph of ``size`` nodes in compressed rows, the edges from node n being ``starts[n]`` to ``starts[n + 1]``.

    ``kinds`` say which column of the probabilities an edge goes by, ``factors`` multiply it. Entries are edges from outside.
    """

    size: int
    starts: Array
    targets: Array
    kinds: Array
    factors: Array
    entry_nodes: Array
    entry_kinds: Array
    entry_factors: Array

    def with_factors(self, factors: Array, entry_factors: Array) -> Graph:
        """The same graph, and so the same luck, under other factors."""
        return Graph(
            self.size, self.starts, self.targets, self.kinds, factors, self.entry_nodes, self.entry_kinds, entry_factors
        )


@dataclass(frozen=True, slots=True)
class Reached:
    """Per run: how many nodes were reached, and of each tracked node whether it was reached and whether it was damaged."""

    count: Array
    reached: Array
    damaged: Array


def build(size: int, edges: list[tuple[int, int, int, float]], entries: list[tuple[int, int, float]]) -> Graph:
    """A graph from edges (from, to, kind, factor), which are numbered in the given order of their start, and entries."""
    ordered = sorted(range(len(edges)), key=lambda place: (edges[place][0], place))
    starts = np.zeros(size + 1, np.int64)
    for start, _target, _kind, _factor in edges:
        starts[start + 1] += 1
    return Graph(
        size=size,
        starts=np.cumsum(starts),
        targets=np.array([edges[place][1] for place in ordered], np.int64),
        kinds=np.array([edges[place][2] for place in ordered], np.int64),
        factors=np.array([edges[place][3] for place in ordered], np.float64),
        entry_nodes=np.array([entry[0] for entry in entries], np.int64),
        entry_kinds=np.array([entry[1] for entry in entries], np.int64),
        entry_factors=np.array([entry[2] for entry in entries], np.float64),
    )


def run(graph: Graph, probabilities: Array, damage: Array, tracked: Array, seed: int) -> Reached:
    """Run an attack for every row of ``probabilities`` (runs x kinds); ``damage`` is the share of machines it stops, per run.

    ``tracked`` are the nodes whose fate is told. Memory is runs x tracked bytes, and one mark per node and thread.
    """
    from wardround.care.percolation_kernel import spread  # numba is loaded when there is something to simulate

    runs = len(probabilities)
    places = np.full(graph.size, -1, np.int64)
    places[tracked] = np.arange(len(tracked))
    count = np.zeros(runs, np.int64)
    reached = np.zeros((runs, len(tracked)), np.bool_)
    damaged = np.zeros((runs, len(tracked)), np.bool_)

    def part(bounds: tuple[int, int]) -> None:
        spread(
            graph.starts, graph.targets, graph.kinds, graph.factors, graph.entry_nodes, graph.entry_kinds,
            graph.entry_factors, probabilities, damage, places, np.uint64(seed), bounds[0], bounds[1], count, reached, damaged,
        )  # fmt: skip

    cuts = [runs * part // THREADS for part in range(THREADS + 1)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(part, pairwise(cuts)))
    return Reached(count, reached, damaged)
