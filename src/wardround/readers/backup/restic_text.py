"""What restic prints for people: ``backup``, ``snapshots``, ``forget``, ``prune``, ``check`` and ``restore``, run after run.

Source: restic's documentation, "Removing backup snapshots", and runs of restic 0.14. Its output names no time of its own; a
time that a script put before the lines is taken. A dry run deletes nothing and becomes no row. Names of files are not kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from wardround.readers.backup import jobs
from wardround.readers.base import Source
from wardround.readers.batches import Batches, whole
from wardround.readers.delimited import count_of_bytes
from wardround.readers.instants import iso_instant

#: What the first lines of such an output hold; each stands at the beginning of a line, after a time at most.
SIGNS = re.compile(
    rb"(?m)^(?:\[?\d{4}-\d\d-\d\d[T ][\d:.,Z+-]{8,24}\]?:? {1,8}(?:\[?(?:INFO|WARN|WARNING|ERROR)\]?:? {1,8})?)?"
    rb"(?:snapshot [0-9a-f]{8} saved|repository [0-9a-f]{8} opened|ID {8}(?:Time|Date) {17}Host|Applying Policy: keep "
    rb"|(?:keep|remove) \d{1,9} snapshots:|\d{1,9} snapshots have been removed|snapshots for \((?:host|paths|tags)"
    rb"|restoring <Snapshot |using temporary cache in .{0,200}restic-check|removed snapshot [0-9a-f]{8})"
)

_SNAPSHOT = re.compile(r"([0-9a-f]{8}) {2}(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) {2}(\S{1,255})")
_SECTION = re.compile(r"(keep|remove) (\d{1,9}) snapshots:")
_NEXT_GROUP = re.compile(r"snapshots for \(|Applying Policy: |repository [0-9a-f]{8} opened")
_DRY = re.compile(r"Would have removed the following|\d+ snapshots would be removed")
_FILES_DELETED = re.compile(r"\[[\d:]+\] 100\.00%\s+\d+ / (\d{1,9}) (?:files|snapshots) deleted")
_PRUNE = re.compile(
    r"loading indexes|removing \d+ old packs|deleting (?:obsolete|unreferenced)|rebuilding index|counting files in repo"
)
_PROCESSED = re.compile(r"processed (\d{1,12}) files, ([\d.,]+ \w{1,3}) in ")
_SAVED = re.compile(r"snapshot [0-9a-f]{8} saved")
_CHECK_ENDS = re.compile(r"no errors were found|Fatal: repository contains errors")
_RESTORE_ENDS = re.compile(r"Summary: Restored (?:\d{1,12} / )?(\d{1,12}) (?:files|Files)")


@dataclass(slots=True)
class _Group:
    """Snapshots of one host and place that a rule sorted."""

    line: int
    ts: int | None
    zone: str
    host: str | None = None
    kept: int = 0
    removed: int = 0


@dataclass(slots=True)
class Printed:
    """Takes lines of restic's output and writes what they tell; call :meth:`close` at the end."""

    batches: Batches
    _section: str = ""
    _group: _Group | None = None
    _groups: list[_Group] = field(default_factory=list)
    _pruning: bool = False
    _warned: bool = False
    _processed: tuple[int | None, int | None] = (None, None)

    def take(self, number: int, line: str) -> None:
        """Take a line."""
        ts, zone, said = jobs.stamped(line)
        if found := _SNAPSHOT.match(said):
            self._snapshot(number, found)
        elif _NEXT_GROUP.match(said):
            if not said.startswith("snapshots for"):
                self._end_run()
            self._group, self._section = None, ""
        elif found := _SECTION.match(said):
            self._begin_section(_Group(number, ts, zone), found)
        elif _DRY.search(said):
            self._groups, self._group = [], None
        elif _PRUNE.match(said):
            self._pruning = True
        elif found := _FILES_DELETED.match(said):
            if not self._pruning and not self._groups:
                self._add(number, ts, zone, kind="delete", result="success", level="chosen", removed=whole(found[1], 1 << 40))
        else:
            self._ended(number, ts, zone, said)

    def close(self) -> None:
        """Write what is left."""
        self._end_run()

    def _ended(self, number: int, ts: int | None, zone: str, said: str) -> None:
        """Lines with which a backup, a check or a restore ends."""
        if found := _PROCESSED.match(said):
            self._processed = whole(found[1], 1 << 62), count_of_bytes(found[2])
        elif said.startswith("Warning: at least one source file could not be read"):
            self._warned = True
        elif _SAVED.match(said):
            files, size = self._processed
            result = "warning" if self._warned else "success"
            self._add(number, ts, zone, kind="backup", result=result, files=files, bytes=size)
            self._processed, self._warned, self._pruning = (None, None), False, False
        elif _CHECK_ENDS.match(said):
            self._add(number, ts, zone, kind="verify", result="success" if said.startswith("no") else "failed")
        elif found := _RESTORE_ENDS.match(said):
            self._add(number, ts, zone, kind="restore", result="success", files=whole(found[1], 1 << 62))

    def _begin_section(self, new: _Group, found: re.Match[str]) -> None:
        count = whole(found[2], 1 << 40) or 0
        if self._group is None or found[1] == "keep" or self._group.removed:
            self._group = new
            self._groups.append(new)
        if found[1] == "keep":
            self._group.kept = count
        else:
            self._group.removed = count
        self._section = found[1]

    def _snapshot(self, number: int, found: re.Match[str]) -> None:
        """A line of a list: a backup that is there, or one that goes."""
        if self._group is not None and self._section:
            self._group.host = self._group.host or found[3]
        if self._section == "remove":
            return
        end = iso_instant(found[2].replace(" ", "T"))
        zone = "assumed" if end is not None else "none"
        self._add(number, end, zone, kind="backup", result="success", end=end, client=found[3], job=found[3])

    def _end_run(self) -> None:
        for group in self._groups:
            if group.removed:
                self._add(
                    group.line,
                    group.ts,
                    group.zone,
                    kind="delete",
                    result="success",
                    level="retention",
                    client=group.host,
                    job=group.host,
                    removed=group.removed,
                    kept=group.kept,
                )
        self._groups, self._group, self._section, self._pruning = [], None, "", False

    def _add(self, number: int, ts: int | None, zone: str, **columns: Any) -> None:
        self.batches.add("backup_job", ts=ts, ts_zone=zone, record=number, product="restic", encrypted=True, **columns)


def read(source: Source, batches: Batches) -> None:
    """Read an output of restic for people into ``backup_job``."""
    printed = Printed(batches)
    for number, line in jobs.output_lines(source):
        printed.take(number, line)
    printed.close()
