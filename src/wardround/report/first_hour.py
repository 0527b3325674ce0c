"""The first-hour sheet alone, as one page to be printed; the same text stands in the report."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from wardround.report.document import ResultDocument, presentable
from wardround.report.texts import language

_LONGEST = 300


def export(document: ResultDocument, lang: str) -> bytes:
    """The sheets of the round's incidents in ``lang`` as UTF-8 HTML, one page each."""
    shown, words = presentable(document, _LONGEST), language(lang)
    environment = Environment(
        loader=PackageLoader("wardround.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = resources.files("wardround.report").joinpath("templates", "report.css").read_text(encoding="utf-8")
    text = environment.get_template("first_hour_page.html.j2").render(
        _=words.gettext,
        words=words,
        document=shown,
        by_id={found.id: found for found in shown.findings},
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    return text.encode()
