"""SMTP: each message handed over, with envelope, headers and the server's last word; STARTTLS is followed.

Commands and replies are matched by their order, so pipelining is the normal case. RFC 5321, 3207 and 3030.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any

from wardround.wire import protocols
from wardround.wire.connection import Connection, Rows
from wardround.wire.credentials import plain, saw, unpacked
from wardround.wire.handed_over import MESSAGE_BYTES, hand_over, unstuffed
from wardround.wire.lines import Cursor, decode, when

SERVICE = "smtp"
TCP_FIRST = b"EHLehl2"
UDP_FIRST = b""

_HELLO = (b"EHLO ", b"HELO ", b"LHLO ")

#: Addresses and hops of one message that are kept, and bytes of its headers that are read.
_ADDRESSES = 1_000
_HEAD_LIMIT = 262_144

#: Pieces of one message (BDAT) that are put together.
_PIECES = 4_096

#: Answers of a client within one AUTH that are kept.
_ANSWERS = 4

_SCAN = 65_536

_COLUMNS = {
    "MESSAGE-ID": "msg_id",
    "IN-REPLY-TO": "in_reply_to",
    "SUBJECT": "subject",
    "FROM": "from",
    "REPLY-TO": "reply_to",
    "DATE": "date",
    "X-MAILER": "user_agent",
    "USER-AGENT": "user_agent",
    "X-USER-AGENT": "user_agent",
}

_ADDRESS_LIKE = re.compile(r"[0-9A-Fa-f:.]{2,45}")


@dataclass(slots=True)
class _Reply:
    """A reply of the server: its code, and the words of its last line."""

    code: int
    text: str


@dataclass(slots=True)
class _Transaction:
    """One message, or the attempt at it, as it will be a row."""

    at: int
    columns: dict[str, Any]
    active: bool = False
    recipients: dict[str, None] = field(default_factory=dict)
    head: bytearray = field(default_factory=bytearray)
    head_ended: bool = False
    #: Where the message stands in the stream of the client: begin and end of its pieces.
    pieces: list[tuple[int, int]] = field(default_factory=list)
    #: Whether it came by DATA (one piece, the final dot included) or by BDAT (the bytes as they are); None before its end.
    dotted: bool | None = None
    headers_read: bool = False


def sniff(connection: Connection) -> bool:
    """A client that introduces itself, or a server that says that it is one."""
    if connection.orig.head(5).upper() in _HELLO:
        return True
    greeting = connection.resp.head(256).partition(b"\n")[0]
    return greeting.startswith((b"220 ", b"220-")) and b"SMTP" in greeting.upper()


def parse(connection: Connection, rows: Rows) -> None:
    """Rows of table smtp, one per transaction."""
    _Session(connection, rows).run()


class _Session:
    """The commands and replies of one connection."""

    def __init__(self, connection: Connection, rows: Rows) -> None:
        self.connection = connection
        self.rows = rows
        self.client, self.server = Cursor(connection.orig), Cursor(connection.resp)
        self.helo: str | None = None
        self.depth = 1
        self.transaction = self._begin()

    def run(self) -> None:
        self.connection.confirm(SERVICE)
        self._answer()
        while True:
            at = self.client.at
            line = self.client.last_line()
            if line is None:
                break
            verb, _, argument = line.rstrip(b"\r").partition(b" ")
            if not self._command(verb.upper(), argument.strip(), at):
                return
        self._flush()

    def _command(self, verb: bytes, argument: bytes, at: int) -> bool:
        """Act on a command; False when the rest of the connection is not SMTP."""
        columns = self.transaction.columns
        if verb in (b"EHLO", b"HELO", b"LHLO"):
            self.helo = columns["helo"] = decode(argument)
        elif verb == b"MAIL":
            self._flush()
            self.transaction.at, self.transaction.active = at, True
            sender = _mailbox(argument)
            if sender:
                self.transaction.columns["mailfrom"] = sender
        elif verb == b"RCPT":
            self.transaction.active = True
            recipient = _mailbox(argument)
            if recipient and len(self.transaction.recipients) < _ADDRESSES:
                self.transaction.recipients[recipient] = None
        elif verb == b"BDAT":
            self._chunk(argument)
            return True
        reply = self._answer()
        if verb == b"DATA" and (reply is None or reply.code == 354):
            self._data()
        elif verb == b"AUTH":
            self._authenticate(argument, reply, at)
        elif verb == b"STARTTLS" and reply is not None and reply.code == 220:
            columns["tls"] = self.transaction.active = True
            self._flush()
            protocols.parse_inner(self.connection, "ssl", self.rows, self.client.at, self.server.at)
            return False
        return True

    def _authenticate(self, argument: bytes, reply: _Reply | None, at: int) -> None:
        """The exchange that AUTH begins, and the logon in clear if it is one."""
        mechanism, _, first = argument.partition(b" ")
        answers = [first] if first else []
        while reply is not None and reply.code == 334 and (line := self.client.line()) is not None:
            if len(answers) < _ANSWERS:
                answers.append(line)
            reply = self._answer()
        pair = None
        if mechanism.upper() == b"PLAIN" and answers:
            pair = plain(answers[0])
        elif mechanism.upper() == b"LOGIN" and len(answers) > 1:
            pair = unpacked(answers[0]), unpacked(answers[1])
        if pair is not None:
            success = None if reply is None else reply.code == 235
            saw(self.rows, self.connection, when(self.connection, self.connection.orig, at), SERVICE, *pair, success)

    def _answer(self) -> _Reply | None:
        """The next reply of the server, None where the capture does not hold it."""
        while (line := self.server.last_line()) is not None:
            line = line.rstrip(b"\r")
            if not (len(line) >= 3 and line[:3].isdigit()):
                continue
            if line[3:4] == b"-":
                continue
            reply = _Reply(int(line[:3]), decode(line[3:].strip()))
            self.transaction.columns["last_reply"] = f"{reply.code} {reply.text}"
            return reply
        return None

    def _data(self) -> None:
        """The message after DATA, up to the line that is a single dot."""
        begin = self.client.at
        while (line := self.client.line()) is not None:
            if line.rstrip(b"\r") == b".":
                break
            if not line or self.client.at - begin > _HEAD_LIMIT:
                _skip_to_dot(self.client)
                break
            self.transaction.head += (line[1:] if line.startswith(b".") else line) + b"\n"
        self.transaction.pieces, self.transaction.dotted = [(begin, self.client.at)], True
        self._done()

    def _chunk(self, argument: bytes) -> None:
        """The piece of a message that a BDAT command announces."""
        size, _, last = argument.partition(b" ")
        count = int(size) if size.isdigit() and len(size) <= 15 else -1
        if count > 0:
            transaction = self.transaction
            wanted = min(count, _HEAD_LIMIT - len(transaction.head))
            if wanted > 0 and not transaction.head_ended:
                searched = max(0, len(transaction.head) - 3)
                transaction.head += self.client.stream.read(self.client.at, wanted)
                transaction.head_ended = any(transaction.head.find(end, searched) >= 0 for end in (b"\n\n", b"\n\r\n"))
            begin = self.client.at
            self.client.skip(count)
            if len(transaction.pieces) <= _PIECES:
                transaction.pieces.append((begin, begin + count))
        if count >= 0 and last.strip().upper() == b"LAST":
            self.transaction.dotted = False
            self._done()
        else:
            self._answer()

    def _done(self) -> None:
        """The message is complete: its headers, the server's answer, the row."""
        self._read_headers()
        self._answer()
        self.depth += 1
        self._flush()

    def _begin(self) -> _Transaction:
        columns: dict[str, Any] = {
            "trans_depth": self.depth,
            "tls": False,
            "path": [self.connection.resp_h, self.connection.orig_h],
        }
        if self.helo is not None:
            columns["helo"] = self.helo
        return _Transaction(self.client.at, columns)

    def _flush(self) -> None:
        """Write the row of the transaction if there was one, and begin the next."""
        transaction = self.transaction
        if not transaction.active:
            return
        if not transaction.headers_read:
            self._read_headers()
        if transaction.recipients:
            transaction.columns["rcptto"] = list(transaction.recipients)
        ts, record = when(self.connection, self.connection.orig, transaction.at)
        self.rows.add("smtp", self.connection, ts, record, **transaction.columns)
        self._hand_over(transaction, ts, record)
        self.transaction = self._begin()

    def _hand_over(self, transaction: _Transaction, ts: int, record: int) -> None:
        """Give a message on that was captured from its first byte to its last."""
        message = self._message(transaction)
        if message:
            sender, recipients = transaction.columns.get("mailfrom", ""), list(transaction.recipients)
            hand_over(message, sender, recipients, self.connection, (ts, record), self.rows)

    def _message(self, transaction: _Transaction) -> bytes:
        """The message as its sender wrote it, empty where it is not there as a whole or too long."""
        size = sum(end - begin for begin, end in transaction.pieces)
        if transaction.dotted is None or not 0 < size <= MESSAGE_BYTES or len(transaction.pieces) > _PIECES:
            return b""
        data = b"".join(self.client.stream.read(begin, end - begin) for begin, end in transaction.pieces)
        if len(data) != size or not transaction.dotted:
            return data if len(data) == size else b""
        dot = next((dot for dot in (b"\n.\r\n", b"\n.\n") if data.endswith(dot)), None)
        return b"" if dot is None else unstuffed(data[: 1 - len(dot)])

    def _read_headers(self) -> None:
        transaction = self.transaction
        transaction.headers_read = True
        columns = transaction.columns
        for name, value in _headers(bytes(transaction.head)):
            if name in _COLUMNS:
                columns[_COLUMNS[name]] = value
            elif name in ("TO", "CC"):
                known = dict.fromkeys(columns.get(name.lower(), []) + _split(value))
                columns[name.lower()] = list(known)[:_ADDRESSES]
            elif name == "RECEIVED":
                if "first_received" in columns:
                    columns["second_received"] = columns["first_received"]
                columns["first_received"] = value
                hop = _hop(value)
                if hop and hop != columns["path"][-1] and len(columns["path"]) < _ADDRESSES:
                    columns["path"].append(hop)
            elif name == "X-ORIGINATING-IP":
                columns["x_originating_ip"] = next(iter(_addresses(value)), None)


def _skip_to_dot(cursor: Cursor) -> None:
    """Move behind the line that is a single dot, or to the end or the next gap."""
    tail = b"\n"
    while True:
        data = cursor.stream.read(cursor.at, _SCAN)
        if not data:
            return
        window = tail + data
        found = window.find(b"\n.")
        while found >= 0:
            for end in (b"\n.\n", b"\n.\r\n"):
                if window.startswith(end, found):
                    cursor.skip(found + len(end) - len(tail))
                    return
            found = window.find(b"\n.", found + 1)
        cursor.skip(len(data))
        tail = window[-3:]


def _mailbox(argument: bytes) -> str:
    """The address in the argument of MAIL or RCPT, without the brackets; empty where there is none."""
    _, colon, rest = argument.partition(b":")
    rest = rest.strip()
    if not colon or not rest:
        return ""
    if rest.startswith(b"<"):
        rest = rest[1:].partition(b">")[0]
    return decode(rest.split()[0] if rest.split() else b"")


def _headers(head: bytes) -> list[tuple[str, str]]:
    """The header fields of a message, unfolded: names in capitals, values without space around them."""
    fields: list[tuple[str, list[bytes]]] = []
    for line in head.split(b"\n"):
        line = line.rstrip(b"\r")
        if not line:
            break
        if line[:1] in b" \t":
            if fields:
                fields[-1][1].append(line)
            continue
        name, colon, value = line.partition(b":")
        if colon:
            fields.append((decode(name.strip()).upper(), [value]))
    return [(name, decode(b"".join(values).strip())) for name, values in fields]


def _split(value: str) -> list[str]:
    """The addresses of a header, parted by commas outside quotation marks."""
    parts, begin, quoted = [], 0, False
    for at, letter in enumerate(value):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            parts.append(value[begin:at])
            begin = at + 1
    parts.append(value[begin:])
    return [part.strip() for part in parts if part.strip()]


def _addresses(value: str) -> list[str]:
    """The IP addresses in a text, at most two."""
    found: list[str] = []
    for match in _ADDRESS_LIKE.finditer(value.replace("IPv6:", " ")):
        text = match.group().strip(".")
        if text.count(".") == 3 or text.count(":") >= 2:
            try:
                found.append(str(ipaddress.ip_address(text)))
            except ValueError:
                continue
            if len(found) == 2:
                break
    return found


def _hop(received: str) -> str | None:
    """The address of the host that a Received header tells of: the second of two, as the first is often only claimed."""
    found = _addresses(received)
    return found[-1] if found else None
