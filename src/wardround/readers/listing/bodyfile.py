"""Reader of bodyfiles, as The Sleuth Kit's ``fls -m``, ``mactime`` and many collection programs write them.

Source: The Sleuth Kit's wiki, "Body file", format 3: MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.edr import values
from wardround.readers.listing.entries import Entries, head_text, lines

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_TIME = r"(-?\d{1,19}(?:\.\d{1,12})?)"
_ENTRY = re.compile(
    rf"(?:0|[0-9a-fA-F]{{32}})\|(.{{1,3000}})\|([\d-]{{0,40}})\|([^|]{{1,24}})\|\d{{0,10}}\|\d{{0,10}}\|(\d{{1,18}})\|{_TIME}\|{_TIME}\|{_TIME}\|{_TIME}"
)


class BodyfileReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "bodyfile"

    def sniff(self, head: bytes) -> str | None:
        """The first lines are all of this form."""
        if head.count(b"|", 0, 4096) < 10:
            return None
        text = [line for line in head_text(head).split("\n", 20)[:20] if line and not line.startswith("#")]
        text = text[:-1] if len(text) > 2 else text
        return self.name if text and all(_ENTRY.fullmatch(line) for line in text) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all files into ``file_sample``; deleted ones and folders are left out."""
        entries = Entries(source, sink)
        for number, line in lines(source):
            found = _ENTRY.fullmatch(line)
            if found is None:
                if line and not line.startswith("#"):
                    sink.diagnose("bad_line", "A line is no file of a listing.", number)
                continue
            name, mode = found[1], found[3]
            if (
                "d/" in mode[:2]
                or mode[:1] == "d"
                or mode.startswith(("l", "V", "v"))
                or "(deleted" in name
                or " ($FILE_NAME)" in name
            ):
                continue
            changed = values.moment(found[7])[0]
            entries.add(name, int(found[4]), values.moment(found[6]), number, changed=changed)
        entries.close()


READER: Reader = BodyfileReader()
