"""The way in that no finding shows: a stolen password opens the VPN as its owner's would.

A session is told as the probable way in when an account that the incident used came, shortly before the first sign, from an
address outside from which it never came before. It is told as probable: it is no finding, and chains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wardround.care.application_entities import Asking
from wardround.care.incidents import words
from wardround.care.incidents.identity import Identities
from wardround.care.incidents.knowledge import STAGES
from wardround.model import Entrance, Incident, IncidentStage

#: The session began at most so long before the first sign (ns).
_BEFORE = 14 * 86_400_000_000_000

#: So many probable ways in are told.
_MOST = 5

_SESSIONS = """
    SELECT lower("user") AS account, source, any_value(device ORDER BY ts) AS device, min(ts) AS first_ts
    FROM vpn_session
    WHERE action IN ('login', 'authenticated', 'tunnel_up') AND coalesce(outcome, 'success') = 'success'
      AND ts IS NOT NULL AND source IS NOT NULL AND site_zone(source) = 'internet'
    GROUP BY ALL ORDER BY ALL
"""
_MOST_SESSIONS = 100_000


def with_entrances(incidents: Sequence[Incident], tables: Asking, who: Identities) -> tuple[Incident, ...]:
    """The incidents, with their probable ways in where no finding shows one. Raises WardroundError."""
    wanted = [incident for incident in incidents if not {stage.name for stage in incident.stages} & {"entry", "foothold"}]
    if not wanted:
        return tuple(incidents)
    came: dict[str, list[tuple[str, str, int]]] = {}
    for row in tables.query(_SESSIONS, most=_MOST_SESSIONS):
        came.setdefault(who.person(row["account"] or ""), []).append((row["source"], row["device"] or "", row["first_ts"]))
    return tuple(_with_entrance(incident, came, who) if incident in wanted else incident for incident in incidents)


def _with_entrance(incident: Incident, came: dict[str, list[tuple[str, str, int]]], who: Identities) -> Incident:
    new: list[Entrance] = []
    known: list[Entrance] = []
    for subject in incident.subjects:
        if subject.kind != "user":
            continue
        for source, device, ts in came.get(who.person(subject.name), ()):
            others = any(other != source and before < ts for other, _, before in came[who.person(subject.name)])
            if incident.first_ts - _BEFORE <= ts <= incident.first_ts + 60_000_000_000:
                entrance = Entrance(ts, subject.name, source, device, words.entrance(source, device, ts, new=others))
                (new if others else known).append(entrance)
    # Where the person usually comes from is told only when nothing stranger was seen.
    found = new or known
    found.sort(key=lambda entrance: (entrance.ts, entrance.user, entrance.source))
    if not found:
        return incident
    entry = IncidentStage(STAGES[0], found[0].ts, found[-1].ts, ())
    return replace(incident, entrances=tuple(found[:_MOST]), stages=(entry, *incident.stages))
