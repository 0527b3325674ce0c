"""Single messages: rows of every kind, what is and is not mail, patients unnamed, and bytes that are hostile."""

# ruff: noqa: E501 (headers are longer than lines)

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround.mail import verdict
from wardround.mail.message import Message
from wardround.mail.verdict import Context, Link, Signal, Verdict
from wardround.readers import identify
from wardround.readers.mail.eml import READER, looks_like_mail

Read = Callable[..., Any]


def sample() -> bytes:
    inner = EmailMessage()
    inner["From"], inner["Subject"], inner["Date"] = "Bank <x@bad.example>", "Votre compte", "Mon, 02 Mar 2026 07:00:00 +0000"
    inner.set_content("Veuillez cliquer ici pour votre compte et vos données, nous vous prions\n")
    message = EmailMessage()
    message["Received"] = (
        "from mail.sender.example (mail.sender.example [8.8.4.4]) by mx.hospital.example with ESMTP "
        "for <a@hospital.example>; Mon, 2 Mar 2026 08:00:01 +0000"
    )
    message["Return-Path"] = "<bounce@lists.sender.example>"
    message["From"] = "Info <info@news.sender.co.uk>"
    message["Reply-To"] = "else@where.example"
    message["To"] = "A <a@hospital.example>, b@hospital.example"
    message["Subject"] = "RE: CR scanner DUPONT Hélène née le 14/06/1957, IPP PAT0042317"
    message["Date"] = "Mon, 02 Mar 2026 08:00:00 +0000"
    message["Message-ID"] = "<1@sender.example>"
    message["References"] = "<0@a.example> <00@a.example>"
    message["In-Reply-To"] = "<0@a.example>"
    message["List-Id"], message["List-Unsubscribe"] = "<news.sender.example>", "<mailto:u@sender.example>"
    message.set_content("The text that you are asked for, in English, with the patient Mme DURAND Claire and her number.\n")
    message.add_attachment(b"MZ\x90\x00", maintype="application", subtype="pdf", filename="facture.pdf.exe")
    message.add_attachment(inner)
    return message.as_bytes()


def test_a_message_and_the_one_within(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(message: Message, context: Context) -> Verdict:
        signals = (
            Signal("weak", 0.5, "little"),
            Signal("program", 3.0, "a program", "1.2"),
            Signal("to", -1.0, "", "http://a.example/x"),
        )
        return Verdict(0.97, "fraud", signals, (Link("http://u:p@a.example/x#f", "a.example", "b.example", "b.example"),))

    monkeypatch.setattr(verdict, "judge", lambda: judge)
    found = read_bytes(READER, sample())
    assert found.diagnostics == []
    outer, inner = found.rows["mail_message"]
    assert (outer["ts"], outer["ts_zone"], outer["record"], outer["path"]) == (1_772_438_401 * 10**9, "stated", 1, "memory")
    assert (outer["from_display"], outer["from_address"], outer["from_domain"], outer["from_organization"]) == (
        "Info", "info@news.sender.co.uk", "news.sender.co.uk", "sender.co.uk",
    )  # fmt: skip
    assert (outer["reply_to_organization"], outer["return_path_organization"]) == ("where.example", "sender.example")
    assert (outer["to"], outer["recipient"], outer["recipients"]) == (
        ["a@hospital.example", "b@hospital.example"], "a@hospital.example", 2,
    )  # fmt: skip
    assert (outer["message_id"], outer["in_reply_to"], outer["references"], outer["answers"]) == (
        "1@sender.example", "0@a.example", 2, True,
    )  # fmt: skip
    assert (outer["list"], outer["bulk"], outer["unsubscribe"], outer["language"]) == (True, True, True, "en")
    assert (outer["external_address"], outer["external_tls"], outer["open_hops"]) == ("8.8.4.4", False, 1)
    assert (outer["fraud_probability"], outer["verdict"]) == (0.97, "fraud")
    assert outer["signals"] == ["program", "to", "weak"]
    assert outer["weights"] == [3.0, -1.0, 0.5]
    assert outer["explanation"] == ["a program", "to", "little"]
    assert len(outer["body_fingerprint"]) == 16
    assert (inner["part"], inner["from_address"], inner["language"]) == ("1.3", "x@bad.example", "fr")
    program, forwarded = found.rows["mail_attachment"]
    assert (program["filename"], program["extension"], program["declared"], program["kind"], program["signals"]) == (
        "facture.pdf.exe", "exe", "application/pdf", "executable", ["program"],
    )  # fmt: skip
    assert (forwarded["kind"], forwarded["declared"]) == ("eml", "message/rfc822")
    link = found.rows["mail_link"][0]
    assert (link["url"], link["host"], link["text_host"], link["verdict"]) == (
        "http://a.example/x",
        "a.example",
        "b.example",
        "fraud",
    )


def test_no_row_names_a_patient(read_bytes: Read) -> None:
    found = read_bytes(READER, sample())
    told = repr(found.rows).casefold()
    for secret in ("dupont", "hélène", "1957", "0042317", "durand", "claire"):
        assert secret not in told
    assert "CR scanner" in found.rows["mail_message"][0]["subject"]


def test_private_mailboxes_are_tokens_unless_the_message_is_a_fraud(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"From: Helene Dupont <helene.dupont@orange.fr>\nTo: rdv@hospital.example\nSubject: rendez-vous\nMIME-Version: 1.0\n\nBonjour"
    row = read_bytes(READER, data).rows["mail_message"][0]
    assert "dupont" not in repr(row).casefold()
    assert row["from_address"].endswith("@orange.fr")
    assert row["to"] == ["rdv@hospital.example"]
    monkeypatch.setattr(verdict, "judge", lambda: lambda message, context: Verdict(0.9, "fraud"))
    row = read_bytes(READER, data).rows["mail_message"][0]
    assert row["from_address"] == "helene.dupont@orange.fr"


def test_an_archive_whose_directory_is_damaged_is_told(read_bytes: Read) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "Scans"
    message.set_content("See the archive.")
    archive = b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24)
    message.add_attachment(archive, maintype="application", subtype="x-7z-compressed", filename="scans.7z")
    assert "archive_damaged" in read_bytes(READER, bytes(message)).codes()
    assert "archive_damaged" not in read_bytes(READER, sample()).codes()


def test_a_judge_that_fails_loses_no_message(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(message: Message, context: Context) -> Verdict:
        raise ZeroDivisionError

    monkeypatch.setattr(verdict, "judge", lambda: judge)
    found = read_bytes(READER, sample())
    assert len(found.rows["mail_message"]) == 2
    assert set(found.codes()) == {"judge_defect"}


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"Received: from x\nFrom: a@b\n\n", True),
        (b"\xef\xbb\xbfFrom: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n\r\nbody", True),
        (b"Return-Path: <a@b>\rFrom: a\rSubject: x\r\rbody", True),
        (b"X-Strange: 1\nDelivered-To: a@b.example\nSubject: y\n\n", True),
        (b"HTTP/1.1 200 OK\nDate: Mon\nContent-Type: text/html\n\n", False),
        (b"Date: today\nVersion: 2\nSubject of this file\n", False),
        (b"Package: x\nVersion: 1\nMaintainer: y <a@b>\n\n", False),
        (b"Mar  2 08:00:00 host postfix/smtp[1]: from=<a@b>\n", False),
        (b'{"From": "a"}', False),
        (b"From: only one field\n\n", False),
        (b"", False),
    ],
)
def test_what_is_mail(head: bytes, expected: bool) -> None:
    assert looks_like_mail(head) is expected


def test_it_is_identified_by_its_bytes() -> None:
    known = identify(sample())
    assert known is not None
    assert known[1] is READER


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damage_does_no_harm(read_bytes: Read, data: st.DataObject) -> None:
    raw = bytearray(sample())
    for _ in range(data.draw(st.integers(0, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = read_bytes(READER, bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    assert "judge_defect" not in found.codes()
