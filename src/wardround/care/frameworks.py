"""Frameworks that hospitals are held to, and which of their requirements our controls serve.

Numbers of requirements are facts, labels our own words; that a control serves a requirement is our judgement. Texts of the
frameworks are not reproduced.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from wardround.care.controls import controls as known_controls
from wardround.errors import ContentError, UserError


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement: its number in the framework, a label per language, and the controls (C01 …) that serve it."""

    id: str
    label: dict[str, str]
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework with its edition and where it is published; requirements in its own order."""

    id: str
    title: dict[str, str]
    edition: str
    source: str
    requirements: tuple[Requirement, ...]


@cache
def frameworks() -> dict[str, Framework]:
    """Every framework by its short name; raises ContentError when one names a control that there is not."""
    text = resources.files("wardround.care").joinpath("frameworks.yml").read_text(encoding="utf-8")
    found = {}
    for name, body in yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).items():  # noqa: S506 - a safe loader
        requirements = tuple(
            Requirement(identifier, {"en": row["en"], "fr": row["fr"]}, tuple(row["controls"]))
            for identifier, row in body["requirements"].items()
        )
        unknown = {control for row in requirements for control in row.controls} - set(known_controls())
        if unknown:
            raise ContentError(f"framework {name}: no such control: {', '.join(sorted(unknown))}")
        found[name] = Framework(name, {"en": body["en"], "fr": body["fr"]}, body["edition"], body["source"], requirements)
    return found


def framework(name: str) -> Framework:
    """The framework of that short name; raises UserError when there is none."""
    found = frameworks().get(name)
    if found is None:
        raise UserError(
            f"there is no framework {name!r}; choose one of: {', '.join(frameworks())}",
            f"il n’y a pas de référentiel «\u00a0{name}\u00a0»\u202f; référentiels possibles\u00a0: {', '.join(frameworks())}",
        )
    return found
