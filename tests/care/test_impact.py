"""Impact: curves with known areas, intervals everywhere, no figure where the evidence supports none."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.care import cases

from wardround.care import assess, draws, impact, inputs, loss, simulation, trees
from wardround.care.services import IMAGING
from wardround.errors import UserError
from wardround.model import Estimate
from wardround.site import Site

GATEWAY = cases.finding("VPN-E01", "vpn", ["C02"], "GATEWAY")
SHIPPED = inputs.shipped()


def array(*values: float) -> Any:
    return np.array(values, float)


def curve(acute: float, later: float, organised: float, back: float, full: float, dead: float = 0.0) -> loss.Curve:
    return loss.Curve(*(array(value) for value in (acute, later, organised, back, full, dead)))


def test_the_area_above_the_curve() -> None:
    found = curve(0.2, 0.6, organised=5, back=10, full=20)
    # 5 days at 0.8, 5 at 0.4, and a ramp of 10 days from 0.4 to 0
    assert loss.days_lost(found)[0] == pytest.approx(5 * 0.8 + 5 * 0.4 + 10 * 0.4 / 2)
    assert loss.days_lost(found, 7.0)[0] == pytest.approx(5 * 0.8 + 2 * 0.4)
    assert [found.hours_to(level)[0] / 24 for level in (0.1, 0.5, 0.8, 1.0)] == pytest.approx([0, 5, 15, 20])
    assert [found.function(day)[0] for day in (0, 4.9, 5.1, 15, 25)] == pytest.approx([0.2, 0.2, 0.6, 0.8, 1.0])


def test_a_dead_device_does_nothing_until_it_works() -> None:
    found = curve(0.5, 0.8, organised=2, back=4, full=4, dead=3)
    assert loss.days_lost(found)[0] == pytest.approx(3 * 1 + 1 * 0.2)
    assert found.hours_to(0.5)[0] == pytest.approx(72)


def test_activity_is_counted_hour_by_hour() -> None:
    flat = np.full(168, 1 / 168)
    found = curve(0.0, 0.0, organised=1, back=3.5, full=3.5)
    assert loss.exams_lost(found, flat, array(10.0))[0] == pytest.approx(3.5)
    week = SHIPPED.rhythm.week
    night, day = (loss.exams_lost(curve(0, 0, 0.2, 0.2, 0.2), week, array(hour))[0] for hour in (1.0, 9.0))
    assert day > 5 * night, "a morning costs more than a night"
    whole = loss.exams_lost(curve(0, 0, 7, 7, 7), week, array(33.0))[0]
    assert whole == pytest.approx(7.0), "a week is a week wherever it begins"


def test_what_is_made_without_the_systems_is_read_again() -> None:
    flat = np.full(168, 1 / 168)
    ramp = 10 * (0.6 / 2 + 0.4 / 6)  # the part made without the systems shrinks while function grows
    found = loss.made_without(curve(0.2, 0.6, 5, 10, 20), flat, array(0.0))[0]
    assert found == pytest.approx(5 * 0.2 + 5 * 0.6 + ramp, rel=0.01)


def simulated(findings: Any = (GATEWAY,), runs: int = 4000, **options: Any) -> simulation.Simulation:
    return simulation.prepared(cases.network(findings, **options), cases.SERVICES, SHIPPED, runs)


def test_every_figure_has_an_interval_and_lies_in_it() -> None:
    attacked = simulated()
    told = impact.told(attacked, attacked.outcome())
    assert told.unit == "exams"
    estimates = [told.stops, told.lost, told.mean_lost, told.backlog, told.diversion_hours, told.emergencies]
    for item in told.services:
        estimates += [getattr(item, name) for name in type(item).__dataclass_fields__ if name != "service"]
    assert all(isinstance(value, Estimate) for value in estimates)
    assert all(value.low <= value.median <= value.high for value in estimates if value is not None)
    assert told.stops is not None
    assert 0.1 < told.stops.median < 0.9
    assert {item.service for item in told.services} == {"ct", "mr"}
    assert len(told.influences) == 6
    assert dict(told.entries) == {"GATEWAY": 1, "": 0}


def test_the_same_round_gives_the_same_figures() -> None:
    one, two = simulated(), simulated()
    assert impact.told(one, one.outcome()) == impact.told(two, two.outcome())


def test_without_an_opening_only_the_unknown_way_in_remains() -> None:
    quiet, open_ = simulated(()), simulated()
    assert 0 < quiet.outcome().lost.mean() < 0.5 * open_.outcome().lost.mean()


def test_a_flat_network_costs_more() -> None:
    apart, flat = simulated(), simulated(flat=True)
    assert flat.outcome().lost.mean() > apart.outcome().lost.mean()


def test_controls_never_cost_care() -> None:
    attacked = simulated()
    base = attacked.outcome().lost
    for control in SHIPPED.controls:
        assert attacked.outcome([control]).lost.mean() <= base.mean() + 1e-9, control


def test_a_redundant_device_is_not_missed() -> None:
    attacked = simulated()
    down = {"CT1": np.ones(attacked.runs, bool)}
    assert not trees.fails(cases.SERVICES[0].needs, down, attacked.runs).any()


def test_unknown_activity_gives_days_and_says_so() -> None:
    services = tuple(cases.service(s.name, [["CT1"], ["PACS"]], None) for s in cases.SERVICES)
    told = assess.judged(cases.network([GATEWAY]), services, [GATEWAY], Site(), SHIPPED).impact
    assert told is not None
    assert told.unit == "days"
    assert impact.NO_RATE in told.reason
    assert told.emergencies is None
    assert all(item.exams_lost is None for item in told.services)


@pytest.mark.parametrize("services", [(), cases.SERVICES])
def test_no_figure_where_the_network_cannot_be_seen(services: Any) -> None:
    unseen = cases.network([GATEWAY], hosts={"GATEWAY": cases.DMZ}, pairs=[], staff=["GATEWAY"])
    found = assess.judged(unseen, services, [GATEWAY], Site(), SHIPPED)
    assert found.impact is not None
    assert (found.impact.runs, found.impact.stops, found.impact.lost) == (0, None, None)
    assert found.impact.reason == ((impact.NOT_SEEN if services else impact.NO_SERVICE),)
    assert [step.basis for step in found.plan] == ["findings"]


def test_emergencies_of_the_site_are_used() -> None:
    services = (replace(cases.SERVICES[0], emergencies_per_day=24.0), cases.SERVICES[1])
    attacked = simulation.prepared(cases.network([GATEWAY]), services, SHIPPED, 2000)
    told = impact.told(attacked, attacked.outcome())
    assert told.emergencies is not None
    assert told.diversion_hours is not None
    assert told.emergencies.median == pytest.approx(told.diversion_hours.median)
    assert impact.NO_EMERGENCIES not in told.reason


def test_chance_of_a_triangle_and_of_a_rate() -> None:
    drawn = draws.draw(SHIPPED, 20_000, 1)
    low, mode, high = SHIPPED.outage.systems.days
    values = drawn.values["outage.systems"]
    assert values.min() >= low
    assert values.max() <= high
    assert values.mean() == pytest.approx((low + mode + high) / 3, rel=0.02)
    rates = loss.gamma_like(40, 50, 80, drawn.luck["activity"])
    assert np.quantile(rates, [0.05, 0.5, 0.95]) == pytest.approx([40, 50, 80], rel=0.03)


def test_a_hospital_corrects_the_inputs(tmp_path: Path) -> None:
    path = tmp_path / "impact.toml"
    path.write_text("[outage.systems]\ndays = [1, 2, 3]\n[controls.C05]\ndamage = 0.5\n")
    given = inputs.load(path)
    assert given.outage.systems.days == (1, 2, 3)
    assert given.effect("C05").damage == 0.5
    assert given.effect("C05").spread == SHIPPED.effect("C05").spread, "what is not stated stays"
    assert given.function == SHIPPED.function


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[outage.systems]\ndays = [3, 2, 1]", "outage.systems.days"),
        ("[damage]\nshare = [0.5, 0.6, 1.2]", "damage.share"),
        ("[spread]\nneighbour = [-1, 0, 1]", "spread.neighbour"),
        ("[nothing]\nx = 1", "nothing"),
        ("[rhythm]\nhours = [1, 2]", "rhythm.hours"),
        ("not toml", "not valid TOML: line 1: "),
        ("[damage]\nshares = [0.5]", "damage.shares: unknown key; did you mean share?"),
        ("[controls.C05]\nspraed = {}", r"controls\.C05\.spraed: unknown key; did you mean spread\?"),
        ("[damage]\nshare = [0.5, 0.4, 0.6]", "damage.share: low, mode and high must be in that order"),
    ],
)
def test_mistakes_in_the_inputs_are_one_line(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "impact.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=place) as caught:
        inputs.load(path)
    assert "\n" not in str(caught.value)
    assert caught.value.french != str(caught.value)


def test_inputs_that_notepad_saved_are_read(tmp_path: Path) -> None:
    path = tmp_path / "impact.toml"
    path.write_text("[damage]\nshare = [0.5, 0.6, 0.7]\n", encoding="utf-8-sig")
    assert inputs.load(path).damage.share == (0.5, 0.6, 0.7)
    path.write_text("[damage]\nshare = [0.5, 0.6, 0.7]\n", encoding="utf-16")
    with pytest.raises(UserError, match="not text in UTF-8"):
        inputs.load(path)


def test_every_input_has_a_source_and_a_basis() -> None:
    content = tomllib.loads(inputs.shipped_text())

    def leaves(table: dict[str, Any], path: str) -> Any:
        below = {name: value for name, value in table.items() if isinstance(value, dict)}
        if any(isinstance(value, list) for value in table.values()):
            yield path, table
        for name, value in below.items():
            yield from leaves(value, f"{path}.{name}")

    found = {path: table for path, table in leaves(content, "") if not path.startswith(".controls")}
    assert len(found) > 10
    for path, table in found.items():
        assert table.get("source"), path
        assert table.get("basis", "").split()[0] in ("measured", "calibrated", "judgement"), path
    assert set(IMAGING) >= {"ct", "mr"}


def test_a_machine_that_the_network_does_not_show_is_named() -> None:
    services = (cases.service("ct", [["CT1"], ["PACS-2"]], 50.0),)
    told = assess.judged(cases.network([GATEWAY]), services, [GATEWAY], Site(), SHIPPED).impact
    assert told is not None
    assert any("PACS-2" in reason["en"] and "PACS-2" in reason["fr"] for reason in told.reason)
    seen = assess.judged(cases.network([GATEWAY]), cases.SERVICES, [GATEWAY], Site(), SHIPPED).impact
    assert seen is not None
    assert not any("out of reach" in reason["en"] for reason in seen.reason)
