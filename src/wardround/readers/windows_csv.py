"""Windows events as tables of EvtxECmd (``--csv``); tables of Event Viewer and ``Export-Csv`` are known, but hold no fields.

``record`` is the line. What a program without the fields exports (the message as one text in the language of the computer)
cannot be judged: which account, from where, stands in words. Such a file is told, with what to export instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.errors import ReaderError
from wardround.readers import delimited
from wardround.readers.base import Sink, Source, Span
from wardround.readers.delimited import Columns
from wardround.readers.windows_text import EVTXECMD, event_of_payload

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_KNOWN = {name.lower(): name for name in EVTXECMD}

#: The headers of tables without fields: Event Viewer's in English, French, German, Spanish, Italian; Export-Csv's.
_WITHOUT_FIELDS = (
    frozenset({"dateandtime", "source", "eventid", "taskcategory"}),
    frozenset({"dateetheure", "source", "categoriedelatache"}),
    frozenset({"datumunduhrzeit", "quelle", "ereignisid"}),
    frozenset({"fechayhora", "origen", "iddelevento"}),
    frozenset({"dataeora", "origine", "idevento"}),
    frozenset({"message", "id", "providername", "logname", "timecreated"}),
)

#: Rows that become one batch.
_BATCH = 10_000


def _evtxecmd(names: Columns) -> Columns | None:
    if {"payload", "eventid", "channel", "provider", "eventrecordid"} <= set(names):
        return tuple(_KNOWN.get(name, "") for name in names)
    return None


def _without_fields(names: Columns) -> Columns | None:
    return names if any(known <= set(names) for known in _WITHOUT_FIELDS) else None


class _WindowsCsv:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "windows_csv"

    def sniff(self, head: bytes) -> str | None:
        """``windows_csv`` when a header of EvtxECmd, Event Viewer or Export-Csv is among the first lines."""
        return self.name if delimited.sniffs(head, _evtxecmd) or delimited.sniffs(head, _without_fields) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: cells may hold line ends."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the rows into ``windows_event``; raises ReaderError for a table without fields."""
        from wardround.readers.windows_rows import write_events

        with source.open() as stream:
            head = stream.read(delimited.LINE_CHARACTERS)
        if not delimited.sniffs(head, _evtxecmd):
            raise ReaderError(
                "events_without_fields",
                "the table holds messages but no fields; save the log as .evtx or as XML instead (wevtutil epl)",
            )
        texts: list[bytes] = []
        numbers: list[int] = []
        for row in delimited.rows(source, _evtxecmd, sink):
            event = event_of_payload(row.values)
            if event is None:
                sink.diagnose("raw_unreadable", "The payload of an event is no JSON.", row.line)
                continue
            texts.append(json.dumps(event).encode())
            numbers.append(row.line)
            if len(texts) >= _BATCH:
                write_events(texts, numbers, sink)
                texts, numbers = [], []
        if texts:
            write_events(texts, numbers, sink)


READER: Reader = _WindowsCsv()
