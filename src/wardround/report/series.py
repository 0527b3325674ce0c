"""A folder of rounds of one site: which is the latest, and what all of them say in figures.

Every round that was compared with an earlier one carries the figures of those before it, so that few documents are read.
"""

from __future__ import annotations

import re
from pathlib import Path

from wardround.errors import UserError
from wardround.report.changes import in_order, summary
from wardround.report.changes_document import RoundSummary
from wardround.report.document import ResultDocument, from_json

#: A series longer than this is told by its latest rounds.
LONGEST = 60

_CREATED = re.compile(rb'"created": ?"(\d{4}-\d{2}-\d{2}T[0-9:.]{8,18}Z)"')
_HEAD = 4096


def rounds_in(directory: Path) -> list[tuple[str, Path]]:
    """The rounds in a folder with the time of their making, the earliest first; raises UserError when it cannot be read."""
    try:
        paths = [path for path in directory.iterdir() if (path / "round.json").is_file()]
        dated = []
        for path in paths:
            with (path / "round.json").open("rb") as file:
                head = file.read(_HEAD)
            if found := _CREATED.search(head):
                dated.append((found[1].decode(), path))
    except OSError as error:
        raise UserError.of_file(directory, error) from error
    return sorted(dated)


def so_far(previous: ResultDocument | None, directory: Path | None) -> list[RoundSummary]:
    """The figures of the rounds before: those that ``previous`` carries, itself, and others in the folder."""
    told = {row.created: row for row in (previous.rounds if previous else ())}
    if previous is not None:
        told.setdefault(previous.created, summary(previous))
    for created, path in rounds_in(directory)[-LONGEST:] if directory else ():
        if created not in told:
            try:
                document = from_json((path / "round.json").read_bytes())
            except (OSError, UserError):
                continue  # a round of another version: it has no figures that could be drawn
            told[document.created] = summary(document)
    return in_order(list(told.values()))[-LONGEST:]
