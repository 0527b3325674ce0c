"""One audit message in XML (DICOM PS3.15, A.5; IHE ATNA; RFC 3881) as a row of ``audit_event``.

Patients and studies become tokens; names of patients and the text of queries are not kept.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from wardround.privacy import Kind, token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Longest message that is read; one that names every instance of a large study has some hundreds of kilobytes.
MESSAGE_BYTES = 4 * 1024 * 1024

#: Elements of one message that are looked at.
MAX_ELEMENTS = 200_000

SOURCE_ROLE, DESTINATION_ROLE = "110153", "110152"
STUDY_TYPE, SERIES_TYPE, INSTANCE_TYPE = "110180", "110181", "110182"
PATIENT_NUMBER = "2"

_TITLE = re.compile(r"AETITLES?=([^;|\s]{1,64})", re.IGNORECASE)
_UID = re.compile(r"[0-9][0-9.]{4,63}\Z")


def parse_audit_xml(message: bytes) -> dict[str, Any] | None:
    """The row of one message, None when it is not readable XML with an audit message as its root.

    ``ts`` is in ns UTC with ``ts_zone``; ``evidence_id`` and ``record`` are the caller's.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(message) > MESSAGE_BYTES:
        return None
    try:
        root = fromstring(message.strip(b"\0 \t\r\n\xef\xbb\xbf"), forbid_dtd=True)
    except (SyntaxError, DefusedXmlException, ValueError, LookupError):
        return None
    elements = _children(root)
    if _local(root) != "AuditMessage" or "EventIdentification" not in elements:
        return None
    event = elements["EventIdentification"][0]
    inside = _children(event)
    identifier = next(iter(inside.get("EventID", ())), None)
    ts, zone = instant(event.get("EventDateTime", ""))
    row: dict[str, Any] = {
        "ts": ts,
        "ts_zone": zone,
        "form": "dicom" if identifier is not None and identifier.get("csd-code") else "rfc3881",
        "event_id": _code(identifier),
        "event_name": _meaning(identifier),
        "event_types": [code for item in inside.get("EventTypeCode", ()) if (code := _code(item))] or None,
        "action": event.get("EventActionCode", "").strip().upper()[:1] or None,
        "outcome": _whole(event.get("EventOutcomeIndicator")),
        "outcome_text": next((item.text for item in inside.get("EventOutcomeDescription", ())), None),
        "source_id": next((item.get("AuditSourceID") for item in elements.get("AuditSourceIdentification", ())), None),
    }
    row |= _participants(elements.get("ActiveParticipant", []))
    row |= _objects(elements.get("ParticipantObjectIdentification", []))
    return row


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Element) -> dict[str, list[Element]]:
    """The children by their local names."""
    found: dict[str, list[Element]] = {}
    for child in element:
        found.setdefault(_local(child), []).append(child)
    return found


def _code(element: Element | None) -> str | None:
    """A coded value: attribute ``csd-code`` in DICOM, ``code`` in RFC 3881."""
    if element is None:
        return None
    return (element.get("csd-code") or element.get("code") or "").strip() or None


def _meaning(element: Element | None) -> str | None:
    if element is None:
        return None
    return element.get("originalText") or element.get("displayName") or None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.strip().isascii() and text.strip().isdigit() and len(text) < 6 else None


def instant(text: str) -> tuple[int | None, str]:
    """Nanoseconds UTC of an XML or FHIR time, and how its zone is known."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None, "none"
    stated = moment.tzinfo is not None
    seconds = (moment if stated else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    ns = (seconds.days * 86400 + seconds.seconds) * 1_000_000_000 + seconds.microseconds * 1_000
    return (ns, "stated" if stated else "assumed") if abs(ns) < 1 << 63 else (None, "none")


def _participants(found: list[Element]) -> dict[str, Any]:
    """Who asked, and between which nodes data went."""
    asked = next((item for item in found if item.get("UserIsRequestor", "").strip().lower() in ("true", "1")), None)
    asked = asked if asked is not None else next(iter(found), None)
    row: dict[str, Any] = {}
    if asked is not None:
        row = {
            "user": asked.get("UserID"),
            "user_alternative": asked.get("AlternativeUserID"),
            "roles": _roles(asked) or None,
            "node": asked.get("NetworkAccessPointID"),
        }
    for column, role in (("source_node", SOURCE_ROLE), ("destination_node", DESTINATION_ROLE)):
        row[column] = next((_node(item) for item in found if role in _roles(item)), None)
    return row


def _roles(participant: Element) -> list[str]:
    return [code for item in _children(participant).get("RoleIDCode", ()) if (code := _code(item))]


def _node(participant: Element) -> str | None:
    """AE title of a participant (PS3.15 puts it into the alternative user ID), else where it is on the network."""
    title = _TITLE.search(participant.get("AlternativeUserID", ""))
    return title[1] if title else participant.get("NetworkAccessPointID") or participant.get("UserID") or None


def _objects(found: list[Element]) -> dict[str, Any]:
    """Patients, studies and instances that the event concerns."""
    patients, studies, instances = [], [], 0
    query = False
    elements = 0
    for item in found:
        inside = _children(item)
        query |= "ParticipantObjectQuery" in inside
        kind = next((_code(code) for code in inside.get("ParticipantObjectIDTypeCode", ())), None)
        identifier = item.get("ParticipantObjectID", "")
        if (item.get("ParticipantObjectTypeCode"), item.get("ParticipantObjectTypeCodeRole")) == ("1", "1"):
            patients.append(identifier)
        elif kind == STUDY_TYPE:
            studies.append(identifier)
        elif kind == INSTANCE_TYPE:
            instances += 1
        for below in item.iter():
            elements += 1
            if elements > MAX_ELEMENTS:
                break
            name = _local(below)
            if name == "SOPClass":
                instances += _whole(below.get("NumberOfInstances")) or 0
            elif name in ("StudyIDs", "ParticipantObjectContainsStudy"):
                studies += [inner.get("UID", "") for inner in below.iter() if inner.get("UID")]
    return subjects(patients, studies) | {"instances": instances or None, "query": query}


def subjects(patients: Iterable[str], studies: Iterable[str]) -> dict[str, Any]:
    """The columns on patients and studies, from what names them."""
    people = list(dict.fromkeys(_tokens("patient", (patient_number(text) for text in patients))))
    examined = list(dict.fromkeys(_tokens("study", (plain_uid(text) for text in studies))))
    return {
        "patient_token": people[0] if people else None,
        "patients": len(people),
        "study_tokens": examined[:1_000] or None,
        "studies": len(examined),
    }


def _tokens(kind: Kind, values: Iterable[str]) -> Iterator[str]:
    return (made for value in values if (made := token(kind, value)) is not None)


def patient_number(text: str) -> str:
    """The number within an HL7 identifier with its authority (``24^^^HOSP&1.2.3&ISO``)."""
    return text.partition("^")[0].strip()


def plain_uid(text: str) -> str:
    """A UID without the prefix that makes it a URN."""
    value = text.strip().removeprefix("urn:oid:")
    return value if _UID.match(value) else text.strip()
