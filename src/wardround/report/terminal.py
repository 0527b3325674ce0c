"""The round on one screen of a terminal: the sentences, the counts, the worst findings, and where the report is."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from typing import TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wardround.report import care_impact, changes_story, incidents, problems, story
from wardround.report.document import Finding, ResultDocument, presentable
from wardround.report.texts import Language, language

_LONGEST = 500
_SHOWN_FINDINGS = 10
_SHOWN_PROBLEMS = 5
_SHOWN_INCIDENTS = 3
#: How a severity looks on a terminal in colour.
STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to this stream: a terminal, and the user has not said NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def render(document: ResultDocument, lang: str, *, width: int = 100, colour: bool = False, where: str = "") -> str:
    """The screen as text, with ANSI colours or without; ``where`` is the path of the report, told at the end.

    Texts are shown through :func:`presentable` and never read as markup, so that evidence cannot act on the terminal.
    """
    shown, words = presentable(document, _LONGEST), language(lang)
    return printed(_parts(shown, words, where), width=width, colour=colour)


def printed(parts: Iterable[RenderableType], *, width: int, colour: bool) -> str:
    """The parts as text of that width, with ANSI colours or without; nothing in them is read as markup."""
    console = Console(
        file=io.StringIO(),
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    return capture.get()


def _parts(document: ResultDocument, words: Language, where: str) -> Iterator[Text | Table | Padding]:
    _ = words.gettext
    yield _heading(document, words)
    for sentence in story.sentences(document, words):
        yield _title(sentence.question)
        yield Padding(Text(sentence.answer), (0, 0, 0, 2))
    if document.changes:
        yield Text(f"\n{changes_story.headline(document.changes, words)}")
    yield from _incidents(document, words)
    yield Text("")
    yield _counts(document, words)
    if document.findings:
        yield _title(_("The gravest findings"))
        yield _findings(document, words)
        if (rest := sum(map(len, _alike(document)[_SHOWN_FINDINGS:]))) > 0:
            yield Text("  " + words.counted("and %(n)s more", "and %(n)s more", rest), style="dim")
    if headline := care_impact.headline(document, words):
        yield _title(_("Care at stake"))
        yield Padding(Text(headline), (0, 0, 0, 2))
    if plan := story.actions(document, words):
        yield _title(_("What to do first"))
        for place, action in enumerate(plan, 1):
            yield Text(f"  {place}. {action.title} ({action.control})")
    if document.diagnostics:
        yield _title(_("Problems with the evidence"))
        yield from _problems(document, words)
    for note in document.notes:
        yield Text(f"\n{words.note(note)}", style="dim")
    if where:
        yield Text.assemble("\n", (_("The report is in"), "bold"), " ", where)


def _incidents(document: ResultDocument, words: Language) -> Iterator[Text | Padding]:
    if document.incidents:
        yield _title(words.gettext("Incidents"))
    for told in incidents.told(document, words, _SHOWN_INCIDENTS):
        yield Padding(Text.assemble((told.title, STYLES[told.incident.severity]), f". {told.summary}"), (0, 0, 0, 2))
        if told.stops:
            stop = told.stops[0]
            first = words.gettext("It could first have been stopped on %(moment)s: %(control)s (%(id)s).")
            facts = {"moment": words.moment(stop.stop.ts), "control": stop.control, "id": stop.stop.control}
            yield Padding(Text(first % facts, style="dim"), (0, 0, 0, 2))


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _heading(document: ResultDocument, words: Language) -> Text:
    site = document.site or words.gettext("site not named")
    pieces = words.counted("%(n)s piece of evidence", "%(n)s pieces of evidence", len(document.evidence))
    heading = Text.assemble((words.gettext("Security round"), "bold"), f" · {site} · {pieces}")
    if span := story.period(document):
        heading.append(f" · {words.days(*span)}")
    return heading


def _counts(document: ResultDocument, words: Language) -> Text:
    line = Text()
    for severity, n in story.severity_counts(document).items():
        line.append(words.tally(n, words.severity(severity)), style=STYLES[severity] if n else "dim")
        line.append("   ")
    results = story.result_counts(document)
    told = " · ".join(words.tally(n, words.result(result)) for result, n in results.items())
    line.append("\n" + words.gettext("Checks") + words.gettext(": ") + told)
    return line


def _alike(document: ResultDocument) -> list[list[Finding]]:
    """Findings of one detection and severity together, in the order of the first of them."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for found in document.findings:
        groups.setdefault((found.severity, found.detection), []).append(found)
    return list(groups.values())


def _findings(document: ResultDocument, words: Language) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for group in _alike(document)[:_SHOWN_FINDINGS]:
        found, others = group[0], len(group) - 1
        subject = Text(words.texts(found.texts).title)
        if found.subjects:
            subject.append(f"\n{words.subjects(found.subjects[:3])}", style="dim")
        if others:
            subject.append(" · " + words.counted("and %(n)s more", "and %(n)s more", others), style="dim")
        severity = Text(f"  {words.severity(found.severity)}", style=STYLES[found.severity])
        table.add_row(severity, Text(found.detection[:12]), subject, Text(words.stamp(found.last_ts), style="dim"))
    return table


def _problems(document: ResultDocument, words: Language) -> Iterator[Text]:
    worst = sorted(document.diagnostics, key=lambda problem: problem.recovered)
    for problem in worst[:_SHOWN_PROBLEMS]:
        times = f" (×{words.number(problem.count)})" if problem.count > 1 else ""
        told = problems.sentence(problem.code, words) or problem.message
        yield Text.assemble("  ", problem.source, (f"\n    {told}{times}", "dim"), overflow="fold")
    if (rest := len(worst) - _SHOWN_PROBLEMS) > 0:
        yield Text("  " + words.counted("and %(n)s more", "and %(n)s more", rest), style="dim")
