"""Windows events of .evtx files as batches of rows, as a round reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from wardround import readers
from wardround.errors import ReaderError
from wardround.evidence import FileSource
from wardround.readers.base import Span

TABLE = "windows_event"


class _Sink:
    """Keeps the rows of windows_event."""

    def __init__(self) -> None:
        self.batches: list[pa.Table] = []

    def write(self, table: str, rows: pa.Table) -> None:
        if table == TABLE:
            self.batches.append(rows)

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Damaged evidence is not what is measured here."""


def read(files: Iterable[Path]) -> pa.Table:
    """The events of several files as one table with the union of their columns."""
    sink = _Sink()
    for file in files:
        source = FileSource(file.name, str(file), file, stored_bytes=file.stat().st_size)
        try:
            readers.by_name("evtx").read(source, Span(), sink)
        except ReaderError as error:
            print(f"{file}: {error}")
    if not sink.batches:
        return pa.table({})
    return pa.concat_tables(sink.batches, promote_options="default").combine_chunks()


def evtx_files(directory: Path) -> list[Path]:
    """The event logs under a directory, in a fixed order."""
    return sorted(directory.rglob("*.evtx"))


def rule_directories(sigma: Path) -> list[Path]:
    """The folders of rules of a checkout of SigmaHQ."""
    return sorted(path for path in sigma.glob("rules*") if path.is_dir())
