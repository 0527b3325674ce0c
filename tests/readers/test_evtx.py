"""Event logs: whole, cut short, damaged; what can be read is read, and the rest is said."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.readers.evtx_writer import CHUNK_BYTES, HEADER_BYTES, Chunk, Element, event, log

from wardround.errors import ReaderError
from wardround.readers import evtx
from wardround.readers.evtx import READER

Read = Callable[..., Any]


def _chunk(first: int, count: int) -> Chunk:
    chunk = Chunk(first)
    for number in range(first, first + count):
        chunk.add(event(number, 4625, TargetUserName=f"user{number}", IpAddress="10.0.0.1"))
    return chunk


@pytest.fixture(scope="module")
def small() -> bytes:
    return log(_chunk(1, 20).build(), _chunk(21, 20).build())


def _numbers(found: Any) -> list[int]:
    return [row["record"] for row in found.rows.get("windows_event", [])]


def test_a_log(read_bytes: Read, small: bytes) -> None:
    assert READER.sniff(small[:65536]) == "evtx"
    found = read_bytes(READER, small)
    assert found.diagnostics == []
    rows = found.rows["windows_event"]
    assert _numbers(found) == list(range(1, 41))
    assert rows[4] | {"evidence_id": ""} == dict.fromkeys(rows[4]) | {
        "ts": 1_577_836_805_123_456_700,
        "ts_zone": "utc",
        "evidence_id": "",
        "record": 5,
        "Channel": "Security",
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "EventID": 4625,
        "Computer": "ct1.hospital.example",
        "EventRecordID": 5,
        "TargetUserName": "user5",
        "IpAddress": "10.0.0.1",
    }


def test_a_stream_of_unknown_size(read_bytes: Read, small: bytes) -> None:
    assert _numbers(read_bytes(READER, small, streamed=True)) == list(range(1, 41))


def test_spans_hold_every_record_once(read_bytes: Read, small: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evtx, "SPAN_BYTES", CHUNK_BYTES)
    for data in (small, small[HEADER_BYTES:]):
        found = read_bytes(READER, data + small[HEADER_BYTES:] * 2)
        assert found.spans == 6
        assert sorted(_numbers(found)) == sorted(list(range(1, 41)) * 3)


@given(st.lists(st.tuples(st.sampled_from(["", "A", "B", "C", "D"]), st.integers(0, 9)), max_size=40))
def test_blocks_keep_logs_apart_and_lose_no_record(chunks: list[tuple[str, int]]) -> None:
    written: list[list[bytes]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evtx, "_MAX_LOGS", 3)
        patch.setattr(evtx, "_BATCH_BYTES", 2_000)
        patch.setattr(evtx, "_write", lambda records, sink: written.append(records))
        blocks = evtx._Blocks(None)  # type: ignore[arg-type]
        given_records = []
        for number, (log_name, count) in enumerate(chunks):
            records = [
                f'{{"Channel": "{log_name}", "n": {number}, "m": {m}, "pad": "{"x" * 40}"}}'.encode() for m in range(count)
            ]
            given_records += records
            blocks.add(records)
        blocks.close()
    assert sorted(record for block in written for record in block) == sorted(given_records)
    if {name for name, count in chunks if count} <= {"A"}:
        assert [record for block in written for record in block] == given_records


def test_unused_chunks_are_nothing_to_report(read_bytes: Read, small: bytes) -> None:
    found = read_bytes(READER, small + bytes(3 * CHUNK_BYTES))
    assert (len(_numbers(found)), found.diagnostics) == (40, [])


def test_the_header_of_the_file_is_not_needed(read_bytes: Read, small: bytes) -> None:
    without = small[HEADER_BYTES:]
    assert READER.sniff(without[:65536]) == "evtx"
    found = read_bytes(READER, without)
    assert (len(_numbers(found)), found.codes()) == (40, ["header_missing"])
    destroyed = b"\xff" * HEADER_BYTES + without
    assert READER.sniff(destroyed[:65536]) == "evtx"
    found = read_bytes(READER, destroyed)
    assert (len(_numbers(found)), found.codes()) == (40, ["header_damaged"])


def test_a_log_cut_within_a_chunk_keeps_its_whole_records(read_bytes: Read) -> None:
    chunk = _chunk(1, 20)
    whole = log(chunk.build())
    cut = whole[: HEADER_BYTES + chunk.records[12] + 40]
    found = read_bytes(READER, cut)
    assert _numbers(found) == list(range(1, 13))
    assert found.codes()[:2] == ["file_truncated", "chunk_damaged"]
    assert found.diagnostics[0][2] == len(cut)


@pytest.mark.parametrize("field", ["magic", "size", "zero size", "large size", "size copy"])
def test_a_broken_frame_costs_no_other_record(read_bytes: Read, field: str) -> None:
    chunk = _chunk(1, 20)
    data = bytearray(chunk.build())
    start, following = chunk.records[7], chunk.records[8]
    places = {
        "magic": (start, b"\0"),
        "size": (start + 4, b"\x40"),
        "zero size": (start + 4, bytes(4)),
        "large size": (start + 4, b"\xff" * 4),
        "size copy": (following - 4, b"\xff"),
    }
    place, wrong = places[field]
    data[place : place + len(wrong)] = wrong
    found = read_bytes(READER, log(bytes(data)))
    assert _numbers(found) == list(range(1, 21))  # the content of the record was not touched
    assert found.codes() == ["chunk_damaged"]


def test_unreadable_content_is_one_record_lost_and_told_where(read_bytes: Read) -> None:
    chunk = _chunk(1, 20)
    data = bytearray(chunk.build())
    place = chunk.records[7] + 24
    data[place : place + 40] = b"\xff" * 40
    found = read_bytes(READER, log(_chunk(100, 2).build(), bytes(data)))
    assert _numbers(found) == [100, 101, *range(1, 8), *range(9, 21)]
    assert found.codes() == ["chunk_damaged", "record_unreadable"]
    assert found.diagnostics[1][2] == HEADER_BYTES + CHUNK_BYTES + chunk.records[7]


def test_a_destroyed_chunk_header_is_made_anew(read_bytes: Read) -> None:
    data = b"\xff" * 512 + _chunk(1, 20).build()[512:]
    found = read_bytes(READER, log(data))
    assert _numbers(found) == list(range(1, 21))
    assert found.codes() == ["chunk_damaged"]


def test_records_written_after_the_header_are_found(read_bytes: Read) -> None:
    """A log copied while in use: the chunk's header does not yet count its last records."""
    full, before = _chunk(1, 20).build(), _chunk(1, 15).build()
    found = read_bytes(READER, log(before[:512] + full[512:]))
    assert _numbers(found) == list(range(1, 21))


def test_leftovers_behind_the_last_record_are_not_events(read_bytes: Read) -> None:
    """Windows reuses the buffer of a chunk, so that older records may lie behind the end."""
    old, new = _chunk(1, 20).build(), _chunk(21, 5)
    data = new.build()
    end = struct.unpack_from("<I", data, 48)[0]
    found = read_bytes(READER, log(data[:end] + old[end:]))
    assert _numbers(found) == [21, 22, 23, 24, 25]
    assert found.diagnostics == []


def test_names_of_the_events_own_values(read_bytes: Read) -> None:
    cleared = Element("LogFileCleared", {}, (Element("SubjectUserName", text="eve"), Element("Channel", text="Security")))
    system = Element(
        "System", {}, (Element("EventID", {"Qualifiers": "16384"}, text="1102"), Element("Channel", text="Security"))
    )
    unnamed = Element(
        "EventData", {}, (Element("Data", text="first"), Element("Data", text="second"), Element("Binary", text="00" * 999))
    )
    chunk = Chunk()
    chunk.add(Element("Event", {"xmlns": "urn:x"}, (system, Element("UserData", {}, (cleared,)))))
    chunk.add(Element("Event", {}, (system, unnamed)))
    found = read_bytes(READER, log(chunk.build()))
    first, second = found.rows["windows_event"]
    assert (first["EventID"], first["SubjectUserName"], first["EventData_Channel"]) == (1102, "eve", "Security")
    assert (second["Data"], second["Binary"], second["SubjectUserName"]) == ("first\nsecond", "00" * 128, None)
    assert "xmlns" not in first
    assert (first["ts"], first["ts_zone"]) == (None, "none")
    assert found.codes() == ["time_missing"]


def test_guids_stand_in_braces_as_windows_shows_them(read_bytes: Read) -> None:
    chunk = Chunk()
    chunk.add(event(1, 1, ProcessGuid="54849625-5478-4994-A5BA-3E3B0328C30D"))
    row = read_bytes(READER, log(chunk.build())).rows["windows_event"][0]
    assert row["ProcessGuid"] == "{54849625-5478-4994-A5BA-3E3B0328C30D}"


@pytest.mark.parametrize("data", [b"", b"ElfFile\0", b"ElfFile\0" + bytes(5000), b"ElfChnk\0", b"ElfFile\0" + b"\xff" * 80000])
def test_next_to_nothing(read_bytes: Read, data: bytes) -> None:
    found = read_bytes(READER, data)
    assert found.rows == {}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_stops_the_reader(read_bytes: Read, small: bytes, data: st.DataObject) -> None:
    damaged = bytearray(small)
    for _ in range(data.draw(st.integers(1, 12))):
        place = (
            data.draw(st.integers(0, 2 * CHUNK_BYTES // 8)) if data.draw(st.booleans()) else data.draw(st.integers(0, 12000))
        )
        damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    try:
        found = read_bytes(READER, bytes(damaged[:cut]))
    except ReaderError:
        return
    assert len(_numbers(found)) <= 45


@pytest.mark.corpus
def test_real_logs_lose_no_record(read_bytes: Read, corpora: Path) -> None:
    """Every tenth real log: at least the records that the library alone finds, and nulls only where it has none."""
    from evtx import PyEvtxParser

    logs = sorted(corpora.rglob("*.evtx"))[::10]
    assert logs
    for path in logs:
        alone = 0
        records = PyEvtxParser(str(path), number_of_threads=1).records_json()
        while True:
            try:
                next(records)
            except StopIteration:
                break
            except RuntimeError:
                continue
            alone += 1
        rows = read_bytes(READER, path.read_bytes()).rows.get("windows_event", [])
        assert len(rows) >= alone, path
        for column in ("ts", "record", "Channel", "EventID", "Computer"):
            assert all(row[column] is not None for row in rows), (path, column)
