"""The kept catalogue says what the detection files say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import zstandard

from wardround.detect import detection
from wardround.detect.catalogue import catalogue


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    catalogue.cache_clear()


def _expected() -> tuple[detection.Detection, ...]:
    return tuple(replace(item, tests=()) for item in detection.shipped())


def test_first_and_later_runs_give_what_the_files_say(tmp_path: Path) -> None:
    first = catalogue(tmp_path)
    catalogue.cache_clear()
    kept = list(tmp_path.iterdir())
    second = catalogue(tmp_path)
    assert first == second == _expected()
    assert len(kept) == 1
    assert kept == list(tmp_path.iterdir())


def test_later_runs_do_not_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(tmp_path)
    catalogue.cache_clear()

    def refuse(*_: object) -> object:
        raise AssertionError("parsed again")

    monkeypatch.setattr(detection, "documents", refuse)
    monkeypatch.setattr(detection, "sigma_part", refuse)
    assert catalogue(tmp_path) == _expected()


@pytest.mark.parametrize("damage", ["empty", "noise", "other", "incomplete"])
def test_a_damaged_file_is_read_again(tmp_path: Path, damage: str) -> None:
    catalogue(tmp_path)
    (kept,) = tmp_path.iterdir()
    data = orjson.loads(zstandard.ZstdDecompressor().decompress(kept.read_bytes()))
    data[0]["documents"][-1].pop("title")
    incomplete = zstandard.ZstdCompressor().compress(orjson.dumps(data))
    wrong = {"empty": b"", "noise": b"\x28\xb5\x2f\xfdrubbish", "other": zstandard.ZstdCompressor().compress(b"[1]")}
    kept.write_bytes(wrong.get(damage, incomplete))
    catalogue.cache_clear()
    assert catalogue(tmp_path) == _expected()
