"""Reader of the logs of robocopy, also of runs that only list (``/L``); English and French.

Of the options only ``/NC`` and ``/NFL`` hide files; times stand there with ``/TS``, whole paths with ``/FP``.
Source: Microsoft's documentation of robocopy, and its logs on Windows Server 2016 to 2022.
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

_TITLE = re.compile(r"(?m)^ {1,10}ROBOCOPY {1,12}:: {1,12}")
_FOLDER = re.compile(r"\s{1,8}(?:[^\t\d][^\t]{0,40}?\s{1,20})?-?\d{1,12}\t((?:[A-Za-z]:|\\\\).{0,2000}\\)")
_ENTRY = re.compile(
    r"\t[ *]{0,4}([^\t]{0,24})\t{1,2} {0,20}([\d.,]{1,18}(?: [kmgt])?)\t{1,2}"
    r"(?:(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\t)?([^\t]{1,2000})"
)


class RobocopyReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "robocopy_log"

    def sniff(self, head: bytes) -> str | None:
        """Its title."""
        return self.name if _TITLE.search(head_text(head)[:4096]) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: files need the folder above them."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the files of the source into ``file_sample``; those that stand only at the destination (EXTRA) are left out."""
        entries, clock, folder = Entries(source, sink), Clock(), ""
        for number, line in lines(source):
            if found := _ENTRY.fullmatch(line):
                word = found[1].strip().casefold()
                if "extra" in word or found[4].endswith("\\"):
                    continue
                ts = clock.instant(found[3]) if found[3] else (None, "none")
                size = whole_number(found[2]) if found[2].isdigit() else None
                whole = re.match(r"[A-Za-z]:\\|\\\\", found[4]) is not None
                entries.add(found[4].rstrip(), size, ts, number, folder=None if whole else folder)
            elif found := _FOLDER.fullmatch(line):
                folder = found[1]
        entries.close()


READER: Reader = RobocopyReader()
