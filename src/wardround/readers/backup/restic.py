"""Reader of what restic writes: ``snapshots``, ``backup``, ``restore``, ``check`` and ``forget``, as JSON or for people.

Source: restic's documentation, "Scripting". A snapshot is a backup that ended well; what ``forget`` removes is a deletion, of
which restic tells no time. Names of files are not kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers.backup import jobs, restic_text
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.instants import iso_instant

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_LINE_BYTES = 1 << 20

_SNAPSHOT = re.compile(rb'^\s*\[\s*\{.{0,4000}?"(?:tree|short_id)"\s*:', re.S)
#: The groups of ``forget``, each with what is kept and removed.
_FORGET = re.compile(rb'\[\{"tags":(?:null|\[.{0,2000}?\]),"host":"[^"]{0,255}","paths":')
_MESSAGE = re.compile(rb'^\s*\{"message_type":"(status|summary|error|exit_error|verbose_status|initialized)"', re.M)


class ResticReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "restic"

    def sniff(self, head: bytes) -> str | None:
        """A list of snapshots, or lines with a message_type."""
        if _SNAPSHOT.match(head[:8192]) and b'"paths"' in head and b'"hostname"' in head:
            return self.name
        if _MESSAGE.match(head[:4096]) or _FORGET.match(head[:8192].lstrip()):
            return self.name
        return self.name if b"\0" not in head[:512] and restic_text.SIGNS.search(head[:8192]) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read snapshots or runs into ``backup_job``."""
        batches = Batches(sink)
        with source.open() as stream:
            head = stream.read(8192)
        if re.match(rb"\s*\[\s*\{", head):
            _snapshots(source, batches, sink)
        elif _MESSAGE.match(head):
            _runs(source, batches, sink)
        else:
            restic_text.read(source, batches)
        batches.close()


def _snapshots(source: Source, batches: Batches, sink: Sink) -> None:
    found = jobs.whole_list(source, sink)
    for place, item in enumerate(found if isinstance(found, list) else [], 1):
        if not isinstance(item, dict):
            sink.diagnose("bad_record", "A snapshot is not an object.", place)
            continue
        if "keep" in item or "remove" in item:
            _forgotten(batches, item, place)
            continue
        _snapshot(batches, item, place)


def _forgotten(batches: Batches, item: dict[str, Any], place: int) -> None:
    """A group of ``forget``: what it keeps are backups, what it removes is a deletion."""
    kept, removed = (value if isinstance(value := item.get(name), list) else [] for name in ("keep", "remove"))
    for snapshot in kept:
        if isinstance(snapshot, dict):
            _snapshot(batches, snapshot, place)
    if removed:
        host = _text(item.get("host")) or next((_text(s.get("hostname")) for s in removed if isinstance(s, dict)), None)
        batches.add(
            "backup_job",
            ts=None,
            ts_zone="none",
            record=place,
            product="restic",
            job=host,
            client=host,
            kind="delete",
            level="retention",
            result="success",
            removed=len(removed),
            kept=len(kept),
            encrypted=True,
        )


def _snapshot(batches: Batches, item: dict[str, Any], place: int) -> None:
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
            if not line.strip().startswith((b"{", b"[{")):
                continue
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                sink.diagnose("bad_record", "A line is not a JSON object.", number)
                continue
            for group in item if isinstance(item, list) else ():
                if isinstance(group, dict) and ("keep" in group or "remove" in group):
                    _forgotten(batches, group, number)
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
