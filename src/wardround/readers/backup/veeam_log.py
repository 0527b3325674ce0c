"""Reader of Veeam's own logs of jobs (``Job.NAME.Backup.log`` and its kin): one run for each session that ended.

The format is not documented by its maker. What is read here are the lines that several independent log readers agree on: the
time in day, month and year, the thread, the severity, and the sentence that ends a session. Times have no zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wardround.readers.backup import jobs
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.delimited import count_of_bytes
from wardround.readers.instants import iso_instant

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_LINE_BYTES = 16 * 1024

_LINE = re.compile(
    rb"\[(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)\]\s{1,40}(?:<\s?[^<>\s]{1,12}\s?>\s{1,40})?"
    rb"(?:\[\w{1,20}\]\s{1,20})?(?:Info|Warning|Error|Failed|Success)\b(?:\s{1,20}\(\d{1,2}\))?\s{1,40}(.{0,8000})"
)
_ENDED = re.compile(
    rb"Job session '[^']{1,60}' has been completed, status: '([A-Za-z]{1,20})'(?:, '([^']{0,40})' of '[^']{0,40}' bytes)?"
)
_DETAILS = re.compile(rb", details: '([^']{1,300})")
_STARTED = re.compile(rb"Starting job mode\b")
_NAMED = re.compile(rb"\bJob Name: \[([^\]]{1,200})\]|\bJobName=([^,;\r\n]{1,200})")

_FILE = re.compile(r"(?:^|[/\\!])Job\.([^/\\!]{1,120}?)(?:\.(?:Backup|BackupSync|BackupCopy|Replica))?\.log$", re.IGNORECASE)


@dataclass(slots=True)
class _Run:
    """What the log has told of the session that it is in."""

    name: str | None = None
    start: int | None = None


class VeeamLogReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "veeam_log"

    def sniff(self, head: bytes) -> str | None:
        """Lines of that shape, and a word that only this program writes."""
        if b"\0" in head[:512] or not re.search(rb"Job session '|\[JobSession\]|[Vv]eeam", head):
            return None
        lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()[:50]
        return self.name if any(_LINE.match(line[:_LINE_BYTES]) for line in lines) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a session runs over lines."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the sessions that ended into ``backup_job``."""
        batches = Batches(sink)
        called = _FILE.search(source.path[-300:])
        run, ended, number = _Run(called[1] if called else None), 0, 0
        with source.open() as stream:
            while line := stream.readline(_LINE_BYTES):
                number += 1
                found = _LINE.match(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
                if found is None:
                    continue  # the rest of a message that runs over lines
                said = found[5]
                if name := _NAMED.search(said):
                    run.name = (name[1] or name[2]).decode("utf-8", "replace").strip()
                if _STARTED.search(said):
                    run.start = _instant(found)
                elif told := _ENDED.search(said):
                    _add(batches, run, _instant(found), told, said, number)
                    run, ended = _Run(run.name), ended + 1
        if not ended:
            sink.diagnose("not_read", "This log of Veeam tells of no job that ended.", recovered=True)
        batches.close()


def _add(batches: Batches, run: _Run, end: int | None, told: re.Match[bytes], said: bytes, number: int) -> None:
    result = jobs.result_of(told[1].decode())
    kind = jobs.kind_of(run.name or "")
    details = _DETAILS.search(said)
    batches.add(
        "backup_job",
        ts=end,
        ts_zone="assumed" if end is not None else "none",
        record=number,
        product="veeam",
        job=run.name,
        kind=kind if kind in ("copy", "verify") else "backup",
        start=run.start,
        end=end,
        result=result,
        bytes=count_of_bytes((told[2] or b"").decode("utf-8", "replace")),
        message=details[1].decode("utf-8", "replace") if details and result != "success" else None,
    )


def _instant(found: re.Match[bytes]) -> int | None:
    day, month, year, time = (found[place].decode() for place in (1, 2, 3, 4))
    return iso_instant(f"{year}-{month}-{day}T{time}")


READER: Reader = VeeamLogReader()
