"""Reader of ``rclone lsjson -R`` and ``rclone lsl``: what stands in a bucket or on a remote share.

Source: rclone's documentation of lsjson and lsl.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers import json_exports
from wardround.readers.base import Sink, Source, Span
from wardround.readers.edr import values
from wardround.readers.listing.entries import Entries, head_text, json_size, lines

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_ENTRY = re.compile(r" {0,12}(\d{1,18}) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}) (\S.{0,2000})")


class RcloneReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "rclone_listing"

    def sniff(self, head: bytes) -> str | None:
        """The keys of one item, or lines of a size, a time with nine digits behind the second, and a path."""
        text = json_exports.head_of(head)
        if text:
            return self.name if json_exports.has_keys(text, b"Path", b"Size", b"ModTime", b"IsDir") else None
        first = [line for line in head_text(head).split("\n", 20)[:20] if line.strip()]
        first = first[:-1] if len(first) > 2 else first
        return self.name if first and all(_ENTRY.fullmatch(line) for line in first) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all files into ``file_sample``."""
        entries = Entries(source, sink)
        if json_exports.is_document(source):
            for record in json_exports.read(source, Span(), sink):
                item = record.value
                if not isinstance(item.get("Path"), str):
                    sink.diagnose("bad_record", "A record is no file of a listing.", record.number)
                elif not item.get("IsDir"):
                    entries.add(item["Path"], json_size(item.get("Size")), values.moment(item.get("ModTime")), record.number)
        else:
            for number, line in lines(source):
                if found := _ENTRY.fullmatch(line):
                    entries.add(found[3], int(found[1]), values.moment(found[2]), number)
                elif line.strip():
                    sink.diagnose("bad_line", "A line is no file of a listing.", number)
        entries.close()


READER: Reader = RcloneReader()
