"""A round whose tables hold strings as Zeek's text logs write them, for comparisons that read such a log as it stands.

    python benchmarks/zeek_log_text.py EVIDENCE --out DIR

Zeek's text logs escape octets by a backslash and therefore double every backslash: a share stands in the log with four of
them before its server and two behind it. Our tables hold the value itself, as Zeek's JSON logs do once decoded. This runs
``wardround examine`` and then doubles the backslashes of all strings in DIR/tables: nothing else is touched, so that a
comparison with the log compares everything but how the log is written.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def escaped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column with its backslashes doubled; lists of strings too; any other column as it is."""
    if pa.types.is_string(column.type):
        return pc.replace_substring(column, "\\", "\\\\")
    if pa.types.is_list(column.type) and pa.types.is_string(column.type.value_type):
        doubled = [v and [t and t.replace("\\", "\\\\") for t in v] for v in column.to_pylist()]
        return pa.chunked_array([pa.array(doubled, column.type)])
    return column


def main() -> int:
    """Examine, then rewrite the tables."""
    done = subprocess.run([sys.executable, "-m", "wardround", "examine", "-q", *sys.argv[1:]], check=False)
    out = Path(sys.argv[sys.argv.index("--out") + 1])
    for file in sorted((out / "tables").glob("**/*.parquet")):
        table = pq.read_table(file)
        pq.write_table(pa.table([escaped(c) for c in table.columns], schema=table.schema), file)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
