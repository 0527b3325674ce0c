"""What a reader is: how it recognises evidence, how it is handed work, and where it puts rows and problems.

A reader module holds one evidence format and exposes one ``READER`` that satisfies :class:`Reader`. It is imported only
to sniff, so its module level imports nothing heavy (no pyarrow, numba or parser package at import).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

#: How much of the head of a piece of evidence a reader sees when it is asked whether it knows the format.
SNIFF_BYTES = 64 * 1024

#: Evidence larger than this is cut into spans of about this size, so that memory is bounded and cores share the work.
SPAN_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a piece of evidence that can be read alone: bytes ``start`` to ``end`` (``end`` -1: to the end).

    ``first_record`` is the number of the first record of the span where records are counted (lines: 1 for the first).
    ``carry`` is what a reader must know from before the span (the header of a Zeek log, say).
    """

    start: int = 0
    end: int = -1
    first_record: int = 1
    carry: bytes = b""


class Source(Protocol):
    """One piece of evidence, opened as often as needed; compression is already taken off."""

    @property
    def evidence_id(self) -> str:
        """Short name of the evidence within the round."""

    @property
    def path(self) -> str:
        """Path as given, members of archives after an exclamation mark. For people; never to be opened."""

    @property
    def size(self) -> int | None:
        """Size in bytes of what :meth:`open` gives, None when only reading would tell (compressed streams)."""

    def open(self) -> BinaryIO:
        """A binary stream, bounded against decompression bombs (it raises ReaderError past the limit)."""

    def local(self) -> AbstractContextManager[Path]:
        """A real file with the (decompressed) bytes, for libraries that insist on one; gone after the context."""


class Sink(Protocol):
    """Where a reader puts what it found."""

    def write(self, table: str, rows: pa.Table) -> None:
        """Take a batch of rows of one table.

        Columns are those of :mod:`wardround.schema` (missing ones are filled with nulls, types are checked); an open
        table takes further string columns. ``evidence_id`` is filled in by the sink. Batches stay under some 100,000
        rows or 64 MiB.
        """

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Note a problem with the evidence; repeated ones of one code are counted after the first few."""


class Reader(Protocol):
    """One evidence format. ``read`` raises ReaderError and nothing else; everything written before that is kept."""

    name: str

    def sniff(self, head: bytes) -> str | None:
        """The format name when the first bytes (at most SNIFF_BYTES, decompressed) are of this reader's kind."""

    def split(self, source: Source) -> Iterator[Span]:
        """Cut the evidence into spans that can be read alone; one ``Span()`` when it cannot be cut."""

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span into tables."""
