"""Rows into Parquet, and a round directory that is complete or not there."""

from __future__ import annotations

import contextlib
import gc
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wardround import schema, store
from wardround.errors import ReaderError, UserError
from wardround.model import Evidence


def events(count: int, **columns: object) -> pa.Table:
    data: dict[str, object] = {"ts": list(range(count)), "record": list(range(count)), "EventID": [4624] * count}
    return pa.table({**data, **columns})


def read_all(directory: Path, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for file in sorted(directory.glob(f"{name}*.parquet")):
        rows += pq.read_table(file).to_pylist()
    return rows


def test_rows_get_provenance_and_missing_columns(tmp_path: Path) -> None:
    writer = store.UnitWriter(tmp_path, 1)
    writer.sink("e7", "x.evtx").write("windows_event", events(2, TargetUserName=["a", "b"]))
    result = writer.close()
    rows = read_all(tmp_path, "windows_event")
    assert [(r["evidence_id"], r["record"], r["TargetUserName"], r["Channel"]) for r in rows] == [
        ("e7", 0, "a", None),
        ("e7", 1, "b", None),
    ]
    assert result.tallies["e7"] == store.Tally(2, 0, 1)
    assert result.rows == {"windows_event": 2}


def test_batches_of_an_open_table_may_have_other_columns(tmp_path: Path) -> None:
    writer = store.UnitWriter(tmp_path, 1)
    sink = writer.sink("e1", "x")
    sink.write("windows_event", events(1, A=["1"]))
    sink.write("windows_event", events(1, B=["2"]))
    writer.close()
    assert [(r["A"], r["B"]) for r in read_all(tmp_path, "windows_event")] == [("1", None), (None, "2")]


def test_rows_of_an_open_table_are_kept_apart_by_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SMALL_ROWS", 4)
    monkeypatch.setattr(store, "MAX_GROUPS", 3)
    writer = store.UnitWriter(tmp_path, 1)
    sink = writer.sink("e1", "x")
    for log in ("Security", "A", "Security", "B", "C", "D"):
        sink.write("windows_event", events(2, Channel=[log] * 2, **{f"of {log}": ["1", "2"]}))
    assert writer.close().rows == {"windows_event": 12}
    files = [pq.read_table(file) for file in sorted(tmp_path.glob("windows_event*.parquet"))]
    # The log with enough rows, then what came after there were three logs, then the small ones together.
    assert [sorted(set(file["Channel"].to_pylist())) for file in files] == [["Security"], ["C", "D"], ["A", "B"]]
    assert "of A" not in files[0].column_names and files[0]["of Security"].to_pylist() == ["1", "2"] * 2


def test_the_largest_group_is_written_when_there_is_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FLUSH_ROWS", 10)
    batches: list[tuple[int, set[str]]] = []

    def on_batch(name: str, rows: pa.Table) -> None:
        batches.append((rows.num_rows, set(rows["Channel"].to_pylist())))

    writer = store.UnitWriter(tmp_path, 1, on_batch)
    sink = writer.sink("e1", "x")
    for count, log in ((3, "A"), (4, "B"), (2, "A"), (3, "B"), (1, "A")):
        sink.write("windows_event", events(count, Channel=[log] * count))
    writer.close()
    assert batches == [(7, {"B"}), (6, {"A"})]
    assert len(read_all(tmp_path, "windows_event")) == 13


def test_narrow_copies_hold_the_columns_asked_for(tmp_path: Path) -> None:
    narrow = store.Narrow(tmp_path / "narrow", frozenset({"image"}))
    narrow.directory.mkdir()
    writer = store.UnitWriter(tmp_path, 1, narrow=narrow)
    writer.sink("e1", "x").write("windows_event", events(1, Image=["a"], Other=["b"]))
    writer.close()
    whole, part = (pq.read_table(directory / "windows_event-00001-000.parquet") for directory in (tmp_path, narrow.directory))
    assert set(whole.column_names) - set(part.column_names) == {"Other"}
    assert part["Image"].to_pylist() == ["a"]


def test_a_column_that_no_table_has_is_refused(tmp_path: Path) -> None:
    writer = store.UnitWriter(tmp_path, 1)
    with pytest.raises(ReaderError, match="no column invented"):
        writer.sink("e1", "x").write("evidence", pa.table({"invented": ["x"]}))
    with pytest.raises(ReaderError, match="EventID"):
        writer.sink("e1", "x").write("windows_event", events(1).set_column(2, "EventID", [["not a number"]]))


def test_the_matcher_sees_every_row_once_and_its_matches_are_written(tmp_path: Path) -> None:
    seen: list[int] = []

    def on_batch(name: str, rows: pa.Table) -> pa.Table:
        seen.extend(rows["record"].to_pylist())
        empty = pa.Table.from_pylist([{"rule_id": "r", "table": name, "record": 5}], schema=schema.tables()["match"].arrow())
        return empty if 5 in rows["record"].to_pylist() else empty.slice(0, 0)

    writer = store.UnitWriter(tmp_path, 3, on_batch)
    for start in range(0, 100, 10):
        writer.sink("e1", "x").write("windows_event", events(100).slice(start, 10))
    result = writer.close()
    assert seen == list(range(100))
    assert result.rows == {"windows_event": 100, "match": 1}
    assert [r["record"] for r in read_all(tmp_path, "match")] == [5]


def test_time_range_keeps_rows_without_time(tmp_path: Path) -> None:
    writer = store.UnitWriter(tmp_path, 1, None, 3, 6)
    rows = events(10).set_column(0, "ts", pa.array([None, *range(1, 10)], pa.int64()))
    writer.sink("e1", "x").write("windows_event", rows)
    writer.close()
    assert [r["ts"] for r in read_all(tmp_path, "windows_event")] == [None, 3, 4, 5]


def test_repeated_diagnostics_are_counted(tmp_path: Path) -> None:
    writer = store.UnitWriter(tmp_path, 1)
    sink = writer.sink("e1", "x")
    for offset in range(100):
        sink.diagnose("bad_line", "not a line", offset)
    found = writer.close().diagnostics
    assert len(found) == store.DIAGNOSTICS_SHOWN
    assert sum(d.count for d in found) == 100


def test_activity_is_counted_by_hour(tmp_path: Path) -> None:
    writer = store.UnitWriter(tmp_path, 1)
    hour = 3_600_000_000_000
    rows = pa.table({"ts": [0, hour - 1, hour, 5 * hour]})
    writer.sink("e1", "x").write("windows_event", rows)
    assert writer.close().activity == {(0, "windows_event"): 2, (hour, "windows_event"): 1, (5 * hour, "windows_event"): 1}


def make_round(out: Path, text: str = "{}") -> None:
    with store.RoundDirectory(out) as directory:
        (directory.path / "round.json").write_text(text)
        directory.write_rows("evidence", [Evidence("e1", "x", "00", "evtx", "evtx", 1)])
        directory.commit()


def test_a_round_replaces_a_round_only_when_complete(tmp_path: Path) -> None:
    out = tmp_path / "round"
    make_round(out, "1")
    with pytest.raises(RuntimeError), store.RoundDirectory(out) as directory:
        (directory.path / "round.json").write_text("2")
        raise RuntimeError
    assert (out / "round.json").read_text() == "1"
    make_round(out, "3")
    assert (out / "round.json").read_text() == "3"
    assert pq.read_table(out / "tables" / "evidence.parquet")["path"].to_pylist() == ["x"]
    assert [path.name for path in tmp_path.iterdir()] == ["round"]


def test_a_directory_that_is_not_a_round_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("precious")
    with pytest.raises(UserError, match="not a round"), store.RoundDirectory(tmp_path):
        pass
    assert (tmp_path / "thesis.doc").read_text() == "precious"


def test_a_killed_round_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from wardround import store
        with store.RoundDirectory(Path(sys.argv[1])) as directory:
            (directory.path / "round.json").write_text("{}")
            print("ready", flush=True)
            time.sleep(60)
    """)
    out = tmp_path / "round"
    process = subprocess.Popen([sys.executable, "-c", script, str(out)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not out.exists()
    assert len(list(tmp_path.glob(".round.partial-*"))) == 1
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and Path(f"/proc/{process.pid}").exists():
        time.sleep(0.01)
    make_round(out)
    assert [path.name for path in tmp_path.iterdir()] == ["round"]


def test_an_earlier_round_of_another_version_is_carried_over(tmp_path: Path) -> None:
    """Its table has a column more and one less than asked for, and is in two parts."""
    tables = tmp_path / "old" / "tables"
    tables.mkdir(parents=True)
    (tables.parent / "round.json").write_text("{}")
    pq.write_table(pa.table({"path": ["a.dcm"], "part10": [True], "odd": [1]}), tables / "dicom_file.parquet")
    pq.write_table(pa.table({"path": ["b.dcm"], "part10": [False], "readable": [True]}), tables / "dicom_file-2.parquet")
    with store.RoundDirectory(tmp_path / "new") as directory:
        directory.carry_over(tables.parent)
        rows = read_all(directory.tables, "previous_dicom_file")
    assert sorted((row["path"], row["part10"], row["readable"]) for row in rows) == [
        ("a.dcm", True, None),
        ("b.dcm", False, True),
    ]


def test_an_earlier_round_that_cannot_be_read_is_an_error_of_the_user(tmp_path: Path) -> None:
    with store.RoundDirectory(tmp_path / "new") as directory:
        with pytest.raises(UserError, match="there is no round"):
            directory.carry_over(tmp_path / "old")
        tables = tmp_path / "old" / "tables"
        tables.mkdir(parents=True)
        (tables.parent / "round.json").write_text("{}")
        (tables / "dicom_file.parquet").write_bytes(b"PAR1 no")
        with pytest.raises(UserError, match="cannot be read"):
            directory.carry_over(tables.parent)
        pq.write_table(pa.table({"path": [b"\xff"]}), tables / "dicom_file.parquet")
        with pytest.raises(UserError, match="cannot be read"):
            directory.carry_over(tables.parent)


def test_a_full_disk_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback for each other table that is thrown away unfinished. A limit on the size of files is the full disk."""
    resource = pytest.importorskip("resource")
    lost: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)
    rows = pa.table({"a": [1, 2, 3]})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    files = contextlib.ExitStack()
    left = [
        pq.ParquetWriter(tmp_path / "bare", rows.schema),
        files.enter_context(store._parquet(tmp_path / "own", rows.schema)),
    ]
    for writer in left:
        writer.write_table(rows)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "own").stat().st_size, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"), store._parquet(tmp_path / "ended", rows.schema) as writer:
            writer.write_table(rows)
        del files, writer
        left.pop()
        gc.collect()
        assert lost == []
        left.pop()
        gc.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(lost) == 1, "the library's own writer does complain, so that the silence above means something"
