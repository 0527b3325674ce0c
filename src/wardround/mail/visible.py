"""The text that HTML shows, roughly: tags, scripts and styles taken out, entities replaced. Linear, whatever it is given."""

from __future__ import annotations

import re

from wardround.mail.entities import unescaped

_BREAK = re.compile(
    r"</?(?:p|br|div|tr|li|table|h[1-6]|ul|ol|blockquote|hr|t[dh]|section|article)(?![\w:-])[^<>]*>?", re.IGNORECASE
)
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>?")
_OPEN = re.compile(r"<(?:!--|(script|style|title|noscript|template)\b)", re.IGNORECASE)
_END = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style", "title", "noscript", "template")}
_WIDTHLESS = re.compile(r"[\u200b-\u200f\u034f\u2060\ufeff\u00ad]+")

#: An entity is not longer, and text with more of them than this keeps the rest as written.
_ENTITIES = 100_000


def visible(markup: str) -> str:
    """The text of an HTML document, blanks collapsed."""
    text = _TAG.sub("", _BREAK.sub(" ", _without_hidden(markup)))
    if "&" in text and text.count("&") < _ENTITIES:
        text = unescaped(text)
    return blanks(text)


def _without_hidden(markup: str) -> str:
    """The document without comments, scripts and styles."""
    pieces: list[str] = []
    at = 0
    comments = True
    while (match := _OPEN.search(markup, at)) is not None:
        pieces.append(markup[at : match.start()])
        at = match.end()
        name = match.group(1)
        if name is None:
            end = markup.find("-->", at) if comments else -1
            comments = end >= 0  # without an end none that follows has one
            at = end + 3 if end >= 0 else at
            continue
        close = _END[name.lower()].search(markup, at)
        if close is None:
            return "".join(pieces)
        at = close.start()
    pieces.append(markup[at:])
    return "".join(pieces)


def blanks(text: str) -> str:
    """The text with every run of blanks as one."""
    return " ".join((text if text.isascii() else _WIDTHLESS.sub(" ", text)).split())
