"""Compares the tables of two rounds where the result documents do not say enough: DICOM files, and lists of known flaws.

Images are compared by the tokens that stand for their UIDs, so that no identifier is needed; tokens of two machines with
different keys have none in common, which is told and never taken for a loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from wardround.errors import UserError

_MEMORY = "256MB"


@dataclass(frozen=True, slots=True)
class Archive:
    """DICOM files of two rounds: files, studies and unreadable files of each, and images (by token) of both together."""

    files: tuple[int, int]
    studies: tuple[int, int]
    unreadable: tuple[int, int]
    kept: int
    gone: int
    appeared: int
    altered: int
    programs_appeared: tuple[str, ...]

    @property
    def comparable(self) -> bool:
        """Whether the rounds have images in common, or one of them has none to compare."""
        return self.kept > 0 or not (self.gone and self.appeared)


def archive(old: Path, new: Path) -> Archive | None:
    """The DICOM files of two round directories; None when one has none. Raises UserError when tables cannot be read."""
    files = [_files(directory, "dicom_file") for directory in (old, new)]
    if not all(files):
        return None
    with duckdb.connect(config={"memory_limit": _MEMORY, "threads": 2}) as connection:
        try:
            for name, paths in zip(("old", "new"), files, strict=True):
                duckdb.read_parquet(paths, union_by_name=True, connection=connection).create_view(f"{name}_files")
            counts = [
                connection.execute(_COUNTS.format(view=f"{name}_files")).fetchone() or (0, 0, 0) for name in ("old", "new")
            ]
            images = connection.execute(_IMAGES).fetchone() or (0, 0, 0, 0)
            programs = connection.execute(_NEW_PROGRAMS).fetchall()
        except duckdb.Error as error:
            raise UserError(
                f"{old}, {new}: their DICOM files cannot be compared: {_line(error)}",
                f"{old}, {new}\u00a0: leurs fichiers DICOM ne peuvent pas être comparés\u00a0: {_line(error)}",
            ) from error
    return Archive(
        files=(counts[0][0], counts[1][0]),
        studies=(counts[0][1], counts[1][1]),
        unreadable=(counts[0][2], counts[1][2]),
        kept=images[0],
        gone=images[1],
        appeared=images[2],
        altered=images[3],
        programs_appeared=tuple(row[0] for row in programs),
    )


def knowledge_dates(directory: Path) -> dict[str, str | None]:
    """The date of the youngest list of known flaws per kind in a round directory, as ISO 8601 text; None without a date."""
    paths = _files(directory, "feed")
    if not paths:
        return {}
    with duckdb.connect(config={"memory_limit": _MEMORY, "threads": 1}) as connection:
        try:
            duckdb.read_parquet(paths, union_by_name=True, connection=connection).create_view("feeds")
            rows = connection.execute("SELECT kind, max(date) FROM feeds GROUP BY kind ORDER BY kind").fetchall()
        except duckdb.Error as error:
            raise UserError(
                f"{directory}: its lists of flaws cannot be read: {_line(error)}",
                f"{directory}\u00a0: ses listes de failles ne peuvent pas être lues\u00a0: {_line(error)}",
            ) from error
    return {
        kind: datetime.fromtimestamp(date / 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if date is not None else None
        for kind, date in rows
    }


def _files(directory: Path, table: str) -> list[str]:
    tables = directory / "tables"
    return [str(path) for path in sorted({*tables.glob(f"{table}.parquet"), *tables.glob(f"{table}-*.parquet")})]


def _line(error: duckdb.Error) -> str:
    return " ".join(str(error).split())[:200]


_COUNTS = "SELECT count(*), count(DISTINCT study_token), count(*) FILTER (NOT readable) FROM {view}"

_IMAGES = """
WITH was AS (SELECT instance_token AS image, min(pixel_digest) AS pixels FROM old_files
             WHERE instance_token IS NOT NULL GROUP BY instance_token),
     now AS (SELECT instance_token AS image, min(pixel_digest) AS pixels FROM new_files
             WHERE instance_token IS NOT NULL GROUP BY instance_token)
SELECT count(*) FILTER (was.image IS NOT NULL AND now.image IS NOT NULL),
       count(*) FILTER (now.image IS NULL),
       count(*) FILTER (was.image IS NULL),
       count(*) FILTER (was.pixels <> now.pixels)
FROM was FULL JOIN now ON was.image = now.image
"""

_NEW_PROGRAMS = """
SELECT DISTINCT implementation_name FROM new_files
WHERE implementation_name IS NOT NULL
  AND implementation_name NOT IN (SELECT implementation_name FROM old_files WHERE implementation_name IS NOT NULL)
ORDER BY implementation_name LIMIT 50
"""
