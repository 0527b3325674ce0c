"""Every code of a diagnostic has its sentence in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from wardround.report import problems
from wardround.report.texts import language

SOURCES = sorted(Path(str(resources.files("wardround"))).rglob("*.py"))
#: What makes a diagnostic; its code is the first text among the arguments that is one word.
MAKERS = {"diagnose", "ReaderError", "_note", "note", "_tell", "Diagnostic"}
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*")
#: Words in the place of a path: what the round itself was about.
SOURCES_OF_OURS = {"assets", "care", "incidents", "mail", "rules"}


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _codes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            words = (one.value for one in node.args[:4] if isinstance(one, ast.Constant) and isinstance(one.value, str))
            if name in MAKERS:
                yield from (word for word in words if CODE.fullmatch(word) and word not in SOURCES_OF_OURS)


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    given = {code for path in SOURCES for code in _codes(path)} - {""}
    assert len(given) > 80
    told = set(problems.codes(language("en")))
    assert given - told == set()
    words = {text for path in SOURCES if path.name != "problems.py" for text in _texts(path)}
    assert told - words == set(), "no module gives these any more"


@pytest.mark.parametrize("name", ["en", "fr"])
def test_a_sentence_is_told_in_the_language(name: str) -> None:
    assert problems.sentence("empty", language(name)) == {"en": "The file is empty.", "fr": "Le fichier est vide."}[name]
    assert problems.sentence("never_given", language(name)) == ""
