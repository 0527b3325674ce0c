"""Reader of what Microsoft Defender Antivirus tells on one computer.

It is the output of Get-MpThreatDetection, Get-MpThreat, Get-MpPreference and Get-MpComputerStatus with ConvertTo-Json or
Export-Csv. Detections become alerts; preferences and state become settings of ``device_config_item`` (block ``preference``
or ``status``), where exclusions and what is switched off are looked for. Source: Microsoft Learn, module Defender, classes
MSFT_MpThreatDetection, MSFT_MpThreat, MSFT_MpPreference and MSFT_MpComputerStatus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers import delimited
from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, values
from wardround.readers.json_members import mapping
from wardround.readers.utf8_stream import HEAD_BYTES

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Keys that tell the class of an object.
_MARKS: tuple[tuple[str, frozenset[str]], ...] = (
    ("detection", frozenset(("DetectionID", "ThreatID", "InitialDetectionTime"))),
    ("threat", frozenset(("ThreatID", "ThreatName", "SeverityID", "CategoryID"))),
    ("preference", frozenset(("DisableRealtimeMonitoring", "ExclusionPath"))),
    ("status", frozenset(("RealTimeProtectionEnabled", "AntivirusEnabled"))),
)
_NAME_TEXT = """
DetectionID ThreatID InitialDetectionTime LastThreatStatusChangeTime RemediationTime Resources DomainUser ProcessName
ActionSuccess CleaningActionID ThreatStatusID ThreatStatusErrorCode CurrentThreatExecutionStatusID PSComputerName ThreatName
SeverityID CategoryID DidThreatExecute IsActive DisableRealtimeMonitoring ExclusionPath ExclusionExtension ExclusionProcess
ExclusionIpAddress DisableBehaviorMonitoring DisableIOAVProtection DisableScriptScanning DisableIntrusionPreventionSystem
DisableArchiveScanning MAPSReporting PUAProtection EnableControlledFolderAccess EnableNetworkProtection CloudBlockLevel
AttackSurfaceReductionRules_Ids AttackSurfaceReductionRules_Actions AttackSurfaceReductionOnlyExclusions
ControlledFolderAccessAllowedApplications RealTimeProtectionEnabled AntivirusEnabled AMServiceEnabled AntispywareEnabled
BehaviorMonitorEnabled IoavProtectionEnabled NISEnabled OnAccessProtectionEnabled IsTamperProtected AMRunningMode
AntivirusSignatureAge AntivirusSignatureLastUpdated AMProductVersion AMEngineVersion ComputerID ComputerName
"""
_NAMES = {delimited.plain(name): name for name in _NAME_TEXT.split()}

#: Settings whose value is a list; each of its members is one setting.
_LISTS = (
    "ExclusionPath",
    "ExclusionExtension",
    "ExclusionProcess",
    "ExclusionIpAddress",
    "AttackSurfaceReductionOnlyExclusions",
    "ControlledFolderAccessAllowedApplications",
    "AttackSurfaceReductionRules_Ids",
    "AttackSurfaceReductionRules_Actions",
)

#: Members of one list that are kept.
MOST_MEMBERS = 1_000

#: MSFT_MpThreat.SeverityID
_SEVERITIES = {0: None, 1: "low", 2: "medium", 4: "high", 5: "critical"}

#: MSFT_MpThreat.CategoryID, those that matter.
_CATEGORIES = {
    1: "adware",
    2: "spyware",
    3: "password stealer",
    4: "trojan downloader",
    5: "worm",
    6: "backdoor",
    7: "remote access trojan",
    8: "trojan",
    27: "potentially unwanted software",
    30: "exploit",
    34: "tool",
    36: "trojan denial of service",
    37: "trojan dropper",
    39: "trojan monitoring software",
    40: "trojan proxy server",
    42: "virus",
    46: "ransomware",
}

#: MSFT_MpThreatDetection.ThreatStatusID: detected, cleaned, quarantined, removed, allowed, blocked; 102 to 107 failed.
_STATES = {1: "detected", 2: "remediated", 3: "remediated", 4: "remediated", 5: "allowed", 6: "prevented"}
_FAILED = range(102, 108)

#: What names of such files hold besides the name of the computer.
_ENDING = re.compile(r"\.(?:json|csv|txt|log|xml|gz|bz2|xz|zst|zip|tar|out)\Z", re.I)
_COMMANDS = r"(?:get[-_ ]?)?(?:mp[-_ ]?(?:preferences?|threat[-_ ]?detections?|threats?|computer[-_ ]?status)|mp)"
_WORDS = (
    "get windows microsoft ms defender antivirus av computer status preferences? settings threats? detections? alerts? "
    "exclusions? exports? output results? list log data items? r[ée]glages menaces? alertes? liste journal sortie "
    "r[ée]sultats? poste [ée]tat"
)
_NO_HOST = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_COMMANDS}|{_WORDS.replace(' ', '|')})(?![A-Za-z0-9])"
    r"|(?<![0-9])20[0-9]{2}[-_.]?[0-9]{2}[-_.]?[0-9]{2}(?:[T_ -]?[0-9]{2}[-h.:]?[0-9]{2}(?:[-.:]?[0-9]{2})?)?(?![0-9])",
    re.I,
)
_HOST = re.compile(r"(?=[^.]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){0,6}")


class DefenderPowershellReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "defender_powershell"

    def sniff(self, head: bytes) -> str | None:
        """The keys of one of the four classes."""
        text = records.head_of(head)
        if not text:
            return self.name if delimited.sniffs(head, _layout) else None
        known = any(records.has_keys(text, *(key.encode() for key in keys)) for _, keys in _MARKS)
        return self.name if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: these lists are short."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read detections into ``edr_alert`` and settings into ``device_config_item``."""
        batches, clock = Batches(sink), delimited.Clock()
        file = re.split(r"[\\/!]", source.path)[-1]
        named, told = host_of(file), False
        for number, item in _items(source, sink):
            host = _host(item) or named
            if host is None and not told:
                told = True
                message = "The computer is not named; give the file the name of the computer."
                sink.diagnose("host_not_named", message, number)
            kind = next((kind for kind, keys in _MARKS if keys <= item.keys()), None)
            if kind == "detection":
                _detection(item, number, host, batches, clock, sink)
            elif kind == "threat":
                _threat(item, number, host, batches)
            elif kind is not None:
                _settings(item, kind, number, host or f"? ({file})", batches, sink)
            else:
                sink.diagnose("bad_record", "A record is of none of the four classes.", number)
        batches.close()


def host_of(file: str) -> str | None:
    """The computer that a file is named after: its name without commands, dates and endings; None when that is no name."""
    stem = file
    while (found := _ENDING.search(stem)) is not None:
        stem = stem[: found.start()]
    left = _NO_HOST.sub("", stem).strip(" _-.()[]+=,")
    return left if _HOST.fullmatch(left) else None


def _layout(names: delimited.Columns) -> delimited.Columns | None:
    kinds = tuple(_NAMES.get(name, "") for name in names)
    return kinds if any(keys <= set(kinds) for _, keys in _MARKS) else None


def _items(source: Source, sink: Sink) -> Iterator[tuple[int, dict[str, Any]]]:
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    if not records.head_of(head):
        for row in delimited.rows(source, _layout, sink):
            yield row.line, dict(row.values)
        return
    for record in records.read(source, Span(), sink, ("value",)):
        yield record.number, record.value


def _members(value: object) -> list[str]:
    """The members of a list, also where PowerShell wrapped it or joined it into one text."""
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, str):
        value = [part.strip() for part in value.strip("{}").split(", ")] if value else []
    return [text for item in value[:MOST_MEMBERS] if (text := values.text(item))] if isinstance(value, list) else []


def _number(value: object) -> int | None:
    text = values.text(value) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _host(item: dict[str, Any]) -> str | None:
    """The computer, where the object was fetched from another one or names it."""
    nested = mapping(item.get("CimSystemProperties")).get("ServerName")
    return values.text(item.get("PSComputerName")) or values.text(item.get("ComputerName")) or values.text(nested)


def _detection(
    item: dict[str, Any], number: int, host: str | None, batches: Batches, clock: delimited.Clock, sink: Sink
) -> None:
    ts = values.moment(item.get("InitialDetectionTime"), clock)
    if ts[0] is None:
        sink.diagnose("no_time", "A detection has no time that can be read.", number)
    state = _number(item.get("ThreatStatusID"))
    action = "failed" if state in _FAILED else _STATES.get(state or 0)
    if action == "remediated" and values.flag(item.get("ActionSuccess")) is False:
        action = "failed"
    resources = [_resource(text) for text in _members(item.get("Resources"))]
    user = values.text(item.get("DomainUser"))
    alerts.add(
        batches,
        **values.place(ts, number),
        product="defender_antivirus",
        alert_id=values.text(item.get("ThreatID")),
        title=values.text(item.get("ThreatName")),
        threat=values.text(item.get("ThreatName")),
        action=action,
        host=host,
        user=user if user and not user.endswith(("\\SYSTEM", "\\Système")) else None,
        file=resources[0] if resources else values.text(item.get("ProcessName")),
    )


def _resource(text: str) -> str:
    r"""``file:_C:\\x`` names the file ``C:\\x``."""
    kind, mark, rest = text.partition(":_")
    return rest if mark and kind.isalpha() else text


def _threat(item: dict[str, Any], number: int, host: str | None, batches: Batches) -> None:
    executed, active = values.flag(item.get("DidThreatExecute")), values.flag(item.get("IsActive"))
    alerts.add(
        batches,
        ts_zone="none",
        record=number,
        product="defender_antivirus",
        alert_id=values.text(item.get("ThreatID")),
        title=values.text(item.get("ThreatName")),
        threat=values.text(item.get("ThreatName")),
        category=_CATEGORIES.get(_number(item.get("CategoryID")) or 0),
        description="It ran before it was found." if executed else None,
        severity=_SEVERITIES.get(_number(item.get("SeverityID")) or 0),
        action="detected" if active else None,
        host=host,
        file=next((_resource(text) for text in _members(item.get("Resources"))), None),
    )


def _settings(item: dict[str, Any], kind: str, number: int, device: str, batches: Batches, sink: Sink) -> None:
    """Settings one by one. ``device`` is the computer, or the name of the evidence where the object does not name one."""
    common = {"ts_zone": "none", "record": number, "device": device, "vendor": "microsoft_defender", "block": kind}
    version = values.text(item.get("AMProductVersion"))
    for key, value in item.items():
        if key not in _NAMES.values() or key in ("PSComputerName", "ComputerName", "ComputerID"):
            continue
        if key in _LISTS:
            for member in _members(value):
                if member.startswith("N/A:"):
                    sink.diagnose("exclusions_hidden", "Exclusions are shown to administrators only; these were not.", number)
                else:
                    batches.add("device_config_item", **common, version=version, key=key, value=member)
        elif (text := values.text(value)) is not None:
            batches.add("device_config_item", **common, version=version, key=key, value=text)


READER: Reader = DefenderPowershellReader()
