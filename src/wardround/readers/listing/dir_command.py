"""Reader of ``dir /s`` of the Windows command line, in English, French and German.

Source: Microsoft's documentation of dir, and its output on Windows 10 and 11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.delimited import Clock
from wardround.readers.listing.entries import Entries, head_text, lines, whole_number

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_FOLDER = re.compile(r" (?:Directory of|R.pertoire de|Verzeichnis von) ([A-Za-z]:[\\/].{0,2000}|\\\\.{1,2000})")
_ENTRY = re.compile(
    r"(\d{1,4}[./-]\d{1,2}[./-]\d{2,4}) {1,8}(\d{1,2}:\d{2}(?: ?[AaPp]\.?[Mm]\.?)?) {1,30}"
    r"(<[A-Z]{3,9}>|\d[\d.,'\u2019\u00a0\u202f]{0,24}) {1,12}(\S.{0,1000})"
)


class DirReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "dir_listing"

    def sniff(self, head: bytes) -> str | None:
        """A line that names a folder, and one with a date, a time and a size."""
        if b"\\" not in head:
            return None
        text = head_text(head).split("\n", 200)[:200]
        folder = any(_FOLDER.fullmatch(line.rstrip()) for line in text)
        return self.name if folder and any(_ENTRY.fullmatch(line) for line in text) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: files need the folder above them."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all files into ``file_sample``."""
        entries, clock, folder = Entries(source, sink), Clock(), ""
        for number, line in lines(source):
            if found := _FOLDER.fullmatch(line.rstrip()):
                folder = found[1]
            elif (found := _ENTRY.fullmatch(line)) is None:
                if line[:1].isdigit():  # all that is not about a file or folder is indented
                    sink.diagnose("bad_line", "A line is no file of a listing.", number)
            elif not found[3].startswith("<"):
                ts = clock.instant(f"{found[1]} {found[2]}")
                entries.add(found[4], whole_number(found[3]), ts, number, folder=folder)
        entries.close()


READER: Reader = DirReader()
