"""Windows events in XML, as Event Viewer saves them and ``wevtutil qe``, ``Get-WinEvent`` (``ToXml``) and collectors give them.

With a root element ``Events`` or one event after the other; UTF-8 or UTF-16. Each event is cut out and parsed by itself, so
that a damaged one costs no other. ``record`` is the place of the event, from 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from wardround.readers.base import Sink, Source, Span
from wardround.readers.utf8_stream import HEAD_BYTES, Utf8Stream, encoding_of
from wardround.readers.windows_text import event_of_xml

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Longest event, in bytes: a record of a log holds at most 64 KiB, and XML writes some signs with five.
EVENT_BYTES = 1 << 20

#: So many bytes of events are made rows of at a time.
_BATCH_BYTES = 8 << 20

_CHUNK = 1 << 20
_OPEN = re.compile(rb"<Event[\s>]")
_CLOSE = b"</Event>"

#: The first event behind a declaration, a root element or comments.
_FIRST = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*|<!--[^>]{0,400}-->\s*)*(?:<Events\b[^>]{0,400}>\s*)?<Event\b[^>]{0,400}>\s*<System>"
)


class _WindowsXml:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "windows_xml"

    def sniff(self, head: bytes) -> str | None:
        """``windows_xml`` when the first element is an event, or a list of events, of Windows."""
        text = head[:HEAD_BYTES].decode(encoding_of(head) or "utf-8", "replace").lstrip("\ufeff")
        return self.name if _FIRST.match(text) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: where an event begins is known from the one before."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the events into ``windows_event``."""
        from wardround.readers.windows_rows import write_events

        texts: list[bytes] = []
        numbers: list[int] = []
        size = 0
        with source.open() as stream:
            for number, piece in enumerate(_pieces(cast("BinaryIO", Utf8Stream(stream)), sink), 1):
                event = event_of_xml(piece.decode("utf-8", "replace"))
                if event is None:
                    sink.diagnose("bad_record", "The XML of an event cannot be read.", number)
                    continue
                texts.append(json.dumps(event).encode())
                numbers.append(number)
                size += len(piece)
                if size >= _BATCH_BYTES:
                    write_events(texts, numbers, sink)
                    texts, numbers, size = [], [], 0
        if texts:
            write_events(texts, numbers, sink)


READER: Reader = _WindowsXml()


def _pieces(stream: BinaryIO, sink: Sink) -> Iterator[bytes]:
    """The text of every event; one that ends where another begins is given as it stands, to be told as damaged."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        data, at = rest + chunk, 0
        while (end := data.find(_CLOSE, at)) >= 0:
            yield from _whole(data[at : end + len(_CLOSE)])
            at = end + len(_CLOSE)
        rest = data[at:]
        if len(rest) > EVENT_BYTES:
            sink.diagnose("record_too_long", f"An event is longer than {EVENT_BYTES} bytes; it was left out.")
            rest = rest[-len(_CLOSE) :]
    if _OPEN.search(rest):
        sink.diagnose("file_truncated", "The file ends within an event; those before it were read.")


def _whole(piece: bytes) -> Iterator[bytes]:
    starts = [found.start() for found in _OPEN.finditer(piece)] or [0]
    for begin, end in zip(starts, [*starts[1:], len(piece)], strict=True):
        yield piece[begin:end]
