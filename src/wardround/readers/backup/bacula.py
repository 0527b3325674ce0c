"""Reader of the logs of Bacula and Bareos: the report that the director writes at the end of every job.

Source: the Bareos documentation, Messages Resource, and reports of a Bacula 9.6 director.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.backup import jobs
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.delimited import Clock

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_FIELD = re.compile(rb"^ {1,8}([A-Z][A-Za-z /()]{1,30}?): {1,40}(.{0,1000}?)\s*$")
_BEGIN = re.compile(rb"JobId \d{1,12}: (?:Bacula|Bareos) ")
_LINE_BYTES = 16 * 1024

#: A report has some forty lines.
_FIELDS = 80


class BaculaReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "bacula"

    def sniff(self, head: bytes) -> str | None:
        """The line that begins a report, or the fields that only one has."""
        if b"\0" in head[:512]:
            return None
        if re.search(rb"(?m)^.{0,80}JobId \d{1,12}: (?:(?:Bacula|Bareos) |Start (?:Backup|Restore) JobId|Elapsed time=)", head):
            return self.name
        fields = set(re.findall(rb"(?m)^ {1,8}(JobId|Backup Level|Termination|SD termination status|FD Bytes Written): ", head))
        return self.name if len(fields) >= 3 else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: reports run over lines."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all reports into ``backup_job``."""
        batches = Batches(sink)
        fields: dict[str, str] = {}
        first = number = 0
        product = "bacula"
        with source.open() as stream:
            while line := stream.readline(_LINE_BYTES):
                number += 1
                if _BEGIN.search(line[:256]):
                    if fields:
                        sink.diagnose("report_unfinished", "A report of a job breaks off; it was taken as it is.", first)
                        _add(batches, fields, product, first)
                    fields, first = {}, number
                    product = "bareos" if b"Bareos " in line[:256] else "bacula"
                    continue
                found = _FIELD.match(line)
                if found is None or len(fields) >= _FIELDS:
                    continue
                first = first if fields else number
                fields[found[1].decode()] = found[2].decode("utf-8", "replace")
                if found[1] == b"Termination":
                    _add(batches, fields, product, first)
                    fields = {}
        if "JobId" in fields:
            sink.diagnose("report_unfinished", "A report of a job breaks off; it was taken as it is.", first)
            _add(batches, fields, product, first)
        batches.close()


def _add(batches: Batches, fields: dict[str, str], product: str, record: int) -> None:
    """One job from the fields of its report."""
    if "JobId" not in fields:
        return
    clock = Clock()
    start, zone = clock.instant(fields.get("Start time", ""))
    end, zone_end = clock.instant(fields.get("End time", ""))
    told = fields.get("Termination", "")
    job = re.sub(r"\.\d{4}-\d\d-\d\d_\d\d\.\d\d\.\d\d_\d+$", "", fields.get("Job", ""))
    where = _name(fields.get("Storage") or fields.get("Write Storage") or fields.get("Pool") or "")
    kind = "verify" if "Verify" in told or "Verify Level" in fields else "restore" if "Restore" in told else "backup"
    if "Copy" in told or "Migration" in told:
        kind = "copy"
    batches.add(
        "backup_job",
        ts=end if end is not None else start,
        ts_zone=zone_end if end is not None else zone,
        record=record,
        product=product,
        job=job,
        client=_name(fields.get("Client") or fields.get("Restore Client") or ""),
        repository=where,
        kind=kind,
        level=fields.get("Backup Level", "").split(",")[0].lower(),
        start=start,
        end=end,
        result=jobs.result_of(told.replace("-- with warnings", "warning")),
        bytes=_count(fields.get("SD Bytes Written") or fields.get("Bytes Restored") or fields.get("FD Bytes Written")),
        files=_count(fields.get("SD Files Written") or fields.get("Files Restored") or fields.get("FD Files Written")),
        encrypted=jobs.flag(fields.get("Encryption", "")),
        immutable=jobs.immutable(where, fields.get("Pool", "")),
        offline=jobs.offline(where, fields.get("Pool", "")),
        message=told if "OK" not in told else None,
    )


def _name(text: str) -> str:
    """The name in quotes at the beginning of a field."""
    found = re.match(r'"([^"]{0,200})"', text)
    return found[1] if found else text.split(" ")[0]


def _count(text: str | None) -> int | None:
    return whole((text or "").split(" (")[0].replace(",", ""), 1 << 62)


READER: Reader = BaculaReader()
