"""Files encrypted on a real file server are found on the wire, its ordinary work is not, and what cannot be read is said so."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from tests.lab import file_server

from wardround.detect.decide import Decision

pytestmark = pytest.mark.skipif(bool(file_server.missing()), reason=file_server.missing() or "possible")

_FOUND = [("SMB2_10", name) for name in file_server.ATTACKS] + [("SMB3_00", "renaming"), ("SMB3_00", "overwriting")]
_SILENT = [("SMB2_10", name) for name in file_server.HARMLESS]


_SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "smb_workloads.py"
_SPEC = importlib.util.spec_from_file_location("smb_workloads_script", _SCRIPT)
assert _SPEC is not None and _SPEC.loader is not None
smb_workloads: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(smb_workloads)


def _decide(folder: Path, dialect: str, workload: str) -> tuple[Decision, set[str | None]]:
    tables = smb_workloads.tables_of(file_server.record(folder, dialect, workload))
    return smb_workloads.decided(tables), set(tables["smb_session"]["dialect"].to_pylist())


@pytest.mark.parametrize(("dialect", "workload"), _FOUND)
def test_encryption_is_found(tmp_path: Path, dialect: str, workload: str) -> None:
    decision, dialects = _decide(tmp_path, dialect, workload)
    assert dialects == {"SMB 2.1" if dialect == "SMB2_10" else "SMB 3.0"}
    (finding,) = decision.findings
    assert finding.severity == "critical"
    assert finding.events >= 100


@pytest.mark.parametrize(("dialect", "workload"), _SILENT)
def test_ordinary_work_is_not(tmp_path: Path, dialect: str, workload: str) -> None:
    decision, _ = _decide(tmp_path, dialect, workload)
    assert decision.findings == ()
    assert decision.coverage[0].result == "not_found"


def test_what_is_encrypted_on_the_way_is_not_assessed(tmp_path: Path) -> None:
    decision, dialects = _decide(tmp_path, "SMB3_11", "renaming")
    assert dialects == {"SMB 3.1.1"}
    assert decision.findings == ()
    assert decision.coverage[0].result == "not_assessed"
