"""Printing: with a browser where there is one, and one clear line where there is none."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from tests.report import sample

from wardround import report
from wardround.errors import UserError


@pytest.fixture
def document() -> report.ResultDocument:
    return report.build(sample.bad_day())


def fake(directory: Path, script: str) -> str:
    path = directory / "browser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_without_a_browser_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch, document: report.ResultDocument) -> None:
    monkeypatch.setenv("WARDROUND_BROWSER", "/nowhere/browser")
    with pytest.raises(UserError, match=r"open report\.html and print it") as refused:
        report.export(document, "pdf")
    assert "\n" not in str(refused.value)


def test_a_browser_that_fails_or_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: report.ResultDocument
) -> None:
    monkeypatch.setenv("WARDROUND_BROWSER", fake(tmp_path, "exit 7"))
    with pytest.raises(UserError, match=r"did not print the report \(exit code 7\)"):
        report.export(document, "pdf")


def test_the_browser_gets_the_page_and_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: report.ResultDocument
) -> None:
    printing = 'echo "%PDF /CreationDate (D:20990101000000+00\'00\')" > "${a#--print-to-pdf=}"'
    script = f'for a in "$@"; do echo "$a" >> {tmp_path}/seen; case $a in --print-to-pdf=*) {printing};; esac; done'
    monkeypatch.setenv("WARDROUND_BROWSER", fake(tmp_path, script))
    assert report.export(document, "pdf") == b"%PDF /CreationDate (D:20260303073000+00'00')\n"
    seen = (tmp_path / "seen").read_text()
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in seen
    assert re.search(r"^file:///.*/report\.html$", seen, re.MULTILINE)


@pytest.mark.usefixtures("browser")
def test_a_real_browser_prints_the_same_bytes_twice(document: report.ResultDocument) -> None:
    first, second = (report.export(document, "pdf", "fr") for _ in range(2))
    assert first.startswith(b"%PDF-")
    assert first == second
    assert len(re.findall(rb"/Type /Page\b", first)) >= 2
