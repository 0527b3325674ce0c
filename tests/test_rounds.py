"""Rounds over time as a user makes them: a folder of rounds, the comparison, and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from wardround.report import read


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wardround", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), timeout=300)


def cleared(host: str) -> str:
    system = {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Eventlog"}},
        "EventID": 1102,
        "TimeCreated": {"#attributes": {"SystemTime": "2026-01-01T00:00:00.5Z"}},
        "EventRecordID": 7,
        "Channel": "Security",
        "Computer": host,
    }
    return json.dumps({"Event": {"System": system, "UserData": {"LogFileCleared": {"SubjectUserName": "mallory"}}}}) + "\n"


def ordinary(host: str) -> str:
    return cleared(host).replace("1102", "4608").replace("Microsoft-Windows-Eventlog", "Microsoft-Windows-Security-Auditing")


def test_a_folder_of_rounds_tells_what_changed_and_what_was_not_looked_at(tmp_path: Path) -> None:
    """Two machines' logs are cleared; then one is well and the log of the other is missing, and a third is cleared."""
    first, second, folder = tmp_path / "day1", tmp_path / "day2", tmp_path / "rounds"
    for name in ("pacs1", "ris1"):
        (first / name).mkdir(parents=True)
        (first / name / "Security.jsonl").write_text(cleared(f"{name}.example"))
    (first / "dc1").mkdir()
    (first / "dc1" / "Security.jsonl").write_text(ordinary("dc1.example"))
    for name, text in (("pacs1", ordinary("pacs1.example")), ("dc1", cleared("dc1.example"))):
        (second / name).mkdir(parents=True)
        (second / name / "Security.jsonl").write_text(text)

    done = run("examine", first, "--history", folder, "-q")
    assert done.returncode == 0, done.stderr
    (one,) = folder.iterdir()
    assert read(one).changes is None

    done = run("examine", second, "--history", folder, "--lang", "fr")
    assert done.returncode == 0, done.stderr
    (two,) = set(folder.iterdir()) - {one}
    told = read(two)
    assert told.changes is not None
    for listed, host in ((told.changes.new, "dc1"), (told.changes.closed, "pacs1"), (told.changes.not_assessed, "ris1")):
        assert {change.subjects[0].name for change in listed} == {f"{host}.example"}
    assert {change.reason for change in told.changes.not_assessed} == {"source"}
    assert [row.created for row in told.rounds] == [read(one).created, told.created]
    assert "Depuis l’état des lieux du" in done.stdout

    for level, code in (("low", 3), ("critical", 0 if told.changes.new[0].severity != "critical" else 3)):
        done = run("diff", one, two, "--fail-on", level, "-f", "json", "-f", "html", "-o", tmp_path / "out")
        assert done.returncode == code, done.stderr
    assert "Could not be looked at again" in done.stdout
    assert json.loads((tmp_path / "out" / "changes.json").read_text()) == told.changes.model_dump(mode="json")
    assert b"ris1.example" in (tmp_path / "out" / "changes.html").read_bytes()

    assert run("diff", two, two, "--fail-on", "info").returncode == 0
    done = run("diff", one, tmp_path / "nowhere")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert run("diff", one, two, "-f", "docx").returncode == 2
