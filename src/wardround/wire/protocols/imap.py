"""IMAP: the service, logons in clear, and TLS after STARTTLS. RFC 9051."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import plain, saw, unpacked
from wardround.wire.lines import Line, dialogue

SERVICE = "imap"
TCP_FIRST = b"*"
UDP_FIRST = b""

#: Longer lines and literals are of messages, not of logons.
_LINE_LIMIT = 1_024

#: A string that follows its length: the client waits for the server, or does not (``+``, RFC 7888).
_LITERAL = re.compile(rb"\{([0-9]{1,10})\+?\}$")

#: Commands that wait for their answer, words of a command and answers within an exchange of SASL that are kept.
_WAITING, _WORDS, _ANSWERS = 64, 4, 4


def sniff(connection: Connection) -> bool:
    """The greeting of a server, not tagged."""
    return connection.resp.head(10).upper().startswith((b"* OK ", b"* OK[", b"* PREAUTH ", b"* BYE "))


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table clear_credential; the rest of the connection as TLS after STARTTLS."""
    connection.confirm(SERVICE)
    _Session(connection, rows).run()


@dataclass(slots=True)
class _Command:
    """A command: its words, the last literal and quoted string without their wrapping, and what SASL adds to it."""

    line: Line
    words: list[bytes]
    answers: list[bytes] = field(default_factory=list)

    @property
    def verb(self) -> bytes:
        """What is to be done, in capitals."""
        return self.words[1].upper() if len(self.words) > 1 else b""

    @property
    def logon(self) -> tuple[bytes, bytes] | None:
        """User and password, None where they are not told in clear."""
        if self.verb == b"LOGIN":
            return (self.words[2], self.words[3]) if len(self.words) > 3 and self.words[2] else None
        if self.verb != b"AUTHENTICATE" or len(self.words) < 3:
            return None
        mechanism, answers = self.words[2].upper(), [*self.words[3:4], *self.answers]
        if mechanism == b"PLAIN" and answers:
            return plain(answers[0])
        if mechanism == b"LOGIN" and len(answers) > 1:
            return unpacked(answers[0]), unpacked(answers[1])
        return None


class _Session:
    """The commands of one connection and their answers, which are found by their tag."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.waiting: dict[bytes, _Command] = {}
        self.begun: _Command | None = None
        self.exchange: _Command | None = None
        self.literal_end = 0

    def run(self) -> None:
        ends = [0, 0]
        for side, line in dialogue(self.connection):
            ends[side] = line.end
            if side == 0:
                self._from_client(line)
            elif len(line.data) <= _LINE_LIMIT and (command := self._answered(line.data)) is not None:
                success = line.data.partition(b" ")[2].upper().startswith(b"OK")
                if command.verb == b"STARTTLS" and success:
                    protocols.parse_inner(self.connection, "ssl", self.rows, *ends)
                    return
                self._note(command, success)
        for command in self.waiting.values():
            self._note(command, None)

    def _from_client(self, line: Line) -> None:
        """A line of the client: a command, the rest of one behind a literal, or an answer within an exchange."""
        if line.end <= self.literal_end:
            return
        data = line.data
        if self.begun is not None:
            size = line.end - self.literal_end
            data = self.connection.orig.read(self.literal_end, min(size, _LINE_LIMIT)).rstrip(b"\r\n")
            self._words(self.begun, data, line)
        elif self.exchange is not None and b" " not in data:
            if len(self.exchange.answers) < _ANSWERS and len(data) <= _LINE_LIMIT:
                self.exchange.answers.append(data)
            if data == b"*":  # given up
                self.exchange = None
        else:
            self._words(_Command(line, []), data[:_LINE_LIMIT], line)

    def _words(self, command: _Command, text: bytes, line: Line) -> None:
        """Add the words of a line to a command, which is complete unless a literal follows."""
        literal = _LITERAL.search(text)
        text = text if literal is None else text[: literal.start()]
        text = text.lstrip(b" ")
        while text and len(command.words) < _WORDS:
            word, text = _string(text)
            command.words.append(word)
            text = text.lstrip(b" ")
        self.begun = None
        if literal is not None:
            self.begun, size = command, int(literal[1])
            self.literal_end = line.end + size
            if len(command.words) < _WORDS:
                command.words.append(self.connection.orig.read(line.end, size) if size <= _LINE_LIMIT else b"")
        elif command.words:
            if len(self.waiting) >= _WAITING:
                del self.waiting[next(iter(self.waiting))]
            self.waiting[command.words[0]] = command
            self.exchange = command if command.verb == b"AUTHENTICATE" else None

    def _answered(self, data: bytes) -> _Command | None:
        """The command that an answer of the server is about; a literal that was refused ends it too."""
        tag = data.partition(b" ")[0]
        if self.begun is not None and self.begun.words[0] == tag:
            refused, self.begun, self.literal_end = self.begun, None, 0
            return refused
        if tag not in self.waiting:
            return None
        command = self.waiting.pop(tag)
        if command is self.exchange:
            self.exchange = None
        return command

    def _note(self, command: _Command, success: bool | None) -> None:
        pair = command.logon
        if pair is not None:
            saw(self.rows, self.connection, (command.line.ts, command.line.record), SERVICE, *pair, success)


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
    return bytes(quoted), text[at + 1 :]
