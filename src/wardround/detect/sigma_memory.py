"""What is already known of the values of a column: events repeat themselves, so most texts of a batch were met before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.detect.rule import Predicate
from wardround.detect.sigma_exact import verified
from wardround.detect.sigma_tests import ColumnTests, whole_values
from wardround.detect.sigma_values import Booleans, Column, Integers, Lists, Texts

#: What is known of a predicate and a text.
_OPEN, _FALSE, _TRUE = np.int8(0), np.int8(1), np.int8(2)

_NOTHING: Integers = np.empty(0, np.int64)


class Pairing:
    """Pairs of a predicate and something, sorted by predicate."""

    def __init__(self, nodes: Integers, items: Integers) -> None:
        order = np.argsort(nodes, kind="stable")
        nodes, self._items = nodes[order], items[order]
        self._first = np.flatnonzero(np.concatenate(([True], nodes[1:] != nodes[:-1]))) if len(nodes) else _NOTHING
        self.nodes = nodes[self._first]
        ends = [*self._first[1:].tolist(), len(nodes)]
        self._bounds = dict(zip(self.nodes.tolist(), zip(self._first.tolist(), ends, strict=False), strict=True))

    def of(self, node: int) -> Integers | None:
        """What is paired with a predicate, None when nothing is."""
        found = self._bounds.get(node)
        return None if found is None else self._items[found[0] : found[1]]

    def sums(self, weights: Integers) -> Integers:
        """Per predicate of ``nodes`` the sum of the weights of what it is paired with."""
        return np.add.reduceat(weights[self._items], self._first) if len(self._first) else _NOTHING


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What is known of the predicates of one column of a batch.

    ``hits`` pairs predicates with the values (ascending) for which they hold, ``open`` with the texts for which they may
    hold; those in ``every`` may hold for any text. ``numbers`` are those under which ``memory`` knows the texts.
    """

    column: Column
    memory: ColumnMemory
    numbers: Integers
    hits: Pairing
    open: Pairing
    every: frozenset[int]

    def candidates(self, node: int) -> Integers | None:
        """The texts for which a predicate may hold; None when there are none or the predicate is decided."""
        return np.arange(len(self.column.texts)) if node in self.every else self.open.of(node)

    def values(self, node: int, predicate: Predicate) -> Integers:
        """The values for which a predicate holds, whatever it takes to know."""
        hits = self.hits.of(node)
        candidates = self.candidates(node) if hits is None else None
        if candidates is not None:
            return self.column.lift(candidates[self.memory.decide(node, predicate, self, candidates)])
        return _NOTHING if hits is None else hits


class ColumnMemory:
    """The tests of one column, and their results for the texts met so far."""

    def __init__(self, tests: ColumnTests) -> None:
        self.tests = tests
        self.forget()

    @property
    def values(self) -> int:
        """How many texts are remembered."""
        return len(self._known)

    def forget(self) -> None:
        """Start anew, to bound memory."""
        self.characters = 0
        self._known: dict[str, int] = {}
        self._starts: list[Integers] = [np.zeros(1, np.int64)]
        self._items: list[Integers] = []
        self._lists: Lists | None = None
        self._states: dict[int, NDArray[np.int8]] = {}

    def evaluate(self, column: Column) -> Evaluated:
        """Evaluate all predicates for the values of a column, as far as looking for plain text decides them."""
        texts = column.texts
        numbers = self._numbers(texts)
        items, positions = self._results().gather(numbers)
        nodes, decided = items >> 1, (items & 1).astype(np.bool_)
        hit_nodes, hit_values = nodes[decided], positions[decided]
        if column.owners is not None:
            owners, at = column.owners.gather(hit_values)
            keys = np.unique(hit_nodes[at] * _WIDTH + owners)
            hit_nodes, hit_values = keys // _WIDTH, keys % _WIDTH
        whole = [(node, whole_values(predicate, column)) for node, predicate in self.tests.whole]
        if whole:
            hit_nodes = np.concatenate([hit_nodes, *(np.full(len(values), node) for node, values in whole)])
            hit_values = np.concatenate([hit_values, *(values for _, values in whole)])
        every = frozenset(self.tests.every) if len(texts) else frozenset()
        return Evaluated(
            column, self, numbers, Pairing(hit_nodes, hit_values), Pairing(nodes[~decided], positions[~decided]), every
        )

    def _numbers(self, texts: Texts) -> Integers:
        """The numbers under which texts are known; new ones are looked at first."""
        known = self._known
        before = len(known)
        plain = texts.plain
        numbers = np.array([known.setdefault(text, len(known)) for text in plain], np.int64)
        if not before and len(known) == len(texts):
            self._learn(texts)
        elif len(known) > before:
            later = np.flatnonzero(numbers >= before)
            # Different values may have the same text: 0.0 and -0.0.
            first = later[np.unique(numbers[later], return_index=True)[1]]
            self._learn(Texts(texts.array.take(pa.array(first))))
        return numbers

    def _learn(self, texts: Texts) -> None:
        pairs = self.tests.search(texts)
        keys = np.unique(pairs.texts * _WIDTH + pairs.nodes * 2 + pairs.decided)
        owners, items = keys // _WIDTH, keys % _WIDTH
        counts = np.bincount(owners, minlength=len(texts))
        self._starts.append(self._starts[-1][-1] + np.cumsum(counts))
        self._items.append(items)
        self._lists = None
        self.characters += len(texts.folded_bytes)

    def _results(self) -> Lists:
        if self._lists is None:
            self._lists = Lists(np.concatenate(self._starts), np.concatenate(self._items or [_NOTHING]))
            self._starts, self._items = [self._lists.starts], [self._lists.items]
        return self._lists

    def decide(self, node: int, predicate: Predicate, found: Evaluated, texts: Integers) -> Booleans:
        """Of these texts of a column: for which does a predicate hold. Asked again, it is remembered."""
        states = self._states.get(node)
        if states is None or len(states) < len(self._known):
            grown = np.zeros(max(64, 2 * len(self._known)), np.int8)
            if states is not None:
                grown[: len(states)] = states
            states = self._states[node] = grown
        numbers = found.numbers[texts]
        unknown = texts[states[numbers] == _OPEN]
        if len(unknown):
            states[found.numbers[unknown]] = _FALSE
            states[found.numbers[verified(predicate, found.column.texts, found.column.raw, unknown)]] = _TRUE
        return np.asarray(states[numbers] == _TRUE)


#: More than twice the number of predicates that a program may have.
_WIDTH = np.int64(1) << 32
