"""The columnar Sigma matcher: thousands of rules on a batch of rows at the price of its distinct values.

1. Log sources first: which rows belong to which source, hence which rules are in question and which columns matter.
2. Every predicate of those columns is evaluated once per distinct value (:mod:`wardround.detect.sigma_tests`).
3. An upper bound of matching rows runs up the graph of conditions; a rule whose bound is 0 costs nothing more.
4. For the few rules left, the rows of the rarest predicate they need are fetched, and the rest is tested on those alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.detect.rule import Predicate, Rule, fold
from wardround.detect.sigma_program import AND, NOT, OR, PREDICATE, Graph, Program, compile_programs
from wardround.detect.sigma_tests import ColumnTests, verified
from wardround.detect.sigma_values import Column, Integers, text_of
from wardround.schema import PROVENANCE

Booleans = NDArray[np.bool_]

_PROVENANCE = frozenset(column.name for column in PROVENANCE)

#: What is known of a predicate and a value.
_FALSE, _TRUE, _OPEN = np.int8(0), np.int8(1), np.int8(2)

_NO_ROWS: Integers = np.empty(0, np.int64)


class ColumnarMatcher:
    """The compiled rules of every table."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = len(rules)
        self._tables = {table: _TableMatcher(program) for table, program in compile_programs(rules).items()}

    def match(self, table: str, rows: pa.Table) -> tuple[NDArray[np.int32], Integers]:
        """Rule and row numbers of every match, sorted by rule, then row."""
        matcher = self._tables.get(table)
        if matcher is None or rows.num_rows == 0:
            return np.empty(0, np.int32), _NO_ROWS
        return matcher.match(rows)

    def assessed(self, table: str, rows: pa.Table) -> Booleans:
        """Per rule: its log source selects at least one of these rows."""
        found = np.zeros(self._rules, np.bool_)
        matcher = self._tables.get(table)
        if matcher is not None and rows.num_rows:
            found[matcher.assessed(rows)] = True
        return found


class _TableMatcher:
    """The rules of one table, with the tests of each column built when the column is first met."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.tests: dict[str, ColumnTests] = {}
        self.by_column: dict[str, list[tuple[int, Predicate]]] = {}
        self.keywords: list[tuple[int, Predicate]] = []
        for node, predicate in enumerate(program.graph.predicates):
            if predicate is None or predicate.operator.startswith("field_"):
                continue
            if predicate.field is None:
                self.keywords.append((node, predicate))
            else:
                self.by_column.setdefault(predicate.field, []).append((node, predicate))
        self.keyword_tests = ColumnTests(self.keywords)
        self.where_columns = frozenset(
            name for node in program.where if node >= 0 for name in _columns_below(program.graph, node)
        )

    def tests_of(self, column: str) -> ColumnTests | None:
        if column not in self.by_column:
            return None
        found = self.tests.get(column)
        if found is None:
            found = self.tests[column] = ColumnTests(self.by_column[column])
        return found

    def assessed(self, rows: pa.Table) -> Integers:
        batch = _Batch(self, rows)
        present = np.array([len(selected) > 0 for selected in batch.sources], np.bool_)
        return np.unique(self.program.rule[present[self.program.source]])

    def match(self, rows: pa.Table) -> tuple[NDArray[np.int32], Integers]:
        program = self.program
        batch = _Batch(self, rows)
        sources = batch.sources
        counts = np.array([len(selected) for selected in sources], np.int64)
        active = np.flatnonzero(counts)
        batch.load(frozenset().union(*(program.columns[source] for source in active)))
        bounds = batch.bounds()
        possible = np.flatnonzero((counts[program.source] > 0) & (bounds[program.root] > 0))
        found: dict[int, list[Integers]] = {}
        for instance in possible.tolist():
            source = int(program.source[instance])
            matched = batch.matching(int(program.root[instance]), sources[source], whole=counts[source] == batch.size)
            if len(matched):
                found.setdefault(int(program.rule[instance]), []).append(matched)
        return _sorted_matches(found)


def _sorted_matches(found: dict[int, list[Integers]]) -> tuple[NDArray[np.int32], Integers]:
    if not found:
        return np.empty(0, np.int32), _NO_ROWS
    rules = sorted(found)
    parts = [found[rule][0] if len(found[rule]) == 1 else np.unique(np.concatenate(found[rule])) for rule in rules]
    return np.repeat(np.array(rules, np.int32), [len(part) for part in parts]), np.concatenate(parts).astype(np.int64)


def _columns_below(graph: Graph, node: int) -> Iterator[str]:
    predicate = graph.predicates[node]
    if predicate is not None and predicate.field is not None:
        yield predicate.field
    for child in graph.children[node]:
        yield from _columns_below(graph, child)


class _Batch:
    """One batch of rows while it is matched."""

    def __init__(self, matcher: _TableMatcher, rows: pa.Table) -> None:
        self.size: int = rows.num_rows
        self._matcher = matcher
        self._graph = matcher.program.graph
        self._rows = rows
        self._names = frozenset(rows.column_names)
        self._columns: dict[str, Column] = {}
        self._hits: dict[int, Integers] = {}
        self._values: dict[int, Booleans] = {}
        self._states: dict[int, NDArray[np.int8]] = {}
        self._bounds = np.zeros(len(self._graph.kinds), np.int64)
        self._all = np.arange(self.size, dtype=np.int64)

    def _predicate(self, node: int) -> Predicate:
        predicate = self._graph.predicates[node]
        assert predicate is not None
        return predicate

    def _column(self, name: str) -> Column:
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = Column(self.size, self._rows[name] if name in self._names else None)
        return found

    def load(self, names: frozenset[str]) -> None:
        """Evaluate the predicates of these columns."""
        for name in sorted(names - self._columns.keys()):
            column = self._column(name)
            tests = self._matcher.tests_of(name)
            if tests is None:
                continue
            found = tests.evaluate(column)
            for node, candidates in found.candidates.items():
                if column.holds_lists:
                    found.hits[node] = column.lift(verified(self._predicate(node), column, candidates))
                else:
                    self._states[node] = column.mask(candidates).astype(np.int8) * _OPEN
                    self._bounds[node] = column.counts[candidates].sum()
            for node, hits in found.hits.items():
                self._hits[node] = hits
                self._bounds[node] = column.counts[hits].sum()

    @cached_property
    def sources(self) -> list[Integers]:
        """The rows of every source of the program."""
        self.load(self._matcher.where_columns)
        self.bounds()
        return [self._all if node < 0 else self._select(node, self._all) for node in self._matcher.program.where]

    def bounds(self) -> Integers:
        """Per node: at most so many rows can be true."""
        bounds, size = self._bounds, self.size
        bounds[self._graph.unbounded] = size
        for level in self._graph.levels:
            if level.kind == AND:
                bounds[level.nodes] = np.minimum.reduceat(bounds[level.children], level.starts)
            elif level.kind == OR:
                bounds[level.nodes] = np.minimum(np.add.reduceat(bounds[level.children], level.starts), size)
            else:
                bounds[level.nodes] = size
        return bounds

    def matching(self, root: int, selected: Integers, *, whole: bool) -> Integers:
        """The rows among those of a source (``whole``: it has every row) for which a condition is true."""
        if not self._graph.selectable[root] or self._bounds[root] > len(selected):
            return selected[self._test(root, selected)]
        rows = self._select(root, selected)
        return rows if whole else rows[self._among(rows, selected)]

    @staticmethod
    def _among(rows: Integers, selected: Integers) -> Booleans:
        """Which of some rows are among others, both ascending."""
        if not len(selected):
            return np.zeros(len(rows), np.bool_)
        at = np.minimum(np.searchsorted(selected, rows), len(selected) - 1)
        found: Booleans = selected[at] == rows
        return found

    def _select(self, node: int, selected: Integers) -> Integers:
        """The rows for which a node is true, ascending; of those that cannot be looked up, only among ``selected``."""
        if self._bounds[node] == 0:
            return _NO_ROWS
        kind, children = self._graph.kinds[node], self._graph.children[node]
        if not self._graph.selectable[node]:
            return selected[self._test(node, selected)]
        if kind == PREDICATE:
            return self._rows_of(node)
        bounds = self._bounds
        if kind == OR:
            return np.unique(np.concatenate([self._select(child, selected) for child in children]))
        best = min((child for child in children if self._graph.selectable[child]), key=lambda child: bounds[child])
        rows = self._select(best, selected)
        for child in sorted(children, key=lambda child: bounds[child]):
            if child != best and len(rows):
                rows = rows[self._test(child, rows)]
        return rows

    def _rows_of(self, node: int) -> Integers:
        """The rows for which a predicate is true, ascending."""
        predicate = self._predicate(node)
        assert predicate.field is not None
        column = self._columns[predicate.field]
        states = self._states.get(node)
        if states is not None:
            self._decide(predicate, column, states, np.flatnonzero(states == _OPEN))
            return column.rows_of(np.flatnonzero(states == _TRUE))
        return column.rows_of(self._hits[node])

    @staticmethod
    def _decide(predicate: Predicate, column: Column, states: NDArray[np.int8], values: Integers) -> None:
        """Decide a predicate for values for which it is still open."""
        if len(values):
            states[values] = _FALSE
            states[verified(predicate, column, values)] = _TRUE

    def _test(self, node: int, rows: Integers) -> Booleans:
        """Per given row (ascending): is the node true."""
        if self._bounds[node] == 0:
            return np.zeros(len(rows), np.bool_)
        kind, children = self._graph.kinds[node], self._graph.children[node]
        if kind == PREDICATE:
            return self._test_predicate(node, rows)
        if kind == NOT:
            return ~self._test(children[0], rows)
        # True until one is false (and), or false until one is true (or): only undecided rows are tested further.
        decided = kind == OR
        result = np.full(len(rows), not decided, np.bool_)
        undecided = np.arange(len(rows))
        ordered = sorted(children, key=lambda child: self._bounds[child], reverse=decided)
        for child in ordered:
            if not len(undecided):
                break
            true = self._test(child, rows[undecided])
            if decided:
                result[undecided[true]] = True
                undecided = undecided[~true]
            else:
                result[undecided[~true]] = False
                undecided = undecided[true]
        return result

    def _test_predicate(self, node: int, rows: Integers) -> Booleans:
        predicate = self._predicate(node)
        if predicate.field is None:
            return self._test_keyword(node, rows)
        if predicate.operator.startswith("field_"):
            return self._test_fields(predicate, predicate.field, rows)
        column = self._columns[predicate.field]
        codes = column.codes[rows]
        states = self._states.get(node)
        if states is not None:
            found = states[codes]
            self._decide(predicate, column, states, np.unique(codes[found == _OPEN]))
            return np.asarray(states[codes] == _TRUE)
        values = self._values.get(node)
        if values is None:
            values = self._values[node] = column.mask(self._hits[node])
        return np.asarray(values[codes])

    def _test_keyword(self, node: int, rows: Integers) -> Booleans:
        found = self._keywords.get(node)
        return np.zeros(len(rows), np.bool_) if found is None else np.asarray(found[rows])

    @cached_property
    def _keywords(self) -> dict[int, Booleans]:
        """Per keyword that occurs: the rows in whose text it does. Only rows are searched that a keyword rule is about."""
        program, tests = self._matcher.program, self._matcher.keyword_tests
        worded = [rows for rows, keywords in zip(self.sources, program.keywords, strict=True) if keywords]
        selected = np.unique(np.concatenate(worded))
        found: dict[int, Booleans] = {}
        for name in self._text_columns:
            column = self._columns.get(name)
            rows = self._all
            if column is None:
                cells = self._rows[name] if len(selected) == self.size else self._rows[name].take(pa.array(selected))
                column, rows = Column.of_rows(cells), selected
            result = tests.evaluate(column)
            for node, candidates in result.candidates.items():
                result.hits[node] = column.lift(verified(self._predicate(node), column, candidates))
            for node, hits in result.hits.items():
                found.setdefault(node, np.zeros(self.size, np.bool_))[rows[column.rows_of(hits)]] = True
        return found

    @cached_property
    def _text_columns(self) -> list[str]:
        """The columns in which keywords are looked for: text that is not about where the row comes from."""
        return [
            field.name
            for field in self._rows.schema
            if field.name not in _PROVENANCE and _holds_text(field.type) and self._rows[field.name].null_count < self.size
        ]

    def _test_fields(self, predicate: Predicate, name: str, rows: Integers) -> Booleans:
        """Compare two fields of the same row, once per distinct pair."""
        shape = predicate.operator.removeprefix("field_")
        selected = pa.array(rows)
        left, right = self._cells(name, selected), self._cells(str(predicate.value), selected)
        known: dict[tuple[tuple[str, ...], tuple[str, ...]], bool] = {}
        result = np.zeros(len(rows), np.bool_)
        for position, pair in enumerate(zip(left, right, strict=True)):
            found = known.get(pair)
            if found is None:
                found = known[pair] = any(_SHAPES[shape](value, other) for value in pair[0] for other in pair[1])
            result[position] = found
        return result

    def _cells(self, name: str, selected: pa.Array) -> list[tuple[str, ...]]:
        """The folded texts of a column's cells."""
        if name not in self._names:
            return [()] * len(selected)
        cells = self._rows[name].take(selected).to_pylist()
        return [tuple(fold(text_of(value)) for value in _items(cell)) for cell in cells]


def _items(cell: object) -> list[object]:
    if isinstance(cell, list):
        return [value for value in cell if value is not None]
    return [] if cell is None else [cell]


_SHAPES = {
    "equals": str.__eq__,
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
