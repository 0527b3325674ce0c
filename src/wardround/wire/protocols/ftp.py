"""FTP: the commands that move files and open data connections, with their replies; AUTH TLS is followed.

RFC 959, 2428 and 4217. Files are told by URL, from the working directory as far as the conversation tells it.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import saw
from wardround.wire.lines import Line, decode, dialogue

SERVICE = "ftp"
TCP_FIRST = b"0123456789"
UDP_FIRST = b""
ASKED_ON = (21,)

#: Commands that make a row, those that name a file, and those after which the working directory is another.
_LOGGED = {"APPE", "DELE", "RETR", "STOR", "STOU", "ACCT", "PORT", "PASV", "EPRT", "EPSV"}
_FILES = {"APPE", "CWD", "DELE", "MKD", "RETR", "RMD", "RNFR", "RNTO", "STOR", "STOU", "REST", "SIZE", "MDTM"}
_MOVES = {("CWD", 250), ("CDUP", 200), ("CDUP", 250), ("PWD", 257), ("XPWD", 257)}

#: Commands that tell the protocol, with a server that answers in three digits.
_KNOWN = _LOGGED | _FILES | {
    "USER", "AUTH", "FEAT", "HOST", "OPTS", "SYST", "CLNT", "LANG", "PWD", "XPWD", "CDUP", "TYPE", "MODE",
    "LIST", "NLST", "MLSD",
}  # fmt: skip

#: What a server says when a command succeeds, for commands whose replies tell them apart.
_SUCCESS: dict[str, tuple[int, ...]] = {
    "USER": (331, 230), "PASS": (230, 202, 332), "PASV": (227,), "EPSV": (229,), "PWD": (257,), "XPWD": (257,), "MKD": (257,),
    "SIZE": (213,), "MDTM": (213,), "CWD": (250,), "CDUP": (250, 200), "TYPE": (200,), "PORT": (200,), "EPRT": (200,),
    "RETR": (150, 125, 226, 250), "STOR": (150, 125, 226, 250), "LIST": (150, 125, 226, 250), "NLST": (150, 125, 226, 250),
}  # fmt: skip

#: Space, and the marks of Telnet that a client sends around ABOR.
_AROUND = b" \t\xff\xf4\xf2"

_WAITING = 20
_TEXT_LIMIT = 4_096
_USER_LIMIT = 128
_PATH_LIMIT = 4_096

_NUMBER = re.compile(r"[0-9]{1,18}")
_SIX = re.compile(r"[0-9]{1,3}(?:,[0-9]{1,3}){5}")


@dataclass(slots=True)
class _Command:
    """A command with its replies: the preliminary one, if any, and the last."""

    ts: int
    record: int
    verb: str
    argument: str
    code: int = 0
    text: str = ""
    opening: str = ""


def sniff(connection: Connection) -> bool:
    """A client's first command and a server's three digits, at the beginning of the session or in its middle."""
    reply = connection.resp.head(512)
    words = connection.orig.head(64).partition(b"\n")[0].upper().split(None, 1)
    verb = words[0].decode("latin-1") if words else ""
    if reply[:3].isdigit() and reply[3:4] in (b" ", b"-"):
        named = reply.startswith((b"220", b"120")) and b"FTP" in reply.partition(b"\n")[0].upper()
        return named or verb in _KNOWN
    return not reply and verb in _KNOWN and connection.resp_p == 21


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table ftp."""
    _Session(connection, rows).run()


class _Session:
    """The commands and replies of one control connection."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.user = "<unknown>"
        self.hidden: str | None = None
        self.directory = "."
        self.waiting: deque[_Command] = deque()
        self.offsets = [0, 0]

    def run(self) -> None:
        self.connection.confirm(SERVICE)
        for side, line in dialogue(self.connection):
            self.offsets[side] = line.end
            if side == 0:
                self._asked(line)
            elif self._answered(line):
                protocols.parse_inner(self.connection, "ssl", self.rows, *self.offsets)
                break
        while self.waiting:
            self._finish()

    def _asked(self, line: Line) -> None:
        """A command of the client: those before it that are answered are over."""
        while self.waiting and self.waiting[0].code >= 200:
            self._finish()
        verb, _, argument = line.data.strip(_AROUND).partition(b" ")
        if len(self.waiting) < _WAITING:
            self.waiting.append(_Command(line.ts, line.record, decode(verb).upper(), decode(argument.strip())))
        else:
            self.rows.weird(self.connection, "FTP_too_many_pending_commands")

    def _answered(self, line: Line) -> bool:
        """A reply of the server; True when it agrees to TLS."""
        if not line.data[:3].isdigit() or line.data[3:4] == b"-" or not self.waiting:
            return False
        code = int(line.data[:3])
        while len(self.waiting) > 1 and (self.waiting[0].code >= 200 or self._lost(code)):
            self._finish()
        command = self.waiting[0]
        command.code, command.text = code, decode(line.data[4:].strip())[:_TEXT_LIMIT]
        if code == 150:  # the reply to RETR that states a size; numbers in others belong to names
            command.opening = command.text
        return command.verb == "AUTH" and code == 234 and command.argument.upper() in ("TLS", "SSL", "TLS-C")

    def _lost(self, code: int) -> bool:
        """Whether a reply is clearly not to the oldest command, whose own the capture then lacks."""
        oldest = _SUCCESS.get(self.waiting[0].verb)
        if code >= 400 or oldest is None or code in oldest:
            return False
        return any(code in _SUCCESS.get(command.verb, ()) for command in self.waiting)

    def _finish(self) -> None:
        """Note what the oldest command changes, and add its row; a reply that is not there is taken for success."""
        command = self.waiting.popleft()
        verb, argument = command.verb, command.argument
        if verb == "USER":
            self.user = argument[:_USER_LIMIT]
        elif verb == "PASS":
            self.hidden = "<hidden>"
            success = None if not command.code or command.code == 332 else command.code < 400
            at = (command.ts, command.record)
            saw(self.rows, self.connection, at, SERVICE, self.user.encode("utf-8"), argument.encode("utf-8"), success)
        shown = self._url(argument) if verb in _FILES else argument
        if (verb, command.code) in _MOVES or (verb == "CWD" and not command.code):
            self._move(verb, argument, command.text)
        if verb not in _LOGGED:
            return
        row: dict[str, Any] = {"user": self.user, "password": self.hidden, "command": verb, "arg": shown[:_TEXT_LIMIT] or None}
        if command.code:
            row |= {"reply_code": command.code, "reply_msg": command.text}
        if verb == "RETR" and command.opening:
            numbers = _NUMBER.findall(command.opening)
            row["file_size"] = int(numbers[-1]) if numbers else None
        row |= self._channel(command)
        self.rows.add("ftp", self.connection, command.ts, command.record, **row)

    def _channel(self, command: _Command) -> dict[str, Any]:
        """The data connection that a command or its reply agrees on."""
        connection = self.connection
        if command.verb in ("PORT", "EPRT"):
            end = _port(command.argument) if command.verb == "PORT" else _extended(command.argument)
            opener, passive = connection.resp_h, False
        elif command.verb in ("PASV", "EPSV") and command.code in (227, 229):
            end = _port(command.text) if command.code == 227 else _extended(command.text)
            opener, passive = connection.orig_h, True
        else:
            return {}
        if end is None:
            return {}
        return {
            "data_channel.passive": passive,
            "data_channel.orig_h": opener,
            "data_channel.resp_h": end[0] or connection.resp_h,
            "data_channel.resp_p": end[1],
        }

    def _move(self, command: str, argument: str, text: str) -> None:
        if command == "CWD":
            self.directory = _join(self.directory, argument)
        elif command == "CDUP":
            self.directory = _join(self.directory, "..")
        else:
            path = text.partition('"')[2].partition('"')[0]
            self.directory = path[:_PATH_LIMIT] or self.directory

    def _url(self, argument: str) -> str:
        host = self.connection.resp_h
        path = _join(self.directory, argument)
        return f"ftp://{f'[{host}]' if ':' in host else host}{'' if path.startswith('/') else '/'}{path}"


def _join(directory: str, path: str) -> str:
    """A path from a directory, with what ``..`` undoes left out."""
    if not path.startswith("/") and path[1:2] != ":":
        path = f"{directory}/{path}"
    parts: list[str] = []
    for part in path[:_PATH_LIMIT].split("/"):
        if part == ".." and parts and parts[-1] not in ("..", "."):
            parts.pop()
        elif part:
            parts.append(part)
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def _port(text: str) -> tuple[str, int] | None:
    """Address and port from the six numbers of PORT and of the reply to PASV."""
    found = _SIX.search(text)
    if found is None:
        return None
    numbers = [int(number) for number in found.group().split(",")]
    if max(numbers) > 255:
        return None
    return ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]


def _extended(text: str) -> tuple[str, int] | None:
    """Address (empty: the server's) and port from ``|1|address|port|`` of EPRT and of the reply to EPSV."""
    text = text.rpartition("(")[2]
    parts = text.split(text[:1] or "|")
    if len(parts) < 4 or not (parts[3].isascii() and parts[3].isdigit()) or len(parts[3]) > 5 or int(parts[3]) > 65_535:
        return None
    return parts[2], int(parts[3])
