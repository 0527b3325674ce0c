"""Credentials read from a FortiGate through CVE-2018-13379, used three weeks later.

Sources: Fortinet PSIRT FG-IR-18-384; CISA alert AA21-321A (Iranian actors and hospitals); CERTFR-2020-ALE-025.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from demo.generate import gateways
from demo.generate import hospital as h
from demo.generate.happenings import SECOND, Happening, PortalRequest, VpnSession
from demo.replays import deeds
from demo.replays.evidence import Replay, at, named, probing

_STRANGER = h.Host("", "203.0.113.66")
_POOL = h.Host("", "10.20.250.77")
_DROP = h.Host("", "203.0.113.90")
_TARGETS = (h.FS1, h.RIS1, h.PACS1, h.LECT1)
_TRAVERSAL = "/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession"


def _deeds() -> Iterator[Happening]:
    yield from probing(datetime.date(2020, 11, 10), 25)
    read = at("2020-11-16 04:20")
    yield PortalRequest(read, _STRANGER, "GET", "/remote/login?lang=en", 200, "Mozilla/5.0", 1200)
    yield PortalRequest(read + 6 * SECOND, _STRANGER, "GET", _TRAVERSAL, 200, "Mozilla/5.0", 38_412)
    yield VpnSession(at("2020-12-07 01:02"), h.VASSEUR, _STRANGER, _POOL, 30 * 3600)
    yield from deeds.search(at("2020-12-07 01:08"), _POOL, ("10.20.11", "10.20.30"))
    yield from deeds.guess(at("2020-12-07 01:40"), _POOL, h.LECT2, h.ON_CALL)
    yield from deeds.hop(at("2020-12-07 03:10"), _POOL, (h.LECT1, h.FS1, h.PACS1, h.RIS1, h.DC1), h.ON_CALL)
    yield from deeds.steal_directory(at("2020-12-07 04:20"), _POOL, h.RESCUE)
    yield from deeds.take_away(at("2020-12-07 05:30"), h.LECT2, h.ON_CALL, _DROP)
    yield from deeds.deploy(at("2020-12-08 01:10"), h.DC1, _TARGETS, h.RESCUE)
    yield from deeds.encrypt(at("2020-12-08 01:30"), h.LECT2, h.FS1, h.RESCUE, ".egreg")


def _inventory() -> dict[str, bytes]:
    rows = ("ComputerName,DisplayName,DisplayVersion,Publisher", "VPN1,FortiOS,6.0.4,Fortinet")
    return {"inventory/edge.csv": "\r\n".join((*rows, "")).encode()}


REPLAY = Replay(
    name="fortigate",
    title="Credentials read from a gateway and used three weeks later (CVE-2018-13379)",
    sources=("FG-IR-18-384", "CISA AA21-321A", "CERTFR-2020-ALE-025"),
    week=datetime.date(2020, 12, 2),
    deeds=_deeds,
    gateway=gateways.fortigate,
    more=_inventory,
    stages=("entry", "movement", "credentials", "exfiltration", "recovery", "encryption"),
    involved=named(
        *(_STRANGER, _POOL, _DROP, *_TARGETS, h.LECT2, h.DC1, h.VPN1, h.PORTAL, h.VASSEUR, h.ON_CALL, h.RESCUE),
        "cve-2018-13379",
    ),
)
