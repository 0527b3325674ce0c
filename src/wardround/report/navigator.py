"""Layer of the ATT&CK Navigator (format 4.5): the techniques of the findings, scored by the worst severity."""

from __future__ import annotations

import re
from typing import Any

from wardround.report.document import Finding, ResultDocument, to_json
from wardround.report.texts import language

LAYER_VERSION = "4.5"
NAVIGATOR_VERSION = "5.1.0"

_SCORES = {"info": 10, "low": 25, "medium": 50, "high": 75, "critical": 100}
_NAMED = 20

#: Enterprise techniques; those of ATT&CK for industrial control systems (T0…) belong to another domain.
_TECHNIQUE = re.compile(r"T[1-9]\d{3}(?:\.\d{3})?", re.ASCII)


def export(document: ResultDocument, lang: str) -> bytes:
    """One layer for the enterprise domain; the comment of a technique names the detections, in ``lang``."""
    words = language(lang)
    by_technique: dict[str, list[Finding]] = {}
    for found in document.findings:
        for technique in found.techniques:
            if _TECHNIQUE.fullmatch(technique):
                by_technique.setdefault(technique, []).append(found)
    layer = {
        "name": f"wardround {document.site}".strip(),
        "versions": {"attack": document.attack_version, "navigator": NAVIGATOR_VERSION, "layer": LAYER_VERSION},
        "domain": "enterprise-attack",
        "description": words.gettext("Techniques of the findings of a security round, scored by their worst severity."),
        "sorting": 3,
        "techniques": [_technique(name, found, lang) for name, found in sorted(by_technique.items())],
        "gradient": {"colors": ["#fff3d6", "#e08a00", "#8a1538"], "minValue": 0, "maxValue": 100},
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }
    return to_json(layer, indent=True) + b"\n"


def _technique(name: str, found: list[Finding], lang: str) -> dict[str, Any]:
    titles = dict.fromkeys(f"{finding.detection} {language(lang).texts(finding.texts).title}" for finding in found)
    return {
        "techniqueID": name,
        "score": max(_SCORES[finding.severity] for finding in found),
        "comment": "\n".join(list(titles)[:_NAMED]),
        "enabled": True,
        "showSubtechniques": "." in name,
        "metadata": [{"name": "findings", "value": str(len(found))}],
    }
