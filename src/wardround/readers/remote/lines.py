"""How logs of programs for remote control are recognised and read: by the shape of their lines, in UTF-8 or UTF-16."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.delimited import encoding_of

#: A longer line is none of these logs.
LINE_CHARACTERS = 16 * 1024

_SNIFFED_LINES = 40
_HEAD_BYTES = 4096
#: Lines that say nothing: blank ones and what separates the starts of a program.
_RULE = " *-\t"


class Lines(Protocol):
    """Takes the lines of one log."""

    def take(self, line: str, number: int) -> bool:
        """Take a line, and say whether it could be read."""

    def close(self) -> None:
        """The log is at its end."""


@dataclass(slots=True)
class LinesReader:
    """See :class:`wardround.readers.base.Reader`. ``shape`` is how lines begin, ``made`` what takes them."""

    name: str
    shape: re.Pattern[str]
    made: Callable[[Batches], Lines]

    def sniff(self, head: bytes) -> str | None:
        """The name of the format when half of the first lines or more have its shape."""
        encoding = encoding_of(head)
        if b"\0" in head[:512] and not encoding.startswith("utf-16"):
            return None
        text = head[: len(head) // 2 * 2].decode(encoding, "replace").lstrip("\ufeff")
        lines = [line[:LINE_CHARACTERS] for line in text.splitlines()[:_SNIFFED_LINES] if line.strip(_RULE)]
        known = sum(1 for line in lines if self.shape.match(line))
        return self.name if known and 2 * known >= len(lines) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: what a line means depends on those before it."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Give each line to what takes it; those that cannot be read are counted and told."""
        batches = Batches(sink)
        lines, number, bad, first = self.made(batches), 0, 0, -1
        with source.open() as stream:
            encoding = encoding_of(stream.read(_HEAD_BYTES))
        with source.open() as raw, io.TextIOWrapper(raw, encoding, errors="replace") as text:
            while line := text.readline(LINE_CHARACTERS):
                number += 1
                whole = line.rstrip("\r\n").lstrip("\ufeff").replace("\0", "")
                if whole.strip(_RULE) and not lines.take(whole, number):
                    bad, first = bad + 1, first if first >= 0 else number
        lines.close()
        batches.close()
        if bad:
            sink.diagnose("bad_line", f"{bad} lines could not be read and were left out.", first)
