"""The result document itself, as it stands in ``round.json``."""

from __future__ import annotations

from wardround.report.document import ResultDocument, to_json


def export(document: ResultDocument, lang: str) -> bytes:
    """The document as indented JSON; it holds every language, so ``lang`` changes nothing."""
    return to_json(document, indent=True) + b"\n"
