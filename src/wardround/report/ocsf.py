"""OCSF 1.5 (Open Cybersecurity Schema Framework), one event per line.

Attacks become Detection Findings (class 2004), incidents Incident Findings (class 2005). Exposures become Compliance Findings
(class 2003) that fail; detections of exposures that found nothing pass; every detection that was not assessed is a warning,
which OCSF defines as a check that did not yield a result due to missing information. Times are milliseconds since 1970 UTC,
as OCSF has them.
"""

from __future__ import annotations

from typing import Any

from wardround.report.document import Coverage, Finding, ResultDocument, Subject, nanoseconds, to_json
from wardround.report.incident_document import Incident
from wardround.report.texts import Language, language

VERSION = "1.5.0"
STANDARD = "wardround controls"

_FINDINGS_CATEGORY = 2
_DETECTION_FINDING = 2004
_COMPLIANCE_FINDING = 2003
_INCIDENT_FINDING = 2005
_CREATE = 1
_NEW = 1
_RULE = 1
_SEVERITY = {"info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
_SEVERITY_NAMES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
_CONFIDENCE = {"low": 1, "medium": 2, "high": 3}
_CONFIDENCE_NAMES = {1: "Low", 2: "Medium", 3: "High"}
#: OCSF compliance status ids.
PASS, WARNING, FAIL = 1, 2, 3
_STATUS_NAMES = {PASS: "Pass", WARNING: "Warning", FAIL: "Fail"}
_OTHER = 99
_RELATED = 100
_OBSERVABLES = {"host": (1, "Hostname"), "domain": (1, "Hostname"), "address": (2, "IP Address"), "user": (4, "User Name")}


def export(document: ResultDocument, lang: str) -> bytes:
    """One event per line: findings (the worst first), then what passed or was not assessed; texts in ``lang``."""
    words = language(lang)
    events = [
        _detection_finding(document, found, words) if found.kind == "attack" else _exposure(document, found, words)
        for found in document.findings
    ]
    events += [_incident(document, incident, words) for incident in document.incidents]
    events += [
        _check(document, row, words)
        for row in document.coverage
        if row.result == "not_assessed" or (row.result == "not_found" and row.kind == "exposure")
    ]
    return b"".join(to_json(event) + b"\n" for event in events)


def _incident(document: ResultDocument, told: Incident, words: Language) -> dict[str, Any]:
    """An incident, with the findings that are its story; what is told of it stands in its description."""
    titles = {found.id: words.texts(found.texts).title for found in document.findings}
    return {
        **_event(document, _INCIDENT_FINDING, "Incident Finding", _SEVERITY[told.severity], told.last_ts),
        "message": words.note(told.title),
        "desc": words.note(told.summary),
        "confidence_id": _CONFIDENCE[told.confidence],
        "confidence": _CONFIDENCE_NAMES[_CONFIDENCE[told.confidence]],
        "start_time": _milliseconds(told.first_ts),
        "end_time": _milliseconds(told.last_ts),
        "finding_info_list": [{"uid": name, "title": titles[name]} for name in told.findings if name in titles],
        "observables": [_observable(f"subjects[{place}]", subject) for place, subject in enumerate(told.subjects)],
        "unmapped": {"incident": told.id},
    }


def _detection_finding(document: ResultDocument, found: Finding, words: Language) -> dict[str, Any]:
    confidence = _CONFIDENCE[found.confidence]
    return {
        **_finding(document, found, words, _DETECTION_FINDING, "Detection Finding"),
        "is_alert": True,
        "confidence_id": confidence,
        "confidence": _CONFIDENCE_NAMES[confidence],
        "evidences": [
            {
                "uid": f"{pointer.evidence_id}:{pointer.record}",
                "data": {"path": pointer.path, "table": pointer.table, "record": pointer.record, "time": pointer.ts},
            }
            for pointer in found.evidence
        ],
    }


def _exposure(document: ResultDocument, found: Finding, words: Language) -> dict[str, Any]:
    summary = words.texts(found.texts).summary
    return {
        **_finding(document, found, words, _COMPLIANCE_FINDING, "Compliance Finding"),
        "compliance": _compliance(found.detection, found.controls, FAIL, summary),
    }


def _finding(document: ResultDocument, found: Finding, words: Language, uid: int, name: str) -> dict[str, Any]:
    texts = words.texts(found.texts)
    information: dict[str, Any] = {
        "uid": found.id,
        "title": texts.title,
        "desc": texts.summary,
        "types": [found.threat],
        "created_time": _milliseconds(document.created),
        "related_events_count": found.events,
        "analytic": {"type_id": _RULE, "type": "Rule", "uid": found.detection, "name": found.title},
        "attacks": [{"technique": {"uid": technique}, "version": document.attack_version} for technique in found.techniques],
        "data_sources": sorted({pointer.path for pointer in found.evidence}),
    }
    if found.first_ts:
        information["first_seen_time"] = _milliseconds(found.first_ts)
    if found.last_ts:
        information["last_seen_time"] = _milliseconds(found.last_ts)
    event = _event(document, uid, name, _SEVERITY[found.severity], found.last_ts or document.created)
    return {
        **event,
        "message": texts.summary or texts.title,
        "finding_info": information,
        "resources": [{"name": subject.name, "type": subject.kind} for subject in found.subjects],
        "observables": [_observable(f"resources[{place}]", subject) for place, subject in enumerate(found.subjects)],
    }


def _check(document: ResultDocument, row: Coverage, words: Language) -> dict[str, Any]:
    texts = words.texts(row.texts)
    status = PASS if row.result == "not_found" else WARNING
    return {
        **_event(document, _COMPLIANCE_FINDING, "Compliance Finding", _SEVERITY["info"], document.created),
        "message": texts.summary or texts.title,
        "finding_info": {
            "uid": f"coverage:{row.detection}",
            "title": texts.title,
            "types": [row.threat],
            "created_time": _milliseconds(document.created),
            "analytic": {"type_id": _RULE, "type": "Rule", "uid": row.detection, "name": row.title},
        },
        "compliance": _compliance(row.detection, [], status, texts.summary),
    }


def requirement(
    document: ResultDocument,
    *,
    uid: str,
    title: str,
    standard: str,
    control: str,
    status: int,
    detail: str,
    severity: str,
    findings: list[str],
) -> dict[str, Any]:
    """A Compliance Finding about one requirement of a standard; ``findings`` are the ids of what it rests on."""
    return {
        **_event(document, _COMPLIANCE_FINDING, "Compliance Finding", _SEVERITY[severity], document.created),
        "message": f"{title}. {detail}",
        "finding_info": {
            "uid": uid,
            "title": title,
            "created_time": _milliseconds(document.created),
            "related_events_count": len(findings),
            "related_events": [{"uid": finding} for finding in findings[:_RELATED]],
        },
        "compliance": {
            "standards": [standard],
            "control": control,
            "requirements": [control],
            "status_id": status,
            "status": _STATUS_NAMES[status],
            "status_detail": detail,
        },
    }


def _event(document: ResultDocument, uid: int, name: str, severity: int, time: str) -> dict[str, Any]:
    return {
        "category_uid": _FINDINGS_CATEGORY,
        "category_name": "Findings",
        "class_uid": uid,
        "class_name": name,
        "activity_id": _CREATE,
        "activity_name": "Create",
        "type_uid": uid * 100 + _CREATE,
        "type_name": f"{name}: Create",
        "severity_id": severity,
        "severity": _SEVERITY_NAMES[severity],
        "status_id": _NEW,
        "status": "New",
        "time": _milliseconds(time),
        "metadata": {
            "version": VERSION,
            "product": {"name": "wardround", "vendor_name": "wardround", "version": document.version},
            "logged_time": _milliseconds(document.created),
            **({"tenant_uid": document.site} if document.site else {}),
        },
    }


def _compliance(detection: str, controls: list[str], status: int, detail: str) -> dict[str, Any]:
    return {
        "standards": [STANDARD],
        "control": ", ".join(controls) or detection,
        "requirements": controls,
        "status_id": status,
        "status": _STATUS_NAMES[status],
        "status_detail": detail,
    }


def _observable(place: str, subject: Subject) -> dict[str, Any]:
    identifier, name = _OBSERVABLES.get(subject.kind, (_OTHER, "Other"))
    return {"name": f"{place}.name", "type_id": identifier, "type": name, "value": subject.name}


def _milliseconds(iso: str) -> int:
    return nanoseconds(iso) // 1_000_000
