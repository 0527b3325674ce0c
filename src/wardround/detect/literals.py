"""Patterns and the plain text that must occur in whatever they match.

Regular expressions are RE2's (https://github.com/google/re2/wiki/Syntax): linear in the evidence, whatever the pattern.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from wardround.detect.rule import fold

#: Memory that one compiled expression may take, in bytes; a pattern that needs more is refused.
MAX_REGEX_MEMORY = 8 * 1024 * 1024

#: Shorter text occurs nearly everywhere, so that looking for it first saves nothing.
MIN_PREFILTER_CHARACTERS = 3


@lru_cache(maxsize=4096)
def compile_regex(pattern: str) -> Any:
    """An RE2 expression; raises ValueError when RE2 cannot evaluate the pattern (look-around, back-references)."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MAX_REGEX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"regular expression not supported: {reason}") from error


def escape_wildcards(text: str) -> str:
    """Plain text as part of a wildcard pattern."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def split_wildcards(pattern: str) -> list[str]:
    """A wildcard pattern as its tokens: ``*``, ``?`` and plain texts, the latter prefixed with ``=``."""
    tokens: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character in "*?":
            tokens.append(character)
            continue
        literal = next(characters, "\\") if character == "\\" else character
        if tokens and tokens[-1].startswith("="):
            tokens[-1] += literal
        else:
            tokens.append("=" + literal)
    return tokens


def wildcard_regex(pattern: str) -> str:
    """The RE2 expression that matches a whole value as the wildcard pattern does."""
    parts = {"*": ".*", "?": "."}
    return r"(?s)\A" + "".join(parts.get(token) or re2.escape(token[1:]) for token in split_wildcards(pattern)) + r"\z"


def wildcard_literal(pattern: str) -> str:
    """The longest plain text of a wildcard pattern, empty when it has none."""
    return max((token[1:] for token in split_wildcards(pattern) if token.startswith("=")), key=len, default="")


def regex_literals(pattern: str) -> tuple[str, ...] | None:
    """Texts in folded form of which at least one occurs (folded) in every value that the expression matches.

    None when the expression promises nothing; whatever is not understood promises nothing.
    """
    try:
        found = _RegexReader(pattern).read()
    except (_NotUnderstood, RecursionError):
        return None
    return found if found and len(found) <= MAX_ALTERNATIVES else None


#: More alternatives than this are not worth looking for.
MAX_ALTERNATIVES = 64

_QUANTIFIERS = frozenset("*+?{")
_OPAQUE_ESCAPES = frozenset("dDsSwWbBAztrnfva")


class _NotUnderstood(Exception):  # noqa: N818  (never leaves this module)
    pass


class _RegexReader:
    """Reads a regular expression far enough to know which texts it cannot do without."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def read(self) -> tuple[str, ...] | None:
        found = self._alternatives(0)
        if self._at != len(self._pattern):
            raise _NotUnderstood
        return found

    def _peek(self) -> str:
        return self._pattern[self._at] if self._at < len(self._pattern) else ""

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise _NotUnderstood
        self._at += 1
        return character

    def _alternatives(self, depth: int) -> tuple[str, ...] | None:
        if depth > 50:
            raise _NotUnderstood
        branches = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence(depth))
        if any(branch is None for branch in branches):
            return None
        return tuple(dict.fromkeys(text for branch in branches for text in branch or ()))

    def _sequence(self, depth: int) -> tuple[str, ...] | None:
        candidates: list[tuple[str, ...]] = []
        run = ""
        while self._peek() not in {"", "|", ")"}:
            atom = self._atom(depth)
            optional, repeated = self._quantifier()
            if isinstance(atom, str) and not optional:
                run += atom
                if not repeated:
                    continue
            elif isinstance(atom, tuple) and not optional:
                candidates.append(atom)
            candidates.append((run,))
            run = ""
        candidates.append((run,))
        useful = [texts for texts in candidates if min(map(len, texts)) >= MIN_PREFILTER_CHARACTERS]
        return max(useful, key=lambda texts: (min(map(len, texts)), -len(texts)), default=None)

    def _atom(self, depth: int) -> str | tuple[str, ...] | None:
        """One piece: a plain character, the texts that a group needs, or None for anything else."""
        character = self._take()
        if character == "(":
            return self._group(depth)
        if character == "[":
            self._class()
            return None
        if character == "\\":
            return self._escape()
        if character in ".^$":
            return None
        if character in _QUANTIFIERS:
            raise _NotUnderstood
        return _plain(character)

    def _escape(self) -> str | None:
        character = self._take()
        if character in _OPAQUE_ESCAPES:
            return None
        if character.isalnum():
            raise _NotUnderstood
        return _plain(character)

    def _group(self, depth: int) -> tuple[str, ...] | None:
        if self._peek() == "?":
            self._at += 1
            if self._peek() == "P":
                self._at += 1
            if self._peek() == "<":
                while self._take() != ">":
                    pass
            else:
                while (character := self._take()) != ":":
                    if character == ")":
                        if self._peek() in _QUANTIFIERS:  # RE2 applies it to what stands before the flags
                            raise _NotUnderstood
                        return None
                    if character not in "imsU-":
                        raise _NotUnderstood
        found = self._alternatives(depth + 1)
        if self._take() != ")":
            raise _NotUnderstood
        return found

    def _class(self) -> None:
        if self._peek() == "^":
            self._at += 1
        first = True
        while (character := self._take()) != "]" or first:
            first = False
            if character == "\\":
                self._take()
            elif character == "[" and self._peek() == ":":
                raise _NotUnderstood

    def _quantifier(self) -> tuple[bool, bool]:
        """Whether what stands before may be absent, and whether it may be repeated."""
        optional = repeated = False
        while self._peek() in _QUANTIFIERS:
            character = self._take()
            repeated = True
            if character in "*?":
                optional = True
            elif character == "{":
                start = self._at
                while self._take() != "}":
                    pass
                lowest = self._pattern[start : self._at - 1].split(",")[0]
                if not lowest.isdigit():
                    raise _NotUnderstood
                optional = optional or int(lowest) == 0
        return optional, repeated


def _plain(character: str) -> str | None:
    """A character as it stands in folded text; none outside ASCII, where case rules differ between engines."""
    return fold(character) if character.isascii() else None
