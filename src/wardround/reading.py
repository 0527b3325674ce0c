"""Reading: which evidence is cut into which units of work, and what a worker does with one of them.

A unit is a list of spans of some tens of MiB together: many small files, or a part of a large one. The cut depends on the
evidence alone, so the same evidence gives the same files in the round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wardround import many, readers, schema, store, workers
from wardround.errors import ReaderError, WardroundError
from wardround.evidence import FileSource, Folder, Found
from wardround.model import Diagnostic, Evidence, Mail
from wardround.readers import dicom_file, foreign, web_requests
from wardround.readers.base import SPAN_BYTES, Sink, Span
from wardround.readers.mail import eml, mbox, zone
from wardround.readers.patient_paths import Replaced
from wardround.readers.share import walk as share

if TYPE_CHECKING:
    from wardround.detect.matcher import Matcher
    from wardround.detect.rule import Rule

#: How much evidence a worker takes at a time: enough for every core to have several units, and never more than this, for
#: what it becomes in memory is several times as large.
MAX_UNIT_BYTES = 64 << 20
UNITS_WANTED = 16

#: Units of mail are smaller as long as there are few: they take long, and cores would wait for the last one.
MAIL = (eml.EML, mbox.MBOX)
MAIL_UNITS_WANTED = 32

#: A unit of DICOM files: they are read one at a time, so their size bounds only how long it takes.
UNIT_FILES = 2_000
UNIT_FILE_BYTES = 512 << 20

#: No reader that works takes longer than a second for so many bytes as they are stored.
SLOWEST = 1_000_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A span of one piece of evidence and the name of the reader that takes it."""

    source: FileSource
    reader: str
    span: Span
    bytes: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of work: its number, its parts and where its table files go."""

    number: int
    parts: tuple[Part, ...]
    tables: Path
    folders: tuple[Folder, ...] = ()

    @property
    def bytes(self) -> int:
        """How much evidence it reads."""
        return sum(part.bytes for part in self.parts) + sum(sum(folder.sizes) for folder in self.folders)

    def apart(self) -> Iterator[Unit]:
        """Units of one part or file each."""
        for part in self.parts:
            yield replace(self, parts=(part,), folders=())
        for folder in self.folders:
            for place in range(len(folder.names)):
                yield replace(self, parts=(), folders=(folder.part(place, place + 1),))


@dataclass(slots=True)
class Identified:
    """What the bytes of the evidence are: format and reader by evidence id, and what could not be identified."""

    formats: dict[str, tuple[str, str]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """All that reading gave: the evidence rows, diagnostics, rows per table, activity, and which rules had evidence.

    ``files`` is the number of files whose evidence rows the workers wrote, and ``replaced`` what paths must not show.
    """

    evidence: tuple[Evidence, ...]
    files: int
    replaced: Replaced
    diagnostics: tuple[Diagnostic, ...]
    rows: dict[str, int]
    activity: dict[tuple[int, str], int]
    assessed: np.ndarray[tuple[int], np.dtype[np.bool_]]


def identify(found: Found) -> Identified:
    """Ask the readers about the first bytes of every piece of evidence; what none knows is a diagnostic."""
    result = Identified()
    failed = {d.evidence_id for d in found.diagnostics if d.evidence_id not in found.containers}
    with_dicom = frozenset(folder.path for folder in found.folders)
    for source in found.sources:
        evidence_id = source.evidence_id
        if evidence_id in found.containers:
            result.formats[evidence_id] = (found.containers[evidence_id], "")
            continue
        if evidence_id in found.shares:
            result.formats[evidence_id] = (share.READER.name, share.READER.name)
            continue
        kind, reader, problem = "unknown", "", ("", "")
        try:
            head = source.head()
            if not head:
                kind, problem = "empty", ("empty", "the file is empty")
            elif (known := readers.identify(head)) is not None:
                kind, reader = known[0], known[1].name
            elif dicom_file.was_dicom(source.path, head, with_dicom):
                kind, reader = "dicom_lost", dicom_file.READER.name
            elif known_as := foreign.advice(head):
                kind, problem = "foreign", ("foreign_format", known_as)
            else:
                problem = ("unknown_format", "no reader recognises these bytes; the file was not read")
        except ReaderError as error:
            problem = (error.code, str(error))
        result.formats[evidence_id] = (kind, reader)
        if problem[0] and evidence_id not in failed:
            result.diagnostics.append(Diagnostic(evidence_id, source.path, -1, *problem, recovered=False))
    return result


def plan(found: Found, identified: Identified, tables: Path) -> Iterator[Unit | Diagnostic]:
    """Cut the evidence into units; a piece that cannot even be cut is a diagnostic."""
    total = sum(source.stored_bytes for source in found.sources if identified.formats[source.evidence_id][1])
    enough = min(MAX_UNIT_BYTES, max(SPAN_BYTES, total // UNITS_WANTED))
    enough_mail = min(MAX_UNIT_BYTES, max(mbox.SPAN_BYTES, total // MAIL_UNITS_WANTED))
    parts: list[Part] = []
    number, size = 0, 0
    for source in found.sources:
        name = identified.formats[source.evidence_id][1]
        if not name:
            continue
        try:
            spans = list(readers.by_name(name).split(source))
        except ReaderError as error:
            yield Diagnostic(source.evidence_id, source.path, error.offset, error.code, str(error), recovered=False)
            continue
        for span in spans:
            parts.append(Part(source, name, span, _span_bytes(source, span)))
            size += parts[-1].bytes
            if size >= (enough_mail if name in MAIL else enough):
                number += 1
                yield Unit(number, tuple(parts), tables)
                parts, size = [], 0
    if parts:
        number += 1
        yield Unit(number, tuple(parts), tables)
    yield from _folder_units(found.folders, number, tables)


def _folder_units(folders: list[Folder], number: int, tables: Path) -> Iterator[Unit]:
    """Units of DICOM files, many folders together or a part of a large one."""
    enough = max(100, min(UNIT_FILES, sum(len(folder.names) for folder in folders) // UNITS_WANTED))
    taken: list[Folder] = []
    files = size = 0
    for folder in folders:
        start = 0
        for place, length in enumerate(folder.sizes):
            files, size = files + 1, size + length
            if files >= enough or size >= UNIT_FILE_BYTES:
                number += 1
                yield Unit(number, (), tables, (*taken, folder.part(start, place + 1)))
                taken, files, size, start = [], 0, 0, place + 1
        if start < len(folder.names):
            taken.append(folder.part(start, len(folder.names)))
    if taken:
        yield Unit(number + 1, (), tables, tuple(taken))


def _span_bytes(source: FileSource, span: Span) -> int:
    return (span.end if span.end >= 0 else source.stored_bytes) - span.start


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What every worker starts with: the rules to match while reading, the time range to keep (ns UTC), narrow copies.

    ``mail`` is what the site file tells about its mail, ``keys`` are DKIM records by name from zones among the evidence.
    """

    rules: Sequence[Rule]
    paranoid: bool = False
    since: int | None = None
    until: int | None = None
    narrow: store.Narrow | None = None
    mail: Mail = field(default_factory=Mail)
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class UnitOutcome:
    """What a worker sends back: the result of writing, and which rules had rows to look at."""

    result: store.UnitResult
    assessed: np.ndarray[tuple[int], np.dtype[np.bool_]]


class _Matching:
    """Matches every batch as it is written, and remembers which rules had evidence."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.failed = False
        self.assessed = np.zeros(len(matcher.rules), dtype=bool)
        self._ids = pa.array([rule.id for rule in matcher.rules], pa.string())
        self._names = pa.array([rule.title for rule in matcher.rules], pa.string())

    def __call__(self, table: str, rows: pa.Table) -> pa.Table | None:
        self.failed = True
        matches = self.matcher.match(table, rows)
        self.failed = False
        self.assessed |= matches.assessed
        if len(matches.rule) == 0:
            return None
        hit = rows.select(["ts", "evidence_id", "record"]).take(pa.array(matches.row))
        columns = {
            "rule_id": self._ids.take(pa.array(matches.rule)),
            "rule_name": self._names.take(pa.array(matches.rule)),
            "table": pa.repeat(pa.scalar(table, pa.string()), hit.num_rows),
            "ts": hit["ts"],
            "evidence_id": hit["evidence_id"],
            "record": hit["record"],
        }
        return pa.table(columns, schema=schema.tables()["match"].arrow())


def prepare(state: WorkerState) -> tuple[WorkerState, Matcher]:
    """Make a worker ready: compile the rules."""
    from wardround.detect.matcher import Matcher
    from wardround.mail import told

    pa.set_cpu_count(1)
    told.tell(state.mail, dict(state.keys))
    return state, Matcher(state.rules, paranoid=state.paranoid)


def work(prepared: tuple[WorkerState, Matcher], unit: Unit) -> UnitOutcome:
    """Read one unit in a worker: rows to tables, matches beside them. What goes wrong with evidence is a diagnostic.

    Raises what the matcher raises: that is a defect of wardround and not of the evidence that happened to be read.
    """
    state, matcher = prepared
    matching = _Matching(matcher)
    writer = store.UnitWriter(unit.tables, unit.number, matching, state.since, state.until, state.narrow)
    together = [part for part in unit.parts if part.reader == dicom_file.READER.name]
    letters = [part.source for part in unit.parts if part.reader == eml.EML]
    for part in unit.parts:
        if part.reader in (dicom_file.READER.name, eml.EML):
            continue
        sink = writer.sink(part.source.evidence_id, part.source.path)
        try:
            readers.by_name(part.reader).read(part.source, part.span, _covering(part.reader, sink))
        except ReaderError as error:
            sink.diagnose(error.code, str(error), error.offset, recovered=False)
        except Exception as error:  # the boundary: a defect of a reader must not end the round
            if matching.failed:
                raise
            sink.diagnose("reader_defect", f"{part.reader}: {many.place_of(error)}", recovered=False)
    _read_letters(iter(letters), store.GatheringSink(writer), matching)
    if together or unit.folders:
        taken = many.ManySink(writer, dicom_file.READER.name, "dicom")
        _read_together(taken.over((part.source for part in together), own=True), taken, matching)
        files = (source for folder in unit.folders for source in folder.sources())
        _read_together(taken.over(files, own=False), taken, matching)
        taken.close(unit.tables, unit.number)
    return UnitOutcome(writer.close(), matching.assessed)


def _covering(reader: str, sink: Sink) -> Sink:
    """The sink for a reader: addresses of requests in logs are covered; those on the wire are already."""
    return sink if reader == "capture" else web_requests.CoveringSink(sink, clear=reader in ("zeek", "suricata"))


def _read_letters(sources: Iterator[FileSource], sink: store.GatheringSink, matching: _Matching) -> None:
    """Read single messages; one on which the reader fails is told, and the rest goes on."""

    def given() -> Iterator[FileSource]:
        for source in sources:
            sink.turn(source.evidence_id, source.path)
            yield source

    def tell(error: Exception) -> None:
        sink.diagnose("reader_defect", f"{eml.EML}: {many.place_of(error)}", recovered=False)

    _to_the_end(lambda: eml.READER.read_many(given(), _covering(eml.EML, sink)), tell, matching)


def _read_together(sources: Iterator[FileSource], sink: many.ManySink, matching: _Matching) -> None:
    """Read many files; one on which the reader fails is told, and the rest goes on."""
    _to_the_end(lambda: dicom_file.READER.read_many(sources, sink), sink.defect, matching)


def _to_the_end(read_rest: Callable[[], None], tell: Callable[[Exception], None], matching: _Matching) -> None:
    """Read what is left until nothing is: every defect of the reader takes the piece it happened with, and is told."""
    while True:
        try:
            read_rest()
            return
        except Exception as error:  # the same boundary as in work()
            if matching.failed:
                raise
            tell(error)


def read(found: Found, tables: Path, state: WorkerState, progress: Progress | None = None) -> Reading:
    """Read all evidence in worker processes and match it on the way; evidence is hashed meanwhile."""
    identified = identify(found)
    diagnostics = [*found.diagnostics, *identified.diagnostics]
    units: list[Unit] = []
    for item in plan(found, identified, tables):
        if isinstance(item, Unit):
            units.append(item)
        else:
            diagnostics.append(item)
    state = replace(state, keys=tuple(_keys(found, identified, diagnostics)))
    tallies: dict[str, store.Tally] = {}
    paths: dict[str, str] = {}
    replaced = Replaced()
    rows: dict[str, int] = {}
    activity: dict[tuple[int, str], int] = {}
    assessed = np.zeros(len(state.rules), dtype=bool)
    by_unit: dict[int, list[Diagnostic]] = {}
    total, done = sum(unit.bytes for unit in units), 0
    with ThreadPoolExecutor(1) as hashing:
        hashes = {source.evidence_id: hashing.submit(source.sha256) for source in found.sources}
        for unit, outcome in _outcomes(units, state):
            if outcome.failure:
                by_unit[unit.number] = _lost(unit, outcome.failure, state.narrow)
            else:
                by_unit[unit.number] = outcome.result.result.diagnostics
                assessed |= outcome.result.assessed
                _add(outcome.result.result, tallies, rows, activity)
                paths |= outcome.result.result.paths
                replaced.add(outcome.result.result.replaced.items())
            done += unit.bytes
            if progress is not None:
                progress(min(done, total), total)
        diagnostics += [d for number in sorted(by_unit) for d in by_unit[number]]
        evidence = _evidence(found, identified, tallies, diagnostics, {k: f.result() for k, f in hashes.items()})
    if replaced:
        evidence = tuple(replace(row, path=paths.get(row.evidence_id) or replaced.apply(row.path)) for row in evidence)
        shown = {row.evidence_id: row.path for row in evidence}
        diagnostics = [_without_patient(diagnostic, shown, replaced) for diagnostic in diagnostics]
        many.mask_table(tables, "dicom_file", replaced.apply)
    files = sum(len(folder.names) for folder in found.folders)
    return Reading(evidence, files, replaced, tuple(diagnostics), dict(sorted(rows.items())), activity, assessed)


def _keys(found: Found, identified: Identified, diagnostics: list[Diagnostic]) -> Iterator[tuple[str, str]]:
    """The DKIM records of the zones among the evidence: messages are checked with them, in whatever order both are read."""
    kinds = {name for _, name in identified.formats.values()}
    if "zone" not in kinds or not kinds & {"eml", "mbox"}:
        return
    for source in found.sources:
        if identified.formats[source.evidence_id][1] != "zone":
            continue
        if source.stored_bytes > MAX_UNIT_BYTES:
            message = f"The zone is larger than {MAX_UNIT_BYTES >> 20} MiB; signatures of mail were not checked with its keys."
            diagnostics.append(Diagnostic(source.evidence_id, source.path, -1, "keys_not_read", message, recovered=True))
        else:
            try:
                yield from zone.dkim_keys(source).items()
            except ReaderError:
                continue  # told when the zone itself is read


def _without_patient(diagnostic: Diagnostic, shown: dict[str, str], replaced: Replaced) -> Diagnostic:
    """A diagnostic whose source names no patient; a member of an archive that could not be opened stays known as one."""
    source = replaced.apply(diagnostic.source)
    if source == diagnostic.source and "!" not in source:
        source = shown.get(diagnostic.evidence_id, source)
    return diagnostic if source == diagnostic.source else replace(diagnostic, source=source)


def _outcomes(units: list[Unit], state: WorkerState) -> Iterator[tuple[Unit, workers.Outcome]]:
    """Run every unit; one that failed and has several parts is taken apart, so that only the guilty part is lost."""
    again: list[Unit] = []
    for outcome in workers.run(prepare, state, work, units, seconds=_allowed):
        unit = units[outcome.index]
        if outcome.raised == "DisagreementError":
            raise WardroundError(f"--paranoid: the two matchers disagree: {outcome.failure}")
        if outcome.failure and len(unit.parts) + sum(len(folder.names) for folder in unit.folders) > 1:
            _lost(unit, outcome.failure, state.narrow)
            again += unit.apart()
        else:
            yield unit, outcome
    again = [replace(unit, number=len(units) + 1 + position) for position, unit in enumerate(sorted(again, key=_order))]
    for outcome in workers.run(prepare, state, work, again, seconds=_allowed):
        yield again[outcome.index], outcome


def _allowed(unit: Unit) -> float:
    """How many seconds a unit may take: a capture of a hundred gigabytes is one unit, and honest work."""
    return workers.UNIT_SECONDS + unit.bytes / SLOWEST


def _order(unit: Unit) -> tuple[int, int]:
    return unit.number, unit.parts[0].span.start if unit.parts else unit.folders[0].numbers[0]


def _lost(unit: Unit, failure: str, narrow: store.Narrow | None) -> list[Diagnostic]:
    """A unit whose worker died: its files may be half written, so they go, and every piece of evidence in it is told."""
    for directory in (unit.tables, *([narrow.directory] if narrow else [])):
        for pattern in (f"*-{unit.number:05d}.parquet", f"*-{unit.number:05d}-*.parquet"):
            for file in directory.glob(pattern):
                file.unlink()
    lost = [
        Diagnostic(part.source.evidence_id, part.source.path, part.span.start, "reading_failed", failure, recovered=False)
        for part in unit.parts
    ]
    files = [(folder.path, number) for folder in unit.folders for number in folder.numbers]
    return lost + [
        Diagnostic(f"e{number}", f"{path}/(e{number})", -1, "reading_failed", failure, recovered=False)
        for path, number in files
    ]


def _add(
    result: store.UnitResult,
    tallies: dict[str, store.Tally],
    rows: dict[str, int],
    activity: dict[tuple[int, str], int],
) -> None:
    for evidence_id, tally in result.tallies.items():
        tallies.setdefault(evidence_id, store.Tally()).add(tally.records, tally.first_ts, tally.last_ts)
    for name, count in result.rows.items():
        rows[name] = rows.get(name, 0) + count
    for key, count in result.activity.items():
        activity[key] = activity.get(key, 0) + count


def _evidence(
    found: Found,
    identified: Identified,
    tallies: dict[str, store.Tally],
    diagnostics: list[Diagnostic],
    hashes: dict[str, str],
) -> tuple[Evidence, ...]:
    counts: dict[str, int] = {}
    for diagnostic in diagnostics:
        counts[diagnostic.evidence_id] = counts.get(diagnostic.evidence_id, 0) + diagnostic.count
    rows = []
    for source in found.sources:
        key = source.evidence_id
        tally = tallies.get(key, store.Tally())
        kind, reader = identified.formats[key]
        rows.append(
            Evidence(
                key,
                source.path,
                hashes[key],
                kind,
                reader,
                source.stored_bytes,
                tally.records,
                counts.get(key, 0),
                tally.first_ts,
                tally.last_ts,
            )
        )
    return tuple(rows)
