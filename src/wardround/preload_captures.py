"""What worker processes share besides where there may be a capture: kernels and parsers, loaded by reading one packet."""

from __future__ import annotations

import struct
from contextlib import suppress

import numpy as np
import pyarrow as pa

from wardround import preload
from wardround.wire.engine import Engine

#: A capture in pcap: one Ethernet frame, an empty question of DNS over UDP between addresses for documentation (RFC 5737).
_QUESTION = struct.pack("!6H", 1, 0, 0, 0, 0, 0)
_DATAGRAM = struct.pack("!4H", 50_000, 53, 8 + len(_QUESTION), 0) + _QUESTION
_PACKET = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(_DATAGRAM), 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2") + _DATAGRAM
_FRAME = bytes(12) + b"\x08\0" + _PACKET
CAPTURE = (
    struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + struct.pack("<4I", 0, 0, len(_FRAME), len(_FRAME)) + _FRAME
)


class _Nowhere:
    """Takes rows and diagnostics and keeps none."""

    def write(self, table: str, rows: pa.RecordBatch) -> None:
        """Rows of a table."""

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """What is wrong with the evidence."""


with suppress(Exception):  # the boundary: what is wrong with the kernels, the worker that needs them will tell of its evidence
    Engine(np.frombuffer(CAPTURE, np.uint8), _Nowhere()).run()

__all__ = ["CAPTURE", "preload"]
