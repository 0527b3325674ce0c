"""Every detection that comes with wardround is well written and passes the cases in its file."""

from __future__ import annotations

from pathlib import Path

import pytest

import wardround
from wardround.detect import detection, testing
from wardround.detect.lint import lint

FILES = testing.files_of([str(Path(wardround.__file__).parent / "detections")])


def test_all_are_shipped_under_names_of_their_own() -> None:
    shipped = detection.shipped()
    assert sorted(item.name for item in shipped) == sorted(path.stem for path in FILES)
    assert len({item.id for item in shipped}) == len(shipped) > 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_is_well_written(path: Path) -> None:
    assert lint(detection.load_path(path)) == []


CASES = [(item, index) for path in FILES for item in [detection.load_path(path)] for index in range(len(item.tests))]


@pytest.mark.parametrize(
    ("item", "index"), CASES, ids=[f"{item.name}: {item.tests[index].get('name')}" for item, index in CASES]
)
def test_case(item: detection.Detection, index: int) -> None:
    assert testing.run_case(item, testing.cases_of(item)[index]) == []
