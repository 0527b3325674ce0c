"""WannaCry in an imaging department, 12 May 2017: one machine on a flat network, then every one that spoke SMB 1.

Sources: National Audit Office, *Investigation: WannaCry cyber attack and the NHS*; the imaging department of Hampshire as told
to AuntMinnie Europe (three CT, two MR and most X-ray rooms down; the network did not allow devices to be isolated).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator

from demo.generate import hospital as h
from demo.generate.chance import Chance
from demo.generate.deploying import destroy
from demo.generate.happenings import MINUTE, SECOND, Flow, Happening
from demo.replays import deeds
from demo.replays.evidence import Replay, at, named

_FIRST = h.LECT1
_BEGIN = at("2017-05-12 13:08")
#: Who broke into whom, in minutes after the beginning.
_INFECTIONS = (
    (0, h.LECT1, h.CT1),
    (2, h.LECT1, h.PACS1),
    (5, h.CT1, h.MR1),
    (6, h.PACS1, h.XR1),
    (9, h.MR1, h.XR2),
    (12, h.PACS1, h.RIS1),
    (15, h.RIS1, h.LECT2),
)


def _deeds() -> Iterator[Happening]:
    for minute, source, target in _INFECTIONS:
        moment = _BEGIN + minute * MINUTE
        yield from _knocking(moment - 20 * SECOND, source)
        yield Flow(moment, source, target, 445, "smb", seconds=4, sent=280_000, received=9_000)
    for minute, _, host in _INFECTIONS:
        if host.logs:
            yield from destroy(_BEGIN + (minute + 3) * MINUTE, host, r"C:\Windows\mssecdemo.exe")
    yield from deeds.encrypt(_BEGIN + 10 * MINUTE, h.PACS1, h.FS1, h.PACS_SERVICE, ".wncry")


def _knocking(moment: int, source: h.Host) -> Iterator[Happening]:
    """A worm asks every address of its network for file sharing."""
    network = source.address.rpartition(".")[0]
    for number in range(60, 90):
        yield Flow(moment + number * 20_000, source, h.Host("", f"{network}.{number}"), 445, seconds=0, state="S0", sent=0)


def _alarms() -> dict[str, bytes]:
    """What a sensor on the imaging network raised (EVE JSON)."""
    chance = Chance("replay: wannacry alarms")
    lines = []
    for minute, source, target in _INFECTIONS:
        names = (
            "DEMO EXPLOIT EternalBlue MS17-010 trans2 overflow",
            "DEMO EXPLOIT DoublePulsar backdoor installed, command sent",
        )
        for number, name in enumerate(names):
            moment = datetime.datetime.fromtimestamp(_BEGIN // SECOND + minute * 60 + number * 2, datetime.UTC)
            lines.append(
                {
                    "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.000000+0000",
                    "flow_id": chance.whole(10**14, 2 * 10**15),
                    "event_type": "alert",
                    "src_ip": source.address,
                    "src_port": chance.port(),
                    "dest_ip": target.address,
                    "dest_port": 445,
                    "proto": "TCP",
                    "alert": {"action": "allowed", "gid": 1, "signature_id": 1_000_300 + number, "rev": 1, "signature": name,
                              "category": "Attempted Administrator Privilege Gain", "severity": 1},
                }
            )  # fmt: skip
    return {"suricata/imaging-eve.json": "".join(json.dumps(line) + "\n" for line in lines).encode()}


REPLAY = Replay(
    name="wannacry",
    title="A worm on a flat imaging network (WannaCry 2017)",
    sources=("NAO, Investigation: WannaCry cyber attack and the NHS", "AuntMinnie Europe, Hampshire", "MS17-010"),
    week=datetime.date(2017, 5, 8),
    deeds=_deeds,
    more=_alarms,
    stages=("movement", "recovery", "encryption"),
    involved=named(h.LECT1, h.LECT2, h.CT1, h.MR1, h.XR1, h.XR2, h.PACS1, h.RIS1, h.FS1, h.PACS_SERVICE),
)
