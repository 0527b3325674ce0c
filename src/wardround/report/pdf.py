"""The printed report: the page, printed to PDF by a browser of the Chromium family that is installed here.

No browser is brought along and none is downloaded; see docs/decisions/0031-printing.md. The browser gets one local file and no
network, and keeps nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from wardround.errors import UserError
from wardround.report import html
from wardround.report.document import ResultDocument

#: Where a browser may be, besides what WARDROUND_BROWSER says.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "msedge", "chrome")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)

#: A report of ten thousand findings prints in seconds; a browser that takes minutes hangs.
_SECONDS = 180

_OPTIONS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-background-networking"),
    *("--disable-sync", "--disable-component-update", "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND"),
)
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}\+00'00'\)")


def browser() -> str:
    """The browser that prints; raises UserError when there is none."""
    named = os.environ.get("WARDROUND_BROWSER")
    found = [named] if named else [*BROWSERS, *_PLACES]
    for name in found:
        if path := shutil.which(name):
            return path
    raise UserError(
        "printing to PDF needs Chromium, Chrome or Edge, and none was found; install one or name it in WARDROUND_BROWSER, "
        "or open report.html and print it",
        "imprimer en PDF demande Chromium, Chrome ou Edge, et aucun n’a été trouvé\u202f; installez-en un, nommez-le dans "
        "WARDROUND_BROWSER, ou ouvrez report.html et imprimez-le",
    )


def export(document: ResultDocument, lang: str) -> bytes:
    """The report as PDF; raises UserError when there is no browser, or it does not print."""
    program = browser()
    with tempfile.TemporaryDirectory(prefix="wardround-print-") as name:
        directory = Path(name)
        page, printed = directory / "report.html", directory / "report.pdf"
        page.write_bytes(html.export(document, lang))
        command = [program, *_OPTIONS, f"--user-data-dir={directory / 'profile'}", f"--print-to-pdf={printed}", page.as_uri()]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium's own sandbox refuses to start as root
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - a browser, our page
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UserError(
                f"{program}: could not print the report: {error.__class__.__name__}",
                f"{program}\u00a0: n’a pas pu imprimer le rapport\u00a0: {error.__class__.__name__}",
            ) from error
        if not printed.is_file():
            raise UserError(
                f"{program}: did not print the report (exit code {done.returncode})",
                f"{program}\u00a0: n’a pas imprimé le rapport (code de sortie {done.returncode})",
            )
        return _dated(printed.read_bytes(), document.created)


def _dated(data: bytes, created: str) -> bytes:
    """The PDF with the time of the round in place of the time of printing, so that the same round gives the same bytes."""
    stamp = re.sub(r"\D", "", created[:19]).encode()
    return _DATE.sub(lambda hit: b"/" + hit[1] + b" (D:" + stamp + b"+00'00')", data)
