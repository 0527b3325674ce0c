"""Reader of ESET PROTECT: the events that its server exports in JSON, of which detections and ESET Inspect's alerts are read.

Source: ESET PROTECT's online help, "Events exported to JSON format".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.delimited import Clock
from wardround.readers.edr import alerts, values

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_SEVERITIES = {
    "information": "informational",
    "notice": "low",
    "warning": "medium",
    "error": "high",
    "critical": "high",
    "fatal": "critical",
}
_KINDS = ("Threat_Event", "EnterpriseInspectorAlert_Event", "HipsAggregated_Event")


class EsetReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "eset"

    def sniff(self, head: bytes) -> str | None:
        """Keys that every exported event has, and the name of a kind."""
        text = records.head_of(head)
        known = text and records.has_keys(text, b"event_type", b"source_uuid", b"hostname") and b'_Event"' in text
        return self.name if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole lines where records are lines; one span otherwise."""
        return records.split(source)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read detections and alerts into ``edr_alert``."""
        batches, clock = Batches(sink), Clock()
        for record in records.read(source, span, sink):
            kind = str(record.value.get("event_type"))
            if kind in _KINDS:
                _event(record.value, record.number, batches, clock, sink)
            else:
                sink.diagnose("not_read", f"Events of the kind {kind[:80]} are not read.", record.number)
        batches.close()


def _event(event: dict[str, Any], number: int, batches: Batches, clock: Clock, sink: Sink) -> None:
    ts = values.moment(event.get("occurred") or event.get("occured"), clock)
    if ts[0] is None:
        sink.diagnose("no_time", "An event has no time that can be read.", number)
    elif ts[1] == "assumed":
        ts = (ts[0], "utc")  # the help says so
    handled = values.flag(event.get("threat_handled"))
    done = values.action(event.get("action_taken") or event.get("action"))
    alerts.add(
        batches,
        **values.place(ts, number),
        product="eset",
        alert_id=values.text(event.get("eialarmid")),
        title=values.text(event.get("rulename"))
        or values.text(event.get("rule_name"))
        or values.text(event.get("threat_name")),
        threat=values.text(event.get("threat_name")),
        category=values.text(event.get("threat_type")),
        severity=_SEVERITIES.get(str(event.get("severity")).casefold()),
        action="failed"
        if handled is False and done in ("remediated", "prevented")
        else done or ("remediated" if handled else None),
        host=values.text(event.get("hostname")),
        address=values.text(event.get("ipv4")) or values.text(event.get("ipv6")),
        user=values.text(event.get("username")),
        file=(values.text(event.get("object_uri")) or "").removeprefix("file:///") or values.text(event.get("processname")),
        command=values.text(event.get("command_line")),
    )


READER: Reader = EsetReader()
