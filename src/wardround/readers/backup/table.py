"""Reader of lists of backup jobs as tables: Veeam's sessions, Commvault's job summary, Windows Backup's jobs, and the like.

Recognised by the header: a job or client, a status or result, a time, and a word that only such lists have. Comma, semicolon
or tab; English or French.
"""

# Names of columns are easier to compare when each kind stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers import delimited
from wardround.readers.backup import jobs
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_NAMES = {
    "job": "job jobname jobnamefull backupjob nomdujob nomdutravail travail tache nomdelatache policyname policy strategie",
    "client": "client clientname clientcomputer vm vmname objectname object machine machinename server servername computer computername "
    "host hostname pscomputername source serveur nomduclient ordinateur protectedobject workload subclient",
    "repository": "repository repositoryname target targetrepository storage storagename storagepolicy library libraryname mediaagent pool "
    "destination backuptarget depot referentiel cible stockage plan",
    "repository_kind": "repositorytype targettype librarytype storagetype typededepot",
    "kind": "jobtype jobtypestring type operation operationtype typedetravail typedejob",
    "level": "backuptype backuplevel level jobalgorithm algorithm niveau typedesauvegarde",
    "start": "start starttime startedat begin creationtime jobstart datedebut debut heurededebut datededebut started",
    "end": "end endtime endedat completiontime finishtime jobend datefin fin heuredefin datedefin ended finished completed",
    "result": "result jobresult status jobstatus state jobstate resultat statut etat completionstatus hresult",
    "bytes": "size datasize backupsize totalsize transferredsize datatransferred sizeofapplication applicationsize byteswritten "
    "mediasize backupsizebytes taille volumetransfere processedsize",
    "files": "files numfiles objects numberofobjects protectedobjects fichiers nombredefichiers",
    "encrypted": "encrypted encryption encryptionenabled isencrypted chiffre chiffrement",
    "immutable": "immutable immutability isimmutable immutabilityenabled objectlock worm immuable",
    "message": "reason failurereason failurereasons errordescription error message details jobdescription delayreason description raison motif erreur",
}  # fmt: skip
_COLUMNS = {name: kind for kind, names in _NAMES.items() for name in names.split()}

#: Columns that lists of other things (tasks, tickets, processes) do not have.
_OWN_TEXT = """
backupjob backuptype backuplevel backupsize jobtypestring jobalgorithm subclient storagepolicy mediaagent targetrepository
repositoryname sizeofapplication datatransferred transferredsize backupsizebytes typedesauvegarde repository depot jobtype
backuptarget immutability hresult jobresult
"""
_OWN = frozenset(_OWN_TEXT.split())

#: A single result is the number of an error: 0 is none.
_PRODUCTS = (
    (frozenset(("subclient", "storagepolicy", "mediaagent", "sizeofapplication", "datatransferred")), "commvault"),
    (frozenset(("jobtypestring", "jobalgorithm", "jobname", "targetrepository", "repositoryname")), "veeam"),
    (frozenset(("hresult", "errordescription", "backuptarget")), "windows_backup"),
)


def layout(names: delimited.Columns) -> delimited.Columns | None:
    """What the columns of a list of backup jobs are, None for other tables."""
    kinds = tuple(_COLUMNS.get(name, "") for name in names)
    if not _OWN & set(names) or "result" not in kinds or not {"start", "end"} & set(kinds):
        return None
    return kinds if {"job", "client", "kind"} & set(kinds) else None


def product(names: delimited.Columns) -> str | None:
    """The program by the columns that only it has."""
    return next((name for marks, name in _PRODUCTS if marks & set(names)), None)


class _Cells(dict[str, str]):
    """The cells of a row by kind; absent ones are empty."""

    def __call__(self, name: str) -> str:
        return self.get(name, "")


class BackupTableReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "backup_table"

    def sniff(self, head: bytes) -> str | None:
        """By the header."""
        return self.name if delimited.sniffs(head, layout) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: rows need the header."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all jobs into ``backup_job``."""
        seen: list[str | None] = []

        def told(names: delimited.Columns) -> delimited.Columns | None:
            found = layout(names)
            if found is not None:
                seen.append(product(names))
            return found

        batches, clock = Batches(sink), delimited.Clock()
        for row in delimited.rows(source, told, sink):
            get = _Cells(row.values)
            start, zone = clock.instant(get("start"))
            end, zone_end = clock.instant(get("end"))
            if start is None and end is None:
                sink.diagnose("no_time", "A job has no time that can be read.", row.line)
            state = jobs.result_of(get("result"))
            where = (get("repository"), get("repository_kind"))
            batches.add(
                "backup_job",
                ts=end if end is not None else start,
                ts_zone=zone_end if end is not None else zone,
                record=row.line,
                product=seen[-1] if seen else None,
                job=get("job"),
                client=get("client"),
                repository=get("repository"),
                kind=jobs.kind_of(get("kind")) or jobs.kind_of(get("level")) or "backup",
                level=get("level").lower(),
                start=start,
                end=end,
                result=state,
                bytes=delimited.count_of_bytes(get("bytes")),
                files=delimited.count_of_bytes(get("files")),
                encrypted=jobs.flag(get("encrypted")),
                immutable=jobs.flag(get("immutable")) if get("immutable") else jobs.immutable(*where),
                offline=jobs.offline(*where, get("kind")),
                message=get("message")[:300] if state in ("failed", "warning") else None,
            )
        batches.close()


READER: Reader = BackupTableReader()
