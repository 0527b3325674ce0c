"""The controls that findings refer to (C01 to C24): what would have avoided them, in words for both languages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from wardround.errors import ContentError

LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Control:
    """A measure: ``title`` names it in a few words, ``advice`` says in one sentence what to do; both per language."""

    id: str
    title: dict[str, str]
    advice: dict[str, str]


@cache
def controls() -> dict[str, Control]:
    """Every control by id, in order; raises ContentError when one lacks a language."""
    text = resources.files("wardround.care").joinpath("controls.yml").read_text(encoding="utf-8")
    found = {}
    for identifier, body in yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).items():  # noqa: S506 - a safe loader
        try:
            title = {language: body[language]["title"] for language in LANGUAGES}
            advice = {language: body[language]["advice"] for language in LANGUAGES}
        except KeyError as error:
            raise ContentError(f"control {identifier}: {error} is missing") from error
        found[identifier] = Control(identifier, title, advice)
    return found
