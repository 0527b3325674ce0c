"""The tables of a round as DuckDB relations, made when a query asks for them: views of Parquet files or, of few rows, tables.

A table without rows exists and is empty with its declared columns. A column of an open table that no evidence has filled
reads as NULL. Copies of one Windows event (a log and its export in the same evidence) are seen once.
"""
# Statements are put together from names of the schema, from quoted identifiers and from the content that we ship.
# ruff: noqa: S608

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from wardround import schema
from wardround.detect import derived
from wardround.detect.sql_text import bare, literal, quoted, sql_list
from wardround.site import Site
from wardround.store import Narrow

#: What DuckDB may use of the machine; beyond the memory it spills to the temporary directory.
MEMORY_LIMIT = "256MB"
THREADS = 2

#: Tables of at most so many rows and bytes of Parquet are held in memory: queries over them are planned faster than over files.
#: Values that compress well are longer in memory: a table that turns out to be too long for it is a view after all.
HELD_ROWS = 4_096
HELD_BYTES = 1 << 20

WINDOWS_EVENT = "windows_event"
_EVENT_IDENTITY = ("Computer", "Channel", "EventRecordID", "EventID", "ts")

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

Part: TypeAlias = Sequence[Path] | pa.Table


class Relations:
    """The relations of one database, which threads ask through cursors of ``connection``; each is made once, under a lock.

    Detections are shipped content, yet they run on hostile rows: the database has no access to files other than the
    tables, no extensions to load and a locked configuration.
    """

    def __init__(self, parts: Mapping[str, Part], site: Site, narrow: Narrow | None, threads: int) -> None:
        """``parts`` gives for a table its Parquet files or its rows, ``narrow`` the copies of the open table to be asked.

        ``threads`` work for all queries that run at a time, besides the threads that ask.
        """
        self.parts = {name: part for name, part in parts.items() if isinstance(part, pa.Table) or part}
        self._zone_of = lru_cache(maxsize=_CACHED_ZONES)(site.zone_of)
        self._lock = threading.RLock()
        self._made: set[str] = set()
        self._names: dict[Path, list[str]] = {}
        self._columns_met: dict[bool, frozenset[str]] = {}
        # A column that is missed is noticed by the query that fails. "User" is not: DuckDB then gives the name of its own user.
        self._added: set[str] = {"User"}
        self._changes = 0
        self._views: set[str] = set()
        self._asked: frozenset[str] = frozenset()
        self._copies: bool | None = None
        self._whole = self.parts.get(WINDOWS_EVENT)
        self._narrow: list[Path] = []
        if narrow is not None and isinstance(self._whole, list):
            self._narrow = [narrow.directory / path.name for path in self._whole]
            self._asked = narrow.columns
            self.parts[WINDOWS_EVENT] = self._narrow
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        self._temporary = tempfile.mkdtemp(prefix="wardround-")
        self.connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": threads,
                "temp_directory": self._temporary,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            },
        )
        self._prepare(site)

    def _prepare(self, site: Site) -> None:
        """Macros, what the site file says, and the end of all access to anything else."""
        self.connection.execute(_MACROS)
        text: Any = "VARCHAR"
        how: dict[str, Any] = {"type": "arrow", "null_handling": "special"}
        self.connection.create_function("site_zone", self._zones, [text], text, **how)
        self.connection.execute(_site_macros(site))
        self.connection.execute(_site_tables(site))
        every = (*self.parts.values(), self._whole)
        files = [str(path) for part in every if part is not None and not isinstance(part, pa.Table) for path in part]
        self.connection.execute(f"SET allowed_paths = {sql_list(files)}")
        self.connection.execute("SET parquet_metadata_cache = true")
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection for one thread; closed with this."""
        self._cursors.append(self.connection.cursor())
        return self._cursors[-1]

    def close(self) -> None:
        """Give back memory and temporary files."""
        for connection in (*self._cursors, self.connection):
            connection.close()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def make(self, words: set[str]) -> None:
        """Make the relations among these words of a query that are not there yet. Raises duckdb.Error."""
        wanted = words & (schema.tables().keys() | derived.VIEWS.keys())
        if wanted <= self._made:
            return
        with self._lock:
            for word in sorted(wanted - self._made):
                self._make(word)

    def bind(self, sql: str, parameters: Sequence[Any], run: Callable[[str, list[Any]], Any]) -> Any:
        """``run`` a query, giving the open table a NULL column for every name that it turns out to miss."""
        while True:
            before = self._changes
            try:
                return run(bare(sql), list(parameters))
            except duckdb.BinderException as error:
                missing = _MISSING_COLUMN.search(str(error))
                if missing is None:
                    raise
                with self._lock:
                    # Another thread may have added it since; then the query is put again as it is.
                    if before == self._changes and not self._add(missing[1]):
                        raise

    def has_column(self, table: str, name: str) -> bool:
        """Whether ``table`` has a column of that name, in any case: declared or, in an open table, met."""
        declared = schema.tables()[table]
        if any(column.name.lower() == name.lower() for column in declared.columns):
            return True
        if not declared.open or self._whole is None:
            return False
        return name.lower() in self._met(narrow=bool(self._narrow) and name.lower() in self._asked)

    # Inside

    def _zones(self, addresses: pa.ChunkedArray) -> pa.Array:
        """``site_zone``: the zone of every address, NULL for NULL; an address is looked up once."""
        whole = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
        encoded = whole.dictionary_encode()
        zones = pa.array([self._zone_of(address) for address in encoded.dictionary.to_pylist()], pa.string())
        return zones.take(encoded.indices)

    def _add(self, column: str) -> bool:
        """Give the open table a column that it misses: from all columns, or NULL. False when it has it already."""
        if column in self._added:
            return False
        if self._narrow and self._whole is not None and self.has_column(WINDOWS_EVENT, column):
            self._narrow, self.parts[WINDOWS_EVENT] = [], self._whole
        else:
            self._added.add(column)
        self._make_table(WINDOWS_EVENT)
        self._changes += 1
        return True

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

    def _make(self, name: str) -> None:
        if name in self._made:
            return
        if name in derived.VIEWS:
            asked, statements = derived.VIEWS[name]
            for table in asked.split():
                self._make(table)
            for statement in self.connection.extract_statements(statements):
                self.bind(statement.query, (), self.connection.execute)
        else:
            self._make_table(name)
        self._made.add(name)

    def _make_table(self, name: str) -> None:
        declared = schema.tables()[name]
        part = self.parts.get(name)
        added = sorted(self._added) if name == WINDOWS_EVENT else []
        if part is None:
            nulls = [_null(column.name, _sql_type(column.type)) for column in declared.columns]
            nulls += [_null(column, "VARCHAR") for column in added]
            self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {', '.join(nulls)} WHERE false")
            return
        if isinstance(part, pa.Table):
            source = f"raw_{name}"
            self.connection.register(source, part)
            met = [part.column_names]
        else:
            source = f"read_parquet({sql_list([str(path) for path in part])}, union_by_name = true)"
            met = [self._column_names(path) for path in part]
        there = {column.lower() for columns in met for column in columns}
        selected = ["*" + _merged_variants(met, {column.name.lower() for column in declared.columns})]
        selected += [_null(c.name, _sql_type(c.type)) for c in declared.columns if c.name.lower() not in there]
        selected += [_null(column, "VARCHAR") for column in added if column.lower() not in there]
        copies = " ANTI JOIN event_copy USING (evidence_id, record)" if self._has_copies(name, source, there) else ""
        rows = f"SELECT {', '.join(selected)} FROM {source}{copies}"
        if name not in self._views and self._few(name):
            try:
                self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {rows}")
                return
            except duckdb.OutOfMemoryException:
                self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        self._views.add(name)
        self.connection.execute(f"CREATE OR REPLACE VIEW {name} AS {rows}")

    def _few(self, name: str) -> bool:
        """Whether a table may be held in memory; of the open table its whole rows decide, whatever is asked of them now."""
        part = self._whole if name == WINDOWS_EVENT else self.parts[name]
        if part is None or isinstance(part, pa.Table):  # rows that one connection knows; all are to see them
            return True
        size = sum(path.stat().st_size for path in part)
        return size <= HELD_BYTES and sum(pq.read_metadata(path).num_rows for path in part) <= HELD_ROWS

    def _has_copies(self, name: str, source: str, columns: set[str]) -> bool:
        """Whether there are copies of Windows events; table ``event_copy`` then holds all of each set but one.

        Copies agree in host, log, record number, event number and time: a log and its export, or one log handed in twice.
        """
        if name != WINDOWS_EVENT or not columns.issuperset(column.lower() for column in _EVENT_IDENTITY):
            return False
        if self._copies is None:
            identity = ", ".join(_EVENT_IDENTITY)
            known = " AND ".join(f"{column} IS NOT NULL" for column in _EVENT_IDENTITY)
            repeated = f"""
                SELECT {identity}, min((evidence_id, record)) AS kept FROM {source} WHERE {known}
                GROUP BY ALL HAVING count(*) > 1"""
            self.connection.execute(f"""
                CREATE OR REPLACE TABLE event_copy AS
                SELECT DISTINCT e.evidence_id, e.record FROM {source} AS e JOIN ({repeated}) USING ({identity})
                WHERE (e.evidence_id, e.record) <> kept""")
            self._copies = self.connection.execute("SELECT 1 FROM event_copy LIMIT 1").fetchall() != []
        return self._copies


def _site_macros(site: Site) -> str:
    """What detections may ask of the site file besides the zone of an address."""
    stated = [name for name, part in type(site).model_fields.items() if getattr(site, name) != part.default]
    return f"""
        CREATE MACRO site_states(part) AS list_contains(CAST({sql_list(stated)} AS VARCHAR[]), part);
        CREATE MACRO site_resolver(address) AS
            list_contains(CAST({sql_list([str(address) for address in site.resolvers])} AS VARCHAR[]), address);
    """


def _site_tables(site: Site) -> str:
    """What the site file says of application entities and assets, a row per address (NULL where it states none)."""
    entities = [
        f"({literal(entity.title.strip())}, {_or_null(address)}, "
        f"{sql_list(entity.operations)}, {sql_list(entity.destinations)})"
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


def _null(column: str, kind: str) -> str:
    return f"CAST(NULL AS {kind}) AS {quoted(column)}"


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
