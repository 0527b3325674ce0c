"""Rules compiled together: one graph in which equal comparisons and equal parts of conditions exist once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wardround.detect.logsource import sources_of
from wardround.detect.rule import And, Condition, Not, Or, Predicate, Rule

Integers = NDArray[np.int64]

PREDICATE, AND, OR, NOT = range(4)


@dataclass(frozen=True, slots=True)
class Level:
    """The nodes of one kind that have the same distance from the predicates: ``children[starts[i]:]`` belong to node i."""

    kind: int
    nodes: Integers
    children: Integers
    starts: Integers


class Graph:
    """Conditions as numbered nodes; children always have smaller numbers than their parents."""

    def __init__(self) -> None:
        self.kinds: list[int] = []
        self.children: list[tuple[int, ...]] = []
        self.predicates: list[Predicate | None] = []
        self._heights: list[int] = []
        self._known: dict[object, int] = {}

    def add(self, condition: Condition) -> int:
        """The node of a condition, new or known."""
        match condition:
            case Predicate():
                return self._node(PREDICATE, (), condition)
            case Not(child):
                return self._node(NOT, (self.add(child),))
            case And(children) | Or(children):
                kind = AND if isinstance(condition, And) else OR
                return self._node(kind, tuple(dict.fromkeys([self.add(child) for child in children])))

    def _node(self, kind: int, children: tuple[int, ...], predicate: Predicate | None = None) -> int:
        if kind in {AND, OR} and len(children) == 1:
            return children[0]
        key = (kind, children) if predicate is None else predicate
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.kinds)
            self.kinds.append(kind)
            self.children.append(children)
            self.predicates.append(predicate)
            self._heights.append(1 + max([self._heights[child] for child in children]) if children else 0)
        return found

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The inner nodes from the predicates upwards, for evaluation of a whole level at once."""
        groups: dict[tuple[int, int], list[int]] = {}
        for node, kind in enumerate(self.kinds):
            if kind != PREDICATE and self.children[node]:
                groups.setdefault((self._heights[node], kind), []).append(node)
        levels = []
        for (_, kind), nodes in sorted(groups.items()):
            lengths = [len(self.children[node]) for node in nodes]
            flat = [child for node in nodes for child in self.children[node]]
            starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
            levels.append(Level(kind, np.array(nodes), np.array(flat), starts))
        return tuple(levels)

    @cached_property
    def unbounded(self) -> Integers:
        """The nodes that may be true for any row whatever the values are."""
        found = [
            node
            for node, (kind, predicate) in enumerate(zip(self.kinds, self.predicates, strict=True))
            if (kind == AND and not self.children[node]) or (predicate is not None and _of_the_row(predicate))
        ]
        return np.array(found, np.int64)

    @cached_property
    def selectable(self) -> list[bool]:
        """Per node: the rows for which it is true can be found without looking at every row."""
        found: list[bool] = []
        for kind, children, predicate in zip(self.kinds, self.children, self.predicates, strict=True):
            if kind == PREDICATE:
                found.append(predicate is not None and not _of_the_row(predicate))
            elif kind == AND:
                found.append(any(found[child] for child in children))
            else:
                found.append(kind == OR and all(found[child] for child in children))
        return found


def _of_the_row(predicate: Predicate) -> bool:
    """Whether no column alone decides a predicate: keywords, and fields compared with each other."""
    return predicate.field is None or predicate.operator.startswith("field_")


@dataclass(frozen=True, slots=True)
class Program:
    """What is to be evaluated on one table.

    ``where`` has the node of the row condition of each source (-1: every row). An *instance* is a rule at a source:
    ``rule``, ``source`` and ``root`` have its rule number, its source number and the node of its condition. ``columns``
    has, per source, the columns that its instances look at; ``keywords`` says which sources look at all text.
    """

    graph: Graph
    where: tuple[int, ...]
    rule: Integers
    source: Integers
    root: Integers
    columns: tuple[frozenset[str], ...]
    keywords: tuple[bool, ...]


def compile_programs(rules: Sequence[Rule]) -> dict[str, Program]:
    """A program per table that any of the rules is about."""
    builders: dict[str, _Builder] = {}
    for number, rule in enumerate(rules):
        for source in sources_of(rule.logsource):
            builder = builders.setdefault(source.table, _Builder())
            builder.add(number, source.where, source.bind(rule.condition))
    return {table: builder.program() for table, builder in builders.items()}


class _Builder:
    """Collects the instances of one table."""

    def __init__(self) -> None:
        self._graph = Graph()
        self._sources: dict[int, int] = {}
        self._instances: list[tuple[int, int, int]] = []

    def add(self, rule: int, where: Condition | None, condition: Condition) -> None:
        where_node = -1 if where is None else self._graph.add(where)
        source = self._sources.setdefault(where_node, len(self._sources))
        self._instances.append((rule, source, self._graph.add(condition)))

    def program(self) -> Program:
        table = np.array(self._instances, np.int64).reshape(-1, 3)
        columns: list[set[str | None]] = [set() for _ in self._sources]
        used: dict[int, frozenset[str | None]] = {}
        for _, source, root in self._instances:
            columns[source] |= _columns_used(self._graph, root, used)
        return Program(
            self._graph,
            tuple(self._sources),
            table[:, 0].copy(),
            table[:, 1].copy(),
            table[:, 2].copy(),
            tuple(frozenset(name for name in names if name is not None) for names in columns),
            tuple(None in names for names in columns),
        )


def _columns_used(graph: Graph, node: int, used: dict[int, frozenset[str | None]]) -> frozenset[str | None]:
    """The columns whose values a node looks at; None among them when it looks for keywords."""
    found = used.get(node)
    if found is None:
        predicate = graph.predicates[node]
        if predicate is None:
            found = frozenset().union(*(_columns_used(graph, child, used) for child in graph.children[node]))
        else:
            found = frozenset() if predicate.operator.startswith("field_") else frozenset((predicate.field,))
        used[node] = found
    return found
