"""IRC: who joins which channel under which name. RFC 2812."""

from __future__ import annotations

from typing import Any

from wardround.wire.connection import Connection, Rows
from wardround.wire.lines import decode, dialogue

SERVICE = "irc"
TCP_FIRST = b"NUCPnucp"
UDP_FIRST = b""

_FIRST = (b"NICK ", b"USER ", b"CAP LS", b"CAP REQ", b"PASS ")

#: Lines of one connection that are read, and what is kept of a word.
_LINES, _WORD = 100_000, 512


def sniff(connection: Connection) -> bool:
    """A client that registers, to a server that answers with its name or a notice."""
    begun, answer = connection.orig.head(16).upper(), connection.resp.head(64)
    if not begun.startswith(_FIRST):
        return False
    return answer.startswith(b":") or answer[:7].upper() == b"NOTICE " or answer[:5] == b"PING "


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table irc for NICK, USER and JOIN, as Zeek has them."""
    connection.confirm(SERVICE)
    nick: str | None = None
    user: str | None = None
    for number, (side, line) in enumerate(dialogue(connection)):
        if number > _LINES:
            return
        words = line.data.split(None, 4) if side == 0 else []
        command = words[0].decode("latin-1").upper() if words else ""
        if command not in ("NICK", "USER", "JOIN") or len(words) < 2:
            continue
        value = decode(words[1][:_WORD].lstrip(b":"))
        row: dict[str, Any] = {"nick": nick, "user": user, "command": command, "value": value}
        if command == "NICK":
            nick = value
        elif command == "USER":
            user = value
            row["addl"] = " ".join(decode(word[:_WORD]) for word in words[2:])
        elif len(words) > 2:
            row["addl"] = "with channel key"
        rows.add("irc", connection, line.ts, line.record, **row)
