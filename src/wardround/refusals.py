"""What the command line cannot take, in one line of the user's language; the argument library's own wording is not shown.

The library's exceptions are told apart by the names of their classes, which all its versions share.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

#: The base of all that the library refuses; it has no public name.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

Told = tuple[str, str]


class Refused(typer.BadParameter):
    """A value that an option or argument does not take, in both languages."""

    def __init__(self, option: str, english: str, french: str) -> None:
        super().__init__(english, param_hint=option)
        self.option = option
        self.french = french


def language(arguments: Sequence[str]) -> str:
    """The language that a command line asks for, before anything of it is understood."""
    found = "en"
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == "--lang" and following == "fr":
            found = "fr"
        elif argument.startswith("--lang="):
            found = "fr" if argument == "--lang=fr" else "en"
    return found


def unknown(option: str, given: str, known: Collection[str]) -> Refused:
    """A name that an option does not know."""
    listed = ", ".join(known)
    return Refused(
        option,
        f"there is no {given!r}; choose one of: {listed}",
        f"«\u00a0{given}\u00a0» n’existe pas\u202f; au choix\u00a0: {listed}",
    )


def one_of(option: str, known: Collection[str]) -> Callable[[str | None], str | None]:
    """A check that an option's value is a name that it knows."""

    def check(given: str | None) -> str | None:
        if given is not None and given not in known:
            raise unknown(option, given, known)
        return given

    return check


def told(error: Exception, lang: str) -> str:
    """The line for what the library, or a :class:`Refused`, has found wrong, and where to read what is possible."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "wardround"
    english, french = _wrong(error)
    return f"{french} ({command} --help)" if lang == "fr" else f"{english} ({command} --help)"


def _wrong(error: Exception) -> Told:
    if isinstance(error, Refused):
        return f"{error.option}: {error.message}", f"{error.option}\u00a0: {error.french}"
    kind = type(error).__name__
    option = str(getattr(error, "option_name", "") or "") or _parameter(error)
    if kind == "NoSuchOption":
        near = sorted(getattr(error, "possibilities", None) or ())
        if near:
            return (
                f"{option}: unknown option; did you mean {near[0]}?",
                f"{option}\u00a0: option inconnue\u202f; vouliez-vous dire {near[0]}\u202f?",
            )
        return f"{option}: unknown option", f"{option}\u00a0: option inconnue"
    if kind == "MissingParameter":
        return f"{option} is missing", f"il manque {option}"
    if kind == "BadOptionUsage":
        if "not take" in str(error):
            return f"{option}: takes no value", f"{option}\u00a0: ne prend pas de valeur"
        return f"{option}: its value is missing", f"{option}\u00a0: il manque sa valeur"
    if kind == "BadParameter":
        return (
            f"{option}: must be a whole number that is possible here",
            f"{option}\u00a0: doit être un nombre entier possible ici",
        )
    return _command(error)


def _parameter(error: Exception) -> str:
    """The option or argument of an error, as a user writes it."""
    parameter = getattr(error, "param", None)
    if parameter is None:
        return str(getattr(error, "param_hint", "") or "")
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name).upper()
    return str(parameter.opts[0])


def _command(error: Exception) -> Told:
    """A command that is not there, or words that none takes."""
    context: Any = getattr(error, "ctx", None)
    names = context.command.list_commands(context) if hasattr(getattr(context, "command", None), "list_commands") else []
    if names:
        given = str(error).partition("'")[2].partition("'")[0]
        near = difflib.get_close_matches(given, names, n=1)
        if not given:
            return f"a command is missing: {', '.join(names)}", f"il manque une commande\u00a0: {', '.join(names)}"
        if near:
            return (
                f"{given}: unknown command; did you mean {near[0]}?",
                f"{given}\u00a0: commande inconnue\u202f; vouliez-vous dire {near[0]}\u202f?",
            )
        return (
            f"{given}: unknown command; choose one of: {', '.join(names)}",
            f"{given}\u00a0: commande inconnue\u202f; au choix\u00a0: {', '.join(names)}",
        )
    extra = str(error).rpartition("(")[2].rpartition(")")[0]
    if extra:
        return f"{extra}: more than this command takes", f"{extra}\u00a0: de trop pour cette commande"
    return str(error), str(error)
