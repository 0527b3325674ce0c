"""The machines of the department with what was found on them: the map and the care at stake are drawn from this.

A finding names hosts by name or address, with or without a domain; here these become one machine each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from wardround.model import SEVERITIES, Severity
from wardround.report.document import Asset, Finding, ResultDocument, Subject
from wardround.site import inferred_zone, parse_address

#: Zones from the outside in; a zone of another name comes after them.
ZONES = (
    *("internet", "partner", "guest", "vpn_pool", "dmz", "internal", "management", "clinical", "imaging", "modality"),
    "unknown",
)

#: Kinds of subjects that are machines.
_MACHINES = ("host", "address", "device", "destination")

#: Roles without which imaging stops or goes on by hand, whether the site file calls the machine critical or not.
CARE_ROLES = frozenset(
    {
        *("ct", "mr", "x_ray", "angiography", "mammography", "ultrasound", "nuclear_medicine", "radiotherapy", "modality"),
        *("pacs", "ris", "his", "interface_engine", "laboratory"),
    }
)

_SERIOUS = ("critical", "high")


@dataclass(slots=True)
class Machine:
    """A machine, where it is, what it is, and the findings that name it (the worst first)."""

    name: str
    zone: str
    addresses: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    critical: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def severity(self) -> Severity | None:
        """The worst of its findings, declared exceptions apart; None when there is none."""
        return next((found.severity for found in self.findings if found.severity != "info"), None)

    @property
    def needed(self) -> bool:
        """Whether care is known to need it."""
        return self.critical or not CARE_ROLES.isdisjoint(self.roles)


@dataclass(frozen=True, slots=True)
class Stake:
    """Machines that care needs with something serious on them, and whether any machine is known to be needed at all."""

    struck: tuple[Machine, ...]
    known: bool


def machines(document: ResultDocument) -> list[Machine]:
    """Every asset, and every machine that only a finding names, from the outside in."""
    known: dict[str, Machine] = {}
    found: list[Machine] = []
    for asset in document.assets:
        machine = _of_asset(asset)
        found.append(machine)
        for name in (asset.name, *asset.addresses):
            known.setdefault(name.casefold(), machine)
    for finding in document.findings:
        for machine in {id(machine): machine for machine in _named(finding, known, found)}.values():
            machine.findings.append(finding)
    return sorted(found, key=lambda machine: (_zone_place(machine.zone), machine.name.casefold()))


def stake(every: Sequence[Machine]) -> Stake:
    """What care needs that something serious was found on, the worst first."""
    needed = [machine for machine in every if machine.needed]
    struck = [machine for machine in needed if machine.severity in _SERIOUS]
    struck.sort(key=lambda machine: (-SEVERITIES.index(machine.severity or "info"), not machine.critical, machine.name))
    return Stake(tuple(struck), bool(needed))


def _of_asset(asset: Asset) -> Machine:
    roles = tuple(role.name for role in asset.roles)
    return Machine(asset.name, asset.zone or "unknown", tuple(asset.addresses), roles, asset.critical)


def _named(finding: Finding, known: dict[str, Machine], found: list[Machine]) -> Iterator[Machine]:
    """The machines that a finding names; one that nobody knew is added to ``known`` and ``found``."""
    for subject in finding.subjects:
        if subject.kind not in _MACHINES:
            continue
        key = subject.name.casefold()
        machine = known.get(key)
        if machine is None and parse_address(subject.name) is None:
            machine = known.get(key.partition(".")[0])
        if machine is None:
            machine = _of_subject(subject)
            known[key] = machine
            found.append(machine)
        yield machine


def _of_subject(subject: Subject) -> Machine:
    address = parse_address(subject.name)
    return Machine(subject.name, inferred_zone(address) if address else "unknown", (subject.name,) if address else ())


def _zone_place(zone: str) -> tuple[int, str]:
    return (ZONES.index(zone), "") if zone in ZONES else (len(ZONES), zone)
