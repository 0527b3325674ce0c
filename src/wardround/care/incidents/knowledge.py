"""What a finding is to the story of an incident: its stage, whether somebody got in, and what its subjects did in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from wardround.errors import ContentError
from wardround.model import THREATS, Finding

Relation = Literal["actor", "held", "used", "target", "none"]

#: The stages in the order in which intruders usually go through them.
STAGES: tuple[str, ...] = (
    "entry",
    "foothold",
    "credentials",
    "movement",
    "exfiltration",
    "recovery",
    "encryption",
    "care",
)

#: Where a finding stands whose techniques nobody placed.
_OTHERWISE = "foothold"

#: Techniques that alone do not say that anybody got in (guessing, scanning, mail that arrived).
_ATTEMPTS = ("T1110", "T1595", "T1046", "T1087", "T1566", "T1498", "T1499")

_RELATIONS: dict[str, Relation] = {"address": "actor", "user": "used", "destination": "held", "domain": "held"}
_KINDS = ("host", "address", "user", "destination", "domain", "device")


@dataclass(frozen=True, slots=True)
class Place:
    """How a detection stands in a story; see stages.yml."""

    stage: str
    attempt: bool = False
    unless_critical: bool = False
    effect: bool = False
    relations: Mapping[str, Relation] = field(default_factory=dict)


@cache
def places() -> tuple[dict[str, str], dict[str, Mapping[str, Any]]]:
    """Stage by technique, and what is stated by detection. Raises ContentError when a stage or relation is unknown."""
    content = yaml.safe_load((resources.files(__package__ or "") / "stages.yml").read_text(encoding="utf-8"))
    stated = content["detections"]
    for name, body in stated.items():
        relations = body.get("relations", {}).values()
        if body.get("stage", _OTHERWISE) not in STAGES or set(relations) - {"actor", "held", "target", "none"}:
            raise ContentError(f"stages.yml: {name}: unknown stage or relation")
    if set(content["techniques"].values()) - set(STAGES):
        raise ContentError("stages.yml: techniques: unknown stage")
    return content["techniques"], stated


@cache
def place(detection: str, techniques: tuple[str, ...]) -> Place:
    """How findings of a detection stand in a story."""
    by_technique, stated = places()
    body = stated.get(detection, {})
    stage = body.get("stage") or next(filter(None, (_stage(name, by_technique) for name in techniques)), _OTHERWISE)
    attempt = body.get("attempt")
    if attempt is None:
        attempt = bool(techniques) and all(name.startswith(_ATTEMPTS) for name in techniques)
    return Place(stage, bool(attempt), attempt == "unless critical", bool(body.get("effect")), body.get("relations", {}))


def is_ours(finding: Finding) -> bool:
    """Whether a detection of wardround made it: findings of the users' rules support a story, they do not make one."""
    return finding.threat in THREATS


def established(finding: Finding, where: Place) -> bool:
    """Whether the finding shows that somebody got in or acts inside, rather than tries to."""
    return not where.attempt or (where.unless_critical and finding.severity == "critical")


def relations(finding: Finding, where: Place) -> list[tuple[str, str, Relation]]:
    """(kind, name, relation) of the subjects that say who and where."""
    got_in = established(finding, where)
    kinds = {subject.kind for subject in finding.subjects}
    found: list[tuple[str, str, Relation]] = []
    for subject in finding.subjects:
        if subject.kind == "share" and (server := _server(subject.name)):
            found.append(("host", server, "held" if got_in else "target"))
        if subject.kind not in _KINDS:
            continue
        relation = where.relations.get(subject.kind) or _RELATIONS.get(subject.kind)
        if subject.kind == "host" and relation is None:
            relation = "target" if (where.attempt and not got_in) or "address" in kinds else "held"
            if where.unless_critical and got_in:
                relation = "held"
        elif subject.kind == "device" and relation is None:
            relation = "actor"
        elif relation == "used" and not got_in:
            relation = "target"
        if relation and relation != "none":
            found.append((subject.kind, subject.name, relation))
    return found


def _server(share: str) -> str:
    """The machine that a share is on, by its UNC path (two slashes, server, share); empty for other paths."""
    parts = share.replace("\\", "/").split("/")
    return parts[2] if len(parts) > 3 and parts[:2] == ["", ""] else ""


def _stage(technique: str, by_technique: Mapping[str, str]) -> str | None:
    return by_technique.get(technique) or by_technique.get(technique.partition(".")[0])
