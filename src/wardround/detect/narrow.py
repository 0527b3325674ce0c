"""One narrow file out of many wide ones: only the columns that somebody asks for, so that every query binds quickly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wardround import schema

_NAMES = re.compile(r'"([^"\n]{1,200})"|([A-Za-z_][A-Za-z0-9_]{0,200})')
_TABLE = "windows_event"


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """Everything in these texts that may be the name of a column, in lower case. Names too many do no harm."""
    return frozenset((quoted or plain).lower() for text in texts for quoted, plain in _NAMES.findall(text))


def copy(files: Sequence[Path], wanted: frozenset[str], target: Path) -> Path:
    """Write the declared columns of the open table and those ``wanted`` (names in lower case) of all files into one.

    One file is in memory at a time. Gives ``target``.
    """
    declared = schema.tables()[_TABLE].arrow()
    met: dict[str, None] = {}
    for path in files:
        met.update(dict.fromkeys(name for name in pq.read_schema(path).names if name.lower() in wanted))
    further = [name for name in met if name not in declared.names]
    whole = pa.schema([*declared, *(pa.field(name, pa.string()) for name in further)])
    with pq.ParquetWriter(target, whole, compression="zstd", compression_level=1) as writer:
        for path in files:
            there = set(pq.read_schema(path).names)
            rows = pq.read_table(path, columns=[name for name in whole.names if name in there])
            columns = [rows[f.name] if f.name in there else pa.nulls(rows.num_rows, f.type) for f in whole]
            writer.write_table(pa.table(columns, schema=whole))
    return target
