"""Packets put together from fragments: they are in no place of the capture, so the latest of them are kept in memory."""

from __future__ import annotations

#: Bytes that are kept at the least; twice as many are held at the most.
KEPT = 16 << 20


class Reassembled:
    """A tape: what is put on it gets a position that stays valid until :data:`KEPT` further bytes have come.

    ``lost`` counts readings of what was gone by then.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._gone = 0
        self.lost = 0

    def add(self, data: bytes) -> int:
        """Keep ``data``; gives its position."""
        if len(self._bytes) + len(data) > 2 * KEPT:
            cut = len(self._bytes) - KEPT
            del self._bytes[:cut]
            self._gone += cut
        self._bytes += data
        return self._gone + len(self._bytes) - len(data)

    def read(self, position: int, length: int) -> bytes:
        """``length`` bytes at a position; empty when they have gone."""
        at = position - self._gone
        if at < 0:
            self.lost += 1
            return b""
        return bytes(self._bytes[at : at + length])
