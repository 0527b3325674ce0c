"""Paths of evidence, looked up by id."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wardround import schema
from wardround.detect.evidence_paths import EvidencePaths
from wardround.detect.tables import Tables
from wardround.site import Site


def test_every_id_has_its_path(tmp_path: Path) -> None:
    rows = [{"evidence_id": f"e{number}", "path": f"/evidence/{number}"} for number in range(1, 1_200)]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema.tables()["evidence"].arrow()), tmp_path / "evidence.parquet")
    with Tables.of_round(tmp_path, Site()) as tables:
        paths = EvidencePaths(tables)
    assert len(paths) == len(set(paths)) == 1_199
    assert all(paths[row["evidence_id"]] == row["path"] for row in rows)
    assert paths.get("e0") is None
    assert paths.get("zzz", "") == ""
