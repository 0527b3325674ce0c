"""POP3: the service, logons in clear, and TLS after STLS. RFC 1939, 2595 and 5034."""

from __future__ import annotations

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import plain, saw, unpacked
from wardround.wire.lines import Line, dialogue

SERVICE = "pop3"
TCP_FIRST = b"+"
UDP_FIRST = b""

_FIRST = (b"USER", b"CAPA", b"AUTH", b"APOP", b"STLS", b"QUIT", b"PASS", b"STAT", b"NOOP", b"UTF8", b"LIST", b"RETR")

#: Longer lines are of a message, not of the conversation.
_LINE_LIMIT = 1_024


def sniff(connection: Connection) -> bool:
    """A server that says +OK first, to a client that uses the commands."""
    greeting, begun = connection.resp.head(4), connection.orig.head(4).upper()
    return greeting[:3] == b"+OK" and (not begun or begun in _FIRST)


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table clear_credential; the rest of the connection as TLS after STLS."""
    connection.confirm(SERVICE)
    _Session(connection, rows).run()


class _Session:
    """The logons of one connection."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.user = b""
        self.mechanism = ""
        self.secret: bytes | None = None
        self.asked: Line | None = None

    def run(self) -> None:
        ends = [0, 0]
        tls = False
        for side, line in dialogue(self.connection):
            ends[side] = line.end
            if len(line.data) > _LINE_LIMIT:
                continue
            if side == 0:
                tls = line.data.upper() == b"STLS"
                self._asked(line)
            elif line.data.startswith((b"+OK", b"-ERR")):
                if tls and line.data.startswith(b"+OK"):
                    protocols.parse_inner(self.connection, "ssl", self.rows, *ends)
                    return
                self._answered(line.data.startswith(b"+OK"))
        self._answered(None)

    def _asked(self, line: Line) -> None:
        verb, _, argument = line.data.partition(b" ")
        if self.mechanism:
            self._token(line, line.data)
        elif verb.upper() == b"USER":
            self.user = argument.strip()
        elif verb.upper() == b"PASS":
            self.secret, self.asked = argument, line
        elif verb.upper() == b"AUTH" and argument:
            mechanism, _, token = argument.partition(b" ")
            self.mechanism = mechanism.upper().decode("latin-1")
            self.user = b""
            if token:
                self._token(line, token)

    def _token(self, line: Line, token: bytes) -> None:
        """An answer of the client within an exchange of SASL."""
        if self.mechanism == "PLAIN" and (pair := plain(token)) is not None:
            self.user, self.secret = pair
            self.asked, self.mechanism = line, ""
        elif self.mechanism == "LOGIN" and not self.user:
            self.user = unpacked(token)
        elif self.mechanism == "LOGIN":
            self.secret, self.asked, self.mechanism = unpacked(token), line, ""
        else:
            self.mechanism = ""

    def _answered(self, success: bool | None) -> None:
        if self.secret is not None and self.asked is not None:
            when = (self.asked.ts, self.asked.record)
            saw(self.rows, self.connection, when, SERVICE, self.user, self.secret, success)
        if success is False:
            self.mechanism = ""
        self.secret = self.asked = None
