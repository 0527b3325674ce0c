"""A mailbox of frauds that attack their reader, examined for real: every format is looked at, and the page in a real browser.

The browser is offered a server on loopback that every message names in scripts, styles, pictures, frames and links: whoever
asks it for anything has made something of a message active.
"""

from __future__ import annotations

import csv
import http.server
import io
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from tests.report.test_hostile import check_html, no_hidden_characters
from tests.report.test_hostile_everywhere import JSON, LINES, TABLES
from tests.report.test_hostile_mail import encoded

from wardround import pipeline, report
from wardround.report import pdf

#: What is written where a name, a subject or a file name should stand. %s is the server that must not be asked.
ATTACKS = (
    "<script>fetch('%s/script')</script>",
    '"><img src="%s/picture.png" onerror="fetch(\'%s/error\')">',
    "<style>@import '%s/style.css'; body{background:url(%s/body.png)}</style>",
    '<link rel=stylesheet href="%s/sheet.css"><base href="%s/">',
    '<iframe src="%s/frame"></iframe><object data="%s/object"></object>',
    '<meta http-equiv=refresh content="0;url=%s/refresh">',
    '<svg onload="fetch(\'%s/svg\')"><image href="%s/image.svg"/></svg>',
    "<a href=\"javascript:fetch('%s/link')\" autofocus onfocus=\"fetch('%s/focus')\">x</a>",
    "</td></table></details><form action='%s/form'><input autofocus onfocus=this.form.submit()>",
    "\x1b]0;%s\x07\x1b[2J\x1b[31mred \x9b5m",
    "\u202egpj.exe\u2066\u200b",
    "=HYPERLINK(\"%s/cell\";\"x\")",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1;2);-2+3",
    "\t=1+1",
)  # fmt: skip


def fraud(number: int, text: str) -> bytes:
    """A message that any judge calls a fraud, with a text in every header that is told somewhere, in names and links."""
    value = encoded(text)
    name = b"".join(b"%%%02x" % byte for byte in text[:300].encode("utf-8", "replace"))
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").encode()
    return b"\n".join(
        (
            b"From someone@example.org Mon Mar  2 08:00:00 2026",
            b"From: " + value + b" <info@garage-solaire%d.example>" % number,
            b"Reply-To: " + value + b" <garage.solaire%d@gmail.com>" % number,
            b"To: " + value + b" <secretariat@chu.example>",
            b"Subject: Votre carte Vitale expire, action requise " + value,
            b"Date: Mon, 02 Mar 2026 08:00:00 +0000",
            b"Message-ID: <%d." % number + value.replace(b" ", b"") + b"@x>",
            b"X-Mailer: " + value,
            b"MIME-Version: 1.0",
            b"Content-Type: multipart/mixed; boundary=b",
            b"",
            b"--b\nContent-Type: text/html; charset=utf-8\n",
            b"<p>Assurance Maladie, Ameli. Cher client, votre carte Vitale arrive \xc3\xa0 expiration sous 48 heures,"
            b" votre compte sera suspendu : " + escaped + b"</p>",
            b'<a href="http://203.0.113.%d/' % number + name + b'">' + escaped + b" https://ameli.fr</a>",
            b"--b\nContent-Type: application/octet-stream; name=x\nContent-Disposition: attachment; filename*=utf-8''"
            + name
            + b".exe\n",
            b"MZ\x90\x00",
            b"--b--",
            b"",
        )
    )


class Canary(http.server.BaseHTTPRequestHandler):
    """Remembers what it was asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the name that the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (Canary,), {"asked": asked})
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}", asked
    listening.shutdown()
    listening.server_close()


@pytest.fixture(scope="module")
def document(server: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> report.ResultDocument:
    directory = tmp_path_factory.mktemp("mailbox")
    texts = [attack.replace("%s", server[0]) for attack in ATTACKS]
    box = directory / "mailbox.mbox"
    box.write_bytes(b"\n".join(fraud(number, text) for number, text in enumerate(texts, 1)))
    return pipeline.examine(pipeline.Request(paths=(str(box),), out=directory / "round"))


def test_the_attacks_are_told_as_the_text_that_they_are(document: report.ResultDocument) -> None:
    assert document.mail is not None
    assert document.mail.fraud == len(ATTACKS) == len(document.mail.messages)
    told = "\n".join(message.subject + message.display for message in document.mail.messages)
    for piece in ("<script>", "<img src=", "@import", "javascript:", "<iframe", "=HYPERLINK(", "@SUM(1;2)", "<meta", "<form"):
        assert piece in told, "the text is in the document, or nothing is shown by what follows"
    assert any(found.detection == "PH-A01" for found in document.findings)


@pytest.mark.parametrize("lang", report.LANGUAGES)
def test_no_format_makes_anything_of_them_active(document: report.ResultDocument, lang: str) -> None:
    for name in ("html", "first-hour"):
        page = report.export(document, name, lang)
        check_html(page)
        no_hidden_characters(page.decode())
    for shown in (report.render_terminal(document, lang, width=80), report.export(document, "site", lang).decode()):
        no_hidden_characters(shown)
    for name in (*JSON, *LINES, *TABLES):
        data = report.export(document, name, lang).decode("utf-8-sig")
        no_hidden_characters(data, allowed="\n\r")
        if name in JSON:
            assert isinstance(orjson.loads(data), dict)
        elif name in LINES:
            assert all(isinstance(orjson.loads(line), dict) for line in data.splitlines())
        else:
            cells = [cell for row in csv.reader(io.StringIO(data, newline="")) for cell in row]
            assert len(cells) > 100
            assert not [cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r")]
            for separator in (";", "\t"):
                pieces = (piece.strip(' "') for line in data.splitlines() for piece in line.split(separator))
                assert not [piece for piece in pieces if piece[:1] in ("=", "+", "-", "@")]


def load(page: bytes, directory: Path) -> str:
    """The page as the browser has it after all scripts that it would run, everything unfolded."""
    path = directory / "page.html"
    path.write_bytes(page.replace(b"<details", b"<details open"))
    command = [
        *(pdf.browser(), "--headless", "--disable-gpu", "--no-sandbox", f"--user-data-dir={directory / 'profile'}"),
        *("--virtual-time-budget=8000", "--dump-dom", path.as_uri()),
    ]
    return subprocess.run(command, capture_output=True, timeout=180, check=True).stdout.decode("utf-8", "replace")


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize("policy", [True, False], ids=["as it is", "without its content security policy"])
def test_a_browser_asks_nobody_for_anything(
    document: report.ResultDocument, server: tuple[str, list[str]], tmp_path: Path, policy: bool
) -> None:
    address, asked = server
    page = report.export(document, "html", "fr")
    if not policy:
        page = re.sub(rb'<meta http-equiv="Content-Security-Policy"[^>]*>', b"", page)
    asked.clear()
    shown = load(page, tmp_path)
    assert "&lt;script&gt;fetch(" in shown
    assert asked == []
    load(f"<!DOCTYPE html><body>{ATTACKS[1]}".replace("%s", address).encode(), tmp_path)
    assert asked, "the server is there to be asked: the same text, not escaped, does ask it"
