"""The model of lost care beside published outages: each case with its inputs, the published value, and what the model says.

``python benchmarks/outages.py`` prints the table of docs/impact.md; ``--write`` puts it there. No case has a knob of its own:
all run on the shipped inputs (src/wardround/care/impact.toml), and differ in what is known of each before the fact: how many
examinations a day, which share of them is urgent, and whether everything was down or an attack had yet to spread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wardround.care import draws, inputs, loss, reachability, simulation, trees
from wardround.model import Activity, Service

Array = np.ndarray[Any, np.dtype[Any]]
RUNS, SEED = 20_000, 7
DOCUMENT = Path(__file__).parents[1] / "docs" / "impact.md"
BEGIN, END = "<!-- outages: begin -->", "<!-- outages: end -->"


@dataclass(frozen=True, slots=True)
class Case:
    """A published outage: its inputs in words, what was published, whether the inputs were chosen by it, and the model."""

    name: str
    given: str
    measure: str
    published: tuple[float, ...]
    used: str
    source: str
    model: Callable[[], Array]

    def interval(self) -> tuple[float, float, float]:
        """5 %, 50 % and 95 % quantile of the model."""
        low, median, high = np.quantile(self.model(), [0.05, 0.5, 0.95])
        return float(low), float(median), float(high)

    def holds(self) -> bool:
        """Whether every published value lies in the 90 % interval."""
        low, _median, high = self.interval()
        return all(low <= value <= high for value in self.published)


def drawn() -> draws.Draws:
    """The shipped inputs, drawn."""
    return draws.draw(inputs.shipped(), RUNS, SEED)


def down(keeps: str = "acute") -> loss.Curve:
    """Everything that a service needs is down, its devices themselves work; ``keeps`` says what goes on at once."""
    chance = drawn()
    yes = np.ones(chance.runs, bool)
    return loss.curve(chance, yes, ~yes, loss.Terms(), keeps)


def mixed(urgent: float, measure: Callable[[loss.Curve], Array]) -> Array:
    """A measure over a department of which a share is urgent."""
    scheduled, emergency = measure(down()), measure(down("acute_emergency"))
    both: Array = (1 - urgent) * scheduled + urgent * emergency
    return both


def week(number: int, curve: loss.Curve) -> Array:
    """The mean function in a week after the attack, the first being 1."""
    lost: Array = loss.days_lost(curve, 7.0 * number) - loss.days_lost(curve, 7.0 * (number - 1))
    return 1 - lost / 7


def backlog(per_day: float, urgent: float) -> Array:
    """Examinations to read again."""
    chance, rhythm = drawn(), inputs.shipped().rhythm.week
    start = chance.luck["start"] * len(rhythm)
    return per_day * mixed(urgent, lambda curve: loss.made_without(curve, rhythm, start))


def hospital() -> simulation.Simulation:
    """A hospital of 400 machines in eight segments with one directory; somebody got in at a computer of the staff.

    Its imaging: two CTs, one MR, three X-ray rooms, one archive, one information system, six viewers. Only the way in is
    certain; how far the attack gets is the model's.
    """
    segments = {f"PC{number}": f"ward {number % 5}" for number in range(330)}
    segments |= dict.fromkeys(["CT1", "CT2", "MR1", "XR1", "XR2", "XR3", "PACS", "RIS"], "imaging")
    segments |= dict.fromkeys([f"VIEW{number}" for number in range(6)], "imaging")
    segments |= dict.fromkeys(["DC1", "DC2", "FILES", "MAIL", "BACKUP", *(f"APP{number}" for number in range(45))], "servers")
    segments["GATEWAY"] = "edge"
    computers = [name for name in segments if name.startswith("PC")]
    members = [name for name in segments if name.startswith(("PC", "VIEW", "APP")) or name in ("FILES", "MAIL", "PACS", "RIS")]
    pairs = [(name, "FILES", "file_sharing") for name in (*computers, *(f"VIEW{number}" for number in range(6)))]
    pairs += [(name, "MAIL", "application") for name in computers]
    pairs += [(name, "DC1", "application") for name in members]
    pairs += [(name, f"APP{number % 45}", "application") for number, name in enumerate(computers)]
    pairs += [(name, "PACS", "application") for name in segments if segments[name] == "imaging" and name != "PACS"]
    pairs += [("PC0", f"APP{number}", "remote_administration") for number in range(45)]
    pairs += [("PC0", name, "remote_administration") for name in ("PACS", "RIS", "FILES", "DC1")]
    pairs += [("BACKUP", name, "file_sharing") for name in ("PACS", "RIS", "FILES")]
    network = reachability.assembled(segments, pairs, {name: ["DC1", "DC2"] for name in members}, computers)
    network.entries = [reachability.Entry(reachability.STAFF, "fixed", "unknown", ())]
    core = trees.every(trees.asset(f"APP{number}") for number in range(3))
    readers = [f"VIEW{number}" for number in range(6)]
    services = [
        _service("ct", ["CT1", "CT2"], readers, 60, emergency=True),
        _service("mr", ["MR1"], readers, 30),
        _service("x_ray", ["XR1", "XR2", "XR3"], readers, 120, emergency=True),
        Service("hospital", {"en": "hospital"}, core, True, False, Activity("none")),
    ]
    return simulation.prepared(network, services, inputs.shipped(), RUNS, SEED)


def _service(name: str, devices: list[str], readers: list[str], per_day: float, *, emergency: bool = False) -> Service:
    groups = (devices, ["PACS"], ["RIS"], readers)
    tree = trees.every(trees.either(trees.asset(item) for item in group) for group in groups)
    done = Activity("stated", per_day=per_day, low=per_day, high=per_day)
    local = trees.either(trees.asset(device) for device in devices)
    return Service(name, {"en": name}, tree, True, emergency, done, local)


def stops() -> Array:
    """Per hospital (set of runs): the share of attacks that stop a service."""
    attacked = hospital()
    stopped = np.any(list(attacked.outcome().stopped.values()), axis=0)
    return grouped(attacked, stopped.astype(float))


def volumes(*numbers: int, severe: bool = False) -> list[Array]:
    """Per hospital: the mean change of the volume of all its care in weeks after the attack; of those that stop, or of all."""
    attacked = hospital()
    outcome = attacked.outcome()
    stopped = outcome.stopped["hospital"]
    changes = [week(number, outcome.curves["hospital"]) - 1 for number in numbers]
    if severe:
        return [change[stopped] for change in changes]
    return [grouped(attacked, change) for change in changes]


def grouped(attacked: simulation.Simulation, values: Array) -> Array:
    """The mean per set of runs."""
    sets = attacked.drawn.sets
    means: Array = np.bincount(sets, weights=values) / np.bincount(sets)
    return means


def weeks_until(level: float) -> Array:
    """Per hospital: the first week in which the mean volume is within a level of normal."""
    changes = np.array(volumes(*range(1, 13)))
    found: Array = (changes >= -level).argmax(axis=0) + 1
    return found


def cases() -> Iterator[Case]:
    """The published outages."""
    yield Case("CHSF, Corbeil-Essonnes, August 2022", "everything down; a quarter of imaging urgent",
               "share of usual imaging in week 1", (0.11,), "calibration", "Docteur Imago 2023-04-04: 40 of 350 patients a day",
               lambda: mixed(0.25, lambda curve: week(1, curve)))  # fmt: skip
    yield Case("HSE, Ireland, May 2021", "everything down", "days without the archive, first and last site", (6, 35),
               "calibration", "PwC 2021; Carestream 2023", lambda: down().back)  # fmt: skip
    yield Case("UVM, Vermont, October 2020", "everything down", "days to full production of radiology", (39,), "validation",
               "DOTmed 2021-12-02", lambda: down().full)  # fmt: skip
    yield Case("UVM, Vermont, October 2020", "everything down; 320 examinations a day (see below), a quarter urgent",
               "examinations read again", (10_000,), "validation", "DOTmed 2021-12-02", lambda: backlog(320, 0.25))  # fmt: skip
    yield Case("US hospitals attacked 2016-2021 (Medicare)", "a hospital of 400 machines, an attacker on one of them",
               "mean change of all volume in week 1", (-0.17, -0.24), "calibration", "McGlave, Neprash, Nikpay 2026",
               lambda: volumes(1)[0])  # fmt: skip
    yield Case("US hospitals attacked 2016-2021 (Medicare)", "the same", "weeks until the mean volume is within 5 % of normal",
               (3,), "validation", "the same: recovery within 3 weeks", lambda: weeks_until(0.05))  # fmt: skip
    yield Case("US hospitals attacked 2016-2021, severe", "the same, where the attack stopped care",
               "change of all volume in week 1", (-0.36, -0.55), "calibration", "McGlave, Neprash, Nikpay, draft 2023",
               lambda: volumes(1, severe=True)[0])  # fmt: skip
    yield Case("374 attacks on US providers 2016-2021", "the same", "share of attacks that disrupt care", (0.444,),
               "calibration", "Neprash 2022", stops)  # fmt: skip
    yield Case("UVM, Vermont, October 2020", "everything down", "change of all volume over the first month", (-0.20,),
               "calibration", "VTDigger; DOTmed",
               lambda: -loss.days_lost(down("other"), 28.0) / 28)  # fmt: skip
    yield Case("CHSF, Corbeil-Essonnes, August 2022", "everything down", "days until the stroke path is open again", (50,),
               "validation", "CNews; Banque des Territoires", lambda: down("acute_emergency").hours_to(0.8) / 24)  # fmt: skip
    yield Case("NHS, WannaCry, May 2017", "everything down", "days without the systems", (7,), "validation",
               "Ghafur 2019; NAO", lambda: down().back)  # fmt: skip
    yield Case("Scripps, San Diego, May 2021", "everything down", "days to full function", (28,), "validation",
               "Dameff 2023: about 4 weeks", lambda: down().full)  # fmt: skip
    yield Case("CHSF, Corbeil-Essonnes, August 2022", "everything down", "days until 80 % of applications are back", (71,),
               "validation", "Docteur Imago 2023-04-04", lambda: down().hours_to(0.8) / 24)  # fmt: skip


def table() -> str:
    """The table in Markdown."""
    lines = [
        "| outage | given to the model | measure | published | model: median (90 % interval) | inside | used for | source |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case in cases():
        low, median, high = case.interval()
        published = " and ".join(f"{value:,g}" for value in case.published)
        told = f"{median:,.3g} ({low:,.3g} to {high:,.3g})" if high < 1000 else f"{median:,.0f} ({low:,.0f} to {high:,.0f})"
        inside = "yes" if case.holds() else "**no**"
        lines.append(
            f"| {case.name} | {case.given} | {case.measure} | {published} | {told} | {inside} | {case.used} | {case.source} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table, or write it where the document has its place."""
    told = table()
    if "--write" in sys.argv:
        text = DOCUMENT.read_text(encoding="utf-8")
        head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
        DOCUMENT.write_text(f"{head}{BEGIN}\n{told}\n{END}{tail}", encoding="utf-8")
    else:
        print(told)


if __name__ == "__main__":
    main()
