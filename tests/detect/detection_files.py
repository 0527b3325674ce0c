"""Detection files for the tests of the engine: small, valid, and easy to spoil."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import yaml

WARDROUND: dict[str, Any] = {
    "threat": "remote_desktop",
    "kind": "attack",
    "attack_version": "19",
    "confidence": "medium",
    "controls": ["C04"],
    "needs": [
        {
            "table": "windows_event",
            "where": "EventID = 4625",
            "unless": {"en": "Failed logons were not recorded.", "fr": "Les échecs de connexion ne sont pas enregistrés."},
        }
    ],
    "subjects": {"host": "Computer", "user": "TargetUserName"},
    "summary": {
        "en": "{events} {events|failed logon|failed logons} of {TargetUserName} on {Computer}.",
        "fr": "{events} {events|échec|échecs} de {TargetUserName} sur {Computer}.",
    },
    "fr": {"title": "Un titre", "description": "Une phrase assez longue pour que l’on comprenne " * 2},
    "tests": [
        {
            "name": "one",
            "findings": 1,
            "rows": {
                "windows_event": [
                    {"ts": 1, "Channel": "Security", "EventID": 4625, "Computer": "ct1", "TargetUserName": "anna"}
                ]
            },
        },
        {
            "name": "none",
            "findings": 0,
            "rows": {
                "windows_event": [
                    {"ts": 1, "Channel": "Security", "EventID": 4625, "Computer": "ct1", "TargetUserName": "ct1$"}
                ]
            },
        },
    ],
}

COMMON: dict[str, Any] = {
    "title": "A title",
    "id": "0b1d8c0e-54ce-4a3c-8d0e-6d5d5f5f0001",
    "name": "RDP-A01",
    "status": "experimental",
    "description": "A sentence that is long enough for a person to understand what is meant by it, and why it matters.",
    "references": ["https://attack.mitre.org/techniques/T1110/"],
    "falsepositives": ["A stale password"],
    "level": "high",
    "tags": ["attack.credential-access", "attack.t1110.001"],
}

SIGMA: dict[str, Any] = {
    "logsource": {"product": "windows", "service": "security"},
    "detection": {
        "selection": {"EventID": 4625},
        "machine": {"TargetUserName|endswith": "$"},
        "condition": "selection and not machine",
    },
}

SQL = """
SELECT Computer, TargetUserName, count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts,
       pointers('windows_event', evidence_id, record, ts) AS evidence
FROM windows_event WHERE EventID = 4625 AND TargetUserName NOT LIKE '%$' GROUP BY ALL
"""


def document(body: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """A detection with that body; ``changed`` replaces keys, those of the wardround part with ``wardround__`` in front."""
    made = copy.deepcopy({**COMMON, **body, "wardround": WARDROUND})
    for name, value in changed.items():
        place, _, key = name.rpartition("wardround__")
        target = made["wardround"] if name != key or place else made
        if value is None:
            target.pop(key)
        else:
            target[key] = value
    return made


def sigma(**changed: Any) -> str:
    """The text of a detection with a plain Sigma rule."""
    return yaml.safe_dump(document(SIGMA, **changed), sort_keys=False)


def sql(statement: str = SQL, **changed: Any) -> str:
    """The text of a detection with a SELECT."""
    return yaml.safe_dump(document({"sql": statement}, **changed), sort_keys=False)


def correlation(**changed: Any) -> str:
    """The text of a detection that counts failed logons per host."""
    base = {**SIGMA, "title": "Base", "id": "0b1d8c0e-54ce-4a3c-8d0e-6d5d5f5f0002", "name": "failed"}
    body = {
        "correlation": {
            "type": "event_count",
            "rules": ["failed"],
            "group-by": ["Computer"],
            "timespan": "5m",
            "condition": {"gte": 3},
        }
    }
    changed.setdefault("wardround__subjects", {"host": "Computer"})
    changed.setdefault("wardround__summary", {"en": "{value} on {Computer}", "fr": "{value} sur {Computer}"})
    return yaml.safe_dump_all([base, document(body, **changed)], sort_keys=False)


PATH = "remote_desktop/RDP-A01.yml"
