"""Reader of threats of SentinelOne as its interface gives them, in the nested form and in the flat one of older versions.

SentinelOne has no severity: how sure it is (malicious, suspicious) stands for it. Source: SentinelOne's interface, version 2.1,
"Get Threats", and version 2.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, values
from wardround.readers.json_members import mapping, mappings

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_CONFIDENCE = {"malicious": "high", "suspicious": "medium"}
_VERDICTS = {"false_positive": "false_positive", "true_positive": "true_positive", "suspicious": None}
_STATUS = {"unresolved": "new", "in_progress": "in_progress", "resolved": "resolved"}


class SentineloneReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "sentinelone"

    def sniff(self, head: bytes) -> str | None:
        """Keys that only its threats have together."""
        text = records.head_of(head)
        if not text:
            return None
        nested = records.has_keys(text, b"threatInfo", b"agentRealtimeInfo")
        flat = records.has_keys(text, b"agentComputerName", b"threatName", b"mitigationStatus", b"classification")
        return self.name if nested or flat else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole lines where records are lines; one span otherwise."""
        return records.split(source)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read threats into ``edr_alert``."""
        batches = Batches(sink)
        for record in records.read(source, span, sink, ("data",)):
            _threat(record.value, record.number, batches, sink)
        batches.close()


def _threat(item: dict[str, Any], number: int, batches: Batches, sink: Sink) -> None:
    """A threat; of the nested form what was found, where it is now and where it was then lie apart."""
    threat = mapping(item.get("threatInfo")) or item
    now, then = mapping(item.get("agentRealtimeInfo")), mapping(item.get("agentDetectionInfo"))
    if not threat.get("threatName") and not threat.get("classification"):
        sink.diagnose("bad_record", "A record is no threat.", number)
        return
    ts = values.first_moment(threat, "identifiedAt", "createdAt", "createdDate")
    if ts[0] is None:
        sink.diagnose("no_time", "A threat has no time that can be read.", number)
    indicators = mappings(item.get("indicators"))
    tactics = [tactic for indicator in indicators for tactic in mappings(indicator.get("tactics"))]
    named = [technique.get("name") for tactic in tactics for technique in mappings(tactic.get("techniques"))]
    alerts.add(
        batches,
        **values.place(ts, number),
        product="sentinelone",
        alert_id=values.text(threat.get("threatId")) or values.text(item.get("id")),
        title=values.text(threat.get("threatName")),
        category=values.text(threat.get("classification")),
        description="; ".join(filter(None, (values.text(one.get("description")) for one in indicators)))[:300],
        severity=_CONFIDENCE.get(str(threat.get("confidenceLevel")).casefold()),
        action=_action(threat),
        status=_STATUS.get(str(threat.get("incidentStatus"))),
        verdict=_VERDICTS.get(str(threat.get("analystVerdict"))),
        techniques=values.techniques(named),
        host=values.text(now.get("agentComputerName")) or values.text(item.get("agentComputerName")),
        address=values.text(then.get("agentIpV4")) or values.text(item.get("agentIp")),
        user=values.account(None, threat.get("processUser") or then.get("agentLastLoggedInUserName") or threat.get("username")),
        file=values.text(threat.get("filePath")) or values.text(threat.get("fileDisplayName")),
        command=values.text(threat.get("maliciousProcessArguments")),
    )


def _action(threat: dict[str, Any]) -> str | None:
    if values.flag(threat.get("failedActions")):
        return "failed"
    told = str(threat.get("mitigationStatus") or "").casefold()
    if told in ("mitigated", "blocked") and values.flag(threat.get("mitigatedPreemptively")):
        return "prevented"
    if told in ("marked_as_benign",):
        return "allowed"
    return values.action(told) if told else None


READER: Reader = SentineloneReader()
