"""Reader of ``wbadmin get versions``: the backups that the backup built into Windows can restore, in any language.

Source: Microsoft Learn, "wbadmin get versions". Each backup is a paragraph of four or five lines, of which only the third is
the same in every language: the version identifier, a date and a time in UTC. The list names no computer; give the file its
name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers import delimited
from wardround.readers.backup import jobs
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_TITLE = re.compile(r"(?im)^\s{0,40}wbadmin \d{1,2}\.\d{1,2} - ")
_VERSION = re.compile(r"[^:]{3,60}: {0,3}((\d\d)[/.-](\d\d)[/.-](\d{4}))-(\d\d:\d\d)\s*$")
_LABELLED = re.compile(r"[^:]{3,60}?\s?: {0,3}(.{1,300})$")
_FILE = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,62}?)(?:[._ -](?:wbadmin|versions|backup|sauvegardes?).*)?\.[A-Za-z]{2,4}")
_GENERIC = frozenset(
    ("wbadmin", "versions", "backup", "backups", "sauvegarde", "sauvegardes", "output", "export", "list", "liste")
)


class WbadminReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "wbadmin"

    def sniff(self, head: bytes) -> str | None:
        """The title of the program and a version identifier."""
        text = head[:8192].decode(delimited.encoding_of(head), "replace")
        if not _TITLE.search(text[:2048]):
            return None
        return self.name if any(_VERSION.match(line.strip()) for line in text.splitlines()) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all backups into ``backup_job``."""
        batches, clock = Batches(sink), delimited.Clock(day_first=False)
        host = host_of(source.path)
        if host is None:
            sink.diagnose("host_not_named", "The computer is not named; give the file the name of the computer.")
        target = ""
        with source.open() as stream:
            head = stream.read(8192)
        with source.open() as raw, io.TextIOWrapper(raw, delimited.encoding_of(head), errors="replace") as text:
            number = 0
            while line := text.readline(delimited.LINE_CHARACTERS):
                number += 1
                said = line.strip()
                if found := _VERSION.match(said):
                    instant, _ = clock.instant(f"{found[1]} {found[5]}")
                    batches.add(
                        "backup_job",
                        ts=instant,
                        ts_zone="utc" if instant is not None else "none",
                        record=number,
                        product="windows_backup",
                        job=host or "wbadmin",
                        client=host,
                        repository=target,
                        kind="backup",
                        end=instant,
                        result="success",
                        immutable=jobs.immutable(target),
                        offline=jobs.offline(target),
                    )
                    target = ""
                elif labelled := _LABELLED.match(said):
                    # The line before the identifier is where the backup was written to.
                    target = labelled[1]
        batches.close()


def host_of(path: str) -> str | None:
    """The computer that the name of the file tells, None when it does not."""
    found = _FILE.fullmatch(re.split(r"[\\/!]", path)[-1])
    return found[1] if found and found[1].lower() not in _GENERIC else None


READER: Reader = WbadminReader()
