"""Records of Linux, ESXi and vCenter in single lines.

They are those of auditd, Sysmon for Linux, ESXi's shell.log, hostd's events and tasks, vobd, and vCenter's events and tasks.

Sources: the field dictionary of the Linux audit documentation project, sysmonforlinux's manifest, VMware's documentation of
ESXi's and vCenter's log files, and of the events that vCenter forwards (vpxd.event.syslog). A line may have a header of
syslog before it; fields that no rule and no detection asks are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from wardround.mail.entities import unescaped
from wardround.readers.base import Sink
from wardround.readers.batches import Batches
from wardround.readers.instants import iso_instant

#: A longer line is no record that we know.
LINE_BYTES = 64 * 1024

#: Records tell of a process with at most so many arguments.
MOST_ARGUMENTS = 256

AUDIT = re.compile(
    rb"(?:node=(\S{1,255}) )?type=([A-Z][A-Z0-9_]{2,40}|UNKNOWN\[\d+\]) msg=audit\((\d{1,11})\.(\d{3}):(\d{1,19})\): ?"
)
SYSMON = re.compile(rb'<Event(?: xmlns="[^"]{0,100}")?><System><Provider Name="Linux-Sysmon"')
ESXI_SHELL = re.compile(rb"\b(?:ESXShell|shell)(?:\[\d{1,12}\])?: +\[([^\]\s]{1,64})\]: (.{1,8000})")
ESXI_EVENT = re.compile(rb"\bEvent (\d{1,12}) : (.{1,2000})")
ESXI_VOB = re.compile(rb"\[(esx\.[a-z0-9.]{3,100})\] (.{1,1000})")
#: key, part and parts, time, type, severity, user, datacenter, chain, text. Sessions are logons, which are read as such.
VCENTER_EVENT = re.compile(
    rb"\bEvent \[\d{1,19}\] \[1-\d{1,4}\] \[([0-9T:.Z+-]{10,40})\] \[((?:vim\.event\.)?[A-Za-z0-9_.]{3,120})\] \[\w{0,20}\] "
    rb"\[([^\]]{0,200})\] \[[^\]]{0,200}\] \[[^\]]{0,40}\] \[(.{0,2000}?)\]?\s*$"
)
VCENTER_TASK = re.compile(rb"\[VpxLRO\] -- BEGIN \S{1,80} -- (\S{1,120}) -- ([A-Za-z][A-Za-z0-9_.]{3,120})(?: -- |$)")
ESXI_TASK = re.compile(rb"Task Created : haTask-(\S{0,80}?)-?(vim\.[A-Za-z.]{3,100})-\d{1,20}")
_TASK_USER = re.compile(rb"\buser=([^\s\]]{1,120})")
_SESSION = re.compile(rb"Session")

#: A quick test of a block before its lines are looked at one by one.
MARKS = (
    b"msg=audit(",
    b"Linux-Sysmon",
    b"shell[",
    b"ESXShell",
    b"] Event ",
    b"[esx.",
    b" Event [",
    b"[VpxLRO] -- BEGIN",
    b"Task Created : haTask",
)

_HEADER = re.compile(
    rb"(?:\d{1,7} )?(?:<\d{1,3}>)?(?:1 )?(?:(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"
    rb"|(?P<old>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)) +(?P<host>[A-Za-z0-9][\w.-]{0,254})? ?"
)
_FIELD = re.compile(rb"([A-Za-z][\w-]{0,40})=(\"[^\"]{0,16000}\"|'[^']{0,16000}'|[^\s'\"]{1,16000})")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){1,8000}")
_DATA = re.compile(rb'<Data Name="([A-Za-z]{1,40})">([^<]{0,16000})</Data>')
_SYSTEM = re.compile(rb'<(EventID|Computer)>([^<]{1,255})</|<TimeCreated SystemTime="([^"]{1,40})"')

#: Numbers of system calls on x86-64, where the log is not enriched (Linux, arch/x86/entry/syscalls/syscall_64.tbl).
_CALL_TEXT = """
2:open 42:connect 43:accept 49:bind 59:execve 82:rename 84:rmdir 87:unlink 90:chmod 92:chown 101:ptrace 159:adjtimex
164:settimeofday 165:mount 170:sethostname 175:init_module 176:delete_module 188:setxattr 227:clock_settime 257:openat
263:unlinkat 264:renameat 310:process_vm_readv 313:finit_module 316:renameat2 319:memfd_create 322:execveat
"""
_CALLS = dict(pair.split(":") for pair in _CALL_TEXT.split())

#: What stands in ESXi's own files where a header of syslog names the host.
_NO_HOSTS = frozenset(
    ("shell", "esxshell", "hostd", "vobd", "vpxa", "vpxd", "info", "warning", "error", "verbose", "in", "cr", "wa", "er", "db")
)

#: Values that auditd writes in hexadecimal when they have blanks or quotes.
_ENCODED = frozenset((b"exe", b"comm", b"name", b"cwd", b"acct", b"key", b"unit"))
_AUDIT_TEXT = """
key SYSCALL success exe comm cwd name nametype a0 a1 a2 a3 a4 a5 a6 a7 uid auid euid unit acct addr op res
"""
_OF_AUDIT = frozenset(_AUDIT_TEXT.split())
_SYSMON_TEXT = """
Image CommandLine CurrentDirectory ParentImage ParentCommandLine User LogonId ProcessId ParentProcessId TargetFilename Protocol
Initiated SourceIp DestinationIp DestinationHostname DestinationPort
"""
_OF_SYSMON = frozenset(_SYSMON_TEXT.split())
_SYSMON_KINDS = {1: "process", 3: "network", 11: "file", 23: "file"}


class Records:
    """Takes lines and writes rows; the program and the system call of an event are remembered for its other records."""

    def __init__(self, sink: Sink) -> None:
        self._batches = Batches(sink)
        self._event: tuple[bytes, dict[str, Any]] = (b"", {})

    def take(self, line: bytes, number: int) -> bool:
        """Whether the line is a record of a kind known here; it is then written."""
        if len(line) > LINE_BYTES:
            return False
        if (found := VCENTER_EVENT.search(line)) is not None:
            return self._vcenter_event(line, found, number)
        for pattern, add in self._ways():
            if (found := pattern.search(line)) is not None:
                add(line, found, number)
                return True
        return False

    def _ways(self) -> tuple[tuple[re.Pattern[bytes], Callable[[bytes, re.Match[bytes], int], None]], ...]:
        return (
            (AUDIT, self._audit),
            (SYSMON, self._sysmon),
            (ESXI_SHELL, self._shell),
            (ESXI_VOB, self._vob),
            (ESXI_EVENT, self._host_event),
            (VCENTER_TASK, self._vcenter_task),
            (ESXI_TASK, self._host_task),
        )

    def close(self) -> None:
        """Write what is left."""
        self._batches.close()

    def _audit(self, line: bytes, found: re.Match[bytes], number: int) -> None:
        node, kind, seconds, millis, serial = found.groups()
        fields = _fields(line[found.end() :])
        row: dict[str, Any] = {name: value for name, value in fields.items() if name in _OF_AUDIT}
        type_ = kind.decode()
        row |= {"type": type_, "channel": "auditd", "host": _text(node) or _header(line[: found.start()])[1]}
        known = self._event[1] if self._event[0] == seconds + b":" + serial else {}
        if type_ == "SYSCALL":
            number_, on_x86_64 = fields.get("syscall", ""), fields.get("arch") == "c000003e"
            row["SYSCALL"] = fields.get("SYSCALL") or (_CALLS.get(number_, number_) if on_x86_64 else number_)
            told = {
                "Image": fields.get("exe"),
                "User": fields.get("UID") or fields.get("uid"),
                "ProcessId": fields.get("pid"),
                "ParentProcessId": fields.get("ppid"),
            }
            self._event = (seconds + b":" + serial, told)
        elif type_ == "EXECVE":
            arguments = _arguments(fields)
            row |= {**known, "kind": "process", "CommandLine": " ".join(arguments) or None}
            if not row.get("Image") and arguments:
                row["Image"] = arguments[0]
        elif type_ == "PATH" and fields.get("nametype") == "CREATE":
            row |= {**known, "kind": "file", "TargetFilename": fields.get("name")}
        instant = int(seconds) * 1_000_000_000 + int(millis) * 1_000_000
        self._batches.add("linux_event", ts=instant, ts_zone="utc", record=number, **row)

    def _sysmon(self, line: bytes, found: re.Match[bytes], number: int) -> None:
        values: dict[str, Any] = {}
        for name, value in _DATA.findall(line, found.end()):
            key = name.decode()
            if key in _OF_SYSMON:
                values[key] = unescaped(value.decode("utf-8", "replace"))
        event, host, instant = None, None, None
        for name, value, when in _SYSTEM.findall(line[found.start() : found.start() + 4096]):
            if name == b"EventID" and value.isdigit() and len(value) < 6:
                event = int(value)
            elif name == b"Computer":
                host = value.decode("utf-8", "replace")
            elif when:
                instant = iso_instant(when.decode("ascii", "replace"))
        self._batches.add(
            "linux_event",
            ts=instant,
            ts_zone="utc" if instant is not None else "none",
            record=number,
            host=host,
            channel="sysmon",
            EventID=event,
            kind=_SYSMON_KINDS.get(event or 0),
            **values,
        )

    def _shell(self, line: bytes, found: re.Match[bytes], number: int) -> None:
        command = found[2].decode("utf-8", "replace").strip()
        program = command.split(maxsplit=1)[0] if command else ""
        image = program if program.startswith("/") else f"/bin/{program}"
        row = {"kind": "process", "User": _text(found[1]), "CommandLine": command, "Image": image}
        self._esxi("esxi_shell", line, found, number, row)

    def _vob(self, line: bytes, found: re.Match[bytes], number: int) -> None:
        self._esxi("esxi_vob", line, found, number, {"name": _text(found[1]), "message": _text(found[2])})

    def _host_event(self, line: bytes, found: re.Match[bytes], number: int) -> None:
        self._esxi("esxi_event", line, found, number, {"message": _text(found[2])})

    def _vcenter_event(self, line: bytes, found: re.Match[bytes], number: int) -> bool:
        """An event that vCenter forwards; logons and logouts are left to those who read them."""
        if _SESSION.search(found[2]):
            return False
        instant, host = iso_instant(found[1].decode("ascii", "replace")), _header(line[: found.start()])[1]
        name = found[2].decode("ascii", "replace").removeprefix("vim.event.")
        row = {"name": name, "message": _text(found[4]), "User": _text(found[3])}
        zone = "stated" if instant is not None else "none"
        self._batches.add("linux_event", ts=instant, ts_zone=zone, record=number, host=host, channel="vcenter_event", **row)
        return True

    def _vcenter_task(self, line: bytes, found: re.Match[bytes], number: int) -> None:
        self._task("vcenter_task", line, found, number)

    def _host_task(self, line: bytes, found: re.Match[bytes], number: int) -> None:
        self._task("esxi_task", line, found, number)

    def _task(self, channel: str, line: bytes, found: re.Match[bytes], number: int) -> None:
        """A task by its method; what it is done to stands in ``message``."""
        user = _TASK_USER.search(line[: found.start()])
        row = {"name": _text(found[2]), "message": _text(found[1]), "User": _text(user[1]) if user else None}
        self._esxi(channel, line, found, number, row)

    def _esxi(self, channel: str, line: bytes, found: re.Match[bytes], number: int, row: dict[str, Any]) -> None:
        instant, host = _header(line[: found.start()])
        zone = "stated" if instant is not None else "none"
        self._batches.add("linux_event", ts=instant, ts_zone=zone, record=number, host=host, channel=channel, **row)


def _fields(text: bytes) -> dict[str, str]:
    """The pairs of a record, also those within msg='…'; the first of a name counts."""
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text.replace(b"\x1d", b" ")):
        key = name.decode()
        if value[:1] == b"'":
            for inner, text_ in _fields(value[1:-1]).items():
                fields.setdefault(inner, text_)
            continue
        argument = key[0] == "a" and key[1:].isdigit()
        said: bytes = value
        if value[:1] == b'"':
            said = value[1:-1]
        elif (name in _ENCODED or (argument and b"argc=" in text)) and len(value) > 1 and _HEX.fullmatch(value):
            said = bytes.fromhex(value.decode()).replace(b"\0", b" ")
        if said not in (b"(null)", b"?", b"(none)"):
            fields.setdefault(key, said.decode("utf-8", "replace"))
    return fields


def _arguments(fields: dict[str, str]) -> list[str]:
    """The arguments of an EXECVE record in order."""
    found = []
    for place in range(MOST_ARGUMENTS):
        value = fields.get(f"a{place}")
        if value is None:
            break
        found.append(value)
    return found


def _text(value: bytes | None) -> str | None:
    return value.decode("utf-8", "replace").strip() if value else None


def _header(text: bytes) -> tuple[int | None, str | None]:
    """Time (ns UTC, null without a year) and host that a header of syslog tells; ESXi's own files name no host."""
    found = _HEADER.match(text.lstrip()[:512])
    if found is None:
        return None, None
    host = _text(found["host"])
    if host is not None and host.lower() in _NO_HOSTS:
        host = None
    return (iso_instant(found["iso"].decode()) if found["iso"] else None), host


def take_out(data: bytes, first_line: int, records: Records) -> bytes:
    """Write the records in a block of log lines, and give the block with blank lines in their place."""
    if not any(mark in data for mark in MARKS):
        return data
    lines = data.split(b"\n")
    for place, line in enumerate(lines):
        if any(mark in line for mark in MARKS) and records.take(line, first_line + place):
            lines[place] = b""
    return b"\n".join(lines)
