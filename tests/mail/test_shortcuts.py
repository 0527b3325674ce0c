"""Where reading mail takes a shorter way, it comes to the same: each against the definition that it stands for."""

from __future__ import annotations

import hashlib
import html
import io
import ipaddress
import itertools
import re
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.mail import decode, fingerprint, folding, links, markup, parse, phrases, received, redact, results, visible
from wardround.mail.signals import body, conversation
from wardround.readers import batches
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
    assert not re.search(r"[^\W\d_]", "".join(map(chr, (*range(0x2000, 0x2070), *range(0x20A0, 0x20C0)))))
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
    for pattern in (redact._SURNAME, redact._REVERSED):
        [(first, not_before)] = re.findall(r"^\((\[.+?\])\(\?<!(\[.+?\])\.\)", pattern.pattern)
        before = re.compile(pattern.pattern.replace(f"({first}(?<!{not_before}.)", f"(?<!{not_before})({first}"))
        assert [m.groups() for m in pattern.finditer(text)] == [m.groups() for m in before.finditer(text)]
    assert redact._DATE.search(text) is None or redact._DATED.search(text)
    assert redact._NUMBER.search(text) is None or redact._NUMBERED.search(text)
    assert redact._IDENTIFIER.search(text) is None or text.count(".") >= redact._DOTS


@MANY
@given(
    st.lists(st.sampled_from(["http", "HTTPS", "httpſ", "www.", "Www.", "://", ":", "a.b", " ", ">", "w"]), max_size=12).map(
        "".join
    )
)
def test_urls_written_out(text: str) -> None:
    by_definition = re.compile(r"(?:https?://|www\.)[^\s<>\"'\]|}]{3,2000}", re.IGNORECASE)
    found = dict.fromkeys(url.rstrip(").,;:!?*_") for url in by_definition.findall(text))
    assert links.written_in(text) == list(found)


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


def without_comments_by_definition(value: str) -> str:
    kept, depth, quoted = [], 0, False
    for letter in value:
        if letter == '"' and not depth:
            quoted = not quoted
        elif letter == "(" and not quoted:
            depth += 1
        elif letter == ")" and not quoted and depth:
            depth -= 1
            kept.append(" ")
            continue
        if not depth:
            kept.append(letter)
    return "".join(kept)


def split_by_definition(value: str) -> list[str]:
    pieces, quoted = [""], False
    for letter in value:
        quoted ^= letter == '"'
        if letter == ";" and not quoted:
            pieces.append("")
        else:
            pieces[-1] += letter
    return pieces


@MANY
@given(st.text('"();a =', max_size=20))
def test_comments_and_parameters(value: str) -> None:
    assert results._without_comments(value) == without_comments_by_definition(value)
    assert decode._split_simply(value) == split_by_definition(value)


@MANY
@given(st.text("0123456789./ ", max_size=16) | st.lists(st.integers(0, 300).map(str), min_size=3, max_size=5).map(".".join))
def test_usual_addresses(written: str) -> None:
    try:
        expected = str(ipaddress.ip_address(written))
    except ValueError:
        expected = ""
    assert received._address(written) == expected


@MANY
@given(st.lists(st.sampled_from(["a", "é", "bonjour", "\ud800", "x" * 40, "you"]), min_size=3, max_size=300))
def test_similarity(words: list[str]) -> None:
    """Charikar's simhash over pairs of the first 256 words, bit by bit."""
    crcs = [zlib.crc32(word.encode("utf-8", "replace")) for word in words[:256]]
    counts = [0] * 64
    for one, other in itertools.pairwise(crcs):
        pair = (one * 0x9E3779B97F4A7C15 + other * 0xC2B2AE3D27D4EB4F) % 2**64
        pair = (pair ^ pair >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        pair ^= pair >> 27
        little = pair.to_bytes(8, "little")
        for bit in range(64):
            counts[bit] += little[bit // 8] >> (7 - bit % 8) & 1
    bits = "".join(str(int(2 * count > len(crcs) - 1)) for count in counts)
    assert fingerprint.similarity(words[:256]) == f"{int(bits, 2):016x}"


@MANY
@given(
    st.lists(
        st.sampled_from(
            [b"A: b\n", b"c :d\r\n", b" folded\n", b"no field\n", b": x\n", b"\r", b"\n", b"E:\x00\n", b"f: " + b"y" * 9]
        ),
        max_size=14,
    )
)
def test_header_fields(pieces: list[bytes]) -> None:
    head = b"".join(pieces)
    found, strange, at = [], set(), 0
    for match in parse._FIELD.finditer(head):
        if head[at : match.start()].strip():
            strange.add("malformed_header")
        at = match.end()
        name, value = match.groups()
        if b"\x00" in value:
            strange.add("nul_in_header")
        found.append((name.decode().lower(), value.rstrip(b"\r")))
    if head[at:].strip():
        strange.add("malformed_header")
    assert parse.fields(head) == (tuple(found), strange)


def test_limits_of_a_head() -> None:
    fields, strange = parse.fields(b"a: b\n" * 1_001 + b"c: \x00\nno field\n")
    assert (len(fields), strange) == (1_000, {"too_many_headers"})
    fields, strange = parse.fields(b"a: " + b"x" * 70_000 + b"\nb: c\n")
    assert ([len(field.raw) for field in fields], strange) == ([parse.HEADER_BYTES, 2], {"header_too_long"})


def test_rows_as_columns() -> None:
    assert batches._columns([{"a": 1, "b": 2}, {"a": 3, "b": 4}]) == {"a": (1, 3), "b": (2, 4)}
    assert batches._columns([{"a": 1, "b": 2}, {"b": 4, "a": 3}, {"c": 5}]) == {
        "a": [1, 3, None],
        "b": [2, 4, None],
        "c": [None, None, 5],
    }
