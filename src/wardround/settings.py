"""Files that the hospital writes by hand (TOML): reading them, and saying a mistake in words of who wrote them.

Knows nothing of what such a file holds; the model given tells its keys.
"""

from __future__ import annotations

import contextlib
import difflib
import ipaddress
import re
import tomllib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from wardround.errors import UserError

#: What is wrong in English and in French.
Told = tuple[str, str]

_PLACE = re.compile(r"\(at line (\d+), column \d+\)")
#: A key of TOML may do without quotation marks only when it is made of these.
_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_TYPOGRAPHIC = frozenset("“”„«»‘’")  # what word processors put for quotation marks

#: Beginnings of messages of the TOML library, and what they mean to who wrote the file.
_GRAMMAR: tuple[tuple[str, Told], ...] = (
    ("Invalid value", ("a text must stand in quotation marks", "un texte doit être entre guillemets droits")),
    ("Invalid date", ("not a date like 2026-12-31", "ce n’est pas une date comme 2026-12-31")),
    ("Unclosed array", ("a list has no closing ], or no comma between two items",
                        "il manque à une liste le ] qui la ferme, ou une virgule entre deux éléments")),
    ("Unclosed inline table", ("a { has no closing }", "il manque le } qui ferme une accolade")),
    ("Unterminated string", ("a quotation mark is not closed", "un guillemet n’est pas fermé")),
    ("Illegal character", ("a quotation mark is not closed", "un guillemet n’est pas fermé")),
    ("Unescaped", (r"a \ in double quotation marks must be doubled, or use single ones: 'C:\folder'",
                   "entre guillemets doubles, un \\ doit être doublé\u202f; ou prenez des apostrophes\u00a0: 'C:\\dossier'")),
    ("Cannot declare", ("this table stands twice", "cette table figure deux fois")),
    ("Cannot overwrite", ("this key stands twice", "cette clé figure deux fois")),
    ("Expected '='", ("a line is KEY = VALUE", "une ligne s’écrit CLÉ = VALEUR")),
    ("Expected ']", ("the name of a table has no closing ]", "il manque le ] après le nom d’une table")),
    ("Expected \"'", ("a quotation mark is not closed", "un guillemet n’est pas fermé")),
    ("Found invalid character '\\n'", ("a quotation mark is not closed", "un guillemet n’est pas fermé")),
    ("Found invalid character", ("a character has no place here", "un caractère n’a pas sa place ici")),
    ("Invalid statement", ("a line is KEY = VALUE or [TABLE]", "une ligne s’écrit CLÉ = VALEUR ou [TABLE]")),
    ("Invalid initial character", ("a key is missing", "il manque une clé")),
    ("Cannot redefine", ("this table stands twice", "cette table figure deux fois")),
    ("Cannot mutate", ("this table stands twice", "cette table figure deux fois")),
    ("Duplicate inline", ("this key stands twice", "cette clé figure deux fois")),
    ("Expected newline", ("something stands behind the value", "quelque chose suit la valeur")),
)  # fmt: skip

#: Kinds of pydantic's mistakes.
_KINDS: dict[str, Told] = {
    "missing": ("is required and missing", "est obligatoire et manque"),
    "string_type": ("must be a text in quotation marks", "doit être un texte entre guillemets"),
    "string_too_short": ("must not be empty", "ne doit pas être vide"),
    "tuple_type": ("must be a list in [ ]", "doit être une liste entre [ ]"),
    "bool_type": ("must be true or false", "doit être true ou false"),
    "bool_parsing": ("must be true or false", "doit être true ou false"),
    "int_type": ("must be a whole number", "doit être un nombre entier"),
    "int_parsing": ("must be a whole number", "doit être un nombre entier"),
    "int_from_float": ("must be a whole number", "doit être un nombre entier"),
    "float_type": ("must be a number", "doit être un nombre"),
    "float_parsing": ("must be a number", "doit être un nombre"),
    "date_type": ("must be a date like 2026-12-31", "doit être une date comme 2026-12-31"),
    "date_parsing": ("must be a date like 2026-12-31", "doit être une date comme 2026-12-31"),
    "date_from_datetime_parsing": ("must be a date like 2026-12-31", "doit être une date comme 2026-12-31"),
    "date_from_datetime_inexact": ("must be a date without a time", "doit être une date sans heure"),
    "model_type": ("must be a table, such as [name]", "doit être une table, comme [nom]"),
    "dict_type": ("must be a table, such as [name]", "doit être une table, comme [nom]"),
    "ip_any_address": ("is not an IP address", "n’est pas une adresse IP"),
    "ip_any_network": ("is not a network like 10.1.0.0/16", "n’est pas un réseau comme 10.1.0.0/16"),
}  # fmt: skip


class ValueMistakeError(ValueError):
    """What a validator of a model refuses, in both languages."""

    def __init__(self, english: str, french: str) -> None:
        super().__init__(english)
        self.french = french


def content(path: Path, limit: int, what: Told) -> dict[str, Any]:
    """The content of a TOML file of ``what``, of at most ``limit`` bytes; raises UserError with the place of a mistake."""
    try:
        if path.stat().st_size > limit:
            english, french = what
            raise UserError(f"{path}: larger than {english} can be", f"{path}\u00a0: trop grand pour {french}")
        text = path.read_text(encoding="utf-8-sig")  # Notepad writes a byte order mark
        return tomllib.loads(text)
    except OSError as error:
        raise UserError.of_file(path, error) from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: not valid TOML: not text in UTF-8; save it again in this encoding",
            f"{path}\u00a0: ce n’est pas du texte en UTF-8\u202f; enregistrez-le de nouveau dans cet encodage",
        ) from error
    except tomllib.TOMLDecodeError as error:
        english, french = _grammar(text, str(error))
        raise UserError(f"{path}: not valid TOML: {english}", f"{path}\u00a0: TOML incorrect\u00a0: {french}") from error


def refused(path: Path, error: ValidationError, model: type[BaseModel]) -> UserError:
    """The first mistake in a file of ``model``: its place and, in words for who wrote the file, what is wrong there."""
    english, french = mistake(error, model)
    return UserError(f"{path}: {english}", f"{path}\u00a0: {french}")


def _grammar(text: str, message: str) -> Told:
    """What the TOML library found, with the line and what to write there instead."""
    found = _PLACE.search(message)
    line = text.split("\n")[int(found[1]) - 1].strip() if found else ""
    if _TYPOGRAPHIC & set(_QUOTED.sub("", line)):
        told: Told = ("quotation marks must be straight ones: \"", "les guillemets doivent être droits\u00a0: \"")  # fmt: skip
    elif key := _unquoted_key(line):
        told = (
            f'the key {key} must stand in quotation marks: "{key}"',
            f'la clé {key} doit être entre guillemets\u00a0: "{key}"',
        )
    else:
        told = next((meaning for start, meaning in _GRAMMAR if message.startswith(start)), (message, message))
    if found is None:
        return f"at its end: {told[0]}", f"à la fin\u00a0: {told[1]}"
    return f"line {found[1]}: {told[0]}", f"ligne {found[1]}\u00a0: {told[1]}"


def _unquoted_key(line: str) -> str:
    """The first part of the key of a line that needs quotation marks and has none; nothing where all is well with it."""
    named = line.startswith("[")
    key = line.strip("[]") if named else line.partition("=")[0]
    if not named and "=" not in line:
        return ""
    for part in _QUOTED.sub("q", key).split("."):
        if (plain := part.strip()) and not _BARE.match(plain) and not _TYPOGRAPHIC & set(plain):
            return plain
    return ""


def mistake(error: ValidationError, model: type[BaseModel]) -> Told:
    """The first mistake that pydantic found in a file of ``model``: its place and what is wrong there."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    english, french = _kind(first, model)
    return f"{place}: {english}", f"{place}\u00a0: {french}"


def _kind(first: Any, model: type[BaseModel]) -> Told:
    kind, given = first["type"], first.get("input")
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        known = _keys(model, first["loc"][:-1])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        if near:
            return f"unknown key; did you mean {near[0]}?", f"clé inconnue\u202f; vouliez-vous dire {near[0]}\u202f?"
        return f"unknown key; known here: {', '.join(known)}", f"clé inconnue\u202f; clés possibles\u00a0: {', '.join(known)}"
    if kind == "ip_any_network":
        with contextlib.suppress(ValueError):
            network = ipaddress.ip_network(str(given), strict=False)
            return (
                f"{given} is an address within a network; the network is {network}",
                f"{given} est une adresse dans un réseau\u202f; le réseau est {network}",
            )
    raised = first.get("ctx", {}).get("error")
    if isinstance(raised, ValueMistakeError):
        return str(raised), raised.french
    limits = first.get("ctx", {})
    for name, english, french in (
        ("ge", "must be at least", "doit valoir au moins"),
        ("gt", "must be more than", "doit être supérieur à"),
        ("le", "must be at most", "doit valoir au plus"),
        ("min_length", "has too few items; needed:", "n’a pas assez d’éléments\u202f; il en faut"),
        ("max_length", "has too many items; at most", "a trop d’éléments\u202f; au plus"),
    ):
        if name in limits and kind not in _KINDS:
            return f"{english} {limits[name]}", f"{french} {limits[name]}"
    told = _KINDS.get(kind)
    if told is None:
        return str(first["msg"]), str(first["msg"])
    shown = f"{given} " if kind.startswith("ip_") and isinstance(given, str) else ""
    return shown + told[0], shown + told[1]


def _keys(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The keys a table at ``place`` may have; positions in lists and names that the user chose are stepped over."""
    for part in place:
        field = model.model_fields.get(str(part))
        if field is not None:
            inner = (field.annotation, *get_args(field.annotation))
            if is_dataclass(field.annotation):
                return [each.name for each in fields(field.annotation)]
            model = next((each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)), model)
    return list(model.model_fields)
