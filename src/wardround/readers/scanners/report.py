"""What reports of vulnerability scanners share: hosts with their ports, programs and flaws, and how they become rows.

Of a flaw its number and score are kept, in ``service.scripts`` as ``scanner: CVE-… 9.8 …``; of what a check printed nothing,
because some print passwords, files and names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wardround.readers.batches import Batches

#: Ports and programs of one host, and flaws of one port: a report of more is cut, and told.
MOST_PORTS, MOST_PROGRAMS, MOST_FLAWS = 4_096, 4_096, 2_048

#: Flaws told in one text, and texts of one port.
_IN_TEXT, _TEXTS = 80, 26

_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_CPE = re.compile(r"cpe:(?:2\.3:|/)[aoh]:([A-Za-z0-9._~%-]{1,80}):([A-Za-z0-9._~%-]{1,120})(?::([A-Za-z0-9._~%-]{1,60}))?")

#: What scanners call services, in nmap's words, which detections know.
_SERVICES = {"www": "http", "cifs": "microsoft-ds", "smb": "netbios-ssn", "msrdp": "ms-wbt-server", "dicom": "dicom"}


@dataclass(slots=True)
class Port:
    """A port of a host; number None for what is said of the host as a whole."""

    record: int
    number: int | None
    proto: str
    service: str = ""
    product: str = ""
    version: str = ""
    tls: bool = False
    flaws: dict[str, float] = field(default_factory=dict)

    def flaw(self, written: str, score: float) -> bool:
        """Take the CVE numbers in a text, with their score; False when there are too many."""
        for cve in _CVE.findall(written[:4000]):
            if len(self.flaws) >= MOST_FLAWS and cve not in self.flaws:
                return False
            self.flaws[cve] = max(score, self.flaws.get(cve, 0.0))
        return True


@dataclass(slots=True)
class Host:
    """A host of a report; ``ts`` is when it was scanned, in ns UTC."""

    record: int
    address: str = ""
    hostname: str = ""
    mac: str = ""
    os: str = ""
    ts: int | None = None
    zone: str = "none"
    ports: dict[tuple[int | None, str], Port] = field(default_factory=dict)
    programs: dict[str, int] = field(default_factory=dict)

    def port(self, number: int | None, proto: str, record: int) -> Port | None:
        """The port of that number, made on first mention; None when there are too many."""
        known = self.ports.get((number, proto))
        if known is None and len(self.ports) < MOST_PORTS:
            known = self.ports[(number, proto)] = Port(record, number, proto)
        return known

    def program(self, cpe: str, record: int) -> None:
        """Take the CPE name of a program or system on the host."""
        found = _CPE.search(cpe[:400])
        if found is not None and len(self.programs) < MOST_PROGRAMS:
            self.programs.setdefault(found[0], record)


def service_name(written: str) -> str:
    """A service in nmap's words; a question mark behind it says that it was guessed."""
    plain = written.strip().rstrip("?").lower()
    return _SERVICES.get(plain, plain)[:60]


def score_of(written: str) -> float:
    """A CVSS score from 0 to 10, 0 when it is none."""
    found = re.fullmatch(r"\d{1,2}(?:\.\d{1,2})?", written.strip())
    return min(float(found[0]), 10.0) if found else 0.0


def write(host: Host, batches: Batches) -> None:
    """Write the rows of a host."""
    if not host.address:
        return
    when = {"ts": host.ts, "ts_zone": host.zone if host.ts is not None else "none"}
    for port in host.ports.values():
        if port.number is None and not port.flaws:
            continue
        batches.add(
            "service",
            **when,
            record=port.record,
            host=host.address,
            hostname=host.hostname,
            mac=host.mac,
            port=port.number,
            proto=port.proto,
            state="open" if port.number is not None else "host",
            service=port.service,
            product=port.product,
            version=port.version,
            os=host.os,
            tls=port.tls,
            scripts=_texts(port.flaws),
        )
    for cpe, record in host.programs.items():
        found = _CPE.fullmatch(cpe)
        if found is None or cpe[5 if cpe[4] == "/" else 8] == "o":
            continue  # the system is told with the services
        version = found[3] if found[3] not in (None, "-", "*") else None
        name = found[2].replace("_", " ")
        batches.add(
            "software",
            **when,
            record=record,
            host=host.address,
            name=name,
            vendor=found[1],
            version=version,
            cpe=cpe,
            source="scan",
        )


def _texts(flaws: dict[str, float]) -> list[str]:
    """The gravest flaws first, in texts that the table has room for."""
    told = [f"{cve} {score:g}" for cve, score in sorted(flaws.items(), key=lambda flaw: (-flaw[1], flaw[0]))]
    parts = [told[start : start + _IN_TEXT] for start in range(0, len(told), _IN_TEXT)]
    return ["scanner: " + " ".join(part) for part in parts[:_TEXTS]]
