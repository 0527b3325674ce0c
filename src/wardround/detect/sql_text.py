"""SQL put together from pieces: identifiers, strings and lists of strings, and a statement without its end."""

from __future__ import annotations

from collections.abc import Sequence


def bare(sql: str) -> str:
    """A statement without the semicolon and white space at its end."""
    return sql.strip().rstrip(";").rstrip()


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"


def sql_list(texts: Sequence[str]) -> str:
    """An SQL list of strings."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"
