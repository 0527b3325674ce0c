"""Numbers and times beyond what a column holds: left out, and never the end of reading."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from tests.readers.conftest import Found
from tests.readers.eve_events import event, text

from wardround.readers import suricata, syslog_cells
from wardround.readers.batches import Batches
from wardround.readers.instants import written_instant

Read = Callable[..., Found]


def test_a_duration_that_no_real_number_holds_exactly() -> None:
    assert syslog_cells.seconds(pa.array(["9007199254740993", "75"])).to_pylist() == [9007199254740992.0, 75.0]


@pytest.mark.parametrize(("year", "told"), [("2026", True), ("9026", False), ("1026", False), ("x", False)])
def test_a_written_time(year: str, told: bool) -> None:
    assert (written_instant(f"05:37:43 {year}", "%H:%M:%S %Y") is not None) is told


def test_a_row_with_a_number_that_is_too_large_keeps_the_others() -> None:
    found = Found()
    batches = Batches(found)
    for record in (1, 1 << 64, 3):
        batches.add("service", ts=record, record=1, host="10.0.0.1", state="open")
    batches.close()
    assert [row["ts"] for row in found.rows["service"]] == [1, None, 3]
    assert found.codes() == ["bad_cell"]


def test_a_transaction_that_is_no_number(read_bytes: Read) -> None:
    info = {"filename": "/a.exe", "state": "CLOSED", "size": 9, "sha256": "dd", "tx_id": False}
    record = event("fileinfo", app_proto="http", direction="to_client", fileinfo=info)
    found = read_bytes(suricata.READER, text(record))
    assert [(row["filename"], row["depth"]) for row in found.rows["files"]] == [("/a.exe", None)]
