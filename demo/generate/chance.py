"""Reproducible chance: the same seed gives the same day on every machine and with every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Chance:
    """One stream of chance, named after what it is used for, so that a change to one part of the day moves no other.

    Only ``random.Random.random`` is built upon: it is the one method that Python promises to keep the same.
    """

    def __init__(self, name: str) -> None:
        self._random = random.Random(f"wardround demo: {name}")

    def share(self) -> float:
        """A number from 0 up to, not including, 1."""
        return self._random.random()

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self.share() * (high - low + 1))

    def skewed(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``; small ones are much more frequent, as sizes and durations are."""
        return low + int(self.share() ** 4 * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, all as likely."""
        return items[int(self.share() * len(items))]

    def letters(self, count: int) -> str:
        """Letters and digits."""
        return "".join(self.pick(_LETTERS) for _ in range(count))

    def name(self, count: int) -> str:
        """Letters only, as tools invent names."""
        return "".join(self.pick(_LETTERS[:52]) for _ in range(count))

    def hexadecimal(self, count: int) -> str:
        """Lower-case hexadecimal digits."""
        return "".join(self.pick("0123456789abcdef") for _ in range(count))

    def guid(self) -> str:
        """A GUID without braces, as Windows writes it."""
        digits = self.hexadecimal(32).upper()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def port(self) -> int:
        """A port that a client opens a connection from."""
        return self.whole(49152, 65535)
