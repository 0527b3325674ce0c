"""NTP into table ntp: a row per message that tells the time.

Sources: RFC 5905 (NTP), RFC 8633 (control and private messages, of which only the mode is told).
"""

from __future__ import annotations

import socket
import struct
from typing import Any

from wardround.wire.connection import Connection, Datagram, Malformed, Rows
from wardround.wire.framing import heads
from wardround.wire.printable import printable

SERVICE = "ntp"
TCP_FIRST = b""
UDP_FIRST = b""
ASKED_ON = (123,)

_PORT = 123
_HEADER = struct.Struct("!BBbbIII8s8s8s8s")
_SIZE = _HEADER.size

#: Seconds from 1900, where NTP begins, to 1970, and how long an era of NTP is.
_EPOCH, _ERA = 2_208_988_800, 1 << 32

_CONTROL, _PRIVATE = 6, 7
_MAX_EXTENSIONS = 16


def sniff(connection: Connection) -> bool:
    """A message of NTP's size, version and mode to or from its port."""
    if connection.proto != "udp" or _PORT not in (connection.orig_p, connection.resp_p):
        return False
    return any(_plausible(data) for data in heads(connection))


def _plausible(data: bytes) -> bool:
    if len(data) < 4:
        return False
    version, mode = data[0] >> 3 & 7, data[0] & 7
    if mode in (_CONTROL, _PRIVATE):
        return 1 <= version <= 4
    return 1 <= version <= 4 and mode > 0 and len(data) >= _SIZE


def _time(stamp: bytes) -> int | None:
    """A time stamp in ns since 1970 UTC; of two eras the one that is nearer to today. None when it is zero."""
    seconds, fraction = int.from_bytes(stamp[:4], "big"), int.from_bytes(stamp[4:], "big")
    if not seconds and not fraction:
        return None
    if seconds < 1 << 31:
        seconds += _ERA
    return (seconds - _EPOCH) * 1_000_000_000 + (fraction * 1_000_000_000 >> 32)


def _reference(stratum: int, word: int, version: int) -> str | None:
    """The reference clock: its name for a primary server, the address of the server above for others."""
    data = word.to_bytes(4, "big")
    if stratum <= 1:
        return printable(data.rstrip(b"\0")) or None
    return socket.inet_ntop(socket.AF_INET, data) if version < 4 or word else None


def _extensions(data: bytes) -> int:
    """How many extension fields follow the header."""
    count, at = 0, _SIZE
    while len(data) - at > 24 and count < _MAX_EXTENSIONS:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 16 or size % 4 or at + size > len(data):
            break
        count += 1
        at += size
    return count


def _columns(datagram: Datagram) -> dict[str, Any]:
    data = datagram.data
    if not _plausible(data):
        raise Malformed("ntp_bad_message")
    version, mode = data[0] >> 3 & 7, data[0] & 7
    if mode in (_CONTROL, _PRIVATE):
        return {"version": version, "mode": mode}
    _, stratum, poll, precision, delay, dispersion, reference, *stamps = _HEADER.unpack_from(data)
    names = ("ref_time", "org_time", "rec_time", "xmt_time")
    return {
        "version": version,
        "mode": mode,
        "stratum": stratum,
        "poll": 2.0**poll,
        "precision": 2.0**precision,
        "root_delay": delay / 65_536,
        "root_disp": dispersion / 65_536,
        "ref_id": _reference(stratum, reference, version),
        "num_exts": _extensions(data),
        **{name: _time(stamp) for name, stamp in zip(names, stamps, strict=True)},
    }


def parse(connection: Connection, rows: Rows) -> None:
    """A row per message."""
    for datagram in connection.datagrams:
        try:
            columns = _columns(datagram)
        except Malformed as problem:
            rows.weird(connection, problem.name, problem.detail, ts=datagram.ts, record=datagram.record)
            continue
        connection.confirm(SERVICE)
        rows.add("ntp", connection, datagram.ts, datagram.record, **columns)
