"""Where the events of a Sigma log source are: table, row condition, and the columns that hold its fields."""

from __future__ import annotations

from dataclasses import dataclass, field

from wardround.detect.rule import Condition, LogSource


@dataclass(frozen=True, slots=True)
class Source:
    """One place where the events of a log source are.

    ``where`` selects the rows of ``table`` (None: all of them). ``columns`` maps a field to the columns that hold it; a
    field that is not in it stands for the column of its own name.
    """

    table: str
    where: Condition | None = None
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)


def sources_of(logsource: LogSource) -> tuple[Source, ...]:
    """Every place where events of this log source may be; empty when no table holds them."""
    raise NotImplementedError


def columns_for(logsource: LogSource, table: str, field_name: str) -> tuple[str, ...]:
    """The columns of ``table`` that hold a field of the log source, best first; the field's own name when unmapped."""
    raise NotImplementedError
