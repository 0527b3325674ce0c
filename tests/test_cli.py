"""The command line as a user meets it: whole rounds in processes of their own, bad evidence, exit codes, no network."""

from __future__ import annotations

import functools
import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import tomllib
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from wardround import cli, model, report

ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\n"
    "1767225600.000001\tC1\t10.0.0.1\t1\t10.0.0.2\t80\ttcp\n"
    "1767225601.000001\tC2\t10.0.0.1\t2\t10.0.0.2\t80\ttcp\n"
)
EVENT = {
    "Event": {
        "System": {
            "Provider": {"#attributes": {"Name": "Microsoft-Windows-Eventlog"}},
            "EventID": 1102,
            "TimeCreated": {"#attributes": {"SystemTime": "2026-01-01T00:00:00.5Z"}},
            "EventRecordID": 7,
            "Channel": "Security",
            "Computer": "pacs1.example",
        },
        "UserData": {"LogFileCleared": {"SubjectUserName": "mallory"}},
    }
}


def run(*arguments: str | Path, env: dict[str, str] | None = None, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wardround", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})}, timeout=180, **options)  # type: ignore[call-overload, no-any-return]


def rows(out: Path, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for file in sorted((out / "tables").glob(f"{table}.parquet")) + sorted((out / "tables").glob(f"{table}-*.parquet")):
        found += pq.read_table(file).to_pylist()
    return found


def bad_evidence(folder: Path) -> None:
    """Evidence that cannot be read, or not to its end, beside some that can."""
    folder.mkdir()
    (folder / "good.log").write_text(ZEEK)
    (folder / "truncated.log").write_text(ZEEK[:-20])
    (folder / "flipped.log").write_bytes(ZEEK.encode().replace(b"1767225601", b"17\x1672\xff5601"))
    (folder / "empty.evtx").write_bytes(b"")
    (folder / "header-only.evtx").write_bytes(b"ElfFile\x00" + bytes(4088))
    (folder / "cut.evtx").write_bytes(b"ElfFile\x00" + bytes(100))
    (folder / "log-named.pcap").write_text(json.dumps(EVENT) + "\n")
    (folder / "huge-field.json").write_text(json.dumps({**EVENT, "x": "A" * 5_000_000}) + "\n" + json.dumps(EVENT) + "\n")
    (folder / "noise.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "bomb.gz").write_bytes(gzip.compress(bytes(300 << 20), 9))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(300 << 20))
    (folder / "bomb.zip").write_bytes(buffer.getvalue())


def test_bad_evidence_never_ends_the_round(tmp_path: Path) -> None:
    bad_evidence(tmp_path / "in")
    done = run("examine", tmp_path / "in", "--out", tmp_path / "round")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    evidence = {Path(str(row["path"]).partition("!")[0]).name: row for row in rows(tmp_path / "round", "evidence")}
    assert evidence["good.log"]["records"] == 2
    assert evidence["log-named.pcap"]["reader"] == "windows_json"
    assert evidence["noise.bin"]["format"] == "unknown"
    told = {Path(str(row["source"]).partition("!")[0]).name for row in rows(tmp_path / "round", "diagnostic")}
    assert told >= {"truncated.log", "flipped.log", "empty.evtx", "cut.evtx", "noise.bin", "bomb.gz", "bomb.zip"}
    assert "good.log" not in told


def test_nothing_readable_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\x00\x01\x02" * 100)
    done = run("examine", tmp_path / "noise", "--out", tmp_path / "round")
    assert done.returncode == 1
    assert "nothing could be read" in done.stderr
    assert (tmp_path / "round" / "round.json").is_file()
    french = run("examine", tmp_path / "noise", "--out", tmp_path / "round", "--lang", "fr", "--quiet", "--verbose")
    assert (french.returncode, french.stdout) == (1, "")
    problem, last = french.stderr.splitlines()
    assert "noise: Le format de ce fichier n’est pas connu\u202f; il n’a pas été lu. (" in problem
    assert last == "wardround: rien n’a pu être lu\u202f; voir les problèmes rencontrés dans le rapport"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["examine", "/no/such/place"], 1, "no such file"),
        (["examine"], 2, "give evidence, or a share with --share"),
        (["examine", "--no-such-option", "x"], 2, "--no-such-option: unknown option"),
        (["examine", "{in}", "--format", "docx"], 2, "docx"),
        (["examine", "{in}", "--lang", "de"], 2, "--lang: there is no 'de'; choose one of: en, fr (wardround examine --help)"),
        (["examine", "{in}", "--fail-on", "worst", "--lang=fr"], 2, "« worst » n’existe pas ; au choix : info, low"),
        (["examine", "{in}", "--ouut", "x", "--lang", "fr"], 2, "--ouut : option inconnue ; vouliez-vous dire --out ?"),
        (["examine", "{in}", "--lang", "fr", "--out"], 2, "--out : il manque sa valeur"),
        (["examine", "--quiet=yes", "{in}"], 2, "--quiet: takes no value"),
        (["exmaine"], 2, "exmaine: unknown command; did you mean examine?"),
        (["zzz"], 2, "zzz: unknown command; choose one of: examine, diff"),
        (["services", "--lang", "fr"], 2, "il manque ROUND|EVIDENCE"),
        (["readers", "{in}"], 2, "more than this command takes"),
        (["history", "--ocr", "x", "--threshold", "many"], 2, "--threshold: must be a whole number"),
        (["history", "--ocr", "x", "--as-of", "soon"], 2, "--as-of: soon: not a day"),
        (["examine", "{in}", "--since", "yesterday"], 2, "not an ISO 8601 time"),
        (["examine", "{in}", "--site", "/no/site.toml"], 1, "No such file"),
        (["examine", "{in}", "--rules", "/no/rules"], 1, "--rules /no/rules: no such"),
        (["examine", "{in}", "--rules", "{empty}"], 1, "--rules {empty}: holds no rule"),
        (["examine", "{empty}", "-q"], 1, "there is no file in what was given"),
        (["examine", "{in}", "--since", "2026-03-11", "--until", "2026-03-10"], 1, "--until: must be later than --since"),
        (["examine", "{in}", "--history", "{in}", "--lang", "fr"], 1, "ce n’est pas un dossier"),
        (["examine", "{in}", "--out", "/proc/round"], 1, "cannot write"),
        (["report", "{tmp}"], 1, "no round"),
        (["report", "{tmp}", "--lang", "fr"], 1, "il n’y a pas de visite dans {tmp} : fichier ou dossier introuvable"),
        (["tables", "{tmp}"], 1, "no round in {tmp}"),
        (["detections", "show", "NOPE"], 1, "no such detection"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    (tmp_path / "in.log").write_text(ZEEK)
    (tmp_path / "empty").mkdir()
    places = {"{in}": str(tmp_path / "in.log"), "{tmp}": str(tmp_path), "{empty}": str(tmp_path / "empty")}
    given = [functools.reduce(lambda text, place: text.replace(*place), places.items(), a) for a in arguments]
    message = functools.reduce(lambda text, place: text.replace(*place), places.items(), message)
    done = run(*given, cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr.replace("\u00a0", " ").replace("\u202f", " ")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("wardround: ")


def test_fail_on_and_formats(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_text("".join(json.dumps(EVENT) + "\n" for _ in range(2)))
    formats = [x for name in ("jsonl", "csv", "ocsf", "navigator") for x in ("--format", name)]
    done = run("examine", tmp_path / "events.json", "--out", tmp_path / "round", "--fail-on", "info", *formats)
    assert done.returncode == 3, done.stderr
    names = {path.name for path in (tmp_path / "round").iterdir()}
    assert names == {
        "round.json", "report.html", "tables", "findings.jsonl", "findings.csv", "ocsf.jsonl", "navigator.json",
    }  # fmt: skip
    found = json.loads((tmp_path / "round" / "round.json").read_text())["findings"]
    assert [(f["detection"], f["evidence"][0]["record"]) for f in found] == [("RW-A06", 1)]
    assert found[0]["evidence"][0]["path"].endswith("events.json")


def test_standard_input_and_time_range(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "wardround",
            "examine",
            "-",
            "-q",
            "--out",
            tmp_path / "round",
            "--since",
            "2026-01-01T00:00:01",
        ],
        input=gzip.compress(ZEEK.encode()),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert [row["uid"] for row in rows(tmp_path / "round", "conn")] == ["C2"]
    assert [row["path"] for row in rows(tmp_path / "round", "evidence")] == ["stdin"]
    notes = json.loads((tmp_path / "round" / "round.json").read_text())["notes"]
    assert notes[0]["en"].startswith("Only events from 2026-01-01 00:00:01 on (UTC) were looked at")
    assert "à partir du 2026-01-01 00:00:01 (UTC)" in notes[0]["fr"]


def test_a_round_is_rendered_again_without_its_evidence(tmp_path: Path) -> None:
    source = tmp_path / "in.log"
    source.write_text(ZEEK)
    assert run("examine", source, "-q", "--out", tmp_path / "round").returncode == 0
    source.unlink()
    english = (tmp_path / "round" / "report.html").read_text()
    done = run("report", tmp_path / "round", "--lang", "fr")
    assert done.returncode == 0, done.stderr
    french = (tmp_path / "round" / "report.html").read_text()
    assert 'lang="fr"' in french
    assert 'lang="en"' in english
    assert run("report", tmp_path / "round", "--lang", "en").returncode == 0
    assert (tmp_path / "round" / "report.html").read_text() == english


def test_the_same_evidence_gives_the_same_round(tmp_path: Path) -> None:
    bad_evidence(tmp_path / "in")
    trees = []
    for name in ("one", "two"):
        assert run("examine", tmp_path / "in", "-q", "--out", tmp_path / name).returncode == 0
        document = json.loads((tmp_path / name / "round.json").read_text())
        document.pop("created")
        files = {p.name: p.read_bytes() for p in (tmp_path / name / "tables").iterdir()}
        trees.append((document, files))
    assert trees[0] == trees[1]


def test_killing_it_leaves_no_round(tmp_path: Path) -> None:
    log = tmp_path / "big.log"
    lines = ZEEK.splitlines(keepends=True)
    log.write_text("".join(lines[:7]) + "".join(lines[7:]) * 400_000)
    command = [sys.executable, "-m", "wardround", "examine", str(log), "-q", "--out", str(tmp_path / "round")]
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + 60
    while not any((tmp_path).glob(".round.partial-*/tables/*.parquet")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "round").exists()
    (tmp_path / "small.log").write_text(ZEEK)
    assert run("examine", tmp_path / "small.log", "-q", "--out", tmp_path / "round").returncode == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["big.log", "round", "small.log"]


def test_stopping_it_leaves_the_earlier_round(tmp_path: Path) -> None:
    """Ctrl-C reaches every process of the round; none of them shows a traceback."""
    (tmp_path / "small.log").write_text(ZEEK)
    assert run("examine", tmp_path / "small.log", "-q", "--out", tmp_path / "round").returncode == 0
    earlier = (tmp_path / "round" / "round.json").read_bytes()
    command = [sys.executable, "-m", "wardround", "examine", "-", "-q", "--out", str(tmp_path / "round")]
    before = signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # a test run in the background of a script inherits that it is ignored
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    finally:
        signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 60
    while not any(tmp_path.glob(".round.partial-*/.scratch/stdin")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "wardround: stopped before the end\n")
    assert (tmp_path / "round" / "round.json").read_bytes() == earlier
    assert sorted(p.name for p in tmp_path.iterdir()) == ["round", "small.log"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "small.log").write_text(ZEEK)
    assert run("examine", tmp_path / "small.log", "-q", "--out", tmp_path / "round").returncode == 0
    (tmp_path / "round" / "report.html").unlink()
    (tmp_path / "round" / "report.html").symlink_to("/dev/full")
    done = run("report", tmp_path / "round")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "wardround: No space left on device\n"
    (tmp_path / "round" / "report.html").unlink()
    (tmp_path / "round" / "report.html").symlink_to("/dev/full")
    french = run("report", tmp_path / "round", "--lang", "fr")
    assert (french.returncode, french.stdout, french.stderr) == (1, "", "wardround: il n’y a plus de place sur le disque\n")


NO_NETWORK = """
import sys
def _forbid(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
        if isinstance(address, (str, bytes)) and event == "socket.connect":
            return  # a Unix socket, by which worker processes are started
        sys.stderr.write(f"NETWORK {event} {address}\\n")
        raise PermissionError("no network in this test")
sys.addaudithook(_forbid)
"""


def test_a_round_needs_no_network(tmp_path: Path) -> None:
    """The demo round in a network namespace without any interface where the system allows one, and without sockets anyway."""
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    isolate = shutil.which("unshare")
    command = [sys.executable, "-m", "wardround", "demo", "--out", str(tmp_path / "round")]
    if isolate and subprocess.run([isolate, "-rn", "true"], capture_output=True).returncode == 0:
        command = [isolate, "-rn", *command]
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, timeout=180)
    assert done.returncode == 0, done.stderr
    assert "NETWORK" not in done.stderr
    assert (tmp_path / "round" / "report.html").is_file()


def test_the_guard_against_network_works(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    script = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    assert "NETWORK" in done.stderr


def test_help_lists_every_command_without_heavy_imports() -> None:
    script = textwrap.dedent("""
        import sys
        sys.argv = ["wardround", "--help"]
        from wardround.cli import app
        try:
            app()
        except SystemExit:
            heavy = ("pyarrow", "numba", "duckdb", "pydantic", "numpy", "rich", "importlib.resources", "wardround.model")
            print([name for name in heavy if name in sys.modules])
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    for command in ("examine", "report", "demo", "tables", "readers", "detections"):
        assert command in done.stdout
    assert done.stdout.strip().endswith("[]")


def test_severities_and_languages_are_those_of_the_model() -> None:
    assert cli.SEVERITIES == model.SEVERITIES
    assert cli.LANGUAGES == report.LANGUAGES


def test_the_tables_of_a_round_are_listed(tmp_path: Path) -> None:
    (tmp_path / "conn.log").write_text(ZEEK)
    assert run("examine", tmp_path / "conn.log", "-q", "--out", tmp_path / "round").returncode == 0
    listed = {line.split()[0]: line.split()[1:] for line in run("tables", tmp_path / "round").stdout.splitlines()}
    assert listed["conn"] == ["2", str(tmp_path / "round" / "tables" / "conn-00001.parquet")]
    assert listed["evidence"][0] == "1"
    files = (tmp_path / "round" / "tables").iterdir()
    assert set(listed) == {re.sub(r"(-\d+)*\.parquet$", "", file.name) for file in files}
    (tmp_path / "round" / "tables" / "conn-00001.parquet").write_bytes(b"PAR1")
    broken = run("tables", tmp_path / "round")
    assert (broken.returncode, broken.stderr.count("\n")) == (1, 1)


def test_tables_and_readers_are_listed() -> None:
    assert "| `id.orig_h` |" in run("tables").stdout
    listed = run("readers").stdout
    for reader in ("evtx", "zeek", "suricata", "windows_json"):
        assert reader in listed
    told = [line.partition(" ")[2].strip() for line in listed.splitlines()]
    assert len(set(told)) == len(told), "each reader says what itself reads"
    assert not re.search(r"``|:\w+:`", listed)
    assert "RDP-A01" in run("detections", "list", "--lang", "fr").stdout


def test_services_and_impact_of_evidence_that_shows_no_imaging(tmp_path: Path) -> None:
    """Two machines that speak are no department, and the commands say so."""
    evidence = tmp_path / "conn.log"
    evidence.write_text(ZEEK)
    services = run("services", evidence)
    assert (services.returncode, services.stderr) == (0, "")
    assert services.stdout.startswith("No service could be told from this evidence")
    impact = run("impact", evidence, "--lang", "fr")
    assert impact.returncode == 0
    assert "ne peut être estimé" in impact.stdout


def test_the_inputs_of_the_estimate_are_printed_edited_and_read_back(tmp_path: Path) -> None:
    printed = run("impact", "--inputs")
    assert printed.returncode == 0
    assert tomllib.loads(printed.stdout)["outage"]["systems"]["source"]
    evidence, mine = tmp_path / "conn.log", tmp_path / "impact.toml"
    evidence.write_text(ZEEK)
    mine.write_text(printed.stdout.replace("days = [1.0, 7.0, 32.0]", "days = [9.0, 7.0, 32.0]"))
    refused = run("examine", evidence, "--impact", mine, "--out", tmp_path / "round")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "outage.systems.days" in refused.stderr
