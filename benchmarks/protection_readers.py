"""How fast exports of protection and listings are read, and with how much memory: one process, one file each.

python benchmarks/protection_readers.py [--rows 200000]
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from wardround.readers import identify
from wardround.store import conform


def hunting(rows: int) -> bytes:
    """Processes as Defender streams them, every one another."""
    line: dict[str, object] = {
        "Timestamp": "2026-03-02T08:00:00.1234567Z",
        "DeviceName": "ws7.chu.example",
        "ActionType": "ProcessCreated",
        "FileName": "tool.exe",
        "FolderPath": "C:\\Program Files\\Vendor\\tool.exe",
        "AccountDomain": "chu",
        "AccountName": "anna",
        "LogonId": 999,
        "InitiatingProcessFileName": "explorer.exe",
        "InitiatingProcessFolderPath": "c:\\windows",
        "InitiatingProcessCommandLine": "explorer.exe",
        "InitiatingProcessId": 12,
        "SHA1": "a" * 40,
        "MD5": "b" * 32,
    }
    told = []
    for number in range(rows):
        line |= {"ProcessId": number, "ReportId": number, "ProcessCommandLine": f"tool.exe --run {number}"}
        told.append(json.dumps({"category": "AdvancedHunting-DeviceProcessEvents", "properties": line}))
    return "\n".join(told).encode()


def threats(rows: int) -> bytes:
    """Threats of SentinelOne in the envelope of its interface."""
    told = [
        {
            "id": str(number),
            "agentRealtimeInfo": {"agentComputerName": f"WS{number % 400}"},
            "threatInfo": {"threatName": f"{number}.exe", "classification": "Malware", "createdAt": "2026-03-02T08:00:00Z",
                           "mitigationStatus": "mitigated", "confidenceLevel": "malicious"},
        }
        for number in range(rows)
    ]  # fmt: skip
    return json.dumps({"data": told}).encode()


def listing(rows: int) -> bytes:
    """``ls -lR`` of folders of a hundred files."""
    told = []
    for number in range(rows):
        if number % 100 == 0:
            told += ["", f"./archive/{number // 100}:", "total 99"]
        told.append(f"-rw-r--r-- 1 root root 524288 2026-03-02 08:00:{number % 60:02}.000000000 +0000 IM{number:07}.dcm")
    return "\n".join(told[1:]).encode()


KINDS = {"hunting": hunting, "threats": threats, "listing": listing}


class Held:
    """Evidence in memory."""

    def __init__(self, data: bytes) -> None:
        self.data, self.size, self.evidence_id, self.path = data, len(data), "e1", "memory"

    def open(self) -> BinaryIO:
        """Its bytes."""
        return io.BytesIO(self.data)

    def local(self) -> AbstractContextManager[Path]:
        """Nothing: these readers ask for none."""
        raise NotImplementedError


class Counted:
    """Takes rows, checks them against their table and forgets them."""

    rows = 0

    def write(self, table: str, rows: pa.Table) -> None:
        """Count rows."""
        self.rows += conform(table, rows, "e1").num_rows

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Nothing: not measured."""


def measure(kind: str, rows: int) -> None:
    """Read one kind and print what it took."""
    source, sink = Held(KINDS[kind](rows)), Counted()
    known = identify(source.data[: 64 * 1024])
    assert known is not None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    start = time.process_time()
    for span in known[1].split(source):
        known[1].read(source, span, sink)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    speed = f"{sink.rows / seconds:10,.0f} rows/s (processor)"
    print(f"{known[0]:18} {sink.rows:9,} rows  {speed}  {peak - before:5} MiB above the evidence itself")


def main() -> None:
    """Each kind in a process of its own, so that one does not hide the memory of another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--kind", choices=sorted(KINDS))
    options = parser.parse_args()
    if options.kind:
        measure(options.kind, options.rows)
        return
    for kind in KINDS:
        subprocess.run([sys.executable, __file__, "--kind", kind, "--rows", str(options.rows)], check=True)


if __name__ == "__main__":
    main()
