"""Worker processes: results, crashes and hangs."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import wardround.workers as workers
from wardround import preload_captures
from wardround.wire.engine import Engine


def _prepare(state: int) -> int:
    if state < 0:
        raise ValueError("no such state")
    return state * 10


def _work(prepared: int, unit: Any) -> Any:
    if unit == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if unit == "hang":
        time.sleep(60)
    if unit == "leave":
        raise SystemExit(3)
    if unit == "raise":
        raise ValueError("cannot")
    return prepared + unit


def test_every_unit_has_an_outcome() -> None:
    outcomes = sorted(workers.run(_prepare, 1, _work, list(range(20)), processes=2), key=lambda o: o.index)
    assert [o.result for o in outcomes] == list(range(10, 30))


def test_no_units_is_no_work() -> None:
    assert list(workers.run(_prepare, 1, _work, [])) == []


def test_a_crash_costs_its_unit_only() -> None:
    units = [1, "die", 2, "leave", 3, "raise"]
    outcomes = sorted(workers.run(_prepare, 0, _work, units, processes=2), key=lambda o: o.index)
    assert [o.result for o in outcomes] == [1, None, 2, None, 3, None]
    assert "-11" in outcomes[1].failure
    assert "code 3" in outcomes[3].failure
    assert (outcomes[5].failure, outcomes[5].raised) == ("ValueError: cannot", "ValueError")


def _seconds(unit: object) -> float:
    return 2.0 if unit == "hang" else 600.0


def test_a_hang_is_stopped() -> None:
    outcomes = sorted(workers.run(_prepare, 0, _work, ["hang", 1], processes=1, seconds=_seconds), key=lambda o: o.index)
    assert outcomes[0].failure == "stopped after 2 seconds"
    assert outcomes[1].result == 1


def test_workers_that_cannot_start_are_one_error() -> None:
    with pytest.raises(workers.WorkerError, match="no such state"):
        list(workers.run(_prepare, -1, _work, [1, 2, 3]))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["lan.pcap"], True),
        (["x", "LAN.PCAPNG"], True),
        (["old.cap.gz"], True),
        (["ring.pcap12"], True),
        (["conn.log", "capture.txt", "pcap"], False),
        ([], False),
    ],
)
def test_captures_are_guessed_by_their_names_in_a_folder_too(tmp_path: Path, names: list[str], expected: bool) -> None:
    for name in names:
        (tmp_path / name).touch()
    assert workers._may_be_captures([str(tmp_path / "missing"), str(tmp_path)]) is expected
    assert workers._may_be_captures([str(tmp_path / name) for name in names]) is expected


def test_the_packet_that_loads_the_kernels_is_read_to_its_parser() -> None:
    kept: set[str] = set()

    class Kept:
        def write(self, table: str, rows: pa.RecordBatch) -> None:
            kept.add(table)

        def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
            raise AssertionError(f"{code}: {message}")

    Engine(np.frombuffer(preload_captures.CAPTURE, np.uint8), Kept()).run()
    assert {"conn", "dns"} <= kept
