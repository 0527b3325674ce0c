"""Timesketch: the timeline of a round as CSV and JSONL, an event for each piece of evidence of a finding that has a time.

Timesketch needs ``message``, ``datetime`` (ISO 8601 with a zone) and ``timestamp_desc``; ``timestamp`` is in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from wardround.report.csv_ import written
from wardround.report.document import Finding, ResultDocument, nanoseconds, presentable, to_json
from wardround.report.names import microseconds
from wardround.report.texts import Language, language

COLUMNS = (
    *("message", "datetime", "timestamp", "timestamp_desc", "finding", "detection", "threat", "kind", "severity"),
    *("subjects", "path", "record", "table", "techniques", "tag"),
)

_LONGEST = 1000


def export_csv(document: ResultDocument, lang: str) -> bytes:
    """The timeline under :data:`COLUMNS`, in the order of time; no cell can become a formula."""
    return written(COLUMNS, _rows(document, lang)).encode()


def export_jsonl(document: ResultDocument, lang: str) -> bytes:
    """The same as one JSON object per line, ``timestamp`` a number."""
    return b"".join(to_json({**row, "timestamp": int(row["timestamp"])}) + b"\n" for row in _rows(document, lang))


def _rows(document: ResultDocument, lang: str) -> list[dict[str, str]]:
    words = language(lang)
    rows = [row for found in presentable(document, _LONGEST).findings for row in _events(found, words)]
    return sorted(rows, key=lambda row: (int(row["timestamp"]), row["finding"], row["record"]))


def _events(found: Finding, words: Language) -> Iterator[dict[str, str]]:
    """The evidence of a finding that has a time; first and last event where none of it has."""
    told = [(pointer.ts, words.gettext("evidence"), pointer) for pointer in found.evidence if pointer.ts]
    ends = [(found.first_ts, words.gettext("first event"), None), (found.last_ts, words.gettext("last event"), None)]
    for when, what, pointer in told or ends:
        if not when:
            continue
        moment = nanoseconds(when)
        yield {
            "message": f"{found.detection} {words.texts(found.texts).title}: {words.subjects(found.subjects)}",
            "datetime": microseconds(when),
            "timestamp": str(moment // 1000),
            "timestamp_desc": what,
            "finding": found.id,
            "detection": found.detection,
            "threat": found.threat,
            "kind": found.kind,
            "severity": found.severity,
            "subjects": " | ".join(f"{subject.kind}={subject.name}" for subject in found.subjects),
            "path": pointer.path if pointer else "",
            "record": str(pointer.record) if pointer else "",
            "table": pointer.table if pointer else "",
            "techniques": " ".join(found.techniques),
            "tag": f"wardround {found.severity}",
        }
