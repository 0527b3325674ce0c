"""A cursor over bytes that never reads past their end."""

from __future__ import annotations

from wardround.wire.connection import Malformed


class Octets:
    """Bytes read from front to back; reading more than there is raises Malformed under the name given."""

    __slots__ = ("at", "data", "problem")

    def __init__(self, data: bytes, problem: str) -> None:
        self.data = data
        self.at = 0
        self.problem = problem

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        at = self.at
        end = at + count
        if count < 0 or end > len(self.data):
            raise Malformed(self.problem, f"{count} bytes expected, {self.left} left")
        self.at = end
        return self.data[at:end]

    def number(self, size: int, *, little: bool = False) -> int:
        """The next ``size`` bytes as an unsigned number, big-endian unless ``little``."""
        at, data = self.at, self.data
        end = at + size
        if end > len(data):
            self.take(size)  # tells what is missing
        self.at = end
        return data[at] if size == 1 else int.from_bytes(data[at:end], "little" if little else "big")

    def vector(self, size: int) -> bytes:
        """Bytes preceded by their length, itself a number of ``size`` bytes."""
        return self.take(self.number(size))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.left)
