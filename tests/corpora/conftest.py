"""Reads one real sample at a time and decides one detection on it, in memory and without worker processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from wardround import readers, store
from wardround.detect.detection import Detection, shipped
from wardround.detect.testing import decide_rows
from wardround.evidence import FileSource
from wardround.model import Finding
from wardround.site import Site

EVIDENCE_ID = "e1"


class _Sink:
    """Keeps the rows that a reader writes; what it diagnoses is another test's matter."""

    def __init__(self) -> None:
        self.parts: dict[str, list[pa.Table]] = defaultdict(list)

    def write(self, table: str, rows: pa.Table) -> None:
        self.parts[table].append(store.conform(table, rows, EVIDENCE_ID))

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        pass


@cache
def _tables(path: Path) -> dict[str, pa.Table]:
    source = FileSource(EVIDENCE_ID, str(path), path, stored_bytes=path.stat().st_size)
    known = readers.identify(source.head())
    assert known is not None, f"no reader knows {path}"
    sink = _Sink()
    for span in known[1].split(source):
        known[1].read(source, span, sink)
    return {name: pa.concat_tables(parts, promote_options="default") for name, parts in sink.parts.items()}


@cache
def _shipped() -> dict[str, Detection]:
    return {detection.name: detection for detection in shipped()}


@pytest.fixture(scope="session")
def findings_of(corpora: Path) -> Callable[[str, str], tuple[Finding, ...]]:
    """``findings_of(sample, detection)``: what the detection says of the sample, a path within the corpora."""

    def find(sample: str, name: str) -> tuple[Finding, ...]:
        decision = decide_rows(_shipped()[name], _tables(corpora / sample), Site())
        assert not decision.diagnostics
        return decision.findings

    return find
