"""The tables of a round as DuckDB sees them: one view per table, a few macros, and a bound on what a query may take.

A table without rows exists and is empty with its declared columns. A column of an open table that no evidence has filled
reads as NULL. Copies of one Windows event (a log and its export in the same evidence) are seen once.
"""
# Queries are put together from names of the schema, from quoted identifiers and from the content that we ship.
# ruff: noqa: S608

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from wardround import schema
from wardround.detect import derived
from wardround.errors import WardroundError
from wardround.site import Site
from wardround.store import Narrow

#: What DuckDB may use of the machine; beyond the memory it spills to the temporary directory.
MEMORY_LIMIT = "256MB"
THREADS = 2

#: A query that runs longer is interrupted: no detection may hold up a round.
QUERY_SECONDS = 120.0

_WINDOWS_EVENT = "windows_event"
_EVENT_IDENTITY = ("Computer", "Channel", "EventRecordID", "EventID", "ts")
_BATCH_ROWS = 100_000

# DuckDB asks for the zones of some two thousand rows at a time, of the same addresses again and again.
_CACHED_ZONES = 262_144

_MACROS = r"""
CREATE MACRO seconds(n) AS CAST(n * CAST(1000000000 AS BIGINT) AS BIGINT);
CREATE MACRO minutes(n) AS CAST(n * 60000000000 AS BIGINT);
CREATE MACRO hours(n) AS CAST(n * 3600000000000 AS BIGINT);
CREATE MACRO days(n) AS CAST(n * 86400000000000 AS BIGINT);
CREATE MACRO ns_text(ts) AS strftime(make_timestamp_ns(ts), '%Y-%m-%d %H:%M:%S UTC');
CREATE MACRO plain_command(command) AS
    replace(replace(replace(replace(lower(command), '^', ''), '"', ''), '`', ''), chr(39), '');
CREATE MACRO present(value) AS
    nullif(nullif(regexp_replace(trim(CAST(value AS VARCHAR)), '^(?i:::ffff:)([0-9.]+)$', '\1'), ''), '-');
CREATE MACRO subject_key(value) AS lower(present(value));
CREATE MACRO bare_address(value) AS
    lower(present(regexp_replace(regexp_replace(trim(CAST(value AS VARCHAR)),
        '^\[([^\]]*)\](:[0-9]+)?$', '\1'), '^((?i:::ffff:)?[0-9.]+):[0-9]+$', '\1')));
CREATE MACRO stopped_en(stopped) AS
    CASE WHEN bool_and(stopped IS TRUE) THEN 'stopped' WHEN bool_or(NOT stopped) THEN 'not stopped'
    ELSE 'whether it was stopped is not told' END;
CREATE MACRO stopped_fr(stopped) AS
    CASE WHEN bool_and(stopped IS TRUE) THEN 'arrêté' WHEN bool_or(NOT stopped) THEN 'non arrêté'
    ELSE 'on ignore si cela a été arrêté' END;
CREATE MACRO pointers(table_name, evidence_id, record, ts) AS
    min({'ts': ts, 'evidence_id': evidence_id, 'record': record, 'table': table_name}, 10)
        FILTER (WHERE evidence_id IS NOT NULL);
"""

# The column that DuckDB misses, in the ways in which it says so.
_MISSING_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "([^"]{1,200})"')

_WORDS = re.compile(r"[a-z0-9_]+")


class QueryError(WardroundError):
    """A query could not be answered: it is wrong, or it took too long or too much."""


class Tables:
    """The tables of one round, to be asked in SQL. Close it (it is a context manager): the connection holds memory.

    Detections are shipped content, yet they run on hostile rows: the connection has no access to files other than the
    tables, no extensions to load and a locked configuration.
    """

    def __init__(
        self,
        parts: Mapping[str, Sequence[Path] | pa.Table],
        site: Site | None = None,
        narrow: Narrow | None = None,
        *,
        small: bool = False,
    ) -> None:
        """``parts`` gives for a table its Parquet files or its rows; see :meth:`of_round` and :meth:`of_arrow`.

        Tables that are ``small`` are held in memory, where queries are planned faster, and one thread answers.
        """
        self.site = site or Site()
        self._kind = "TABLE" if small else "VIEW"
        self._zone_of = lru_cache(maxsize=_CACHED_ZONES)(self.site.zone_of)
        self._parts = {name: part for name, part in parts.items() if isinstance(part, pa.Table) or part}
        self._views: set[str] = set()
        self._names: dict[Path, list[str]] = {}
        self._columns_met: dict[bool, frozenset[str]] = {}
        # A column that is missed is noticed by the query that fails. "User" is not: DuckDB then gives the name of its own user.
        self._added: set[str] = {"User"}
        self._asked: frozenset[str] = frozenset()
        self._copies: bool | None = None
        self._filled: dict[tuple[str, str], bool] = {}
        self._cuts: list[str] = []
        self._temporary = tempfile.mkdtemp(prefix="wardround-")
        self._whole = self._parts.get(_WINDOWS_EVENT)
        self._narrow: list[Path] = []
        if narrow is not None and isinstance(self._whole, list):
            self._narrow = [narrow.directory / path.name for path in self._whole]
            self._asked = narrow.columns
            self._parts[_WINDOWS_EVENT] = self._narrow
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": 1 if small else THREADS,
                "temp_directory": self._temporary,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            },
        )
        self._connection.execute(_MACROS)
        text: Any = "VARCHAR"
        how: dict[str, Any] = {"type": "arrow", "null_handling": "special"}
        self._connection.create_function("site_zone", self._zones, [text], text, **how)
        self._connection.execute(_site_macros(self.site))
        self._connection.execute(_site_tables(self.site))
        every = (*self._parts.values(), self._whole)
        files = [str(path) for part in every if part is not None and not isinstance(part, pa.Table) for path in part]
        self._connection.execute(f"SET allowed_paths = {_sql_list(files)}")
        self._connection.execute("SET parquet_metadata_cache = true")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    @classmethod
    def of_round(cls, directory: Path, site: Site | None = None, narrow: Narrow | None = None, *, small: bool = False) -> Self:
        """The tables that a round wrote: ``<table>.parquet`` or ``<table>-<n>.parquet`` in ``directory``.

        ``narrow`` are the copies of the open table that its queries are put to. A column that they do not have can be asked
        all the same.
        """
        parts: dict[str, Sequence[Path] | pa.Table] = {}
        for name in schema.tables():
            parts[name] = sorted({*directory.glob(f"{name}.parquet"), *directory.glob(f"{name}-*.parquet")})
        return cls(parts, site, narrow, small=small)

    @classmethod
    def of_arrow(cls, rows: Mapping[str, pa.Table], site: Site | None = None) -> Self:
        """Tables in memory, by name."""
        return cls(dict(rows), site)

    def close(self) -> None:
        """Give back memory and temporary files."""
        self._connection.close()
        shutil.rmtree(self._temporary, ignore_errors=True)

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
        declared = schema.tables()[table]
        if any(column.name.lower() == name.lower() for column in declared.columns):
            return True
        if not declared.open or self._whole is None:
            return False
        return name.lower() in self._met(narrow=bool(self._narrow) and name.lower() in self._asked)

    def _met(self, *, narrow: bool) -> frozenset[str]:
        """The names, in lower case, of the columns that rows of the open table have, or their narrow copies."""
        if narrow not in self._columns_met:
            parts = self._narrow if narrow else self._whole
            files = [parts.column_names] if isinstance(parts, pa.Table) else map(self._column_names, parts or ())
            self._columns_met[narrow] = frozenset(name.lower() for names in files for name in names)
        return self._columns_met[narrow]

    def _column_names(self, path: Path) -> list[str]:
        if path not in self._names:
            self._names[path] = pq.read_schema(path).names
        return self._names[path]

    def has_table(self, table: str) -> bool:
        """Whether rows of this table came with the round (a table without rows can be asked all the same)."""
        return table in self._parts

    # Inside

    def _statements(self, sql: str) -> list[duckdb.StatementType]:
        try:
            return [statement.type for statement in self._connection.extract_statements(sql)]
        except duckdb.Error as error:
            raise QueryError(_first_line(error)) from error

    def _answer(self, table: str, condition: str) -> bool:
        key = (table, condition)
        if key not in self._filled:
            known = table in self._parts
            if known and table == _WINDOWS_EVENT and (answer := self._answer_by_kind(condition)) is not None:
                self._filled[key] = answer
            else:
                self._filled[key] = known and bool(self.query(f"SELECT 1 AS found FROM {table} WHERE {condition} LIMIT 1"))
        return self._filled[key]

    def _answer_by_kind(self, condition: str) -> bool | None:
        """Whether an event of a kind that satisfies ``condition`` is there; None when it is about more than the kind."""
        self._derive("windows_event_kind")
        query = f"SELECT 1 FROM windows_event_kind AS {_WINDOWS_EVENT} WHERE {condition} LIMIT 1"
        try:
            return bool(self._connection.execute(query).fetchall())
        except duckdb.Error:  # another column, or nonsense: the whole table will tell
            return None

    def _zones(self, addresses: pa.ChunkedArray) -> pa.Array:
        """``site_zone``: the zone of every address, NULL for NULL; an address is looked up once."""
        whole = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
        encoded = whole.dictionary_encode()
        zones = pa.array([self._zone_of(address) for address in encoded.dictionary.to_pylist()], pa.string())
        return zones.take(encoded.indices)

    @contextmanager
    def _running(self, sql: str, parameters: Sequence[Any], run: Callable[[str, list[Any]], Any]) -> Iterator[Any]:
        """What ``run`` gives for one SELECT, to fetch from: its views are made, and it is stopped when its time is over."""
        words = set(re.findall(r"[a-z][a-z0-9_]*", sql))
        for word in sorted(words & schema.tables().keys()):
            self._view(word)
        for word in sorted(words & derived.VIEWS.keys()):
            self._derive(word)
        timer = threading.Timer(QUERY_SECONDS, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield self._bind(sql, parameters, run)
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

    def _bind(self, sql: str, parameters: Sequence[Any], run: Callable[[str, list[Any]], Any]) -> Any:
        """Bind a query, giving the open table a NULL column for every name that it turns out to miss."""
        while True:
            try:
                return run(bare(sql), list(parameters))
            except duckdb.BinderException as error:
                missing = _MISSING_COLUMN.search(str(error))
                if missing is None or missing[1] in self._added:
                    raise
                if self._narrow and self._whole is not None and self.has_column(_WINDOWS_EVENT, missing[1]):
                    self._narrow, self._parts[_WINDOWS_EVENT] = [], self._whole
                else:
                    self._added.add(missing[1])
                self._make_view(_WINDOWS_EVENT)

    def _view(self, table: str) -> None:
        if table not in self._views:
            self._views.add(table)
            self._make_view(table)

    def _derive(self, name: str) -> None:
        if name not in self._views:
            self._views.add(name)
            asked, statements = derived.VIEWS[name]
            for table in asked.split():
                self._view(table)
            for statement in self._connection.extract_statements(statements):
                self._bind(statement.query, (), self._connection.execute)

    def _make_view(self, name: str) -> None:
        declared = schema.tables()[name]
        part = self._parts.get(name)
        added = sorted(self._added) if name == _WINDOWS_EVENT else []
        if part is None:
            nulls = [_null(column.name, _sql_type(column.type)) for column in declared.columns]
            nulls += [_null(column, "VARCHAR") for column in added]
            self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {', '.join(nulls)} WHERE false")
            return
        if isinstance(part, pa.Table):
            source = f"raw_{name}"
            self._connection.register(source, part)
            met = [part.column_names]
        else:
            source = f"read_parquet({_sql_list([str(path) for path in part])}, union_by_name = true)"
            met = [self._column_names(path) for path in part]
        there = {column.lower() for columns in met for column in columns}
        selected = ["*" + _merged_variants(met, {column.name.lower() for column in declared.columns})]
        selected += [_null(c.name, _sql_type(c.type)) for c in declared.columns if c.name.lower() not in there]
        selected += [_null(column, "VARCHAR") for column in added if column.lower() not in there]
        copies = " ANTI JOIN event_copy USING (evidence_id, record)" if self._has_copies(name, source, there) else ""
        self._connection.execute(f"CREATE OR REPLACE {self._kind} {name} AS SELECT {', '.join(selected)} FROM {source}{copies}")

    def _has_copies(self, name: str, source: str, columns: set[str]) -> bool:
        """Whether there are copies of Windows events; table ``event_copy`` then holds all of each set but one.

        Copies agree in host, log, record number, event number and time: a log and its export, or one log handed in twice.
        """
        if name != _WINDOWS_EVENT or not columns.issuperset(column.lower() for column in _EVENT_IDENTITY):
            return False
        if self._copies is None:
            identity = ", ".join(_EVENT_IDENTITY)
            known = " AND ".join(f"{column} IS NOT NULL" for column in _EVENT_IDENTITY)
            repeated = f"""
                SELECT {identity}, min((evidence_id, record)) AS kept FROM {source} WHERE {known}
                GROUP BY ALL HAVING count(*) > 1"""
            self._connection.execute(f"""
                CREATE TEMP TABLE event_copy AS
                SELECT DISTINCT e.evidence_id, e.record FROM {source} AS e JOIN ({repeated}) USING ({identity})
                WHERE (e.evidence_id, e.record) <> kept""")
            self._copies = self._connection.execute("SELECT 1 FROM event_copy LIMIT 1").fetchall() != []
        return self._copies


def _site_macros(site: Site) -> str:
    """What detections may ask of the site file besides the zone of an address."""
    stated = [name for name, part in type(site).model_fields.items() if getattr(site, name) != part.default]
    return f"""
        CREATE MACRO site_states(part) AS list_contains(CAST({_sql_list(stated)} AS VARCHAR[]), part);
        CREATE MACRO site_resolver(address) AS
            list_contains(CAST({_sql_list([str(address) for address in site.resolvers])} AS VARCHAR[]), address);
    """


def _site_tables(site: Site) -> str:
    """What the site file says of application entities and assets, a row per address (NULL where it states none)."""
    entities = [
        f"({literal(entity.title.strip())}, {_or_null(address)}, "
        f"{_sql_list(entity.operations)}, {_sql_list(entity.destinations)})"
        for entity in site.registry
        for address in entity.addresses or (None,)
    ]
    assets = [
        f"({literal(asset.name)}, {literal(asset.role)}, {_or_null(address)})"
        for asset in site.assets
        for address in asset.addresses or (None,)
    ]
    return f"""
        CREATE TABLE site_application_entity (title VARCHAR, address VARCHAR, operations VARCHAR[], destinations VARCHAR[]);
        CREATE TABLE site_asset (name VARCHAR, role VARCHAR, address VARCHAR);
        {_insert("site_application_entity", entities)}
        {_insert("site_asset", assets)}
    """


def _insert(table: str, rows: Sequence[str]) -> str:
    return f"INSERT INTO {table} VALUES {', '.join(rows)};" if rows else ""


def _or_null(value: object) -> str:
    return "NULL" if value is None else literal(str(value))


def bare(sql: str) -> str:
    """A statement without the semicolon and white space at its end."""
    return sql.strip().rstrip(";").rstrip()


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _sql_list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(literal(text) for text in texts) + "]"


def _null(column: str, kind: str) -> str:
    return f"CAST(NULL AS {kind}) AS {quoted(column)}"


def _filled(column: str) -> str:
    return f"CAST({quoted(column)} AS VARCHAR) NOT IN ('', '-', '[]')"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return _sql_type(kind.value_type) + "[]"
    return {"int64": "BIGINT", "int32": "INTEGER", "double": "DOUBLE", "bool": "BOOLEAN", "string": "VARCHAR"}[str(kind)]


def _merged_variants(files: Sequence[Sequence[str]], declared: set[str]) -> str:
    """REPLACE and EXCLUDE clauses that make one column of names that differ in case only (ProcessId and ProcessID).

    SQL does not tell such names apart: DuckDB calls the second one of a file ``ProcessID_1`` and so on.
    """
    variants: dict[str, list[str]] = {}
    for names in files:
        here: dict[str, int] = {}
        for name in names:
            key = name.lower()
            count = here[key] = here.get(key, -1) + 1
            if count and key not in declared:
                merged = variants.setdefault(key, [name])
                if count == len(merged):
                    merged.append(f"{name}_{count}")
    if not variants:
        return ""
    dropped = ", ".join(quoted(name) for names in variants.values() for name in names[1:])
    replaced = ", ".join(
        f"coalesce({', '.join(quoted(name) for name in names)}) AS {quoted(names[0])}" for names in variants.values()
    )
    return f" EXCLUDE ({dropped}) REPLACE ({replaced})"
