"""Reader of Microsoft Defender's advanced hunting: results of queries as CSV or JSON, and the streaming of its tables.

Processes, files, registry, logons, connections and scripts are told in the words of Windows; alerts go to ``edr_alert``.
What an event is, is told by its ActionType, which is the same in a query's result and in the stream. Source: Microsoft Learn,
"Understand the advanced hunting schema" and "Stream advanced hunting events to Event Hubs".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

from wardround.readers import delimited
from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, values
from wardround.readers.edr.windows_words import (
    MOST_CHARACTERS,
    POWERSHELL,
    SECURITY,
    SYSMON,
    SYSTEM,
    Telemetry,
    hexadecimal,
    logon_type,
)
from wardround.readers.utf8_stream import HEAD_BYTES

if TYPE_CHECKING:
    from wardround.readers.base import Reader

Row = dict[str, Any]
#: Log, number and fields of the Windows event that says the same.
Told = tuple[str, int, Row]

_PRODUCT = "Microsoft Defender for Endpoint"


class DefenderHuntingReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "defender_hunting"

    def sniff(self, head: bytes) -> str | None:
        """The category of the stream, or columns that only these tables have together."""
        text = records.head_of(head)
        if not text:
            return self.name if delimited.sniffs(head, _layout) else None
        if b'"AdvancedHunting-' in text and records.has_keys(text, b"properties", b"category"):
            return self.name
        if b'"TimeGenerated"' not in text and b'"Timestamp"' not in text:
            return None
        device = records.has_keys(text, b"ActionType", b"DeviceName") or records.has_keys(text, b"ActionType", b"DeviceId")
        alert = records.has_keys(text, b"AlertId") and (
            records.has_keys(text, b"Title", b"Severity") or records.has_keys(text, b"EntityType", b"EvidenceRole")
        )
        return self.name if device or alert else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole lines where records are lines; one span otherwise."""
        with source.open() as stream:
            head = stream.read(HEAD_BYTES)
        if records.head_of(head):
            yield from records.split(source)
        else:
            yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read rows of any of the tables."""
        batches = Batches(sink, MOST_CHARACTERS)
        telemetry = Telemetry(batches, _PRODUCT)
        clock = delimited.Clock()
        for number, row in _rows(source, span, sink):
            _row(row, number, telemetry, clock, sink)
        batches.close()


def _rows(source: Source, span: Span, sink: Sink) -> Iterator[tuple[int, Row]]:
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    if not records.head_of(head) and not span.start:
        for line in delimited.rows(source, _layout, sink):
            yield line.line, dict(line.values)
        return
    for record in records.read(source, span, sink):
        inner = record.value.get("properties")
        yield record.number, inner if isinstance(inner, dict) else record.value


#: Columns of these tables by the plain form of their names; a CSV may have any part of them.
_COLUMN_TEXT = """
Timestamp TimeGenerated DeviceId DeviceName ActionType FileName FolderPath SHA1 SHA256 MD5 FileSize ProcessId ProcessCommandLine
ProcessIntegrityLevel ProcessVersionInfoCompanyName ProcessVersionInfoProductName ProcessVersionInfoOriginalFileName
ProcessVersionInfoFileDescription ProcessVersionInfoProductVersion AccountDomain AccountName AccountSid AccountUpn LogonId
InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessFileName InitiatingProcessFolderPath
InitiatingProcessCommandLine InitiatingProcessId InitiatingProcessParentFileName InitiatingProcessLogonId PreviousFileName
PreviousFolderPath RegistryKey RegistryValueName RegistryValueData RegistryValueType PreviousRegistryKey LogonType Protocol
FailureReason RemoteIP RemotePort RemoteUrl RemoteDeviceName LocalIP LocalPort ReportId AdditionalFields AlertId Title Category
Severity ServiceSource DetectionSource AttackTechniques EntityType EvidenceRole EvidenceDirection ThreatFamily
RequestAccountName RequestSourceIP ShareName Categories
"""
_COLUMNS = {delimited.plain(name): name for name in _COLUMN_TEXT.split()}


def _layout(names: delimited.Columns) -> delimited.Columns | None:
    """What the columns of a CSV are, None for other tables."""
    found = set(names)
    if not found & {"timestamp", "timegenerated"}:
        return None
    device = {"devicename", "actiontype"} <= found
    alert = "alertid" in found and ({"title", "severity"} <= found or {"entitytype", "evidencerole"} <= found)
    return tuple(_COLUMNS.get(name, "") for name in names) if device or alert else None


def _row(row: Row, number: int, telemetry: Telemetry, clock: delimited.Clock, sink: Sink) -> None:
    ts = values.moment(row.get("Timestamp") or row.get("TimeGenerated"), clock)
    if ts[0] is None:
        sink.diagnose("no_time", "A row has no time that can be read.", number)
    if row.get("AlertId"):
        _alert(row, number, ts, telemetry.batches)
        return
    kind = row.get("ActionType")
    if not isinstance(kind, str) or not kind:
        sink.diagnose("not_read", "Rows without an ActionType (inventories and the like) are not read.", number)
        return
    further = _further(row.get("AdditionalFields"))
    if _is_alarm(kind):
        _alarm(row, kind, further, number, ts, telemetry.batches)
        return
    tell = _EVENTS.get(kind)
    if tell is None:
        sink.diagnose("not_read", f"Events of the kind {kind[:80]} are not read.", number)
        return
    channel, event, data = tell(row, further)
    telemetry.event(channel, event, ts, number, row.get("DeviceName"), data, row.get("ReportId"))


def _further(value: object) -> Row:
    """AdditionalFields: an object, or its text."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str) and value.startswith("{"):
        try:
            found = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}
    return {}


def _alert(row: Row, number: int, ts: tuple[int | None, str], batches: Batches) -> None:
    """A row of AlertInfo, of AlertEvidence, or of both joined."""
    alerts.add(
        batches,
        **values.place(ts, number),
        product="defender_endpoint",
        alert_id=values.text(row.get("AlertId")),
        title=values.text(row.get("Title")),
        threat=values.text(row.get("ThreatFamily")),
        category=values.text(row.get("Category")) or values.text(row.get("Categories")),
        severity=values.severity(row.get("Severity")),
        techniques=values.techniques(row.get("AttackTechniques")),
        host=values.text(row.get("DeviceName")),
        address=values.text(row.get("LocalIP")),
        user=values.account(row.get("AccountDomain"), row.get("AccountName")),
        file=values.path(row.get("FolderPath"), row.get("FileName")),
        command=values.text(row.get("ProcessCommandLine")),
        remote=values.text(row.get("RemoteIP")),
    )


def _is_alarm(kind: str) -> bool:
    return kind.startswith(
        ("AntivirusDetection", "AntivirusMalware", "ExploitGuard", "ControlledFolderAccess", "TamperingAttempt")
    ) or (kind.startswith("Asr") and kind.endswith(("Blocked", "Audited")))


def _alarm(row: Row, kind: str, further: Row, number: int, ts: tuple[int | None, str], batches: Batches) -> None:
    """What the sensor itself found: the antivirus, a rule that reduces the attack surface, an attempt on the sensor."""
    action = values.action(further.get("Action"), further.get("ActionName"))
    if kind.endswith("Blocked") or (kind == "TamperingAttempt" and action is None):
        action = "prevented"
    elif kind.endswith("Audited"):
        action = "detected"
    elif (cleaned := values.flag(further.get("WasRemediated"))) is not None:
        action = "remediated" if cleaned else "failed"
    alerts.add(
        batches,
        **values.place(ts, number),
        product="defender_antivirus" if kind.startswith("Antivirus") else "defender_endpoint",
        title=kind,
        threat=values.text(further.get("ThreatName")),
        category=kind,
        action=action,
        host=values.text(row.get("DeviceName")),
        user=values.account(
            row.get("AccountDomain") or row.get("InitiatingProcessAccountDomain"),
            row.get("AccountName") or row.get("InitiatingProcessAccountName"),
        ),
        file=values.path(row.get("FolderPath"), row.get("FileName")),
        command=values.text(row.get("ProcessCommandLine")) or values.text(row.get("InitiatingProcessCommandLine")),
        remote=values.text(row.get("RemoteIP")),
    )


def _actor(row: Row) -> Row:
    """The program that did it, and its account."""
    return {
        "Image": values.path(row.get("InitiatingProcessFolderPath"), row.get("InitiatingProcessFileName")),
        "ProcessId": row.get("InitiatingProcessId"),
        "User": values.account(row.get("InitiatingProcessAccountDomain"), row.get("InitiatingProcessAccountName")),
    }


def _process(row: Row, further: Row) -> Told:
    return (
        SYSMON,
        1,
        {
            "Image": values.path(row.get("FolderPath"), row.get("FileName")),
            "CommandLine": row.get("ProcessCommandLine"),
            "CurrentDirectory": further.get("ProcessCurrentWorkingDirectory"),
            "ProcessId": row.get("ProcessId"),
            "User": values.account(row.get("AccountDomain"), row.get("AccountName")),
            "LogonId": hexadecimal(row.get("LogonId")),
            "IntegrityLevel": row.get("ProcessIntegrityLevel"),
            "OriginalFileName": row.get("ProcessVersionInfoOriginalFileName"),
            "Company": row.get("ProcessVersionInfoCompanyName"),
            "Product": row.get("ProcessVersionInfoProductName"),
            "Description": row.get("ProcessVersionInfoFileDescription"),
            "FileVersion": row.get("ProcessVersionInfoProductVersion"),
            "Hashes": values.hashes(row),
            "ParentImage": values.path(row.get("InitiatingProcessFolderPath"), row.get("InitiatingProcessFileName")),
            "ParentCommandLine": row.get("InitiatingProcessCommandLine"),
            "ParentProcessId": row.get("InitiatingProcessId"),
            "ParentUser": values.account(row.get("InitiatingProcessAccountDomain"), row.get("InitiatingProcessAccountName")),
        },
    )


def _file_written(row: Row, _: Row) -> Told:
    return SYSMON, 11, _actor(row) | {"TargetFilename": values.path(row.get("FolderPath"), row.get("FileName"))}


def _file_deleted(row: Row, _: Row) -> Told:
    target = {"TargetFilename": values.path(row.get("FolderPath"), row.get("FileName")), "Hashes": values.hashes(row)}
    return SYSMON, 26, _actor(row) | target


def _registry_value(row: Row, _: Row) -> Told:
    data, kind = values.text(row.get("RegistryValueData")) or "", values.text(row.get("RegistryValueType")) or ""
    if kind.casefold() == "dword" and data.isdigit():
        data = f"DWORD (0x{int(data[:20]):08x})"
    return (
        SYSMON,
        13,
        _actor(row)
        | {
            "EventType": "SetValue",
            "TargetObject": _registry_path(row.get("RegistryKey"), row.get("RegistryValueName")),
            "Details": data,
        },
    )


def _registry_key(row: Row, _: Row) -> Told:
    kind = str(row.get("ActionType"))
    target = _registry_path(row.get("RegistryKey") or row.get("PreviousRegistryKey"), row.get("RegistryValueName"))
    event = "CreateKey" if kind.endswith("Created") else "DeleteValue" if "Value" in kind else "DeleteKey"
    return SYSMON, 12, _actor(row) | {"EventType": event, "TargetObject": target}


def _registry_path(key: object, name: object) -> str | None:
    """As Sysmon writes it: the hive shortened, the value behind the key."""
    text = key if isinstance(key, str) else ""
    for long, short in (("HKEY_LOCAL_MACHINE", "HKLM"), ("HKEY_CURRENT_USER", "HKCU"), ("HKEY_USERS", "HKU")):
        if text.upper().startswith(long):
            text = short + text[len(long) :]
    return f"{text}\\{name}" if text and isinstance(name, str) and name else text or None


def _logon(row: Row, _: Row) -> Told:
    failed = row.get("ActionType") == "LogonFailed"
    reason = values.text(row.get("FailureReason")) or ""
    return (
        SECURITY,
        4625 if failed else 4624,
        {
            "TargetUserName": row.get("AccountName"),
            "TargetDomainName": row.get("AccountDomain"),
            "TargetUserSid": row.get("AccountSid"),
            "TargetLogonId": hexadecimal(row.get("LogonId")),
            "LogonType": logon_type(row.get("LogonType")),
            "IpAddress": row.get("RemoteIP") or "-",
            "IpPort": row.get("RemotePort"),
            "WorkstationName": row.get("RemoteDeviceName"),
            "AuthenticationPackageName": row.get("Protocol"),
            "FailureReason": reason or None,
            "Status": "0xc000006d" if failed and "invalid" in reason.casefold() else None,
        },
    )


def _connection(row: Row, _: Row) -> Told:
    outward = row.get("ActionType") != "InboundConnectionAccepted"
    near = {"Ip": row.get("LocalIP"), "Port": row.get("LocalPort"), "Hostname": row.get("DeviceName")}
    far = {"Ip": row.get("RemoteIP"), "Port": row.get("RemotePort"), "Hostname": row.get("RemoteUrl")}
    first, second = (near, far) if outward else (far, near)
    return (
        SYSMON,
        3,
        _actor(row)
        | {
            "Initiated": outward,
            "Protocol": (values.text(row.get("Protocol")) or "").lower().removesuffix("v4").removesuffix("v6") or None,
            **{f"Source{name}": value for name, value in first.items()},
            **{f"Destination{name}": value for name, value in second.items()},
        },
    )


def _loaded(row: Row, _: Row) -> Told:
    loaded = {"ImageLoaded": values.path(row.get("FolderPath"), row.get("FileName")), "Hashes": values.hashes(row)}
    return SYSMON, 6 if row.get("ActionType") == "DriverLoad" else 7, _actor(row) | loaded


def _accessed(row: Row, further: Row) -> Told:
    actor = _actor(row)
    return (
        SYSMON,
        10 if row.get("ActionType") == "OpenProcessApiCall" else 8,
        {
            "SourceImage": actor["Image"],
            "SourceProcessId": actor["ProcessId"],
            "SourceUser": actor["User"],
            "TargetImage": values.path(row.get("FolderPath"), row.get("FileName")),
            "TargetProcessId": row.get("ProcessId"),
            "GrantedAccess": hexadecimal(further.get("DesiredAccess")),
        },
    )


def _pipe(row: Row, further: Row) -> Told:
    name = values.text(further.get("PipeName")) or ""
    created = "creat" in (values.text(further.get("FileOperation")) or "").casefold()
    return SYSMON, 17 if created else 18, _actor(row) | {"PipeName": name.removeprefix("\\Device\\NamedPipe") or None}


def _script(row: Row, further: Row) -> Told:
    text = further.get("ScriptContent") or further.get("Command")
    return POWERSHELL, 4104, {"ScriptBlockText": text, "User": _actor(row)["User"]}


def _service(row: Row, further: Row) -> Told:
    return (
        SYSTEM,
        7045,
        {
            "ServiceName": further.get("ServiceName"),
            "ImagePath": values.path(row.get("FolderPath"), row.get("FileName")),
            "AccountName": further.get("ServiceAccount"),
        },
    )


def _task(row: Row, further: Row) -> Told:
    return (
        SECURITY,
        4698,
        {
            "TaskName": further.get("TaskName"),
            "TaskContent": further.get("TaskContent"),
            "SubjectUserName": row.get("AccountName") or row.get("InitiatingProcessAccountName"),
            "SubjectDomainName": row.get("AccountDomain") or row.get("InitiatingProcessAccountDomain"),
        },
    )


def _log_cleared(row: Row, _: Row) -> Told:
    return SECURITY, 1102, {"SubjectUserName": row.get("AccountName") or row.get("InitiatingProcessAccountName")}


def _account(row: Row, _: Row) -> Told:
    return (
        SECURITY,
        4720,
        {
            "TargetUserName": row.get("AccountName"),
            "TargetDomainName": row.get("AccountDomain"),
            "TargetSid": row.get("AccountSid"),
            "SubjectUserName": row.get("InitiatingProcessAccountName"),
        },
    )


#: ActionType -> the Windows event that says the same.
_EVENTS: dict[str, Callable[[Row, Row], Told]] = {
    "ProcessCreated": _process,
    "FileCreated": _file_written,
    "FileRenamed": _file_written,
    "FileDeleted": _file_deleted,
    "RegistryValueSet": _registry_value,
    "RegistryKeyCreated": _registry_key,
    "RegistryKeyDeleted": _registry_key,
    "RegistryValueDeleted": _registry_key,
    "LogonSuccess": _logon,
    "LogonFailed": _logon,
    "ConnectionSuccess": _connection,
    "ConnectionRequest": _connection,
    "InboundConnectionAccepted": _connection,
    "ImageLoaded": _loaded,
    "DriverLoad": _loaded,
    "OpenProcessApiCall": _accessed,
    "CreateRemoteThreadApiCall": _accessed,
    "NamedPipeEvent": _pipe,
    "ScriptContent": _script,
    "PowerShellCommand": _script,
    "ServiceInstalled": _service,
    "ScheduledTaskCreated": _task,
    "SecurityLogCleared": _log_cleared,
    "UserAccountCreated": _account,
}


READER: Reader = DefenderHuntingReader()
