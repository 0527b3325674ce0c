"""Where reading mail takes a shorter way, it comes to the same: each against the definition that it stands for."""

from __future__ import annotations

import hashlib
import html
import io
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.mail import fingerprint, folding, markup, parse, phrases, received, redact, visible
from wardround.mail.signals import body, conversation
from wardround.readers.mail import mbox

#: Texts of what the patterns are made of, so that they are met often.
PIECES = st.lists(
    st.sampled_from(
        [
            *("height:", "margin-top : ", " padding-top:", "99999px", "1000vh", "300vh", "12px", "Height"),
            *("{{a}}", "*|A|*", "[name]", "[[x]]", "%%a%%", "##b##", "(mailto", "{email}", "[E-Mail address]"),
            *("display", ":", " none", "visibility", "hidden", "=", "font-size:0", "1px;", "max-height:0", "opacity: 0;"),
            *("text-indent:-999", "mso-hide:all", "password", " is ", "mdp:", "x9", "senha e 'a1"),
            *("10.0.0.1", "::1", "[192.0.2.1]", "(IPv6:2001:db8::1)", ".", "a", "I", "0", "é", "я", "\u0301", "\u0483"),
            *("’", "ß", "\u200b", "\n", "\t", "\x1c", "\u00a0", "A", "www.x.y", "a@b.c", "http://z", "w" * 45, "1", "-"),
            *("_", "İ"),
        ]
    ),
    max_size=40,
).map("".join)
TAGS = st.sampled_from(
    [
        *("<p>", "</p>", "<b>", "</b>", "<style>", "</style>", "<script>x", "</SCRIPT>", "<", "a<b", "&lt;", "</x>", "<x y"),
        *("<div style='display:none'>", "</div>", "t", "<br/>", "<a href=http://x.y>", "</a>", "<title>", "</title>"),
    ]
)
TEXTS = PIECES | st.text(max_size=60)
MANY = settings(max_examples=400, deadline=None)


def words_by_definition(text: str) -> list[str]:
    start = text[: 40 * 256].lower()
    if "//" in start or "@" in start or "www." in start:
        start = " ".join(p for p in start.split() if "@" not in p and "//" not in p and not p.startswith("www."))
    return re.findall(r"[^\W\d_]{1,40}", start)[:256]


@MANY
@given(TEXTS)
def test_fingerprints(text: str) -> None:
    assert fingerprint.words(text) == words_by_definition(text)
    letters = "".join(re.findall(r"[^\W\d_]{1,40}", text[:20_000].lower()))
    digest = hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest() if letters else ""
    assert fingerprint.digest(text) == digest
    assert visible.blanks(text) == re.sub(r"[\s\u00a0\u200b-\u200f\u034f\u2060\ufeff\u00ad]+", " ", text).strip()
    long = " ".join([text, "word"] * 150)
    assert fingerprint.words(long) == words_by_definition(long)


@MANY
@given(TEXTS)
def test_patterns_behind_a_quicker_question(text: str) -> None:
    assert (body._high(text) is None) == (body._HIGH.search(text) is None)
    if body._PLACEHOLDER.search(text):
        assert any(sign in text for sign in body._PLACEHOLDER_SIGNS)
    assert markup._hides.__wrapped__(text) == bool(markup._HIDDEN.search(text))
    if conversation._PASSWORD.search(text):
        assert any(word in text for word in conversation._PASSWORD_WORDS)
    if not received._IPV6.search(text) and not received._IPV4.search(text) and not received._ENCLOSED.search(text):
        assert received._last_address(text) == ""
    for pattern, sign, enough in ((received._IPV6, ":", 2), (received._IPV4, ".", 3)):
        assert pattern.search(text) is None or text.count(sign) >= enough


@MANY
@given(TEXTS)
def test_folding(text: str) -> None:
    assert folding._CAPITAL_I.subn("l", text) == re.subn("(?<=[a-z])I(?=[a-z])", "l", text)
    assert folding._ZERO.subn("o", text) == re.subn("(?<=[a-zA-Z])0(?=[a-zA-Z])", "o", text)
    assert folding._STACKED.search(text) is None or folding._ANY_MARK.search(text)
    assert folding._MIXED.search(text) is None or folding._FOREIGN.search(text)
    if not folding._UNUSUAL.search(text):
        for pattern in (folding._HAS_INVISIBLE, folding._STYLED, folding._DROPPED, folding._ANY_MARK, folding._FOREIGN):
            assert pattern.search(text) is None
    quoted = text
    for written, plain in folding._QUOTES.items():
        quoted = quoted.replace(written, plain)
    assert quoted == text.translate({ord(written): plain for written, plain in folding._QUOTES.items()})


@MANY
@given(st.lists(st.sampled_from([b"\n", b"\r", b"a", b"\n\n", b"\r\n", b"b: c"]), max_size=14).map(b"".join))
def test_where_the_head_ends(data: bytes) -> None:
    head, rest = parse.parted(b"x" + data)
    places = [(place, len(end)) for end in (b"\n\n", b"\n\r\n") if (place := (b"x" + data).find(end)) >= 0]
    if places and b"\n" in data:
        place, length = min(places)
        assert (head, rest) == ((b"x" + data)[: place + 1], (b"x" + data)[place + length :])


@MANY
@given(st.lists(TAGS, max_size=25).map("".join))
def test_a_page_is_walked_tag_by_tag(text: str) -> None:
    """The walk as it is defined: the next tag from where the last one, or the script or style it opened, ended."""
    walk, at = markup._Walk(markup.Page()), 0
    while (match := markup._TAG.search(text, at)) is not None:
        if match.start() > at:
            walk.text(text[at : match.start()])
        at, name = match.end(), match.group(2).lower()
        if match.group(1):
            walk.close(name)
        elif name in ("style", "script"):
            if name == "script":
                end = re.search("</script", text[at:], re.IGNORECASE)
                walk.page.scripts.append(text[at : at + end.start() if end else len(text)][:65_536])
            end = re.search(f"</{name}", text[at:], re.IGNORECASE)
            at = at + end.start() if end else len(text)
        else:
            walk.open(name, match.group(3), match.group(3).endswith("/"))
    walk.text(text[at:])
    assert markup.read(text) == walk.done()


def test_what_phrases_are_worth_does_not_depend_on_their_order() -> None:
    weak = {f"word{number}" for number in range(7)}
    assert phrases.worth(weak) == 7 * phrases.ONE_WORD
    assert phrases.worth({"one", "two", "three"}) == 3 * phrases.ONE_WORD


NAMES = st.lists(
    st.sampled_from(
        [
            *("patient", "Patients", "PATIENTE", "patient name", "nom", "Prénom", "prenom", "name", "M.", "mr", "Miss", "née"),
            *(
                "re patient",
                "Bébé",
                "dossier",
                "pr",
                "xnom",
                "_nom",
                ":",
                " ",
                ", ",
                "\n",
                "de",
                " de la ",
                "-",
                "Durand",
                "DUPONT",
            ),
            *("É", "x", "1", "12", "/", "2024", "03", ".", "01021990", "AB", "1.2.3", "’", "\u0130", "\u017f"),
        ]
    ),
    max_size=25,
).map("".join)


@MANY
@given(NAMES)
def test_what_identifies_a_patient(text: str) -> None:
    by_definition = re.compile(rf"(?i:\b({redact._CUES})){redact._A_NAME}")
    assert [m.groups() for m in redact._NAMED.finditer(text)] == [m.groups() for m in by_definition.finditer(text)]
    assert redact._DATE.search(text) is None or redact._DATED.search(text)
    assert redact._NUMBER.search(text) is None or redact._NUMBERED.search(text)
    assert redact._IDENTIFIER.search(text) is None or text.count(".") >= redact._DOTS


@MANY
@given(st.lists(st.sampled_from(["a", " ", "HREF", "href", "=", "'x'", '"&lt;"', "y", "src", ">"]), max_size=14).map("".join))
def test_one_attribute_is_the_last_of_its_name(written: str) -> None:
    found = {name.lower(): content for name, content in markup._ATTRIBUTE.findall(written)}
    expected = html.unescape(found["href"].strip("\"'")) if "href" in found else "none"
    assert markup.attribute(written, "href", "none") == expected


def test_a_length_that_leads_far_is_looked_at_without_what_lies_between() -> None:
    """Streams that can be wound and those that cannot give the same messages, whatever Content-Length says."""
    one = b"From a@x.org Mon Mar  2 08:00:00 2026\nContent-Length: %d\n\n" + b"x\n" * 400_000 + b"\n"
    truth = one % 800_001
    for messages in ([truth] * 2, [one % 900_000] * 2, [one % 2_000_000, truth]):
        wound = list(mbox._messages(io.BytesIO(b"".join(messages)), 1 << 20))
        assert wound == list(mbox._messages(Pipe(b"".join(messages)), 1 << 20))
        assert wound == [(0, messages[0]), (len(messages[0]), messages[1])]


class Pipe(io.BytesIO):
    """A stream that only goes on."""

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise io.UnsupportedOperation
