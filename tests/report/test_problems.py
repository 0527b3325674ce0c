"""Every code of a diagnostic has its sentence in both languages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from wardround.report import problems
from wardround.report.texts import language

SOURCES = sorted(Path(str(resources.files("wardround"))).rglob("*.py"))
#: Where the code stands among the arguments of what makes a diagnostic.
MAKERS = {"diagnose": 0, "ReaderError": 0, "_note": 0, "note": 0, "Diagnostic": 3}


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _codes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = MAKERS.get(name, 99)
            if len(node.args) > place and isinstance(code := node.args[place], ast.Constant) and isinstance(code.value, str):
                yield code.value


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
