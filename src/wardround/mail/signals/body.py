"""How the text is made: pictures instead of text, hidden text, words cut or disguised, forms, scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail.domains import diced
from wardround.mail.letter import Letter, Seen

_SMUGGLE = re.compile(
    r"atob\s*\(|new\s+Blob\s*\(|msSaveOrOpenBlob|createObjectURL|fromCharCode|unescape\s*\(|document\.write|eval\s*\(",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\*\|[A-Z:_]+\|\*|\{\{\s*[\w.]+\s*\}\}|\[\[[\w.]+\]\]|\[e-?mail address\]|%%[\w]+%%|\{email\}|##\w+##|\[name\]|\(mailto",
    re.IGNORECASE,
)
# Space as high as many screens, so that what is meant for filters lies out of sight.
_HIGH = re.compile(r"(?:margin-top|padding-top|[^-\w]height)\s*:\s*(?:\d{5,}px|\d{4,}vh|[3-9]\d\dvh)", re.IGNORECASE)
# Nothing that _HIGH finds lacks such a number, and the colon before it is found faster than names.
_HIGH_NUMBER = re.compile(r":\s*\d{3}(?:\d{2,}[pP][xX]|\d*[vV][hH])")
# One of these stands in everything that _PLACEHOLDER finds.
_PLACEHOLDER_SIGNS = ("*|", "{", "[", "%%", "##", "(m", "(M")
_DIGITS = re.compile(r"(?:^|\s)\d{6,}(?=\s|$)")
_WORD = re.compile(r"[a-z0-9]{6,}")

#: Below so many visible characters a text is hardly one.
_HARDLY = 120


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about the body."""
    yield from _pictures(letter)
    yield from _disguise(letter)
    yield from _active(letter)
    yield from _structure(letter)


def _pictures(letter: Letter) -> Iterator[Seen]:
    page = letter.page
    shown = len(letter.body.text)
    pictured = [a for a in page.anchors if a.pictured and a.href.lower().startswith("http")]
    if pictured and shown < _HARDLY:
        yield Seen("picture_only", 1.0, f"{shown} characters")
    elif pictured and shown < 400 and len({a.href for a in pictured}) == 1:
        yield Seen("picture_only", 0.6, f"{shown} characters")
    elif not page.images and letter.pictures and shown < 60:
        yield Seen("picture_only", 0.8, f"{shown} characters")
    if letter.web and shown < 60 and not pictured:
        yield Seen("link_only", 1.0, f"{shown} characters")


def _disguise(letter: Letter) -> Iterator[Seen]:
    body = letter.body
    if body.split >= 3:
        yield Seen("words_split", min(1.0, body.split / 6), f"{body.split}")
    if body.mixed:
        yield Seen("letters_of_two_scripts", min(1.0, body.mixed / 3), f"{body.mixed}")
    if body.styled >= 4:
        yield Seen("letters_styled", min(1.0, body.styled / 20), f"{body.styled}")
    if (
        letter.page.tags
        and (body.swapped or letter.subject.swapped or letter.display.swapped)
        and not letter.listed
        and not letter.answering
    ):
        yield Seen("letters_swapped", min(1.0, (body.swapped + 2 * letter.subject.swapped) / 4), f"{body.swapped}")
    hidden = letter.page.hidden
    words = len(hidden.split())
    if words >= 25:
        yield Seen("text_hidden", min(1.0, words / 120), f"{words} words")
    if letter.page.tags and (match := _high(letter.message.html[:200_000])):
        yield Seen("text_pushed_away", 1.0, match.group()[-40:])
    if letter.page.tags and not letter.listed and not letter.answering:
        odd = [t for t in _WORD.findall(body.text[:4_000]) if diced(t)]
        if len(odd) >= 2:
            yield Seen("words_diced", min(1.0, len(odd) / 4), odd[0][:30])
        rows = len(_DIGITS.findall(body.text)) if len(body.text) < 3_000 else 0
        if rows >= 3:
            yield Seen("digits_scattered", min(1.0, rows / 6), f"{rows}")
    shown = letter.visible[:20_000]
    if any(sign in shown for sign in _PLACEHOLDER_SIGNS) and (match := _PLACEHOLDER.search(shown)):
        yield Seen("placeholder_left", 1.0, match.group()[:40])


def _high(html: str) -> re.Match[str] | None:
    return _HIGH.search(html) if _HIGH_NUMBER.search(html) else None


def _active(letter: Letter) -> Iterator[Seen]:
    page = letter.page
    if page.forms and any(kind == "password" for kind in page.inputs):
        yield Seen("form_asks_password")
    elif page.forms and page.inputs and letter.owner and any(f.lower().startswith("http") for f in page.forms):
        yield Seen("form_in_mail", 1.0, page.forms[0][:80])
    if any(_SMUGGLE.search(script) for script in page.scripts):
        yield Seen("script_in_mail")
    if page.refresh or any(frame.startswith(("http", "data:")) for frame in page.frames):
        yield Seen("page_sends_on", 1.0, (page.refresh or page.frames[0])[:80])
    if page.base:
        yield Seen("base_changed", 1.0, page.base[:80])


def _structure(letter: Letter) -> Iterator[Seen]:
    message, page = letter.message, letter.page
    leaves = message.leaves
    texts = [p for p in leaves if p.declared.startswith("text/") and not p.attached]
    if page.tags and not any(p.declared == "text/plain" for p in texts) and not letter.listed:
        yield Seen("html_alone")
    if page.tags and message.plain.strip():
        plain, shown = message.plain, letter.body.text
        if len(shown) > 200 and len(plain.strip()) < 80:
            yield Seen("plain_part_empty", 1.0, plain.strip()[:60])
    for part in texts:
        if part.encoding == "base64" and part.text and part.text[:20_000].isascii():
            yield Seen("ascii_in_base64")
            break
    if page.breaks >= 25 and page.breaks > len(letter.body.text) / 40:
        yield Seen("blank_lines", 1.0, f"{page.breaks}")
    if page.tags and not letter.answering and not letter.listed and len(page.anchors) in (1, 2) and letter.web:
        yield Seen("few_links", 1.0)
    if message.has("x-php-originating-script") or message.has("x-php-script"):
        yield Seen("sent_by_script", 1.0, message.header("x-php-originating-script")[:60] or "PHP")
    for name in (
        "unclosed_multipart",
        "boundary_not_found",
        "wrong_charset",
        "unknown_charset",
        "malformed_header",
        "repeated_from",
        "repeated_subject",
        "malformed_part_header",
    ):
        if name in message.anomalies:
            yield Seen("structure_broken", 1.0, name)
            break
