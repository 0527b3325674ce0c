"""The text that HTML shows, roughly: tags, scripts and styles taken out, entities replaced. Linear, whatever it is given."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<(?:!--|(/?[a-zA-Z][\w:-]{0,30})[^<>]*>?|[!?][^<>]*>?)")
_END = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style", "title", "noscript", "template")}
_BLOCKS = "p br div tr li table h1 h2 h3 h4 ul ol blockquote hr td th section article"
_BREAKS = frozenset(_BLOCKS.split())
_BLANKS = re.compile(r"[\s\u00a0\u200b-\u200f\u034f\u2060\ufeff\u00ad]+")

#: An entity is not longer, and text with more of them than this keeps the rest as written.
_ENTITIES = 100_000


def visible(markup: str) -> str:
    """The text of an HTML document, blanks collapsed."""
    pieces: list[str] = []
    at = 0
    comments = True
    while (match := _TAG.search(markup, at)) is not None:
        pieces.append(markup[at : match.start()])
        at = match.end()
        if match.group() == "<!--":
            end = markup.find("-->", at) if comments else -1
            comments = end >= 0  # without an end none that follows has one
            at = end + 3 if end >= 0 else at
            continue
        name = (match.group(1) or "").lower()
        if name in _END:
            close = _END[name].search(markup, at)
            if close is None:
                at = len(markup)
                break
            at = close.start()
        elif name.strip("/") in _BREAKS:
            pieces.append(" ")
    pieces.append(markup[at:])
    text = "".join(pieces)
    if "&" in text and text.count("&") < _ENTITIES:
        text = html.unescape(text)
    return blanks(text)


def blanks(text: str) -> str:
    """The text with every run of blanks as one."""
    return _BLANKS.sub(" ", text).strip()
