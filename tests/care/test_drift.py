"""The archives of two rounds compared by tokens, and the dates of their lists of flaws."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wardround import schema
from wardround.care import drift
from wardround.errors import UserError

Row = tuple[str | None, str | None, str | None, bool, str | None]


def files(directory: Path, *parts: list[Row]) -> Path:
    (directory / "tables").mkdir(parents=True, exist_ok=True)
    for number, rows in enumerate(parts):
        names = ("instance_token", "study_token", "pixel_digest", "readable", "implementation_name")
        columns = {name: pa.array([row[place] for row in rows]) for place, name in enumerate(names)}
        empty = schema.tables()["dicom_file"].arrow()
        table = pa.table({field.name: columns.get(field.name, pa.nulls(len(rows), field.type)) for field in empty}).cast(empty)
        name = f"dicom_file-{number}" if len(parts) > 1 else "dicom_file"
        pq.write_table(table, directory / "tables" / f"{name}.parquet")
    return directory


def test_images_are_matched_by_token_across_files_and_repeats(tmp_path: Path) -> None:
    old = files(tmp_path / "old", [("a", "s", "1", True, "X"), ("b", "s", "2", True, "X")], [("c", "t", None, False, None)])
    new = files(
        tmp_path / "new",
        [("b", "s", "2", True, "X"), ("b", "s", "2", True, "X"), ("c", "t", "9", True, "Y"), ("d", "u", "3", True, None)],
    )
    told = drift.archive(old, new)
    assert told == drift.Archive((3, 4), (2, 3), (1, 0), kept=2, gone=1, appeared=1, altered=0, programs_appeared=("Y",))
    assert told.comparable


def test_other_pixels_under_the_same_uid_are_an_alteration(tmp_path: Path) -> None:
    old = files(tmp_path / "old", [("a", "s", "1", True, None)])
    new = files(tmp_path / "new", [("a", "s", "2", True, None)])
    told = drift.archive(old, new)
    assert told is not None
    assert (told.kept, told.altered) == (1, 1)


def test_rounds_with_other_keys_have_nothing_in_common_and_lose_nothing(tmp_path: Path) -> None:
    old = files(tmp_path / "old", [("a", "s", "1", True, None)])
    new = files(tmp_path / "new", [("z", "y", "1", True, None)])
    told = drift.archive(old, new)
    assert told is not None
    assert not told.comparable


def test_without_dicom_files_on_both_sides_there_is_no_comparison(tmp_path: Path) -> None:
    old = files(tmp_path / "old", [("a", "s", "1", True, None)])
    (tmp_path / "new" / "tables").mkdir(parents=True)
    assert drift.archive(old, tmp_path / "new") is None
    assert drift.knowledge_dates(old) == {}


def test_a_damaged_table_is_one_line(tmp_path: Path) -> None:
    old = files(tmp_path / "old", [("a", "s", "1", True, None)])
    new = files(tmp_path / "new", [("a", "s", "1", True, None)])
    (new / "tables" / "dicom_file.parquet").write_bytes(b"PAR1 no parquet PAR1")
    with pytest.raises(UserError) as refused:
        drift.archive(old, new)
    assert "\n" not in str(refused.value)


def test_the_youngest_list_of_each_kind_is_dated(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    wanted = schema.tables()["feed"].arrow()
    day = 86_400_000_000_000
    values = {"kind": ["kev", "kev", "nvd"], "date": pa.array([20_000 * day, 20_001 * day, None], pa.timestamp("ns", "UTC"))}
    rows = pa.table({field.name: values.get(field.name, pa.nulls(3, field.type)) for field in wanted}).cast(wanted)
    pq.write_table(rows, tmp_path / "tables" / "feed.parquet")
    assert drift.knowledge_dates(tmp_path) == {"kev": "2024-10-05T00:00:00Z", "nvd": None}
