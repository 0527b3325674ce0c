"""Google's QUIC before the IETF's (versions Q024 to Q050): recognised, and the name of the server where it is in clear.

Source: Google's "QUIC Crypto" and "QUIC wire specification" documents; the hello is a message of tags and values.
"""

from __future__ import annotations

from typing import Any

from wardround.wire.connection import Connection, Rows
from wardround.wire.tls_hello import text

#: Tags of one message that are read.
_MAX_TAGS = 256


def _version(data: bytes) -> tuple[str, int] | None:
    """The version that a client's first packet tells and where it ends, None when it is no such packet."""
    if len(data) < 16:
        return None
    if data[0] & 0xC0 == 0xC0:  # Q044 to Q050 have the long header of the IETF
        at = 1
    elif data[0] & 0x09 == 0x09 and not data[0] & 0xC2:  # a version and a connection id of eight bytes
        at = 9
    else:
        return None
    version = data[at : at + 4]
    if version[:1] != b"Q" or not version[1:].isdigit():
        return None
    return version.decode("ascii"), at + 4


def sniff(data: bytes) -> bool:
    """Whether a datagram is the first packet of a client of these versions."""
    return _version(data) is not None


def parse(connection: Connection, rows: Rows) -> None:
    """Write a row of quic for the connection."""
    first = connection.datagrams[0]
    found = _version(first.data)
    if found is None:
        return
    tags = _hello(first.data[found[1] :])
    columns: dict[str, Any] = {"version": found[0], "history": "I" if first.from_orig else "i"}
    if b"SNI\0" in tags:
        columns["server_name"] = text(tags[b"SNI\0"])
    rows.add("quic", connection, first.ts, first.record, **columns)


def _hello(data: bytes) -> dict[bytes, bytes]:
    """The tags of the client's hello, empty when it is not in clear."""
    start = data.find(b"CHLO")
    if start < 0 or start + 8 > len(data):
        return {}
    count = int.from_bytes(data[start + 4 : start + 6], "little")
    body = start + 8 + 8 * count
    if count > _MAX_TAGS or body > len(data):
        return {}
    tags: dict[bytes, bytes] = {}
    begin = 0
    for at in range(start + 8, body, 8):
        end = int.from_bytes(data[at + 4 : at + 8], "little")
        if end < begin:
            break
        tags[data[at : at + 4]] = data[body + begin : body + end]
        begin = end
    return tags
