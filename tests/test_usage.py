"""docs/usage.md names every command, every option and every format that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main
from pydantic import BaseModel

from wardround.cli import app
from wardround.model import Mail
from wardround.report import FORMATS
from wardround.site import (
    ZONES,
    ApplicationEntity,
    Asset,
    CareService,
    ControlTerms,
    ExceptionRule,
    Hospital,
    Readiness,
    Site,
)

USAGE = (Path(__file__).parents[1] / "docs" / "usage.md").read_text("utf-8")


def _options(command: object, path: str = "wardround") -> Iterator[tuple[str, str]]:
    """Command and option name, for every option of every command; a command without options with an empty one."""
    children = getattr(command, "commands", {})
    names = [name for parameter in getattr(command, "params", ()) for name in parameter.opts if name.startswith("-")]
    yield from ((path, name) for name in names or [""] if not children or names)
    for name, child in children.items():
        yield from _options(child, f"{path} {name}")


ALL = sorted(set(_options(typer.main.get_command(app))))


def test_there_is_something_to_look_for() -> None:
    assert ("wardround examine", "--since") in ALL
    assert ("wardround detections list", "--lang") in ALL
    assert ("wardround detections show", "") in ALL


def _section(command: str) -> str:
    """What usage.md says of a command: the section whose heading names it; the page for the program as a whole."""
    words = command.split()[1:2]
    if not words:
        return USAGE
    found = re.search(rf"^### .*`wardround {words[0]}\b.*?(?=^##)", USAGE, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


@pytest.mark.parametrize(("command", "option"), ALL)
def test_every_option_is_told_where_its_command_is(command: str, option: str) -> None:
    section = _section(command)
    assert command.removeprefix("wardround ") in section
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", section)


@pytest.mark.parametrize("name", [*FORMATS, *ZONES])
def test_formats_and_zones_are_told(name: str) -> None:
    assert f"`{name}`" in USAGE


@pytest.mark.parametrize(
    "model", [Site, Hospital, Asset, ApplicationEntity, ExceptionRule, CareService, Mail, Readiness, ControlTerms]
)
def test_every_key_of_the_site_file_is_told(model: type[BaseModel | Mail]) -> None:
    told = USAGE[USAGE.index("## The site file") :]
    keys = model.model_fields if issubclass(model, BaseModel) else [field.name for field in fields(model)]
    assert keys
    assert [key for key in keys if not re.search(rf"\b{key}\b", told)] == []
