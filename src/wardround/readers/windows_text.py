"""Windows events that an export kept as one text: the event's XML, Splunk's ``name=value`` lines, the payload of EvtxECmd."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

#: What XML 1.0 cannot hold, written or referred to, though values of events do.
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x[0-9A-Fa-f]{1,8}|[0-9]{1,9});")

#: Lines of the classic form before the message, at most.
_MOST_LINES = 64


def event_of_xml(text: str) -> dict[str, Any] | None:
    """The event in the nested form that the evtx library gives (``{"Event": {"System": …}}``); None when it is no event.

    Namespaces are dropped. A document type is refused, for the sake of the entities that it could declare.
    """
    if "<!" in text.replace("<![CDATA[", ""):
        return None
    root = _parsed(text.strip())
    if root is None:
        root = _parsed(_NO_CHARACTER.sub("\ufffd", text.strip()))
    if root is None or _local(root.tag) != "Event":
        return None
    event: dict[str, Any] = {}
    for part in root:
        section = _local(part.tag)
        if section == "System":
            event[section] = {_local(child.tag): {"#attributes": dict(child.attrib), "#text": child.text} for child in part}
        elif section in {"EventData", "UserData"}:
            event[section] = {section: _leaves(part)} if section == "UserData" else _leaves(part)
    return {"Event": event}


def _parsed(text: str) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(text)  # noqa: S314 (no document type, so no entities)
    except (ElementTree.ParseError, ValueError):
        return None


def _leaves(section: ElementTree.Element) -> dict[str, list[str]]:
    """The texts of the innermost elements by their ``Name``, else by their tag."""
    found: dict[str, list[str]] = {}
    for element in section.iter():
        if len(element) == 0 and element is not section:
            text = element.text or ""
            # Tools that indent put line ends into empty elements too.
            found.setdefault(element.get("Name") or _local(element.tag), []).append(text if text.strip() else "")
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def event_of_lines(text: str) -> dict[str, str] | None:
    """``LogName=Security``, ``EventCode=4624`` … up to ``Message=`` and all that follows; None when it is no event."""
    head, _, message = text.partition("\nMessage=")
    fields = {"Message": message} if message else {}
    for line in head.splitlines()[:_MOST_LINES]:
        name, equals, value = line.partition("=")
        if equals and name.isidentifier():
            fields.setdefault(name, value)
    return fields if {"LogName", "EventCode"} <= fields.keys() else None


#: The columns of EvtxECmd that are used; in ``Payload`` stands the event's own part as JSON.
EVTXECMD = (
    "EventRecordId", "TimeCreated", "EventId", "Level", "Provider", "Channel", "ProcessId", "ThreadId", "Computer", "UserId",
    "Keywords", "Payload",
)  # fmt: skip


def event_of_payload(row: Mapping[str, str | None]) -> dict[str, Any] | None:
    """A row of EvtxECmd in the nested form that the evtx library gives; None when its payload is no JSON object.

    Its times are UTC, with or without saying so.
    """
    told = {name: value for name, value in row.items() if value}
    try:
        payload = json.loads(told.get("Payload", "{}"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, dict) or "EventId" not in told:
        return None
    time = told.get("TimeCreated", "").strip()
    system: dict[str, Any] = {
        "Channel": told.get("Channel"),
        "EventID": told.get("EventId"),
        "EventRecordID": told.get("EventRecordId"),
        "Computer": told.get("Computer"),
        "Level": told.get("Level"),
        "Keywords": told.get("Keywords"),
        "Provider": {"#attributes": {"Name": told.get("Provider")}},
        "TimeCreated": {"#attributes": {"SystemTime": time if time.endswith("Z") or "+" in time or not time else f"{time}Z"}},
        "Execution": {"#attributes": {"ProcessID": told.get("ProcessId"), "ThreadID": told.get("ThreadId")}},
        "Security": {"#attributes": {"UserID": told.get("UserId")}},
    }
    event: dict[str, Any] = {"System": system}
    for section in ("EventData", "UserData"):
        if isinstance(part := payload.get(section), dict):
            event[section] = _without_attributes({name: value for name, value in part.items() if name != "Data"})
            event[section] |= _named(part.get("Data"))
    return {"Event": event}


def _without_attributes(part: dict[str, Any]) -> dict[str, Any]:
    """The elements of a part and of the elements in it."""
    plain = {name: value for name, value in part.items() if not name.startswith("@")}
    return {
        name: {key: item for key, item in value.items() if not key.startswith("@")} if isinstance(value, dict) else value
        for name, value in plain.items()
    }


def _named(data: Any) -> dict[str, list[Any]]:
    """The values of ``Data`` elements by their names; those without one are ``Data``."""
    found: dict[str, list[Any]] = {}
    for item in data if isinstance(data, list) else [] if data is None else [data]:
        if isinstance(item, dict):
            found.setdefault(str(item.get("@Name") or "Data"), []).append(item.get("#text"))
        else:
            found.setdefault("Data", []).append(item)
    return found
