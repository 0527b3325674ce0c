"""Reader of CrowdStrike Falcon: the event stream, detections and alerts of the interface, and replicated telemetry (FDR).

Of the stream the summaries of detections are read; of the telemetry processes, connections and logons, told in the words of
Windows. Source: Falcon's documentation "Streaming API Event Dictionary", "Alerts" and "Falcon Data Replicator".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, values
from wardround.readers.edr.windows_words import SECURITY, SYSMON, Telemetry, hexadecimal, read_export
from wardround.readers.json_members import mapping, mappings

if TYPE_CHECKING:
    from wardround.readers.base import Reader

Row = dict[str, Any]

_STREAM = re.compile(rb'"eventType"\s{0,8}:\s{0,8}"[A-Za-z_]{0,60}(?:Event|Audit|Update|Summary)[A-Za-z_]{0,20}"')
_VERDICTS = {"false_positive": "false_positive", "true_positive": "true_positive", "ignored": "benign"}
_STATUS = {"new": "new", "in_progress": "in_progress", "closed": "resolved", "reopened": "in_progress"}

#: Telemetry that has a counterpart among the events of Windows.
_VOLUME = re.compile(r"\\Device\\HarddiskVolume\d+(?=\\)", re.I)


class CrowdstrikeReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "crowdstrike"

    def sniff(self, head: bytes) -> str | None:
        """The metadata of the stream, the sensor's name of an event, or keys that only Falcon's resources have together."""
        text = records.head_of(head)
        if not text:
            return None
        stream = records.has_keys(text, b"metadata", b"event", b"customerIDString", b"eventCreationTime") and _STREAM.search(
            text
        )
        telemetry = records.has_keys(text, b"event_simpleName", b"aid")
        interface = records.has_keys(text, b"device", b"hostname", b"created_timestamp") and (
            b'"composite_id"' in text or b'"detection_id"' in text
        )
        splunk = records.has_keys(text, b"ExternalApiType", b"FalconHostLink")
        return self.name if stream or telemetry or interface or splunk else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole lines where records are lines; one span otherwise."""
        return records.split(source)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read detections into ``edr_alert`` and telemetry into ``windows_event`` and ``linux_event``."""
        read_export("CrowdStrike Falcon", _record, source, span, sink)


def _record(row: Row, number: int, telemetry: Telemetry, sink: Sink) -> None:
    metadata, event = mapping(row.get("metadata")), mapping(row.get("event"))
    kind = str(metadata.get("eventType") or row.get("ExternalApiType") or "").removeprefix("Event_")
    if kind:
        if kind.endswith(("DetectionSummaryEvent", "DetectSummaryEvent")):
            _summary(event or row, values.moment(metadata.get("eventCreationTime")), number, telemetry.batches, sink)
        else:
            sink.diagnose("not_read", f"Events of the kind {kind[:80]} are not read.", number)
    elif "event_simpleName" in row:
        name = str(row.get("event_simpleName"))
        tell = _EVENTS.get(name)
        if tell is None:
            sink.diagnose("not_read", f"Events of the kind {name[:80]} are not read.", number)
            return
        channel, event_id, data = tell(row)
        ts = values.first_moment(row, "ContextTimeStamp", "timestamp")
        telemetry.event(channel, event_id, ts, number, row.get("ComputerName") or row.get("aid"), data)
    elif "composite_id" in row or "detection_id" in row:
        _resource(row, number, telemetry.batches)
    else:
        sink.diagnose("bad_record", "A record is neither a detection nor telemetry.", number)


def _severity(name: object, number: object) -> str | None:
    """By name, else by the number from 1 to 100 (of old streams 1 to 5)."""
    told = values.severity(name)
    if told is not None or not isinstance(number, (int, float)):
        return told
    scaled = number * 20 if number <= 5 else number
    steps = ((80, "critical"), (60, "high"), (40, "medium"), (20, "low"))
    return next((word for least, word in steps if scaled >= least), "informational")


def _summary(event: Row, created: tuple[int | None, str], number: int, batches: Batches, sink: Sink) -> None:
    """A summary of a detection, of the sensor or of identities."""
    # a process may have run for days before it did what was detected
    ts = created if created[0] is not None else values.moment(event.get("StartTime") or event.get("ProcessStartTime"))
    if ts[0] is None:
        sink.diagnose("no_time", "A detection has no time that can be read.", number)
    flags = mapping(event.get("PatternDispositionFlags"))
    failed = values.flag(flags.get("KillActionFailed"))
    alerts.add(
        batches,
        **values.place(ts, number),
        product="crowdstrike",
        alert_id=values.text(event.get("CompositeId")) or values.text(event.get("DetectId")),
        title=values.text(event.get("DetectName")) or values.text(event.get("Name")),
        threat=values.text(event.get("IOCValue")) if event.get("IOCType") == "threat" else None,
        category=" / ".join(filter(None, (values.text(event.get(key)) for key in ("Tactic", "Technique")))),
        description=(values.text(event.get("DetectDescription")) or values.text(event.get("Description")) or "")[:300],
        severity=_severity(event.get("SeverityName"), event.get("Severity")),
        action="failed" if failed else values.action(event.get("PatternDispositionDescription")),
        techniques=values.techniques(event.get("TechniqueId"), event.get("MitreAttack")),
        host=values.text(event.get("ComputerName"))
        or values.text(event.get("Hostname"))
        or values.text(event.get("SourceEndpointHostName")),
        address=values.text(event.get("LocalIP")),
        user=values.account(None, event.get("UserName") or event.get("SourceAccountName")),
        file=values.path(event.get("FilePath"), event.get("FileName")),
        command=values.text(event.get("CommandLine")),
    )


def _resource(row: Row, number: int, batches: Batches) -> None:
    """A detection or an alert of the interface; what was seen stands in its behaviours or in itself."""
    device = mapping(row.get("device"))
    behaviours = mappings(row.get("behaviors")) or [row]
    worst = behaviours[0]
    ts = values.first_moment({**row, "timestamp": worst.get("timestamp")}, "timestamp", "first_behavior", "created_timestamp")
    told = [values.action(_disposition(item)) for item in behaviours]
    status = str(row.get("status"))
    alerts.add(
        batches,
        **values.place(ts, number),
        product="crowdstrike",
        alert_id=values.text(row.get("composite_id")) or values.text(row.get("detection_id")),
        title=next((text for key in ("display_name", "scenario", "name") if (text := values.text(worst.get(key)))), None),
        category=" / ".join(filter(None, (values.text(worst.get(key)) for key in ("tactic", "technique")))),
        description=(values.text(worst.get("description")) or "")[:300],
        severity=_severity(
            row.get("severity_name") or row.get("max_severity_displayname"), row.get("severity") or row.get("max_severity")
        ),
        action="detected" if "detected" in told else next(filter(None, told), None),
        status=_STATUS.get(status),
        verdict=_VERDICTS.get(status) or _VERDICTS.get(str(row.get("resolution"))),
        techniques=values.techniques([item.get("technique_id") for item in behaviours]),
        host=values.text(device.get("hostname")),
        address=values.text(device.get("local_ip")),
        user=next(
            (text for item in behaviours if (text := values.account(item.get("logon_domain"), item.get("user_name")))), None
        ),
        file=values.path(worst.get("filepath"), worst.get("filename")),
        command=values.text(worst.get("cmdline")),
    )


def _disposition(item: Row) -> object:
    """In words, or by the flags that are set."""
    told = item.get("pattern_disposition_description")
    flags = mapping(item.get("pattern_disposition_details"))
    return told or " ".join(name.replace("_", " ") for name, value in flags.items() if value is True)


def _image(value: object) -> str | None:
    r"""A program without the device of its volume: ``\Device\HarddiskVolume1\Windows\x`` is ``\Windows\x``."""
    return _VOLUME.sub("", value) if isinstance(value, str) else None


def _process(row: Row) -> tuple[str, int, Row]:
    return (
        SYSMON,
        1,
        {
            "Image": _image(row.get("ImageFileName")),
            "CommandLine": row.get("CommandLine"),
            "ProcessId": row.get("RawProcessId"),
            "User": values.account(None, row.get("UserName")) or row.get("UserSid"),
            "LogonId": hexadecimal(row.get("AuthenticationId")),
            "ParentImage": _image(row.get("ParentImageFileName")) or _named(row.get("ParentBaseFileName")),
            "ParentCommandLine": row.get("ParentCommandLine"),
            "Hashes": values.hashes(
                {"SHA1": row.get("SHA1HashData"), "MD5": row.get("MD5HashData"), "SHA256": row.get("SHA256HashData")}
            ),
            "OriginalFileName": row.get("OriginalFilename"),
        },
    )


def _named(name: object) -> str | None:
    r"""A program of which only the name is known, so that rules on the end of its path (``\cmd.exe``) find it."""
    if not isinstance(name, str) or not name:
        return None
    return name if name[0] in "\\/" else f"\\{name}"


def _connection(row: Row) -> tuple[str, int, Row]:
    return (
        SYSMON,
        3,
        {
            "Initiated": str(row.get("ConnectionDirection")) != "1",
            "Image": _image(row.get("ContextImageFileName")) or _named(row.get("ContextBaseFileName")),
            "SourceIp": row.get("LocalAddressIP4") or row.get("LocalAddressIP6"),
            "SourcePort": row.get("LocalPort"),
            "DestinationIp": row.get("RemoteAddressIP4") or row.get("RemoteAddressIP6"),
            "DestinationPort": row.get("RemotePort"),
            "Protocol": {"6": "tcp", "17": "udp"}.get(str(row.get("Protocol"))),
        },
    )


def _logon(row: Row) -> tuple[str, int, Row]:
    return (
        SECURITY,
        4625 if "Failed" in str(row.get("event_simpleName")) else 4624,
        {
            "TargetUserName": row.get("UserName"),
            "TargetDomainName": row.get("LogonDomain"),
            "TargetUserSid": row.get("UserSid"),
            "TargetLogonId": hexadecimal(row.get("AuthenticationId")),
            "LogonType": row.get("LogonType"),
            "IpAddress": row.get("RemoteAddressIP4") or row.get("RemoteAddressIP6") or "-",
            "WorkstationName": row.get("ClientComputerName"),
        },
    )


_EVENTS: dict[str, Callable[[Row], tuple[str, int, Row]]] = {
    "ProcessRollup2": _process,
    "SyntheticProcessRollup2": _process,
    "NetworkConnectIP4": _connection,
    "NetworkConnectIP6": _connection,
    "NetworkReceiveAcceptIP4": _connection,
    "UserLogon": _logon,
    "UserLogonFailed": _logon,
    "UserLogonFailed2": _logon,
}


READER: Reader = CrowdstrikeReader()
