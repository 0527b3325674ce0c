"""The sentences of an incident, in English and French."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wardround.care.incidents import graph
from wardround.model import IncidentStage, Subject

_NB = "\u00a0"

#: The name of a kind of link in the result document.
KINDS = {
    graph.SESSION: "session",
    graph.ADDRESS: "address",
    graph.PAIR: "pair",
    graph.HOST: "host",
    graph.WAY: "way",
    graph.DESTINATION: "destination",
    graph.USER: "user",
    graph.EVENT: "event",
}

STAGE_NAMES = {
    "entry": ("entry", "entrée"),
    "foothold": ("foothold", "prise de pied"),
    "credentials": ("passwords taken", "mots de passe volés"),
    "movement": ("movement inside", "déplacement à l’intérieur"),
    "exfiltration": ("data taken", "données emportées"),
    "recovery": ("protection and recovery destroyed", "protections et restauration détruites"),
    "encryption": ("encryption", "chiffrement"),
    "care": ("care affected", "soins touchés"),
}

_MANNERS = {
    "remote_desktop": ("by remote desktop", "en bureau à distance"),
    "file_sharing": ("by file sharing", "par le partage de fichiers"),
    "ssh": ("by SSH", "par SSH"),
    "administration": ("on a port for administration", "sur un port d’administration"),
}
_OTHERWISE = ("over the network", "par le réseau")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a title and a summary are made of; ``dwell`` in ns."""

    stages: Sequence[IncidentStage]
    subjects: Sequence[Subject]
    first: int
    last: int
    dwell: int
    harm: bool
    patterns: Sequence[str]


def title(told: Counted) -> dict[str, str]:
    """The incident in a few words: from its first stage to its last."""
    names = {stage.name for stage in told.stages}
    if "encryption" in names:
        kind = ("Ransomware attack", "Attaque par rançongiciel")
    elif "exfiltration" in names:
        kind = ("Theft of data", "Vol de données")
    else:
        kind = ("Intrusion", "Intrusion")
    hosts = sum(subject.kind == "host" for subject in told.subjects)
    many = f" on {hosts} machines" if hosts > 1 else ""
    beaucoup = f" sur {hosts} machines" if hosts > 1 else ""
    return {"en": kind[0] + many, "fr": kind[1] + beaucoup}


def summary(told: Counted) -> dict[str, str]:
    """The story in two or three short sentences."""
    steps = [STAGE_NAMES[stage.name] for stage in told.stages]
    en = f"It began at {moment(told.first)}: {', then '.join(name for name, _ in steps)}. "
    fr = f"Début le {moment(told.first)}{_NB}: {', puis '.join(nom for _, nom in steps)}. "
    long, longue = duration(told.dwell)
    if told.harm:
        en += f"From the first sign to the first harm {long} passed."
        fr += f"Du premier signe au premier dommage{_NB}: {longue}."
    else:
        en += f"The last sign came {long} after the first."
        fr += f"Le dernier signe est venu {longue} après le premier."
    if "double_extortion" in told.patterns:
        en += " Data were taken before the destruction: expect double extortion."
        fr += f" Données emportées avant la destruction{_NB}: double extorsion à prévoir."
    return {"en": en, "fr": fr}


def shared(kind: int, label: str) -> dict[str, str]:
    """That two findings share something."""
    return {
        graph.ADDRESS: {"en": f"Both come from {label}.", "fr": f"Les deux viennent de {label}."},
        graph.USER: {"en": f"Both use the account {label}.", "fr": f"Les deux utilisent le compte {label}."},
        graph.HOST: {
            "en": f"Both happened on or from {label}.",
            "fr": f"Les deux se sont produits sur {label} ou depuis elle.",
        },
        graph.DESTINATION: {"en": f"Both lead to {label}.", "fr": f"Les deux mènent à {label}."},
        graph.EVENT: {"en": "Both tell of one event.", "fr": "Les deux parlent d’un même événement."},
        graph.PAIR: {"en": f"Both concern the same two: {label}.", "fr": f"Les deux concernent les deux mêmes{_NB}: {label}."},
    }[kind]


def session(address: str, person: str, source: str, up: int) -> dict[str, str]:
    """That both came through one VPN session."""
    by = f" to {person}" if person else ""
    of = f" from {source}" if source else ""
    par = f" à {person}" if person else ""
    de = f" depuis {source}" if source else ""
    return {
        "en": f"Both came over one VPN session: {address} was given{by}{of} at {moment(up)}.",
        "fr": f"Les deux sont passés par une même session VPN{_NB}: {address} a été attribuée{par}{de} le {moment(up)}.",
    }


def entrance(source: str, device: str, ts: int, *, new: bool) -> dict[str, str]:
    """Why a session probably was the way in."""
    at, a = (f" at {device}", f" sur {device}") if device else ("", "")
    before, avant = (", from where it never came before", ", d’où il n’était jamais venu") if new else ("", "")
    return {
        "en": f"An account that was used came{at} from {source} at {moment(ts)}{before}, shortly before the first sign.",
        "fr": f"Un compte utilisé est arrivé{a} depuis {source} le {moment(ts)}{avant}, peu avant le premier signe.",
    }


def way(manner: str, source: str, target: str, person: str, ts: int) -> dict[str, str]:
    """That somebody went from the machine of one finding to that of the other, who never had before."""
    en, fr = _MANNERS.get(manner, _OTHERWISE)
    who, qui = (person, person) if person else ("Somebody", "Quelqu’un")
    return {
        "en": f"{who} went from {source} to {target} {en} at {moment(ts)}, a way that was not gone before.",
        "fr": f"{qui} est passé de {source} à {target} {fr} le {moment(ts)}, un chemin jamais pris auparavant.",
    }


def label(name: str, aliases: Iterable[str]) -> str:
    """A machine with its other names."""
    others = [alias for alias in aliases if alias != name][:3]
    return f"{name} ({', '.join(others)})" if others else name


def moment(ts: int) -> str:
    """A time for people: UTC to the minute."""
    try:
        return f"{datetime.datetime.fromtimestamp(ts // 1_000_000_000, datetime.UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return "?"


def duration(ns: int) -> tuple[str, str]:
    """A length of time in one unit, in English and French."""
    minutes = ns // 60_000_000_000
    for size, unit, unite in ((1440, "day", "jour"), (60, "hour", "heure"), (1, "minute", "minute")):
        if minutes >= 2 * size or size == 1:
            n = round(minutes / size)
            return f"{n} {unit}{'s' if n != 1 else ''}", f"{n} {unite}{'s' if n > 1 else ''}"
    raise AssertionError
