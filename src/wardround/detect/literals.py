"""Patterns and the plain text that must occur in whatever they match.

Regular expressions are RE2's (https://github.com/google/re2/wiki/Syntax): linear in the evidence, whatever the pattern.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import re2

#: Memory that one compiled expression may take, in bytes; a pattern that needs more is refused.
MAX_REGEX_MEMORY = 8 * 1024 * 1024

#: Shorter text occurs nearly everywhere, so that looking for it first saves nothing.
MIN_PREFILTER_CHARACTERS = 3


@cache
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
