"""Reader of Sophos Central: events and alerts as its interface for SIEM gives them, of which those about threats are read.

Source: Sophos Central's "SIEM integration API", events and alerts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, values
from wardround.readers.json_members import mapping

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Types that tell of threats, of the protection itself, or of what was stopped; others are updates, policies, web pages.
_THREATS = re.compile(
    r"Threat|Malware|Pua|PUA|Core(?!Restore)|Hmpa|CryptoGuard|Ransom|Exploit|Detect|Sav(?:Disabled|Clear)|Tamper|Lockdown|RealTime|C2"
)
_QUOTED = re.compile(r"'([^']{1,400})'")


class SophosCentralReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "sophos_central"

    def sniff(self, head: bytes) -> str | None:
        """The types of its events and keys that they all have."""
        text = records.head_of(head)
        known = text and b'"Event::' in text and records.has_keys(text, b"severity", b"location", b"customer_id")
        return self.name if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole lines where records are lines; one span otherwise."""
        return records.split(source)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read what tells of threats into ``edr_alert``."""
        batches = Batches(sink)
        for record in records.read(source, span, sink, ("items",)):
            kind = str(record.value.get("type"))
            if _THREATS.search(kind[:200]):
                _event(record.value, kind, record.number, batches, sink)
            else:
                sink.diagnose("not_read", f"Events of the type {kind[:80]} are not read.", record.number)
        batches.close()


def _event(event: dict[str, Any], kind: str, number: int, batches: Batches, sink: Sink) -> None:
    ts = values.first_moment(event, "when", "created_at")
    if ts[0] is None:
        sink.diagnose("no_time", "An event has no time that can be read.", number)
    told = values.text(event.get("name")) or values.text(event.get("description")) or kind
    quoted = _QUOTED.findall(told[:1000])
    threat = event.get("threat") if isinstance(event.get("threat"), str) else None
    alerts.add(
        batches,
        **values.place(ts, number),
        product="sophos",
        alert_id=values.text(event.get("event_service_event_id")) or values.text(event.get("id")),
        title=told[:300],
        threat=values.text(threat) or (quoted[0] if quoted and "at '" in told else None),
        category=values.text(event.get("group")) or kind.removeprefix("Event::Endpoint::"),
        severity=values.severity(event.get("severity")),
        action=values.action(kind.replace("::", " ").replace("CleanedUp", "cleaned"), told),
        host=values.text(event.get("location")),
        address=values.text(mapping(event.get("source_info")).get("ip")),
        user=values.text(event.get("source")) if event.get("source") != "n/a" else None,
        file=quoted[-1] if len(quoted) > 1 or (quoted and "\\" in quoted[0]) else None,
    )


READER: Reader = SophosCentralReader()
