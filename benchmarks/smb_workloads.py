"""Files of a real server encrypted, backed up and taken in, captured: what is found, and after how many files.

    sudo python -m benchmarks.smb_workloads [FILES]

Needs root, Samba (smbd, smbpasswd, smbclient), tcpdump and unshare; nothing is installed. Server and client run in a network
namespace that has a loopback interface only (tests/lab/file_server.py). Latency is counted on the rows that the capture gives:
the smallest beginning of it that the detection needs, in files the client had changed by then, and in seconds of the capture.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from wardround import readers, store
from wardround.detect.decide import Decision
from wardround.detect.detection import shipped
from wardround.detect.testing import decide_rows
from wardround.evidence import FileSource
from wardround.site import Site

DETECTION = "RW-A02"
_CHANGES = ("SMB::FILE_RENAME", "SMB::FILE_WRITE", "SMB::FILE_DELETE")


class _Sink:
    def __init__(self) -> None:
        self.parts: dict[str, list[pa.Table]] = defaultdict(list)

    def write(self, table: str, rows: pa.Table) -> None:
        """Keep rows."""
        self.parts[table].append(store.conform(table, rows, "e1"))

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Captures of a loopback interface have nothing to diagnose that matters here."""


def tables_of(capture: Path) -> dict[str, pa.Table]:
    """The tables that a capture gives, read in this process."""
    source = FileSource("e1", str(capture), capture, stored_bytes=capture.stat().st_size)
    known = readers.identify(source.head())
    if known is None:
        raise SystemExit(f"no reader knows {capture}")
    sink = _Sink()
    for span in known[1].split(source):
        known[1].read(source, span, sink)
    return {name: pa.concat_tables(parts, promote_options="default") for name, parts in sink.parts.items()}


def decided(tables: dict[str, pa.Table]) -> Decision:
    """What the detection says of tables."""
    (detection,) = [item for item in shipped() if item.name == DETECTION]
    return decide_rows(detection, tables, Site())


def latency(tables: dict[str, pa.Table]) -> tuple[int, float]:
    """Files changed, and seconds passed, when the detection first has enough."""
    times = sorted(tables["smb_files"]["ts"].to_pylist())
    low, high = 0, len(times) - 1
    while low < high:
        middle = (low + high) // 2
        cut = {name: table.filter(pc.less_equal(table["ts"], times[middle])) for name, table in tables.items()}
        low, high = (low, middle) if decided(cut).findings else (middle + 1, high)
    rows = tables["smb_files"].filter(pc.less_equal(tables["smb_files"]["ts"], times[low])).to_pylist()
    changed = {(row["prev_name"] or row["name"]).removesuffix(".kraz9") for row in rows if row["action"] in _CHANGES}
    return len(changed), (times[low] - times[0]) / 1e9


def main() -> None:
    """Every dialect with every workload."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.lab import file_server

    if file_server.missing():
        raise SystemExit(file_server.missing())
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    print(f"{'dialect':10} {'workload':12} {'result':13} files  seconds")
    for dialect in file_server.DIALECTS:
        for workload in file_server.WORKLOADS:
            with tempfile.TemporaryDirectory() as folder:
                tables = tables_of(file_server.record(Path(folder), dialect, workload, count))
            decision = decided(tables)
            files, seconds = latency(tables) if decision.findings else ("", "")
            seconds = f"{seconds:.1f}" if seconds else ""
            print(f"{dialect:10} {workload:12} {decision.coverage[0].result:13} {files!s:>5}  {seconds:>7}", flush=True)


if __name__ == "__main__":
    main()
