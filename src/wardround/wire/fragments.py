"""IP fragments put together, within bounds (RFC 791, RFC 8200; overlaps are decided for whoever came first, and told)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from wardround.wire.capture import PACKET_PLACE, Bytes, Records
from wardround.wire.decode import FRAGMENT, MAX_TUNNELS, OK, PACKET, decode
from wardround.wire.reassembled import Reassembled

#: Incomplete packets held at a time, pieces of one, and bytes of all.
MAX_PACKETS, MAX_PIECES, MAX_BYTES = 4_096, 128, 32 << 20

_Key = tuple[int, ...]

#: Called with Zeek's name of what is odd, the time and the frame.
OnWeird = Callable[[str, int, int], None]


@dataclass(slots=True)
class _Partial:
    """A packet that is not complete: its pieces by offset, its header, and its length once the last piece is there."""

    pieces: dict[int, bytes] = field(default_factory=dict)
    header: bytes = b""
    length: int = -1
    held: int = 0
    top: int = 0


class _Piece(NamedTuple):
    """What is needed of the row of a fragment."""

    ts: int
    frame: int
    src_high: int
    src_low: int
    dst_high: int
    dst_low: int
    version: int
    payload: int
    length: int
    captured: int
    ip_offset: int


class Fragments:
    """Holds fragments until their packet is complete; ``whole`` takes the complete packets."""

    def __init__(self, data: Bytes, whole: Reassembled, on_weird: OnWeird) -> None:
        self._data = memoryview(data.data)
        self._whole = whole
        self._on_weird = on_weird
        self._partial: OrderedDict[_Key, _Partial] = OrderedDict()
        self._held = 0
        self.dropped = 0

    def join(self, packets: Records) -> None:
        """Turn the row of every last missing fragment into that of the whole packet."""
        rows = np.nonzero(packets["status"] == FRAGMENT)[0]
        if not len(rows):
            return
        columns = (packets[name][rows].tolist() for name in _Piece._fields)
        for row, piece in zip(rows.tolist(), map(_Piece, *columns), strict=True):
            whole = self._add(piece)
            if whole:
                self._replace(packets, row, whole)

    def _add(self, piece: _Piece) -> bytes:
        """Keep a fragment; gives the whole packet when it is the last one missing."""
        six = piece.version == 6
        start, size, captured = piece.payload, piece.length, piece.captured
        header = bytes(self._data[piece.ip_offset : start])
        if six:
            tag = bytes(self._data[start : start + 8])
            word, number, following = int.from_bytes(tag[2:4], "big"), int.from_bytes(tag[4:8], "big"), tag[0]
            offset, more = word & 0xFFF8, bool(word & 1)
            start, size, captured = start + 8, size - 8, captured - 8
        else:
            word, number, following = int.from_bytes(header[6:8], "big"), int.from_bytes(header[4:6], "big"), header[9]
            offset, more = (word & 0x1FFF) * 8, bool(word & 0x2000)
        if captured < size or size <= 0:
            self.dropped += 1
            return b""
        if offset + size > 65_535:
            self._on_weird("excessively_large_fragment", piece.ts, piece.frame)
            return b""
        key = (piece.src_high, piece.src_low, piece.dst_high, piece.dst_low, number, following)
        partial = self._partial.setdefault(key, _Partial())
        self._keep(partial, offset, bytes(self._data[start : start + size]), more, piece)
        if offset == 0:
            partial.header = header if not six else header[:6] + bytes([following]) + header[7:40]
        body = _joined(partial)
        if body or len(partial.pieces) > MAX_PIECES:
            self._forget(key)
        else:
            self._bound()
        return _packet(partial.header, body, six) if body else b""

    def _keep(self, partial: _Partial, offset: int, data: bytes, more: bool, piece: _Piece) -> None:
        stop = offset + len(data)
        if offset < partial.top and any(at < stop and offset < at + len(other) for at, other in partial.pieces.items()):
            same = partial.pieces.get(offset) == data
            self._on_weird("fragment_overlap" if same else "fragment_inconsistency", piece.ts, piece.frame)
        if offset not in partial.pieces:
            partial.pieces[offset] = data
            partial.held += len(data)
            partial.top = max(partial.top, stop)
            self._held += len(data)
        if not more and partial.length < 0:
            partial.length = stop

    def _forget(self, key: _Key) -> None:
        self._held -= self._partial.pop(key).held

    def _bound(self) -> None:
        while len(self._partial) > MAX_PACKETS or self._held > MAX_BYTES:
            self._forget(next(iter(self._partial)))
            self.dropped += 1

    def _replace(self, packets: Records, row: int, whole: bytes) -> None:
        data = np.frombuffer(whole, np.uint8)
        places = np.zeros(1, PACKET_PLACE)
        places["captured"] = places["length"] = len(whole)
        places["link"] = 228 if whole[0] >> 4 == 4 else 229
        decoded = np.zeros(MAX_TUNNELS + 1, PACKET)
        decode(data, places, 0, decoded, 0, 1)
        old, new = packets[row].copy(), decoded[0]
        if new["status"] != OK:
            return
        for name in ("ts", "frame", "vlan", "inner_vlan", "src_mac", "dst_mac", "ether_type", "parent", "tunnel"):
            new[name] = old[name]
        new["payload"] = -1 - (self._whole.add(whole) + int(new["payload"]))
        packets[row] = new


def _joined(partial: _Partial) -> bytes:
    """The payload when no piece is missing, else nothing."""
    if partial.length < 0 or not partial.header or partial.held < partial.length:
        return b""
    body = bytearray()
    for offset in sorted(partial.pieces):
        if offset > len(body):
            return b""
        body += partial.pieces[offset][len(body) - offset :]
    return bytes(body[: partial.length]) if len(body) >= partial.length else b""


def _packet(header: bytes, body: bytes, six: bool) -> bytes:
    """A whole IP packet from the header of its first fragment."""
    if six:
        return header[:4] + len(body).to_bytes(2, "big") + header[6:] + body if len(header) == 40 else b""
    total = len(header) + len(body)
    return header[:2] + total.to_bytes(2, "big") + header[4:6] + b"\0\0" + header[8:] + body if total <= 65_535 else b""
