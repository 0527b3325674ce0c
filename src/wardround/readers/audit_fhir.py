"""A FHIR AuditEvent (R4, R5) as a row of ``audit_event``. Patients become tokens; names and queries are not kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wardround.readers.audit_xml import DESTINATION_ROLE, SOURCE_ROLE, STUDY_TYPE, instant, subjects

#: Resources of one Bundle, agents or entities of one event that are looked at.
MAX_ITEMS = 100_000

_OUTCOMES = {"success": 0, "information": 0, "warning": 4, "error": 8, "fatal": 12, "0": 0, "4": 4, "8": 8, "12": 12}
_STUDY_PATHS = ("ImagingStudy/",)


def audit_events(resource: Any) -> Iterator[dict[str, Any]]:
    """The AuditEvents in a resource: itself, or those of a Bundle or of a list."""
    if isinstance(resource, list):
        for item in resource[:MAX_ITEMS]:
            if isinstance(item, dict) and item.get("resourceType") in ("AuditEvent", "Bundle"):
                yield from audit_events(item)
    elif isinstance(resource, dict) and resource.get("resourceType") == "AuditEvent":
        yield resource
    elif isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
        for entry in _list(resource, "entry"):
            inner = entry.get("resource")
            if isinstance(inner, dict) and inner.get("resourceType") == "AuditEvent":
                yield inner


def row_of(event: dict[str, Any]) -> dict[str, Any]:
    """The row of one AuditEvent; never raises, whatever types its members have."""
    kind = event.get("type", event.get("code"))
    ts, zone = instant(_text(event, "recorded") or "")
    outcome = event.get("outcome")
    if isinstance(outcome, dict):  # R5
        outcome = _code(outcome.get("code"))
    row: dict[str, Any] = {
        "ts": ts,
        "ts_zone": zone,
        "form": "fhir",
        "event_id": _code(kind),
        "event_name": _meaning(kind),
        "event_types": [code for item in _list(event, "subtype") if (code := _code(item))] or None,
        "action": (_text(event, "action") or "")[:1].upper() or None,
        "outcome": _OUTCOMES.get(str(outcome).lower()) if outcome is not None else None,
        "outcome_text": _text(event, "outcomeDesc"),
        "source_id": _name(_dict(event, "source").get("observer")),
    }
    return row | _agents(_list(event, "agent")) | _entities(event)


def _dict(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _list(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = value.get(name)
    return [item for item in found[:MAX_ITEMS] if isinstance(item, dict)] if isinstance(found, list) else []


def _text(value: dict[str, Any], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) and found else None


def _codings(value: Any) -> list[dict[str, Any]]:
    """Codings of a CodeableConcept, or the Coding itself."""
    if not isinstance(value, dict):
        return []
    return _list(value, "coding") or [value]


def _code(value: Any) -> str | None:
    return next((code for item in _codings(value) if (code := _text(item, "code"))), None)


def _meaning(value: Any) -> str | None:
    shown = next((text for item in _codings(value) if (text := _text(item, "display"))), None)
    return shown or (_text(value, "text") if isinstance(value, dict) else None)


def _name(reference: Any) -> str | None:
    """How a reference names its target: identifier, else reference, else what is displayed."""
    if not isinstance(reference, dict):
        return None
    return _text(_dict(reference, "identifier"), "value") or _text(reference, "reference") or _text(reference, "display")


def _node(agent: dict[str, Any]) -> str | None:
    return _text(_dict(agent, "network"), "address") or _text(agent, "networkString")


def _is_patient(reference: Any) -> bool:
    return isinstance(reference, dict) and (
        "Patient/" in (_text(reference, "reference") or "") or _text(reference, "type") == "Patient"
    )


def _roles(agent: dict[str, Any]) -> list[str]:
    codes = [_code(agent.get("type"))] + [_code(item) for item in _list(agent, "role")]
    return [code for code in codes if code]


def _agents(agents: list[dict[str, Any]]) -> dict[str, Any]:
    asked = next((item for item in agents if item.get("requestor") is True), None) or next(iter(agents), {})
    patient = _is_patient(asked.get("who"))  # a patient at the portal is no member of staff
    row: dict[str, Any] = {
        "user": None if patient else _name(asked.get("who")) or _text(asked, "altId"),
        "user_alternative": None if patient else _text(asked, "altId"),
        "roles": _roles(asked) or None,
        "node": _node(asked),
    }
    for column, role in (("source_node", SOURCE_ROLE), ("destination_node", DESTINATION_ROLE)):
        found = next((item for item in agents if role in _roles(item)), None)
        row[column] = (_node(found) or _name(found.get("who"))) if found is not None else None
    return row


def _entities(event: dict[str, Any]) -> dict[str, Any]:
    patients, studies = [], []
    query = False
    if (reference := _name(event.get("patient"))) is not None:  # R5
        patients.append(reference)
    for item in _list(event, "entity"):
        query |= "query" in item
        what = item.get("what")
        name = _name(what)
        if name is None:
            continue
        type_code, role = _code(item.get("type")), _code(item.get("role"))
        if _is_patient(what) or (type_code == "1" and role == "1"):
            patients.append(name)
        elif type_code == STUDY_TYPE or any(part in name for part in _STUDY_PATHS):
            studies.append(name)
    return subjects((_last(text, "Patient/") for text in patients), (_last(text, "ImagingStudy/") for text in studies)) | {
        "query": query
    }


def _last(reference: str, kind: str) -> str:
    """The identifier within a reference (``https://server/fhir/Patient/17/_history/2``)."""
    return reference.rpartition(kind)[2].partition("/")[0] if kind in reference else reference
