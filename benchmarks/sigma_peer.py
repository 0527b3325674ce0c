"""Another Sigma engine on the same events and rules: rsigma (https://crates.io/crates/rsigma, MIT), a program beside us.

It evaluates JSON, one event a line, and prints one line a match. It has no tables and no findings. Events are given to it as
the `evtx` library exports them, flattened here without our reader, so that a mistake of the reader is not shared. Its own
pipeline `sysmon` tells it which event numbers the log sources of rules stand for; it adds no Channel. Build it with

    cargo install rsigma --version 0.23.0 --locked --no-default-features --features evtx --root DIRECTORY
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from evtx import PyEvtxParser


def cases(sigma: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every active test: the id of its rule and its description."""
    found: list[tuple[str, dict[str, Any]]] = []
    for file in sorted((sigma / "regression_data").rglob("info.yml")):
        info = yaml.safe_load(file.read_text("utf-8"))
        tests = [test for test in info.get("regression_tests_info") or () if test.get("type") == "evtx"]
        found.extend((str(rule["id"]), test) for rule in info["rule_metadata"] for test in tests)
    return found


def rule_files(sigma: Path) -> dict[str, Path]:
    """The file of every rule by its id."""
    files = [file for directory in sorted(sigma.glob("rules*")) for file in sorted(directory.rglob("*.yml"))]
    return {line.split()[1]: file for file in files for line in file.read_text("utf-8").splitlines() if line[:4] == "id: "}


def export(logs: list[Path], target: Path) -> int:
    """Write the events of .evtx files as flat JSON, one a line; gives how many. Damaged records are left out."""
    count = 0
    with target.open("w", encoding="utf-8") as stream:
        for log in logs:
            records = PyEvtxParser(str(log)).records_json()
            while True:
                try:
                    record: Any = next(records)
                except StopIteration:
                    break
                except RuntimeError:
                    continue
                stream.write(json.dumps(flat(json.loads(record["data"]))) + "\n")
                count += 1
    return count


def flat(document: dict[str, Any]) -> dict[str, Any]:
    """An event's values by the names that Sigma rules use."""
    event = document["Event"]
    system = event.get("System") or {}
    values: dict[str, Any] = {name: _text(value) for name, value in system.items() if _text(value) is not None}
    provider = system.get("Provider")
    if isinstance(provider, dict):
        values["Provider_Name"] = (provider.get("#attributes") or {}).get("Name")
    for part in ("EventData", "UserData"):
        _leaves(event.get(part), values)
    return values


def _text(value: Any) -> Any:
    return value.get("#text") if isinstance(value, dict) else value


def _leaves(value: Any, values: dict[str, Any]) -> None:
    """Collect named values at any depth; a name that occurs more than once keeps its first value."""
    if not isinstance(value, dict):
        return
    for name, member in value.items():
        if name == "#attributes":
            continue
        if isinstance(member, dict) and "#text" not in member:
            _leaves(member, values)
        else:
            values.setdefault(name, _text(member))


def command(program: Path, rules: Path, events: Path) -> list[str]:
    """The peer's command line; its matches go to standard output."""
    given = ["--rules", str(rules), "--event", f"@{events}", "--pipeline", "sysmon", "--input-format", "json"]
    return [str(program), "engine", "eval", *given]


def counts(program: Path, rule: Path, log: Path) -> Counter[str]:
    """How often the peer says that each rule (by id) of a file or directory matches an .evtx file."""
    with tempfile.TemporaryDirectory() as directory:
        events = Path(directory, "events.ndjson")
        export([log], events)
        done = subprocess.run(command(program, rule, events), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{program}: {done.stderr[-500:]}")
    found: Counter[str] = Counter()
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            found[str(json.loads(line).get("rule_id"))] += 1
    return found
