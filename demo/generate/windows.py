"""What Windows hosts wrote into their event logs about the day's happenings, with the field names Windows uses."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from demo.generate import happenings as t
from demo.generate import hospital as h
from demo.generate.chance import Chance

Value = str | int | bool

SECURITY = "Security"
SYSTEM = "System"
SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
RDP_CORE = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational"
RDP_CONNECTIONS = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"
RDP_SESSIONS = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"

_NOBODY = "S-1-0-0"
_LOCAL_SYSTEM = "S-1-5-18"
_NO_GUID = "00000000-0000-0000-0000-000000000000"
_REPLICATION_RIGHTS = ("1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2")
_DOMAIN_CLASS = "19195a5b-6da0-11d0-afd3-00c04fd930c9"
_PRIVILEGES = "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeDebugPrivilege"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``wrapper`` names the element that holds the fields when they are not plain EventData."""

    at: int
    host: h.Host
    channel: str
    event_id: int
    fields: dict[str, Value]
    sid: str = ""
    wrapper: str = ""


@dataclass
class Recorder:
    """Numbers that Windows hands out as the day goes by."""

    chance: Chance = field(default_factory=lambda: Chance("windows"))
    _logons: int = 0x3A1B00
    _shares: set[tuple[str, str]] = field(default_factory=set)

    def first_use(self, session: str, share: str) -> bool:
        """Whether an SMB session uses a share for the first time."""
        known = (session, share) in self._shares
        self._shares.add((session, share))
        return not known

    def logon_id(self) -> str:
        """The identifier of a new logon session."""
        self._logons += self.chance.whole(0x40, 0x900)
        return hex(self._logons)

    def process_id(self) -> int:
        """The identifier of a new process."""
        return 4 * self.chance.whole(250, 4000)


def windows_events(day: Iterable[t.Happening]) -> list[Event]:
    """Every event of every host whose logs were collected, in order of time."""
    recorder = Recorder()
    found = []
    for happening in day:
        observe = _OBSERVERS.get(type(happening))
        if observe is not None:
            found += [event for event in observe(recorder, happening) if event.host.logs]
    return sorted(found, key=lambda event: event.at)


def _utc(at: int) -> str:
    moment = datetime.datetime.fromtimestamp(at // t.SECOND, datetime.UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{at % t.SECOND // 1000:03d}"


def _actor(user: h.Account, logon_id: str) -> dict[str, Value]:
    return {
        "SubjectUserSid": _LOCAL_SYSTEM if user.name.endswith("$") else user.sid,
        "SubjectUserName": user.name,
        "SubjectDomainName": h.NETBIOS,
        "SubjectLogonId": "0x3e7" if user.name.endswith("$") else logon_id,
    }


def _user_of_process(user: h.Account) -> str:
    return r"NT AUTHORITY\SYSTEM" if user.name.endswith("$") else rf"{h.NETBIOS}\{user.name}"


# Logons --------------------------------------------------------------------------------------------------------------


def _logon(recorder: Recorder, happening: t.Logon) -> Iterator[Event]:
    if not happening.granted:
        yield _logon_refused(recorder, happening)
        if happening.package != "Kerberos":
            yield _credentials_checked(happening)
        return
    logon_id = recorder.logon_id()
    yield _logon_granted(recorder, happening, logon_id)
    if happening.package == "NTLM":
        yield _credentials_checked(happening)
    if happening.user.administrator:
        yield _privileges(happening.at, happening.target, happening.user, logon_id)
    yield _logoff(happening, logon_id)


def _logon_granted(recorder: Recorder, happening: t.Logon, logon_id: str) -> Event:
    local = happening.source == happening.target
    by_person = happening.kind in (2, 7, 10)
    machine = h.machine_account(happening.target) if happening.target in h.HOSTS else happening.user
    subject = (
        _actor(machine, "0x3e7")
        if by_person
        else {"SubjectUserSid": _NOBODY, "SubjectUserName": "-", "SubjectDomainName": "-", "SubjectLogonId": "0x0"}
    )
    fields: dict[str, Value] = {
        **subject,
        "TargetUserSid": happening.user.sid,
        "TargetUserName": happening.user.name,
        "TargetDomainName": h.NETBIOS,
        "TargetLogonId": logon_id,
        "LogonType": happening.kind,
        "LogonProcessName": "User32 " if by_person else _logon_process(happening.package),
        "AuthenticationPackageName": "Negotiate" if by_person else happening.package,
        "WorkstationName": _workstation(happening),
        "LogonGuid": _NO_GUID,
        "TransmittedServices": "-",
        "LmPackageName": "NTLM V2" if happening.package == "NTLM" else "-",
        "KeyLength": 128 if happening.package == "NTLM" else 0,
        "ProcessId": hex(recorder.process_id()) if by_person else "0x0",
        "ProcessName": r"C:\Windows\System32\svchost.exe" if by_person else "-",
        "IpAddress": "127.0.0.1" if local else happening.source.address,
        "IpPort": "0" if local or happening.kind == 10 else str(recorder.chance.port()),
        "ImpersonationLevel": "%%1833",
        "RestrictedAdminMode": "-",
        "TargetOutboundUserName": "-",
        "TargetOutboundDomainName": "-",
        "VirtualAccount": "%%1843",
        "TargetLinkedLogonId": "0x0",
        "ElevatedToken": "%%1842" if happening.user.administrator else "%%1843",
    }
    return Event(happening.at, happening.target, SECURITY, 4624, fields)


def _logon_refused(recorder: Recorder, happening: t.Logon) -> Event:
    local = happening.source == happening.target
    fields: dict[str, Value] = {
        "SubjectUserSid": _LOCAL_SYSTEM if local else _NOBODY,
        "SubjectUserName": f"{happening.target.name}$" if local else "-",
        "SubjectDomainName": h.NETBIOS if local else "-",
        "SubjectLogonId": "0x3e7" if local else "0x0",
        "TargetUserSid": _NOBODY,
        "TargetUserName": happening.user.name,
        "TargetDomainName": h.NETBIOS,
        "Status": "0xc000006d",
        "FailureReason": "%%2313",
        "SubStatus": "0xc0000064" if happening.unknown_user else "0xc000006a",
        "LogonType": happening.kind,
        "LogonProcessName": "User32 " if local else _logon_process(happening.package),
        "AuthenticationPackageName": happening.package,
        "WorkstationName": _workstation(happening),
        "TransmittedServices": "-",
        "LmPackageName": "-",
        "KeyLength": 0,
        "ProcessId": hex(recorder.process_id()) if local else "0x0",
        "ProcessName": r"C:\Windows\System32\svchost.exe" if local else "-",
        "IpAddress": "127.0.0.1" if local else happening.source.address,
        "IpPort": "0" if local else str(recorder.chance.port()),
    }
    return Event(happening.at, happening.target, SECURITY, 4625, fields)


def _logon_process(package: str) -> str:
    return "NtLmSsp " if package == "NTLM" else package


def _workstation(happening: t.Logon) -> str:
    return "-" if happening.package == "Kerberos" else (happening.source.name or "-")


def _credentials_checked(happening: t.Logon) -> Event:
    refused = "0xc0000064" if happening.unknown_user else "0xc000006a"
    fields: dict[str, Value] = {
        "PackageName": "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0",
        "TargetUserName": happening.user.name,
        "Workstation": _workstation(happening),
        "Status": "0x0" if happening.granted else refused,
    }
    return Event(happening.at - 20_000, h.DC1, SECURITY, 4776, fields)


def _privileges(at: int, host: h.Host, user: h.Account, logon_id: str) -> Event:
    return Event(at + 1000, host, SECURITY, 4672, {**_actor(user, logon_id), "PrivilegeList": _PRIVILEGES})


def _logoff(happening: t.Logon, logon_id: str) -> Event:
    fields: dict[str, Value] = {
        "TargetUserSid": happening.user.sid,
        "TargetUserName": happening.user.name,
        "TargetDomainName": h.NETBIOS,
        "TargetLogonId": logon_id,
        "LogonType": happening.kind,
    }
    return Event(happening.at + int(happening.seconds * t.SECOND), happening.target, SECURITY, 4634, fields)


def _remote_desktop(recorder: Recorder, happening: t.RemoteDesktop) -> Iterator[Event]:
    source, target = happening.source, happening.target
    client = {"ConnType": "TCP", "ClientIP": f"{source.address}:{recorder.chance.port()}"}
    yield Event(happening.at, target, RDP_CORE, 131, dict(client), sid="S-1-5-20")
    if happening.user is None:
        return
    named = h.Host(happening.client_name, source.address)
    first = t.Logon(happening.at + t.SECOND, named, target, happening.user, 3, "NTLM", granted=happening.granted, seconds=3)
    yield from _logon(recorder, first)
    if not happening.granted:
        return
    user: dict[str, Value] = {"Param1": happening.user.name, "Param2": h.NETBIOS, "Param3": source.address}
    yield Event(happening.at + 2 * t.SECOND, target, RDP_CONNECTIONS, 1149, user, sid="S-1-5-20", wrapper="EventXML")
    session = recorder.chance.whole(2, 9)
    logon_id = recorder.logon_id()
    screen = t.Logon(happening.at + 3 * t.SECOND, source, target, happening.user, 10, seconds=happening.seconds)
    yield _logon_granted(recorder, screen, logon_id)
    if happening.user.administrator:
        yield _privileges(screen.at, target, happening.user, logon_id)
    place: dict[str, Value] = {
        "User": rf"{h.NETBIOS}\{happening.user.name}",
        "SessionID": session,
        "Address": source.address,
    }
    yield Event(happening.at + 4 * t.SECOND, target, RDP_SESSIONS, 21, place, sid=_LOCAL_SYSTEM, wrapper="EventXML")
    yield _logoff(screen, logon_id)
    end = screen.at + int(happening.seconds * t.SECOND)
    yield Event(end, target, RDP_SESSIONS, 24, place, sid=_LOCAL_SYSTEM, wrapper="EventXML")


def _reconnected(recorder: Recorder, happening: t.Reconnected) -> Iterator[Event]:
    client: dict[str, Value] = {"ConnType": "TCP", "ClientIP": f"{happening.source.address}:{recorder.chance.port()}"}
    yield Event(happening.at, happening.target, RDP_CORE, 131, client, sid="S-1-5-20")
    place: dict[str, Value] = {
        "User": rf"{h.NETBIOS}\{happening.user.name}",
        "SessionID": recorder.chance.whole(2, 9),
        "Address": happening.source.address,
    }
    yield Event(happening.at + 2 * t.SECOND, happening.target, RDP_SESSIONS, 25, place, sid=_LOCAL_SYSTEM, wrapper="EventXML")


def _ticket(recorder: Recorder, happening: t.Ticket) -> Iterator[Event]:
    common: dict[str, Value] = {"IpAddress": f"::ffff:{happening.client.address}", "IpPort": str(recorder.chance.port())}
    if happening.service == "krbtgt":
        fields: dict[str, Value] = {
            "TargetUserName": happening.user.name,
            "TargetDomainName": h.NETBIOS,
            "TargetSid": happening.user.sid,
            "ServiceName": "krbtgt",
            "ServiceSid": f"{happening.user.sid.rpartition('-')[0]}-502",
            "TicketOptions": "0x40810010",
            "Status": "0x0",
            "TicketEncryptionType": "0x12",
            "PreAuthType": "2",
            **common,
            "CertIssuerName": "",
            "CertSerialNumber": "",
            "CertThumbprint": "",
        }
        yield Event(happening.at, h.DC1, SECURITY, 4768, fields)
        return
    host = happening.service.partition("/")[2].partition(".")[0]
    fields = {
        "TargetUserName": f"{happening.user.name}@{h.DOMAIN.upper()}",
        "TargetDomainName": h.DOMAIN.upper(),
        "ServiceName": f"{host}$",
        "ServiceSid": next(h.machine_account(known).sid for known in h.HOSTS if known.name == host),
        "TicketOptions": "0x40810000",
        "TicketEncryptionType": "0x12",
        **common,
        "Status": "0x0",
        "LogonGuid": _NO_GUID,
        "TransmittedServices": "-",
    }
    yield Event(happening.at, h.DC1, SECURITY, 4769, fields)


def _vpn_session(recorder: Recorder, happening: t.VpnSession) -> Iterator[Event]:
    """The policy server on the domain controller let a user of the VPN in (RADIUS)."""
    fields: dict[str, Value] = {
        **_actor(happening.user, "0x0"),
        "FullyQualifiedSubjectUserName": rf"{h.NETBIOS}\{happening.user.name}",
        "SubjectMachineSID": _NOBODY,
        "SubjectMachineName": "-",
        "CalledStationID": h.PORTAL.address,
        "CallingStationID": happening.source.address,
        "NASIPv4Address": h.VPN1.address,
        "NASIPv6Address": "-",
        "NASIdentifier": h.VPN1.name,
        "NASPortType": "Virtual",
        "NASPort": str(recorder.chance.whole(1, 99)),
        "ClientName": h.VPN1.name,
        "ClientIPAddress": h.VPN1.address,
        "ProxyPolicyName": "VPN",
        "NetworkPolicyName": "VPN teletravail",
        "AuthenticationProvider": "Windows",
        "AuthenticationServer": h.DC1.fqdn,
        "AuthenticationType": "PAP",
        "EAPType": "-",
        "AccountSessionIdentifier": recorder.chance.hexadecimal(12),
        "QuarantineState": "Full Access",
    }
    yield Event(happening.at, h.DC1, SECURITY, 6272, fields)


# Files, programs, services -------------------------------------------------------------------------------------------


def _file_action(recorder: Recorder, happening: t.FileAction) -> Iterator[Event]:
    if not happening.audited:
        return
    writing = happening.share.endswith("$")
    share: dict[str, Value] = {
        **_actor(happening.user, "0x3c51aa"),
        "ObjectType": "File",
        "IpAddress": happening.source.address,
        "IpPort": str(49152 + sum(happening.session.encode()) % 16000),
        "ShareName": rf"\\*\{happening.share}",
        "ShareLocalPath": "" if happening.share == "IPC$" else rf"\??\D:\{happening.share.rstrip('$')}",
    }
    if recorder.first_use(happening.session, happening.share):
        connected = {**share, "AccessMask": "0x1", "AccessList": "%%4416\r\n\t\t\t\t"}
        yield Event(happening.at - 1000, happening.target, SECURITY, 5140, connected)
    fields: dict[str, Value] = {
        **share,
        "RelativeTargetName": happening.name,
        "AccessMask": "0x3" if writing else "0x1",
        "AccessList": "%%4416\r\n\t\t\t\t" + ("%%4417\r\n\t\t\t\t" if writing else ""),
        "AccessReason": "-",
    }
    yield Event(happening.at, happening.target, SECURITY, 5145, fields)


def _process(recorder: Recorder, happening: t.Process) -> Iterator[Event]:
    process, parent = recorder.process_id(), recorder.process_id()
    logon_id = recorder.logon_id()
    security: dict[str, Value] = {
        **_actor(happening.user, logon_id),
        "NewProcessId": hex(process),
        "NewProcessName": happening.image,
        "TokenElevationType": "%%1936",
        "ProcessId": hex(parent),
        "CommandLine": happening.command,
        "TargetUserSid": _NOBODY,
        "TargetUserName": "-",
        "TargetDomainName": "-",
        "TargetLogonId": "0x0",
        "ParentProcessName": happening.parent,
        "MandatoryLabel": "S-1-16-12288",
    }
    yield Event(happening.at, happening.host, SECURITY, 4688, security)
    sysmon: dict[str, Value] = {
        "RuleName": "-",
        "UtcTime": _utc(happening.at),
        "ProcessGuid": recorder.chance.guid(),
        "ProcessId": process,
        "Image": happening.image,
        "FileVersion": "-",
        "Description": "-",
        "Product": "-",
        "Company": "-",
        "OriginalFileName": happening.image.rpartition("\\")[2],
        "CommandLine": happening.command,
        "CurrentDirectory": "C:\\Windows\\System32\\",
        "User": _user_of_process(happening.user),
        "LogonGuid": _NO_GUID,
        "LogonId": logon_id,
        "TerminalSessionId": 1,
        "IntegrityLevel": "System" if happening.user.name.endswith("$") else "High",
        "ParentProcessGuid": _NO_GUID,
        "ParentProcessId": parent,
        "ParentImage": happening.parent,
        "ParentCommandLine": happening.parent,
        "ParentUser": _user_of_process(happening.user),
    }
    yield Event(happening.at + 2000, happening.host, SYSMON, 1, sysmon, sid=_LOCAL_SYSTEM)


def _service_installed(recorder: Recorder, happening: t.ServiceInstalled) -> Iterator[Event]:
    kind: dict[str, Value] = {"ServiceType": "user mode service", "StartType": "demand start", "AccountName": "LocalSystem"}
    fields: dict[str, Value] = {"ServiceName": happening.name, "ImagePath": happening.image, **kind}
    yield Event(happening.at, happening.host, SYSTEM, 7045, fields, sid=happening.user.sid)


def _service_state(recorder: Recorder, happening: t.ServiceState) -> Iterator[Event]:
    yield Event(happening.at, happening.host, SYSTEM, 7036, {"param1": happening.name, "param2": happening.state})


def _restart(recorder: Recorder, happening: t.Restart) -> Iterator[Event]:
    values = (
        r"C:\Windows\System32\RuntimeBroker.exe",
        happening.host.name,
        happening.reason,
        "0x80020010",
        "restart",
        "",
        rf"{h.NETBIOS}\{happening.user.name}",
    )
    fields: dict[str, Value] = {f"param{number}": value for number, value in enumerate(values, 1)}
    yield Event(happening.at, happening.host, SYSTEM, 1074, fields, sid=happening.user.sid)


def _registry_set(recorder: Recorder, happening: t.RegistrySet) -> Iterator[Event]:
    fields: dict[str, Value] = {
        "RuleName": "-",
        "EventType": "SetValue",
        "UtcTime": _utc(happening.at),
        "ProcessGuid": recorder.chance.guid(),
        "ProcessId": recorder.process_id(),
        "Image": happening.image,
        "TargetObject": happening.target,
        "Details": happening.details,
        "User": _user_of_process(happening.user),
    }
    yield Event(happening.at, happening.host, SYSMON, 13, fields, sid=_LOCAL_SYSTEM)


def _file_created(recorder: Recorder, happening: t.FileCreated) -> Iterator[Event]:
    fields: dict[str, Value] = {
        "RuleName": "-",
        "UtcTime": _utc(happening.at),
        "ProcessGuid": recorder.chance.guid(),
        "ProcessId": recorder.process_id(),
        "Image": happening.image,
        "TargetFilename": happening.path,
        "CreationUtcTime": _utc(happening.at),
        "User": _user_of_process(happening.user),
    }
    yield Event(happening.at, happening.host, SYSMON, 11, fields, sid=_LOCAL_SYSTEM)


def _script(recorder: Recorder, happening: t.Script) -> Iterator[Event]:
    fields: dict[str, Value] = {
        "MessageNumber": 1,
        "MessageTotal": 1,
        "ScriptBlockText": happening.text,
        "ScriptBlockId": recorder.chance.guid().lower(),
        "Path": "",
    }
    sid = _LOCAL_SYSTEM if happening.user.name.endswith("$") else happening.user.sid
    yield Event(happening.at, happening.host, POWERSHELL, 4104, fields, sid=sid)


# Protection, logs, secrets -------------------------------------------------------------------------------------------


def _defender_setting(recorder: Recorder, happening: t.DefenderSetting) -> Iterator[Event]:
    fields: dict[str, Value] = {"Product Name": "Microsoft Defender Antivirus", "Product Version": "4.18.25010.11"}
    if happening.event == 5007:
        fields |= {"Old Value": "", "New Value": happening.value}
    yield Event(happening.at, happening.host, DEFENDER, happening.event, fields, sid=_LOCAL_SYSTEM)


def _malware_seen(recorder: Recorder, happening: t.MalwareSeen) -> Iterator[Event]:
    fields: dict[str, Value] = {
        "Product Name": "Microsoft Defender Antivirus",
        "Product Version": "4.18.25010.11",
        "Detection ID": f"{{{recorder.chance.guid()}}}",
        "Detection Time": _utc(happening.at).replace(" ", "T") + "Z",
        "Threat ID": "2147700001",
        "Threat Name": happening.threat,
        "Severity ID": "4",
        "Severity Name": "High",
        "Category ID": "34",
        "Category Name": "Tool",
        "Source Name": "Real-Time Protection",
        "Process Name": r"C:\Windows\explorer.exe",
        "Detection User": _user_of_process(happening.user),
        "Path": f"file:_{happening.path}",
        "Action ID": "9",
        "Action Name": "Not Applicable",
    }
    yield Event(happening.at, happening.host, DEFENDER, 1116, fields, sid=_LOCAL_SYSTEM)


def _log_cleared(recorder: Recorder, happening: t.LogCleared) -> Iterator[Event]:
    if happening.channel == SECURITY:
        fields = _actor(happening.user, recorder.logon_id())
        yield Event(happening.at, happening.host, SECURITY, 1102, fields, wrapper="LogFileCleared")
        return
    fields = {
        "SubjectUserName": happening.user.name,
        "SubjectDomainName": h.NETBIOS,
        "Channel": happening.channel,
        "BackupPath": "",
    }
    yield Event(happening.at, happening.host, SYSTEM, 104, fields, sid=happening.user.sid, wrapper="LogFileCleared")


def _audit_policy_changed(recorder: Recorder, happening: t.AuditPolicyChanged) -> Iterator[Event]:
    fields: dict[str, Value] = {
        **_actor(happening.user, recorder.logon_id()),
        "CategoryId": "%%8273",
        "SubcategoryId": "%%12544",
        "SubcategoryGuid": "0CCE9215-69AE-11D9-BED3-505054503030",
        "AuditPolicyChanges": "%%8448, %%8450",
    }
    yield Event(happening.at, happening.host, SECURITY, 4719, fields)


def _replication(recorder: Recorder, happening: t.Replication) -> Iterator[Event]:
    rights = "".join(f"\t\t{{{right}}}\r\n" for right in _REPLICATION_RIGHTS)
    fields: dict[str, Value] = {
        **_actor(happening.user, recorder.logon_id()),
        "ObjectServer": "DS",
        "ObjectType": f"%{{{_DOMAIN_CLASS}}}",
        "ObjectName": "%{5f6c1b0e-7a2d-4d0b-8f0c-2f1f5a9d3e47}",
        "OperationType": "Object Access",
        "HandleId": "0x0",
        "AccessList": "%%7688\r\n\t\t\t\t",
        "AccessMask": "0x100",
        "Properties": f"%%7688\r\n{rights}\t{{{_DOMAIN_CLASS}}}\r\n",
        "AdditionalInfo": "-",
        "AdditionalInfo2": "",
    }
    yield Event(happening.at, happening.host, SECURITY, 4662, fields)


_OBSERVERS: dict[type[t.Happening], Callable[[Recorder, Any], Iterator[Event]]] = {
    t.Logon: _logon,
    t.RemoteDesktop: _remote_desktop,
    t.Reconnected: _reconnected,
    t.Ticket: _ticket,
    t.VpnSession: _vpn_session,
    t.FileAction: _file_action,
    t.Process: _process,
    t.ServiceInstalled: _service_installed,
    t.ServiceState: _service_state,
    t.Restart: _restart,
    t.RegistrySet: _registry_set,
    t.FileCreated: _file_created,
    t.Script: _script,
    t.DefenderSetting: _defender_setting,
    t.MalwareSeen: _malware_seen,
    t.LogCleared: _log_cleared,
    t.AuditPolicyChanged: _audit_policy_changed,
    t.Replication: _replication,
}
