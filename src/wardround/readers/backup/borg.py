"""Reader of what Borg writes: archives and their statistics as JSON, its log as JSON lines, and what it prints for people.

Sources: Borg's documentation, "All about JSON", and runs of Borg 1.2. An archive is a backup that ended. What ``prune`` and
``delete`` remove are deletions; a dry run ("Would …") removes nothing. Times of Borg have no zone. Names of files are not
kept.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wardround.readers.backup import jobs
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.delimited import count_of_bytes
from wardround.readers.instants import iso_instant

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_ANSWER = re.compile(
    rb'\s*\{\s*"(?:archive|archives)":\s*(?:\[\s*)?\{.{0,6000}?"(?:barchive|chunker_params|max_archive_size|nfiles)"', re.S
)
_LOG_LINE = re.compile(
    rb'(?m)^\{"type": ?"log_message", ?(?:"time": ?[\d.]{1,20}, ?)?"message": ?"(?:[^"\\]|\\.){0,4000}"[^\n]{0,200}"name": ?"borg\.'
)
_STAMP = rb"(?:\[?\d{4}-\d\d-\d\d[T ][\d:.,Z+-]{8,24}\]?:? {1,8}(?:\[?(?:INFO|WARN|WARNING|ERROR)\]?:? {1,8})?)?"
_PRINTED = re.compile(
    rb"(?m)^" + _STAMP + rb"(?:Archive fingerprint: [0-9a-f]{64}|(?:Keeping|Pruning|Deleting) archive(?: \([^)\n]{1,60}\))?: "
    rb"|You requested to (?:completely )?DELETE the |Archive consistency check complete, |terminating with \w{1,12} status, rc \d)"
)

_GOES = re.compile(r"(Pruning|Deleting) archive(?: \(\d{1,9}/\d{1,9}\))?: ")
_STAYS = re.compile(r"Keeping archive(?: \([^)]{1,60}\))?: ")
_WHOLE = re.compile(r"You requested to (?:completely )?DELETE the .*\*including\* (?:(\d{1,9})|all) archives")
_NAMED = re.compile(
    r"(Archive name|Repository|Location|Time \(start\)|Time \(end\)|Number of files|This archive): {1,40}(.{1,500})"
)
_TIME = re.compile(r"(?:\w{2,4}\.?, )?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")
_CHECKED = re.compile(
    r"(?:Archive consistency check complete|Finished \w{1,20} repository check), (no )?(?:problems|errors) found"
)
_RETURNS = re.compile(r"terminating with (?:success|warning|error) status, rc (\d{1,3})")
_DATED = re.compile(r"[-_.@]?\d{4}-?\d\d-?\d\d.*$")


class BorgReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "borg"

    def sniff(self, head: bytes) -> str | None:
        """Answers with archives, lines of its log, or sentences that only Borg prints."""
        start = head[:16384]
        if b"\0" in start[:512]:
            return None
        return self.name if _ANSWER.match(start) or _LOG_LINE.search(start) or _PRINTED.search(start) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: what a line means depends on those before it."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read archives, checks and deletions into ``backup_job``."""
        batches = Batches(sink)
        with source.open() as stream:
            head = stream.read(16384)
        if _ANSWER.match(head):
            _answer(source, batches, sink)
        else:
            _log(source, batches)
        batches.close()


def _answer(source: Source, batches: Batches, sink: Sink) -> None:
    found = jobs.whole_list(source, sink)
    if found is None:
        return
    answer = _object(found)
    archives = answer.get("archives") if isinstance(answer.get("archives"), list) else [answer.get("archive")]
    repository, mode = _text(_object(answer.get("repository")).get("location")), _object(answer.get("encryption")).get("mode")
    # The modes "authenticated" sign what they write but do not encrypt it.
    encrypted = None if not isinstance(mode, str) else mode != "none" and not mode.startswith("authenticated")
    for place, item in enumerate(archives if isinstance(archives, list) else [], 1):
        if not isinstance(item, dict):
            sink.diagnose("bad_record", "An archive is not an object.", place)
            continue
        statistics = _object(item.get("stats"))
        start, end = iso_instant(item.get("start") or item.get("time")), iso_instant(item.get("end"))
        ts = end if end is not None else start
        batches.add(
            "backup_job",
            ts=ts,
            ts_zone="none" if ts is None else "assumed",
            record=place,
            product="borg",
            job=_series(_text(item.get("name"))),
            client=_text(item.get("hostname")),
            repository=repository,
            kind="backup",
            start=start,
            end=end,
            result="success",
            bytes=_number(statistics.get("original_size")),
            files=_number(statistics.get("nfiles")),
            encrypted=encrypted,
            offline=jobs.offline(repository or ""),
        )


@dataclass(slots=True)
class _Run:
    """What the log has told of the command that it is in."""

    line: int = 0
    ts: int | None = None
    zone: str = "none"
    goes: int = 0
    stays: int = 0
    by_rule: bool = True
    whole: bool = False
    archive: dict[str, str] | None = None
    repository: str | None = None


def _log(source: Source, batches: Batches) -> None:
    run = _Run()
    for number, line in jobs.output_lines(source):
        ts, zone, said = _said(line)
        if said.startswith("Archive name: ") and run.archive and "Archive name" in run.archive:
            _backup(batches, run, None)
        if found := _NAMED.match(said):
            run.archive = run.archive if run.archive is not None else {}
            run.archive[found[1]] = found[2].strip()
            run.repository = found[2].strip() if found[1] in ("Repository", "Location") else run.repository
            run.line, run.ts, run.zone = run.line or number, ts, zone
        elif (found := _GOES.match(said)) or _STAYS.match(said) or (told := _WHOLE.match(said)):
            run.line, run.ts, run.zone = run.line or number, ts, zone
            if found:
                run.goes, run.by_rule = run.goes + 1, found[1] == "Pruning"
            elif _STAYS.match(said):
                run.stays += 1
            else:
                run.goes, run.by_rule = whole(told[1], 1 << 40) or 0 if told else 0, False
        elif said.startswith("Repository deleted"):
            run.whole, run.line, run.ts, run.zone = True, run.line or number, ts, zone
        elif found := _CHECKED.match(said):
            _add(batches, number, ts, zone, run, kind="verify", result="success" if found[1] else "failed")
        elif found := _RETURNS.match(said):
            run = _end(batches, run, int(found[1]))
    _end(batches, run, None)


def _said(line: str) -> tuple[int | None, str, str]:
    """Time, zone and words of a line, whether it is JSON or not."""
    if not line.startswith("{"):
        return jobs.stamped(line)
    try:
        item = _object(json.loads(line))
    except (ValueError, RecursionError):
        return None, "none", ""
    seconds = item.get("time")
    said = _text(item.get("message")) or ""
    if isinstance(seconds, int | float) and 0 < seconds < 9e9:
        return int(seconds * 1_000_000) * 1_000, "utc", said
    return None, "none", said


def _end(batches: Batches, run: _Run, code: int | None) -> _Run:
    """Write what a command did; ``code`` is what it returned, None when it does not say."""
    if run.archive and "Archive name" in run.archive:
        _backup(batches, run, code)
    level = "repository" if run.whole else "retention" if run.by_rule else "chosen"
    if run.whole or (run.goes and level != "chosen") or (run.goes and not _asked_only(run)):
        kept = run.stays if level == "retention" else 0 if run.whole else None
        removed = run.goes or None
        _add(batches, run.line, run.ts, run.zone, run, kind="delete", level=level, result="success", removed=removed, kept=kept)
    return _Run()


def _asked_only(run: _Run) -> bool:
    """Whether the deletion of a repository was asked for and not confirmed."""
    return run.archive is not None and "Location" in run.archive and not run.whole


def _backup(batches: Batches, run: _Run, code: int | None) -> None:
    told = run.archive or {}
    start, end = _instant(told.get("Time (start)")), _instant(told.get("Time (end)"))
    ts = end if end is not None else start
    name = _series(told.get("Archive name"))
    batches.add(
        "backup_job",
        ts=ts,
        ts_zone="none" if ts is None else "assumed",
        record=run.line,
        product="borg",
        job=name,
        repository=told.get("Repository"),
        kind="backup",
        start=start,
        end=end,
        result="success" if not code else "warning" if code == 1 or code >= 100 else "failed",
        bytes=count_of_bytes(" ".join((told.get("This archive") or "").split()[:2])),
        files=whole(told.get("Number of files"), 1 << 62),
        offline=jobs.offline(told.get("Repository") or ""),
    )
    run.archive = {}


def _add(batches: Batches, number: int, ts: int | None, zone: str, run: _Run, **columns: Any) -> None:
    batches.add("backup_job", ts=ts, ts_zone=zone, record=number, product="borg", repository=run.repository, **columns)


def _instant(text: str | None) -> int | None:
    found = _TIME.match(text or "")
    return iso_instant(f"{found[1]}T{found[2]}") if found else None


def _series(name: str | None) -> str | None:
    """The name of an archive without its date."""
    return (_DATED.sub("", name[:300]) or name) if name else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else None


READER: Reader = BorgReader()
