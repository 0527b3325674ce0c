"""Reader of Zeek's logs, as text with a header or as JSON lines, into the tables of the same names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from wardround.readers.base import SNIFF_BYTES, Sink, Source, Span
from wardround.readers.lines import Block, blocks, line_edges, spans

if TYPE_CHECKING:
    from wardround.readers.zeek_text import Header, TextLog

TEXT, JSON = "zeek_tsv", "zeek_json"

_HEADER_LINE = re.compile(rb"#(separator|set_separator|empty_field|unset_field|path|fields)\b")

#: The beginning of a text log: its header, perhaps after a few remarks.
_TEXT_HEAD = re.compile(rb"(?:#[^\n]{0,200}\n){0,4}?" + _HEADER_LINE.pattern)

#: A line of a text log whose header was lost: a time with six decimals, then a uid.
_LOST_HEADER = re.compile(rb"\d{1,10}\.\d{6}\t[CF][0-9A-Za-z]{10,20}\t")

#: A JSON log may begin in the middle of a record; it is known by one of its first lines.
_LINES_SNIFFED = 5

#: What a span of a JSON log carries: only that it is one.
_JSON_CARRY = b"{"


def _has_zeek_record(head: bytes) -> bool:
    """Whether one of the first lines is a JSON record that one of Zeek's logs would hold."""
    import orjson

    from wardround.readers.zeek_names import is_record

    for line in head.split(b"\n", _LINES_SNIFFED)[:_LINES_SNIFFED]:
        if line.startswith(b"{"):
            with suppress(orjson.JSONDecodeError):
                if is_record(orjson.loads(line)):
                    return True
    return False


def _header_after(header: Header, piece: bytes) -> Header:
    """The header in force after a piece of a text log."""
    for part in (b"\n" + piece).split(b"\n#")[1:]:
        line = b"#" + part.partition(b"\n")[0].rstrip(b"\r")
        if _HEADER_LINE.match(line):
            header = header.fed(line)
    return header


def _read_runs(block: Block, log: TextLog) -> None:
    """Read one block of a text log: the lines between two header lines are one run."""
    import numpy as np

    begins, ends = line_edges(block.data)
    filled = np.flatnonzero(ends > begins)
    first_bytes = np.frombuffer(block.data, np.uint8)[begins[filled]]
    data_lines = filled[first_bytes != ord("#")]
    numbers = data_lines + block.first_line
    done = 0
    for index in filled[first_bytes == ord("#")]:
        line = block.data[begins[index] : ends[index]]
        if not _HEADER_LINE.match(line):
            continue
        upto = int(np.searchsorted(data_lines, index))
        if upto > done:
            run = data_lines[done:upto]
            log.read(block.data, begins[run], ends[run], numbers[done:upto])
            done = upto
        log.feed(line)
    if done < data_lines.size:
        run = data_lines[done:]
        log.read(block.data, begins[run], ends[run], numbers[done:])


class _Zeek:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "zeek"

    def sniff(self, head: bytes) -> str | None:
        """Text logs begin with a header, or with lines whose header was lost; JSON logs with a record of Zeek's keys."""
        if _TEXT_HEAD.match(head) or _LOST_HEADER.match(head):
            return TEXT
        return JSON if _has_zeek_record(head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Cut at line ends; a span carries the header in force where it starts."""
        if self._is_json(source, Span()):
            return spans(source, lambda _: _JSON_CARRY)
        from wardround.readers.zeek_text import Header

        header = Header()

        def carry(piece: bytes) -> bytes:
            nonlocal header
            header = _header_after(header, piece)
            return b"\n".join(header.lines) or b"#"

        return spans(source, carry)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span; each log goes into the table that its header or its records name."""
        with source.open() as stream:
            if self._is_json(source, span):
                from wardround.readers.zeek_json import read_json

                read_json(stream, span, sink)
            else:
                self._read_text(blocks(stream, span, sink), span, sink)

    def _is_json(self, source: Source, span: Span) -> bool:
        if span.carry:
            return span.carry == _JSON_CARRY
        with source.open() as stream:
            return self.sniff(stream.read(SNIFF_BYTES)) == JSON

    def _read_text(self, found: Iterator[Block], span: Span, sink: Sink) -> None:
        from wardround.readers.zeek_text import Header, TextLog

        log = TextLog(_header_after(Header(), span.carry), sink)
        for block in found:
            _read_runs(block, log)


READER = _Zeek()
