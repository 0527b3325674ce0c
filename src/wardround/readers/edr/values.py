"""What products say in their own words, in common ones: severity, what was done, times, paths, accounts."""

from __future__ import annotations

import re
from typing import Any

from wardround.readers.delimited import Clock
from wardround.readers.instants import iso_instant

_SEVERITIES = {
    "unspecified": None,
    "unknown": None,
    "none": None,
    "n/a": None,
    "na": None,
    "informational": "informational",
    "information": "informational",
    "info": "informational",
    "informationnel": "informational",
    "very low": "low",
    "low": "low",
    "minor": "low",
    "faible": "low",
    "mineur": "low",
    "minor event": "low",
    "medium": "medium",
    "moderate": "medium",
    "warning": "medium",
    "moyen": "medium",
    "moyenne": "medium",
    "suspicious": "medium",
    "high": "high",
    "severe": "high",
    "major": "high",
    "élevé": "high",
    "élevée": "high",
    "haute": "high",
    "haut": "high",
    "error": "high",
    "critical": "critical",
    "very high": "critical",
    "critique": "critical",
    "fatal": "critical",
    "urgent": "critical",
}

_TECHNIQUE = re.compile(r"\bt(\d{4})(?:[./](\d{3}))?\b", re.I)

#: What was done with a threat, most decisive first: a failed cleaning is no cleaning.
_ACTIONS = (
    (
        "failed",
        re.compile(
            r"fail|[ée]chou|[ée]chec|unable|cannot|could not|not (?:be )?(?:cleaned|removed|quarantined|remediated|resolved)|"
            r"unremediated|partially|incomplete|action required|manual",
            re.I,
        ),
    ),
    ("allowed", re.compile(r"\ballow|autoris|ignored|excluded|restored|whitelist|authori[sz]ed|\bno.?action\b|exonerat", re.I)),
    (
        "detected",
        re.compile(r"not.?mitigated|unmitigated|would have been|not configured to|detect(?:ion)? only|\bactive\b|audit", re.I),
    ),
    (
        "prevented",
        re.compile(r"prevent|block|bloqu|den(?:y|ied)|refus|terminated before|access denied|mitigated pre", re.I),
    ),
    (
        "remediated",
        re.compile(
            r"remediat|quarantin|clean|nettoy|removed|delet|supprim|kill|resolved|mitigated|disinfect|d[ée]sinfect|rolled.?back|terminated|"
            r"neutrali|corrected|success",
            re.I,
        ),
    ),
    ("detected", re.compile(r"detect|d[ée]tect|log|report|found|none|alert|monitor", re.I)),
)

_MILLISECONDS = re.compile(r"/Date\((-?\d{1,14})(?:[+-]\d{4})?\)/\Z")
_CIM = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-])(\d{3})\Z")
_SECONDS = re.compile(r"\d{9,19}(?:\.\d{1,12})?\Z", re.ASCII)
_ENGLISH = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}),? (\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?[ \u202f]?(?:[AP]M)?)\Z")


def severity(value: object) -> str | None:
    """A written severity as informational, low, medium, high or critical; None when it is none of them."""
    return _SEVERITIES.get(str(value).strip().casefold()) if value is not None else None


def action(*values: object) -> str | None:
    """What was done: prevented, remediated, detected, failed or allowed; of several texts the first that tells."""
    for value in values:
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
        for word, pattern in _ACTIONS:
            if pattern.search(text[:300]):
                return word
    return None


def techniques(*values: object) -> list[str]:
    """The ATT&CK techniques named in texts or lists of them, in the order of their first place."""
    found: dict[str, None] = {}
    for value in values:
        text = " ".join(map(str, value[:64])) if isinstance(value, list) else str(value or "")
        for match in _TECHNIQUE.finditer(text[:4000]):
            found[f"T{match[1]}" + (f".{match[2]}" if match[2] else "")] = None
    return list(found)


def moment(value: object, clock: Clock | None = None) -> tuple[int | None, str]:
    """A time in ns UTC and how its zone was known: ISO 8601, seconds or milliseconds since 1970, PowerShell, CIM, consoles."""
    if isinstance(value, dict):  # Windows PowerShell: {"value": "/Date(…)/", "DisplayHint": 2, "DateTime": "…"}
        value = value.get("value") or value.get("DateTime")
    if isinstance(value, bool) or value is None or value == "":
        return None, "none"
    if isinstance(value, (int, float)) or (isinstance(value, str) and _SECONDS.match(value)):
        return _since_1970(float(value)) if not isinstance(value, int) or abs(value) < 10**19 else (None, "none")
    if not isinstance(value, str):
        return None, "none"
    text = value.strip()
    if found := _MILLISECONDS.match(text):
        return _since_1970(float(found[1]), milliseconds=True)
    if found := _CIM.match(text):
        year, month, day, hour, minute, second, micros, sign, zone = found.groups()
        offset = f"{sign}{int(zone) // 60:02}:{int(zone) % 60:02}"
        return _known(iso_instant(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{micros}{offset}"), "stated")
    instant = iso_instant(text)
    if instant is not None:
        zoned = text.endswith(("Z", "z")) or re.search(r"[+-]\d\d:?\d\d\Z", text) is not None
        return instant, "stated" if zoned else "assumed"
    if found := _ENGLISH.match(text):
        text = f"{found[2]}-{found[1]}-{found[3]} {found[4]}"
    return (clock or Clock()).instant(text)


def first_moment(row: dict[str, Any], *keys: str) -> tuple[int | None, str]:
    """The first of several members that is a time."""
    return next((found for key in keys if (found := moment(row.get(key)))[0] is not None), (None, "none"))


def place(ts: tuple[int | None, str], record: int) -> dict[str, Any]:
    """The columns that say when, how the zone was known, and where in the evidence."""
    return {"ts": ts[0], "ts_zone": ts[1], "record": record}


def _since_1970(number: float, *, milliseconds: bool = False) -> tuple[int | None, str]:
    """Seconds, milliseconds, microseconds or nanoseconds by their size; 0 is no time."""
    if not 0 < abs(number) < 1e19:
        return None, "none"
    if milliseconds:
        micros = int(number) * 1_000
    else:  # to microseconds, which a float holds exactly
        scales = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (1e20, 1e-3))
        micros = round(number * next(scale for most, scale in scales if abs(number) < most))
    nanos = micros * 1_000
    return _known(nanos if 0 < nanos < 2**63 else None, "utc")


def _known(instant: int | None, zone: str) -> tuple[int | None, str]:
    return (instant, zone) if instant is not None else (None, "none")


def path(folder: object, name: object) -> str | None:
    """The whole path of a file: products give the folder with or without the name."""
    folder = folder if isinstance(folder, str) else ""
    name = name if isinstance(name, str) else ""
    if not folder or not name:
        return folder or name or None
    if folder.casefold().endswith(name.casefold()) or name.casefold().startswith(folder.casefold()):
        return folder if len(folder) >= len(name) else name
    return folder + ("" if folder[-1] in "\\/" else "/" if folder.startswith("/") else "\\") + name


def account(domain: object, name: object) -> str | None:
    r"""``DOMAIN\\name``, or the name alone."""
    if not isinstance(name, str) or not name:
        return None
    return f"{domain}\\{name}" if isinstance(domain, str) and domain and "\\" not in name and "@" not in name else name


def text(value: object) -> str | None:
    """A value as the text that Windows shows: numbers in digits, true and false in lower case; None for nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else None


def flag(value: object) -> bool | None:
    """A written or real truth; None where it is neither."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold() if value is not None else ""
    return True if word in ("true", "1", "yes", "oui") else False if word in ("false", "0", "no", "non") else None


def hashes(row: dict[str, Any], prefix: str = "") -> str | None:
    """Sysmon's one column of hashes."""
    told = [
        f"{name}={row[prefix + name].upper()}" for name in ("SHA1", "MD5", "SHA256") if isinstance(row.get(prefix + name), str)
    ]
    return ",".join(hash_ for hash_ in told if not hash_.endswith("=")) or None
