"""The history of breaches for the terminal, as a page, as JSON and as CSV: pure functions of the figures and a language."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import Markup
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wardround.care.history import History, Sum
from wardround.errors import UserError
from wardround.report import history_charts, history_story
from wardround.report.csv_ import written
from wardround.report.document import to_json
from wardround.report.html import page
from wardround.report.safe import encodable, visible
from wardround.report.terminal import printed
from wardround.report.texts import Language, language

#: Columns of the CSV: one row per year and per part of the list.
COLUMNS = (
    *("part", "name", "breaches", "individuals", "largest", "without_largest", "median", "cumulative"),
    *("hacking", "email", "server", "hacking_told", "hacking_ransomware", "all_told", "all_ransomware"),
)


def render(history: History, lang: str, *, width: int = 100, colour: bool = False) -> str:
    """The history on a terminal."""
    return printed(_parts(history, language(lang)), width=width, colour=colour)


def _parts(history: History, words: Language) -> Iterator[Text | Table | Padding]:
    yield Text(words.gettext("Breaches of health records reported in the United States"), style="bold")
    for sentence in history_story.sentences(history, words):
        yield Padding(Text(sentence), (0, 0, 0, 2))
    for told in history_story.tables(history, words):
        yield Text(f"\n{told.title}", style="bold")
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for place, head in enumerate(told.head):
            table.add_column(Text(head), justify="right" if place else "left", overflow="fold", no_wrap=place > 0)
        for row in told.rows:
            table.add_row(*(Text(cell) for cell in row))
        yield Padding(table, (0, 0, 0, 2))
        if told.note:
            yield Text(f"  {told.note}", style="dim")
    yield Text("\n" + words.gettext("What observatories in Europe and France have published"), style="bold")
    for fact in history_story.facts(words):
        yield Padding(Text(f"{fact.text} ({fact.source})"), (0, 0, 0, 2))


def html_(history: History, lang: str) -> bytes:
    """The history as one self-contained page with its pictures."""
    words = language(lang)
    pictures = history_charts.pictures(history, words)
    return page(
        "history.html.j2",
        None,
        words,
        files=[visible(name) for name in history.files],
        history=history,
        sentences=history_story.sentences(history, words),
        tables=history_story.tables(history, words),
        facts=history_story.facts(words),
        pictures=[(picture, Markup(picture.svg)) for picture in pictures],  # noqa: S704 - drawn by us, its texts escaped
    )


def json(history: History, lang: str) -> bytes:
    """The figures as JSON: the fields of :class:`wardround.care.history.History`, days as ISO 8601, sums spelt out."""
    document: dict[str, Any] = _plain(history)
    return to_json(document, indent=True) + b"\n"


def csv_(history: History, lang: str) -> bytes:
    """The figures as one table under :data:`COLUMNS`, for a spreadsheet; names as the list has them."""
    rows = ({column: visible(str(row.get(column, ""))) for column in COLUMNS} for row in _rows(history))
    return written(COLUMNS, rows).encode("utf-8-sig")


def _rows(history: History) -> Iterator[dict[str, Any]]:
    yield {"part": "total", "name": "all", **_sum(history.total)}
    for year in history.years:
        yield {
            **{"part": "year", "name": year.year, **_sum(year.all), "cumulative": year.cumulative},
            **{"hacking": year.hacking, "email": year.email, "server": year.server},
            **{"hacking_told": year.told_hacking.told, "hacking_ransomware": year.told_hacking.ransomware},
            **{"all_told": year.told_all.told, "all_ransomware": year.told_all.ransomware},
        }
    for name, parts in (("type", history.types), ("location", history.locations), ("other", history.others)):
        for part in parts:
            yield {"part": name, "name": part.name, **_sum(part.sum)}
    yield {"part": "imaging", "name": "all", **_sum(history.imaging)}
    for passing in history.passings:
        day = passing.day.isoformat() if passing.day else ""
        yield {"part": "passing", "name": f"{passing.part} {day}".strip(), "individuals": passing.individuals}


def _sum(value: Sum) -> dict[str, int]:
    return {**dataclasses.asdict(value), "without_largest": value.without_largest}


def _plain(value: Any) -> Any:
    if isinstance(value, Sum):
        return _sum(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: _plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return encodable(value) if isinstance(value, str) else value


_EXPORTERS: dict[str, tuple[str, Callable[[History, str], bytes]]] = {
    "html": ("history.html", html_),
    "json": ("history.json", json),
    "csv": ("history.csv", csv_),
}

#: Names of the formats that :func:`export` knows.
FORMATS: tuple[str, ...] = tuple(_EXPORTERS)


def export(history: History, format: str, lang: str) -> tuple[str, bytes]:  # noqa: A002
    """The usual name of a file of that format and what it holds; raises UserError for a format there is not."""
    if format not in _EXPORTERS:
        raise UserError(
            f"there is no format {format!r} of the history; choose one of: {', '.join(FORMATS)}",
            f"l’historique n’a pas de format «\u00a0{format}\u00a0»\u202f; formats possibles\u00a0: {', '.join(FORMATS)}",
        )
    name, exporter = _EXPORTERS[format]
    return name, exporter(history, lang)
