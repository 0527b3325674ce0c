"""Many small files read together: one sink for all of them, their evidence rows, and what is shown of their paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wardround import schema
from wardround.evidence import FileSource
from wardround.model import Diagnostic, Evidence
from wardround.store import UnitWriter

#: DICOM files of folders that the result document lists, beside all other evidence; the table has every one.
LISTED = 10_000

#: Diagnostics of one code that are kept of one unit of work; the rest is counted.
DIAGNOSTICS_SHOWN = 20


@dataclass(slots=True)
class _Columns:
    """Evidence rows of files that are not kept as objects."""

    evidence_id: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    sha256: list[str] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    diagnostics: list[int] = field(default_factory=list)


class ManySink:
    """Takes the rows of many files of one reader; see readers.dicom_file.ManySink.

    ``own`` files have evidence rows of their own elsewhere; for all others :meth:`write_evidence` makes them.
    """

    def __init__(self, writer: UnitWriter, reader: str, kind: str) -> None:
        self._writer = writer
        self._reader, self._kind = reader, kind
        self._columns = _Columns()
        self._noted: dict[str, list[int]] = {}
        self._problems: dict[str, int] = {}
        self._records: dict[str, int] = {}
        self._own: set[str] = set()
        self.current: FileSource | None = None

    def over(self, sources: Iterator[FileSource], *, own: bool) -> Iterator[FileSource]:
        """The sources, remembered while they are read; ``own`` ones have evidence rows elsewhere."""
        for source in sources:
            self.current = source
            if own:
                self._own.add(source.evidence_id)
            yield source
            if not own:
                self._finish(source)
        self.current = None

    def _finish(self, source: FileSource) -> None:
        """Make the evidence row of a file whose reading is over, whatever came of it."""
        columns = self._columns
        if not columns.evidence_id or columns.evidence_id[-1] != source.evidence_id:
            self._row(source, f"{Path(source.path).parent}/({source.evidence_id})", "")
        columns.diagnostics[-1] = self._problems.pop(source.evidence_id, 0)

    def _row(self, source: FileSource, path: str, sha256: str) -> None:
        columns = self._columns
        columns.evidence_id.append(source.evidence_id)
        columns.path.append(path)
        columns.sha256.append(sha256)
        columns.bytes.append(source.stored_bytes)
        columns.records.append(1 if sha256 else 0)
        columns.diagnostics.append(0)

    def write(self, table: str, rows: pa.Table) -> None:
        """Take a batch of rows that carry their evidence ids."""
        self._writer.add_states(table, rows)
        for evidence_id in rows["evidence_id"].to_pylist():
            if evidence_id in self._own:
                self._records[evidence_id] = self._records.get(evidence_id, 0) + 1

    def diagnose(self, evidence_id: str, path: str, code: str, message: str, offset: int, recovered: bool) -> None:
        """Note a problem with one file; after the first few of one code they are counted."""
        self._problems[evidence_id] = self._problems.get(evidence_id, 0) + 1
        diagnostics = self._writer.result.diagnostics
        places = self._noted.setdefault(code, [])
        if evidence_id in self._own or len(places) < DIAGNOSTICS_SHOWN:
            places.append(len(diagnostics))
            diagnostics.append(Diagnostic(evidence_id, path, offset, code, message[:2000], recovered))
            return
        last = diagnostics[places[-1]]
        diagnostics[places[-1]] = Diagnostic(
            last.evidence_id, last.source, last.offset, last.code, last.message, last.recovered, last.count + 1
        )

    def examined(self, evidence_id: str, path: str, sha256: str, replaced: tuple[tuple[str, str], ...]) -> None:
        """Take the path as it may be shown, the hash and what was replaced."""
        source = self.current
        if source is None:
            return
        result = self._writer.result
        for prefix, shown in replaced:
            if evidence_id in self._own or prefix != source.path:  # names of single files are not worth keeping
                known = result.replaced.get(prefix)
                result.replaced[prefix] = shown if known is None else min(known, shown)
        if evidence_id in self._own:
            if path != source.path:
                result.paths[evidence_id] = path
        else:
            self._row(source, path, sha256)

    def defect(self, error: Exception) -> None:
        """Note that the reader failed on the file at hand; nothing the file says is repeated."""
        if self.current is not None:
            shown = f"{Path(self.current.path).parent}/({self.current.evidence_id})"
            self.diagnose(self.current.evidence_id, shown, "reader_defect", f"{self._reader}: {place_of(error)}", -1, False)

    def close(self, directory: Path, unit: int) -> None:
        """Write the evidence rows of this unit, if there are any, and tally the others."""
        from wardround.store import Tally

        for evidence_id, count in self._records.items():
            self._writer.result.tallies.setdefault(evidence_id, Tally()).add(count, None, None)
        columns = self._columns
        if not columns.evidence_id:
            return
        count = len(columns.evidence_id)
        table = schema.tables()["evidence"].arrow()
        values: dict[str, Any] = {
            "evidence_id": columns.evidence_id,
            "path": [path.encode("utf-8", "replace").decode() for path in columns.path],
            "sha256": columns.sha256,
            "format": [self._kind] * count,
            "reader": [self._reader] * count,
            "bytes": columns.bytes,
            "records": columns.records,
            "diagnostics": columns.diagnostics,
        }
        arrays = [pa.array(values.get(item.name, [None] * count), item.type) for item in table]
        pq.write_table(pa.table(arrays, schema=table), evidence_file(directory, unit), compression="zstd")


def evidence_file(directory: Path, unit: int) -> Path:
    """Where a unit leaves its evidence rows until the round collects them."""
    return directory / f"evidence-{unit:05d}.parquet"


def evidence_parts(directory: Path, shown: Callable[[str], str], listed: list[Evidence]) -> Iterator[pa.Table]:
    """The evidence rows that units left, in order, with their paths as they may be shown; the files go.

    The first of them, LISTED at most, are added to ``listed``.
    """
    left = LISTED
    for file in sorted(directory.glob("evidence-*.parquet")):
        rows = shown_paths(pq.read_table(file), shown)
        file.unlink()
        listed += [Evidence(**row) for row in rows.slice(0, left).to_pylist()]
        left -= min(left, rows.num_rows)
        yield rows


def shown_paths(rows: pa.Table, shown: Callable[[str], str]) -> pa.Table:
    """Rows with every path passed through ``shown``, which is asked once per folder where it can be."""
    paths = rows["path"].to_pylist()
    changed = [shown(path) if path is not None else None for path in paths]
    if changed == paths:
        return rows
    return rows.set_column(rows.column_names.index("path"), rows.schema.field("path"), pa.array(changed, pa.string()))


def mask_table(directory: Path, name: str, shown: Callable[[str], str]) -> None:
    """Pass the column ``path`` of a table already written through ``shown``; files in which nothing changes stay."""
    for file in sorted(directory.glob(f"{name}-*.parquet")):
        rows = pq.read_table(file)
        changed = shown_paths(rows, shown)
        if changed is not rows:
            pq.write_table(changed, file, compression="zstd", compression_level=1)


def place_of(error: BaseException) -> str:
    """The kind of an error and where in the program it arose: its message may hold what the evidence says of a patient."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{where}"
