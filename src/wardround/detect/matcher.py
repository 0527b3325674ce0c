"""The matcher that the rest of wardround uses: columnar, and on demand checked against the naive one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.detect.rule import Rule


@dataclass(frozen=True, slots=True)
class Matches:
    """Which rule matched which row: two arrays of equal length, sorted by rule, then row.

    ``rule`` (int32) indexes the rules given to the matcher, ``row`` (int64) the rows of the table given to ``match``.
    """

    rule: NDArray[np.int32]
    row: NDArray[np.int64]


class Matcher:
    """All rules compiled together; safe to use for any number of batches, from one thread at a time."""

    def __init__(self, rules: Sequence[Rule], *, paranoid: bool = False) -> None:
        self.rules = tuple(rules)
        self.paranoid = paranoid

    def match(self, table: str, rows: pa.Table) -> Matches:
        """Match every rule whose log source may be in ``table`` on a batch of its rows."""
        raise NotImplementedError

    def assessed(self, table: str, rows: pa.Table) -> NDArray[Any]:
        """One bool per rule: its log source selects at least one of these rows."""
        raise NotImplementedError
