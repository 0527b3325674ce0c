"""A reader made of how a log begins and what to do with each of its lines: for logs of thousands of lines, not of millions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.lines import blocks
from wardround.readers.utf8_stream import encoding_of

#: A longer line is none of these logs.
_LINE_CHARACTERS = 16 * 1024

#: Takes a line and its number, and says whether it could be read.
TakeLine = Callable[[str, int], bool]


@dataclass(slots=True)
class PlainLines:
    """See :class:`wardround.readers.base.Reader`. ``begins`` knows the head of a log, ``taker`` gives what takes its lines."""

    name: str
    begins: Callable[[bytes], bool]
    taker: Callable[[Batches], TakeLine]

    def sniff(self, head: bytes) -> str | None:
        """The name of the format when the log begins as it should."""
        known = encoding_of(head) is None and b"\0" not in head[:512] and self.begins(head.removeprefix(b"\xef\xbb\xbf"))
        return self.name if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: what a line means may depend on those before it."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Give each line to the taker; those that it cannot read are counted and told."""
        batches = Batches(sink)
        take, bad, first = self.taker(batches), 0, -1
        with source.open() as stream:
            for block in blocks(stream, span, sink):
                for number, line in enumerate(block.data.decode("utf-8", "replace").split("\n"), block.first_line):
                    text = line.rstrip("\r").removeprefix("\ufeff")
                    if text.strip() and not (len(text) <= _LINE_CHARACTERS and take(text, number)):
                        bad, first = bad + 1, first if first >= 0 else number
        batches.close()
        if bad:
            sink.diagnose("bad_line", f"{bad} lines could not be read and were left out.", first)
