"""Small hospitals for the tests of impact and plan: a network, its services, and findings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from wardround.care import reachability, trees
from wardround.model import Activity, Finding, Service, Severity, Subject

CLINICAL, IMAGING, SERVERS, DMZ = "10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.9.0.0/24"

#: Hosts of the small hospital by segment; on a flat network all are in one.
HOSTS: dict[str, str] = {
    **{f"PC{n}": CLINICAL for n in range(1, 11)},
    **dict.fromkeys(("CT1", "CT2", "MR1", "PACS", "RIS", "VIEW1", "VIEW2"), IMAGING),
    **dict.fromkeys(("DC", "FILES", "BACKUP"), SERVERS),
    **dict.fromkeys(("GATEWAY",), DMZ),
}

PAIRS: list[tuple[str, str, str]] = [
    *((f"PC{n}", "FILES", "file_sharing") for n in range(1, 11)),
    *((f"PC{n}", "DC", "application") for n in range(1, 11)),
    ("PC1", "PACS", "remote_administration"),
    *((device, "PACS", "application") for device in ("CT1", "CT2", "MR1", "VIEW1", "VIEW2")),
    *((device, "RIS", "application") for device in ("CT1", "CT2", "MR1")),
    *((device, "FILES", "file_sharing") for device in ("VIEW1", "VIEW2", "PACS")),
    ("GATEWAY", "VIEW1", "remote_administration"),
    ("GATEWAY", "FILES", "file_sharing"),
    ("BACKUP", "PACS", "file_sharing"),
]

STAFF = tuple(f"PC{number}" for number in range(1, 11))

MEMBERS = [*STAFF, "VIEW1", "VIEW2", "PACS", "RIS", "FILES"]


def service(name: str, groups: Sequence[Sequence[str]], per_day: float | None = 60.0, *, emergency: bool = False) -> Service:
    """A service that needs one of each group, the first group being its devices."""
    tree = trees.every(trees.either(trees.asset(asset) for asset in group) for group in groups)
    rates = (None, None, None) if per_day is None else (per_day, per_day * 0.8, per_day * 1.25)
    return Service(
        name=name,
        title={"en": name, "fr": name},
        needs=tree,
        stated=True,
        emergency=emergency,
        activity=Activity("none" if per_day is None else "studies", 100, 100.0, *rates),
        local=trees.either(trees.asset(asset) for asset in groups[0]),
        single_points=trees.single_points(tree),
    )


SERVICES = (
    service("ct", [["CT1", "CT2"], ["PACS"], ["RIS"], ["VIEW1", "VIEW2"]], 80, emergency=True),
    service("mr", [["MR1"], ["PACS"], ["RIS"], ["VIEW1", "VIEW2"]], 30),
)


def network(
    findings: Iterable[Finding] = (), *, flat: bool = False, directory: bool = True, hosts: Mapping[str, str] = HOSTS,
    pairs: Sequence[tuple[str, str, str]] = PAIRS, staff: Sequence[str] = STAFF,
) -> reachability.Network:  # fmt: skip
    """The small hospital with what the findings open."""
    segments = dict.fromkeys(hosts, "10.0.0.0/16") if flat else dict(hosts)
    signs_in = {member: ["DC"] for member in MEMBERS if member in hosts} if directory and "DC" in hosts else {}
    found = reachability.assembled(segments, pairs, signs_in, staff)
    reachability.add_findings(found, list(findings), {name: name for name in segments})
    return found


def finding(
    detection: str,
    threat: str,
    controls: Sequence[str],
    host: str = "",
    severity: Severity = "critical",
    kind: str = "exposure",
) -> Finding:
    """A finding about a host (or about nobody)."""
    return Finding(
        id=hashlib.sha256(f"{detection}{host}".encode()).hexdigest()[:16],
        detection=detection,
        threat=threat,
        kind="attack" if kind == "attack" else "exposure",
        severity=severity,
        confidence="medium",
        title={"en": detection},
        summary={},
        first_ts=None,
        last_ts=None,
        subjects=(Subject("host", host),) if host else (),
        evidence=(),
        events=1,
        controls=tuple(controls),
    )
