"""The round directory and how rows get into it: buffered per table, spilled to Parquet, complete or not there at all.

A worker writes one unit of work with a :class:`UnitWriter`; file names carry the number of the unit, so that the same
evidence gives the same files whichever worker was faster.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wardround import schema
from wardround.errors import ReaderError, UserError, reasons
from wardround.model import Diagnostic

#: A table's rows are matched and written once so many are buffered, or so many bytes.
FLUSH_ROWS = 65_536
FLUSH_BYTES = 24 << 20

#: Bytes that are buffered of all tables; then the table with the most is matched and written.
BUFFERED_BYTES = 40 << 20

#: So many groups of rows of an open table are kept apart, and groups smaller than this are written together.
MAX_GROUPS = 16
SMALL_ROWS = 8_192

#: Repeated diagnostics of one code about one piece of evidence are only counted after this many.
DIAGNOSTICS_SHOWN = 5

#: An open table takes no more columns than this in one batch.
MAX_COLUMNS = 4_000

OnBatch = Callable[[str, pa.Table], pa.Table | None]


@dataclass(frozen=True, slots=True)
class Narrow:
    """Copies of the files of open tables that hold only the declared columns and some others, under the same file names.

    An open table has hundreds of columns of which detections ask some dozens, and to bind a query to files of hundreds of
    columns takes longer than to answer it. ``columns`` are names in lower case.
    """

    directory: Path
    columns: frozenset[str]

    def write(self, file: str, table: schema.Table, rows: pa.Table) -> None:
        """Write the copy of a file."""
        declared = {column.name for column in table.columns}
        kept = [name for name in rows.column_names if name in declared or name.lower() in self.columns]
        pq.write_table(rows.select(kept), self.directory / file, compression="lz4")


@dataclass(slots=True)
class Tally:
    """What was read from one piece of evidence: rows, earliest and latest event (ns UTC)."""

    records: int = 0
    first_ts: int | None = None
    last_ts: int | None = None

    def add(self, rows: int, first: int | None, last: int | None) -> None:
        """Add a batch of rows."""
        self.records += rows
        if first is not None and (self.first_ts is None or first < self.first_ts):
            self.first_ts = first
        if last is not None and (self.last_ts is None or last > self.last_ts):
            self.last_ts = last


@dataclass(slots=True)
class UnitResult:
    """What a unit of work left behind: tallies by evidence id, diagnostics, rows per table, activity per hour."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    activity: dict[tuple[int, str], int] = field(default_factory=dict)
    #: Paths of evidence as they may be shown, where that is not as given; and components of paths that name a patient,
    #: as path up to there and what to show instead.
    paths: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Group:
    """Rows that are buffered to be written together, and how many and large they are."""

    parts: list[pa.Table] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0

    def add(self, rows: pa.Table) -> int:
        """Take rows; gives their bytes, which a table of hundreds of columns does not tell for nothing."""
        size = int(rows.nbytes)
        self.parts.append(rows)
        self.rows += rows.num_rows
        self.bytes += size
        return size


def _bytes(groups: dict[str, _Group]) -> int:
    return sum(group.bytes for group in groups.values())


class UnitWriter:
    """Takes the rows of one unit of work, hands full batches to ``on_batch`` (the matcher) and writes Parquet files.

    Rows before ``since`` or from ``until`` on (ns UTC) are left out. ``on_batch(table, rows)`` returns rows for table
    ``match`` or None. Nothing here is shared between workers.
    """

    def __init__(
        self,
        directory: Path,
        unit: int,
        on_batch: OnBatch | None = None,
        since: int | None = None,
        until: int | None = None,
        narrow: Narrow | None = None,
    ) -> None:
        self._narrow = narrow
        self._since, self._until = since, until
        self._directory = directory
        self._unit = unit
        self._on_batch = on_batch
        self._buffers: dict[str, dict[str, _Group]] = {}
        self._buffered = 0
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._files = ExitStack()
        self._open_files: dict[str, int] = {}
        self.result = UnitResult()

    def add(self, evidence_id: str, name: str, rows: pa.Table) -> None:
        """Buffer a batch of one table read from one piece of evidence; raises ReaderError when it does not fit the table."""
        if rows.num_rows == 0:
            return
        conformed = conform(name, rows, evidence_id)
        if schema.tables()[name].states:
            self.result.rows[name] = self.result.rows.get(name, 0) + conformed.num_rows
            self.result.tallies.setdefault(evidence_id, Tally()).add(conformed.num_rows, None, None)
        else:
            conformed = self._within(conformed)
            self._tally(evidence_id, name, conformed)
        self._buffer(name, conformed)

    def add_events(self, name: str, rows: pa.Table) -> None:
        """Buffer rows read from many pieces of evidence, with their ``evidence_id``; tallied for each of them."""
        conformed = conform(name, rows, None)
        if schema.tables()[name].states:
            self.result.rows[name] = self.result.rows.get(name, 0) + conformed.num_rows
        else:
            conformed = self._within(conformed)
            self._tally(None, name, conformed)
        timed = "ts" in conformed.column_names and not schema.tables()[name].states
        groups = conformed.group_by("evidence_id").aggregate(
            [("evidence_id", "count"), *([("ts", "min"), ("ts", "max")] if timed else [])]
        )
        for row in groups.to_pylist():
            tally = self.result.tallies.setdefault(row["evidence_id"], Tally())
            tally.add(row["evidence_id_count"], row.get("ts_min"), row.get("ts_max"))
        self._buffer(name, conformed)

    def add_states(self, name: str, rows: pa.Table) -> None:
        """Buffer rows about many pieces of evidence, with their ``evidence_id``: states of things, not events in time."""
        conformed = conform(name, rows, None)
        self.result.rows[name] = self.result.rows.get(name, 0) + conformed.num_rows
        self._buffer(name, conformed)

    def _buffer(self, name: str, rows: pa.Table) -> None:
        """Buffer rows; when a table has enough, its largest group of rows is matched and written.

        Rows of an open table are kept apart by what the first of them is about, for those have the same columns.
        """
        groups = self._buffers.setdefault(name, {})
        group = str(rows["Channel"][0]) if schema.tables()[name].open and rows.num_rows else ""
        if group not in groups and len(groups) >= MAX_GROUPS:
            group = ""
        self._buffered += groups.setdefault(group, _Group()).add(rows)
        buffered = groups.values()
        if sum(part.rows for part in buffered) >= FLUSH_ROWS or _bytes(groups) >= FLUSH_BYTES:
            self._flush_largest(name)
        elif self._buffered >= BUFFERED_BYTES:
            self._flush_largest(max(self._buffers, key=lambda table: _bytes(self._buffers[table])))

    def _flush_largest(self, name: str) -> None:
        """Match and write the largest group of rows of a table."""
        groups = self._buffers[name]
        group = groups.pop(max(groups, key=lambda key: groups[key].bytes))
        self._buffered -= group.bytes
        self._flush(name, group.parts)

    def _within(self, rows: pa.Table) -> pa.Table:
        """Only the rows of the time range; rows without a time stay."""
        for bound, keep in ((self._since, pc.greater_equal), (self._until, pc.less)):
            if bound is not None and "ts" in rows.column_names:
                rows = rows.filter(pc.fill_null(keep(rows["ts"], bound), True))
        return rows

    def _tally(self, evidence_id: str | None, name: str, rows: pa.Table) -> None:
        """Count rows per table and hour, and of one piece of evidence."""
        self.result.rows[name] = self.result.rows.get(name, 0) + rows.num_rows
        limits = pc.min_max(rows["ts"]) if "ts" in rows.column_names else None
        first, last = (limits["min"].as_py(), limits["max"].as_py()) if limits is not None else (None, None)
        if evidence_id is not None:
            self.result.tallies.setdefault(evidence_id, Tally()).add(rows.num_rows, first, last)
        if first is None:
            return
        hours = pc.value_counts(pc.divide(rows["ts"].drop_null(), 3_600_000_000_000))
        for hour, count in zip(hours.field(0).to_pylist(), hours.field(1).to_pylist(), strict=True):
            key = (hour * 3_600_000_000_000, name)
            self.result.activity[key] = self.result.activity.get(key, 0) + count

    def _flush(self, name: str, parts: list[pa.Table]) -> None:
        rows = pa.concat_tables(parts, promote_options="default")
        if self._on_batch is not None and (matches := self._on_batch(name, rows)) is not None and matches.num_rows:
            self._write("match", matches)
            self.result.rows["match"] = self.result.rows.get("match", 0) + matches.num_rows
        self._write(name, rows)

    def _write(self, name: str, rows: pa.Table) -> None:
        table = schema.tables()[name]
        if table.open:  # every batch may have other columns, so every batch is a file
            number = self._open_files[name] = self._open_files.get(name, -1) + 1
            file = f"{name}-{self._unit:05d}-{number:03d}.parquet"
            pq.write_table(rows, self._directory / file, **_PARQUET)
            if self._narrow is not None:
                self._narrow.write(file, table, rows)
            return
        if name not in self._writers:
            path = self._directory / f"{name}-{self._unit:05d}.parquet"
            self._writers[name] = self._files.enter_context(_parquet(path, rows.schema))
        self._writers[name].write_table(rows)

    def close(self) -> UnitResult:
        """Write what is buffered and give the result."""
        for name, groups in self._buffers.items():
            small = [part for group in groups.values() if group.rows < SMALL_ROWS for part in group.parts]
            for parts in (*(group.parts for group in groups.values() if group.rows >= SMALL_ROWS), small):
                if parts:
                    self._flush(name, parts)
        self._files.close()
        return self.result

    def sink(self, evidence_id: str, path: str) -> EvidenceSink:
        """The sink for one piece of evidence."""
        return EvidenceSink(self, evidence_id, path)


class GatheringSink:
    """A sink for many small pieces of evidence read one after another: rows carry evidence ids; see readers.base.Sink."""

    def __init__(self, writer: UnitWriter) -> None:
        self._writer = writer
        self._current: EvidenceSink | None = None

    def turn(self, evidence_id: str, path: str) -> None:
        """Diagnostics that follow are about this piece of evidence."""
        self._current = self._writer.sink(evidence_id, path)

    def write(self, table: str, rows: pa.Table) -> None:
        """Take a batch of rows of one table, of any of the evidence so far."""
        self._writer.add_events(table, rows)

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Note a problem with the evidence at hand."""
        if self._current is not None:
            self._current.diagnose(code, message, offset, recovered=recovered)


#: What stands behind the name of a table in the name of its file: its unit, and the batch of an open table.
_PART = re.compile(r"(-\d+){1,2}$")
_PARQUET = {"compression": "zstd", "compression_level": 1}


@contextmanager
def _parquet(path: Path, columns: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """A file to write rows to, complete when nothing went wrong; a full disk is an OSError, once."""
    writer = pq.ParquetWriter(path, columns, **_PARQUET)
    try:
        yield writer
        writer.close()
    finally:
        writer.is_open = False  # else it tries to end its file, and fails, once more when it is thrown away


class EvidenceSink:
    """Where a reader puts what it found in one piece of evidence; see readers.base.Sink."""

    def __init__(self, writer: UnitWriter, evidence_id: str, path: str) -> None:
        self._writer = writer
        self._evidence_id = evidence_id
        self._path = path
        self._noted: dict[str, list[int]] = {}

    def write(self, table: str, rows: pa.Table) -> None:
        """Take a batch of rows of one table."""
        self._writer.add(self._evidence_id, table, rows)

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Note a problem; after the first few of one code only the count of the last one shown grows."""
        places = self._noted.setdefault(code, [])
        diagnostics = self._writer.result.diagnostics
        if len(places) < DIAGNOSTICS_SHOWN:
            places.append(len(diagnostics))
            diagnostics.append(Diagnostic(self._evidence_id, self._path, offset, code, message[:2000], recovered))
            return
        last = diagnostics[places[-1]]
        diagnostics[places[-1]] = Diagnostic(
            last.evidence_id, last.source, last.offset, last.code, last.message, last.recovered, last.count + 1
        )


def conform(name: str, rows: pa.Table, evidence_id: str | None) -> pa.Table:
    """Give rows the columns and types of their table: missing ones null, ``evidence_id`` filled, foreign ones refused.

    With None for ``evidence_id`` the rows carry their own.

    Raises ReaderError when a column is not of the table or has another type: a mistake of the reader, never of evidence.
    """
    table = schema.tables()[name]
    wanted = table.arrow()
    arrays: list[pa.Array | pa.ChunkedArray] = []
    present = dict(zip(rows.column_names, rows.columns, strict=True))  # asking a table for a name takes time for every column
    for column in wanted:
        if column.name == "evidence_id" and evidence_id is not None:
            arrays.append(pa.repeat(pa.scalar(evidence_id, pa.string()), rows.num_rows))
        elif column.name in present:
            array = present[column.name]
            if array.type != column.type:
                array = _cast(name, column, array)
            arrays.append(array)
        else:
            arrays.append(pa.nulls(rows.num_rows, column.type))
    declared = set(wanted.names)
    further = [field for field in rows.schema if field.name not in declared]
    if further and not table.open:
        raise ReaderError("wrong_column", f"table {name} has no column {further[0].name}")
    if len(further) > MAX_COLUMNS:
        raise ReaderError("too_many_columns", f"table {name}: more than {MAX_COLUMNS} columns in one batch")
    arrays.extend(rows[item.name] if item.type == pa.string() else rows[item.name].cast(pa.string()) for item in further)
    return pa.table(arrays, schema=pa.schema([*wanted, *(pa.field(f.name, pa.string()) for f in further)]))


def _cast(name: str, column: pa.Field, array: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return array.cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ReaderError("wrong_type", f"table {name}, column {column.name}: {error}") from error


class RoundDirectory:
    """The directory of a round: built beside its place, put there in one move when complete.

    A round killed half-way leaves a hidden ``.NAME.partial-PID`` directory, which the next round removes.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self._partial = out.parent / f".{out.name}.partial-{os.getpid()}"
        self._old = out.parent / f".{out.name}.old"

    @property
    def tables(self) -> Path:
        """Where table files go while the round is being made."""
        return self._partial / "tables"

    @property
    def scratch(self) -> Path:
        """For archive members and other things that are gone when the round is complete."""
        return self._partial / ".scratch"

    @property
    def narrow(self) -> Path:
        """For narrow copies of open tables; gone when the round is complete."""
        return self.scratch / "narrow"

    @property
    def path(self) -> Path:
        """The directory while it is being made."""
        return self._partial

    def __enter__(self) -> RoundDirectory:
        if self.out.exists() and not is_round(self.out) and (not self.out.is_dir() or any(self.out.iterdir())):
            raise UserError(
                f"{self.out}: exists and is not a round; choose another --out",
                f"{self.out}\u00a0: existe et n’est pas une visite\u202f; choisissez un autre dossier avec --out",
            )
        try:
            self._clean()
            self.tables.mkdir(parents=True)
            self.scratch.mkdir(mode=0o700)
            self.narrow.mkdir()
        except OSError as error:
            english, french = reasons(error)
            raise UserError(
                f"{self.out}: cannot write there: {english}", f"{self.out}\u00a0: impossible d’y écrire\u00a0: {french}"
            ) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)

    def _clean(self) -> None:
        """Put right what a killed round left: its half-written directory, or an old round moved aside."""
        if self._old.exists() and not self.out.exists():
            self._old.rename(self.out)
        shutil.rmtree(self._old, ignore_errors=True)
        for left in self.out.parent.glob(f".{self.out.name}.partial-*"):
            pid = left.name.rpartition("-")[2]
            if pid.isdigit() and not _alive(int(pid)):
                shutil.rmtree(left, ignore_errors=True)

    def write_rows(self, name: str, rows: Iterable[object], more: Iterable[pa.Table] = ()) -> None:
        """Write model values (evidence, diagnostics) as ``<name>.parquet``, and ``more`` rows behind them."""
        table = schema.tables()[name]
        names = [column.name for column in table.columns]
        records = [{key: value for key, value in asdict(row).items() if key in names} for row in rows]  # type: ignore[call-overload]
        with _parquet(self.tables / f"{name}.parquet", table.arrow()) as writer:
            writer.write_table(pa.Table.from_pylist(records, schema=table.arrow()))
            for part in more:
                writer.write_table(part)

    def carry_over(self, previous: Path) -> None:
        """Keep what detections ask of an earlier round: columns of its ``dicom_file`` as ``previous_dicom_file``.

        Raises UserError when there is no round in ``previous`` or its tables cannot be read.
        """
        if not is_round(previous):
            raise UserError(f"{previous}: there is no round to compare with", f"{previous}\u00a0: aucune visite à comparer")
        name = "previous_dicom_file"
        wanted = schema.tables()[name].arrow()
        files = sorted({*(previous / "tables").glob("dicom_file.parquet"), *(previous / "tables").glob("dicom_file-*.parquet")})
        if not files:
            return
        try:
            with _parquet(self.tables / f"{name}.parquet", wanted) as writer:
                for file in files:
                    with pq.ParquetFile(file) as parts:
                        for batch in parts.iter_batches(columns=wanted.names):  # a column it has not is left out
                            writer.write_table(conform(name, pa.Table.from_batches([batch]), None))
        except (OSError, pa.ArrowException, ReaderError) as error:
            raise UserError(
                f"{previous}: its tables cannot be read: {error}",
                f"{previous}\u00a0: ses tables ne peuvent pas être lues\u00a0: {error}",
            ) from error

    def commit(self) -> None:
        """Put the complete round in its place; the one that was there goes only when this one stands."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        if self.out.exists():
            self.out.rename(self._old)
        self._partial.rename(self.out)
        shutil.rmtree(self._old, ignore_errors=True)


def listed(directory: Path) -> list[tuple[str, int, list[Path]]]:
    """The tables of a round directory: name, rows and files; raises UserError when there is none or it cannot be read."""
    if not is_round(directory):
        raise UserError(f"there is no round in {directory}", f"il n’y a pas de visite dans {directory}")
    found: dict[str, tuple[int, list[Path]]] = {}
    for file in sorted((directory / "tables").glob("*.parquet")):
        name = _PART.sub("", file.stem)
        try:
            rows = pq.read_metadata(file).num_rows
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"{file}: cannot be read: {error}", f"{file}\u00a0: ne peut pas être lu\u00a0: {error}") from error
        before, files = found.get(name, (0, []))
        found[name] = (before + rows, [*files, file])
    return [(name, rows, files) for name, (rows, files) in sorted(found.items())]


def is_round(directory: Path) -> bool:
    """Whether a directory holds a complete round."""
    return (directory / "round.json").is_file() and (directory / "tables").is_dir()


def _alive(pid: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, 0)
        return True
    return False
