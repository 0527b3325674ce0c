"""Severity: level, then corroboration and the asset; a user's rule is never taken at its word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from wardround.detect.severity import of_user_rule, of_user_status, raised, weigh
from wardround.model import Finding, Subject
from wardround.site import Site

HOUR = 3_600_000_000_000
USER_RULE = "9c6e3b0a-0000-4000-8000-000000000001"


def finding(detection: str, host: str = "ct1", **changed: Any) -> Finding:
    plain = Finding(
        id="x", detection=detection, threat="ransomware", kind="attack", severity="medium", confidence="medium", title={},
        summary={}, first_ts=0, last_ts=HOUR, subjects=(Subject("host", host),), evidence=(), events=1,
    )  # fmt: skip
    return replace(plain, **changed)


def weighed(*findings: Finding, site: Site | None = None) -> list[tuple[str, str]]:
    told = weigh(findings, frozenset({USER_RULE}), site or Site())
    return [(item.severity, item.confidence) for item in told]


@pytest.mark.parametrize(
    ("level", "severity"),
    [("critical", "high"), ("high", "medium"), ("medium", "low"), ("low", "info"), ("informational", "info"), ("", "low")],
)
def test_a_users_rule_starts_a_step_lower(level: str, severity: str) -> None:
    assert of_user_rule(level) == severity


def test_scales_have_ends() -> None:
    assert raised("critical") == "critical"
    assert raised("info", -1) == "info"
    assert [of_user_status(status) for status in ("stable", "test", "")] == ["medium", "low", "low"]


def test_two_other_attacks_on_the_host_raise_ours_once() -> None:
    assert weighed(finding("A"), finding("B"))[0] == ("medium", "medium")
    assert weighed(finding("A"), finding("B"), finding("C")) == [("high", "high")] * 3
    assert weighed(*(finding(name) for name in "ABCDEF"))[0] == ("high", "high")


def test_only_a_critical_asset_makes_an_attack_critical() -> None:
    three = [finding(name, severity="high") for name in "ABC"]
    assert weighed(*three) == [("high", "high")] * 3
    site = Site.model_validate({"assets": [{"name": "ct1", "critical": True}]})
    assert weighed(*three, site=site) == [("critical", "high")] * 3


def test_one_attack_of_ours_raises_a_users_rule_but_not_the_reverse() -> None:
    assert weighed(finding(USER_RULE, confidence="low"), finding("A")) == [("high", "medium"), ("medium", "medium")]
    assert weighed(finding(USER_RULE, severity="high"), finding("A"))[0] == ("high", "high")
    assert weighed(finding("A"), finding("B"), finding(USER_RULE))[0] == ("medium", "medium")


def test_what_does_not_corroborate() -> None:
    base = finding("A")
    assert weighed(base, finding("B", "mr1"), finding("C", "mr1"))[0] == ("medium", "medium")
    assert weighed(base, finding("B", kind="exposure"), finding("C", kind="exposure"))[0] == ("medium", "medium")
    assert weighed(base, finding("B", severity="info"), finding("C", severity="info"))[0] == ("medium", "medium")
    late: dict[str, Any] = {"first_ts": 30 * HOUR, "last_ts": 31 * HOUR}
    assert weighed(base, finding("B", **late), finding("C", **late))[0] == ("medium", "medium")
    assert weighed(base, finding("B", first_ts=None, last_ts=None), finding("C"))[0] == ("medium", "medium")
    assert weighed(base, finding("A"), finding("A"))[0] == ("medium", "medium")


def test_hosts_are_the_same_with_and_without_their_domain() -> None:
    assert weighed(finding("A", "CT1.hospital.example"), finding("B"), finding("C", "ct1"))[0] == ("high", "high")


def test_a_critical_asset_raises_an_attack_and_nothing_else() -> None:
    site = Site.model_validate({"assets": [{"name": "ct1", "critical": True}]})
    assert weighed(finding("A"), site=site) == [("high", "medium")]
    assert weighed(finding("A", kind="exposure"), site=site) == [("medium", "medium")]
    assert weighed(finding("A", severity="info"), site=site) == [("info", "medium")]
    assert weighed(finding("A"), finding("B"), finding("C"), site=site)[0] == ("high", "high")
    (told,) = weigh([finding("A")], frozenset(), site)
    assert told.details == {"critical_assets": "ct1"}
