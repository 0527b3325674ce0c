"""Reader of the statistics that duplicity (and duply, Déjà Dup, ReaR) prints at the end of a backup.

Source: duplicity's manual and its ``stats.py``. Times are seconds since 1970. Deletions are told without numbers and are not
read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.backup import jobs
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_BEGINS = re.compile(rb"(?m)^\s{0,40}-{6,30}\[ Backup Statistics \]-{6,30}")
_FIELD = re.compile(r"(StartTime|EndTime|SourceFiles|SourceFileSize|Errors) (\d{1,19})(?:\.(\d{1,9}))?")


class DuplicityReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "duplicity"

    def sniff(self, head: bytes) -> str | None:
        """The title of the statistics."""
        return self.name if b"\0" not in head[:512] and _BEGINS.search(head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: the statistics run over lines."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read every backup into ``backup_job``."""
        batches = Batches(sink)
        fields: dict[str, int] | None = None
        first = 0
        for number, line in jobs.output_lines(source):
            said = line.strip()
            if "[ Backup Statistics ]" in said:
                _add(batches, fields, first)
                fields, first = {}, number
            elif fields is not None and (found := _FIELD.match(said)):
                value = whole(found[2], 1 << 62) or 0
                if found[1].endswith("Time"):
                    value = value * 1_000_000_000 + int((found[3] or "0").ljust(9, "0")) if value < 9_000_000_000 else 0
                fields[found[1]] = value
                if found[1] == "Errors":
                    _add(batches, fields, first)
                    fields = None
        _add(batches, fields, first)
        batches.close()


def _add(batches: Batches, fields: dict[str, int] | None, record: int) -> None:
    if not fields or not fields.get("EndTime"):
        return
    batches.add(
        "backup_job",
        ts=fields["EndTime"],
        ts_zone="utc",
        record=record,
        product="duplicity",
        job="duplicity",
        kind="backup",
        start=fields.get("StartTime"),
        end=fields["EndTime"],
        # Files that could not be read; the backup of the others is there.
        result="warning" if fields.get("Errors") else "success",
        bytes=fields.get("SourceFileSize"),
        files=fields.get("SourceFiles"),
    )


READER: Reader = DuplicityReader()
