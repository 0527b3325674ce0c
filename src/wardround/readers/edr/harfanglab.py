"""Reader of HarfangLab: alerts and telemetry as its manager forwards them, one JSON object each, told apart by ``log_type``.

Processes, connections, scripts, logons and the events of Windows that the agent forwards are told in the words of Windows.
Source: HarfangLab's documentation of its outputs (connectors).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, values
from wardround.readers.edr.windows_words import POWERSHELL, SECURITY, SYSMON, Telemetry, hexadecimal, read_export
from wardround.readers.json_members import mapping

if TYPE_CHECKING:
    from wardround.readers.base import Reader

Row = dict[str, Any]

_STATUS = {"new": "new", "investigating": "in_progress", "closed": "resolved"}

#: Names of event data that one forwarded event may have; more are no event.
MOST_NAMES = 200


class HarfanglabReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "harfanglab"

    def sniff(self, head: bytes) -> str | None:
        """Its kind of record, its clock and its agent."""
        text = records.head_of(head)
        known = text and records.has_keys(text, b"log_type", b"@event_create_date", b"agentid")
        return self.name if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole lines where records are lines; one span otherwise."""
        return records.split(source)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read alerts into ``edr_alert`` and telemetry into ``windows_event`` and ``linux_event``."""
        read_export("HarfangLab", _record, source, span, sink)


def _record(row: Row, number: int, telemetry: Telemetry, sink: Sink) -> None:
    kind = str(row.get("log_type"))
    agent = mapping(row.get("agent"))
    host = agent.get("hostname")
    ts = values.first_moment(row, "@event_create_date", "alert_time", "@timestamp")
    if ts[0] is None:
        sink.diagnose("no_time", "A record has no time that can be read.", number)
    if kind == "alert":
        _alert(row, agent, ts, number, telemetry.batches)
        return
    if kind == "eventlog":
        _forwarded(row, ts, number, host, telemetry, sink)
        return
    tell = _EVENTS.get(kind)
    if tell is None:
        sink.diagnose("not_read", f"Records of the kind {kind[:80]} are not read.", number)
        return
    channel, event, data = tell(row)
    telemetry.event(channel, event, ts, number, host, data)


def _alert(row: Row, agent: Row, ts: tuple[int | None, str], number: int, batches: Batches) -> None:
    process, file = mapping(row.get("process")), mapping(row.get("details_file"))
    status = str(row.get("status"))
    alerts.add(
        batches,
        **values.place(ts, number),
        product="harfanglab",
        alert_id=values.text(row.get("alert_unique_id")),
        title=values.text(row.get("rule_name")),
        threat=values.text(mapping(row.get("threat")).get("name")),
        category=values.text(row.get("alert_type")),
        description=(values.text(row.get("msg")) or "")[:300],
        severity=values.severity(row.get("level")),
        action=values.action(process.get("status_msg")),
        status=_STATUS.get(status),
        verdict="false_positive" if status == "false_positive" else None,
        techniques=values.techniques(row.get("tags"), row.get("mitre_cells")),
        host=values.text(agent.get("hostname")),
        address=values.text(agent.get("ipaddress")),
        user=values.text(process.get("username")),
        file=values.text(file.get("target_filename"))
        or values.text(row.get("image_name"))
        or values.text(process.get("image_name")),
        command=values.text(process.get("commandline")),
    )


def _forwarded(row: Row, ts: tuple[int | None, str], number: int, host: object, telemetry: Telemetry, sink: Sink) -> None:
    """An event of Windows as it was."""
    event = row.get("event_id")
    channel = values.text(row.get("log_name"))
    if not isinstance(event, int) or isinstance(event, bool) or not 0 <= event < 2**31 or channel is None:
        sink.diagnose("bad_record", "A forwarded event has no log or number.", number)
        return
    data = mapping(row.get("event_data")) or mapping(row.get("user_data"))
    kept = dict(list(data.items())[:MOST_NAMES])
    telemetry.event(
        channel,
        event,
        ts,
        number,
        row.get("computer_name") or host,
        kept,
        row.get("record_number"),
        values.text(row.get("source_name")),
    )


def _process(row: Row) -> tuple[str, int, Row]:
    pe = mapping(row.get("pe_info"))
    return (
        SYSMON,
        1,
        {
            "Image": row.get("image_name"),
            "CommandLine": row.get("commandline"),
            "CurrentDirectory": row.get("current_directory"),
            "ProcessId": row.get("pid"),
            "User": row.get("username"),
            "LogonId": hexadecimal(row.get("logonid")),
            "IntegrityLevel": row.get("integrity_level"),
            "OriginalFileName": pe.get("original_filename"),
            "Company": pe.get("company_name"),
            "Product": pe.get("product_name"),
            "Description": pe.get("file_description"),
            "FileVersion": pe.get("file_version"),
            "Hashes": _hashes(row),
            "ParentImage": row.get("parent_image"),
            "ParentCommandLine": row.get("parent_commandline"),
            "ParentProcessId": row.get("ppid"),
        },
    )


def _hashes(row: Row) -> str | None:
    told = {name.upper(): value for name, value in mapping(row.get("hashes")).items()}
    found = values.hashes(told)
    imphash = values.text(row.get("pe_imphash"))
    return ",".join(filter(None, (found, f"IMPHASH={imphash}" if imphash else None))) or None


def _connection(row: Row) -> tuple[str, int, Row]:
    return (
        SYSMON,
        3,
        {
            "Image": row.get("image_name"),
            "ProcessId": row.get("pid"),
            "User": row.get("username"),
            "Initiated": row.get("initiated") if row.get("initiated") is not None else row.get("direction") == "out",
            "SourceIp": row.get("saddr"),
            "SourcePort": row.get("sport"),
            "DestinationIp": row.get("daddr"),
            "DestinationPort": row.get("dport"),
        },
    )


def _script(row: Row) -> tuple[str, int, Row]:
    return POWERSHELL, 4104, {"ScriptBlockText": row.get("script_block"), "Path": row.get("script_path")}


def _logon(row: Row) -> tuple[str, int, Row]:
    windows = mapping(row.get("windows"))
    event = windows.get("event_id")
    number = (
        event
        if isinstance(event, int) and event in (4624, 4625, 4634, 4647, 4648, 4672)
        else 4625
        if row.get("success") is False
        else 4624
    )
    domain, _, name = (values.text(row.get("target_username")) or "").rpartition("\\")
    return (
        SECURITY,
        number,
        {
            "TargetUserName": name,
            "TargetDomainName": domain,
            "TargetUserSid": windows.get("target_sid"),
            "TargetLogonId": hexadecimal(windows.get("target_logon_id")),
            "SubjectUserName": (values.text(row.get("source_username")) or "").rpartition("\\")[2],
            "SubjectUserSid": windows.get("source_sid"),
            "SubjectLogonId": hexadecimal(windows.get("source_logon_id")),
            "LogonType": windows.get("logon_type"),
            "IpAddress": windows.get("ip_address") or row.get("source_address") or "-",
            "IpPort": windows.get("ip_port"),
            "WorkstationName": windows.get("workstation_name"),
            "AuthenticationPackageName": windows.get("authentication_package_name"),
            "LogonProcessName": windows.get("logon_process_name"),
            "ProcessName": windows.get("process_name"),
            "Status": hexadecimal(windows.get("status")) if windows.get("status") else None,
            "SubStatus": hexadecimal(windows.get("sub_status")) if windows.get("sub_status") else None,
        },
    )


_EVENTS: dict[str, Callable[[Row], tuple[str, int, Row]]] = {
    "process": _process,
    "network": _connection,
    "powershell": _script,
    "authentication": _logon,
}


READER: Reader = HarfanglabReader()
