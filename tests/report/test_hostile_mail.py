"""What a hostile mail says in its headers, names and links goes through the reader into every export, and acts nowhere."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from tests.readers.conftest import Bytes, Found
from tests.report import sample
from tests.report.test_hostile import HOSTILE_NAMES, check_html, no_hidden_characters

from wardround import report
from wardround.mail import verdict
from wardround.mail.verdict import Link, Signal, Verdict
from wardround.readers.base import Span
from wardround.readers.mail.eml import READER

#: Columns that tell what somebody wrote into a message.
_WRITTEN = (
    "from_display", "from_address", "reply_to_address", "return_path_address", "subject", "message_id", "list_id", "mailer",
    "external_helo", "excerpt", "recipient", "originating_address",
)  # fmt: skip


def encoded(text: str) -> bytes:
    """A text as an encoded word, which may hold anything."""
    data = base64.b64encode(text.encode("utf-8", "surrogatepass"))
    return b" ".join(b"=?utf-8?B?" + data[at : at + 60] + b"?=" for at in range(0, min(len(data), 3_000), 60))


def plain(text: str) -> bytes:
    """A text as it stands in a header: on one line."""
    return text[:2_000].replace("\r", " ").replace("\n", " ").encode("utf-8", "replace")


def mail(text: str, write: Callable[[str], bytes]) -> bytes:
    """A message with a text in every header that is shown somewhere, in the name of a file, and in the body."""
    value = write(text)
    word = plain(text).replace(b" ", b"")[:60]
    return b"\n".join(
        (
            b"Received: from " + word + b" ([8.8.4.4]) by mx.hospital.example with ESMTP; Mon, 2 Mar 2026 08:00:00 +0000",
            b"Return-Path: <" + word + b"@bad.example>",
            b"From: " + value + b" <" + word + b"@bad.example>",
            b"Reply-To: " + value + b" <" + word + b"@bad.example>",
            b"To: " + value,
            b"Subject: " + value,
            b"Message-ID: <" + word + b">",
            b"List-Id: " + value,
            b"X-Mailer: " + value,
            b"X-Originating-IP: " + value,
            b"MIME-Version: 1.0",
            b"Content-Type: multipart/mixed; boundary=b",
            b"",
            b"--b\nContent-Type: text/plain; charset=utf-8\n",
            plain(text),
            b"--b\nContent-Type: application/octet-stream; name=x\nContent-Disposition: attachment; filename*=utf-8''"
            + b"".join(b"%%%02x" % byte for byte in text[:400].encode("utf-8", "replace"))
            + b"\n",
            b"MZ",
            b"--b--",
        )
    )


def written(text: str, write: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything a row holds that the sender wrote."""
    link = Link(f"http://a.example/{text[:400]}", text[:60], text[:400], text[:60])
    said = Verdict(0.9, "fraud", (Signal("one", 1.0, text[:400], "1.2"),), (link,))
    monkeypatch.setattr(verdict, "judge", lambda: lambda message, context: said)
    found = Found()
    READER.read(Bytes(mail(text, write), None), Span(), found)
    (row,) = found.rows["mail_message"]
    values: list[Any] = [row[name] for name in _WRITTEN] + row["explanation"]
    values += [v for table in ("mail_link", "mail_attachment") for r in found.rows[table] for v in r.values()]
    return sorted({value for value in values if isinstance(value, str)}, key=len)


@pytest.mark.parametrize("write", [encoded, plain])
@pytest.mark.parametrize("text", sample.HOSTILE, ids=HOSTILE_NAMES)
def test_a_hostile_mail_acts_in_no_export(text: str, write: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    values = written(text, write, monkeypatch)
    assert len(values) > 8
    document = report.build(sample.hostile_round(" ¦ ".join(values)[:8_000]))
    page = report.export(document, "html", "fr")
    check_html(page)
    no_hidden_characters(page.decode())
    no_hidden_characters(report.render_terminal(document, "en", width=80))
    for value in sorted(values, key=lambda v: v[:1] not in ("=", "+", "-", "@", "\t"))[:2]:  # each at the beginning of a cell
        made = report.build(sample.hostile_round(value))
        for name in ("csv", "timesketch"):
            table = report.export(made, name, "fr").decode("utf-8-sig")
            for cell in (cell for line in csv.reader(io.StringIO(table, newline="")) for cell in line):
                no_hidden_characters(cell, allowed="")
                assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")
    for name in sorted(set(report.FORMATS) - {"html", "csv", "site", "pdf"}):
        data = report.export(document, name).decode()
        no_hidden_characters(data, allowed="\n\r")
        if name.endswith("l") or name == "ocsf":
            assert all(isinstance(orjson.loads(line), dict) for line in data.split("\n")[:-1])
