"""SARIF 2.1.0 (OASIS Standard, 27 March 2020): findings in the configurations of devices, for code-scanning tools.

A result per finding that rests on a setting of a configuration, with file and line. Checks that could not be made are told as
notifications, so that an empty list is not taken for a clean one.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from wardround.report.document import Coverage, Finding, Pointer, ResultDocument, to_json
from wardround.report.texts import Language, language

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

#: Tables whose rows come from configurations; ``record`` is the line there.
_TABLES = ("device_config_item",)

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_SECURITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
_DRIVE = re.compile(r"[A-Za-z]:")


def export(document: ResultDocument, lang: str) -> bytes:
    """One run; texts in ``lang``. Only findings that rest on configurations are in it."""
    words = language(lang)
    findings = [found for found in document.findings if _places(found)]
    names = sorted({found.detection for found in findings})
    titles = {row.detection: words.texts(row.texts).title for row in document.coverage}
    titles |= {found.detection: words.texts(found.texts).title for found in findings}
    worst = {name: next(found.severity for found in findings if found.detection == name) for name in names}
    run = {
        "tool": {
            "driver": {
                "name": "wardround",
                "version": document.version,
                "language": lang,
                "rules": [_rule(name, titles[name], worst[name]) for name in names],
            }
        },
        "automationDetails": {"id": f"wardround/{document.created}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "endTimeUtc": document.created,
                "toolExecutionNotifications": [
                    _notification(row, words) for row in document.coverage if row.result == "not_assessed"
                ],
            }
        ],
        "results": [_result(found, names.index(found.detection), words) for found in findings],
    }
    return to_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=True) + b"\n"


def _places(found: Finding) -> list[Pointer]:
    return [pointer for pointer in found.evidence if pointer.table in _TABLES]


def _rule(name: str, title: str, severity: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": _plain(title)},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {"security-severity": _SECURITY[severity], "tags": ["security"]},
    }


def _result(found: Finding, place: int, words: Language) -> dict[str, Any]:
    texts = words.texts(found.texts)
    return {
        "ruleId": found.detection,
        "ruleIndex": place,
        "level": _LEVELS[found.severity],
        "kind": "fail",
        "message": {"text": _plain(texts.summary or texts.title)},
        "locations": [_location(pointer) for pointer in _places(found)[:1]],
        "relatedLocations": [_location(pointer) for pointer in _places(found)[1:]],
        "partialFingerprints": {"wardround/v1": found.id},
        "properties": {"threat": found.threat, "confidence": found.confidence, "controls": found.controls},
    }


def _location(pointer: Pointer) -> dict[str, Any]:
    region = {"region": {"startLine": pointer.record}} if pointer.record > 0 else {}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(pointer.path)}, **region}}


def _notification(row: Coverage, words: Language) -> dict[str, Any]:
    texts = words.texts(row.texts)
    told = f"{row.detection}: {words.result(row.result)}. {texts.summary}".strip()
    return {"descriptor": {"id": row.detection}, "level": "note", "message": {"text": _plain(told)}}


def _uri(path: str) -> str:
    """A reference (RFC 3986) that is a path and nothing else, whatever the evidence calls itself."""
    plain = path.replace("\\", "/")
    drive = "/" if _DRIVE.match(plain) else ""
    encoded = quote(drive + plain, safe="/", errors="replace")
    return f".{encoded}" if encoded.startswith("//") else encoded or "."


def _plain(text: str) -> str:
    """The text with what SARIF reads as placeholders and links written as characters (sections 3.11.5 and 3.11.6)."""
    escaped = text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return escaped.replace("{", "{{").replace("}", "}}") or "–"
