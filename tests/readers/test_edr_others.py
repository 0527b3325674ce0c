"""Exports of CrowdStrike, SentinelOne and HarfangLab, and tables of alerts: shapes as documented, invented content, damage."""

# Lines of evidence are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import damaged

from wardround.errors import ReaderError
from wardround.readers import identify
from wardround.readers.edr import alert_table, crowdstrike, eset, harfanglab, sentinelone, sophos_central

SUMMARY: dict[str, Any] = {
    "metadata": {"customerIDString": "c", "offset": 1, "eventType": "EppDetectionSummaryEvent", "eventCreationTime": 1772438400000, "version": "1.0"},
    "event": {"ProcessStartTime": 1772438100, "Hostname": "ws7", "UserName": "anna", "Name": "Ransomware", "Description": "d", "Severity": 90, "SeverityName": "Critical",
              "FileName": "x.exe", "FilePath": "\\Device\\HarddiskVolume2\\Temp\\x.exe", "CommandLine": "x.exe -all", "CompositeId": "c:ind:1", "LocalIP": "10.1.1.7",
              "Tactic": "Impact", "Technique": "Data Encrypted for Impact", "PatternDispositionDescription": "Detection, standard detection.",
              "PatternDispositionFlags": {"KillActionFailed": False}},
}  # fmt: skip
OLD: dict[str, Any] = {
    "metadata": {"customerIDString": "c", "offset": 2, "eventType": "DetectionSummaryEvent", "eventCreationTime": 1772438400000},
    "event": {"ComputerName": "srv1", "DetectName": "NGAV", "Severity": 2, "Tactic": "Malware", "Technique": "PUP", "PatternDispositionDescription": "Prevention, process was blocked from execution."},
}  # fmt: skip
AUDIT: dict[str, Any] = {
    "metadata": {
        "customerIDString": "c",
        "offset": 3,
        "eventType": "AuthActivityAuditEvent",
        "eventCreationTime": 1772438400000,
    },
    "event": {},
}
ALERTS: dict[str, Any] = {
    "meta": {"query_time": 0.1},
    "resources": [
        {"composite_id": "c:ind:9", "created_timestamp": "2026-03-02T08:00:00Z", "display_name": "CredentialTheft", "severity": 70, "severity_name": "High", "tactic": "Credential Access",
         "technique": "OS Credential Dumping", "technique_id": "T1003", "device": {"hostname": "srv1", "local_ip": "10.1.0.5"}, "user_name": "adm", "filepath": "C:\\m.exe", "filename": "m.exe",
         "cmdline": "m.exe", "pattern_disposition_details": {"kill_process": True, "quarantine_file": False}, "status": "false_positive"},
        {"detection_id": "ldt:1", "created_timestamp": "2026-03-02T09:00:00Z", "max_severity_displayname": "Medium", "device": {"hostname": "srv2"}, "status": "new",
         "behaviors": [{"scenario": "suspicious_activity", "tactic": "Execution", "technique": "PowerShell", "technique_id": "T1059.001", "timestamp": "2026-03-02T08:59:00Z",
                        "pattern_disposition_details": {"detect": True}, "user_name": "bob", "cmdline": "p"}]},
    ],
    "errors": [],
}  # fmt: skip
TELEMETRY: list[dict[str, Any]] = [
    {"event_simpleName": "ProcessRollup2", "aid": "a1", "ComputerName": "ws7", "ContextTimeStamp": "1772438400.25", "ImageFileName": "\\Device\\HarddiskVolume1\\Windows\\System32\\vssadmin.exe",
     "CommandLine": "vssadmin delete shadows /all", "ParentBaseFileName": "cmd.exe", "RawProcessId": "12", "SHA256HashData": "ab", "UserSid": "S-1-5-18", "AuthenticationId": "999"},
    {"event_simpleName": "UserLogon", "aid": "a1", "timestamp": "1772438401000", "UserName": "anna", "LogonType": "10", "RemoteAddressIP4": "10.1.1.9"},
    {"event_simpleName": "SensorHeartbeat", "aid": "a1", "timestamp": "1772438402000"},
]  # fmt: skip
THREAT: dict[str, Any] = {
    "id": "1", "agentDetectionInfo": {"agentIpV4": "10.1.1.7", "agentLastLoggedInUserName": "anna"}, "agentRealtimeInfo": {"agentComputerName": "WS7"},
    "indicators": [{"category": "Ransomware", "description": "Files are encrypted.", "tactics": [{"name": "Impact", "techniques": [{"name": "T1486", "link": "x"}]}]}],
    "threatInfo": {"threatId": "1", "threatName": "a.exe", "classification": "Ransomware", "confidenceLevel": "malicious", "createdAt": "2026-03-02T08:00:16.8Z", "identifiedAt": "2026-03-02T08:00:00Z",
                   "mitigationStatus": "not_mitigated", "analystVerdict": "undefined", "incidentStatus": "unresolved", "processUser": "CHU\\anna", "filePath": "\\Device\\HarddiskVolume2\\a.exe", "failedActions": False},
}  # fmt: skip
FLAT: dict[str, Any] = {
    "agentComputerName": "WS8",
    "agentIp": "10.1.1.8",
    "threatName": "b.exe",
    "classification": "PUA",
    "mitigationStatus": "mitigated",
    "createdDate": "2026-03-02T08:00:00Z",
    "id": "2",
    "username": "bob",
}
AGENT = {"agentid": "x", "hostname": "ws7", "domainname": "CHU", "ostype": "windows", "ipaddress": "10.1.1.7"}
HARFANGLAB: list[dict[str, Any]] = [
    {"log_type": "alert", "@event_create_date": "2026-03-02T08:00:00.5Z", "agent": AGENT, "alert_unique_id": "u", "rule_name": "LSASS memory dump", "level": "high", "status": "new", "alert_type": "sigma",
     "tags": ["attack.credential_access", "attack.t1003.001"], "msg": "m", "process": {"username": "CHU\\anna", "commandline": "procdump", "image_name": "C:\\p.exe", "status_msg": "sigma match detected this process but not configured to block it"}},
    {"log_type": "alert", "@event_create_date": "2026-03-02T08:01:00Z", "agent": AGENT, "rule_name": "x", "level": "low", "status": "false_positive", "tags": []},
    {"log_type": "process", "@event_create_date": "2026-03-02T08:02:00Z", "agent": AGENT, "image_name": "C:\\Windows\\System32\\wbadmin.exe", "commandline": "wbadmin delete catalog", "username": "CHU\\anna", "pid": 5,
     "ppid": 4, "parent_image": "C:\\c.exe", "hashes": {"sha1": "aa", "md5": "bb", "sha256": "cc"}, "pe_imphash": "DD", "pe_info": {"original_filename": "WBADMIN.EXE"}, "logonid": 999},
    {"log_type": "eventlog", "@event_create_date": "2026-03-02T08:03:00Z", "agent": AGENT, "log_name": "Security", "event_id": 1102, "source_name": "Microsoft-Windows-Eventlog", "record_number": 77, "computer_name": "ws7.chu.example",
     "event_data": {}, "user_data": {"SubjectUserName": "anna", "Computer": "forged", "a": {"deep": 1}}},
    {"log_type": "authentication", "@event_create_date": "2026-03-02T08:04:00Z", "agent": AGENT, "target_username": "CHU\\adm", "source_username": "CHU\\ws7$", "success": False,
     "windows": {"event_id": 4625, "logon_type": 10, "ip_address": "10.1.1.9", "status": 3221225581}},
    {"log_type": "powershell", "@event_create_date": "2026-03-02T08:05:00Z", "agent": AGENT, "script_block": "Get-WmiObject Win32_Shadowcopy | ForEach-Object {$_.Delete()}"},
    {"log_type": "network", "@event_create_date": "2026-03-02T08:06:00Z", "agent": AGENT, "saddr": "10.1.1.7", "daddr": "10.1.0.5", "dport": 445, "initiated": "true", "image_name": "C:\\x.exe"},
    {"log_type": "dns", "@event_create_date": "2026-03-02T08:07:00Z", "agent": AGENT},
]  # fmt: skip

ESET: list[dict[str, Any]] = [
    {"event_type": "Threat_Event", "ipv4": "10.1.1.7", "hostname": "ws7", "source_uuid": "u", "occured": "02-Mar-2026 08:00:00", "severity": "Warning", "threat_type": "trojan", "threat_name": "Win32/Filecoder.X",
     "scanner_id": "Real-time file system protection", "object_type": "file", "object_uri": "file:///C:/Temp/a.exe", "action_taken": "cleaned by deleting", "threat_handled": True, "username": "CHU\\anna"},
    {"event_type": "Threat_Event", "hostname": "ws8", "source_uuid": "u", "occurred": "02-Mar-2026 08:00:00", "severity": "Critical", "threat_name": "Win32/Y", "action_taken": "cleaned", "threat_handled": False},
    {"event_type": "EnterpriseInspectorAlert_Event", "hostname": "ws9", "source_uuid": "u", "occurred": "02-Mar-2026 08:00:00", "severity": "Error", "rulename": "Credential dumping", "processname": "C:\\m.exe", "eialarmid": "7"},
    {"event_type": "Audit_Event", "hostname": "srv", "source_uuid": "u", "occurred": "02-Mar-2026 08:00:00", "severity": "Information"},
]  # fmt: skip
SOPHOS: dict[str, Any] = {
    "has_more": False, "next_cursor": "x",
    "items": [
        {"id": "1", "when": "2026-03-02T08:00:00.000Z", "created_at": "2026-03-02T08:01:00.000Z", "customer_id": "c", "severity": "medium", "type": "Event::Endpoint::Threat::CleanedUp", "location": "WS7",
         "source": "CHU\\anna", "source_info": {"ip": "10.1.1.7"}, "group": "MALWARE", "endpoint_id": "e", "endpoint_type": "computer", "threat": "Troj/Ransom-X", "name": "Malware cleaned up: 'Troj/Ransom-X' at 'C:\\Temp\\a.exe'"},
        {"id": "2", "when": "2026-03-02T08:00:00.000Z", "customer_id": "c", "severity": "high", "type": "Event::Endpoint::SavDisabled", "location": "WS8", "source": "n/a", "group": "PROTECTION", "name": "Real time protection disabled"},
        {"id": "3", "when": "2026-03-02T08:00:00.000Z", "customer_id": "c", "severity": "none", "type": "Event::Endpoint::UpdateSuccess", "location": "WS8", "source": "n/a", "group": "UPDATING", "name": "Update succeeded"},
    ],
}  # fmt: skip


def nanos(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000_000_000


def lines(items: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(item) for item in items).encode()


def read(read_bytes: Any, data: bytes, name: str) -> Any:
    known = identify(data)
    assert known is not None and known[0] == name
    return read_bytes(known[1], data)


@pytest.mark.parametrize(
    "data", [lines([SUMMARY, OLD, AUDIT]), json.dumps([SUMMARY, OLD, AUDIT], indent=1).encode()], ids=["lines", "array"]
)
def test_the_event_stream_of_crowdstrike(read_bytes: Any, data: bytes) -> None:
    found = read(read_bytes, data, "crowdstrike")
    first, second = found.rows["edr_alert"]
    assert (first["ts"], first["host"], first["severity"], first["action"]) == (
        nanos(2026, 3, 2, 8),
        "ws7",
        "critical",
        "detected",
    )
    assert (first["category"], first["file"], first["alert_id"]) == (
        "Impact / Data Encrypted for Impact",
        "\\Device\\HarddiskVolume2\\Temp\\x.exe",
        "c:ind:1",
    )
    assert (second["ts"], second["host"], second["severity"], second["action"]) == (
        nanos(2026, 3, 2, 8),
        "srv1",
        "medium",
        "prevented",
    )
    assert found.codes() == ["not_read"]


def test_detections_and_alerts_of_crowdstrike(read_bytes: Any) -> None:
    first, second = read(read_bytes, json.dumps(ALERTS, indent=2).encode(), "crowdstrike").rows["edr_alert"]
    assert (first["title"], first["severity"], first["action"], first["verdict"], first["techniques"]) == (
        "CredentialTheft",
        "high",
        "remediated",
        "false_positive",
        ["T1003"],
    )
    assert (second["host"], second["ts"], second["action"], second["status"], second["user"]) == (
        "srv2",
        nanos(2026, 3, 2, 8, 59),
        "detected",
        "new",
        "bob",
    )


def test_telemetry_of_crowdstrike(read_bytes: Any) -> None:
    found = read(read_bytes, lines(TELEMETRY), "crowdstrike")
    process, logon = found.rows["windows_event"]
    assert (process["EventID"], process["Image"], process["ParentImage"], process["Computer"]) == (
        1,
        "\\Windows\\System32\\vssadmin.exe",
        "\\cmd.exe",
        "ws7",
    )
    assert (process["ts"], process["LogonId"]) == (nanos(2026, 3, 2, 8) + 250_000_000, "0x3e7")
    assert (logon["EventID"], logon["LogonType"], logon["IpAddress"], logon["Computer"]) == (4624, "10", "10.1.1.9", "a1")
    assert found.codes() == ["not_read"]


@pytest.mark.parametrize(
    "data",
    [lines([THREAT, FLAT]), json.dumps({"data": [THREAT, FLAT], "pagination": {"totalItems": 2}}).encode()],
    ids=["lines", "interface"],
)
def test_threats_of_sentinelone(read_bytes: Any, data: bytes) -> None:
    first, second = read(read_bytes, data, "sentinelone").rows["edr_alert"]
    assert (first["ts"], first["host"], first["address"], first["user"]) == (
        nanos(2026, 3, 2, 8),
        "WS7",
        "10.1.1.7",
        "CHU\\anna",
    )
    assert (first["severity"], first["action"], first["category"], first["techniques"], first["verdict"]) == (
        "high",
        "detected",
        "Ransomware",
        ["T1486"],
        None,
    )
    assert (second["host"], second["action"], second["severity"]) == ("WS8", "remediated", None)


def test_harfanglab(read_bytes: Any) -> None:
    found = read(read_bytes, lines(HARFANGLAB), "harfanglab")
    alert, false = found.rows["edr_alert"]
    assert (alert["title"], alert["severity"], alert["action"], alert["techniques"], alert["user"]) == (
        "LSASS memory dump",
        "high",
        "detected",
        ["T1003.001"],
        "CHU\\anna",
    )
    assert false["verdict"] == "false_positive"
    process, cleared, logon, script, connection = found.rows["windows_event"]
    assert (process["EventID"], process["CommandLine"], process["Hashes"]) == (
        1,
        "wbadmin delete catalog",
        "SHA1=AA,MD5=BB,SHA256=CC,IMPHASH=DD",
    )
    assert (cleared["Channel"], cleared["EventID"], cleared["Provider_Name"], cleared["EventRecordID"]) == (
        "Security",
        1102,
        "Microsoft-Windows-Eventlog",
        77,
    )
    assert (cleared["Computer"], cleared["SubjectUserName"]) == ("ws7.chu.example", "anna")
    assert (logon["EventID"], logon["TargetUserName"], logon["TargetDomainName"], logon["Status"]) == (
        4625,
        "adm",
        "CHU",
        "0xc000006d",
    )
    assert (script["EventID"], script["Provider_Name"]) == (4104, "HarfangLab")
    assert (connection["EventID"], connection["DestinationPort"], connection["Initiated"]) == (3, "445", "true")
    assert found.codes() == ["not_read"]


def test_events_of_eset(read_bytes: Any) -> None:
    found = read(read_bytes, lines(ESET), "eset")
    first, second, third = found.rows["edr_alert"]
    assert (first["ts"], first["ts_zone"], first["host"], first["action"], first["file"]) == (
        nanos(2026, 3, 2, 8),
        "utc",
        "ws7",
        "remediated",
        "C:/Temp/a.exe",
    )
    assert (second["action"], second["severity"]) == ("failed", "high")
    assert (third["title"], third["alert_id"], third["action"]) == ("Credential dumping", "7", None)
    assert found.codes() == ["not_read"]


@pytest.mark.parametrize("data", [json.dumps(SOPHOS).encode(), lines(SOPHOS["items"])], ids=["interface", "lines"])
def test_events_of_sophos_central(read_bytes: Any, data: bytes) -> None:
    found = read(read_bytes, data, "sophos_central")
    cleaned, disabled = found.rows["edr_alert"]
    assert (cleaned["threat"], cleaned["action"], cleaned["file"], cleaned["user"]) == (
        "Troj/Ransom-X",
        "remediated",
        "C:\\Temp\\a.exe",
        "CHU\\anna",
    )
    assert (disabled["title"], disabled["host"], disabled["user"], disabled["severity"]) == (
        "Real time protection disabled",
        "WS8",
        None,
        "high",
    )
    assert found.codes() == ["not_read"]


def test_a_flood_of_names_is_bounded(read_bytes: Any) -> None:
    event = HARFANGLAB[3]
    data = lines([event | {"event_data": {f"n{place}_{number}": "x" for number in range(300)}} for place in range(40)])
    found = read(read_bytes, data, "harfanglab")
    assert len(found.rows["windows_event"]) == 40
    assert len({name for row in found.rows["windows_event"] for name in row if name.startswith("n")}) <= 1_000


TABLES = {
    "sentinelone": ("Threat Details,Confidence Level,Endpoints,Incident Status,Analyst Verdict,Reported Time (UTC),Classification,Path,Completed Actions\n"
                    'a.exe,Malicious,WS7,Unresolved,Undefined,"Mar 2, 2026 8:00:00 AM",Ransomware,C:\\a.exe,"KILLED, QUARANTINED"\n'),
    "trend": ("Date/Time;Endpoint;User;Virus/Malware;Infected File;Result;Severity\n02/03/2026 08:00:00;WS7;anna;Ransom.Win32.X;C:\\a.exe;Unable to clean;High\n"),
    "french": ("Date;Ordinateur;Utilisateur;Menace;Gravité;Action\n02/03/2026 08:00:00;WS7;anna;Ransom.X;Élevée;Bloqué\n"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "action", "severity"),
    [("sentinelone", "remediated", "high"), ("trend", "failed", "high"), ("french", "prevented", "high")],
)
def test_tables_of_consoles(read_bytes: Any, name: str, action: str, severity: str) -> None:
    (row,) = read(read_bytes, TABLES[name].encode("utf-8-sig"), "alert_table").rows["edr_alert"]
    assert (row["ts"], row["host"], row["action"], row["severity"]) == (nanos(2026, 3, 2, 8), "WS7", action, severity)


@pytest.mark.parametrize(
    "header",
    [
        "Date,Computer,Name,Version,Publisher",
        "Job,Client,Status,Start time,End time,Backup type",
        "Receive Time,Device Name,Severity,Action,Threat/Content Name,Source address",
        "Date,Host,Message,Severity",
        "time,src,dst,action,threat",
    ],
)
def test_other_tables_are_left_alone(header: str) -> None:
    assert alert_table.READER.sniff(f"{header}\n1,2,3,4,5,6\n".encode()) is None


SAMPLES = {
    "stream": (crowdstrike.READER, lines([SUMMARY, OLD])),
    "interface": (crowdstrike.READER, json.dumps(ALERTS).encode()),
    "telemetry": (crowdstrike.READER, lines(TELEMETRY)),
    "threats": (sentinelone.READER, json.dumps({"data": [THREAT, FLAT]}).encode()),
    "harfanglab": (harfanglab.READER, lines(HARFANGLAB)),
    "eset": (eset.READER, lines(ESET)),
    "sophos": (sophos_central.READER, json.dumps(SOPHOS).encode()),
    "table": (alert_table.READER, TABLES["trend"].encode()),
}


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_told_and_never_more(read_bytes: Any, name: str, data: st.DataObject) -> None:
    reader, whole = SAMPLES[name]
    broken = damaged(data, whole)
    identify(broken[:65536])
    with contextlib.suppress(ReaderError):
        read_bytes(reader, broken)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_RECORDS = [SUMMARY, OLD, *ALERTS["resources"], *TELEMETRY, THREAT, FLAT, *HARFANGLAB, *ESET, *SOPHOS["items"]]


@given(place=st.integers(0, len(_RECORDS) - 1), value=_ANY, data=st.data())
@settings(max_examples=300, deadline=None)
def test_values_of_any_kind(read_bytes: Any, place: int, value: Any, data: st.DataObject) -> None:
    """A member of a record, or of an object in it, replaced by whatever JSON can hold."""
    record = json.loads(json.dumps(_RECORDS[place]))
    key = data.draw(st.sampled_from(sorted(record)))
    if isinstance(record[key], dict) and record[key] and data.draw(st.booleans()):
        record[key][data.draw(st.sampled_from(sorted(record[key])))] = value
    else:
        record[key] = value
    for reader in (crowdstrike.READER, sentinelone.READER, harfanglab.READER, eset.READER, sophos_central.READER):
        with contextlib.suppress(ReaderError):
            read_bytes(reader, json.dumps([record]).encode())
