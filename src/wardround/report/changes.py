"""What changed between two rounds. A finding that vanished because its evidence is missing is not closed.

Closed means: the same check could be made again, on the same kind of rows, from the same source, and no longer finds it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from wardround.care import drift
from wardround.model import SEVERITIES, Severity
from wardround.report.changes_document import (
    ArchiveDrift,
    Change,
    Changes,
    Drift,
    KnowledgeAge,
    Reason,
    RoundSummary,
)
from wardround.report.document import Asset, Evidence, Finding, ResultDocument, nanoseconds

_DAY = 86_400 * 1_000_000_000

#: What differs between two deliveries of one source: the day or hour in its name, and the number of a rotated log.
#: A number that is no date stays, for it may be what tells one machine from another.
_DATED = re.compile(
    r"(?<!\d)(?:19|20)\d{2}[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?"
    r"(?:[-_.T ]?\d{2}[-_.:h]?\d{2}(?:[-_.:]?\d{2})?)?(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_ROTATED = re.compile(r"\.\d{1,3}(?=$|\.)", re.ASCII)

#: Files of these tables come and go one by one; that a file is gone is an answer as long as its folder was read.
_SINGLE_FILES = frozenset({"dicom_file"})

_LONGEST_DRIFT = 500


def compare(
    old: ResultDocument,
    new: ResultDocument,
    archive_drift: ArchiveDrift | None = None,
    dates: tuple[Mapping[str, str | None], Mapping[str, str | None]] = ({}, {}),
) -> Changes:
    """Compare a round with an earlier one; ``dates`` are those of the lists of known flaws, by kind, in both."""
    before = {found.id: found for found in old.findings}
    after = {found.id: found for found in new.findings}
    assessed_before, assessed_after = _assessed(old), _assessed(new)
    sources = _Sources(old, new)
    kept = [(before[name], found) for name, found in after.items() if name in before]
    gone = [(found, *_lost(found, new, assessed_after, sources)) for name, found in before.items() if name not in after]
    rank = SEVERITIES.index
    return Changes(
        before=old.created,
        after=new.created,
        other_site=old.site != new.site,
        new=[
            _change(found, None, "" if found.detection in assessed_before else "not_checked_before")
            for name, found in after.items()
            if name not in before
        ],
        worse=[_change(now, was.severity) for was, now in kept if rank(now.severity) > rank(was.severity)],
        better=[
            _change(now, was.severity, "exception" if now.severity == "info" else "")
            for was, now in kept
            if rank(now.severity) < rank(was.severity)
        ],
        closed=[_change(found, found.severity) for found, reason, _source in gone if not reason],
        not_assessed=[_change(found, found.severity, reason, source) for found, reason, source in gone if reason],
        unchanged=sum(now.severity == was.severity for was, now in kept),
        checks_lost=sorted(assessed_before - assessed_after),
        checks_gained=sorted(assessed_after - assessed_before),
        drift=[*_machines(old, new), *_entities(old, new)][:_LONGEST_DRIFT],
        archive=archive_drift,
        knowledge=_knowledge(dates, new.created),
    )


def archive(counted: drift.Archive) -> ArchiveDrift:
    """The comparison of DICOM files as the document tells it."""
    return ArchiveDrift(
        files_before=counted.files[0],
        files_after=counted.files[1],
        studies_before=counted.studies[0],
        studies_after=counted.studies[1],
        kept=counted.kept,
        gone=counted.gone,
        appeared=counted.appeared,
        altered=counted.altered,
        unreadable_before=counted.unreadable[0],
        unreadable_after=counted.unreadable[1],
        programs_appeared=list(counted.programs_appeared),
        comparable=counted.comparable,
    )


def summary(document: ResultDocument) -> RoundSummary:
    """A round in figures, for the picture of a series."""
    severities = Counter(found.severity for found in document.findings)
    results = Counter(row.result for row in document.coverage)
    told = [found for found in document.findings if found.severity != "info"]
    return RoundSummary(
        created=document.created,
        version=document.version,
        findings={severity: severities[severity] for severity in SEVERITIES},
        attacks=sum(found.kind == "attack" for found in told),
        weaknesses=sum(found.kind == "exposure" for found in told),
        checks={result: results[result] for result in ("found", "not_found", "not_assessed")},
    )


def worst_added(changes: Changes) -> Severity | None:
    """The worst severity among what is new or worse; None when nothing is."""
    added = [change.severity for change in (*changes.new, *changes.worse)]
    return max(added, key=SEVERITIES.index, default=None)


def _assessed(document: ResultDocument) -> set[str]:
    return {row.detection for row in document.coverage if row.result != "not_assessed"}


def _lost(found: Finding, new: ResultDocument, assessed: set[str], sources: _Sources) -> tuple[Reason, str]:
    """Why a finding that is not there any more was not looked at again, and the evidence missing; empty when it was."""
    if found.detection not in assessed:
        return "check", ""
    for pointer in found.evidence:
        if not new.tables.get(pointer.table):
            return "table", pointer.table
    for path, table in dict.fromkeys((pointer.path, pointer.table) for pointer in found.evidence):
        piece = sources.again(path, table)
        if piece is None:
            return "source", path
        if piece.evidence_id in sources.damaged:
            return "damaged", piece.path
    return "", ""


class _Sources:
    """Tells whether a source of the earlier round was read again, though its file may bear another date or stand elsewhere."""

    def __init__(self, old: ResultDocument, new: ResultDocument) -> None:
        self.damaged = {problem.evidence_id for problem in new.diagnostics if not problem.recovered}
        read = [piece for piece in new.evidence if piece.reader]
        self._exact = {piece.path: piece for piece in read}
        self._by_place = {_place(piece.path, 2): piece for piece in reversed(read)}
        self._by_name = {_place(piece.path, 1): piece for piece in reversed(read)}
        self._folders = {_folder(piece.path): piece for piece in reversed(read)}
        names = [Counter(_place(piece.path, 1) for piece in pieces) for pieces in (old.evidence, read)]
        self._unique = {name for name, count in names[0].items() if count == 1 and names[1][name] == 1}

    def again(self, path: str, table: str) -> Evidence | None:
        """The piece of the later round that is the source at ``path`` of the earlier; None when it was not read again."""
        found = self._exact.get(path) or self._by_place.get(_place(path, 2))
        name = _place(path, 1)
        if found is None and name in self._unique:
            found = self._by_name.get(name)
        if found is None and table in _SINGLE_FILES:
            found = self._folders.get(_folder(path))
        return found


def _place(path: str, parts: int) -> str:
    """The last parts of a path without what changes from day to day."""
    names = path.replace("\\", "/").replace("!", "/").casefold().split("/")[-parts:]
    return "/".join(_ROTATED.sub("", _DATED.sub("#", name)) for name in names)


def _folder(path: str) -> str:
    return _DATED.sub("#", str(PurePosixPath(path.replace("\\", "/").replace("!", "/")).parent).casefold())


def _change(found: Finding, before: Severity | None, reason: Reason = "", source: str = "") -> Change:
    return Change(
        id=found.id,
        detection=found.detection,
        threat=found.threat,
        kind=found.kind,
        severity=found.severity,
        before=before,
        texts=found.texts,
        subjects=found.subjects,
        reason=reason,
        source=source,
    )


def _machines(old: ResultDocument, new: ResultDocument) -> Iterator[Drift]:
    yield from _drift(
        "machine",
        {asset.name: _of_asset(asset) for asset in old.assets},
        {asset.name: _of_asset(asset) for asset in new.assets},
    )


def _of_asset(asset: Asset) -> str:
    roles = [role.name for role in asset.roles]
    details = [f"{name} {value}" for name, value in sorted(asset.details.items())]
    return ", ".join([*roles, *asset.addresses, *asset.ae_titles, *details])


def _entities(old: ResultDocument, new: ResultDocument) -> Iterator[Drift]:
    told = [
        {
            f"{entity.title} {entity.address}": ", ".join(
                [*([str(entity.port)] if entity.port is not None else []), *entity.operations, *entity.destinations]
            )
            for entity in document.application_entities
        }
        for document in (old, new)
    ]
    yield from _drift("ae_title", told[0], told[1])


def _drift(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Drift]:
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        change = "new" if was is None else "not_seen" if now is None else "changed"
        yield Drift.model_validate({"kind": kind, "name": name, "change": change, "before": was or "", "after": now or ""})


def _knowledge(dates: tuple[Mapping[str, str | None], Mapping[str, str | None]], created: str) -> list[KnowledgeAge]:
    found = []
    for kind in sorted({*dates[0], *dates[1]}):
        after = dates[1].get(kind)
        days = (nanoseconds(created) - nanoseconds(after)) // _DAY if after else None
        found.append(KnowledgeAge(kind=kind, before=dates[0].get(kind), after=after, days=days))
    return found


def in_order(rounds: Sequence[RoundSummary]) -> list[RoundSummary]:
    """The rounds by the time of their making, each once."""
    return [row for _, row in sorted({row.created: row for row in rounds}.items())]
