"""STIX 2.1 (OASIS Standard, 10 June 2021) as one bundle: what was seen, with which technique, and what is weak.

An attack is an Observed Data with the machines, names and users it names, and a Sighting of each technique; a weakness is a
Note, and a Vulnerability where it names a CVE. All of it hangs on one Report. Ids are derived from the content, so that the
same round gives the same bundle.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from wardround.report.document import Finding, ResultDocument, Subject, nanoseconds, to_json
from wardround.report.names import CVE, DOMAIN, TECHNIQUE
from wardround.report.texts import Language, language
from wardround.site import parse_address

#: The namespace for ids of cyber-observable objects (STIX 2.1, section 2.9), and one of our own for everything else.
_OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
_OWN = uuid.uuid5(uuid.NAMESPACE_URL, "urn:wardround:stix")

_CONFIDENCE = {"low": 15, "medium": 50, "high": 85}
_MOST_SIGHTINGS = 999_999_999

Object = dict[str, Any]


def export(document: ResultDocument, lang: str) -> bytes:
    """The bundle, its texts in ``lang``."""
    words = language(lang)
    made: dict[str, Object] = {}

    def add(item: Object) -> str:
        identifier: str = item["id"]
        made.setdefault(identifier, item)
        return identifier

    author = add(_identity(document, "wardround", "system"))
    site = add(_identity(document, document.site, "organization")) if document.site else author
    for found in document.findings:
        for item in _finding(document, found, words, author, site):
            add(item)
    about = [name for name in made if name != author] or [author]
    report = {
        **_common(document, "report", document.created, author),
        "lang": lang,
        "name": " – ".join(part for part in (words.gettext("Security round"), document.site) if part),
        "report_types": ["observed-data"],
        "published": _time(document.created),
        "object_refs": about,
    }
    bundle = {"type": "bundle", "id": _id(document, "bundle", ""), "objects": [*made.values(), report]}
    return to_json(bundle, indent=True) + b"\n"


def _finding(document: ResultDocument, found: Finding, words: Language, author: str, site: str) -> Iterator[Object]:
    observables = list(_observables(found.subjects))
    yield from observables
    flaws = [_vulnerability(document, subject.name, author) for subject in found.subjects if _is_cve(subject)]
    yield from flaws
    patterns = [_pattern(document, name, author) for name in found.techniques if TECHNIQUE.fullmatch(name)]
    yield from patterns
    refs = list(dict.fromkeys(item["id"] for item in (*observables, *flaws, *patterns))) or [site]
    texts = words.texts(found.texts)
    if observables and found.kind == "attack" and found.first_ts and found.last_ts:
        seen = _observed(document, found, [item["id"] for item in observables], author)
        yield seen
        refs.append(seen["id"])
        for pattern in patterns:
            yield _sighting(document, found, pattern["id"], seen["id"], author, site)
    yield {
        **_common(document, "note", found.id, author),
        "lang": words.code,
        "abstract": f"{found.detection}: {texts.title}",
        "content": texts.summary or texts.title,
        "labels": [found.kind, found.severity, found.threat],
        "confidence": _CONFIDENCE[found.confidence],
        "object_refs": list(dict.fromkeys(refs)),
    }


def _observed(document: ResultDocument, found: Finding, refs: list[str], author: str) -> Object:
    first, last = _period(found)
    return {
        **_common(document, "observed-data", found.id, author),
        "first_observed": first,
        "last_observed": last,
        "number_observed": min(max(found.events, 1), _MOST_SIGHTINGS),
        "object_refs": list(dict.fromkeys(refs)),
    }


def _sighting(document: ResultDocument, found: Finding, pattern: str, seen: str, author: str, site: str) -> Object:
    first, last = _period(found)
    return {
        **_common(document, "sighting", f"{found.id} {pattern}", author),
        "first_seen": first,
        "last_seen": last,
        "count": min(max(found.events, 1), _MOST_SIGHTINGS),
        "confidence": _CONFIDENCE[found.confidence],
        "sighting_of_ref": pattern,
        "observed_data_refs": [seen],
        "where_sighted_refs": [site],
    }


def _period(found: Finding) -> tuple[str, str]:
    times = sorted((found.first_ts or "", found.last_ts or ""), key=nanoseconds)
    return _time(times[0]), _time(times[1])


def _identity(document: ResultDocument, name: str, kind: str) -> Object:
    return {**_common(document, "identity", f"{kind} {name}", None), "name": name, "identity_class": kind}


def _pattern(document: ResultDocument, technique: str, author: str) -> Object:
    reference = {
        "source_name": "mitre-attack",
        "external_id": technique,
        "url": f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}",
    }
    common = _common(document, "attack-pattern", technique, author)
    return {**common, "name": f"ATT&CK {technique}", "external_references": [reference]}


def _vulnerability(document: ResultDocument, cve: str, author: str) -> Object:
    reference = {"source_name": "cve", "external_id": cve}
    return {**_common(document, "vulnerability", cve, author), "name": cve, "external_references": [reference]}


def _is_cve(subject: Subject) -> bool:
    return subject.kind == "vulnerability" and bool(CVE.fullmatch(subject.name))


def _observables(subjects: Iterable[Subject]) -> Iterator[Object]:
    """Cyber-observable objects of the subjects that have a form in STIX."""
    for subject in subjects:
        address = parse_address(subject.name)
        if address is not None:
            yield _observable(f"ipv{address.version}-addr", {"value": str(address)})
        elif subject.kind in ("host", "domain", "destination") and DOMAIN.fullmatch(subject.name):
            yield _observable("domain-name", {"value": subject.name.lower()})
        elif subject.kind == "user" and subject.name:
            yield _observable("user-account", {"account_login": subject.name})
        elif subject.kind == "file" and (name := re.split(r"[/\\]", subject.name)[-1]):
            yield _observable("file", {"name": name})


def _observable(kind: str, properties: dict[str, str]) -> Object:
    canonical = orjson.dumps(properties, option=orjson.OPT_SORT_KEYS).decode()
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(_OBSERVABLES, canonical)}", **properties}


def _common(document: ResultDocument, kind: str, content: str, author: str | None) -> Object:
    created = _time(document.created)
    by = {"created_by_ref": author} if author else {}
    identifier = _id(document, kind, content)
    return {"type": kind, "spec_version": "2.1", "id": identifier, **by, "created": created, "modified": created}


def _id(document: ResultDocument, kind: str, content: str) -> str:
    """An id of this round: objects of one id would have to share their time of creation (section 3.6)."""
    return f"{kind}--{uuid.uuid5(_OWN, f'{kind} {document.created} {document.site} {content}')}"


def _time(iso: str) -> str:
    """The time to the millisecond, as STIX wants it."""
    whole, _, fraction = iso.removesuffix("Z").partition(".")
    return f"{whole}.{fraction[:3].ljust(3, '0')}Z"
