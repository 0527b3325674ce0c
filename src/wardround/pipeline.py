"""The story on one screen: walk the evidence, read it into tables, decide, write the round."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from wardround import __version__, evidence, site, store, workers
from wardround.errors import UserError, WardroundError
from wardround.model import (
    ApplicationEntity,
    Asset,
    Cause,
    Coverage,
    Diagnostic,
    Evidence,
    Finding,
    FirstHour,
    Impact,
    Incident,
    JudgedMail,
    PlanStep,
    Round,
    Service,
)

if TYPE_CHECKING:
    from wardround.care.inputs import Inputs
    from wardround.detect.tables import Tables
    from wardround.reading import Progress
    from wardround.report.changes_document import RoundSummary
    from wardround.report.document import ResultDocument


#: Of fewer bytes of evidence the start is what the user waits for. Of more, what follows reading is loaded when the workers and
#: their memory are gone.
LITTLE_EVIDENCE = 64 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. ``since`` and ``until`` are ns UTC; ``created`` is the stated time of the run (ns UTC).

    ``previous`` is the directory of an earlier round that this one is compared with, ``series`` a folder of the site's rounds.
    """

    paths: tuple[str, ...]
    out: Path
    rules: tuple[Path, ...] = ()
    site_file: Path | None = None
    language: str = "en"
    since: int | None = None
    until: int | None = None
    paranoid: bool = False
    previous: Path | None = None
    series: Path | None = None
    impact_file: Path | None = None
    shares: tuple[str, ...] = ()
    created: int = field(default_factory=time.time_ns)


def examine(request: Request, progress: Progress | None = None) -> ResultDocument:
    """Make a round of the evidence and put it in ``request.out``.

    Raises UserError for what the user got wrong. Bad evidence never raises: it is in the round's diagnostics.
    """
    if request.since is not None and request.until is not None and request.since >= request.until:
        raise UserError("--until: must be later than --since", "--until\u00a0: doit être après --since")
    _rules_there(request.rules)
    told = site.load(request.site_file)
    given = _inputs(request.impact_file)
    workers.warm()
    from wardround import many, reading
    from wardround.detect import asked, pack, rule_files
    from wardround.detect.catalogue import catalogue as shipped

    catalogue = shipped()
    added = pack.load_rules(request.rules)
    for path in request.rules:
        if not rule_files.find(path):
            raise UserError(f"--rules {path}: holds no rule (.yml)", f"--rules {path}\u00a0: ne contient aucune règle (.yml)")
    rules = (*(rule for item in catalogue for rule in item.rules), *added.rules)
    with store.RoundDirectory(request.out) as directory:
        earlier = _Earlier.of(request)
        if request.previous is not None:
            directory.carry_over(request.previous)
        found = evidence.Walk(directory.scratch).run(list(request.paths), sys.stdin.buffer, request.shares)
        narrow = store.Narrow(directory.narrow, asked.columns_asked(catalogue, added))
        state = reading.WorkerState(rules, request.paranoid, request.since, request.until, narrow, told.mail)
        if sum(source.stored_bytes for source in found.sources) < LITTLE_EVIDENCE:
            # While the workers read, this process has nothing to do but to wait: it loads what it needs next.
            threading.Thread(target=import_module, args=("wardround.afterwards",), daemon=True).start()
        read = reading.read(found, directory.tables, state, progress)
        listed = list(read.evidence)
        directory.write_rows("evidence", read.evidence, many.evidence_parts(directory.tables, read.replaced.apply, listed))
        from wardround.detect import decide, freshness
        from wardround.detect.tables import Tables
        from wardround.report import document, write

        decision = decide.decide(directory.tables, catalogue, added, rules, read.assessed, told, narrow)
        with Tables.of_round(directory.tables, told, narrow) as opened:
            who = _who_is_who(opened.twin(), listed)
            stories = _stories(opened.twin(), decision.findings, decision.coverage, who.assets)
            cared = _care(opened.twin(), who, (decision.findings, stories.incidents), given)
            mailed = _mail(opened.twin()) if read.rows.get("mail_message") else _Mail()
        steps = (read, decision, who, cared, stories, mailed)
        diagnostics = tuple(diagnostic for step in steps for diagnostic in step.diagnostics)
        directory.write_rows("diagnostic", diagnostics)
        dating = (catalogue, decision.knowledge, request.created)
        coverage = tuple(freshness.dated(decision.coverage, *dating))
        unlisted = _unlisted(len(read.evidence) + read.files - len(listed))
        result = document.build(
            Round(
                version=__version__,
                created=request.created,
                site=told.hospital.name,
                evidence=tuple(listed),
                diagnostics=diagnostics,
                findings=decision.findings,
                coverage=coverage,
                rules=decision.rules,
                table_rows=read.rows,
                timeline=tuple((hour, table, count) for (hour, table), count in sorted(read.activity.items())),
                notes=(*_notes(request, told), *unlisted, *freshness.notes(coverage, *dating)),
                assets=who.assets,
                application_entities=who.application_entities,
                services=cared.services,
                incidents=stories.incidents,
                causes=stories.causes,
                first_hours=stories.first_hours,
                impact=cared.impact,
                plan=cared.plan,
                mail=mailed.judged,
            )
        )
        result = earlier.compared(result, directory.path)
        write(result, directory.path, request.language)
        directory.commit()
    return result


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The rounds before this one, read before the evidence, because they may stand where the new one will be put."""

    previous: ResultDocument | None = None
    rounds: tuple[RoundSummary, ...] = ()
    knowledge: dict[str, str | None] = field(default_factory=dict)
    directory: Path | None = None

    @classmethod
    def of(cls, request: Request) -> _Earlier:
        """Raises UserError when an earlier round that was named cannot be read."""
        if request.previous is None and request.series is None:
            return cls()
        from wardround.care import drift
        from wardround.report import read, series

        previous = read(request.previous) if request.previous else None
        rounds = tuple(series.so_far(previous, request.series))
        knowledge = drift.knowledge_dates(request.previous) if request.previous else {}
        return cls(previous, rounds, knowledge, request.previous)

    def compared(self, result: ResultDocument, directory: Path) -> ResultDocument:
        """The round with what differs from the one before, and with the series so far and itself at its end."""
        if self.previous is None or self.directory is None:
            return result
        from wardround.care import drift
        from wardround.report import changes

        dates = (self.knowledge, drift.knowledge_dates(directory))
        counted = drift.archive(self.directory, directory)
        archive = changes.archive(counted) if counted else None
        told = changes.compare(self.previous, result, archive, dates)
        rounds = changes.in_order([*self.rounds, changes.summary(result)])
        return result.model_copy(update={"changes": told, "rounds": rounds})


def compare(old: Path, new: Path) -> ResultDocument:
    """The later of two rounds with what differs from the earlier; raises UserError when one of them cannot be read."""
    from wardround.report import read

    earlier = _Earlier.of(Request(paths=(), out=new, previous=old))
    return earlier.compared(read(new), new)


def nothing_read(document: ResultDocument) -> bool:
    """Whether no piece of evidence at all could be read."""
    broken = {d.evidence_id for d in document.diagnostics if not d.recovered}
    return not any(e.records or (e.reader and e.evidence_id not in broken) for e in document.evidence)


def _rules_there(paths: Sequence[Path]) -> None:
    """Raises UserError for rules that are not there."""
    for path in paths:
        if not path.exists():
            raise UserError(
                f"--rules {path}: no such file or directory", f"--rules {path}\u00a0: fichier ou dossier introuvable"
            )


def _cut(tables: Tables, source: str) -> tuple[Diagnostic, ...]:
    """That there were more rows than were looked at."""
    return tuple(Diagnostic("", source, -1, "rows_cut", message, recovered=True) for message in tables.cuts())


@dataclass(frozen=True, slots=True)
class _WhoIsWho:
    """The assets and application entities of a round, or why they could not be told."""

    assets: tuple[Asset, ...] = ()
    application_entities: tuple[ApplicationEntity, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def _who_is_who(tables: Tables, pieces: list[Evidence]) -> _WhoIsWho:
    from wardround.care import application_entities, assets

    try:
        entities = application_entities.seen(tables, tables.site)
        titles = [(entity.address, entity.title) for entity in entities]
        paths = {piece.evidence_id: piece.path for piece in pieces}
        return _WhoIsWho(assets.inferred(tables, tables.site, titles, paths), entities, _cut(tables, "assets"))
    except WardroundError as error:
        return _WhoIsWho(diagnostics=(Diagnostic("", "assets", -1, "assets_failed", str(error), recovered=True),))


@dataclass(frozen=True, slots=True)
class _Care:
    """What care depends on, what an attack would cost it and what to do first, or why it could not be told."""

    services: tuple[Service, ...] = ()
    impact: Impact | None = None
    plan: tuple[PlanStep, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def impact_inputs() -> str:
    """The shipped inputs of the estimate of lost care, as text to be edited."""
    from wardround.care import inputs

    return inputs.shipped_text()


def _inputs(path: Path | None) -> Inputs:
    from wardround.care import inputs

    return inputs.load(path)


def _care(tables: Tables, who: _WhoIsWho, seen: tuple[tuple[Finding, ...], tuple[Incident, ...]], given: Inputs) -> _Care:
    from wardround.care import assess

    try:
        found = assess.assess(tables, tables.site, who.assets, *seen, given)
        return _Care(found.services, found.impact, found.plan, _cut(tables, "care"))
    except WardroundError as error:
        return _Care(diagnostics=(Diagnostic("", "care", -1, "care_failed", str(error), recovered=True),))


@dataclass(frozen=True, slots=True)
class _Stories:
    """The incidents of a round and what made its attacks possible, or why they could not be told."""

    incidents: tuple[Incident, ...] = ()
    causes: tuple[Cause, ...] = ()
    first_hours: tuple[FirstHour, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def _stories(tables: Tables, findings: Sequence[Finding], coverage: Sequence[Coverage], assets: Sequence[Asset]) -> _Stories:
    from wardround.care.incidents import stories

    try:
        return _Stories(*stories(tables, findings, coverage, tables.site, assets), _cut(tables, "incidents"))
    except WardroundError as error:
        return _Stories(diagnostics=(Diagnostic("", "incidents", -1, "incidents_failed", str(error), recovered=True),))


@dataclass(frozen=True, slots=True)
class _Mail:
    """What was judged of the mail, or why it could not be told."""

    judged: JudgedMail | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def _mail(tables: Tables) -> _Mail:
    from wardround.detect import judged_mail

    try:
        return _Mail(judged_mail.judged(tables))
    except WardroundError as error:
        return _Mail(diagnostics=(Diagnostic("", "mail", -1, "mail_failed", str(error), recovered=True),))


def _notes(request: Request, told: site.Site) -> Iterator[dict[str, str]]:
    """What the reader of the report must know about how the round was made."""
    if request.since is not None or request.until is not None:
        first, last = _moment(request.since), _moment(request.until)
        parts_en = [f"from {first} on" if first else "", f"before {last}" if last else ""]
        parts_fr = [f"à partir du {first}" if first else "", f"avant le {last}" if last else ""]
        yield {
            "en": f"Only events {' and '.join(filter(None, parts_en))} (UTC) were looked at; what happened at other times is "
            "not judged here.",
            "fr": f"Seuls les événements {' et '.join(filter(None, parts_fr))} (UTC) ont été examinés\u202f; ce qui s’est "
            "passé à d’autres moments n’est pas jugé ici.",
        }
    if request.site_file is None:
        yield {
            "en": "No site file was given: zones and roles are inferred from addresses, and no exception is known.",
            "fr": "Aucun fichier de site n’a été fourni\u00a0: zones et rôles sont déduits des adresses, et aucune exception "
            "n’est connue.",
        }
    elif not told.zones:
        yield {
            "en": "The site file names no zones: they are inferred from addresses.",
            "fr": "Le fichier de site ne nomme aucune zone\u00a0: elles sont déduites des adresses.",
        }


def _moment(ts: int | None) -> str:
    """A time of the request as it was asked for, in UTC to the second."""
    return "" if ts is None else datetime.fromtimestamp(ts // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _unlisted(files: int) -> Iterator[dict[str, str]]:
    """That the report does not list every file of a large archive."""
    if files:
        yield {
            "en": f"{files} further DICOM files were read and judged like the others; only the table of evidence lists them.",
            "fr": f"{files} autres fichiers DICOM ont été lus et jugés comme les autres\u202f; seule la table des preuves "
            "les énumère.",
        }
