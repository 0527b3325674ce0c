"""Asking the tables of a round in SQL, with a bound on what a query may take."""

# Queries are put together from names of the schema, from quoted identifiers and from the content that we ship.
# ruff: noqa: S608

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from wardround import schema
from wardround.detect.relations import THREADS, WINDOWS_EVENT, Part, Relations
from wardround.detect.sql_text import bare, quoted
from wardround.errors import WardroundError
from wardround.site import Site
from wardround.store import Narrow

#: A query that runs longer is interrupted: no detection may hold up a round.
QUERY_SECONDS = 120.0

_BATCH_ROWS = 100_000

_WORDS = re.compile(r"[a-z0-9_]+")


class QueryError(WardroundError):
    """A query could not be answered: it is wrong, or it took too long or too much."""


class Tables:
    """The tables of one round, to be asked in SQL by one thread. Close it (it is a context manager): it holds memory."""

    def __init__(
        self, parts: Mapping[str, Part], site: Site | None = None, narrow: Narrow | None = None, threads: int = THREADS
    ) -> None:
        """``parts`` gives for a table its Parquet files or its rows; see :meth:`of_round` and :meth:`of_arrow`."""
        self.site = site or Site()
        self._relations = Relations(parts, self.site, narrow, threads)
        self._connection = self._relations.cursor()
        self._filled: dict[tuple[str, str], bool] = {}
        self._cuts: list[str] = []

    @classmethod
    def of_round(cls, directory: Path, site: Site | None = None, narrow: Narrow | None = None, threads: int = THREADS) -> Self:
        """The tables that a round wrote: ``<table>.parquet`` or ``<table>-<n>.parquet`` in ``directory``.

        ``narrow`` are the copies of the open table that its queries are put to. A column that they do not have can be asked
        all the same. At most ``threads`` work for a query; with several twins that ask at a time, one is enough.
        """
        parts: dict[str, Part] = {}
        for name in schema.tables():
            parts[name] = sorted({*directory.glob(f"{name}.parquet"), *directory.glob(f"{name}-*.parquet")})
        return cls(parts, site, narrow, threads)

    @classmethod
    def of_arrow(cls, rows: Mapping[str, pa.Table], site: Site | None = None) -> Self:
        """Tables in memory, by name."""
        return cls(dict(rows), site)

    def twin(self) -> Tables:
        """The same tables for another thread; its bound on memory is this one's too. Of no use when this one is closed."""
        other = copy(self)
        other._connection = self._relations.cursor()
        other._cuts = []
        return other

    def close(self) -> None:
        """Give back memory and temporary files."""
        self._relations.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # Asking

    def query(
        self, sql: str, parameters: Sequence[Any] = (), *, limit: int | None = None, most: int | None = None
    ) -> list[dict[str, Any]]:
        """The rows of a SELECT as dictionaries; with ``limit``, at most so many, the first in the order of their values.

        ``most`` is a limit too, and that there are more rows is told by :meth:`cuts`. Raises QueryError.
        """
        bound = limit if most is None else most + 1
        asked = sql if bound is None else f"SELECT * FROM (\n{bare(sql)}\n) ORDER BY ALL LIMIT {bound:d}"
        with self._running(asked, parameters, self._connection.execute) as cursor:
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if most is not None and len(rows) > most:
            rows.pop()
            words = set(_WORDS.findall(sql))
            self._cuts.append(f"more than {most:,} rows of {', '.join(sorted(words & set(schema.tables())))}")
        return rows

    def cuts(self) -> list[str]:
        """What was cut by ``most`` since this was asked last, in the words of a diagnostic."""
        found, self._cuts = self._cuts, []
        return found

    def batches(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        """The rows of a SELECT as Arrow batches of bounded size. Raises QueryError."""
        with self._running(sql, parameters, self._relation) as relation:
            yield from relation.to_arrow_reader(_BATCH_ROWS)

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The rows of a SELECT as one Arrow table, for analyses. Raises QueryError."""
        with self._running(sql, parameters, self._relation) as relation:
            return relation.to_arrow_reader(_BATCH_ROWS).read_all()

    def result_columns(self, sql: str) -> list[str]:
        """The columns that a statement would give; raises QueryError when it is not one single SELECT over known columns."""
        statements = self._statements(sql)
        if len(statements) != 1 or statements[0] != duckdb.StatementType.SELECT:
            raise QueryError("one single SELECT is needed")
        with self._running(sql, (), self._relation) as relation:
            return list(relation.columns)

    def has_rows(self, table: str, where: str = "", filled: Sequence[str] = ()) -> bool:
        """Whether a row of ``table`` satisfies ``where`` and, for every column in ``filled``, one that fills it in.

        Raises QueryError.
        """
        condition = f"({where or 'true'})"
        return all(
            self._answer(table, condition if column is None else f"{condition} AND {_filled(column)}")
            for column in (None, *filled)
        )

    def has_column(self, table: str, name: str) -> bool:
        """Whether ``table`` has a column of that name, in any case: declared or, in an open table, met."""
        return self._relations.has_column(table, name)

    def has_table(self, table: str) -> bool:
        """Whether rows of this table came with the round (a table without rows can be asked all the same)."""
        return table in self._relations.parts

    # Inside

    def _statements(self, sql: str) -> list[duckdb.StatementType]:
        try:
            return [statement.type for statement in self._connection.extract_statements(sql)]
        except duckdb.Error as error:
            raise QueryError(_first_line(error)) from error

    def _answer(self, table: str, condition: str) -> bool:
        key = (table, condition)
        if key not in self._filled:
            known = self.has_table(table)
            if known and table == WINDOWS_EVENT and (answer := self._answer_by_kind(condition)) is not None:
                self._filled[key] = answer
            else:
                self._filled[key] = known and bool(self.query(f"SELECT 1 AS found FROM {table} WHERE {condition} LIMIT 1"))
        return self._filled[key]

    def _answer_by_kind(self, condition: str) -> bool | None:
        """Whether an event of a kind that satisfies ``condition`` is there; None when it is about more than the kind."""
        query = f"SELECT 1 FROM windows_event_kind AS {WINDOWS_EVENT} WHERE {condition} LIMIT 1"
        try:
            self._relations.make({"windows_event_kind"})
            return bool(self._connection.execute(query).fetchall())
        except duckdb.Error:  # another column, or nonsense: the whole table will tell
            return None

    @contextmanager
    def _running(self, sql: str, parameters: Sequence[Any], run: Callable[[str, list[Any]], Any]) -> Iterator[Any]:
        """What ``run`` gives for one SELECT, to fetch from: its views are made, and it is stopped when its time is over."""
        timer = threading.Timer(QUERY_SECONDS, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            self._relations.make(set(_WORDS.findall(sql)))
            yield self._relations.bind(sql, parameters, run)
        except (duckdb.Error, pa.ArrowException) as error:
            raise QueryError(_first_line(error)) from error
        finally:
            timer.cancel()

    def _relation(self, sql: str, parameters: list[Any]) -> duckdb.DuckDBPyRelation:
        """A relation binds its query once more when it is fetched from, but outlives the next query."""
        relation = self._connection.sql(sql, params=parameters or None)
        if relation is None:
            raise QueryError("not a SELECT")
        return relation


def _filled(column: str) -> str:
    return f"CAST({quoted(column)} AS VARCHAR) NOT IN ('', '-', '[]')"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
