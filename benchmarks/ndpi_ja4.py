"""A round with JA4 as the nDPI of October 2024 writes it, to show that nothing else keeps the two apart.

    python benchmarks/ndpi_ja4.py EVIDENCE --out DIR

FoxIO defines the first part of JA4 by the first and last character of the first ALPN value (``h1`` for ``http/1.1``) and by
whether a server name is there (``d``) or not (``i``). The nDPI that gave the opinions we are compared with writes the first two
characters (``ht``) and always ``d``. Our tables follow the definition. This runs ``wardround examine`` and rewrites these two
places in the column ``ja4`` of DIR/tables; the hashes of ciphers and extensions, names, services and flows stay as they are.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: First and last character of ALPN values in use, and their first two: http/1.1, and drafts of h3.
_ALPN = {"h1": "ht", "h7": "h3", "h9": "h3"}


def theirs(fingerprint: str | None) -> str | None:
    """A fingerprint as nDPI writes it: ``t13i1516h1_…`` becomes ``t13d1516ht_…``."""
    if not fingerprint:
        return fingerprint
    first, separator, rest = fingerprint.partition("_")
    return f"{first[:3]}d{first[4:8]}{_ALPN.get(first[8:], first[8:])}{separator}{rest}"


def main() -> int:
    """Examine, then rewrite the fingerprints."""
    done = subprocess.run([sys.executable, "-m", "wardround", "examine", "-q", *sys.argv[1:]], check=False)
    tables = Path(sys.argv[sys.argv.index("--out") + 1]) / "tables"
    for file in sorted(file for name in ("ssl", "quic") for file in tables.glob(f"{name}*.parquet")):
        table = pq.read_table(file)
        if "ja4" in table.column_names:
            at = table.column_names.index("ja4")
            written = pa.array([theirs(value) for value in table.column(at).to_pylist()], table.schema.field(at).type)
            pq.write_table(table.set_column(at, table.schema.field(at), written), file)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
