"""Packets and captures written byte by byte, and the tables that come of them."""

from __future__ import annotations

import ipaddress
import struct
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from wardround import store
from wardround.wire.engine import Engine, Limits

SECOND = 1_000_000_000
CLIENT, SERVER = "192.0.2.1", "198.51.100.2"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ethernet(body: bytes, kind: int | None = None, tags: tuple[int, ...] = ()) -> bytes:
    if kind is None:
        kind = 0x86DD if body[0] >> 4 == 6 else 0x0800
    vlan = b"".join(struct.pack("!HH", 0x8100, tag) for tag in tags)
    return b"\x02\0\0\0\0\x02" + b"\x02\0\0\0\0\x01" + vlan + struct.pack("!H", kind) + body


def ip(source: str, target: str, protocol: int, body: bytes, *, number: int = 1, fragment: int = 0) -> bytes:
    a, b = ipaddress.ip_address(source).packed, ipaddress.ip_address(target).packed
    if len(a) == 4:
        return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, fragment, 64, protocol, 0) + a + b + body
    return struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + a + b + body


def tcp(source: int, target: int, seq: int, ack: int, flags: int, body: bytes = b"", window: int = 8192) -> bytes:
    return struct.pack("!HHIIBBHHH", source, target, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 5 << 4, flags, window, 0, 0) + body


def udp(source: int, target: int, body: bytes) -> bytes:
    return struct.pack("!HHHH", source, target, 8 + len(body), 0) + body


def icmp(kind: int, code: int, body: bytes = b"\0" * 4) -> bytes:
    return struct.pack("!BBH", kind, code, 0) + body


def pcap(frames: list[tuple[int, bytes]], *, link: int = 1, order: str = "<", nano: bool = True) -> bytes:
    """A capture of frames with their times in ns."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for ts, frame in frames:
        fraction = ts % SECOND // (1 if nano else 1000)
        parts.append(struct.pack(order + "IIII", ts // SECOND, fraction, len(frame), len(frame)) + frame)
    return b"".join(parts)


@dataclass
class Talk:
    """A TCP conversation under construction: each call is one packet, a millisecond after the one before."""

    client: tuple[str, int] = (CLIENT, 50000)
    server: tuple[str, int] = (SERVER, 11112)
    ts: int = 1_700_000_000 * SECOND
    first: tuple[int, int] = (1000, 9000)
    frames: list[tuple[int, bytes]] = field(default_factory=list)

    def send(
        self, up: bool, flags: int, body: bytes = b"", *, at: int = 0, ack: int = 0, after: int = 1_000_000, window: int = 8192
    ) -> Talk:
        """A packet of the client (``up``) or the server; ``at`` and ``ack`` are relative to the two SYNs."""
        (source, target), base = (
            ((self.client, self.server), self.first) if up else ((self.server, self.client), self.first[::-1])
        )
        self.ts += after
        segment = tcp(source[1], target[1], base[0] + at, base[1] + ack if flags & ACK else 0, flags, body, window)
        self.frames.append((self.ts, ethernet(ip(source[0], target[0], 6, segment))))
        return self

    def open(self) -> Talk:
        return self.send(True, SYN).send(False, SYN | ACK, ack=1).send(True, ACK, at=1, ack=1)

    def close(self, up: int = 1, down: int = 1) -> Talk:
        self.send(True, FIN | ACK, at=up, ack=down).send(False, FIN | ACK, at=down, ack=up + 1)
        return self.send(True, ACK, at=up + 1, ack=down + 1)


class Tables:
    """A sink that keeps rows as dictionaries, checked against the schema, and diagnostics by code."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.codes: list[str] = []

    def write(self, table: str, rows: pa.Table) -> None:
        conformed = store.conform(table, rows, "e1")
        conformed.validate(full=True)
        self.rows[table] += conformed.to_pylist()

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.codes.append(code)


def read(data: bytes, *, shard: int = 0, shards: int = 1, limits: Limits | None = None) -> Tables:
    """The tables of a capture."""
    tables = Tables()
    Engine(np.frombuffer(data, np.uint8), tables, shard=shard, shards=shards, limits=limits or SMALL).run()
    return tables


#: Small enough for a test to be quick.
SMALL = Limits(flows=1024, segments=8192)


def conn(frames: list[tuple[int, bytes]]) -> dict[str, Any]:
    """The only connection of some frames."""
    (row,) = read(pcap(frames)).rows["conn"]
    return row
