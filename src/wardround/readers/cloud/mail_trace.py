"""Reader of what mail servers say of messages in transit: Exchange's message tracking log, and traces of Exchange Online.

Source: Microsoft Learn, "Message tracking" (fields and events of the log), "Get-MessageTrackingLog", "Get-MessageTrace", and
the traces that the portal exports. One row per message, event and recipient. Subjects are not read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from wardround.readers import delimited
from wardround.readers.backup.jobs import output_lines
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.cloud import words
from wardround.readers.edr import values

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: A message to more people is one to a list; the rest of them are not told apart.
MOST_RECIPIENTS = 500

_NAMES = {
    "ts": "datetime timestamp received origintimestamputc dateutc datereceived",
    "sender": "senderaddress sender",
    "recipients": "recipientaddress recipients recipientstatus",
    "related": "relatedrecipientaddress",
    "event": "eventid status",
    "via": "source",
    "message_id": "messageid internetmessageid",
    "source": "originalclientip clientip fromip",
    "server": "serverhostname",
    "direction": "directionality direction",
    "bytes": "totalbytes size messagesize",
}
_COLUMNS = {name: kind for kind, names in _NAMES.items() for name in names.split()}
#: Columns that tables of other things do not have together.
_OWN = (
    frozenset(("internalmessageid", "recipientstatus", "messageid")),
    frozenset(("messagetraceid", "senderaddress", "recipientaddress")),
    frozenset(("origintimestamputc", "senderaddress", "recipientstatus")),
    frozenset(("networkmessageid", "senderaddress", "messageid")),
)
_TITLE = re.compile(rb"(?im)^#Log-type: Message Tracking Log")
#: ``recipient##status`` of the portal; several are separated by semicolons.
_RECIPIENT = re.compile(r"[^\s;,##]{1,64}@[A-Za-z0-9.-]{1,255}")


def _layout(names: delimited.Columns) -> delimited.Columns | None:
    if not any(own <= set(names) for own in _OWN):
        return None
    kinds = [_COLUMNS.get(name, "") for name in names]
    # The address has a column of its own where there is one; else it stands before the status.
    if "recipientaddress" in names or "recipients" in names:
        kinds = ["" if name == "recipientstatus" else kind for name, kind in zip(names, kinds, strict=True)]
    if "originalclientip" in names:
        kinds = ["" if name in ("clientip", "fromip") else kind for name, kind in zip(names, kinds, strict=True)]
    return tuple(kinds) if {"ts", "sender", "recipients"} <= set(kinds) else None


class MailTraceReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "mail_trace"

    def sniff(self, head: bytes) -> str | None:
        """The log's own title, or a header with what only traces of messages have."""
        return self.name if _TITLE.search(head[:2048]) or delimited.sniffs(head, _layout) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: rows need the header."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read messages into ``mail_trace``."""
        batches, clock = Batches(sink), delimited.Clock()
        with source.open() as stream:
            log = _TITLE.search(stream.read(2048)) is not None
        for line, row in (
            _log(source, sink) if log else ((row.line, row.values) for row in delimited.rows(source, _layout, sink))
        ):
            _add(batches, row, line, clock, sink)
        batches.close()


def _log(source: Source, sink: Sink) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a tracking log, whose header is a remark."""
    columns: delimited.Columns | None = None
    for number, line in output_lines(source):
        if line.startswith("#Fields:"):
            columns = _layout(tuple(delimited.plain(name) for name in line[8:].split(",")))
        if line.startswith("#") or not line.strip() or columns is None:
            continue
        try:
            cells = next(csv.reader([line]))
        except (csv.Error, StopIteration) as error:
            sink.diagnose("bad_row", f"A row could not be read: {error}.", number)
            continue
        yield number, {name: cell for name, cell in zip(columns, cells, strict=False) if name}


def _add(batches: Batches, row: Mapping[str, str], line: int, clock: delimited.Clock, sink: Sink) -> None:
    ts, zone = values.moment(row.get("ts"), clock)
    if ts is None:
        sink.diagnose("no_time", "A message has no time that can be read.", line)
    recipients = _RECIPIENT.findall(row.get("recipients", "")[: 320 * MOST_RECIPIENTS])
    for recipient in dict.fromkeys(recipients[:MOST_RECIPIENTS] or [""]):
        batches.add(
            "mail_trace",
            # Logs and traces are in UTC; only an export with another zone says so.
            ts=ts,
            ts_zone="none" if ts is None else "stated" if zone == "stated" else "utc",
            record=line,
            message_id=row.get("message_id"),
            sender=row.get("sender", "").lower(),
            recipient=recipient.lower(),
            recipients=len(recipients),
            related=(_RECIPIENT.findall(row.get("related", "")) or [""])[0].lower(),
            event=row.get("event", "").lower()[:40],
            via=row.get("via", "").lower()[:40],
            source=words.address(row.get("source")),
            server=row.get("server"),
            direction=row.get("direction", "").lower()[:20],
            bytes=whole(row.get("bytes"), 1 << 50),
        )


READER: Reader = MailTraceReader()
