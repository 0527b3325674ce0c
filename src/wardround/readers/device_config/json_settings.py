"""Settings in JSON with comments, with the line of each: a walk over tokens, without recursion and within limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from wardround.errors import ReaderError
from wardround.readers.base import Sink

#: A configuration of an archive has some tens of kilobytes, most of them comments.
DOCUMENT_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 64

#: Comments and blanks, strings, punctuation, and words (numbers, true, false, null).
_TOKEN = re.compile(
    r"(?P<gap>\s+|//[^\n]*|/\*.*?\*/)|(?P<string>\"(?:[^\"\\]|\\.)*\")|(?P<mark>[{}\[\]:,])|(?P<word>[A-Za-z0-9+.\-]+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value: the names (and places in arrays, from 0) that lead to it, the value as text, and its line."""

    path: tuple[str, ...]
    value: str
    line: int


@dataclass(slots=True)
class _Level:
    is_array: bool
    name: str = ""
    place: int = 0


def without_comments(text: str) -> str:
    """The text with comments blanked out; what stands in strings is no comment."""
    parts: list[str] = []
    position = 0
    while (token := _TOKEN.match(text, position)) is not None:  # ends where it is no JSON: nothing is scanned twice
        parts.append(token[0] if token.lastgroup != "gap" else " ")
        position = token.end()
    return "".join(parts)


def leaves(text: str, sink: Sink) -> Iterator[Leaf]:
    """Every value of a document. What is not JSON ends the walk with diagnostic ``json_broken``."""
    levels: list[_Level] = []
    position, line = 0, 1
    pending: str | None = None
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            sink.diagnose("json_broken", "The configuration breaks off or is not JSON; it was read up to here.", line)
            return
        position = token.end()
        if token.lastgroup == "gap":
            line += token[0].count("\n")
            continue
        here = levels[-1] if levels else None
        if token.lastgroup == "mark":
            mark = token[0]
            if mark in "{[":
                if len(levels) >= MAX_DEPTH:
                    raise ReaderError("json_too_deep", f"the configuration is nested more than {MAX_DEPTH} deep", line)
                levels.append(_Level(mark == "["))
            elif mark in "}]":
                if levels:
                    levels.pop()
            elif mark == ":" and here is not None and pending is not None:
                here.name, pending = pending, None
            elif mark == "," and here is not None:
                here.place += 1
                here.name = ""
            continue
        value = _string(token[0]) if token.lastgroup == "string" else token[0]
        if here is not None and not here.is_array and not here.name:
            pending = value
            continue
        if here is not None:
            yield Leaf(tuple(str(level.place) if level.is_array else level.name for level in levels), value, line)
        line += token[0].count("\n")


def _string(literal: str) -> str:
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal[1:-1]
