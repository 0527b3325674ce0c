"""The path of a piece of evidence by its id, without an object for each: there may be millions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

import pyarrow as pa

from wardround.detect.tables import Tables


class EvidencePaths(Mapping[str, str]):
    """Paths by evidence id, kept in Arrow arrays in the order of the ids. Raises QueryError when made."""

    def __init__(self, tables: Tables) -> None:
        rows: pa.Table = tables.arrow(
            "SELECT evidence_id, path FROM evidence WHERE evidence_id IS NOT NULL ORDER BY evidence_id"
        )
        self._ids = rows["evidence_id"].combine_chunks()
        self._paths = rows["path"].combine_chunks()

    def __getitem__(self, evidence_id: str) -> str:
        place = bisect_left(range(len(self._ids)), evidence_id, key=lambda index: self._ids[index].as_py())
        if place == len(self._ids) or self._ids[place].as_py() != evidence_id:
            raise KeyError(evidence_id)
        return self._paths[place].as_py() or ""

    def __iter__(self) -> Iterator[str]:
        return (value.as_py() for value in self._ids)

    def __len__(self) -> int:
        return len(self._ids)
