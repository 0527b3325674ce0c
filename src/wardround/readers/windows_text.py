"""Windows events that an export kept as one text: the XML of the event, or the classic ``name=value`` lines of Splunk."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

#: Lines of the classic form before the message, at most.
_MOST_LINES = 64


def event_of_xml(text: str) -> dict[str, Any] | None:
    """The event in the nested form that the evtx library gives (``{"Event": {"System": …}}``); None when it is no event.

    Namespaces are dropped. A document type is refused, for the sake of the entities that it could declare.
    """
    if "<!" in text.replace("<![CDATA[", ""):
        return None
    try:
        root = ElementTree.fromstring(text.strip())  # noqa: S314 (no document type, so no entities)
    except (ElementTree.ParseError, ValueError):
        return None
    if _local(root.tag) != "Event":
        return None
    event: dict[str, Any] = {}
    for part in root:
        section = _local(part.tag)
        if section == "System":
            event[section] = {_local(child.tag): {"#attributes": dict(child.attrib), "#text": child.text} for child in part}
        elif section in {"EventData", "UserData"}:
            event[section] = {section: _leaves(part)} if section == "UserData" else _leaves(part)
    return {"Event": event}


def _leaves(section: ElementTree.Element) -> dict[str, list[str | None]]:
    """The texts of the innermost elements by their ``Name``, else by their tag."""
    found: dict[str, list[str | None]] = {}
    for element in section.iter():
        if len(element) == 0 and element is not section:
            found.setdefault(element.get("Name") or _local(element.tag), []).append(element.text)
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
