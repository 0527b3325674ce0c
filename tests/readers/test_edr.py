"""Exports of products that protect computers: shapes as their makers document them, invented content, damage."""

# Lines of evidence are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import contextlib
import json
import re
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import Bytes, Found, damaged

from wardround.detect.matcher import Matcher
from wardround.detect.sigma import parse_rules
from wardround.readers import identify
from wardround.readers.base import Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, defender_alerts, defender_hunting, defender_powershell, values, windows_words

HUNTING: list[dict[str, Any]] = [
    {"Timestamp": "2026-03-02T08:00:00.1234567Z", "DeviceName": "ws7.chu.example", "ActionType": "ProcessCreated", "FileName": "vssadmin.exe",
     "FolderPath": "C:\\Windows\\System32\\vssadmin.exe", "ProcessCommandLine": "vssadmin delete shadows /all /quiet", "ProcessId": 4711,
     "AccountDomain": "chu", "AccountName": "anna", "LogonId": 999, "InitiatingProcessFileName": "cmd.exe", "InitiatingProcessFolderPath": "c:\\windows\\system32",
     "InitiatingProcessCommandLine": "cmd.exe /c x.bat", "InitiatingProcessId": 12, "SHA1": "aa", "MD5": "", "ReportId": 5, "AdditionalFields": "{}"},
    {"Timestamp": "2026-03-02T08:00:01Z", "DeviceName": "ws7.chu.example", "ActionType": "LogonFailed", "AccountName": "anna", "LogonType": "RemoteInteractive",
     "RemoteIP": "10.1.1.9", "FailureReason": "InvalidUserNameOrPassword", "ReportId": 6},
    {"Timestamp": "2026-03-02T08:00:02Z", "DeviceName": "ws7.chu.example", "ActionType": "RegistryValueSet", "RegistryKey": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Defender\\Exclusions\\Paths",
     "RegistryValueName": "C:\\", "RegistryValueData": "0", "RegistryValueType": "Dword", "InitiatingProcessFileName": "reg.exe", "ReportId": 7},
    {"Timestamp": "2026-03-02T08:00:03Z", "DeviceName": "lx1", "ActionType": "ProcessCreated", "FileName": "tar", "FolderPath": "/usr/bin/tar",
     "ProcessCommandLine": "tar -cf /x", "AccountName": "root", "InitiatingProcessFolderPath": "/usr/bin/bash", "InitiatingProcessFileName": "bash"},
    {"Timestamp": "2026-03-02T08:00:04Z", "DeviceName": "ws7.chu.example", "ActionType": "AntivirusDetection", "FileName": "x.exe", "FolderPath": "D:\\in",
     "AdditionalFields": "{\"ThreatName\":\"Trojan:Win32/Agent\",\"WasRemediated\":false}", "ReportId": 8},
    {"Timestamp": "2026-03-02T08:00:05Z", "DeviceName": "ws7.chu.example", "ActionType": "SomethingNew"},
    {"Timestamp": "2026-03-02T08:00:06Z", "AlertId": "da1", "Title": "Ransomware activity", "Category": "Ransomware", "Severity": "High",
     "AttackTechniques": "[\"Data Encrypted for Impact (T1486)\"]", "ServiceSource": "Microsoft Defender for Endpoint"},
    {"Timestamp": "2026-03-02T08:00:06Z", "AlertId": "da1", "EntityType": "Machine", "EvidenceRole": "Impacted", "DeviceName": "ws7.chu.example", "LocalIP": "10.1.1.7"},
]  # fmt: skip

RULES = r"""
title: shadow copies
id: 11111111-1111-4111-8111-111111111111
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\vssadmin.exe', ParentImage|endswith: '\cmd.exe', CommandLine|contains|all: [delete, shadows]}
  condition: selection
---
title: antivirus
id: 22222222-2222-4222-8222-222222222222
logsource: {category: antivirus}
detection:
  selection: {Signature|contains: Agent}
  condition: selection
"""

ALERT: dict[str, Any] = {
    "id": "da63", "incidentId": 12, "severity": "High", "status": "InProgress", "classification": None, "determination": None, "investigationState": "Running",
    "detectionSource": "WindowsDefenderAtp", "category": "CredentialAccess", "title": "Suspicious access to LSASS service", "description": "Long text.",
    "alertCreationTime": "2026-03-02T09:00:00Z", "firstEventTime": "2026-03-02T08:30:00.5Z", "machineId": "m1", "computerDnsName": "srv1.chu.example",
    "mitreTechniques": ["T1003.001"], "relatedUser": {"userName": "adm", "domainName": "CHU"},
    "evidence": [{"entityType": "Process", "fileName": "m.exe", "filePath": "C:\\Temp", "processCommandLine": "m.exe sekurlsa", "detectionStatus": "Detected"},
                 {"entityType": "File", "fileName": "m.exe", "filePath": "C:\\Temp", "detectionStatus": "Blocked"}],
}  # fmt: skip

GRAPH: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.security.alert", "id": "ad1", "status": "resolved", "severity": "medium", "classification": "falsePositive",
    "serviceSource": "microsoftDefenderForEndpoint", "detectionSource": "antivirus", "title": "Malware was prevented", "category": "Malware",
    "createdDateTime": "2026-03-02T09:00:00Z", "mitreTechniques": [], "threatDisplayName": "Trojan",
    "evidence": [{"@odata.type": "#microsoft.graph.security.deviceEvidence", "deviceDnsName": "ws8.chu.example", "ipInterfaces": ["10.1.1.8"], "remediationStatus": "prevented"},
                 {"@odata.type": "#microsoft.graph.security.fileEvidence", "fileDetails": {"fileName": "a.exe", "filePath": "C:\\Users\\Public"}, "remediationStatus": "prevented"},
                 {"@odata.type": "#microsoft.graph.security.userEvidence", "userAccount": {"accountName": "bob", "domainName": "chu"}, "remediationStatus": "none"}],
}  # fmt: skip

DETECTION: dict[str, Any] = {
    "ActionSuccess": True, "CleaningActionID": 2, "DetectionID": "{1}", "DomainUser": "CHU\\anna", "InitialDetectionTime": "/Date(1772438400000)/",
    "Resources": ["file:_C:\\Temp\\a.exe"], "ThreatID": 2147519003, "ThreatStatusID": 3, "PSComputerName": "ws9",
}  # fmt: skip
PREFERENCE: dict[str, Any] = {
    "CimSystemProperties": {"ServerName": "PACS1", "ClassName": "MSFT_MpPreference"}, "DisableRealtimeMonitoring": True, "ExclusionPath": ["D:\\PACS", "C:\\Temp"],
    "ExclusionExtension": None, "PUAProtection": 0, "UILockdown": False,
}  # fmt: skip


def nanos(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000_000_000


def lines(items: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(item) for item in items).encode()


def streamed(items: list[dict[str, Any]]) -> bytes:
    return lines(
        [
            {"category": "AdvancedHunting-DeviceEvents", "tenantId": "t", "properties": item, "time": item["Timestamp"]}
            for item in items
        ]
    )


@pytest.mark.parametrize(
    "data",
    [
        lines(HUNTING),
        streamed(HUNTING),
        json.dumps(HUNTING).encode(),
        json.dumps({"Stats": {"x": 1}, "Schema": [{"Name": "Timestamp"}], "Results": HUNTING}, indent=1).encode(),
        json.dumps({"schema": [{"name": "Timestamp"}], "results": HUNTING}).encode(),
        "\n".join(json.dumps(item, indent=2) for item in HUNTING).encode(),
        json.dumps(HUNTING).encode("utf-16"),
    ],
    ids=["lines", "stream", "array", "interface", "graph", "pretty", "utf-16"],
)
def test_hunting_is_told_in_the_words_of_windows(read_bytes: Any, data: bytes) -> None:
    known = identify(data)
    assert known is not None and known[0] == "defender_hunting"
    found = read_bytes(known[1], data)
    process, logon, registry = found.rows["windows_event"]
    assert (process["Channel"], process["EventID"], process["Provider_Name"]) == (
        "Microsoft-Windows-Sysmon/Operational",
        1,
        "Microsoft Defender for Endpoint",
    )
    assert process["ts"] == nanos(2026, 3, 2, 8, 0, 0) + 123_456_000
    assert (process["Image"], process["ParentImage"]) == (
        "C:\\Windows\\System32\\vssadmin.exe",
        "c:\\windows\\system32\\cmd.exe",
    )
    assert (process["User"], process["LogonId"], process["Hashes"], process["EventRecordID"]) == (
        "chu\\anna",
        "0x3e7",
        "SHA1=AA",
        5,
    )
    assert (logon["Channel"], logon["EventID"], logon["LogonType"], logon["Status"]) == ("Security", 4625, "10", "0xc000006d")
    assert registry["TargetObject"] == "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Exclusions\\Paths\\C:\\"
    assert registry["Details"] == "DWORD (0x00000000)"
    assert [(row["channel"], row["kind"], row["Image"], row["host"]) for row in found.rows["linux_event"]] == [
        ("edr", "process", "/usr/bin/tar", "lx1")
    ]
    alarm, info, machine = found.rows["edr_alert"]
    assert (alarm["threat"], alarm["action"], alarm["host"]) == ("Trojan:Win32/Agent", "failed", "ws7.chu.example")
    assert (info["alert_id"], info["severity"], info["techniques"]) == ("da1", "high", ["T1486"])
    assert (machine["alert_id"], machine["host"], machine["address"]) == ("da1", "ws7.chu.example", "10.1.1.7")
    assert found.codes() == ["not_read"]


def test_sigma_rules_for_windows_match(read_bytes: Any) -> None:
    """A rule on process creation and one on the antivirus, as SigmaHQ writes them."""
    rules = parse_rules(RULES, "test").rules
    matcher = Matcher(rules, paranoid=True)
    found = read_bytes(defender_hunting.READER, lines(HUNTING))
    for table, expected in (("windows_event", [0]), ("edr_alert", [1])):
        rows = found.rows[table]
        batch = pa.table({name: pa.array([row.get(name) for row in rows]) for name in {name for row in rows for name in row}})
        assert matcher.match(table, batch).rule.tolist() == expected


def test_hunting_as_csv(read_bytes: Any) -> None:
    data = (
        "Timestamp,DeviceName,ActionType,AccountName,LogonType,RemoteIP,RemotePort\n"
        '"Mar 2, 2026 8:00:05 PM",ws7,LogonSuccess,anna,Network,10.1.1.9,445\n'
        "2026-03-02T21:00:00Z,ws7,LogonSuccess,anna,Network,10.1.1.9,445\n"
        "nonsense,ws7,LogonSuccess,anna,Network,10.1.1.9,445\n"
    ).encode("utf-8-sig")
    known = identify(data)
    assert known is not None and known[0] == "defender_hunting"
    found = read_bytes(known[1], data)
    assert [(row["ts"], row["ts_zone"]) for row in found.rows["windows_event"]] == [
        (nanos(2026, 3, 2, 20, 0, 5), "assumed"),
        (nanos(2026, 3, 2, 21), "stated"),
        (None, "none"),
    ]
    assert found.codes() == ["no_time"]


@pytest.mark.parametrize(
    "data",
    [lines([ALERT, GRAPH]), json.dumps({"value": [ALERT, GRAPH]}, indent=1).encode(), json.dumps([ALERT, GRAPH]).encode()],
)
def test_alerts_of_interfaces(read_bytes: Any, data: bytes) -> None:
    known = identify(data)
    assert known is not None and known[0] == "defender_alerts"
    first, second = read_bytes(known[1], data).rows["edr_alert"]
    assert (first["title"], first["severity"], first["status"], first["host"]) == (
        "Suspicious access to LSASS service",
        "high",
        "in_progress",
        "srv1.chu.example",
    )
    assert (first["action"], first["user"], first["techniques"], first["file"]) == (
        "detected",
        "CHU\\adm",
        ["T1003.001"],
        "C:\\Temp\\m.exe",
    )
    assert first["ts"] == nanos(2026, 3, 2, 8, 30) + 500_000_000
    assert (second["product"], second["action"], second["verdict"], second["host"]) == (
        "defender_antivirus",
        "prevented",
        "false_positive",
        "ws8.chu.example",
    )
    assert (second["address"], second["user"], second["threat"]) == ("10.1.1.8", "chu\\bob", "Trojan")


def test_incidents_hold_their_alerts(read_bytes: Any) -> None:
    alert = {"alertId": "1", "incidentId": 3, "serviceSource": "MicrosoftDefenderATP", "detectionSource": "WindowsDefenderAtp", "title": "T", "severity": "Low",
             "firstActivity": "2026-03-02T08:00:00Z", "devices": [{"deviceDnsName": "ws1"}, {"deviceDnsName": "ws2"}], "entities": []}  # fmt: skip
    data = json.dumps(
        {"value": [{"incidentId": 3, "incidentName": "Multi-stage", "severity": "High", "alerts": [alert]}]}
    ).encode()
    known = identify(data)
    assert known is not None and known[0] == "defender_alerts"
    assert [row["host"] for row in read_bytes(known[1], data).rows["edr_alert"]] == ["ws1", "ws2"]


def test_what_one_computer_tells(read_bytes: Any) -> None:
    threat = {
        "ThreatID": 2147519003,
        "ThreatName": "Virus:DOS/EICAR_Test_File",
        "SeverityID": 5,
        "CategoryID": 42,
        "IsActive": False,
        "DidThreatExecute": False,
    }
    data = json.dumps([DETECTION, threat]).encode("utf-16")
    known = identify(data)
    assert known is not None and known[0] == "defender_powershell"
    detection, name = read_bytes(known[1], data).rows["edr_alert"]
    assert (detection["ts"], detection["action"], detection["host"], detection["file"]) == (
        nanos(2026, 3, 2, 8),
        "remediated",
        "ws9",
        "C:\\Temp\\a.exe",
    )
    assert (name["threat"], name["severity"], name["category"], name["host"]) == (
        "Virus:DOS/EICAR_Test_File",
        "critical",
        "virus",
        "memory",
    )


@pytest.mark.parametrize(
    ("file", "host"),
    [
        ("PACS1.json", "PACS1"),
        ("pacs1.chu.example.json", "pacs1.chu.example"),
        ("Get-MpThreatDetection_PACS1_2026-03-02.json", "PACS1"),
        ("CT-SCAN-2-MpPreference.csv.gz", "CT-SCAN-2"),
        ("20260302T081500_lect2_Get-MpComputerStatus.json", "lect2"),
        ("MpPreference.json", None),
        ("Get-MpThreatDetection 2026-03-02.json", None),
        ("defender_alertes.csv", None),
        ("export (1).json", None),
        ("Sortie du poste de Mme Martin.json", None),
        ("", None),
    ],
)
def test_the_computer_that_a_file_is_named_after(file: str, host: str | None) -> None:
    assert defender_powershell.host_of(file) == host


def test_a_computer_without_a_name_is_told_and_not_called_like_the_file() -> None:
    nameless = {key: value for key, value in DETECTION.items() if key != "PSComputerName"}
    settings_only = {key: value for key, value in PREFERENCE.items() if key != "CimSystemProperties"}
    found = Found()
    source = Bytes(json.dumps([nameless, settings_only]).encode(), None, path="/evidence/MpExport.zip!MpPreference.json")
    defender_powershell.READER.read(source, Span(), found)
    assert found.rows["edr_alert"][0]["host"] is None
    assert {row["device"] for row in found.rows["device_config_item"]} == {"? (MpPreference.json)"}
    assert found.codes() == ["host_not_named"]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("C:\\Temp\\m.exe", "C:\\Temp\\m.exe"),
        ("C:\\Windows\\System32\\lsass.exe", None),
        ("C:\\Program Files\\Some Maker\\Viewer\\client.dll", None),
        ("\\Device\\HarddiskVolume3\\Windows\\explorer.exe", None),
        ("C:\\inetpub\\wwwroot\\aspnet_client\\x.aspx", None),
        ("\\\\NAS1\\images\\2026\\IM.dcm", None),
        ("https://fraud.example/Facture.doc", None),
        ("HKLM\\Software\\Some\\Run", None),
        ("powershell.exe", None),
        ("C:\\Users\\jd\\Downloads\\facture.docm", None),
        ("D:\\Comptes rendus\\DUPONT Helene 14.06.1957.docx", "D:\\Comptes rendus\\~.docx"),
        ("E:\\DUPONT_HELENE\\viewer.exe", "E:\\~\\viewer.exe"),
        ("C:\\Users\\jd\\AppData\\Local\\Temp\\DUPONT.pdf", "C:\\Users\\jd\\AppData\\Local\\Temp\\~.pdf"),
        ("C:\\Users\\jd\\Downloads\\DUPONT Helene.pdf.exe", "C:\\Users\\jd\\Downloads\\~.pdf.exe"),
        ("\\\\NAS1\\images\\DUPONT\\IM0001.dcm", "\\\\NAS1\\images\\~\\~.dcm"),
        ("D:\\cd-dupont.zip->DUPONT/readme.txt", "D:\\~.zip->~/readme.txt"),
        ("/home/jd/Documents/dupont.odt", "/home/jd/Documents/~.odt"),
    ],
)
def test_paths_of_alerts_do_not_name_patients(told: str, shown: str | None) -> None:
    assert re.sub("~[0-9a-f]{8}", "~", alerts.path(told)) == (shown or told)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ('"C:\\Program Files\\Office\\WINWORD.EXE" /n "D:\\CR\\DUPONT Helene.docx"', '"C:\\Program Files\\Office\\WINWORD.EXE" /n "D:\\CR\\~.docx"'),
        ("cmd /c dir D:\\DUPONT_HELENE", "cmd /c dir D:\\~"),
        ("notepad DUPONT.txt", "notepad ~.txt"),
        ("The file DUPONT Helene.pdf was stopped.", "The file ~.pdf was stopped."),
        ("vssadmin delete shadows /all /quiet", None),
        ("rundll32 C:\\Windows\\x.dll,Entry", None),
        ("Trojan:Win32/Emotet.RPX!MTB", None),
    ],
)  # fmt: skip
def test_command_lines_of_alerts_do_not_name_patients(told: str, shown: str | None) -> None:
    assert re.sub("~[0-9a-f]{8}", "~", alerts.prose(told)) == (shown or told)


@given(st.text(alphabet='Aa: \\/"~.~é1', max_size=400))
def test_no_text_is_too_odd_to_be_told(text: str) -> None:
    alerts.prose(text)
    alerts.places(text)
    assert alerts.path(text) == alerts.path(text)


def test_preferences_one_by_one(read_bytes: Any) -> None:
    data = json.dumps(PREFERENCE, indent=4).encode("utf-16")
    known = identify(data)
    assert known is not None and known[0] == "defender_powershell"
    rows = read_bytes(known[1], data).rows["device_config_item"]
    assert {(row["device"], row["block"], row["key"], row["value"]) for row in rows} == {
        ("PACS1", "preference", "DisableRealtimeMonitoring", "true"),
        ("PACS1", "preference", "ExclusionPath", "D:\\PACS"),
        ("PACS1", "preference", "ExclusionPath", "C:\\Temp"),
        ("PACS1", "preference", "PUAProtection", "0"),
    }


def test_exclusions_that_only_administrators_see_are_told(read_bytes: Any) -> None:
    data = json.dumps(PREFERENCE | {"ExclusionPath": ["N/A: Must be an administrator to view exclusions"]}).encode()
    found = read_bytes(defender_powershell.READER, data)
    assert "exclusions_hidden" in found.codes()
    assert not [row for row in found.rows["device_config_item"] if row["key"] == "ExclusionPath"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Prevention, process was blocked from execution.", "prevented"),
        ("Detection, process would have been blocked if related prevention policy setting was enabled.", "detected"),
        ("Quarantine failed", "failed"),
        ("quarantined", "remediated"),
        ("not_mitigated", "detected"),
        ("Allowed", "allowed"),
        ("Nettoyé", "remediated"),
        ("", None),
    ],
)
def test_what_was_done(written: str, expected: str | None) -> None:
    assert values.action(written) == expected


@pytest.mark.parametrize(
    "written",
    [1772438400, 1772438400000, "1772438400000", "/Date(1772438400000)/", {"value": "/Date(1772438400000)/", "DisplayHint": 2}, "20260302080000.000000+000",
     "2026-03-02T09:00:00+01:00", "Mar 2, 2026 8:00:00 AM", "2026-03-02 08:00:00"],
)  # fmt: skip
def test_times(written: object) -> None:
    assert values.moment(written)[0] == nanos(2026, 3, 2, 8)


SAMPLES = {
    "lines": (defender_hunting.READER, lines(HUNTING)),
    "array": (defender_hunting.READER, json.dumps({"Results": HUNTING}).encode()),
    "csv": (defender_hunting.READER, b"Timestamp,DeviceName,ActionType,ReportId\n2026-03-02T21:00:00Z,ws7,FileCreated,1\n"),
    "alerts": (defender_alerts.READER, json.dumps({"value": [ALERT, GRAPH]}).encode()),
    "powershell": (defender_powershell.READER, json.dumps([DETECTION, PREFERENCE]).encode("utf-16")),
}


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_told_and_never_more(read_bytes: Any, name: str, data: st.DataObject) -> None:
    from wardround.errors import ReaderError

    reader, whole = SAMPLES[name]
    broken = damaged(data, whole)
    identify(broken[:65536])
    with contextlib.suppress(ReaderError):
        read_bytes(reader, broken)


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*ALERT, *HUNTING[0], *DETECTION, *PREFERENCE]), inner, max_size=6)
        ),
        max_leaves=24,
    ),
    keys=st.sampled_from([ALERT, GRAPH, HUNTING[0], HUNTING[4], HUNTING[6], DETECTION, PREFERENCE]),
)
@settings(max_examples=200, deadline=None)
def test_values_of_any_kind(read_bytes: Any, value: Any, keys: dict[str, Any]) -> None:
    """Every member of a record replaced by whatever JSON can hold."""
    from wardround.errors import ReaderError

    record = dict.fromkeys(keys, value) | {"ActionType": keys.get("ActionType"), "AlertId": keys.get("AlertId")}
    for reader in (defender_hunting.READER, defender_alerts.READER, defender_powershell.READER):
        with contextlib.suppress(ReaderError):
            read_bytes(reader, json.dumps([record, keys]).encode())


def test_more_names_than_a_log_has_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_words, "MOST_NAMES", 2)
    found = Found()
    batches = Batches(found)
    telemetry = windows_words.Telemetry(batches, "product")
    telemetry.event("Security", 1, (1, "utc"), 1, "ws7", {"A": "1", "B": "2", "Channel": "its own"})
    assert found.codes() == []
    telemetry.event("Security", 1, (2, "utc"), 2, "ws7", {"C": "3"})
    batches.close()
    assert found.codes() == ["too_many_names"]
    assert [row.get("A") for row in found.rows["windows_event"]] == ["1", None]
