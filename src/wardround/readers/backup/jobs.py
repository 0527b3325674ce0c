"""What the backup readers share: the words that programs use for results and kinds of jobs, in English and French."""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from wardround.readers.base import Sink, Source
from wardround.readers.instants import iso_instant

#: Lists in JSON are read whole, up to this size; they have some hundred bytes for each archive or snapshot.
MOST_BYTES = 64 << 20

#: A longer line of a program's output is cut.
LINE_BYTES = 16 * 1024

#: A time and a severity that a script or a logger may have put before a program's words.
_STAMP = re.compile(
    r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?\]?:?\s{1,8}(?:\[?(?:INFO|WARN(?:ING)?|ERROR|CRITICAL|DEBUG)\]?:?\s{1,8})?"
)

_RESULTS = (
    (re.compile(r"success|succ[eè]s|\bok\b|r[ée]ussi|completed(?! w)|termin[ée]+(?! avec)|^0$|^t$", re.I), "success"),
    (
        re.compile(r"warning|avertissement|partial|partiel|completed w|with (?:errors|warnings)|termin[ée]+ avec|^w$", re.I),
        "warning",
    ),
    (
        re.compile(r"fail|[ée]chou|[ée]chec|error|erreur|cancel|annul|killed|abort|fatal|did not run|no run|^[efa]$", re.I),
        "failed",
    ),
    (re.compile(r"running|working|progress|en cours|pending|waiting|starting|postproc|^r$|^c$", re.I), "running"),
)

_NOISE = r"(?:errors?|erreurs?|warnings?|avertissements?|failures?|failed|[ée]checs?|probl[eè]m(?:s|es?)?)(?:\(s\))?"
#: What says that there were none: "0 errors", "no errors were found", "sans erreur", "Errors: 0".
_NONE = re.compile(
    r"(?:\b(?:with|avec)\s+)?(?<![\w.,])(?:0|no|aucune?|sans|z[ée]ro)\s+"
    + _NOISE
    + r"(?:\s+(?:were\s+)?found)?|\b"
    + _NOISE
    + r"\s*[:=]\s*0(?!\d|[.,]\d)",
    re.I,
)

_KINDS = (
    (re.compile(r"\b(?:forget|prun(?:e|ing)|purge|expir\w*|delet(?:e|ion)|suppression)\b", re.I), "delete"),
    (re.compile(r"restor|recover|restaur|r[ée]cup[ée]r|^r$", re.I), "restore"),
    (re.compile(r"verif|v[ée]rif|surebackup|\btest|check|health|^v$", re.I), "verify"),
    (re.compile(r"copy|copie|replica|auxcopy|auxiliary|tape|bande|offsite|archiv|sync|^c$", re.I), "copy"),
    (re.compile(r"backup|sauvegarde|snapshot|full|incr|diff|compl[eè]te|^b$", re.I), "backup"),
    (re.compile(r"admin|maint|reclaim|migrat|catalog|discover", re.I), "other"),
)

_IMMUTABLE = re.compile(r"immutab|hardened|object.?lock|worm\b|inalt[ée]rable|verrouill", re.I)
_OFFLINE = re.compile(
    r"(?<![a-z])(?:tapes?|lto\d?|bandes?|usb)(?![a-z])|removable|rotated|amovible|hors.?ligne|off.?line|air.?gap", re.I
)


def result_of(text: str) -> str | None:
    """success, warning, failed or running; warnings and failures are looked for before success, and none of them is none."""
    told, without = _NONE.subn("", text[:200])
    for place in (1, 2, 3, 0):
        pattern, word = _RESULTS[place]
        if pattern.search(told):
            return word
    return "success" if without else None


def kind_of(text: str) -> str | None:
    """backup, copy, restore, verify, delete or other, None when nothing is said."""
    if not text:
        return None
    return next((word for pattern, word in _KINDS if pattern.search(text[:200])), "other")


def immutable(*texts: str) -> bool | None:
    """True when a name or type says that what is written there cannot be changed, else not known."""
    return True if any(_IMMUTABLE.search(text[:200]) for text in texts) else None


def offline(*texts: str) -> bool | None:
    """True when a name or type says that it is away from the network, else not known."""
    return True if any(_OFFLINE.search(text[:200]) for text in texts) else None


def flag(text: str) -> bool | None:
    """A written yes or no."""
    word = text.strip().casefold()
    if word in ("yes", "true", "1", "oui", "vrai", "enabled", "activé", "on"):
        return True
    return False if word in ("no", "false", "0", "non", "faux", "disabled", "désactivé", "off", "none") else None


def whole_list(source: Source, sink: Sink) -> Any:
    """What a list in JSON holds; None, and a diagnostic, where it is damaged or longer than MOST_BYTES."""
    with source.open() as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        sink.diagnose("too_large", f"More than {MOST_BYTES >> 20} MiB; the list was not read.", recovered=False)
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        sink.diagnose("bad_json", "The list breaks off or is damaged; it was not read.", recovered=False)
        return None


def output_lines(source: Source) -> Iterator[tuple[int, str]]:
    """The lines of what a program printed, with their numbers, without line ends; long ones are cut."""
    with source.open() as stream:
        number, inside = 0, False
        while line := stream.readline(LINE_BYTES):
            if not inside:
                number += 1
                yield number, line.decode("utf-8", "replace").strip("\r\n\0").removeprefix("\ufeff")
            inside = not line.endswith(b"\n")


def stamped(line: str) -> tuple[int | None, str, str]:
    """The time that stands before the words of a line (nanoseconds UTC), how its zone was known, and the words."""
    found = _STAMP.match(line)
    if found is None:
        return None, "none", line
    zone = found[3] or ""
    instant = iso_instant(found[1].replace(" ", "T") + (f".{found[2]}" if found[2] else "") + zone)
    return instant, ("none" if instant is None else "stated" if zone else "assumed"), line[found.end() :]
