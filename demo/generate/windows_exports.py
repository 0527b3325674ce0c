"""The two shapes in which the hospital's Windows events reached us: forwarded by Winlogbeat, exported by evtx_dump."""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from demo.generate import hospital as h
from demo.generate import windows as w
from demo.generate.happenings import SECOND

_EVENT_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


@dataclass(frozen=True, slots=True)
class _Provider:
    """Who writes an event, and the constants of its header."""

    name: str
    guid: str
    level: int = 4
    keywords: str = "0x8000000000000000"


_AUDITING = _Provider("Microsoft-Windows-Security-Auditing", "54849625-5478-4994-A5BA-3E3B0328C30D", 0, "0x8020000000000000")
_EVENTLOG = _Provider("Microsoft-Windows-Eventlog", "FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148")
_SERVICES = _Provider("Service Control Manager", "555908D1-A6D7-4695-8E1E-26931D2012F4", 4, "0x8080000000000000")
_RESTARTS = _Provider("User32", "B0AA8734-56F7-41CC-B2F4-DE228E98B946")
_PROVIDERS = {
    w.SYSMON: _Provider("Microsoft-Windows-Sysmon", "5770385F-C22A-43E0-BF4C-06F5698FFBD9"),
    w.POWERSHELL: _Provider("Microsoft-Windows-PowerShell", "A0C1853B-5C40-4B15-8766-3CF1C58F985A", 5, "0x0"),
    w.DEFENDER: _Provider("Microsoft-Windows-Windows Defender", "11CD958A-C507-4EF3-B3F2-5FD9DFBD2C78"),
    w.RDP_CORE: _Provider(
        "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", "1139C61B-B549-4251-8ED3-27250A1EDEC8", 4, "0x4000000000000000"
    ),
    w.RDP_CONNECTIONS: _Provider(
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
        "C76BAA63-AE81-421C-B425-340B4B24157F",
        4,
        "0x1000000000000000",
    ),
    w.RDP_SESSIONS: _Provider(
        "Microsoft-Windows-TerminalServices-LocalSessionManager",
        "5D896912-022D-40AA-A3A8-4FA5515C76D7",
        4,
        "0x1000000000000000",
    ),
}
_FAILURES = {4625}
_LOGS = {1102, 104}
_TASKS = {4624: 12544, 4625: 12544, 4634: 12545, 4672: 12548, 4688: 13312, 4719: 13568, 5145: 12811, 4662: 14080}
_TASKS |= {4768: 14339, 4769: 14337, 4776: 14336, 5140: 12808, 6272: 12552, 1102: 104, 104: 104, 1: 1, 11: 11, 13: 13, 131: 4}
_VERSIONS = {4624: 2, 4688: 2, 6272: 1, 1: 5, 11: 2, 13: 2}


def _provider(event: w.Event) -> _Provider:
    if event.event_id in _LOGS and event.wrapper:
        return _EVENTLOG
    if event.channel == w.SYSTEM:
        return _RESTARTS if event.event_id == 1074 else _SERVICES
    return _PROVIDERS.get(event.channel, _AUDITING)


def _keywords(event: w.Event) -> str:
    return "0x8010000000000000" if event.event_id in _FAILURES else _provider(event).keywords


def _iso(at: int, digits: int) -> str:
    moment = datetime.datetime.fromtimestamp(at // SECOND, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % SECOND:06d}"[: 20 + digits] + "Z"


def numbered(events: Iterable[w.Event]) -> list[tuple[int, w.Event]]:
    """Give each event the record number it has in the log of its host and channel."""
    following: dict[tuple[h.Host, str], int] = defaultdict(lambda: 10_001)
    found = []
    for event in events:
        key = (event.host, event.channel)
        found.append((following[key], event))
        following[key] += 1
    return found


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def evtx_dump_line(record: int, event: w.Event) -> str:
    """One event as ``evtx_dump -o jsonl`` writes it."""
    provider = _provider(event)
    attributes = {"Name": provider.name, "Guid": provider.guid}
    event_id: Any = event.event_id
    if provider is _SERVICES:
        event_id = {"#attributes": {"Qualifiers": 16384}, "#text": event.event_id}
    system = {
        "Provider": {"#attributes": attributes},
        "EventID": event_id,
        "Version": _VERSIONS.get(event.event_id, 0),
        "Level": provider.level,
        "Task": _TASKS.get(event.event_id, 0),
        "Opcode": 0,
        "Keywords": _keywords(event),
        "TimeCreated": {"#attributes": {"SystemTime": _iso(event.at, 6)}},
        "EventRecordID": record,
        "Correlation": None,
        "Execution": {"#attributes": {"ProcessID": 640, "ThreadID": 704}},
        "Channel": event.channel,
        "Computer": event.host.fqdn,
        "Security": {"#attributes": {"UserID": event.sid}} if event.sid else None,
    }
    body: dict[str, Any] = {"EventData": event.fields}
    if event.wrapper:
        body = {"UserData": {event.wrapper: {"#attributes": {"xmlns": event.wrapper}, **event.fields}}}
    return _line({"Event": {"#attributes": {"xmlns": _EVENT_NAMESPACE}, "System": system, **body}})


def _text(value: w.Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def winlogbeat_line(record: int, event: w.Event) -> str:
    """One event as Winlogbeat 8 writes it."""
    provider = _provider(event)
    fields = {name: _text(value) for name, value in event.fields.items() if value != ""}
    winlog: dict[str, Any] = {
        "api": "wineventlog",
        "channel": event.channel,
        "computer_name": event.host.fqdn,
        "event_id": str(event.event_id),
        "provider_name": provider.name,
        "provider_guid": f"{{{provider.guid}}}",
        "record_id": record,
        "opcode": "Info",
        "process": {"pid": 640, "thread": {"id": 704}},
    }
    if provider is _AUDITING:
        winlog["keywords"] = ["Audit Failure" if event.event_id in _FAILURES else "Audit Success"]
    if event.event_id in _VERSIONS:
        winlog["version"] = _VERSIONS[event.event_id]
    if event.sid:
        winlog["user"] = {"identifier": event.sid}
    if event.wrapper:
        winlog["user_data"] = {**fields, "xml_name": event.wrapper}
    else:
        winlog["event_data"] = fields
    return _line(
        {
            "@timestamp": _iso(event.at, 3),
            "@metadata": {"beat": "winlogbeat", "type": "_doc", "version": "8.17.2"},
            "winlog": winlog,
            "event": {"code": str(event.event_id), "kind": "event", "provider": provider.name},
            "host": {"name": event.host.fqdn.lower()},
            "log": {"level": "information"},
            "agent": {"name": event.host.name, "type": "winlogbeat", "version": "8.17.2"},
            "ecs": {"version": "8.0.0"},
        }
    )
