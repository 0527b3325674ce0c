"""The plan: greedy against every subset, what post-mortems name, and what it says where the network cannot be seen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from tests.care import cases
from tests.care.cases import finding

from wardround.care import assess, inputs, plan, reachability, simulation
from wardround.model import Finding
from wardround.site import Site

SHIPPED = inputs.shipped()

#: What many rounds find beside the opening that mattered: the plan must see past it.
USUAL = (
    finding("INT-E02", "interception", ["C06", "C05"], "PACS", "medium"),
    finding("RW-E03", "ransomware", ["C13"], "PACS", "medium"),
    finding("RDP-E07", "remote_desktop", ["C19"], "FILES", "medium"),
    finding("BR-E01", "record_leak", ["C06"], "PACS", "high"),
    finding("VPN-E03", "vpn", ["C07"], "GATEWAY", "medium"),
    finding("TEL-E06", "telework_transmission", ["C16", "C23"], "PC2", "high"),
    finding("RT-E03", "redirection", ["C18"], "GATEWAY", "medium"),
)


def planned(findings: Sequence[Finding], site: Site | None = None, *, flat: bool = False) -> list[str]:
    found = assess.judged(cases.network(findings, flat=flat), cases.SERVICES, findings, site or Site(), SHIPPED)
    return [step.control for step in found.plan]


def test_greedy_against_every_subset() -> None:
    """Greedy reaches at least 95 % of what the best three of seven controls save, on four different sets of findings."""
    ratios = []
    sets = (
        (finding("VPN-E01", "vpn", ["C02"], "GATEWAY"), finding("RDP-E01", "remote_desktop", ["C03", "C01"], "PC1")),
        (finding("INT-E04", "interception", ["C12"], "PACS"), finding("VPN-E06", "vpn", ["C01"], "GATEWAY")),
        (
            finding("PH-A11", "phishing", ["C14", "C09"], "PC3", kind="attack"),
            finding("RW-E02", "ransomware", ["C12", "C05"], "PACS"),
        ),
        (finding("RDP-E08", "remote_desktop", ["C01"], "VIEW1"), finding("RW-E05", "ransomware", ["C18"], "DC", "high")),
    )
    candidates = ["C01", "C02", "C05", "C11", "C12", "C13", "C15"]
    for number, findings in enumerate(sets):
        attacked = simulation.prepared(cases.network(findings, flat=bool(number % 2)), cases.SERVICES, SHIPPED, 1500)
        base = attacked.outcome().lost.mean()
        saved = {}
        for chosen in itertools.combinations(candidates, 3):
            saved[frozenset(chosen)] = base - attacked.outcome(chosen).lost.mean()
        greedy: list[str] = []
        for _ in range(3):
            left = [name for name in candidates if name not in greedy]
            greedy.append(min(left, key=lambda name: attacked.outcome([*greedy, name]).lost.mean()))
        ratios.append(saved[frozenset(greedy)] / max(saved.values()))
    assert min(ratios) >= 0.95, ratios


def test_the_curve_falls_and_the_intervals_hold_it() -> None:
    findings = (finding("VPN-E01", "vpn", ["C02"], "GATEWAY"), *USUAL)
    found = assess.judged(cases.network(findings), cases.SERVICES, findings, Site(), SHIPPED)
    steps = [step for step in found.plan if step.basis == "care"]
    assert len(steps) >= 2
    remaining = [step.remaining.median for step in steps if step.remaining]
    assert remaining == sorted(remaining, reverse=True)
    for place, step in enumerate(steps, 1):
        assert step.saved is not None
        assert step.remaining is not None
        assert step.saved.low <= step.saved.median <= step.saved.high
        assert step.remaining.low <= step.remaining.median <= step.remaining.high
        assert step.place_low is not None
        assert step.place_high is not None
        assert step.place_low <= place <= step.place_high
    assert found.impact is not None
    assert found.impact.avoidable is not None
    assert steps[-1].remaining is not None
    assert found.impact.avoidable.median == pytest.approx(1 - steps[-1].remaining.median)
    assert found.impact.avoidable.low < found.impact.avoidable.high
    assert found.impact.ways
    assert all(way.after.median <= way.before.median for way in found.impact.ways)


def test_what_is_in_place_is_not_planned_and_cost_counts() -> None:
    findings = (
        finding("VPN-E01", "vpn", ["C02"], "GATEWAY"),
        finding("RDP-E01", "remote_desktop", ["C03"], "VIEW1"),
    )
    assert set(planned(findings)[:2]) == {"C02", "C03"}
    assert "C02" not in planned(findings, Site.model_validate({"controls": {"C02": {"in_place": True}}}))
    first = planned(findings)[0]
    dear = Site.model_validate({"controls": {"C02": {"cost": 1}, "C03": {"cost": 1}, first: {"cost": 1000, "effort_days": 90}}})
    assert planned(findings, dear)[0] != first


def test_without_a_network_findings_rank_the_controls() -> None:
    findings = (finding("RW-E03", "ransomware", ["C13"], "X", "medium"), finding("VPN-E01", "vpn", ["C02"], "Y"))
    found = assess.judged(reachability.Network(), (), findings, Site(), SHIPPED)
    assert [(step.control, step.basis, step.saved) for step in found.plan] == [
        ("C02", "findings", None),
        ("C13", "findings", None),
    ]
    assert found.impact is not None
    assert found.impact.runs == 0
    assert found.impact.avoidable_findings == (1, 2)


def test_excepted_findings_ask_for_nothing() -> None:
    assert planned((finding("VPN-E01", "vpn", ["C02"], "GATEWAY", "info"),)) == []
    assert plan.avoidable_findings((finding("VPN-E01", "vpn", ["C02"], "GATEWAY", "info"),)) == (0, 0)


# Post-mortems: the control that each names must be among the first three, among the usual findings of a round.


def test_an_unpatched_gateway() -> None:
    """Duesseldorf 2020: CVE-2019-19781 on the gateway; patch it, rebuild it, ask for a second factor."""
    findings = (finding("VPN-E01", "vpn", ["C02"], "GATEWAY"), finding("VPN-E06", "vpn", ["C01"], "GATEWAY", "high"), *USUAL)
    assert {"C02", "C01"} & set(planned(findings)[:3]) == {"C02", "C01"}


def test_a_mail_and_alerts_that_nobody_read() -> None:
    """HSE 2021: an attachment, eight weeks of alerts, no tiers; control mail, read alerts, separate administration."""
    findings = (
        finding("PH-A05", "phishing", ["C09", "C10"], "PC4", kind="attack"),
        finding("PH-A11", "phishing", ["C14", "C13"], "PC4", kind="attack"),
        finding("RW-A09", "ransomware", ["C15", "C02"], "DC", kind="attack"),
        finding("RW-E02", "ransomware", ["C12", "C21", "C05"], "PACS", "high"),
        *USUAL,
    )
    assert {"C09", "C19", "C15"} & set(planned(findings)[:3])


def test_a_worm_on_a_flat_network() -> None:
    """WannaCry 2017: SMB version 1 on a network without walls; switch it off, separate imaging."""
    old = [
        finding("INT-E04", "interception", ["C12", "C21"], name)
        for name in ("CT1", "CT2", "MR1", "PACS", "VIEW1", "VIEW2", "RIS")
    ]
    findings = (*old, finding("RW-E02", "ransomware", ["C12", "C21", "C05"], "PACS", "high"), *USUAL)
    assert {"C12", "C05"} & set(planned(findings, flat=True)[:3])


def test_an_archive_that_answers_the_internet() -> None:
    """Exposed archives 2019: close the port, ask who is there, encrypt."""
    findings = (finding("BR-E03", "record_leak", ["C03"], "PACS"), *USUAL)
    first = planned(findings)[:3]
    assert "C03" in first


def test_a_viewer_with_a_flaw_in_its_certificates() -> None:
    """MicroDicom, CVE-2025-1002: update the viewer, check certificates, DICOM over TLS."""
    findings = (
        finding("INT-E03", "interception", ["C07", "C21"], "VIEW1", "high"),
        finding("RW-E04", "ransomware", ["C11"], "BACKUP", "medium"),
        finding("INT-A08", "interception", ["C06"], "VIEW1", kind="attack"),
    )
    assert {"C07", "C21", "C06"} & set(planned(findings)[:3])


def test_a_portal_with_a_password_alone() -> None:
    """Change Healthcare 2024: remote access without a second factor."""
    findings = (finding("VPN-E06", "vpn", ["C01"], "GATEWAY"), *USUAL)
    assert planned(findings)[0] == "C01"


def test_a_leak_through_a_supplier() -> None:
    """Leaks through business associates: know the suppliers and what they may reach."""
    findings = (
        finding("BR-E06", "record_leak", ["C02", "C20", "C21"], "", "critical"),
        finding("TEL-E05", "telework_transmission", ["C20", "C16"], "PC1", "high"),
        *USUAL,
    )
    assert {"C20", "C21", "C02"} & set(planned(findings)[:3])
