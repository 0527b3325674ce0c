"""Messages from bytes: what mail programs send, what they get wrong, and what is meant to confuse."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround.mail import parse as limits
from wardround.mail.message import Address
from wardround.mail.parse import parse


def built() -> bytes:
    """A message with alternatives, a picture, an attachment and a forwarded message, written by Python's own library."""
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "inner@example.org", "Réunion"
    inner.set_content("Bonjour à tous\n")
    message = EmailMessage()
    message["From"] = '"Dr. Hélène Müller" <helene@CHU.example>'
    message["To"] = "Radiologie <radio@chu.example>, archives@chu.example"
    message["Subject"] = "Compte rendu — été"
    message["Date"] = "Mon, 02 Mar 2026 08:00:00 +0100"
    message["Message-ID"] = "<a1@chu.example>"
    message.set_content("Voici le texte, très court.\n", cte="quoted-printable")
    message.add_alternative('<p>Voici <b>le texte</b><img src="cid:logo"></p>', subtype="html", cte="base64")
    message.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="état des lieux.pdf")
    message.add_attachment(inner)
    return message.as_bytes()


def test_a_message_with_everything() -> None:
    message = parse(built())
    assert message.author == Address("Dr. Hélène Müller", "helene@chu.example")
    assert [a.address for a in message.to] == ["radio@chu.example", "archives@chu.example"]
    assert message.to[0].display == "Radiologie"
    assert message.subject == "Compte rendu — été"
    assert message.date == 1_772_434_800 * 10**9
    assert message.message_id == "a1@chu.example"
    assert message.plain.strip() == "Voici le texte, très court."
    assert "<b>le texte</b>" in message.html
    document, forwarded = message.attachments
    assert (document.filename, document.declared, document.kind, document.data, document.extension) == (
        "état des lieux.pdf",
        "application/pdf",
        "pdf",
        b"%PDF-1.7 x",
        "pdf",
    )
    assert forwarded.message is not None
    assert forwarded.message.subject == "Réunion"
    assert [m.plain.strip() for m in message.within()] == ["Bonjour à tous"]
    assert message.anomalies == ()


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_line_ends_do_not_matter(ending: bytes) -> None:
    plain = built().replace(b"\r\n", b"\n")
    message = parse(plain.replace(b"\n", ending))
    assert message.subject == "Compte rendu — été"
    assert len(message.leaves) == 4
    assert message.attachments[0].data == b"%PDF-1.7 x"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"A <a@b.example>", [("A", "a@b.example")]),
        (b"a@b.example (A B)", [("A B", "a@b.example")]),
        (b'"Last, First" <x@Y.example>, z@w.example', [("Last, First", "x@y.example"), ("", "z@w.example")]),
        (b"undisclosed-recipients:;", []),
        (b"Team: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        (b"=?utf-8?B?w4lsaXNl?= <e@f.example>", [("Élise", "e@f.example")]),
        (b'"bank@real.example" <evil@bad.example>', [("bank@real.example", "evil@bad.example")]),
        (b"Only A Name", [("Only A Name", "")]),
        (b"<>", []),
        ("Médecin <m@n.example>".encode("latin-1"), [("Médecin", "m@n.example")]),
        (b"Last, First <x@y.example>", [("Last, First", "x@y.example")]),
        (b"Parcel , <x@y.example>", [("Parcel", "x@y.example")]),
        (b"Parcel,(<x@y.example>)", [("Parcel", "x@y.example")]),
        (b"\"a <b@c.example>", [('a', "b@c.example")]),
        (b"<@relay.example:user@h.example>", [("", "user@h.example")]),
    ],
)  # fmt: skip
def test_addresses(raw: bytes, expected: list[tuple[str, str]]) -> None:
    message = parse(b"From: " + raw + b"\n\nx")
    assert [(a.display, a.address) for a in message.sender_from] == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"=?UTF-8?Q?caf=C3=A9?= =?UTF-8?Q?_noir?=", "café noir"),
        (b"=?utf-8?b?w4k=?=x", "Éx"),
        (b"=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€"),
        (b"=?iso-8859-1?q?=E9t=E9?= 2026", "été 2026"),
        (b"=?utf-7?q?+AOk-?=", "é"),
        (b"=?nonsense-99?q?abc?=", "abc"),
        (b"=?zip?q?abc?=", "abc"),
        (b"folded\n over two", "folded over two"),
        ("réel".encode(), "réel"),
        ("réel".encode("cp1252"), "réel"),
        (b"=?utf-8?q?with=0Aline?=", "with line"),
        (b"=?broken", "=?broken"),
    ],
)
def test_subjects(raw: bytes, expected: str) -> None:
    assert parse(b"Subject: " + raw + b"\n\n").subject == expected


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        (b"attachment; filename*=UTF-8''%e2%82%ac%20rates.pdf", "€ rates.pdf"),
        (b"attachment; filename*0=long; filename*1=name.pdf", "longname.pdf"),
        (b"attachment; filename*0*=utf-8''%C3%A9; filename*1=t.pdf", "ét.pdf"),
        (b'attachment; filename="=?utf-8?B?w6kucGRm?="', "é.pdf"),
        (b'attachment; filename="a;b.pdf"', "a;b.pdf"),
        (b"attachment; filename=a b.pdf", "a b.pdf"),
        (b'attachment; filename="open.pdf', "open.pdf"),
    ],
)
def test_file_names(disposition: bytes, expected: str) -> None:
    message = parse(b"Content-Type: application/pdf\nContent-Disposition: " + disposition + b"\n\n%PDF-1.4")
    assert message.attachments[0].filename == expected


def test_what_is_strange_is_named_and_read_nevertheless() -> None:
    message = parse(
        b"From: a@b.example\nFrom: c@d.example\nthis line has no colon\nContent-Type: multipart/mixed\n\n"
        b"--guess\nContent-Type: text/plain; charset=martian\n\nHello\n--guess\n\nWorld"
    )
    assert [part.text for part in message.leaves] == ["Hello", "World"]
    assert set(message.anomalies) == {
        "repeated_from", "malformed_header", "no_boundary", "unclosed_multipart", "unknown_charset", "no_date",
    }  # fmt: skip


def test_limits_hold() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\n\n"
    many = parse(head + b"--b\n\nx\n" * (limits.PARTS + 200) + b"--b--")
    assert len(many.leaves) <= limits.PARTS
    assert "too_many_parts" in many.anomalies
    nested = b"x"
    for depth in range(limits.DEPTH + 20):
        mark = b"m%d" % depth
        nested = (
            b'Content-Type: multipart/mixed; boundary="' + mark + b'"\n\n--' + mark + b"\n" + nested + b"\n--" + mark + b"--\n"
        )
    assert "too_deep" in parse(nested).anomalies
    forwarded = b"Subject: inmost\n\nx"
    for _ in range(limits.MESSAGES + 10):
        forwarded = b"Content-Type: message/rfc822\n\n" + forwarded
    deep = parse(forwarded)
    assert "too_deep" in list(deep.within(100))[-1].anomalies
    assert len(list(deep.within(100))) == limits.MESSAGES
    large = parse(b"Content-Transfer-Encoding: base64\n\n" + b"QUFB" * (limits.PART_BYTES // 2))
    assert len(large.root.data) == limits.PART_BYTES
    assert large.root.truncated
    assert "decoded_too_large" in large.anomalies


def test_agrees_with_the_standard_library_on_what_it_writes() -> None:
    theirs = email.message_from_bytes(built(), policy=email.policy.default)
    ours = parse(built())
    expected = [part.get_content_type() for part in theirs.walk() if not part.is_multipart()]
    assert [leaf.declared for leaf in ours.leaves if leaf.message is None] == expected[:3]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_mutations_do_no_harm(data: st.DataObject) -> None:
    raw = bytearray(built())
    for _ in range(data.draw(st.integers(0, 8))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    message = parse(bytes(raw))
    assert len(message.leaves) >= 1
    for part in message.leaves:
        part.text.encode("utf-8", "surrogatepass")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_message(data: bytes) -> None:
    message = parse(data)
    assert message.size <= len(data)
    assert message.header("subject") == message.subject
