"""The report: one result document, told in every format and language. Nothing here reads evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wardround.errors import UserError, reasons
from wardround.report import csv_, first_hour, html, json_, jsonl, misp, navigator, ocsf, pdf, sarif, site_, stix, timesketch
from wardround.report.care_terminal import impact as render_impact
from wardround.report.care_terminal import services as render_services
from wardround.report.document import ResultDocument, build, from_json, json_schema
from wardround.report.terminal import render as render_terminal
from wardround.report.terminal import wants_colour
from wardround.report.texts import LANGUAGES

__all__ = [
    "FORMATS",
    "LANGUAGES",
    "ResultDocument",
    "build",
    "export",
    "file_name",
    "from_json",
    "json_schema",
    "read",
    "render_impact",
    "render_services",
    "render_terminal",
    "wants_colour",
    "write",
]

_EXPORTERS: dict[str, tuple[str, Callable[[ResultDocument, str], bytes]]] = {
    "html": ("report.html", html.export),
    "json": ("round.json", json_.export),
    "jsonl": ("findings.jsonl", jsonl.export),
    "csv": ("findings.csv", csv_.export),
    "ocsf": ("ocsf.jsonl", ocsf.export),
    "navigator": ("navigator.json", navigator.export),
    "pdf": ("report.pdf", pdf.export),
    "stix": ("stix.json", stix.export),
    "sarif": ("configurations.sarif", sarif.export),
    "timesketch": ("timesketch.csv", timesketch.export_csv),
    "timesketch-jsonl": ("timesketch.jsonl", timesketch.export_jsonl),
    "misp": ("misp.json", misp.export),
    "site": ("site-draft.toml", site_.export),
    "first-hour": ("first-hour.html", first_hour.export),
}

#: Names of the formats that :func:`export` knows.
FORMATS: tuple[str, ...] = tuple(_EXPORTERS)


def export(document: ResultDocument, format: str, lang: str = "en") -> bytes:  # noqa: A002
    """The document in one of :data:`FORMATS`, its texts in ``lang``; raises UserError for a format there is not."""
    return _exporter(format)[1](document, lang)


def file_name(format: str) -> str:  # noqa: A002
    """The usual name of a file of that format; raises UserError for a format there is not."""
    return _exporter(format)[0]


def write(document: ResultDocument, out: Path, lang: str = "en") -> None:
    """Write ``round.json`` and ``report.html`` into the directory ``out``, which exists."""
    for name in ("json", "html"):
        (out / file_name(name)).write_bytes(export(document, name, lang))


def read(out: Path) -> ResultDocument:
    """Read the document of a round directory; raises UserError when there is none or it cannot be read."""
    path = out / file_name("json")
    try:
        return from_json(path.read_bytes())
    except OSError as error:
        english, french = reasons(error)
        raise UserError(
            f"there is no round in {out}: {english}", f"il n’y a pas de visite dans {out}\u00a0: {french}"
        ) from error


def _exporter(name: str) -> tuple[str, Callable[[ResultDocument, str], bytes]]:
    try:
        return _EXPORTERS[name]
    except KeyError as error:
        raise UserError(
            f"there is no format {name!r}; choose one of: {', '.join(FORMATS)}",
            f"il n’y a pas de format «\u00a0{name}\u00a0»\u202f; formats possibles\u00a0: {', '.join(FORMATS)}",
        ) from error
