"""The comparison of two rounds for the terminal, as a page and as JSON. Its document is the later round with ``changes``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wardround.errors import UserError
from wardround.report import changes_story
from wardround.report.changes_document import Changes
from wardround.report.document import ResultDocument, presentable, to_json
from wardround.report.html import differences
from wardround.report.terminal import STYLES, printed
from wardround.report.texts import Language, language

_LONGEST = 200
_SHOWN = 20


def render(document: ResultDocument, lang: str, *, width: int = 100, colour: bool = False) -> str:
    """The comparison on a terminal."""
    shown = presentable(document, _LONGEST)
    return printed(_parts(_changes(shown), language(lang)), width=width, colour=colour)


def _parts(changes: Changes, words: Language) -> Iterator[Text | Table | Padding]:
    yield Text(changes_story.headline(changes, words), style="bold")
    for group in changes_story.groups(changes, words):
        yield Text(f"\n{group.title} ({words.number(len(group.changes))})", style="bold")
        if group.note:
            yield Text(f"  {group.note}", style="dim")
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for change in group.changes[:_SHOWN]:
            told = Text(words.texts(change.texts).title)
            if change.subjects:
                told.append(f"\n{words.subjects(change.subjects[:3])}", style="dim")
            if why := changes_story.reason(change, words):
                told.append(f"\n{why}", style="dim")
            severity = words.severity(change.severity)
            if change.before and change.before != change.severity:
                severity = f"{words.severity(change.before)} → {severity}"
            table.add_row(Text(f"  {severity}", style=STYLES[change.severity]), Text(change.detection[:12]), told)
        yield table
        if (rest := len(group.changes) - _SHOWN) > 0:
            yield Text("  " + words.counted("and %(n)s more", "and %(n)s more", rest), style="dim")
    told_more = list(changes_story.sentences(changes, words))
    if told_more or changes.drift:
        yield Text("")
    for sentence in told_more:
        yield Text(sentence)
    for drift in changes.drift[:_SHOWN]:
        what = f"{changes_story.drift_kind(drift, words)} {drift.name}"
        yield Text(f"  {what}{words.gettext(': ')}{changes_story.drift_words(drift, words)}", style="dim")
    if (rest := len(changes.drift) - _SHOWN) > 0:
        yield Text("  " + words.counted("and %(n)s more", "and %(n)s more", rest), style="dim")


def json(document: ResultDocument, lang: str) -> bytes:
    """The comparison as JSON, as in ``changes`` of ``round.json``; the same in every language, whose texts it holds."""
    language(lang)
    return to_json(_changes(document), indent=True) + b"\n"


def _changes(document: ResultDocument) -> Changes:
    if document.changes is None:
        raise UserError("this round was compared with no other", "cette visite n’a été comparée à aucune autre")
    return document.changes


_EXPORTERS: dict[str, tuple[str, Callable[[ResultDocument, str], bytes]]] = {
    "html": ("changes.html", differences),
    "json": ("changes.json", json),
}

#: Names of the formats that :func:`export` knows.
FORMATS: tuple[str, ...] = tuple(_EXPORTERS)


def export(document: ResultDocument, format: str, lang: str) -> tuple[str, bytes]:  # noqa: A002
    """The usual name of a file of that format and what it holds; raises UserError for a format there is not."""
    if format not in _EXPORTERS:
        raise UserError(
            f"there is no format {format!r} of a comparison; choose one of: {', '.join(FORMATS)}",
            f"une comparaison n’a pas de format «\u00a0{format}\u00a0»\u202f; formats possibles\u00a0: {', '.join(FORMATS)}",
        )
    name, exporter = _EXPORTERS[format]
    return name, exporter(document, lang)
