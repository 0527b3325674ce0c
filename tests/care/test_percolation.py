"""The simulation against two independent answers: every case enumerated, and the closed form on trees."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from wardround.care import percolation

RUNS = 40_000
Edge = tuple[int, int, int, float]


def simulated(size: int, edges: list[Edge], entries: list[tuple[int, int, float]], runs: int = RUNS, seed: int = 1) -> Any:
    graph = percolation.build(size, edges, entries)
    probabilities = np.ones((runs, 1))
    return percolation.run(graph, probabilities, np.ones(runs), np.arange(size), seed)


def enumerated(size: int, edges: list[Edge], entries: list[tuple[int, int, float]]) -> list[float]:
    """Probability of each node to be reached: the sum over all states of all edges (2 to the number of edges)."""
    arcs = [(-1, node, chance) for node, _kind, chance in entries] + [(a, b, chance) for a, b, _kind, chance in edges]
    total = [0.0] * size
    for state in itertools.product((False, True), repeat=len(arcs)):
        weight = math.prod(p if holds else 1 - p for holds, (_a, _b, p) in zip(state, arcs, strict=True))
        if weight:
            reached = {-1}
            grown = True
            while grown:
                grown = False
                for holds, (a, b, _p) in zip(state, arcs, strict=True):
                    if holds and a in reached and b not in reached:
                        reached.add(b)
                        grown = True
            for node in reached - {-1}:
                total[node] += weight
    return total


def within_error(shares: Any, exact: Any, runs: int = RUNS) -> bool:
    """Whether shares agree with probabilities within four and a half standard errors (one failure in 100,000 nodes)."""
    exact = np.asarray(exact)
    error = np.sqrt(np.maximum(exact * (1 - exact), 1 / runs) / runs)
    return bool(np.all(np.abs(shares - exact) <= 4.5 * error))


@pytest.mark.parametrize("seed", range(6))
def test_small_graphs_agree_with_enumeration(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(4, 16))
    edges: list[Edge] = []
    while len(edges) < 14:
        a, b = (int(n) for n in random.integers(0, size, 2))
        if a != b:
            edges.append((a, b, 0, float(random.random())))
    entries = [(int(random.integers(0, size)), 0, 0.7), (0, 0, 0.3)]
    found = simulated(size, edges, entries)
    assert within_error(found.reached.mean(axis=0), enumerated(size, edges, entries))


@pytest.mark.parametrize("branching", [2, 3])
def test_trees_agree_with_the_closed_form(branching: int) -> None:
    """On a tree a node at depth d is reached with p to the power d; the mean number reached is the sum of (b p) to the d."""
    depth, chance = 5, 0.6
    edges: list[Edge] = []
    level, size = [0], 1
    for _ in range(depth):
        below = list(range(size, size + branching * len(level)))
        edges += [
            (parent, child, 0, chance) for place, parent in enumerate(level) for child in below[place * branching :][:branching]
        ]
        level, size = below, size + len(below)
    found = simulated(size, edges, [(0, 0, 1.0)])
    expected = sum((branching * chance) ** d for d in range(depth + 1))
    assert found.count.mean() == pytest.approx(expected, abs=4.5 * found.count.std() / math.sqrt(RUNS))
    assert within_error(found.reached[:, -1].mean(), chance**depth)


def test_the_same_luck_for_two_graphs() -> None:
    """A lower probability can only shrink what is reached, run by run."""
    random = np.random.default_rng(3)
    edges = [
        (int(a), int(b), 0, float(p)) for (a, b), p in zip(random.integers(0, 60, (300, 2)), random.random(300), strict=True)
    ]
    graph = percolation.build(60, edges, [(0, 0, 0.8)])
    lower = graph.with_factors(graph.factors * 0.5, graph.entry_factors * 0.9)
    probabilities, damage, tracked = np.ones((5000, 1)), np.full(5000, 0.5), np.arange(60)
    before = percolation.run(graph, probabilities, damage, tracked, 7)
    after = percolation.run(lower, probabilities, damage, tracked, 7)
    assert np.all(after.reached <= before.reached)
    assert np.all(after.damaged <= before.damaged)
    assert after.count.sum() < before.count.sum()
    again = percolation.run(graph, probabilities, damage, tracked, 7)
    assert np.array_equal(before.reached, again.reached)
    assert not np.array_equal(before.reached, percolation.run(graph, probabilities, damage, tracked, 8).reached)


def test_luck_is_even_and_independent() -> None:
    runs = 20_000
    edges = [(0, node, 0, 0.5) for node in range(1, 41)]
    found = simulated(41, edges, [(0, 0, 1.0)], runs).reached[:, 1:]
    assert within_error(found.mean(axis=0), np.full(40, 0.5), runs)
    pairs = np.corrcoef(found.T.astype(float)) - np.eye(40)
    assert np.abs(pairs).max() < 4.5 / math.sqrt(runs)
    assert np.abs(np.corrcoef(found[:-1, 0], found[1:, 0])[0, 1]) < 4.5 / math.sqrt(runs)


def test_no_way_in_reaches_nothing() -> None:
    found = simulated(3, [(0, 1, 0, 1.0)], [], 10)
    assert found.count.tolist() == [0] * 10
