"""MISP core format: the round as one event, for the organisation alone (distribution 0), with the attacks and known flaws.

What is inside the hospital is a target, never an indicator: ``to_ids`` is set only for addresses and names on the Internet.
Ids are derived from the content. Findings of severity ``info`` (declared exceptions) are left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from wardround.model import SEVERITIES
from wardround.report.document import Finding, ResultDocument, Subject, nanoseconds, to_json
from wardround.report.names import CVE, DOMAIN, TECHNIQUE, microseconds
from wardround.report.safe import shorten
from wardround.report.texts import Language, language
from wardround.site import inferred_zone, parse_address

_OWN = uuid.uuid5(uuid.NAMESPACE_URL, "urn:wardround:misp")
_THREAT_LEVELS = {"critical": "1", "high": "1", "medium": "2", "low": "3", "info": "4"}
_UNDEFINED = "4"
_LONGEST_COMMENT = 400


def export(document: ResultDocument, lang: str) -> bytes:
    """The event, its texts in ``lang``."""
    words = language(lang)
    findings = [found for found in document.findings if found.severity != "info"]
    attributes: dict[str, dict[str, Any]] = {}
    for found in findings:
        for item in _attributes(document, found, words):
            attributes.setdefault(item["uuid"], item)
    worst = max((found.severity for found in findings), key=SEVERITIES.index, default="")
    techniques = sorted({name for found in findings for name in found.techniques if TECHNIQUE.fullmatch(name)})
    event = {
        "uuid": str(uuid.uuid5(_OWN, f"event {document.created} {document.site}")),
        "info": " – ".join(part for part in (words.gettext("Security round"), document.site, "wardround") if part),
        "date": document.created[:10],
        "timestamp": _seconds(document.created),
        "distribution": "0",
        "threat_level_id": _THREAT_LEVELS.get(worst, _UNDEFINED),
        "analysis": "2",
        "published": False,
        "Tag": [{"name": name} for name in ("tlp:amber+strict", *(f'mitre-attack:technique="{name}"' for name in techniques))],
        "Attribute": list(attributes.values()),
    }
    return to_json({"Event": event}, indent=True) + b"\n"


def _attributes(document: ResultDocument, found: Finding, words: Language) -> Iterator[dict[str, Any]]:
    comment = shorten(f"{found.detection}: {words.texts(found.texts).title}", _LONGEST_COMMENT)
    for subject in found.subjects:
        form = _form(subject, attack=found.kind == "attack")
        if form is None:
            continue
        category, kind, value, indicator = form
        yield {
            "uuid": str(uuid.uuid5(_OWN, f"{document.created} {kind} {value} {found.id}")),
            "category": category,
            "type": kind,
            "value": value,
            "comment": comment,
            "to_ids": indicator,
            "distribution": "5",
            "timestamp": _seconds(document.created),
            **({"first_seen": microseconds(found.first_ts)} if found.first_ts else {}),
            **({"last_seen": microseconds(found.last_ts)} if found.last_ts else {}),
        }


def _form(subject: Subject, *, attack: bool) -> tuple[str, str, str, bool] | None:
    """Category, type, value and whether it is an indicator; None for what MISP has no type for."""
    name = subject.name.strip()
    address = parse_address(name)
    if address is not None:
        outside = inferred_zone(address) == "internet"
        kind = "ip-dst" if subject.kind == "destination" else "ip-src"
        return "Network activity", kind, str(address), outside and attack and subject.kind != "host"
    if subject.kind == "vulnerability" and CVE.fullmatch(name):
        return "External analysis", "vulnerability", name, False
    if subject.kind in ("domain", "destination") and DOMAIN.fullmatch(name):
        return "Network activity", "domain", name.lower(), attack and subject.kind == "domain"
    if subject.kind in ("host", "device") and name:
        return "Targeting data", "target-machine", name, False
    if subject.kind == "user" and name:
        return "Targeting data", "target-user", name, False
    return None


def _seconds(iso: str) -> str:
    return str(nanoseconds(iso) // 1_000_000_000)
