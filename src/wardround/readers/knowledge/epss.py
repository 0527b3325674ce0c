"""Reader of EPSS, the probability that a vulnerability is exploited within 30 days (FIRST), as its daily CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.instants import iso_instant
from wardround.readers.knowledge.feed import Feed

if TYPE_CHECKING:
    from wardround.readers.base import Reader

EPSS = "epss_csv"

_HEAD = re.compile(rb"(#model_version:[^\r\n]{0,200}\r?\n)?cve,epss,percentile\s")
_ABOUT = re.compile(r"#model_version:([^,]{1,40}),score_date:(\S{8,40})")
_ROW = re.compile(r"(CVE-\d{4}-\d{4,9}),(\d(?:\.\d{1,12})?(?:e-\d{1,2})?),")
_LINE_BYTES = 4_096


class EpssReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "epss"

    def sniff(self, head: bytes) -> str | None:
        """The header, after the line about the model where there is one."""
        return EPSS if _HEAD.match(head.removeprefix(b"\xef\xbb\xbf")) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all scores."""
        feed = Feed("epss", sink)
        feed.title = "Exploit Prediction Scoring System"
        with source.open() as stream:
            number = 0
            while raw := stream.readline(_LINE_BYTES):
                number += 1
                line = raw.decode("ascii", "replace").strip("\ufeff\r\n")
                if found := _ROW.match(line):
                    feed.entries += 1
                    feed.vulnerability(number, feed.date, cve=found[1], epss=min(1.0, float(found[2])))
                elif about := _ABOUT.match(line.lstrip("\ufffd")):
                    feed.version, feed.date = about[1], iso_instant(about[2])
                elif line and not line.startswith(("cve,", "#")):
                    sink.diagnose("bad_row", "A row is not a CVE with its probability.", number)
        feed.close()


READER: Reader = EpssReader()
