"""From a listing of files to findings: names are judged, and what a listing does not show is said to be not assessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wardround.pipeline import Request, examine
from wardround.report.document import ResultDocument


def listing(ending: str) -> str:
    """``ls -lR --time-style=full-iso`` of ten folders, all changed within minutes."""
    start = datetime(2026, 3, 2, 2, tzinfo=UTC)
    told = []
    for folder in range(10):
        told += [f"./service{folder}:", "total 99"]
        for number, kind in enumerate(("pdf", "docx", "dcm", "xlsx", "jpg")):
            when = start + timedelta(seconds=10 * folder + number)
            told.append(
                f"-rw-r--r-- 1 root root 4096 {when:%Y-%m-%d %H:%M:%S}.000000000 +0000 MARTIN{folder}{number}.{kind}{ending}"
            )
        if ending:
            told.append(f"-rw-r--r-- 1 root root 900 {start:%Y-%m-%d %H:%M:%S}.000000000 +0000 HOW_TO_RESTORE_FILES.txt")
        told.append("")
    return "\n".join(told)


def round_of(text: str, base: Path) -> ResultDocument:
    (base / "listing.txt").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARDROUND_STATE", str(base / "state"))
        return examine(Request((str(base / "listing.txt"),), base / "round"))


def test_renamed_files_and_a_note(tmp_path: Path) -> None:
    told = round_of(listing(".kraz9"), tmp_path)
    (finding,) = told.findings
    assert (finding.detection, finding.severity) == ("RW-A27", "critical")
    coverage = {row.detection: row for row in told.coverage}
    assert [coverage[name].result for name in ("RW-A03", "RW-A04", "RW-A20")] == ["not_assessed"] * 3
    assert "does not show what is in them" in str(coverage["RW-A20"].reason)
    assert any(row.code == "content_not_seen" for row in told.diagnostics)
    assert "MARTIN" not in (tmp_path / "round" / "round.json").read_text()


def test_a_share_in_order(tmp_path: Path) -> None:
    told = round_of(listing(""), tmp_path)
    assert told.findings == []
    assert {row.detection: row.result for row in told.coverage}["RW-A27"] == "not_found"
