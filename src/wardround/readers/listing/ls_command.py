"""Reader of ``ls -lR``, with the long times of ``--time-style=full-iso`` or the short ones, which may lack the year.

Source: POSIX.1-2017, ls; GNU coreutils, "Formatting file timestamps".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.listing.entries import Entries, head_text, lines
from wardround.readers.listing.unix_times import MODE, TIME, moment

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_ENTRY = re.compile(
    rf"({MODE})[.+@]? {{1,12}}\d{{1,9}} {{1,20}}\S{{1,64}} {{1,20}}(?:\S{{1,64}} {{1,20}})?"
    rf"(\d{{1,18}}) {{1,20}}{TIME} (.{{1,1000}})"
)
_FOLDER = re.compile(r"(\S.{0,2000}):")
_TOTAL = re.compile(r"total \d{1,18}(?:[.,]\d)?[KMGT]?")


class LsReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "ls_listing"

    def sniff(self, head: bytes) -> str | None:
        """A line that counts blocks, and one with a mode, a size and a time."""
        if b"total " not in head[:8192]:
            return None
        text = head_text(head).split("\n", 200)[:200]
        total = any(_TOTAL.fullmatch(line) for line in text)
        return self.name if total and any(_ENTRY.fullmatch(line) for line in text) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: files need the folder above them."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all regular files into ``file_sample``."""
        entries, folder = Entries(source, sink), ""
        for number, line in lines(source):
            if found := _ENTRY.fullmatch(line):
                if found[1].startswith("-"):
                    ts = moment(found[3])
                    if ts[0] is None:
                        sink.diagnose(
                            "no_year", "A time has no year (ls --time-style=full-iso writes it); the file has none.", number
                        )
                    entries.add(found[4], int(found[2]), ts, number, folder=folder)
            elif (found := _FOLDER.fullmatch(line)) is not None:
                folder = found[1]
            elif line.strip() and not _TOTAL.fullmatch(line) and not line.startswith("ls: "):
                sink.diagnose("bad_line", "A line is no file of a listing.", number)
        entries.close()


READER: Reader = LsReader()
