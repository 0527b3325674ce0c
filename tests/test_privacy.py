"""Tokens stand for patients: equal for equal values, different with another key, and the key is kept apart."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from wardround import privacy


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WARDROUND_STATE", str(tmp_path / "state"))
    privacy.key.cache_clear()
    yield tmp_path / "state"
    privacy.key.cache_clear()


def test_equal_values_have_equal_tokens() -> None:
    assert privacy.token("patient", " 0042 ") == privacy.token("patient", "0042")
    assert privacy.token("name", "DOE^JANE^^^") == privacy.token("name", "Doe^Jane")


def test_kinds_and_values_are_told_apart() -> None:
    assert len({privacy.token("patient", "1"), privacy.token("study", "1"), privacy.token("patient", "2")}) == 3


def test_nothing_has_no_token() -> None:
    assert privacy.token("patient", "") is None
    assert privacy.token("name", " ^^ ") is None


def test_the_key_is_kept_for_its_owner_alone(own_state: Path) -> None:
    before = privacy.token("patient", "0042")
    kept = own_state / "token.key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [p.name for p in own_state.iterdir()] == ["token.key"]
    privacy.key.cache_clear()
    assert privacy.token("patient", "0042") == before
    kept.unlink()
    privacy.key.cache_clear()
    assert privacy.token("patient", "0042") != before


def test_without_a_place_for_it_the_key_lives_with_the_process(own_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_state.write_text("a file where the directory should be")
    assert privacy.token("patient", "0042") == privacy.token("patient", "0042")
