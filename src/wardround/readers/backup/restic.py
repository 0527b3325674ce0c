"""Reader of what restic writes as JSON: ``restic snapshots --json``, and the lines of ``backup``, ``restore`` and ``check``.

Source: restic's documentation, "Scripting". A snapshot is a backup that ended well. Names of files are not kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.instants import iso_instant

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: A list of snapshots is some hundred bytes for each.
MOST_BYTES = 64 << 20
_LINE_BYTES = 1 << 20

_SNAPSHOT = re.compile(rb'^\s*\[\s*\{.{0,4000}?"(?:tree|short_id)"\s*:', re.S)
_MESSAGE = re.compile(rb'^\s*\{"message_type":"(status|summary|error|exit_error|verbose_status|initialized)"', re.M)


class ResticReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "restic"

    def sniff(self, head: bytes) -> str | None:
        """A list of snapshots, or lines with a message_type."""
        if _SNAPSHOT.match(head[:8192]) and b'"paths"' in head and b'"hostname"' in head:
            return self.name
        return self.name if _MESSAGE.match(head[:4096]) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read snapshots or runs into ``backup_job``."""
        batches = Batches(sink)
        with source.open() as stream:
            if stream.read(4096).lstrip().startswith(b"["):
                _snapshots(source, batches, sink)
            else:
                _runs(source, batches, sink)
        batches.close()


def _snapshots(source: Source, batches: Batches, sink: Sink) -> None:
    with source.open() as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        sink.diagnose("too_large", f"More than {MOST_BYTES >> 20} MiB; the list was not read.", recovered=False)
        return
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        sink.diagnose("bad_json", "The list of snapshots breaks off or is damaged; it was not read.", recovered=False)
        return
    for place, item in enumerate(found if isinstance(found, list) else [], 1):
        if not isinstance(item, dict):
            sink.diagnose("bad_record", "A snapshot is not an object.", place)
            continue
        told = item.get("summary")
        summary: dict[str, Any] = told if isinstance(told, dict) else {}
        end = iso_instant(summary.get("backup_end")) or iso_instant(item.get("time"))
        host = _text(item.get("hostname"))
        batches.add(
            "backup_job",
            ts=end,
            ts_zone="stated" if end is not None else "none",
            record=place,
            product="restic",
            job=host,
            client=host,
            kind="backup",
            start=iso_instant(summary.get("backup_start")) or iso_instant(item.get("time")),
            end=end,
            result="success",
            bytes=_whole(summary.get("total_bytes_processed")),
            files=_whole(summary.get("total_files_processed")),
            encrypted=True,  # restic writes no other repositories
        )


def _runs(source: Source, batches: Batches, sink: Sink) -> None:
    """Lines of runs; a run ends with its summary or with the error that ended it."""
    errors, number = 0, 0
    with source.open() as stream:
        while line := stream.readline(_LINE_BYTES):
            number += 1
            if not line.strip().startswith(b"{"):
                continue
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                sink.diagnose("bad_record", "A line is not a JSON object.", number)
                continue
            if not isinstance(item, dict):
                continue
            kind = item.get("message_type")
            if kind == "error":
                errors += 1
            elif kind in ("summary", "exit_error"):
                _run(batches, item, number, errors)
                errors = 0


def _run(batches: Batches, item: dict[str, Any], number: int, errors: int) -> None:
    end = iso_instant(item.get("backup_end"))
    failed = item.get("message_type") == "exit_error" or bool(_whole(item.get("num_errors")))
    operation = (
        "restore" if "files_restored" in item or "bytes_restored" in item else "verify" if "num_errors" in item else "backup"
    )
    batches.add(
        "backup_job",
        ts=end,
        ts_zone="stated" if end is not None else "none",
        record=number,
        product="restic",
        kind=operation,
        start=iso_instant(item.get("backup_start")),
        end=end,
        result="failed" if failed else "warning" if errors else "success",
        bytes=_whole(item.get("total_bytes_processed")) or _whole(item.get("bytes_restored")),
        files=_whole(item.get("total_files_processed")) or _whole(item.get("files_restored")),
        encrypted=True,
        message=f"exit code {_whole(item.get('code'))}" if failed and _whole(item.get("code")) is not None else None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else None


READER: Reader = ResticReader()
