"""Reader of ``find -ls``, and of ``find -printf '%T@ %s %p'`` in any order of the three that begins with a number.

Source: GNU findutils, "Print File Information" and "Format Directives".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.edr import values
from wardround.readers.listing.entries import Entries, head_text, lines
from wardround.readers.listing.unix_times import MODE, TIME, moment

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_ENTRY = re.compile(
    rf" {{0,20}}\d{{1,20}} {{1,20}}\d{{1,18}} ({MODE})[.+@]? {{1,12}}\d{{1,9}} {{1,20}}\S{{1,64}} {{1,20}}\S{{1,64}} {{1,20}}"
    rf"(\d{{1,18}}) {{1,20}}{TIME} (.{{1,2000}})"
)
#: Seconds since 1970 with a fraction, and a size, in either order, then a path.
_PRINTED = re.compile(
    r"(?:(\d{9,11}\.\d{1,10})[ \t;,|](\d{1,18})|(\d{1,18})[ \t;,|](\d{9,11}\.\d{1,10}))[ \t;,|]{1,4}"
    r"((?:\.{0,2}/|[A-Za-z]:).{0,2000})"
)
_ESCAPE = re.compile(r"\\(.)")


class FindReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "find_listing"

    def sniff(self, head: bytes) -> str | None:
        """The first lines are all of one of the two forms."""
        text = [line for line in head_text(head).split("\n", 40)[:40] if line.strip() and not line.startswith("find: ")]
        text = text[:-1] if len(text) > 2 else text
        known = bool(text) and all(_ENTRY.fullmatch(line) or _PRINTED.fullmatch(line) for line in text)
        return self.name if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all regular files into ``file_sample``."""
        entries = Entries(source, sink)
        for number, line in lines(source):
            if found := _PRINTED.fullmatch(line):
                if not found[5].endswith("/"):
                    entries.add(found[5], int(found[2] or found[3]), values.moment(found[1] or found[4]), number)
            elif found := _ENTRY.fullmatch(line):
                if found[1].startswith("-"):
                    ts = moment(found[3])
                    if ts[0] is None:
                        sink.diagnose(
                            "no_year", "A time has no year (find -printf '%T@ %s %p\\n' writes it); the file has none.", number
                        )
                    entries.add(_ESCAPE.sub(r"\1", found[4]), int(found[2]), ts, number)
            elif line.strip() and not line.startswith("find: "):
                sink.diagnose("bad_line", "A line is no file of a listing.", number)
        entries.close()


READER: Reader = FindReader()
