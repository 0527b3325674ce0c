"""Reader of the logs of Proxmox: vzdump's backups of virtual machines, and the tasks of Proxmox Backup Server.

Sources: pve-manager, ``PVE/VZDump.pm``; Proxmox Backup Server, ``src/server/prune_job.rs``, ``src/api2/backup``. The name of
a task's log holds its start (UPID); lines of tasks of Proxmox VE have no time, those of Proxmox Backup Server and of
/var/log/vzdump have.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

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

_SIGNS = re.compile(
    rb"(?m)^(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)?:? )?(?:INFO: starting new backup job: vzdump\b"
    rb"|INFO: Starting Backup of VM \d{1,9} \(|starting new backup on datastore '|Starting (?:datastore )?prune on (?:data)?store ['\"]"
    rb"|(?:starting )?verify (?:datastore|group|snapshot|backup) \S{1,200}:?|Removed volume '[^'\n]{1,300}(?:backup/|vzdump-))"
)
_UPID = re.compile(r"UPID:[^:/]{1,64}:[0-9A-F]{8}:[0-9A-F]{8,9}:(?:[0-9A-F]{8}:)?([0-9A-F]{8}):\w{1,40}:")

_JOB = re.compile(r"starting new backup job: vzdump\b(?:.*? --(?:storage|dumpdir) (\S{1,200}))?")
_MACHINE = re.compile(r"Starting Backup of VM (\d{1,9}) \(")
_NAME = re.compile(r"(?:VM|CT) Name: (\S{1,200})")
_WHEN = re.compile(r"(Backup started|Backup finished|Failed) at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_SIZE = re.compile(r"archive file size: ([\d.]+ ?\w{1,3})|transferred ([\d.]+ \w{1,3}) in ")
_FINISHED = re.compile(r"Finished Backup of VM (\d{1,9}) ")
_FAILED = re.compile(r"Backup of VM (\d{1,9}) failed - (.{1,300})")
_PRUNED = re.compile(r"pruned (\d{1,9}) backup\(s\)")
_REMOVED = re.compile(r"Removed volume '([^':]{1,100}):?[^']{0,300}(?:backup/|vzdump-)[^']{1,200}'")

_INCOMING = re.compile(
    r"starting new backup on datastore '([^']{1,200})'(?: from \S{1,80})?: \"?(?:ns/\S{1,200}/)?((?:vm|ct|host)/[^/\"]{1,200})/"
)
_PRUNING = re.compile(r"Starting (?:datastore )?prune on (?:data)?store ['\"]([^'\"]{1,200})['\"]")
#: From version 2 on a group is told with its namespace before its backups; protected and partial ones stay.
_GROUP = re.compile(r"Pruning group (\S{0,200}?):?\"(?:vm|ct|host)/")
_SORTED = re.compile(
    r"(keep(?:-partial)?|protected|remove) (?:\S{1,200}:)?(?:ns/\S{1,200}/)?((?:vm|ct|host)/[^/\s]{1,200})/\S{10,40}"
)
_VERIFYING = re.compile(r"(?:starting )?verify datastore ['\"]?([^'\"\s:,]{1,200})")
_TASK = re.compile(r"TASK (OK|WARNINGS: \d{1,9}|ERROR: (.{1,300}))")


class ProxmoxReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "proxmox_backup"

    def sniff(self, head: bytes) -> str | None:
        """Sentences with which such a task begins."""
        return self.name if b"\0" not in head[:512] and _SIGNS.search(head[:8192]) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: what a line means depends on those before it."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read backups, verifications and deletions into ``backup_job``."""
        batches = Batches(sink)
        started = _UPID.search(source.path[-300:])
        task = _Task(batches, None if started is None else int(started[1], 16) * 1_000_000_000)
        for number, line in jobs.output_lines(source):
            task.take(number, line)
        task.close()
        batches.close()


@dataclass(slots=True)
class _Machine:
    """The backup of one machine that the log is in."""

    line: int
    number: str
    start: int | None
    name: str | None = None
    end: int | None = None
    size: int | None = None
    result: str | None = None
    message: str | None = None


@dataclass(slots=True)
class _Group:
    """Backups of one machine that a rule sorted."""

    line: int
    ts: int | None
    zone: str
    kept: int = 0
    removed: int = 0


class _Task:
    """Takes the lines of one log and writes what they tell."""

    def __init__(self, batches: Batches, started: int | None) -> None:
        self._batches, self._started = batches, started
        self._storage: str | None = None
        self._machine: _Machine | None = None
        self._incoming: tuple[int, str, int | None, str] | None = None
        self._groups: dict[str, _Group] = {}
        self._namespace = ""
        self._chosen: tuple[int, int] = (0, 0)
        self._verifying: tuple[int, str] | None = None
        self._dry = False
        self._zone = "none"

    def take(self, number: int, line: str) -> None:
        """Take a line."""
        ts, zone, said = jobs.stamped(line)
        said = said.removeprefix("INFO: ").removeprefix("ERROR: ").removeprefix("WARN: ")
        if ts is None and self._started is not None:
            ts, zone = self._started, "utc"
        self._zone = zone if ts is not None else self._zone
        if found := _JOB.match(said):
            self._storage = found[1] or self._storage
        elif found := _MACHINE.match(said):
            self._end_machine()
            self._machine = _Machine(number, found[1], ts)
        elif self._machine is not None and self._of_machine(ts, said):
            return
        elif not self._of_server(number, ts, zone, said):
            self._of_both(number, ts, zone, said)

    def _of_machine(self, ts: int | None, said: str) -> bool:
        """What vzdump says of the machine at hand."""
        machine = self._machine
        assert machine is not None
        if found := _NAME.match(said):
            machine.name = found[1]
        elif found := _WHEN.match(said):
            instant = iso_instant(found[2].replace(" ", "T"))
            self._zone = "assumed"
            if found[1] == "Backup started":
                machine.start = instant
            else:
                machine.end = instant
        elif found := _SIZE.match(said):
            machine.size = count_of_bytes(found[1] or found[2])
        elif _FINISHED.match(said):
            machine.result, machine.end = "success", machine.end or (ts if ts != self._started else None)
        elif found := _FAILED.match(said):
            machine.result, machine.message, machine.end = (
                "failed",
                found[2],
                machine.end or (ts if ts != self._started else None),
            )
        else:
            return False
        return True

    def _of_server(self, number: int, ts: int | None, zone: str, said: str) -> bool:
        """What Proxmox Backup Server says."""
        if found := _INCOMING.match(said):
            self._storage, self._incoming = found[1], (number, found[2], ts, zone)
        elif found := _PRUNING.match(said):
            self._storage = found[1]
        elif said.startswith("(dry test run)"):
            self._dry = True
        elif found := _GROUP.match(said):
            self._namespace = f"{found[1]}:" if found[1] else ""
        elif found := _SORTED.match(said):
            group = self._groups.setdefault(self._namespace + found[2], _Group(number, ts, zone))
            group.kept, group.removed = group.kept + (found[1] != "remove"), group.removed + (found[1] == "remove")
        elif found := _VERIFYING.match(said):
            self._storage, self._verifying = found[1], (number, zone)
        elif found := _TASK.match(said):
            self._end_task(ts, zone, found)
        else:
            return False
        return True

    def _of_both(self, number: int, ts: int | None, zone: str, said: str) -> None:
        """Backups that vzdump removes by its rule, and those that somebody removes."""
        if found := _PRUNED.match(said):
            machine = self._machine
            client = (machine.name or f"vm/{machine.number}") if machine is not None else "?"
            if ts is None and machine is not None and machine.start is not None:
                ts, zone = machine.start, self._zone
            self._groups.setdefault(client, _Group(number, ts, zone)).removed += whole(found[1], 1 << 40) or 0
        elif found := _REMOVED.match(said):
            self._storage, self._chosen = found[1], (self._chosen[0] or number, self._chosen[1] + 1)

    def _end_task(self, ts: int | None, zone: str, found: re.Match[str]) -> None:
        result = "success" if found[1] == "OK" else "failed" if found[2] else "warning"
        if self._incoming is not None:
            number, client, start, _ = self._incoming
            self._add(number, ts, zone, kind="backup", client=client, start=start, end=ts, result=result, message=found[2])
        elif self._verifying is not None:
            self._add(self._verifying[0], ts, zone, kind="verify", result=result, message=found[2])
        self._incoming, self._verifying = None, None

    def _end_machine(self) -> None:
        machine, self._machine = self._machine, None
        if machine is None:
            return
        ts = machine.end if machine.end is not None else machine.start
        # A machine that the log does not finish: the task was stopped, or runs still.
        self._add(
            machine.line,
            ts,
            self._zone if ts is not None else "none",
            kind="backup",
            client=machine.name or f"vm/{machine.number}",
            start=machine.start,
            end=machine.end,
            bytes=machine.size,
            result=machine.result or "running",
            message=machine.message,
        )

    def close(self) -> None:
        """Write what is left."""
        self._end_machine()
        if self._incoming is not None:
            number, client, start, zone = self._incoming
            self._add(number, start, zone, kind="backup", client=client, start=start, result="running")
        for client, group in self._groups.items():
            if group.removed and not self._dry:
                # vzdump does not tell what its rule kept.
                kept = group.kept if self._sorted_by_server() else None
                self._add(
                    group.line,
                    group.ts,
                    group.zone,
                    kind="delete",
                    level="retention",
                    client=client,
                    result="success",
                    removed=group.removed,
                    kept=kept,
                )
        if self._chosen[1]:
            zone = "utc" if self._started is not None else "none"
            self._add(
                self._chosen[0], self._started, zone, kind="delete", level="chosen", result="success", removed=self._chosen[1]
            )

    def _sorted_by_server(self) -> bool:
        return any(group.kept for group in self._groups.values()) or self._zone == "stated"

    def _add(self, number: int, ts: int | None, zone: str, **columns: Any) -> None:
        self._batches.add(
            "backup_job",
            ts=ts,
            ts_zone=zone if ts is not None else "none",
            record=number,
            product="proxmox",
            repository=self._storage,
            job=columns.get("client"),
            offline=jobs.offline(self._storage or ""),
            immutable=jobs.immutable(self._storage or ""),
            **columns,
        )


READER: Reader = ProxmoxReader()
