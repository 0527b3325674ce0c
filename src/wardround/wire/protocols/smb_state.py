"""What SMB1 and SMB2 share: shares, open files, what is logged of them, and the pipes that carry DCE/RPC.

Differing from Zeek, an action is logged when the server has done it and not when it is asked for, opening a pipe is logged
too (the rules for lateral movement need it), and deletion on close counts as a deletion. Writing is logged only where the file
then begins with what looks encrypted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from wardround.wire.connection import Connection, Rows
from wardround.wire.protocols.dce_rpc import Pipe
from wardround.wire.protocols.gssapi import Authentication
from wardround.wire.protocols.smb_content import kind

K = TypeVar("K")
V = TypeVar("V")

SUCCESS, PENDING, BUFFER_OVERFLOW, MORE_PROCESSING = 0, 0x00000103, 0x80000005, 0xC0000016

#: Open files, shares and unanswered requests of one connection that are remembered; then the oldest are forgotten.
REMEMBERED = 16_384

#: Of data on a pipe, no more than this is read from one message.
PIPE_BYTES = 1 << 20

#: Names are cut after this many bytes; file systems allow 64 KiB at most.
NAME_BYTES = 8_192

DISK, PIPE, PRINT = "DISK", "PIPE", "PRINT"

_OPENED = {DISK: "SMB::FILE_OPEN", PIPE: "SMB::PIPE_OPEN", PRINT: "SMB::PRINT_OPEN"}

#: The same thing of the same file is not said again within this time, ns.
_REPEATED = 180_000_000_000

#: Names of pipes that tell the share IPC$ where the connection to it was not seen.
_PIPES = frozenset(
    {"atsvc", "efsrpc", "eventlog", "lsarpc", "netdfs", "netlogon", "samr", "spoolss", "srvsvc", "svcctl", "winreg", "wkssvc"}
)

#: 1970-01-01 in units of 100 ns since 1601.
_EPOCH = 116_444_736_000_000_000

STATUSES = {
    SUCCESS: "SUCCESS",
    PENDING: "PENDING",
    BUFFER_OVERFLOW: "BUFFER_OVERFLOW",
    MORE_PROCESSING: "MORE_PROCESSING_REQUIRED",
    0xC0000002: "NOT_IMPLEMENTED",
    0xC0000008: "INVALID_HANDLE",
    0xC000000D: "INVALID_PARAMETER",
    0xC0000022: "ACCESS_DENIED",
    0xC0000034: "OBJECT_NAME_NOT_FOUND",
    0xC000006D: "LOGON_FAILURE",
    0xC0000205: "INSUFF_SERVER_RESOURCES",
    0xC00000BB: "NOT_SUPPORTED",
    0xC00000CC: "BAD_NETWORK_NAME",
}


def moment(filetime: int) -> int | None:
    """A FILETIME as ns since 1970; None where it is not set or out of reach."""
    value = (filetime - _EPOCH) * 100
    return value if filetime > 0 and 0 <= value < 1 << 62 else None


def remember(known: dict[K, V], key: K, value: V) -> None:
    """Put into a dictionary that forgets its oldest entry when it is full."""
    if len(known) >= REMEMBERED and key not in known:
        del known[next(iter(known))]
    known[key] = value


@dataclass(slots=True)
class Share:
    """What a client is connected to: its path (None when that was not seen) and whether DISK, PIPE or PRINT."""

    path: str | None = None
    kind: str = DISK


@dataclass(slots=True)
class OpenFile:
    """A file or pipe that was opened, or is about to be."""

    share: Share
    name: str | None = None
    size: int = 0
    times: tuple[int, int, int, int] | None = None
    delete_on_close: bool = False
    pipe: Pipe | None = None

    @property
    def is_pipe(self) -> bool:
        """Whether it is a named pipe."""
        return self.share.kind == PIPE or (self.share.path is None and plain_pipe(self.name) in _PIPES)


def plain_pipe(name: str | None) -> str:
    """The name of a pipe without what leads to it, in lower case."""
    return (name or "").replace("/", "\\").rpartition("\\")[2].lower()


class Conversation:
    """What is said over one connection, in either version of SMB."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.authentication = Authentication(connection, rows)
        self.session: dict[str, Any] = {}
        self._recent: dict[tuple[Any, ...], int] = {}
        self._contents: dict[tuple[str | None, str | None], str] = {}
        self._pipes: list[Pipe] = []

    def opened(self, file: OpenFile, ts: int, record: int) -> None:
        """The server has opened a file, the properties of which are now known."""
        if not file.name:
            file.name = "<share_root>"
        kind = PIPE if file.is_pipe else file.share.kind
        self.log(_OPENED.get(kind, _OPENED[DISK]), file, ts, record)

    def closed(self, file: OpenFile, ts: int, record: int) -> None:
        """The client has closed a file."""
        if file.pipe is not None:
            file.pipe.close()
        if file.delete_on_close and not file.is_pipe:
            self.log("SMB::FILE_DELETE", file, ts, record)
        elif file.share.kind == PRINT:
            self.log("SMB::PRINT_CLOSE", file, ts, record)

    def renamed(self, file: OpenFile, name: str, ts: int, record: int) -> None:
        """A file has a new name."""
        previous, file.name = file.name, name
        self.log("SMB::FILE_RENAME", file, ts, record, previous)

    def read(self, file: OpenFile, head: bytes) -> None:
        """The client has read the beginning of a file."""
        if head and not file.is_pipe:
            remember(self._contents, (file.share.path, file.name), kind(head))

    def written(self, file: OpenFile, content: str, ts: int, record: int) -> None:
        """The client has written the beginning of a file, and what kind it is now."""
        before = self._contents.get((file.share.path, file.name))
        remember(self._contents, (file.share.path, file.name), content)
        if content == "random" and before != content and not file.is_pipe:
            self.log("SMB::FILE_WRITE", file, ts, record, content=content, content_before=before)

    def log(
        self, action: str, file: OpenFile, ts: int, record: int, previous: str | None = None, **columns: str | None
    ) -> None:
        """A row of smb_files, unless the same was said lately."""
        if not file.name:
            return
        # The time of last access changes by looking, so it does not make a difference.
        modified, accessed, created, changed = file.times or (0, 0, 0, 0)
        if file.times is not None:
            said = (action, file.name, file.share.path, file.size, modified, created, changed)
            last = self._recent.pop(said, None)
            remember(self._recent, said, ts)
            if last is not None and ts - last < _REPEATED:
                return
        self.rows.add(
            "smb_files",
            self.connection,
            ts,
            record,
            action=action,
            path=file.share.path,
            name=file.name,
            size=file.size if file.size < 1 << 63 else None,
            prev_name=previous,
            **columns,
            **{
                "times.modified": moment(modified),
                "times.accessed": moment(accessed),
                "times.created": moment(created),
                "times.changed": moment(changed),
            },
        )

    def pipe_data(self, file: OpenFile, from_orig: bool, data: bytes, ts: int, record: int) -> None:
        """Bytes that went through a named pipe."""
        if file.pipe is None:
            file.pipe = Pipe(self.connection, self.rows, self.authentication, plain_pipe(file.name))
            self._pipes.append(file.pipe)
        file.pipe.data(from_orig, data, ts, record)

    def command(self, ts: int, record: int, version: str, name: str, status: int | None, **columns: Any) -> None:
        """A row of smb_cmd, written only for commands that say something about the connection or are out of the ordinary."""
        said = None if status is None else STATUSES.get(status) or f"0x{status:08x}"
        self.rows.add("smb_cmd", self.connection, ts, record, version=version, command=name, status=said, **columns)

    def close(self) -> None:
        """Write what is left at the end of the connection."""
        for pipe in self._pipes:
            pipe.close()
        self.authentication.close()
        if any(value is not None for value in self.session.values()):
            self.rows.add("smb_session", self.connection, self.connection.ts, self.connection.record, **self.session)
