"""JSON Lines: one finding per line, as it stands in ``round.json``, for ``jq`` and log platforms."""

from __future__ import annotations

from wardround.report.document import ResultDocument, to_json


def export(document: ResultDocument, lang: str) -> bytes:
    """One line per finding, the worst first; every language is in it, so ``lang`` changes nothing."""
    return b"".join(to_json(found) + b"\n" for found in document.findings)
