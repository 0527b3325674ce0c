"""A round seen through a framework, for the terminal, as a page, JSON, CSV and OCSF Compliance Findings (class 2003)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wardround.care.frameworks import framework
from wardround.errors import UserError
from wardround.report import compliance, ocsf
from wardround.report.compliance import Assessment, View
from wardround.report.csv_ import written
from wardround.report.document import ResultDocument, presentable, to_json
from wardround.report.html import page
from wardround.report.terminal import printed
from wardround.report.texts import Language, language

COLUMNS = ("framework", "requirement", "label", "status", "findings", "checks_made", "checks_missing", "controls", "worst")

_LONGEST = 300
_SHOWN = 3
_STYLES = {"not_met": "bold red", "met": "green", "not_assessable": "dim"}


def status_words(status: str, words: Language) -> str:
    """A status in a few words; it always says that it is about this evidence."""
    _ = words.gettext
    names = {"not_met": _("not met"), "met": _("met on this evidence"), "not_assessable": _("not assessable from evidence")}
    return names[status]


def because(row: Assessment, words: Language) -> str:
    """Why a requirement has its status, in a sentence."""
    _ = words.gettext
    if row.status == "not_met":
        titles = list(dict.fromkeys(words.texts(found.texts).title for found in row.findings))
        told = words.listed([*titles[:_SHOWN], *([_("others")] if len(titles) > _SHOWN else [])])
        return _("Found: %(what)s.") % {"what": told}
    if row.status == "met" and row.missing:
        return words.counted(
            "Nothing found; but %(n)s of its checks could not be made.",
            "Nothing found; but %(n)s of its checks could not be made.",
            len(row.missing),
        )
    if row.status == "met":
        return _("Every check that speaks of it was made and found nothing.")
    if row.missing:
        return _("The evidence for its checks was missing.")
    return _("No check speaks of it: look at it by hand.")


def render(document: ResultDocument, name: str, lang: str, *, width: int = 100, colour: bool = False) -> str:
    """The view on a terminal."""
    words = language(lang)
    return printed(_parts(_view(document, name), words), width=width, colour=colour)


def _parts(view: View, words: Language) -> Iterator[Text | Table | Padding]:
    yield Text(f"{view.framework.title[words.code]} ({view.framework.edition})", style="bold")
    counts = " · ".join(words.tally(view.counted(s), status_words(s, words)) for s in compliance.STATUSES)
    yield Text(counts)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for row in view.assessments:
        told = Text(status_words(row.status, words), style=_STYLES[row.status])
        told.append(f"\n{because(row, words)}", style="dim")
        table.add_row(Text(row.requirement.id), Text(row.requirement.label[words.code]), told)
    yield Padding(table, (1, 0, 0, 2))


def html(document: ResultDocument, name: str, lang: str) -> bytes:
    """The view as a page."""
    words = language(lang)
    shown = presentable(document, _LONGEST)
    view = compliance.view(shown, framework(name))
    return page(
        "framework.html.j2", shown, words, view=view, statuses=compliance.STATUSES, status_words=status_words, because=because
    )


def json(document: ResultDocument, name: str, lang: str) -> bytes:
    """The view as JSON: every requirement with its status and the ids of findings and checks."""
    words, view = language(lang), compliance.view(document, framework(name))
    rows = [
        {
            "requirement": row.requirement.id,
            "label": row.requirement.label[words.code],
            "status": row.status,
            "controls": list(row.requirement.controls),
            "findings": [found.id for found in row.findings],
            "checks_made": [check.detection for check in row.made],
            "checks_missing": [check.detection for check in row.missing],
        }
        for row in view.assessments
    ]
    counts = {status: view.counted(status) for status in compliance.STATUSES}
    head = {"framework": name, "edition": view.framework.edition, "created": document.created, "site": document.site}
    return to_json({**head, "counts": counts, "requirements": rows}, indent=True) + b"\n"


def csv_(document: ResultDocument, name: str, lang: str) -> bytes:
    """The view as one row per requirement under :data:`COLUMNS`, for a spreadsheet."""
    words = language(lang)
    rows = (
        {
            "framework": name,
            "requirement": row.requirement.id,
            "label": row.requirement.label[words.code],
            "status": row.status,
            "findings": str(len(row.findings)),
            "checks_made": str(len(row.made)),
            "checks_missing": str(len(row.missing)),
            "controls": " ".join(row.requirement.controls),
            "worst": words.texts(row.findings[0].texts).title if row.findings else "",
        }
        for row in _view(document, name).assessments
    )
    return written(COLUMNS, rows).encode("utf-8-sig")


def ocsf_(document: ResultDocument, name: str, lang: str) -> bytes:
    """The view as OCSF Compliance Findings, one per requirement and line."""
    words, view = language(lang), compliance.view(document, framework(name))
    return b"".join(to_json(_event(document, view, row, words)) + b"\n" for row in view.assessments)


def _event(document: ResultDocument, view: View, row: Assessment, words: Language) -> dict[str, Any]:
    status = {"not_met": ocsf.FAIL, "met": ocsf.PASS, "not_assessable": ocsf.WARNING}[row.status]
    standard = f"{view.framework.title['en']} {view.framework.edition}"
    detail = f"{status_words(row.status, words)}: {because(row, words)}"
    return ocsf.requirement(
        document,
        uid=f"{view.framework.id}:{row.requirement.id}",
        title=f"{row.requirement.id} {row.requirement.label[words.code]}",
        standard=standard,
        control=row.requirement.id,
        status=status,
        detail=detail,
        severity=row.findings[0].severity if row.findings else "info",
        findings=[found.id for found in row.findings],
    )


def _view(document: ResultDocument, name: str) -> View:
    return compliance.view(presentable(document, _LONGEST), framework(name))


_EXPORTERS: dict[str, tuple[str, Callable[[ResultDocument, str, str], bytes]]] = {
    "html": ("html", html),
    "json": ("json", json),
    "csv": ("csv", csv_),
    "ocsf": ("ocsf.jsonl", ocsf_),
}

#: Names of the formats that :func:`export` knows.
FORMATS: tuple[str, ...] = tuple(_EXPORTERS)


def export(document: ResultDocument, name: str, format: str, lang: str) -> tuple[str, bytes]:  # noqa: A002
    """The usual name of a file of that framework and format and what it holds; raises UserError for one there is not."""
    if format not in _EXPORTERS:
        raise UserError(
            f"there is no format {format!r} of a framework; choose one of: {', '.join(FORMATS)}",
            f"un référentiel n’a pas de format «\u00a0{format}\u00a0»\u202f; formats possibles\u00a0: {', '.join(FORMATS)}",
        )
    suffix, exporter = _EXPORTERS[format]
    return f"compliance-{framework(name).id}.{suffix}", exporter(document, name, lang)
