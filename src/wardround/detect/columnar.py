"""The columnar Sigma matcher: thousands of rules on a batch of rows at the price of its distinct values.

1. Log sources first: which rows belong to which source, hence which rules are in question and which columns matter.
2. Every predicate of those columns is evaluated once per distinct value (:mod:`wardround.detect.sigma_tests`), and the
   results are remembered for the batches to come (:mod:`wardround.detect.sigma_memory`).
3. An upper bound of matching rows runs up the graph of conditions; a rule whose bound is 0 costs nothing more.
4. For the few rules left, the rows of the rarest predicate they need are fetched, and the rest is tested on those alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.detect.rule import Predicate, Rule
from wardround.detect.sigma_exact import verified
from wardround.detect.sigma_memory import ColumnMemory, Evaluated
from wardround.detect.sigma_program import AND, NOT, OR, PREDICATE, Graph, Program, compile_programs
from wardround.detect.sigma_tests import ColumnTests
from wardround.detect.sigma_values import Booleans, Column, Integers, Texts, held_texts, united
from wardround.schema import PROVENANCE

_PROVENANCE = frozenset(column.name for column in PROVENANCE)

_NO_ROWS: Integers = np.empty(0, np.int64)

#: What is remembered of the values of one table is forgotten when it comes to so many characters or texts.
_MEMORY_CHARACTERS = 32 * 1024 * 1024
_MEMORY_TEXTS = 400_000


class ColumnarMatcher:
    """The compiled rules of every table."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = len(rules)
        self._tables = {table: _TableMatcher(program) for table, program in compile_programs(rules).items()}

    def match(self, table: str, rows: pa.Table) -> tuple[NDArray[np.int32], Integers, Booleans]:
        """Rule and row numbers of every match, sorted by rule, then row; and per rule whether its log source has rows."""
        assessed = np.zeros(self._rules, np.bool_)
        matcher = self._tables.get(table)
        if matcher is None or rows.num_rows == 0:
            return np.empty(0, np.int32), _NO_ROWS, assessed
        batch = _Batch(matcher, rows)
        found = batch.match()
        assessed[batch.assessed] = True
        matcher.limit_memory()
        return *_sorted_matches(found), assessed

    def assessed(self, table: str, rows: pa.Table) -> Booleans:
        """Per rule: its log source selects at least one of these rows."""
        found = np.zeros(self._rules, np.bool_)
        matcher = self._tables.get(table)
        if matcher is not None and rows.num_rows:
            found[_Batch(matcher, rows).assessed] = True
        return found


class _TableMatcher:
    """The rules of one table, and what is remembered of its columns."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._by_column: dict[str, list[tuple[int, Predicate]]] = {}
        self._memories: dict[tuple[str, pa.DataType], ColumnMemory] = {}
        keywords: list[tuple[int, Predicate]] = []
        for node, predicate in enumerate(program.graph.predicates):
            if predicate is not None and predicate.field is None:
                keywords.append((node, predicate))
            elif predicate is not None and predicate.field and not predicate.operator.startswith("field_"):
                self._by_column.setdefault(predicate.field, []).append((node, predicate))
        self.keywords = dict(keywords)
        self.keyword_tests = ColumnTests(keywords)
        self.where_columns = frozenset(
            name for node in program.where if node >= 0 for name in _columns_below(program.graph, node)
        )

    def memory_of(self, column: str, kind: pa.DataType) -> ColumnMemory:
        """The tests of a column, with those of keywords when it holds text."""
        found = self._memories.get((column, kind))
        if found is None:
            predicates = self._by_column.get(column, [])
            if column not in _PROVENANCE and _holds_text(kind):
                predicates = [*predicates, *self.keywords.items()]
            found = self._memories[column, kind] = ColumnMemory(ColumnTests(predicates))
        return found

    def limit_memory(self) -> None:
        """Forget what was remembered once it is much."""
        memories = self._memories.values()
        characters, texts = (sum(memory.characters for memory in memories), sum(memory.values for memory in memories))
        if characters > _MEMORY_CHARACTERS or texts > _MEMORY_TEXTS:
            for memory in memories:
                memory.forget()


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
        self._program = matcher.program
        self._graph = matcher.program.graph
        self._rows = rows
        self._names = frozenset(rows.column_names)
        self._evaluated: dict[str, Evaluated] = {}
        self._values: dict[int, Booleans] = {}
        self._selected: dict[int, Booleans] = {}
        self._bounds = np.zeros(len(self._graph.kinds), np.int64)
        self._bound: list[int] = []
        self._all = np.arange(self.size, dtype=np.int64)

    def match(self) -> dict[int, list[Integers]]:
        """Per rule that matches: for each of its sources the rows."""
        program, sources = self._program, self.sources
        counts = np.array([len(selected) for selected in sources], np.int64)
        self._load(frozenset().union(*(program.columns[source] for source in np.flatnonzero(counts))))
        self._raise_bounds()
        possible = np.flatnonzero((counts[program.source] > 0) & (self._bounds[program.root] > 0))
        found: dict[int, list[Integers]] = {}
        for instance in possible.tolist():
            matched = self._matching(int(program.root[instance]), int(program.source[instance]))
            if len(matched):
                found.setdefault(int(program.rule[instance]), []).append(matched)
        return found

    @cached_property
    def sources(self) -> list[Integers]:
        """The rows of every source of the program."""
        self._load(self._matcher.where_columns)
        self._raise_bounds()
        return [self._all if node < 0 else self._select(node, self._all) for node in self._program.where]

    @property
    def assessed(self) -> Integers:
        """The rules of which a source has rows."""
        present = np.array([len(selected) > 0 for selected in self.sources], np.bool_)
        return np.unique(self._program.rule[present[self._program.source]])

    def _predicate(self, node: int) -> Predicate:
        predicate = self._graph.predicates[node]
        assert predicate is not None
        return predicate

    def _load(self, names: frozenset[str]) -> None:
        """Evaluate the predicates of these columns."""
        for name in sorted(names - self._evaluated.keys()):
            cells = self._rows[name] if name in self._names else None
            column = Column(self.size, cells)
            memory = self._matcher.memory_of(name, pa.null() if cells is None else cells.type)
            found = self._evaluated[name] = memory.evaluate(column)
            self._bounds[found.hits.nodes] = found.hits.sums(column.counts)
            held = self.size - int(column.counts[len(column)])
            if column.owners is None:
                self._bounds[found.open.nodes] = found.open.sums(column.counts)
            else:
                self._bounds[found.open.nodes] = held
            self._bounds[list(found.every)] = held

    def _raise_bounds(self) -> None:
        """Know of every node for how many rows it can be true at most."""
        bounds, size = self._bounds, self.size
        bounds[self._graph.unbounded] = size
        for level in self._graph.levels:
            if level.kind == AND:
                bounds[level.nodes] = np.minimum.reduceat(bounds[level.children], level.starts)
            elif level.kind == OR:
                bounds[level.nodes] = np.minimum(np.add.reduceat(bounds[level.children], level.starts), size)
            else:
                bounds[level.nodes] = size
        self._bound = bounds.tolist()

    def _matching(self, root: int, source: int) -> Integers:
        """The rows among those of a source for which a condition is true."""
        selected = self.sources[source]
        if not self._graph.selectable[root] or self._bound[root] > len(selected):
            return selected[self._test(root, selected)]
        rows = self._select(root, selected)
        return rows if len(selected) == self.size else rows[self._of_source(source)[rows]]

    def _of_source(self, source: int) -> Booleans:
        """Per row: does it belong to a source."""
        found = self._selected.get(source)
        if found is None:
            found = self._selected[source] = np.zeros(self.size, np.bool_)
            found[self.sources[source]] = True
        return found

    def _select(self, node: int, selected: Integers) -> Integers:
        """The rows for which a node is true, ascending; of those that cannot be looked up, only among ``selected``."""
        bound, graph = self._bound, self._graph
        if bound[node] == 0:
            return _NO_ROWS
        if not graph.selectable[node]:
            return selected[self._test(node, selected)]
        kind, children = graph.kinds[node], graph.children[node]
        if kind == PREDICATE:
            return self._rows_of(node)
        if kind == OR:
            return united([self._select(child, selected) for child in children if bound[child]], self.size)
        ordered = sorted(children, key=bound.__getitem__)
        best = next(child for child in ordered if graph.selectable[child])
        rows = self._select(best, selected)
        for child in ordered:
            if child != best and len(rows) and not self._surely_true(child):
                rows = rows[self._test(child, rows)]
        return rows

    def _surely_true(self, node: int) -> bool:
        """Whether a node denies what is true for no row."""
        return self._graph.kinds[node] == NOT and self._bound[self._graph.children[node][0]] == 0

    def _rows_of(self, node: int) -> Integers:
        """The rows for which a predicate of a column is true, ascending."""
        predicate = self._predicate(node)
        found = self._evaluated[predicate.field or ""]
        return found.column.rows_of(found.values(node, predicate))

    def _test(self, node: int, rows: Integers) -> Booleans:
        """Per given row (ascending): is the node true."""
        bound = self._bound
        if bound[node] == 0:
            return np.zeros(len(rows), np.bool_)
        kind, children = self._graph.kinds[node], self._graph.children[node]
        if kind == PREDICATE:
            return self._test_predicate(node, rows)
        if kind == NOT:
            return ~self._test(children[0], rows)
        if kind == OR:
            asked = sorted([child for child in children if bound[child]], key=bound.__getitem__, reverse=True)
        else:
            asked = sorted([child for child in children if not self._surely_true(child)], key=bound.__getitem__)
        # True until one is false (and), or false until one is true (or): only undecided rows are tested further.
        result: Booleans | None = None
        undecided = rows
        for child in asked:
            found = self._test(child, undecided)
            if result is None:
                result, where = found, np.flatnonzero(~found if kind == OR else found)
            else:
                result[where] = found
                where = where[~found if kind == OR else found]
            if not len(where):
                break
            undecided = rows[where]
        return np.full(len(rows), kind == AND, np.bool_) if result is None else result

    def _test_predicate(self, node: int, rows: Integers) -> Booleans:
        predicate = self._predicate(node)
        if predicate.field is None:
            found = self._keywords.get(node)
            return np.zeros(len(rows), np.bool_) if found is None else np.asarray(found[rows])
        if predicate.operator.startswith("field_"):
            return self._test_fields(predicate, predicate.field, rows)
        evaluated = self._evaluated[predicate.field]
        column = evaluated.column
        values = self._values.get(node)
        if values is None:
            if evaluated.hits.of(node) is None and column.owners is None:
                return self._test_open(node, predicate, evaluated, rows)
            values = self._values[node] = column.mask(evaluated.values(node, predicate))
        return np.asarray(values[column.codes[rows]])

    @staticmethod
    def _test_open(node: int, predicate: Predicate, found: Evaluated, rows: Integers) -> Booleans:
        """Decide a predicate for no more values than these rows hold."""
        codes, candidates = found.column.codes[rows], found.candidates(node)
        if candidates is None:
            return np.zeros(len(rows), np.bool_)
        values = found.column.mask(candidates) & found.column.mask(codes)
        texts = np.flatnonzero(values)
        values[texts] = found.memory.decide(node, predicate, found, texts)
        return np.asarray(values[codes])

    @cached_property
    def _keywords(self) -> dict[int, Booleans]:
        """Per keyword that occurs: the rows in whose text it does. Only rows are searched that a keyword rule is about."""
        worded = [rows for rows, keywords in zip(self.sources, self._program.keywords, strict=True) if keywords]
        selected = united(worded, self.size)
        found: dict[int, Booleans] = {}
        unnamed = []
        parts: list[tuple[int, Integers]] = []
        for field in self._rows.schema:
            if field.name in _PROVENANCE or not _holds_text(field.type):
                continue
            if field.name not in self._evaluated and not _is_text(field.type):
                self._load(frozenset((field.name,)))
            if field.name in self._evaluated:
                parts += self._known_keywords(field.name)
            else:
                unnamed.append(field.name)
        for node, rows in (*parts, *self._search(unnamed, selected)):
            found.setdefault(node, np.zeros(self.size, np.bool_))[rows] = True
        return found

    def _known_keywords(self, name: str) -> Iterator[tuple[int, Integers]]:
        """The rows of keywords in a column that was evaluated."""
        found = self._evaluated[name]
        for node in self._matcher.keywords.keys() & {*found.hits.nodes.tolist(), *found.open.nodes.tolist(), *found.every}:
            predicate = self._predicate(node)
            values = found.values(node, predicate)
            if len(values):
                yield node, found.column.rows_of(values)

    def _search(self, names: list[str], selected: Integers) -> Iterator[tuple[int, Integers]]:
        """The rows of keywords in columns that no rule names: their texts, all together, are not worth telling apart."""
        if not names or not len(selected):
            return
        for texts, places in held_texts([self._rows[name] for name in names], selected, self.size):
            yield from self._search_texts(texts, selected[places])

    def _search_texts(self, texts: Texts, rows: Integers) -> Iterator[tuple[int, Integers]]:
        tests = self._matcher.keyword_tests
        pairs = tests.search(texts)
        for node in sorted(set(pairs.nodes.tolist())):
            mine = pairs.nodes == node
            decided, maybe = pairs.texts[mine & pairs.decided], np.unique(pairs.texts[mine & ~pairs.decided])
            sure = verified(self._matcher.keywords[node], texts, [], maybe) if len(maybe) else maybe
            yield node, rows[np.concatenate((decided, sure))]
        for node in tests.every:
            yield node, rows[verified(self._matcher.keywords[node], texts, [], np.arange(len(texts)))]
        for node, _ in tests.whole:
            yield node, rows

    def _test_fields(self, predicate: Predicate, name: str, rows: Integers) -> Booleans:
        """Compare two fields of the same row, once per distinct pair."""
        left, right = self._column(name), self._column(str(predicate.value))
        compare = _SHAPES[predicate.operator]
        width = len(right) + 1
        pairs, which = np.unique(left.codes[rows].astype(np.int64) * width + right.codes[rows], return_inverse=True)
        found = [
            any(compare(text, other) for text in left.folded_of(pair // width) for other in right.folded_of(pair % width))
            for pair in pairs.tolist()
        ]
        return np.array(found, np.bool_)[which]

    def _column(self, name: str) -> Column:
        found = self._evaluated.get(name)
        return found.column if found is not None else Column(self.size, self._rows[name] if name in self._names else None)


_SHAPES = {
    "field_equals": str.__eq__,
    "field_contains": str.__contains__,
    "field_startswith": str.startswith,
    "field_endswith": str.endswith,
}


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_dictionary(kind):
        kind = kind.value_type
    return _is_text(kind)
