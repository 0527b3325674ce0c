"""Over two hundred associations of a real stack, recorded: the tables say what the stack itself said."""

from __future__ import annotations

import importlib.util
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.wire.packets import Tables, read
from tests.wire.protocols.dicom_scenarios import Day, recorded
from tests.wire.protocols.dicom_suite import frames

from wardround.wire.engine import Limits

_SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "dicom_agreement.py"
_SPEC = importlib.util.spec_from_file_location("dicom_agreement_script", _SCRIPT)
assert _SPEC is not None and _SPEC.loader is not None
dicom_agreement: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(dicom_agreement)


@pytest.fixture(scope="module")
def day() -> Day:
    return recorded()


@pytest.fixture(scope="module", params=[1, 2])
def tables(day: Day, request: pytest.FixtureRequest) -> Tables:
    """The day read from packets; the parameter chooses other sizes of segments."""
    conversations = [told.conversation for told in day.told if told.conversation is not None]
    return read(frames([*conversations, *day.others], request.param), limits=Limits(2_048, 1 << 17))


def _by_port(rows: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["ts"], row["record"], row.get("message_id") or 0)):
        found.setdefault(row["id.orig_p"], []).append(row)
    return found


def test_every_association_is_as_the_stack_says(day: Day, tables: Tables) -> None:
    found = _by_port(tables.rows["dicom_association"])
    assert len(day.told) >= 200
    results = Counter(told.columns["result"] for told in day.told)
    assert set(results) == {"accepted", "rejected", "aborted"}
    for told in day.told:
        assert told.conversation is not None
        (row,) = found[told.conversation.client[1]]
        differences = {
            name: (value, row[name])
            for name, value in told.columns.items()
            if value != row[name] and not (isinstance(value, list) and sorted(set(value)) == sorted(row[name] or []))
        }
        assert not differences, told.columns
    assert not tables.codes
    assert not tables.rows["weird"]


def test_every_operation_is_as_the_stack_says(day: Day, tables: Tables) -> None:
    found = _by_port(tables.rows["dicom_operation"])
    kinds = set()
    for told in day.told:
        assert told.conversation is not None
        rows = found.get(told.conversation.client[1], [])
        expected = [
            {name: value for name, value in operation.items() if name not in ("pending",) and value is not None}
            for operation in told.operations
        ]
        seen = [{name: row[name] for name in each} for row, each in zip(rows, expected, strict=True)]
        assert seen == expected
        for operation, row in zip(told.operations, rows, strict=True):
            kinds.add(row["operation"])
            if row["operation"] == "C-FIND":
                assert row["responses"] == operation.get("pending", 0)
    assert kinds == {
        "C-ECHO", "C-STORE", "C-FIND", "C-MOVE", "C-GET",
        "N-CREATE", "N-SET", "N-GET", "N-ACTION", "N-DELETE", "N-EVENT-REPORT",
    }  # fmt: skip


def test_what_is_moved_arrives_from_the_one_who_moved_it(tables: Tables) -> None:
    stored = [row for row in tables.rows["dicom_operation"] if row["operation"] == "C-STORE" and row["called_ae"] == "STATION9"]
    assert stored
    assert all(row["calling_ae"] == "ARCHIVE" and row["study_token"] and row["patient_token"] for row in stored)


def test_no_secret_is_kept(tables: Tables) -> None:
    everything = repr(dict(tables.rows))
    for secret in ("Placebo", "PLACEBO", "'P-1'", "geheim", "ticket-0123", "19700102", "1.2.3.4.5.6.7"):
        assert secret not in everything
    credentials = tables.rows["clear_credential"]
    assert [(row["username"], row["password_length"], row["success"]) for row in credentials] == [("j.martin", 6, True)]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_wireshark_says_the_same(day: Day, tmp_path: Path) -> None:
    capture = tmp_path / "suite.pcap"
    capture.write_bytes(frames([told.conversation for told in day.told if told.conversation is not None]))
    cells, agreed, differences = dicom_agreement.compare(capture)
    assert agreed["associations"] == cells["associations"] == len(day.told)
    # The dissector loses a PDU now and then where pieces are tiny; the stack itself then decides who is right.
    # It says nothing of what did not happen to it: no result of a refusal where it was not refused.
    told = {told.conversation.client[1]: told.columns for told in day.told if told.conversation is not None}
    assert [each for each in differences if told[each.key[1]].get(each.column) != each.value] == []
    assert len(differences) * 200 <= cells.total()


@pytest.mark.corpus
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_wireshark_says_the_same_of_other_captures(corpora: Path) -> None:
    captures = sorted((corpora / "evidence" / "pcap_dicom_hl7").glob("*dicom*.pcap"))
    for capture in captures:
        cells, agreed, differences = dicom_agreement.compare(capture)
        assert not differences
        assert agreed == cells
        assert cells["associations"]
