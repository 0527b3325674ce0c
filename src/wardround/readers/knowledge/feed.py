"""What all readers of knowledge share: the row about the list itself, and rows about vulnerabilities and versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wardround.errors import ReaderError
from wardround.readers.base import Sink
from wardround.readers.batches import Batches
from wardround.readers.json_members import Member, mapping

_BOUND = re.compile(r"(<=|>=|<|>|=)?\s*v?(\d[^\s|<>=,]*|[A-Za-z]{1,3}\d[\w.]*)\s*$")


@dataclass(frozen=True, slots=True)
class Versions:
    """A range of versions: from (None: the very first) to (None: all later ones), or as written where it is neither."""

    first: str | None = None
    last: str | None = None
    last_excluded: bool = False
    written: str | None = None


class Feed:
    """The rows of one list."""

    def __init__(self, kind: str, sink: Sink) -> None:
        self.kind = kind
        self.batches = Batches(sink)
        self.title = ""
        self.version = ""
        self.date: int | None = None
        self.entries = 0

    def vulnerability(self, record: int, published: int | None, versions: Versions | None = None, **columns: Any) -> None:
        """Add a row of ``vulnerability``; ``published`` in ns."""
        found = versions or Versions()
        self.batches.add(
            "vulnerability",
            ts_zone="none",
            published=published,
            record=record,
            source=self.kind,
            version_from=found.first,
            version_to=found.last,
            to_excluded=found.last_excluded if found.last else None,
            versions=found.written,
            **columns,
        )

    def close(self) -> None:
        """Write the row of ``feed`` and what is left."""
        self.batches.add(
            "feed",
            ts_zone="none",
            date=self.date,
            record=0,
            kind=self.kind,
            title=self.title,
            version=self.version,
            entries=self.entries,
        )
        self.batches.close()

    def values(self, found: Iterator[Member], keys: tuple[str, ...]) -> Iterator[tuple[Member, Any]]:
        """The members of those keys with their values; one that is no JSON is a diagnostic."""
        for member in found:
            if member.key not in keys:
                continue
            try:
                yield member, member.value()
            except ReaderError as error:
                self.batches.sink.diagnose(error.code, str(error), error.offset)


def worst_score(metrics: Any) -> tuple[float | None, str]:
    """The highest CVSS base score in a structure of scores, whatever its version, and its severity in lower case."""
    best: float | None = None
    severity = ""
    pending, seen = [metrics], 0
    while pending and seen < 500:
        seen += 1
        item = pending.pop()
        if isinstance(item, list):
            pending += item
            continue
        values = mapping(item)
        score = values.get("baseScore")
        if (
            isinstance(score, int | float)
            and not isinstance(score, bool)
            and 0 <= score <= 10
            and (best is None or score > best)
        ):
            best, severity = float(score), str(values.get("baseSeverity") or "").lower()
        pending += [inner for inner in values.values() if isinstance(inner, dict | list)]
    return best, severity


def written_range(text: str) -> Versions:
    """A range in the notations of advisories (``>= 1.0 | <= 2.3``, ``< 4.4.1``, ``vers:all/*``, ``2.1``)."""
    plain = text.strip()
    if plain.lower() in ("", "*", "vers:all/*", "all versions", "all", "-"):
        return Versions(written=None)
    first = last = None
    excluded = False
    for part in plain.removeprefix("vers:generic/").split("|"):
        found = _BOUND.match(part.strip())
        if not found or (found[1] == ">" and first) or (found[1] in ("<", "<=") and last):
            return Versions(written=plain)
        if found[1] in (">=", ">"):
            first = found[2]
        elif found[1] in ("<", "<="):
            last, excluded = found[2], found[1] == "<"
        elif first or last or "|" in plain:
            return Versions(written=plain)
        else:
            first = last = found[2]
    return Versions(first, last, excluded)
