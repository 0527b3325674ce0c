"""The machines of the department: whoever a finding names is one machine, drawn once, and what care needs is told."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from tests.report import sample

from wardround import report
from wardround.model import Asset, Role, Severity, Subject
from wardround.report import department
from wardround.report.department_map import department_map
from wardround.report.texts import language


def named(severity: Severity, *names: str, **more: Any) -> Any:
    """A finding about hosts of those names."""
    subjects = tuple(Subject("host", name) for name in names)
    values = {"subjects": subjects, "id": f"{severity}-{'-'.join(names)}", **more}
    return sample.finding("X-A01", "ransomware", values.pop("kind", "attack"), severity, ("Found", "Trouvé"), **values)


def document(*findings: Any, assets: tuple[Asset, ...] = sample.bad_day().assets) -> report.ResultDocument:
    return report.build(dataclasses.replace(sample.bad_day(), findings=findings, assets=assets))


def asset(name: str, zone: str, *roles: str, critical: bool = False) -> Asset:
    return Asset(name, (), zone, critical, (), tuple(Role(role, "high", False) for role in roles))


def test_a_host_is_one_machine_by_name_domain_name_or_address() -> None:
    made = document(named("high", "pacs1.ch.example"), named("critical", "10.20.11.10"), named("low", "PACS1"))
    (machine,) = department.machines(made)
    assert (machine.name, machine.zone, machine.severity, len(machine.findings)) == ("PACS1", "imaging", "critical", 3)


def test_an_address_is_never_cut_at_its_first_dot() -> None:
    made = document(named("high", "10.9.9.9"), assets=(asset("10", "clinical"),))
    assert {machine.name: machine.severity for machine in department.machines(made)} == {"10.9.9.9": "high", "10": None}


def test_machines_that_only_findings_name_are_placed_by_their_address() -> None:
    made = document(named("high", "203.0.113.9", "10.1.1.1", "ws7"))
    places = {machine.name: machine.zone for machine in department.machines(made)}
    assert places == {"PACS1": "imaging", "203.0.113.9": "internet", "10.1.1.1": "internal", "ws7": "unknown"}
    assert [machine.zone for machine in department.machines(made)] == ["internet", "internal", "imaging", "unknown"]


def test_care_at_stake_counts_needed_machines_with_serious_findings_only() -> None:
    assets = (asset("ct", "modality", "ct"), asset("file", "management", "file_server", critical=True), asset("ws", "clinical"))
    made = document(named("high", "ct"), named("critical", "file"), named("critical", "ws"), assets=assets)
    assert [machine.name for machine in department.stake(department.machines(made)).struck] == ["file", "ct"]
    mild = department.stake(department.machines(document(named("medium", "ct"), assets=assets)))
    assert (mild.struck, mild.known) == ((), True)
    declared = department.stake(department.machines(document(named("info", "ct"), assets=assets)))
    assert declared.struck == ()
    assert not department.stake(department.machines(document(named("high", "ws"), assets=assets[2:]))).known


def page(made: report.ResultDocument) -> str:
    return report.export(made, "html", "en").decode()


def test_the_first_page_says_what_is_at_stake_or_that_it_is_not_known() -> None:
    assert "<strong>PACS1</strong>" in page(document(named("high", "pacs1")))
    assert "Nothing serious was found on the machines that care is known to need" in page(document())
    assert "Not known: this evidence does not tell which machines care needs." in page(document(assets=()))


def test_the_map_says_severity_in_words_and_joins_what_a_finding_names_together() -> None:
    made = document(named("critical", "pacs1", "10.1.1.1"), named("medium", "10.1.1.1", "203.0.113.9", kind="exposure"))
    drawn = department_map(department.machines(made), language("en"))
    assert drawn is not None
    assert re.findall(r'class="sign \w+"[^>]*>(\w+)<', drawn.svg) == ["medium", "critical", "critical"]
    assert drawn.svg.count('class="link critical attack"') == 1
    assert drawn.svg.count('class="link medium exposure"') == 1
    assert "PACS1 (imaging servers): 1 finding, the worst critical." in drawn.description
    assert drawn.hidden == 0


@pytest.mark.parametrize("machines", [1, 60, 61, 3000])
def test_a_large_map_draws_the_worst_and_counts_the_rest(machines: int) -> None:
    assets = tuple(asset(f"m{i:04}", ("clinical", "internal", "odd")[i % 3]) for i in range(machines))
    last = assets[-1].name
    drawn = department_map(department.machines(document(named("high", last), assets=assets)), language("fr"))
    assert drawn is not None
    assert drawn.svg.count('<rect class="machine') == min(60, machines)
    assert f">{last}</text>" in drawn.svg
    assert drawn.hidden == max(0, machines - 60)
    every = document(*(named("high", name.name) for name in assets), assets=assets)
    assert ("are drawn; 2,940 more machines are not" in page(every)) == (machines == 3000)
    assert len(drawn.svg) < 60_000


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", ["pacs1", "198.51.100.60", "prosanteconnect-verification.example"])
def test_names_and_severities_do_not_lie_upon_each_other(name: str, lang: str) -> None:
    """A severity stands beside a short name, and below a long one."""
    drawn = department_map(department.machines(document(named("critical", name), assets=())), language(lang))
    assert drawn is not None
    shown = re.search(r'<text class="name" x="\d+" y="(\d+)">([^<]+)<', drawn.svg)
    sign = re.search(r'<text class="sign critical" x="\d+" y="(\d+)">([^<]+)<', drawn.svg)
    assert shown is not None and sign is not None
    assert (shown[1] == sign[1]) == (len(shown[2]) + len(sign[2]) <= 21)


def test_nothing_to_draw() -> None:
    assert department_map([], language("en")) is None
    assert "there is no map to draw" in page(document(assets=()))
