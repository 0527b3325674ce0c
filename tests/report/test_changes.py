"""Two rounds compared: what vanished with its evidence is never closed, and the comparison stays inert in every format."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.report import sample
from tests.report.test_hostile import HOSTILE_NAMES, check_html, no_hidden_characters

from wardround import report
from wardround.errors import UserError
from wardround.model import Evidence, Finding, Pointer, Round, Severity
from wardround.report import changes, changes_, changes_story, safe, series, trend
from wardround.report.changes_document import ArchiveDrift, Changes
from wardround.report.texts import language

LOG = "march/pacs1/Security.evtx"


def piece(path: str, identifier: str = "e9", reader: str = "evtx") -> Evidence:
    return Evidence(identifier, path, "99" * 32, "evtx", reader, 10, 10)


def found(name: str = "RDP-A01", severity: Severity = "high", path: str = LOG, **more: Any) -> Finding:
    pointer = Pointer("e9", path, more.pop("table", "windows_event"), 1, sample.ns("2026-03-02T10:00:00"))
    kind = more.pop("kind", "exposure")
    return sample.finding(name, "remote_desktop", kind, severity, (name, name), evidence=(pointer,), id=name, **more)


def made(
    findings: Sequence[Finding],
    paths: Sequence[str] = (LOG,),
    missing: Sequence[str] = (),
    created: str = "2026-04-01T08:00:00",
    **more: Any,
) -> Round:
    checks = ("RDP-A01", "RDP-A02", "RDP-E02", "BR-A14")
    values = {
        "findings": tuple(findings),
        "evidence": tuple(piece(path, f"e{i}") for i, path in enumerate(paths)),
        "coverage": tuple(
            sample.coverage(name, "remote_desktop", "attack", "not_assessed" if name in missing else "not_found")
            for name in checks
        ),
        "table_rows": {"windows_event": 5, "dicom_file": 5},
        "diagnostics": (),
        "created": sample.ns(created),
        **more,
    }
    return dataclasses.replace(sample.bad_day(), **values)


def compared(old: Round, new: Round) -> Changes:
    return changes.compare(report.build(old), report.build(new))


def names(listed: Sequence[Any]) -> list[str]:
    return [change.detection for change in listed]


def test_a_round_is_as_itself() -> None:
    told = compared(sample.bad_day(), sample.bad_day())
    assert told.unchanged == len(sample.bad_day().findings)
    assert not (told.new or told.worse or told.better or told.closed or told.not_assessed or told.drift)


def test_new_worse_milder_and_closed() -> None:
    old = made([found("RDP-A01", "medium"), found("RDP-A02", "high"), found("RDP-E02", "high")])
    new = made([found("RDP-A01", "high"), found("RDP-A02", "info"), found("BR-A14")])
    told = compared(old, new)
    assert names(told.new) == ["BR-A14"]
    assert [(change.detection, change.before, change.severity) for change in told.worse] == [("RDP-A01", "medium", "high")]
    assert [(change.detection, change.reason) for change in told.better] == [("RDP-A02", "exception")]
    assert names(told.closed) == ["RDP-E02"]
    assert told.not_assessed == []
    assert changes.worst_added(told) == "high"


def test_what_could_not_be_checked_before_is_said_to_be_so() -> None:
    told = compared(made([], missing=["RDP-A01"]), made([found()]))
    assert [(change.detection, change.reason) for change in told.new] == [("RDP-A01", "not_checked_before")]
    assert (told.checks_gained, told.checks_lost) == (["RDP-A01"], [])


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (made([], missing=["RDP-A01"]), "check"),
        (made([], table_rows={"dicom_file": 5}), "table"),
        (made([], table_rows={"windows_event": 0}), "table"),
        (made([], paths=["april/ris1/Security.evtx", "april/dc1/Security.evtx"]), "source"),
        (made([], paths=["march/pacs1/System.evtx"]), "source"),
        (made([], paths=["march/pacs12/Security.evtx", "march/pacs2/Security.evtx"]), "source"),
        (made([], evidence=(piece(LOG, reader=""),)), "source"),
    ],
)
def test_what_vanished_with_its_evidence_is_not_closed(new: Round, reason: str) -> None:
    told = compared(made([found()]), new)
    assert told.closed == []
    assert [change.reason for change in told.not_assessed] == [reason]


def test_a_source_that_was_damaged_this_time_closes_nothing() -> None:
    broken = dataclasses.replace(sample.bad_day().diagnostics[0], evidence_id="e0")
    told = compared(made([found()]), made([], diagnostics=(broken,)))
    assert [(change.reason, change.source) for change in told.not_assessed] == [("damaged", LOG)]
    healed = dataclasses.replace(broken, recovered=True)
    assert names(compared(made([found()]), made([], diagnostics=(healed,))).closed) == ["RDP-A01"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LOG, LOG),
        (LOG, "april/pacs1/Security.evtx"),
        ("in/2026-03-02/vpn.log", "in/2026-04-02/vpn.log"),
        ("in/fw-20260302.log", "elsewhere/fw-20260402.log"),
        ("in/fw_2026-03-02T08-00.log", "in/fw_2026-04-02T23-59.log"),
        ("in/dump_20260302081500.pcap", "in/dump_20260402235959.pcap"),
        ("in/fw-202603.log", "in/fw-202604.log"),
        ("day.zip!pacs1/Security.evtx", "other.zip!pacs1/Security.evtx"),
        ("logs/vpn.log.1", "logs/vpn.log.2"),
        ("C:\\march\\pacs1\\Security.evtx", "D:/april/PACS1/security.evtx"),
    ],
)
def test_a_source_is_known_again_on_another_day_and_in_another_place(before: str, after: str) -> None:
    told = compared(made([found(path=before)], paths=[before]), made([], paths=[after]))
    assert names(told.closed) == ["RDP-A01"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("march/pc100123.evtx", "march/pc100124.evtx"),
        ("march/192168001010.log", "march/192168001011.log"),
        ("march/ws-20261399.evtx", "march/ws-20261398.evtx"),
        ("1003001/Security.evtx", "1003002/Security.evtx"),
    ],
)
def test_a_number_that_is_no_date_tells_one_source_from_another(before: str, after: str) -> None:
    """Two machines of which only one was read again; their files are not alone of their kind."""
    paths = [before, "march/srv/Security.evtx"]
    told = compared(made([found(path=before)], paths=paths), made([], paths=[after, *paths[1:]]))
    assert (names(told.closed), [change.reason for change in told.not_assessed]) == ([], ["source"])


def test_an_image_that_is_gone_is_closed_when_its_folder_was_read_again_and_only_then() -> None:
    old = made([found("BR-A14", path="archive/ct/1.dcm", table="dicom_file")], paths=["archive/ct/1.dcm"])
    assert names(compared(old, made([], paths=["archive/ct/2.dcm"])).closed) == ["BR-A14"]
    assert names(compared(old, made([], paths=["archive/mr/2.dcm"])).not_assessed) == ["BR-A14"]


def test_machines_and_titles_that_changed() -> None:
    old = sample.bad_day()
    asset, entity = old.assets[0], old.application_entities[0]
    new = dataclasses.replace(
        old,
        assets=(dataclasses.replace(asset, name="PACS2"),),
        application_entities=(dataclasses.replace(entity, operations=("C-STORE", "C-GET")),),
    )
    told = {(drift.kind, drift.change, drift.name) for drift in compared(old, new).drift}
    assert told == {
        ("machine", "not_seen", "PACS1"),
        ("machine", "new", "PACS2"),
        ("ae_title", "changed", "BRUM_PACS 10.20.11.10"),
    }


def test_the_age_of_knowledge() -> None:
    dates: tuple[dict[str, str | None], dict[str, str | None]] = (
        {"kev": "2026-01-01T00:00:00Z", "epss": None},
        {"kev": "2026-03-01T00:00:00Z"},
    )
    told = changes.compare(report.build(made([])), report.build(made([])), None, dates).knowledge
    assert [(item.kind, item.days) for item in told] == [("epss", None), ("kev", 31)]


ARCHIVE = ArchiveDrift(
    files_before=100, files_after=90, studies_before=10, studies_after=9, kept=85, gone=15, appeared=5, altered=1,
    unreadable_before=0, unreadable_after=3, programs_appeared=["ODD_1"], comparable=True,
)  # fmt: skip


def told_document(old: Round, new: Round, archive: ArchiveDrift | None = ARCHIVE) -> report.ResultDocument:
    first, second = report.build(old), report.build(new)
    told = changes.compare(first, second, archive)
    rounds = changes.in_order([changes.summary(first), changes.summary(second)])
    return second.model_copy(update={"changes": told, "rounds": rounds})


@pytest.mark.parametrize("lang", report.LANGUAGES)
def test_every_format_tells_the_comparison(lang: str) -> None:
    old = made(
        [found("RDP-A01"), found("RDP-A02", kind="attack"), found("RDP-E02", path="gone/x.evtx")], paths=[LOG, "gone/x.evtx"]
    )
    document = told_document(
        dataclasses.replace(old, created=sample.ns("2026-03-01T08:00:00")), made([found("BR-A14", "critical")])
    )
    assert document.changes is not None
    words = language(lang)
    groups = {
        group.name: [change.detection for change in group.changes] for group in changes_story.groups(document.changes, words)
    }
    assert groups == {"new": ["BR-A14"], "not_assessed": ["RDP-E02"], "closed": ["RDP-A01"], "not_seen": ["RDP-A02"]}
    screen = changes_.render(document, lang)
    page = changes_.export(document, "html", lang)[1]
    whole = report.export(document, "html", lang)
    for check in (page, whole):
        check_html(check)
    assert changes_story.headline(document.changes, words) in " ".join(screen.split("\n")).replace("  ", " ")
    for text in ("BR-A14", "RDP-E02", "gone/x.evtx", "ODD_1"):
        assert text in screen
        assert text.encode() in page
    assert b'class="trend"' in page
    assert whole.count(b'class="since"') == 1
    assert orjson.loads(changes_.export(document, "json", lang)[1])["not_assessed"][0]["reason"] == "source"
    assert report.from_json(report.export(document, "json")) == document


def test_rounds_of_two_sites_and_uncomparable_archives_are_said() -> None:
    document = told_document(made([]), made([], site="Elsewhere"), ARCHIVE.model_copy(update={"comparable": False}))
    assert document.changes is not None
    told = " ".join(changes_story.sentences(document.changes, language("en")))
    assert "different sites" in told
    assert "cannot be compared" in told
    assert "are gone" not in told


def test_a_round_that_was_compared_with_none_has_nothing_to_tell() -> None:
    with pytest.raises(UserError):
        changes_.export(report.build(sample.bad_day()), "json", "en")
    with pytest.raises(UserError, match="choose one of: html, json"):
        changes_.export(report.build(sample.bad_day()), "pdf", "en")
    assert b'id="changes"' not in report.export(report.build(sample.bad_day()), "html")


@pytest.mark.parametrize("text", sample.HOSTILE, ids=HOSTILE_NAMES)
def test_hostile_rounds_compared_stay_inert(text: str) -> None:
    hostile = sample.hostile_round(text)
    first = dataclasses.replace(hostile, assets=(), application_entities=())
    document = told_document(
        first,
        dataclasses.replace(hostile, findings=()),
        ARCHIVE.model_copy(update={"programs_appeared": [safe.encodable(text)]}),
    )
    document = report.from_json(report.export(document, "json"))
    for lang in report.LANGUAGES:
        page = changes_.export(document, "html", lang)[1]
        check_html(page)
        no_hidden_characters(page.decode())
        no_hidden_characters(changes_.render(document, lang, width=80))
    no_hidden_characters(changes_.export(document, "json", "en")[1].decode())


def test_the_trend_needs_two_rounds_and_shows_at_most_what_fits() -> None:
    one = changes.summary(report.build(sample.bad_day()))
    assert trend.trend([one], language("en")) is None
    many = [one.model_copy(update={"created": f"20{i:02}-03-01T00:00:00Z"}) for i in range(60)]
    for count in (2, 3, 60):
        drawn = trend.trend(many[:count], language("fr"))
        assert drawn is not None
        assert drawn.svg.count('class="bar serious"') == count
    assert "high and critical findings: 3 at first, 3 now." in trend.trend(many, language("en")).description  # type: ignore[union-attr]


def write(directory: Path, document: report.ResultDocument) -> None:
    directory.mkdir(parents=True)
    (directory / "round.json").write_bytes(report.export(document, "json"))


def test_a_folder_of_rounds_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    days = ("2026-05-01T08:00:00", "2026-03-01T08:00:00", "2026-04-01T08:00:00")
    for place, day in enumerate(days):
        write(tmp_path / f"r{place}", report.build(made([found()] * place, created=day)))
    (tmp_path / "other").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "round.json").write_text('{"created": "2026-01-01T00:00:00Z", "schema_version": 9}')
    assert [path.name for _, path in series.rounds_in(tmp_path)] == ["broken", "r1", "r2", "r0"]
    told = series.so_far(None, tmp_path)
    assert [row.created[:7] for row in told] == ["2026-03", "2026-04", "2026-05"]
    previous = report.read(tmp_path / "r0")
    assert series.so_far(previous, None)[-1] == changes.summary(previous)
    assert len(series.so_far(previous, tmp_path)) == 3


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        series.rounds_in(tmp_path / "nowhere")
