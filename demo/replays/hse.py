"""Health Service Executive, Ireland, 2021: a document opened on 18 March, eight weeks of signs, encryption on 14 May.

Source: PwC, *Conti cyber attack on the HSE*, 3 December 2021.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from demo.generate import hospital as h
from demo.generate.happenings import MINUTE, Happening, MalwareSeen
from demo.replays import deeds, mails
from demo.replays.evidence import Replay, at, named

_TARGETS = (h.FS1, h.RIS1, h.PACS1, h.LECT1)
_DROP = h.Host("", "203.0.113.90")


def _deeds() -> Iterator[Happening]:
    yield from deeds.open_document(at("2021-03-18 09:21"), h.LECT2, h.NIVELLE)
    yield MalwareSeen(at("2021-03-31 14:02"), h.LECT2, h.NIVELLE, "Trojan:Win32/DemoBeacon", r"C:\ProgramData\x\b.exe")
    yield from deeds.steal_directory(at("2021-05-07 21:13"), h.LECT2, h.RESCUE)
    yield from deeds.hop(at("2021-05-08 20:10"), h.LECT2, (h.LECT1, h.FS1, h.PACS1, h.RIS1, h.DC1), h.RESCUE)
    yield from deeds.take_away(at("2021-05-12 20:30"), h.LECT2, h.RESCUE, _DROP)
    yield from deeds.deploy(at("2021-05-14 00:10"), h.DC1, _TARGETS, h.RESCUE)
    yield from deeds.encrypt(at("2021-05-14 00:30"), h.DC1, h.FS1, h.RESCUE, ".feedc")
    yield from deeds.clear(at("2021-05-14 00:30") + 20 * MINUTE, (h.FS1, h.PACS1), h.RESCUE)


def _mails() -> dict[str, bytes]:
    return mails.files([(h.NIVELLE, datetime.datetime(2021, 3, 16, 9, 4, 30, tzinfo=datetime.UTC))])


REPLAY = Replay(
    name="hse",
    title="A document opened, eight weeks of signs, encryption (Health Service Executive 2021)",
    sources=("PwC, Conti cyber attack on the HSE, 3 December 2021",),
    week=datetime.date(2021, 5, 8),
    deeds=_deeds,
    more=_mails,
    stages=("entry", "foothold", "credentials", "movement", "exfiltration", "recovery", "encryption"),
    involved=named(
        *(*_TARGETS, h.LECT2, h.DC1, h.NIVELLE, h.RESCUE, _DROP, "brumeval-gestion.example"),
    ),
)
