"""Syslog over UDP and TCP into table syslog: a row per message.

Sources: RFC 3164 and 5424, RFC 6587 for TCP. A datagram without priority is shown as it is,
its facility and severity UNSPECIFIED.
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads, messages
from wardround.wire.printable import printable

SERVICE = "syslog"
TCP_FIRST = b"<0123456789"
UDP_FIRST = b"<"
ASKED_ON = (514,)

_PORT = 514

#: A line without an end beyond this is no message.
_LONGEST_LINE = 65_536

#: Facilities and severities by number, as Zeek names them.
_FACILITIES = (
    "KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP", "NTP", "AUDIT",
    "ALERT", "CLOCK", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7",
)  # fmt: skip
_SEVERITIES = ("EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG")
_UNSPECIFIED = "UNSPECIFIED"


def _priority(data: bytes) -> tuple[int, bytes] | None:
    """The priority that a message begins with and what follows it, None without one."""
    end = data.find(b">", 0, 5)
    if not data.startswith(b"<") or end < 2 or not data[1:end].isdigit():
        return None
    number = int(data[1:end])
    return (number, data[end + 1 :]) if number < 8 * len(_FACILITIES) else None


def sniff(connection: Connection) -> bool:
    """Anything sent to syslog's port, elsewhere what begins with a priority and goes on as text."""
    first = heads(connection, 64)
    if connection.proto == "tcp":
        return any(_is_text(_unframed(data)) for data in first)
    return any(map(_is_text, first)) or (connection.resp_p == _PORT and bool(first[0]))


def _is_text(data: bytes) -> bool:
    found = _priority(data)
    return found is not None and all(code >= 32 or code in b"\t\r\n\0" for code in found[1])


def _unframed(data: bytes) -> bytes:
    """The beginning of a stream's first message."""
    place = _extent(data, 0)
    return data if place is None else data[place[0] :]


def _extent(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """A message of a stream: behind its length in digits and a blank, or up to the end of the line (some end it with NUL)."""
    if data[at : at + 1].isdigit():
        digits, blank, _ = bytes(data[at : at + 8]).partition(b" ")
        if blank and digits.isdigit():
            start = at + len(digits) + 1
            return start, start + int(digits)
        return None if len(data) - at < 8 and digits.isdigit() else (at, at)
    end = data.find(b"\n", at)
    zero = data.find(b"\0", at, end if end >= 0 else len(data))
    end = zero if zero >= 0 else end
    if end < 0:
        return None if len(data) - at <= _LONGEST_LINE else (at, at)
    return at, end + 1


def parse(connection: Connection, rows: Rows) -> None:
    """A row per message."""
    # A message that nothing ends but the end of the stream begins with its priority; one cut behind its length does not.
    for message in messages(connection, _extent, last=True):
        data = message.data.rstrip(b"\r\n\0") if connection.proto == "tcp" else message.data
        found = _priority(data)
        if found is None and connection.proto == "tcp":
            continue
        number, text = found if found is not None else (-1, data)
        facility, severity = (_FACILITIES[number >> 3], _SEVERITIES[number & 7]) if number >= 0 else (_UNSPECIFIED,) * 2
        connection.confirm(SERVICE)
        rows.add(
            "syslog",
            connection,
            message.ts,
            message.record,
            proto=connection.proto,
            facility=facility,
            severity=severity,
            message=printable(text),
        )
