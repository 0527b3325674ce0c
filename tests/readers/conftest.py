"""Evidence from bytes, and a sink that keeps what a reader found and checks it against the tables."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pytest
from hypothesis import strategies as st

from wardround.readers.base import Reader
from wardround.store import conform


@dataclass
class Found:
    """What a reader found: rows per table as dictionaries, and (code, message, offset, recovered) per diagnostic."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    diagnostics: list[tuple[str, str, int, bool]] = field(default_factory=list)
    spans: int = 0

    def write(self, table: str, rows: pa.Table) -> None:
        rows = conform(table, rows, "e1")
        rows.validate(full=True)
        self.rows.setdefault(table, []).extend(rows.to_pylist())

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.diagnostics.append((code, message, offset, recovered))

    def codes(self) -> list[str]:
        return [code for code, *_ in self.diagnostics]


def damaged(data: st.DataObject, whole: bytes) -> bytes:
    """Evidence cut short, with up to eight octets changed."""
    cut = data.draw(st.integers(0, len(whole)))
    octets = bytearray(whole[:cut])
    for place, octet in data.draw(st.lists(st.tuples(st.integers(0, max(0, cut - 1)), st.integers(0, 255)), max_size=8)):
        if place < len(octets):
            octets[place] = octet
    return bytes(octets)


@dataclass(frozen=True)
class Bytes:
    """A source in memory."""

    data: bytes
    size: int | None
    evidence_id: str = "e1"
    path: str = "memory"

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)

    def local(self) -> AbstractContextManager[Path]:
        raise NotImplementedError


@pytest.fixture(scope="session")
def read_bytes() -> Callable[..., Found]:
    """Read bytes with a reader, all spans in order: ``read_bytes(reader, data)``; ``streamed`` hides the size."""

    def read(reader: Reader, data: bytes, *, streamed: bool = False) -> Found:
        found = Found()
        source = Bytes(data, None if streamed else len(data))
        for span in reader.split(source):
            reader.read(source, span, found)
            found.spans += 1
        return found

    return read
