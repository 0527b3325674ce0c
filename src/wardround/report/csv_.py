"""CSV of the findings for a spreadsheet (RFC 4180, UTF-8 with the mark that Excel needs to see it as UTF-8).

A cell never becomes a formula: a leading ``= + - @`` gets an apostrophe in front, and so does one after a separator that a
spreadsheet of another country would split at.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from wardround.report.document import Finding, ResultDocument, presentable
from wardround.report.texts import Language, language

COLUMNS = (
    *("id", "detection", "threat", "kind", "severity", "confidence", "title", "summary", "first_ts", "last_ts", "events"),
    *("subjects", "evidence", "techniques", "controls", "details"),
)

#: Excel cuts a cell at 32,767 characters; nobody reads a thousand.
_LONGEST = 1000
_FORMULA = re.compile(r"(?:^|[;,|\"])\s*(?=[=+\-@＝＋－＠])")


def export(document: ResultDocument, lang: str) -> bytes:
    """One row per finding under :data:`COLUMNS`, the worst first, title and summary in ``lang``."""
    words = language(lang)
    rows = (_row(found, words) for found in presentable(document, _LONGEST).findings)
    return written(COLUMNS, rows).encode("utf-8-sig")


def _row(found: Finding, words: Language) -> Mapping[str, str]:
    texts = words.texts(found.texts)
    return {
        "id": found.id,
        "detection": found.detection,
        "threat": found.threat,
        "kind": found.kind,
        "severity": found.severity,
        "confidence": found.confidence,
        "title": texts.title,
        "summary": texts.summary,
        "first_ts": found.first_ts or "",
        "last_ts": found.last_ts or "",
        "events": str(found.events),
        "subjects": _joined(f"{subject.kind}={subject.name}" for subject in found.subjects),
        "evidence": _joined(f"{pointer.path}#{pointer.record}" for pointer in found.evidence),
        "techniques": _joined(found.techniques),
        "controls": _joined(found.controls),
        "details": _joined(f"{name}={value}" for name, value in found.details.items()),
    }


def _joined(items: Iterable[str]) -> str:
    return " | ".join(items)


def written(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """A table with a head, every cell quoted and harmless; a row has every column."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(harmless(row[column]) for column in columns)
    return text.getvalue()


def harmless(cell: str) -> str:
    """The cell with an apostrophe wherever a spreadsheet would see a formula begin."""
    return _FORMULA.sub(lambda hit: f"{hit[0]}'", cell)
