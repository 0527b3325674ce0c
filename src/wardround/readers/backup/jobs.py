"""What the backup readers share: the words that programs use for results and kinds of jobs, in English and French."""

from __future__ import annotations

import re

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

_KINDS = (
    (re.compile(r"restor|recover|restaur|r[ée]cup[ée]r|^r$", re.I), "restore"),
    (re.compile(r"verif|v[ée]rif|surebackup|\btest|check|health|^v$", re.I), "verify"),
    (re.compile(r"copy|copie|replica|auxcopy|auxiliary|tape|bande|offsite|archiv|sync|^c$", re.I), "copy"),
    (re.compile(r"backup|sauvegarde|snapshot|full|incr|diff|compl[eè]te|^b$", re.I), "backup"),
    (re.compile(r"prune|forget|delete|admin|maint|reclaim|migrat|catalog|discover", re.I), "other"),
)

_IMMUTABLE = re.compile(r"immutab|hardened|object.?lock|worm\b|inalt[ée]rable|verrouill", re.I)
_OFFLINE = re.compile(
    r"(?<![a-z])(?:tapes?|lto\d?|bandes?|usb)(?![a-z])|removable|rotated|amovible|hors.?ligne|off.?line|air.?gap", re.I
)


def result_of(text: str) -> str | None:
    """success, warning, failed or running; warnings and failures are looked for before success."""
    for place in (1, 2, 3, 0):
        pattern, word = _RESULTS[place]
        if pattern.search(text[:200]):
            return word
    return None


def kind_of(text: str) -> str | None:
    """backup, copy, restore, verify or other, None when nothing is said."""
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
