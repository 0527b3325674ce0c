"""IMAP: the service, logons in clear, and TLS after STARTTLS. RFC 9051."""

from __future__ import annotations

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import plain, saw
from wardround.wire.lines import Line, dialogue

SERVICE = "imap"
TCP_FIRST = b"*"
UDP_FIRST = b""

_LINE_LIMIT = 1_024


def sniff(connection: Connection) -> bool:
    """The greeting of a server, not tagged."""
    return connection.resp.head(10).upper().startswith((b"* OK ", b"* OK[", b"* PREAUTH ", b"* BYE "))


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table clear_credential; the rest of the connection as TLS after STARTTLS."""
    connection.confirm(SERVICE)
    ends = [0, 0]
    tag, pair, asked, verb = b"", None, None, b""
    for side, line in dialogue(connection):
        ends[side] = line.end
        if len(line.data) > _LINE_LIMIT:
            continue
        if side == 0 and verb == b"AUTHENTICATE" and pair is None and b" " not in line.data:
            pair, asked = plain(line.data), line
        elif side == 0:
            words = line.data.split(b" ", 2)
            tag, verb = words[0], words[1].upper() if len(words) > 1 else b""
            pair, asked = _logon(verb, words[2] if len(words) > 2 else b""), line
        elif tag and line.data.startswith(tag + b" "):
            success = line.data[len(tag) + 1 :].upper().startswith(b"OK")
            if verb == b"STARTTLS" and success:
                protocols.parse_inner(connection, "ssl", rows, *ends)
                return
            _note(connection, rows, asked, pair, success)
            tag, pair, verb = b"", None, b""
    _note(connection, rows, asked, pair, None)


def _note(
    connection: Connection, rows: Rows, asked: Line | None, pair: tuple[bytes, bytes] | None, success: bool | None
) -> None:
    if asked is not None and pair is not None:
        saw(rows, connection, (asked.ts, asked.record), SERVICE, pair[0], pair[1], success)


def _logon(verb: bytes, argument: bytes) -> tuple[bytes, bytes] | None:
    """User and password of LOGIN, or of AUTHENTICATE PLAIN with its initial response."""
    if verb == b"AUTHENTICATE":
        mechanism, _, token = argument.partition(b" ")
        return plain(token) if token and mechanism.upper() == b"PLAIN" else None
    if verb != b"LOGIN":
        return None
    user, rest = _string(argument)
    password, _ = _string(rest)
    return (user, password) if user else None


def _string(text: bytes) -> tuple[bytes, bytes]:
    """The first atom or quoted string of a text, and what follows it."""
    if not text.startswith(b'"'):
        value, _, rest = text.partition(b" ")
        return value, rest
    quoted = bytearray()
    at = 1
    while at < len(text) and text[at : at + 1] != b'"':
        at += text[at : at + 1] == b"\\"
        quoted += text[at : at + 1]
        at += 1
    return bytes(quoted), text[at + 1 :].lstrip(b" ")
