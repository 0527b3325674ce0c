"""A replay, and its evidence: the deeds of the attack and a normal week around them, in several formats."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from demo.generate import gateways
from demo.generate import happenings as t
from demo.generate import hospital as h
from demo.generate.chance import Chance
from demo.generate.evidence import SITE_FILE, evidence_gzip
from demo.generate.ordinary import ordinary_day
from demo.generate.suricata import eve_lines
from demo.generate.windows import windows_events
from demo.generate.windows_exports import evtx_dump_line, numbered, winlogbeat_line
from demo.generate.zeek import zeek_json, zeek_logs, zeek_text

#: Of the thousands of ordinary happenings of a day so large a share is kept: enough to hide in, and quick to read.
_SHARE = 0.08

_DAY = 24 * t.HOUR


@dataclass(frozen=True, slots=True)
class Replay:
    """An attack to be lived again.

    ``deeds`` gives what the attacker did and what his victims noticed; ``gateway`` writes the log of the VPN gateway
    (None when there is none among the evidence); ``more`` gives further files. ``week`` is the first day of the normal week.
    ``stages`` and ``involved`` are what must come out: the stages in order, and everything that may be named in the incident.
    """

    name: str
    title: str
    sources: tuple[str, ...]
    week: datetime.date
    deeds: Callable[[], Iterator[t.Happening]]
    stages: tuple[str, ...]
    involved: frozenset[str]
    gateway: Callable[[list[t.Happening]], Iterator[str]] | None = None
    more: Callable[[], dict[str, bytes]] | None = None


def at(moment: str) -> int:
    """Microseconds since 1970 of ``YYYY-MM-DD HH:MM[:SS]`` UTC."""
    return int(datetime.datetime.fromisoformat(moment).replace(tzinfo=datetime.UTC).timestamp()) * t.SECOND


@cache
def _kept() -> tuple[t.Happening, ...]:
    """A thinned ordinary day; what stands for a person at work is kept whole."""
    chance = Chance("replay: thinned day")
    whole = (t.VpnSession, t.Lease, t.PortalRequest, t.RemoteDesktop)
    return tuple(item for item in ordinary_day() if isinstance(item, whole) or chance.share() < _SHARE)


def ordinary_week(first: datetime.date) -> Iterator[t.Happening]:
    """Seven days like any other, from that day on."""
    for number in range(7):
        shift = (first - t.DAY).days * _DAY + number * _DAY
        for item in _kept():
            if isinstance(item, t.FileAction):
                yield replace(item, at=item.at + shift, session=f"{item.session} {number}")
            else:
                yield replace(item, at=item.at + shift)


def probing(first: datetime.date, days: int) -> Iterator[t.PortalRequest]:
    """Strangers knock at the portal with well-known requests and are refused, as everywhere on the Internet."""
    chance = Chance(f"replay: probing {first}")
    requests = (
        "/vpn/../vpns/cfg/smb.conf",
        "/remote/fgt_lang?lang=/../../../..//////////dev/cmdb/sslvpn_websession",
        "/dana-na/../dana/html5acc/guacamole/../../../../etc/passwd",
        "/tmui/login.jsp/..;/tmui/locallb/workspace/fileRead.jsp",
    )
    begin = at(f"{first} 00:00")
    for number in range(days * 3):
        stranger = h.Host("", f"198.51.100.{200 + number % 40}")
        moment = begin + number * (_DAY // 3) + chance.whole(0, 25_000) * t.SECOND
        for uri in requests[: chance.whole(1, 4)]:
            moment += chance.whole(1, 30) * t.SECOND
            yield t.PortalRequest(moment, stranger, "GET", uri, 404, "Go-http-client/1.1", 196)


def files_of(replay: Replay) -> dict[str, bytes]:
    """Every file of a replay by its path: always the same bytes."""
    deeds = sorted(replay.deeds(), key=lambda item: item.at)
    all_of_it = sorted((*ordinary_week(replay.week), *deeds), key=lambda item: item.at)
    files = {"site.toml": SITE_FILE.read_bytes(), **_windows(all_of_it), **_zeek(all_of_it)}
    requests = [item for item in all_of_it if isinstance(item, t.PortalRequest)]
    files["suricata/eve.json"] = "".join(eve_lines(requests)).encode()
    if replay.gateway is not None:
        lines = replay.gateway([*gateways.staff(replay.week), *all_of_it])
        files["vpn/gateway.log"] = "\n".join((*lines, "")).encode()
    return dict(sorted({**files, **(replay.more() if replay.more else {})}.items()))


def _windows(day: list[t.Happening]) -> dict[str, bytes]:
    """Servers forward their events, workstations were exported one by one."""
    forwarded: list[str] = []
    exported: dict[tuple[str, str], list[str]] = {}
    for record, event in numbered(windows_events(day)):
        if event.host in h.SERVERS:
            forwarded.append(winlogbeat_line(record, event))
        else:
            exported.setdefault((event.host.name, event.channel.replace("/", "%4")), []).append(evtx_dump_line(record, event))
    files = {f"windows/{host}/{channel}.jsonl": "".join(lines).encode() for (host, channel), lines in exported.items()}
    return {**files, "windows/winlogbeat.ndjson.gz": evidence_gzip("".join(forwarded))}


def _zeek(day: list[t.Happening]) -> dict[str, bytes]:
    files = {}
    for number, (log, rows) in enumerate(zeek_logs(day).items()):
        text = "".join(zeek_json(log, rows)) if number % 2 else zeek_text(log, rows, "opened", "closed")
        files[f"zeek/{log}.log"] = text.encode()
    return files


def named(*hosts: h.Host | h.Account | str) -> frozenset[str]:
    """The names and addresses of what is involved, in lower case."""
    found: set[str] = set()
    for item in hosts:
        if isinstance(item, h.Host):
            found |= {name.lower() for name in (item.name, item.address) if name}
        else:
            found.add((item.name if isinstance(item, h.Account) else item).lower())
    return frozenset(found)


def spread(moment: int, step: int, items: tuple[h.Host, ...]) -> Iterator[tuple[int, h.Host]]:
    """Each item with its moment, ``step`` seconds apart."""
    return zip(itertools.count(moment, step * t.SECOND), items, strict=False)
