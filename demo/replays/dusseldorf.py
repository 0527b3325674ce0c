"""Düsseldorf university hospital, September 2020: a gateway patched late, and the backdoor that was left in it.

CVE-2019-19781 was used in the weeks when attacks were everywhere and no correction was out; the gateway was then patched, but
not rebuilt. Eight months later somebody came back through it; thirty servers were encrypted.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from demo.generate import gateways
from demo.generate import hospital as h
from demo.generate.happenings import SECOND, Happening, PortalRequest
from demo.replays import deeds
from demo.replays.evidence import Replay, at, named, probing

_STRANGER = h.Host("", "203.0.113.21")
_TARGETS = (h.FS1, h.RIS1, h.PACS1, h.LECT1)
_DROP = h.Host("", "203.0.113.95")


def _deeds() -> Iterator[Happening]:
    yield from probing(datetime.date(2020, 1, 6), 20)
    begin = at("2020-01-11 02:14")
    agent = "python-requests/2.22.0"
    yield PortalRequest(begin, _STRANGER, "GET", "/vpn/../vpns/cfg/smb.conf", 200, agent, 1200)
    yield PortalRequest(begin + 8 * SECOND, _STRANGER, "POST", "/vpn/../vpns/portal/scripts/newbm.pl", 200, agent, 900)
    yield PortalRequest(begin + 11 * SECOND, _STRANGER, "GET", "/vpn/../vpns/portal/zqxw.xml", 200, agent, 700)
    # The gateway is patched on 2020-01-24, and what was left in it stays.
    yield from deeds.search(at("2020-09-09 21:40"), h.VPN1, ("10.20.1", "10.20.11", "10.20.30"), 40)
    yield from deeds.steal_directory(at("2020-09-09 22:30"), h.VPN1, h.RESCUE)
    yield from deeds.hop(at("2020-09-09 23:00"), h.VPN1, (h.LECT2, h.FS1, h.PACS1, h.RIS1, h.DC1), h.RESCUE)
    yield from deeds.deploy(at("2020-09-10 01:10"), h.DC1, _TARGETS, h.RESCUE)
    yield from deeds.encrypt(at("2020-09-10 01:40"), h.DC1, h.FS1, h.RESCUE, ".dopl")
    yield from deeds.clear(at("2020-09-10 02:10"), (h.FS1, h.PACS1), h.RESCUE)


def _inventory() -> dict[str, bytes]:
    rows = ("ComputerName,DisplayName,DisplayVersion,Publisher", "VPN1,Citrix NetScaler Gateway,12.1-54.13,Citrix")
    return {"inventory/edge-2020-01-09.csv": "\r\n".join((*rows, "")).encode()}


REPLAY = Replay(
    name="dusseldorf",
    title="A Citrix gateway patched late, its backdoor left, ransomware eight months later (Düsseldorf 2020)",
    sources=("BSI, press release of 17 September 2020", "Landtag NRW, Vorlage 17/3855", "CVE-2019-19781"),
    week=datetime.date(2020, 9, 4),
    deeds=_deeds,
    gateway=gateways.citrix,
    more=_inventory,
    stages=("entry", "movement", "credentials", "recovery", "encryption"),
    involved=named(
        *(_STRANGER, h.VPN1, h.PORTAL, *_TARGETS, h.LECT2, h.DC1, h.RESCUE, "cve-2019-19781", "images$"),
    ),
)
