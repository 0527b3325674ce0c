"""The names behind Sigma's log sources: Windows channels and event numbers, and fields that are called differently.

Facts from Sigma's taxonomy appendix 2.1.0, Sysmon's event manifest and Microsoft's reference of audit events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Columns = Mapping[str, tuple[str, ...]]

SYSMON_CHANNEL = "Microsoft-Windows-Sysmon/Operational"
SYSMON_PROVIDER = "Microsoft-Windows-Sysmon"
SECURITY_CHANNEL = "Security"
DEFENDER_CHANNEL = "Microsoft-Windows-Windows Defender/Operational"
_POWERSHELL = ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")
_POWERSHELL_CLASSIC = ("Windows PowerShell",)

#: Fields that rules may use for one of the hashes in Sysmon's Hashes, and the name that the hash has there.
HASH_FIELDS = {"imphash": "IMPHASH", "md5": "MD5", "sha1": "SHA1", "sha256": "SHA256"}

#: Service -> channels.
WINDOWS_SERVICES: dict[str, tuple[str, ...]] = {
    "application": ("Application",),
    "application-experience": (
        "Microsoft-Windows-Application-Experience/Program-Telemetry",
        "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant",
    ),
    "applocker": (
        "Microsoft-Windows-AppLocker/MSI and Script",
        "Microsoft-Windows-AppLocker/EXE and DLL",
        "Microsoft-Windows-AppLocker/Packaged app-Deployment",
        "Microsoft-Windows-AppLocker/Packaged app-Execution",
    ),
    "appmodel-runtime": ("Microsoft-Windows-AppModel-Runtime/Admin",),
    "appxdeployment-server": ("Microsoft-Windows-AppXDeploymentServer/Operational",),
    "appxpackaging-om": ("Microsoft-Windows-AppxPackaging/Operational",),
    "bitlocker": ("Microsoft-Windows-BitLocker/BitLocker Management",),
    "bits-client": ("Microsoft-Windows-Bits-Client/Operational",),
    "capi2": ("Microsoft-Windows-CAPI2/Operational",),
    "certificateservicesclient-lifecycle-system": ("Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",),
    "codeintegrity-operational": ("Microsoft-Windows-CodeIntegrity/Operational",),
    "dhcp": ("Microsoft-Windows-DHCP-Server/Operational",),
    "diagnosis-scripted": ("Microsoft-Windows-Diagnosis-Scripted/Operational",),
    "dns-client": ("Microsoft-Windows-DNS Client Events/Operational", "Microsoft-Windows-DNS-Client/Operational"),
    "dns-server": ("DNS Server",),
    "dns-server-analytic": ("Microsoft-Windows-DNS-Server/Analytical",),
    "dns-server-audit": ("Microsoft-Windows-DNS-Server/Audit", "Microsoft-Windows-DNSServer/Audit"),
    "driver-framework": ("Microsoft-Windows-DriverFrameworks-UserMode/Operational",),
    "eventlog": ("System",),
    "file-history": ("Microsoft-Windows-FileHistory-Engine/BackupLog",),
    "firewall-as": ("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",),
    "hyper-v-worker": ("Microsoft-Windows-Hyper-V-Worker", "Microsoft-Windows-Hyper-V-Worker-Admin"),
    "iis-configuration": ("Microsoft-IIS-Configuration/Operational",),
    "kernel-event-tracing": ("Microsoft-Windows-Kernel-EventTracing", "Microsoft-Windows-Kernel-EventTracing/Admin"),
    "kernel-shimengine": (
        "Microsoft-Windows-Kernel-ShimEngine/Operational",
        "Microsoft-Windows-Kernel-ShimEngine/Diagnostic",
    ),
    "ldap": ("Microsoft-Windows-LDAP-Client/Debug",),
    "lsa-server": ("Microsoft-Windows-LSA/Operational",),
    "microsoft-servicebus-client": ("Microsoft-ServiceBus-Client", "Microsoft-ServiceBus-Client/Operational"),
    "msexchange-management": ("MSExchange Management",),
    "ntfs": ("Microsoft-Windows-Ntfs/Operational",),
    "ntlm": ("Microsoft-Windows-NTLM/Operational",),
    "openssh": ("OpenSSH/Operational",),
    "powershell": _POWERSHELL,
    "powershell-classic": _POWERSHELL_CLASSIC,
    "printservice-admin": ("Microsoft-Windows-PrintService/Admin",),
    "printservice-operational": ("Microsoft-Windows-PrintService/Operational",),
    "security": (SECURITY_CHANNEL,),
    "security-mitigations": (
        "Microsoft-Windows-Security-Mitigations/Kernel Mode",
        "Microsoft-Windows-Security-Mitigations/User Mode",
        # Written so by older builds of Windows.
        "Microsoft-Windows-Security-Mitigations/KernelMode",
        "Microsoft-Windows-Security-Mitigations/UserMode",
    ),
    "sense": ("Microsoft-Windows-SENSE/Operational",),
    "servicebus-client": ("Microsoft-ServiceBus-Client/Operational", "Microsoft-ServiceBus-Client/Admin"),
    "shell-core": ("Microsoft-Windows-Shell-Core/Operational",),
    "smbclient-connectivity": ("Microsoft-Windows-SmbClient/Connectivity",),
    "smbclient-security": ("Microsoft-Windows-SmbClient/Security",),
    "smbserver-connectivity": ("Microsoft-Windows-SMBServer/Connectivity",),
    "sysmon": (SYSMON_CHANNEL,),
    "system": ("System",),
    "taskscheduler": ("Microsoft-Windows-TaskScheduler/Operational",),
    "terminalservices-localsessionmanager": ("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",),
    "terminalservices-remoteconnectionmanager": ("Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",),
    "vhdmp": ("Microsoft-Windows-VHDMP/Operational", "Microsoft-Windows-VHDMP-Operational"),
    "windefend": (DEFENDER_CHANNEL,),
    "wmi": ("Microsoft-Windows-WMI-Activity/Operational",),
}

#: Microsoft Defender names its fields with spaces, which rules leave out or replace.
_DEFENDER_COLUMNS: dict[str, tuple[str, ...]] = {
    "ThreatName": ("Threat Name", "ThreatName"),
    "ProcessName": ("Process Name", "ProcessName"),
    "NewValue": ("New Value", "NewValue"),
    "OldValue": ("Old Value", "OldValue"),
    "SourceName": ("Source Name", "SourceName"),
    "Feature_Name": ("Feature Name", "Feature_Name"),
    "CategoryName": ("Category Name", "CategoryName"),
    "SeverityName": ("Severity Name", "SeverityName"),
    "ActionName": ("Action Name", "ActionName"),
    "DetectionUser": ("Detection User", "DetectionUser"),
}

#: Service -> fields whose column has another name.
SERVICE_COLUMNS: dict[str, Columns] = {"windefend": _DEFENDER_COLUMNS}

#: Category -> Sysmon's event numbers.
SYSMON_EVENT_IDS: dict[str, tuple[int, ...]] = {
    "process_creation": (1,),
    "file_change": (2,),
    "network_connection": (3,),
    "sysmon_status": (4, 16),
    "process_termination": (5,),
    "driver_load": (6,),
    "image_load": (7,),
    "create_remote_thread": (8,),
    "raw_access_thread": (9,),
    "process_access": (10,),
    "file_event": (11,),
    "registry_event": (12, 13, 14),
    "registry_add": (12,),
    "registry_delete": (12,),
    "registry_set": (13,),
    "registry_rename": (14,),
    "create_stream_hash": (15,),
    "pipe_created": (17, 18),
    "wmi_event": (19, 20, 21),
    "dns_query": (22,),
    "file_delete": (23, 26),
    "clipboard_capture": (24,),
    "process_tampering": (25,),
    "file_delete_detected": (26,),
    "file_block_executable": (27,),
    "file_block_shredding": (28,),
    "file_executable_detected": (29,),
    "sysmon_error": (255,),
}


@dataclass(frozen=True, slots=True)
class WindowsEvents:
    """Events of Windows itself that say the same as a category: ``where`` is (column, accepted values) pairs."""

    channels: tuple[str, ...]
    event_ids: tuple[int, ...]
    columns: Columns = field(default_factory=dict)
    values: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()


_INTEGRITY_LEVELS = {
    "low": ("S-1-16-4096",),
    "medium": ("S-1-16-8192",),
    "high": ("S-1-16-12288",),
    "system": ("S-1-16-16384",),
}

_PROCESS_CREATED = WindowsEvents(
    (SECURITY_CHANNEL,),
    (4688,),
    {
        "Image": ("NewProcessName",),
        "ParentImage": ("ParentProcessName",),
        "ProcessId": ("NewProcessId",),
        "ParentProcessId": ("ProcessId",),
        "User": ("SubjectUserName",),
        "LogonId": ("SubjectLogonId",),
        "IntegrityLevel": ("MandatoryLabel",),
    },
    {"IntegrityLevel": _INTEGRITY_LEVELS},
)

_PROCESS_ENDED = WindowsEvents(
    (SECURITY_CHANNEL,), (4689,), {"Image": ("ProcessName",), "User": ("SubjectUserName",), "LogonId": ("SubjectLogonId",)}
)

_CONNECTION_PERMITTED = WindowsEvents(
    (SECURITY_CHANNEL,),
    (5156,),
    {
        "Image": ("Application",),
        "ProcessId": ("ProcessID",),
        "SourceIp": ("SourceAddress",),
        "DestinationIp": ("DestAddress",),
        "DestinationPort": ("DestPort",),
        "Initiated": ("Direction",),
    },
    # %%14593 is outbound, %%14592 inbound; some exports keep the rendered word.
    {
        "Initiated": {"true": ("%%14593", "Outbound"), "false": ("%%14592", "Inbound")},
        "Protocol": {"tcp": ("6",), "udp": ("17",)},
    },
)

_REGISTRY_COLUMNS = {
    "TargetObject": ("ObjectName",),
    "Details": ("NewValue",),
    "Image": ("ProcessName",),
    "User": ("SubjectUserName",),
    "EventType": ("OperationType",),
}
# %%1904 is a new value, %%1905 a changed one, %%1906 a deleted one.
_REGISTRY_VALUES = {"EventType": {"setvalue": ("%%1904", "%%1905"), "deletevalue": ("%%1906",)}}


def _registry(*operations: str) -> WindowsEvents:
    where = (("OperationType", operations),) if operations else ()
    return WindowsEvents((SECURITY_CHANNEL,), (4657,), _REGISTRY_COLUMNS, _REGISTRY_VALUES, where)


_FILE_ACCESSED = WindowsEvents(
    (SECURITY_CHANNEL,),
    (4663,),
    {"FileName": ("ObjectName",), "Image": ("ProcessName",), "User": ("SubjectUserName",)},
    where=(("ObjectType", ("File",)),),
)

_DNS_CLIENT = WindowsEvents(WINDOWS_SERVICES["dns-client"], (3008,), {"QueryStatus": ("QueryStatus", "Status")})

#: Category -> the events of Windows itself.
WINDOWS_CATEGORIES: dict[str, tuple[WindowsEvents, ...]] = {
    "process_creation": (_PROCESS_CREATED,),
    "process_termination": (_PROCESS_ENDED,),
    "network_connection": (_CONNECTION_PERMITTED,),
    "registry_event": (_registry(),),
    "registry_set": (_registry("%%1904", "%%1905"),),
    "registry_delete": (_registry("%%1906"),),
    "file_access": (_FILE_ACCESSED,),
    "dns_query": (_DNS_CLIENT,),
    "ps_module": (WindowsEvents(_POWERSHELL, (4103,)),),
    "ps_script": (WindowsEvents(_POWERSHELL, (4104,)),),
    "ps_classic_start": (WindowsEvents(_POWERSHELL_CLASSIC, (400,)),),
    "ps_classic_provider_start": (WindowsEvents(_POWERSHELL_CLASSIC, (600,)),),
    "ps_classic_script": (WindowsEvents(_POWERSHELL_CLASSIC, (800,)),),
}

#: Microsoft Defender found or acted on malware.
DEFENDER_DETECTIONS = (1006, 1007, 1008, 1015, 1116, 1117, 1118, 1119)
ANTIVIRUS_COLUMNS: Columns = {
    **_DEFENDER_COLUMNS,
    "Signature": ("Threat Name", "ThreatName"),
    "Filename": ("Path",),
    "Action": ("Action Name", "ActionName"),
}

ALERT_TABLE = "edr_alert"
ALERT_COLUMNS: Columns = {
    "Signature": ("threat", "title"),
    "Filename": ("file",),
    "ProcessName": ("file",),
    "Action": ("action",),
    "ComputerName": ("host",),
    "User": ("user",),
}

_ENDPOINTS: dict[str, tuple[str, ...]] = {
    "src_ip": ("id.orig_h",),
    "src_port": ("id.orig_p",),
    "dst_ip": ("id.resp_h",),
    "dst_port": ("id.resp_p",),
}

_ELASTIC_ENDPOINTS: dict[str, tuple[str, ...]] = {
    "source.ip": ("id.orig_h",),
    "source.port": ("id.orig_p",),
    "destination.ip": ("id.resp_h",),
    "destination.port": ("id.resp_p",),
    "network.community_id": ("community_id",),
}

#: The field names of the W3C extended log format, as seen from a proxy and from a web server.
_HTTP_COLUMNS: dict[str, tuple[str, ...]] = {
    **_ENDPOINTS,
    "c-ip": ("id.orig_h",),
    "s-ip": ("id.resp_h",),
    "s-port": ("id.resp_p",),
    "c-uri": ("uri", "host"),
    "cs-uri": ("uri", "host"),
    "c-uri-query": ("uri",),
    "c-uri-stem": ("uri",),
    "cs-uri-query": ("uri",),
    "cs-uri-stem": ("uri",),
    "c-useragent": ("user_agent",),
    "cs-user-agent": ("user_agent",),
    "cs-host": ("host",),
    "r-dns": ("host",),
    "cs-method": ("method",),
    "cs-referer": ("referrer",),
    "cs-referrer": ("referrer",),
    "cs-username": ("username",),
    "cs-version": ("version",),
    "sc-status": ("status_code",),
    "cs-bytes": ("request_body_len",),
    "sc-bytes": ("response_body_len",),
}

_DNS_COLUMNS: dict[str, tuple[str, ...]] = {
    **_ENDPOINTS,
    "QueryName": ("query",),
    "record_type": ("qtype_name",),
    "answer": ("answers",),
    "QueryResults": ("answers",),
}

LINUX_TABLE = "linux_event"

#: Category -> kind of a row of ``linux_event``.
LINUX_KINDS = {"process_creation": "process", "file_event": "file", "network_connection": "network"}

#: Category that any product may fill -> tables and where its fields are.
NETWORK_CATEGORIES: dict[str | None, tuple[tuple[str, Columns], ...]] = {
    "dns": (("dns", _DNS_COLUMNS),),
    "proxy": (("http", _HTTP_COLUMNS),),
    "webserver": (("http", _HTTP_COLUMNS),),
    "firewall": (("firewall_event", {}), ("conn", _ENDPOINTS)),
}

#: Service of the category network (or alone) -> table and where its fields are (Elastic Common Schema names).
NETWORK_SERVICES: dict[str | None, tuple[str, Columns]] = {
    "connection": (
        "conn",
        {
            **_ELASTIC_ENDPOINTS,
            "event.duration": ("duration",),
            "network.transport": ("proto",),
            "network.protocol": ("service",),
            "source.packets": ("orig_pkts",),
            "destination.packets": ("resp_pkts",),
            "source.bytes": ("orig_bytes",),
            "destination.bytes": ("resp_bytes",),
            "network.state": ("conn_state",),
            "network.history": ("history",),
        },
    ),
    "netflow": ("conn", _ELASTIC_ENDPOINTS),
    "dns": (
        "dns",
        {
            **_ELASTIC_ENDPOINTS,
            "dns.id": ("trans_id",),
            "dns.question.name": ("query",),
            "dns.question.type": ("qtype_name",),
            "dns.question.class": ("qclass_name",),
            "dns.answers.data": ("answers",),
            "dns.answers.ttl": ("TTLs",),
            "dns.response.code": ("rcode_name",),
        },
    ),
}

#: Zeek's log -> fields that rules call differently than Zeek does.
ZEEK_COLUMNS: dict[str, Columns] = {"http": _HTTP_COLUMNS, "dns": _DNS_COLUMNS}
