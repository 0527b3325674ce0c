"""A generated month: who takes three times the usual for one night is found, and nothing else is accused."""

from __future__ import annotations

import pytest
from demo.generate import imaging_month as month

from wardround.model import Finding
from wardround.site import Site


def _attacks(seed: int, site: Site) -> list[Finding]:
    decision = month.judged(month.month(seed), site)
    assert not decision.diagnostics
    assert {row.detection: row.result for row in decision.coverage}["BR-A04"] != "not_assessed"
    return [finding for finding in decision.findings if finding.kind == "attack"]


def _who(finding: Finding) -> tuple[str, str]:
    return finding.detection, finding.subjects[0].name


@pytest.mark.parametrize("seed", [month.SEED, 7])
def test_the_thief_is_found_and_nothing_else(seed: int) -> None:
    (found,) = _attacks(seed, Site.model_validate(month.SITE))
    assert _who(found) == ("BR-A04", month.THIEF)
    assert (found.severity, found.confidence) == ("critical", "high")
    night = month.START + month.THEFT * month.DAY + 20 * month.HOUR
    assert found.first_ts is not None and found.last_ts is not None
    assert night <= found.first_ts <= found.last_ts <= night + 10 * month.HOUR


def test_a_migration_that_nobody_announced_is_told() -> None:
    """Nothing in the traffic tells it from a theft: only the site can."""
    found = {_who(finding) for finding in _attacks(month.SEED, Site())}
    assert {("BR-A04", month.THIEF), ("BR-A04", month.MOVER)} <= found
    assert {name for _, name in found} == {month.THIEF, month.MOVER, "NEWPACS"}


def test_the_same_seed_gives_the_same_month() -> None:
    assert month.month(3) == month.month(3)
    assert month.month(3) != month.month(4)
