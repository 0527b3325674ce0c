"""Reader of ``7z l``: the files in an archive or backup, as a table or (``-slt``) field by field.

Source: 7-Zip's manual, "l (List contents of archive) command".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.delimited import Clock
from wardround.readers.listing.entries import Entries, head_text, lines

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_TITLE = re.compile(r"7-Zip.{0,80}Copyright|Listing archive: ")
_ENTRY = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) ([D.][^ ]{4}) ( {0,11}\d{1,18}) [ \d]{12,18} {2}(\S.{0,2000})")
_FIELD = re.compile(r"(Path|Size|Modified|Attributes|Folder) = (.{0,2000})")


class SevenZipReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "7z_listing"

    def sniff(self, head: bytes) -> str | None:
        """Its title and the line that names the archive."""
        text = head_text(head)[:4096]
        return self.name if "Listing archive: " in text and _TITLE.search(text) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: fields run over lines."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all files into ``file_sample``."""
        entries, clock = Entries(source, sink), Clock()
        fields: dict[str, str] = {}
        first, listed = 0, False
        for number, line in lines(source):
            if found := _ENTRY.fullmatch(line):
                if not found[2].startswith("D"):
                    entries.add(found[4], int(found[3]), clock.instant(found[1]), number)
            elif line.startswith("----------") and set(line.strip()) == {"-"}:
                listed = True  # what stands before it describes the archive
                fields = {}
            elif listed and (found := _FIELD.fullmatch(line)):
                first = first if fields else number
                fields[found[1]] = found[2]
            elif listed and fields and not line.strip():
                _add(fields, first, entries, clock)
                fields = {}
        if listed and fields:
            _add(fields, first, entries, clock)
        entries.close()


def _add(fields: dict[str, str], number: int, entries: Entries, clock: Clock) -> None:
    if "Path" not in fields or fields.get("Folder") == "+" or fields.get("Attributes", "").startswith("D"):
        return
    size = fields.get("Size", "")
    entries.add(
        fields["Path"],
        int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None,
        clock.instant(fields.get("Modified", "")),
        number,
    )


READER: Reader = SevenZipReader()
