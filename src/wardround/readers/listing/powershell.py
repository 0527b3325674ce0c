"""Reader of ``Get-ChildItem -Recurse``: its text in English and French, and ConvertTo-Json.

What Export-Csv writes is read as a table of files. Source: Microsoft's documentation of Get-ChildItem, and the properties of
System.IO.FileInfo.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers import json_exports
from wardround.readers.base import Sink, Source, Span
from wardround.readers.delimited import Clock
from wardround.readers.edr import values
from wardround.readers.listing.entries import Entries, head_text, json_size, lines

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_FOLDER = re.compile(
    r" {0,8}(?:Directory|R.pertoire|Verzeichnis) ?: ((?:[A-Za-z]:[\\/]?|\\\\|Microsoft\.PowerShell|/).{0,2000})"
)
_HEADER = re.compile(r"Mode {2,}LastWriteTime {2,}Length Name *")
_ENTRY = re.compile(
    r"([-dal][-darhslw]{4,6}) {1,20}(\d{1,4}[./-]\d{1,2}[./-]\d{2,4}) {1,12}(\d{1,2}:\d{2}(?: [AP]M)?) {1,20}"
    r"(\d{1,18})? {0,20}(\S.{0,1000})"
)

#: How the line of a file or folder begins.
_MODE = re.compile(r"[-dal][-darhslw]{4,6} {2,}\d")


class PowershellListingReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "powershell_listing"

    def sniff(self, head: bytes) -> str | None:
        """The properties of a file, or the header of the text."""
        text = json_exports.head_of(head)
        if text:
            return self.name if json_exports.has_keys(text, b"FullName", b"Length", b"LastWriteTime") else None
        if b"L\0a\0s\0t\0W\0r" not in head and b"LastWr" not in head:
            return None
        return self.name if any(_HEADER.fullmatch(line.rstrip()) for line in head_text(head).split("\n", 60)[:60]) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: files need the folder above them."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all files into ``file_sample``."""
        entries = Entries(source, sink)
        if json_exports.is_document(source):
            _objects(source, entries, sink)
        else:
            _text(source, entries, sink)
        entries.close()


def _objects(source: Source, entries: Entries, sink: Sink) -> None:
    for record in json_exports.read(source, Span(), sink, ("value",)):
        item = record.value
        path = item.get("FullName")
        if not isinstance(path, str):
            sink.diagnose("bad_record", "A record is no file of a listing.", record.number)
        elif item.get("PSIsContainer") is not True and "Length" in item:  # folders have no length
            ts = values.moment(item.get("LastWriteTimeUtc") or item.get("LastWriteTime"))
            entries.add(path, json_size(item["Length"]), ts, record.number)


def _text(source: Source, entries: Entries, sink: Sink) -> None:
    clock, folder = Clock(), ""
    for number, line in lines(source):
        if found := _FOLDER.fullmatch(line.rstrip()):
            folder = found[1].rpartition("::")[2]
        elif (found := _ENTRY.fullmatch(line)) is None:
            if _MODE.match(line):
                sink.diagnose("bad_line", "A line is no file of a listing.", number)
        elif not found[1].startswith("d") and found[4]:
            entries.add(found[5].rstrip(), int(found[4]), clock.instant(f"{found[2]} {found[3]}"), number, folder=folder)


READER: Reader = PowershellListingReader()
