"""HTML of a message, walked once: what is seen, what is hidden, where links lead, what a form asks, what scripts do.

Not a browser: styles are judged where they stand at an element, and by classes that a style sheet of the message hides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from wardround.mail.entities import unescaped

#: Characters of HTML that are looked at, and links and images kept of them.
HTML_CHARACTERS = 1 << 20
ITEMS = 500

_TAG = re.compile(r"<(/?)([!?a-zA-Z][a-zA-Z0-9:-]{0,30})([^<>]*)>?")
_RAW = re.compile(r"<(style|script)(?![a-z0-9:-])([^<>]*)>?", re.IGNORECASE | re.ASCII)
_ATTRIBUTE = re.compile(r"""([a-zA-Z][\w:-]{0,30})\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
# What hides an element, each with a word that stands in everything it finds, in lower case.
_HIDING = {
    "display": r"display\s*:\s*none",
    "visibility": r"visibility\s*:\s*hidden",
    "font-size": r"font-size\s*:\s*[01](?:px|pt|em|%)?\s*(?:[;\"'!]|$)",
    "max-height": r"max-height\s*:\s*0",
    "opacity": r"opacity\s*:\s*0(?:\.0+)?\s*(?:[;\"'!]|$)",
    "text-indent": r"text-indent\s*:\s*-\d{3}",
    "mso-hide": r"mso-hide\s*:\s*all",
    "hidden": r"\bhidden\b(?!\s*[:;])",
}
_HIDDEN = re.compile("|".join(_HIDING.values()), re.IGNORECASE)
_HIDDEN_BY = [(word, re.compile(pattern)) for word, pattern in _HIDING.items()]
_ALWAYS_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_BREAKING = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "td",
        "th",
        "li",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "center",
        "blockquote",
        "ul",
        "ol",
        "dd",
        "dt",
        "hr",
        "title",
        "body",
        "section",
        "pre",
    ]
)
_READ = frozenset(["a", "area", "img", "form", "input", "button", "iframe", "base", "meta", "embed", "object"])
_SILENT = frozenset(["style", "script", "title"])
_NOTED = _BREAKING | _READ | _SILENT
# Those that only part texts, unless a style hides what they hold.
_PLAIN = _BREAKING - {"br", "title"}


@dataclass(slots=True)
class Anchor:
    """A link: where it leads as written, its text, and whether it holds a picture."""

    href: str
    text: str = ""
    pictured: bool = False


@dataclass(slots=True)
class Page:
    """What a page shows and does. ``text`` is what people see, ``hidden`` what they do not."""

    text: str = ""
    hidden: str = ""
    title: str = ""
    anchors: list[Anchor] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    refresh: str = ""
    base: str = ""
    breaks: int = 0
    tags: int = 0


@lru_cache(maxsize=4_096)
def _hides(written: str) -> bool:
    """Whether the attributes of an element hide what it holds. Mail repeats the same styles hundreds of times."""
    if written.isascii():
        lowered = written.lower()
        return any(word in lowered and pattern.search(lowered) is not None for word, pattern in _HIDDEN_BY)
    return bool(_HIDDEN.search(written))


def attribute(written: str, wanted: str, otherwise: str = "") -> str:
    """The last attribute of that name (lower case) in a tag, without quotes and with entities decoded."""
    value = None
    for name, content in _ATTRIBUTE.findall(written[:8_192]):
        if name == wanted or name.lower() == wanted:
            value = content
    if value is None:
        return otherwise
    return unescaped(value.strip("\"'"))


def read(text: str) -> Page:
    """The page that an HTML text is; linear in its length."""
    text = _without_comments(text[:HTML_CHARACTERS])
    walk = _Walk(Page())
    begin = at = 0
    # No tag holds "<", so every style or script begins a tag of its own, and none reaches beyond its end.
    while match := _RAW.search(text, at):
        at = match.end()
        written = match.group(2)
        if written.endswith("/"):
            continue
        walk.through(text[begin : match.start()])
        name = match.group(1).lower()
        end = text.find(f"</{name}", at)
        end = end if end >= 0 else _find_folded(text, f"</{name}", at)
        if name == "script":
            walk.page.scripts.append(text[at:end][:65_536])
            if source := attribute(written, "src"):
                walk.page.scripts.append(f"src={source[:500]}")
        begin = at = end
    walk.through(text[begin:])
    return walk.done()


def _find_folded(text: str, what: str, at: int) -> int:
    found = re.compile(re.escape(what), re.IGNORECASE).search(text, at)
    return found.start() if found else len(text)


def _without_comments(text: str) -> str:
    """The text without comments; one that is not closed runs to the end, as it does in a browser."""
    if "<!--" not in text:
        return text
    kept: list[str] = []
    at = 0
    while (begin := text.find("<!--", at)) >= 0:
        kept.append(text[at:begin])
        end = text.find("-->", begin + 2)
        if end < 0:
            return "".join(kept)
        at = end + 3
    kept.append(text[at:])
    return "".join(kept)


class _Walk:
    """The state of the walk: what is open, and whether it hides what it holds."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.seen: list[str] = []
        self.unseen: list[str] = []
        self.anchor: Anchor | None = None
        self.anchor_text: list[str] = []
        self.hiding = ""
        self.depth = 0
        self.silent = ""

    def text(self, text: str) -> None:
        if self.silent:
            if self.silent == "title":
                self.page.title += text
            return
        (self.unseen if self.hiding else self.seen).append(text)
        if self.anchor is not None and not self.hiding:
            self.anchor_text.append(text)

    def through(self, markup: str) -> None:
        """Walk through a piece that holds no style and no script."""
        pieces = _TAG.split(markup)
        if pieces[0]:
            self.text(pieces[0])
        seen, tags = self.seen, 0
        for closing, name, written, after in zip(pieces[1::4], pieces[2::4], pieces[3::4], pieces[4::4], strict=True):
            if not name.islower():
                name = name.lower()
            if closing:
                if name == self.hiding or name == self.silent or name == "a":
                    self.close(name)
                elif name in _BREAKING:
                    seen.append(" ")
            elif name in _PLAIN and not self.hiding and "style" not in written and "hidden" not in written:
                tags += 1
                seen.append(" \n")
            elif written or name in _NOTED or name == self.hiding:
                self.open(name, written, written.endswith("/"))
            else:
                tags += 1
            if not after:
                continue
            if self.silent or self.hiding or self.anchor is not None:
                self.text(after)
            else:
                seen.append(after)
        self.page.tags += tags

    def open(self, name: str, written: str, closed: bool) -> None:
        self.page.tags += 1
        if name in _BREAKING:
            self.seen.append(" \n" if not self.hiding else " ")
            if name == "br":
                self.page.breaks += 1
                return
        if self.hiding:
            if name == self.hiding and not closed:
                self.depth += 1
        elif (
            ("style" in written or "hidden" in written) and name not in _ALWAYS_VOID and not closed and _hides(written[:1_000])
        ):
            self.hiding, self.depth = name, 1
        if name in _SILENT and not closed:
            self.silent = name
        if name in _READ:
            self._read(name, written)

    def _read(self, name: str, written: str) -> None:
        page = self.page
        if name in ("a", "area"):
            self._end_anchor()
            if (href := attribute(written, "href").strip()) and len(page.anchors) < ITEMS:
                self.anchor = Anchor(href[:8_192], attribute(written, "alt") if name == "area" else "")
                page.anchors.append(self.anchor)
        elif name == "img":
            if len(page.images) < ITEMS:
                source = attribute(written, "src")
                page.images.append(source[:64] if source.startswith("data:") else source[:2_048])
            if self.anchor is not None:
                self.anchor.pictured = True
        elif name == "form":
            page.forms.append(attribute(written, "action")[:2_048])
        elif name in ("input", "button"):
            page.inputs.append(attribute(written, "type", "text").lower()[:40])
        elif name in ("iframe", "embed", "object"):
            page.frames.append((attribute(written, "src") or attribute(written, "data"))[:2_048])
        elif name == "base":
            page.base = attribute(written, "href")[:2_048]
        elif attribute(written, "http-equiv").lower() == "refresh":
            page.refresh = attribute(written, "content")[:2_048]

    def close(self, name: str) -> None:
        if name == self.silent:
            self.silent = ""
        if name == "a":
            self._end_anchor()
        if name in _BREAKING:
            self.seen.append(" ")
        if name == self.hiding:
            self.depth -= 1
            if self.depth <= 0:
                self.hiding = ""

    def _end_anchor(self) -> None:
        if self.anchor is not None:
            words = _plain("".join(self.anchor_text)[:2_000])
            self.anchor.text = (words or self.anchor.text)[:500]
        self.anchor, self.anchor_text = None, []

    def done(self) -> Page:
        self._end_anchor()
        self.page.text = _entities("".join(self.seen))
        self.page.hidden = _plain("".join(self.unseen)[:65_536])
        self.page.title = _plain(self.page.title[:1_000])
        return self.page


def _entities(text: str) -> str:
    return unescaped(text)


def _plain(text: str) -> str:
    return " ".join(_entities(text).split())
