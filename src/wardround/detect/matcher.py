"""The matcher that the rest of wardround uses: columnar, and on demand checked against the naive one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.detect.columnar import ColumnarMatcher
from wardround.detect.naive import NaiveMatcher
from wardround.detect.rule import Rule
from wardround.errors import WardroundError


class DisagreementError(WardroundError):
    """The two matchers do not agree: a defect of wardround, found by ``--paranoid``."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Which rule matched which row: two arrays of equal length, sorted by rule, then row.

    ``rule`` (int32) indexes the rules given to the matcher, ``row`` (int64) the rows of the table given to ``match``.
    ``assessed`` says of every rule whether its log source selects at least one of the rows, as :meth:`Matcher.assessed`.
    """

    rule: NDArray[np.int32]
    row: NDArray[np.int64]
    assessed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rule)


class Matcher:
    """All rules compiled together; to be used for any number of batches, by one thread at a time.

    ``paranoid`` runs the naive matcher beside the columnar one and raises DisagreementError when they differ.
    """

    def __init__(self, rules: Sequence[Rule], *, paranoid: bool = False) -> None:
        self.rules = tuple(rules)
        self._columnar = ColumnarMatcher(self.rules)
        self._naive = NaiveMatcher(self.rules) if paranoid else None

    def match(self, table: str, rows: pa.Table) -> Matches:
        """Match every rule whose log source may be in ``table`` on a batch of its rows."""
        matches = Matches(*self._columnar.match(table, rows))
        if self._naive is not None:
            self._compare(table, rows, matches, self._naive)
        return matches

    def assessed(self, table: str, rows: pa.Table) -> NDArray[np.bool_]:
        """One bool per rule: its log source selects at least one of these rows. Comes with ``match`` at no cost."""
        return self._columnar.assessed(table, rows)

    def _compare(self, table: str, rows: pa.Table, matches: Matches, naive: NaiveMatcher) -> None:
        expected = set(naive.match(table, rows.to_pylist()))
        differing = sorted(expected.symmetric_difference(zip(matches.rule.tolist(), matches.row.tolist(), strict=True)))
        if differing:
            rule, row = differing[0]
            who = "naive" if (rule, row) in expected else "columnar"
            raise DisagreementError(
                f"{len(differing)} differences; the first: only the {who} matcher finds rule {self.rules[rule].id} "
                f"({self.rules[rule].path}) in row {row} of table {table}"
            )
