"""The first-hour sheet alone, as one page to be printed; the same text stands in the report."""

from __future__ import annotations

from wardround.report.document import ResultDocument, presentable
from wardround.report.html import page
from wardround.report.texts import language

_LONGEST = 300


def export(document: ResultDocument, lang: str) -> bytes:
    """The sheets of the round's incidents in ``lang`` as UTF-8 HTML, one page each."""
    shown = presentable(document, _LONGEST)
    return page("first_hour_page.html.j2", shown, language(lang), by_id={found.id: found for found in shown.findings})
