"""SMB and DCE/RPC of real captures: the rows that Zeek's own tests expect, what attacks look like, and damaged captures."""

from __future__ import annotations

import csv
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.wire.packets import Tables, read

from wardround.wire.engine import Limits

ACTIONS = ("SMB::FILE_OPEN", "SMB::FILE_DELETE", "SMB::FILE_RENAME")
FIELDS = {"smb_files": ("action", "path", "name", "size", "prev_name"), "dce_rpc": ("named_pipe", "endpoint", "operation")}

#: Rows that Zeek lacks although client and server say so in the capture.
ZEEK_LACKS = [("SMB::FILE_OPEN", r"\\172.17.0.189\share2", "11regedit.enc", "0", "-")]

pytestmark = pytest.mark.corpus


def _tables(capture: Path) -> Tables:
    tables = read(capture.read_bytes(), limits=Limits(4_096, 65_536))
    assert "parser_defect" not in tables.codes
    return tables


def _expected(path: Path, fields: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The cells of a log of Zeek; a backslash is doubled there."""
    names: list[str] = []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.replace(r"\\", "\\").split("\t")
        if cells[0] == "#fields":
            names = cells[1:]
        elif not line.startswith("#"):
            row = dict(zip(names, cells, strict=True))
            rows.append(tuple(row[field] for field in fields))
    return sorted(rows)


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)


@pytest.mark.parametrize("log", sorted(FIELDS))
def test_agrees_with_zeek(corpora: Path, log: str) -> None:
    zeek, fields = corpora / "zeek", FIELDS[log]
    compared = 0
    with (zeek / "manifest.tsv").open(encoding="utf-8") as manifest:
        for case in csv.DictReader(manifest, delimiter="\t"):
            if case["log"] != log:
                continue
            rows = _tables(zeek / "traces" / case["trace"]).rows[log]
            # Zeek does not tell of pipes that are opened.
            kept = [row for row in rows if log != "smb_files" or row["action"] in ACTIONS]
            found = Counter(tuple(_cell(row.get(field)) for field in fields) for row in kept)
            expected = Counter(_expected(zeek / "expected" / case["test"] / f"{log}.log", fields))
            assert not expected - found, case["trace"]
            assert (found - expected).keys() <= set(ZEEK_LACKS), case["trace"]
            compared += found.total()
    assert compared


def _capture(corpora: Path, word: str) -> Tables:
    (capture,) = (corpora / "evidence" / "pcap_smb_ransom").glob(f"*{word}*")
    return _tables(capture)


def test_files_renamed_in_bulk(corpora: Path) -> None:
    rows = _capture(corpora, "mass_encrypt").rows["smb_files"]
    renamed = [row for row in rows if row["action"] == "SMB::FILE_RENAME"]
    assert len(renamed) == 60
    assert all(row["name"] == f"{row['prev_name']}.locked" for row in renamed)


def test_implants_and_probes_over_smb1(corpora: Path) -> None:
    rows = _capture(corpora, "wannacry").rows["smb_cmd"]
    commands = Counter((row["command"], row["sub_command"]) for row in rows)
    assert commands["TRANSACTION2", "SESSION_SETUP"] == 28
    assert commands["TRANSACTION", "PEEK_NMPIPE"] == 6
    implant = _capture(corpora, "doublepulsar")
    assert [row["name"] for row in implant.rows["weird"]] == ["smb1_unasked_answer"]


def test_remote_control_over_rpc(corpora: Path) -> None:
    services = Counter(row["operation"] for row in _capture(corpora, "smbexec").rows["dce_rpc"])
    assert (services["CreateServiceA"], services["StartServiceA"], services["DeleteService"]) == (2, 2, 2)
    logons = Counter(row["operation"] for row in _capture(corpora, "CVE-2020-1472").rows["dce_rpc"])
    assert logons["NetrServerAuthenticate3"] > 3
    assert "NetrShareEnum" in {row["operation"] for row in _capture(corpora, "NetShareEnum").rows["dce_rpc"]}


def test_damaged_captures(corpora: Path) -> None:
    chance = random.Random(7)
    for capture in sorted((corpora / "evidence" / "pcap_smb_ransom").glob("*.pcap*")):
        whole = capture.read_bytes()
        if len(whole) > 150_000:
            continue
        for _ in range(8):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 60)):
                data[chance.randrange(40, len(data))] = chance.randrange(256)
            tables = read(bytes(data[: chance.randrange(100, len(data))]), limits=Limits(4_096, 65_536))
            assert "parser_defect" not in tables.codes, capture.name
