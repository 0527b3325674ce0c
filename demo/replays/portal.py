"""A remote portal without a second factor, as at Change Healthcare, February 2024.

A stolen password opened a Citrix portal on 12 February; nine days of movement and copying followed, then encryption on the
21st. Source: testimony of A. Witty before the US Senate Committee on Finance, 1 May 2024.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from demo.generate import gateways
from demo.generate import hospital as h
from demo.generate.happenings import HOUR, SECOND, Happening, RemoteDesktop, VpnSession
from demo.replays import deeds
from demo.replays.evidence import Replay, at, named

_STRANGER = h.Host("", "203.0.113.131")
_DROP = h.Host("", "203.0.113.92")
_TARGETS = (h.FS1, h.RIS1, h.PACS1, h.LECT1)
_POOL = h.Host("", "10.20.250.88")


def _deeds() -> Iterator[Happening]:
    begin = at("2024-02-12 03:12")
    yield VpnSession(begin, h.VASSEUR, _STRANGER, _POOL, 5 * 3600)
    yield RemoteDesktop(begin + HOUR, h.VPN1, h.LECT2, h.VASSEUR, seconds=9000, client_name="CTX")
    yield from deeds.hop(at("2024-02-14 01:10"), h.LECT2, (h.LECT1, h.FS1, h.PACS1, h.RIS1, h.DC1), h.VASSEUR)
    yield from deeds.copy_directory(at("2024-02-14 02:40"), h.VASSEUR)
    yield from deeds.take_away(at("2024-02-17 23:30"), h.LECT2, h.VASSEUR, _DROP)
    yield from deeds.deploy(at("2024-02-21 01:10"), h.DC1, _TARGETS, h.RESCUE)
    yield from deeds.encrypt(at("2024-02-21 01:30"), h.DC1, h.FS1, h.RESCUE, ".bkcat")
    yield from deeds.clear(at("2024-02-21 01:50") + 10 * SECOND, (h.FS1, h.PACS1), h.RESCUE)


REPLAY = Replay(
    name="portal",
    title="A remote portal without a second factor (Change Healthcare 2024)",
    sources=("Testimony of A. Witty, US Senate Committee on Finance, 1 May 2024",),
    week=datetime.date(2024, 2, 15),
    deeds=_deeds,
    gateway=gateways.citrix,
    stages=("entry", "movement", "credentials", "exfiltration", "recovery", "encryption"),
    involved=named(*_TARGETS, h.LECT2, h.DC1, h.VPN1, h.VASSEUR, h.RESCUE, _DROP, _STRANGER, _POOL),
)
