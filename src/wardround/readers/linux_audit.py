"""Reader of the log of the Linux audit system (``/var/log/audit/audit.log``, ``ausearch --raw``) into ``linux_event``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.lines import blocks, spans

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_LINE = re.compile(rb"(?:node=\S{1,255} )?type=[A-Z][A-Z0-9_]{2,40} msg=audit\(\d{1,11}\.\d{3}:\d{1,19}\):")
_SEPARATOR = re.compile(rb"----\s*|time->.{0,80}|\s*")
_SNIFFED_LINES = 20


class LinuxAuditReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "linux_audit"

    def sniff(self, head: bytes) -> str | None:
        """Lines that begin with a type and an audit message."""
        lines = [line for line in head.split(b"\n", _SNIFFED_LINES)[:_SNIFFED_LINES] if not _SEPARATOR.fullmatch(line[:120])]
        known = sum(1 for line in lines if _LINE.match(line[:400]))
        return self.name if known and 2 * known >= len(lines) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Large logs are cut at line ends; an event that is cut loses the program of its later records."""
        return spans(source, lambda _: b"")

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span."""
        from wardround.readers.linux_records import Records

        records = Records(sink)
        with source.open() as stream:
            for block in blocks(stream, span, sink):
                for place, line in enumerate(block.data.split(b"\n")):
                    if not records.take(line, block.first_line + place) and not _SEPARATOR.fullmatch(line[:120]):
                        sink.diagnose("unknown_line", "A line is no record of the audit system.", block.first_line + place)
        records.close()


READER: Reader = LinuxAuditReader()
