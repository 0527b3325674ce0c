"""Incident building at scale: findings over many hosts chained into incidents. Target: 1,000,000 over 10,000 in 60 s and 1 GiB.

    python benchmarks/incident_scale.py [--findings 1000000] [--hosts 10000] [--ways 300000]

The findings are made as they are asked for, so that what is measured is the building and not a million Python objects.
Half of the hosts belong to twenty campaigns that an attacker moves through; on the other half single detections cry.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator, Sequence
from typing import Any, overload

from wardround.care.incidents import chained
from wardround.care.incidents.gather import Gatherer
from wardround.care.incidents.identity import Identities
from wardround.model import Finding, Subject
from wardround.site import Site

_START = 1_772_438_400 * 1_000_000_000
_MINUTE = 60_000_000_000
_CAMPAIGNS = 20

#: Detection, threat, techniques, and whether it names an address that acts.
_KINDS = (
    ("RDP-A04", "remote_desktop", ("T1110", "T1078"), True),
    ("RW-A07", "ransomware", ("T1569.002",), False),
    ("RW-A05", "ransomware", ("T1489", "T1685"), False),
    ("BR-A08", "record_leak", ("T1048",), True),
    ("RW-A01", "ransomware", ("T1490",), False),
    ("RW-A02", "ransomware", ("T1486",), True),
)
_TITLE = {"en": "A finding", "fr": "Un constat"}


class Made(Sequence[Finding]):
    """Findings by number, each made when it is asked for and always the same."""

    def __init__(self, count: int, hosts: int) -> None:
        self.total, self.hosts = count, hosts

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, number: int) -> Finding: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Finding]: ...
    def __getitem__(self, number: int | slice) -> Finding | Sequence[Finding]:
        if isinstance(number, slice):
            return [self[place] for place in range(*number.indices(self.total))]
        if number >= self.total:
            raise IndexError(number)
        host = number * 7919 % self.hosts
        in_campaign = host < self.hosts // 2
        kind = (number // self.hosts + host) % len(_KINDS) if in_campaign else 1
        detection, threat, techniques, acts = _KINDS[kind]
        first = _START + (number // self.hosts) * 60 * _MINUTE + host % 60 * _MINUTE
        subjects = [Subject("host", f"ws{host:05d}")]
        if acts:
            source = host % _CAMPAIGNS if in_campaign else host
            subjects.append(Subject("address", f"203.0.{source // 250}.{source % 250}"))
            subjects.append(Subject("user", f"person{source}"))
        values: dict[str, Any] = {
            "id": f"{number:016x}", "detection": detection, "threat": threat, "kind": "attack", "severity": "high",
            "confidence": "high", "title": _TITLE, "summary": _TITLE, "first_ts": first, "last_ts": first + _MINUTE,
            "subjects": tuple(subjects), "evidence": (), "events": 1, "techniques": techniques, "controls": ("C05",),
        }  # fmt: skip
        return Finding(**values)


class Ways:
    """Tables that know nothing but ways from machine to machine."""

    def __init__(self, count: int, hosts: int) -> None:
        self.total, self.hosts = count, hosts

    def query(self, sql: str, parameters: Sequence[Any] = (), *, most: int | None = None) -> list[dict[str, Any]]:
        """The ways, whatever is asked."""
        return list(self._rows())

    def _rows(self) -> Iterator[dict[str, Any]]:
        for number in range(self.total):
            source, target = number * 31 % self.hosts, number * 17 % self.hosts
            yield {
                "source": f"ws{source:05d}", "target": f"ws{target:05d}", "account": f"person{source % _CAMPAIGNS}",
                "manner": "logon", "ts": _START + number * _MINUTE // 10,
            }  # fmt: skip


def main() -> None:
    """Build and print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--ways", type=int, default=300_000)
    asked = parser.parse_args()
    findings = Made(asked.findings, asked.hosts)
    begun, used = time.monotonic(), time.process_time()
    gatherer = Gatherer(Identities(Site()), frozenset())
    gatherer.add(findings)
    gathered = time.monotonic()
    gatherer.look_at_ways(Ways(asked.ways, asked.hosts))
    walked = time.monotonic()
    incidents = chained(gatherer, findings, {})
    ended = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{asked.findings:,} findings, {asked.hosts:,} hosts, {asked.ways:,} ways")
    print(f"gathered {gathered - begun:.1f} s, ways {walked - gathered:.1f} s, chained and told {ended - walked:.1f} s")
    print(f"in all {ended - begun:.1f} s ({time.process_time() - used:.1f} s of processor), peak {peak:.0f} MiB")
    print(f"{len(incidents)} incidents, the largest of {max(len(incident.findings) for incident in incidents):,} findings told")


if __name__ == "__main__":
    main()
