"""POP3: the service, logons in clear, and TLS after STLS. RFC 1939, 2449, 2595 and 5034."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import plain, saw, unpacked
from wardround.wire.lines import Line, dialogue

SERVICE = "pop3"
TCP_FIRST = b"+"
UDP_FIRST = b""

_FIRST = (b"USER", b"CAPA", b"AUTH", b"APOP", b"STLS", b"QUIT", b"PASS", b"STAT", b"NOOP", b"UTF8", b"LIST", b"RETR")

#: Commands whose answer goes on to a line that is a single dot: always, or when they have no argument.
_LONG, _LONG_ALONE = (b"RETR", b"TOP", b"CAPA"), (b"LIST", b"UIDL", b"AUTH")

#: Longer lines are of a message, not of the conversation.
_LINE_LIMIT = 1_024

#: Commands that wait for their answer, and answers within an exchange of SASL that are kept.
_WAITING, _ANSWERS = 64, 4


def sniff(connection: Connection) -> bool:
    """A server that says +OK first, to a client that uses the commands."""
    greeting, begun = connection.resp.head(4), connection.orig.head(4).upper()
    return greeting[:3] == b"+OK" and (not begun or begun in _FIRST)


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table clear_credential; the rest of the connection as TLS after STLS."""
    connection.confirm(SERVICE)
    _Session(connection, rows).run()


@dataclass(slots=True)
class _Command:
    """A command that waits for its answer; ``user`` is the account named before it."""

    line: Line
    verb: bytes
    argument: bytes
    user: bytes
    answers: list[bytes]

    @property
    def long(self) -> bool:
        """Whether its answer has many lines."""
        return self.verb in _LONG or (self.verb in _LONG_ALONE and not self.argument)

    @property
    def logon(self) -> tuple[bytes, bytes] | None:
        """User and password, None where they are not told in clear."""
        if self.verb == b"PASS":
            return self.user, self.argument
        if self.verb != b"AUTH":
            return None
        mechanism, _, first = self.argument.partition(b" ")
        answers = [first, *self.answers] if first else self.answers
        if mechanism.upper() == b"PLAIN" and answers:
            return plain(answers[0])
        if mechanism.upper() == b"LOGIN" and len(answers) > 1:
            return unpacked(answers[0]), unpacked(answers[1])
        return None


class _Session:
    """The commands of one connection, which are answered in their order."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.user = b""
        self.waiting: deque[_Command] = deque(maxlen=_WAITING)
        self.exchange: _Command | None = None
        self.in_text = False

    def run(self) -> None:
        ends = [0, 0]
        for side, line in dialogue(self.connection):
            ends[side] = line.end
            if len(line.data) > _LINE_LIMIT:
                continue
            if side == 0:
                self._from_client(line)
            elif (answered := self._from_server(line.data)) is not None:
                command, success = answered
                if command.verb == b"STLS" and success:
                    protocols.parse_inner(self.connection, "ssl", self.rows, *ends)
                    return
                self._note(command, success)
        for command in self.waiting:
            self._note(command, None)

    def _from_client(self, line: Line) -> None:
        if self.exchange is not None:
            if len(self.exchange.answers) < _ANSWERS:
                self.exchange.answers.append(line.data)
            # Given up, or nothing left to ask: what follows is a command, even before the server has spoken.
            if line.data == b"*" or self.exchange.logon is not None:
                self.exchange = None
            return
        verb, _, argument = line.data.partition(b" ")
        command = _Command(line, verb.upper(), argument, self.user, [])
        if command.verb == b"USER":
            self.user = argument.strip()
        elif command.verb == b"AUTH" and argument and command.logon is None:
            self.exchange = command
        self.waiting.append(command)

    def _from_server(self, data: bytes) -> tuple[_Command, bool] | None:
        """The command that a line answers and whether it succeeded, None for the greeting, questions and texts."""
        if self.in_text:
            self.in_text = data != b"."
            return None
        if not data.startswith((b"+OK", b"-ERR")):
            return None
        if not self.waiting:  # the greeting
            return None
        command, success = self.waiting.popleft(), data.startswith(b"+OK")
        if command is self.exchange:
            self.exchange = None
        self.in_text = success and command.long
        return command, success

    def _note(self, command: _Command, success: bool | None) -> None:
        pair = command.logon
        if pair is not None:
            saw(self.rows, self.connection, (command.line.ts, command.line.record), SERVICE, *pair, success)
