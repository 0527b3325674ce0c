"""Syslog over UDP into table syslog: a row per message.

Sources: RFC 3164 and 5424. A message without priority is shown as it is, its facility and severity UNSPECIFIED.
"""

from __future__ import annotations

from wardround.wire.connection import Connection, Rows
from wardround.wire.framing import heads
from wardround.wire.printable import printable

SERVICE = "syslog"

_PORT = 514

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
    if connection.proto != "udp":
        return False
    first, _ = heads(connection, 64)
    found = _priority(first)
    if found is not None:
        return all(code >= 32 or code in b"\t\r\n\0" for code in found[1])
    return connection.resp_p == _PORT and bool(first)


def parse(connection: Connection, rows: Rows) -> None:
    """A row per message."""
    for datagram in connection.datagrams:
        found = _priority(datagram.data)
        number, text = found if found is not None else (-1, datagram.data)
        facility, severity = (_FACILITIES[number >> 3], _SEVERITIES[number & 7]) if number >= 0 else (_UNSPECIFIED,) * 2
        connection.confirm(SERVICE)
        rows.add(
            "syslog",
            connection,
            datagram.ts,
            datagram.record,
            proto=connection.proto,
            facility=facility,
            severity=severity,
            message=printable(text),
        )
