"""Reading: units of work, defects of readers and of the matcher, and the paranoid switch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest

from wardround import readers, reading, store
from wardround.detect.matcher import DisagreementError, Matcher
from wardround.errors import ReaderError
from wardround.evidence import FileSource, Found, Walk
from wardround.model import Diagnostic
from wardround.readers.base import SPAN_BYTES, Span
from wardround.readers.mail import mbox
from wardround.readers.mail.desk import Desk

EVENT = {
    "Event": {"System": {"EventID": 1, "Channel": "Security", "Computer": "a", "EventRecordID": 1}, "EventData": {"X": "y"}}
}


def found(tmp_path: Path, files: int, lines: int = 1) -> Found:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(files):
        (folder / f"{number:03}.json").write_text((json.dumps(EVENT) + "\n") * lines)
    (tmp_path / "scratch").mkdir()
    return Walk(tmp_path / "scratch").run([str(folder)])


def units(walked: Found, tables: Path) -> list[reading.Unit]:
    planned = list(reading.plan(walked, reading.identify(walked), tables))
    return [unit for unit in planned if isinstance(unit, reading.Unit)]


def test_small_files_share_a_unit_and_large_ones_are_cut(tmp_path: Path) -> None:
    assert [len(unit.parts) for unit in units(found(tmp_path, 30), tmp_path)] == [30]


def test_a_large_file_is_cut_and_every_line_is_read_once(tmp_path: Path) -> None:
    walked = found(tmp_path, 1, lines=3 * SPAN_BYTES // len(json.dumps(EVENT)))
    cut = units(walked, tmp_path)
    assert len(cut) >= 3
    rows = 0
    for unit in cut:
        rows += reading.work((reading.WorkerState(()), Matcher(())), unit).result.rows["windows_event"]
    assert rows == 3 * SPAN_BYTES // len(json.dumps(EVENT))


class _Broken:
    """A matcher that fails on every batch."""

    rules: tuple[Any, ...] = ()

    def match(self, table: str, rows: Any) -> Any:
        raise DisagreementError(f"{table}: the matchers disagree")


def test_a_defect_of_the_matcher_is_not_blamed_on_evidence(tmp_path: Path) -> None:
    (unit,) = units(found(tmp_path, 1), tmp_path)
    with pytest.raises(DisagreementError):
        reading.work((reading.WorkerState(()), cast(Matcher, _Broken())), unit)


def test_a_defect_of_a_reader_costs_its_evidence_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (unit,) = units(found(tmp_path, 2), tmp_path)
    reader = readers.by_name("windows_json")
    real = type(reader).read

    def failing(self: Any, source: FileSource, span: Span, sink: store.EvidenceSink) -> None:
        if source.path.endswith("000.json"):
            raise ZeroDivisionError("a defect")
        real(self, source, span, sink)

    monkeypatch.setattr(type(reader), "read", failing)
    result = reading.work((reading.WorkerState(()), Matcher(())), unit).result
    assert [(d.code, d.recovered) for d in result.diagnostics if d.evidence_id == "e1"] == [("reader_defect", False)]
    assert result.tallies["e2"].records == 1


def test_a_zone_too_large_for_its_keys_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone itself is read as ever; only signatures are not checked with what it holds."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "hospital.example.zone").write_text(
        "$ORIGIN hospital.example.\n@ 3600 IN SOA ns1 admin 1 7200 3600 1209600 3600\n@ 3600 IN NS ns1\n"
        's1._domainkey 3600 IN TXT "v=DKIM1; k=rsa; p=MIGf"\n'
    )
    (folder / "1.eml").write_text(
        "From: a@hospital.example\nTo: b@hospital.example\nSubject: x\nDate: Mon, 2 Mar 2026 08:00:00 +0000\n"
        "Message-ID: <1@hospital.example>\n\nx\n"
    )
    (tmp_path / "scratch").mkdir()
    walked = Walk(tmp_path / "scratch").run([str(folder)])
    identified = reading.identify(walked)
    told: list[Diagnostic] = []
    assert dict(reading._keys(walked, identified, told)) == {"s1._domainkey.hospital.example": "v=DKIM1; k=rsa; p=MIGf"}
    assert told == []
    monkeypatch.setattr(reading, "MAX_UNIT_BYTES", 100)
    assert dict(reading._keys(walked, identified, told)) == {}
    assert [(one.code, one.recovered) for one in told] == [("keys_not_read", True)]


def letters(tmp_path: Path, count: int) -> Found:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:03}.eml").write_text(
            f"From: a@partner.example\nTo: b@chu.example\nSubject: Planning {number}\nMessage-ID: <{number}@partner.example>\n"
            f"Date: Mon, 02 Mar 2026 08:00:{number:02} +0000\n\nBonjour, à demain.\n"
        )
    (tmp_path / "scratch").mkdir()
    return Walk(tmp_path / "scratch").run([str(folder)])


def test_a_mailbox_is_cut_finer_than_logs(tmp_path: Path) -> None:
    """Three units of it keep two cores busy where a log of that size is one."""
    message = b"From a@x.example Mon Mar  2 08:00:00 2026\nFrom: a@x.example\nSubject: x\n\n" + b"text\n" * 20_000 + b"\n"
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "all.mbox").write_bytes(message * (3 * mbox.SPAN_BYTES // len(message)))
    (tmp_path / "scratch").mkdir()
    planned = units(Walk(tmp_path / "scratch").run([str(folder)]), tmp_path)
    assert [len(unit.parts) for unit in planned] == [1, 1, 1]
    assert all(abs(unit.bytes - mbox.SPAN_BYTES) <= 3 * len(message) for unit in planned)


def test_messages_of_a_folder_are_handed_on_together_and_counted_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[int] = []
    add = store.UnitWriter.add_events

    def counted(self: store.UnitWriter, name: str, rows: Any) -> None:
        handed.append(rows.num_rows)
        add(self, name, rows)

    monkeypatch.setattr(store.UnitWriter, "add_events", counted)
    (unit,) = units(letters(tmp_path, 30), tmp_path)
    outcome = reading.work((reading.WorkerState(()), Matcher(())), unit)
    assert handed == [30]
    tallies = outcome.result.tallies
    assert len(tallies) == 30
    assert all(tally.records == 1 and tally.first_ts == tally.last_ts is not None for tally in tallies.values())
    rows = pq.read_table(tmp_path / f"mail_message-{unit.number:05d}.parquet")
    own = {part.source.evidence_id: f"{int(Path(part.source.path).stem)}@partner.example" for part in unit.parts}
    assert dict(zip(rows["evidence_id"].to_pylist(), rows["message_id"].to_pylist(), strict=True)) == own
    assert sum(outcome.result.activity.values()) == 30


def test_a_message_that_the_reader_fails_on_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Desk.take

    def failing(self: Desk, data: bytes, record: int, folder: str = "") -> None:
        if b"Planning 7\n" in data:
            raise RuntimeError("a defect")
        if b"Planning 9\n" in data:
            raise ReaderError("damaged", "it is damaged")
        take(self, data, record, folder)

    monkeypatch.setattr(Desk, "take", failing)
    (unit,) = units(letters(tmp_path, 12), tmp_path)
    outcome = reading.work((reading.WorkerState(()), Matcher(())), unit)
    assert outcome.result.rows["mail_message"] == 10
    told = {(Path(d.source).stem, d.code) for d in outcome.result.diagnostics}
    assert told == {("007", "reader_defect"), ("009", "damaged")}


def test_a_defect_of_the_matcher_is_not_blamed_on_a_message(tmp_path: Path) -> None:
    (unit,) = units(letters(tmp_path, 2), tmp_path)
    with pytest.raises(DisagreementError):
        reading.work((reading.WorkerState(()), cast(Matcher, _Broken())), unit)
