"""Versions of products compared as their makers count them.

A version becomes a key: keys of one scheme can be compared, and are in a total order. What is not a version of the scheme
has no key, and nothing is claimed about it.

Schemes and where they are described: ``fortios`` (7.0.12), ``asa`` (9.12(4)18, the same as 9.12.4.18), ``panos`` (10.2.9-h1:
a hotfix comes after its release), ``citrix`` (13.0-47.24, also with dots: build of a release), ``pulse`` (9.1R11.4:
maintenance release), ``sonicos`` (7.0.1-5145), ``ios`` (17.9.4a), ``zyxel`` (5.36(ABUJ.1), the same as 5.36 Patch 1),
``dpkg`` (1:7.9p1-10+deb10u2; Debian policy 5.6.12), ``rpm`` (0:8.0p1-19.el8_8; rpmvercmp), ``semver`` (semver.org 2.0.0),
``zoom`` (5.16.5 (1234): the build does not count), ``generic`` (numbers and words, a pre-release before its release).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: A longer text is no version.
MAX_CHARACTERS = 128

#: Digits of one number; more are no version either.
_DIGITS = 18

Key = tuple[object, ...]

_FORTIOS = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[ ,-].*)?$")
_ASA = re.compile(r"(\d+)\.(\d+)(?:\((\d+)(?:\.(\d+))?\)(\d+)?|\.(\d+)(?:\.(\d+))?)?$")
_PANOS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:-h(\d+))?(?:-[bc]\d+)?$")
_CITRIX = re.compile(
    r"(?:NS)?(\d+)\.(\d+)(?:-(?:FIPS|NDcPP))?(?:-|: ?| |\.)(?:[Bb]uild )?(\d+)\.(\d+)(?:\.nc)?(?:-(?:FIPS|NDcPP))?(?:, .*)?$"
)
_PULSE = re.compile(r"(\d+)\.(\d+)-?[Rr](\d+)(?:\.(\d+))?(?:\.(\d+))?$")
_SONICOS = re.compile(r"(?:SonicOS (?:Enhanced )?)?(\d+(?:\.\d+){1,3})(?:[-.](\d+)[a-z]{0,3})?$")
_IOS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+)([a-z]{0,2})|\((\d+)([a-z]?)\)([A-Z]*)(\d*)([a-z]?))?$")
_SEMVER = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$")
_ZOOM = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:\.\d+)*(?: ?\(\d[\d.]*\))?$")
_ZYXEL = re.compile(r"(?:ZLD ?)?[Vv]?(\d+)\.(\d+)(?:\([A-Z]{4}\.(\d+)\)(?:[A-Z]\d+)*|,? ?[Pp]atch ?(\d+))?$")
_DPKG = re.compile(r"(?:(\d+):)?([0-9A-Za-z][0-9A-Za-z.+~:-]*)$")
_RPM = re.compile(r"(?:(\d+):)?([0-9A-Za-z][\w.+~^]*)(?:-([\w.+~^]+))?$")
_GENERIC = re.compile(r"[vV]?\d[0-9A-Za-z.,_+~:-]*$")
_TOKENS = re.compile(r"\d+|[a-z]+")

_EARLY = ("dev", "snapshot", "alpha", "a", "beta", "b", "preview", "pre", "rc", "cr", "ea")


def _numbers(*groups: str | None) -> Key:
    return tuple(int(group) if group else 0 for group in groups)


def _fortios(text: str) -> Key | None:
    found = _FORTIOS.match(text)
    return _numbers(*found.groups()) if found else None


def _asa(text: str) -> Key | None:
    found = _ASA.match(text)
    if not found:
        return None
    major, minor, maintenance, inner, interim, dotted, dotted_interim = found.groups()
    return _numbers(major, minor, maintenance or dotted, interim or inner or dotted_interim)


def _panos(text: str) -> Key | None:
    found = _PANOS.match(text)
    return _numbers(*found.groups()) if found else None


def _citrix(text: str) -> Key | None:
    found = _CITRIX.match(text)
    return _numbers(*found.groups()) if found else None


def _pulse(text: str) -> Key | None:
    found = _PULSE.match(text)
    return _numbers(*found.groups()) if found else None


def _sonicos(text: str) -> Key | None:
    found = _SONICOS.match(text)
    if not found:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    return (*numbers, *[0] * (4 - len(numbers)), int(found[2] or 0))


def _ios(text: str) -> Key | None:
    found = _IOS.match(text)
    if not found:
        return None
    major, minor, dotted, letter, maintenance, rebuild, train, number, suffix = found.groups()
    return (
        *_numbers(major, minor, dotted or maintenance),
        letter or rebuild or "",
        train or "",
        int(number or 0),
        suffix or "",
    )


def _semver(text: str) -> Key | None:
    found = _SEMVER.match(text)
    if not found:
        return None
    early = found[4]
    parts = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in early.split(".")) if early else ()
    return (*_numbers(found[1], found[2], found[3]), not early, parts)


def _zoom(text: str) -> Key | None:
    found = _ZOOM.match(text)
    return _numbers(*found.groups()) if found else None


def _zyxel(text: str) -> Key | None:
    """The patch stands in words or, with the letters of the model, in brackets."""
    found = _ZYXEL.match(text)
    return _numbers(found[1], found[2], found[3] or found[4]) if found else None


def _dpkg(text: str) -> Key | None:
    """Epoch, upstream version and revision by Debian's rule: ``~`` before the end, that before letters, these before signs."""
    found = _DPKG.match(text)
    if not found:
        return None
    upstream, dash, revision = found[2].rpartition("-")
    return (int(found[1] or 0), _dpkg_part(upstream if dash else revision), _dpkg_part(revision if dash else ""))


def _dpkg_part(text: str) -> Key:
    """Signs and numbers in turn, to a length that every version has: absent ones count as none and 0, above ``~``."""
    made: list[tuple[tuple[int, ...], int]] = []
    for signs, digits in re.findall(r"(\D*)(\d*)", text):
        weights = (-2 if c == "~" else ord(c) if c.isalpha() else ord(c) + 256 for c in signs)
        made.append(((*weights, 0), int(digits or 0)))
    return (*made, *[((0,), 0)] * (MAX_CHARACTERS + 1 - len(made)))


def _rpm(text: str) -> Key | None:
    """Epoch, version and release by the rule of rpm: ``~`` before the end, that before ``^``, letters before numbers."""
    found = _RPM.match(text)
    return (int(found[1] or 0), _rpm_part(found[2]), _rpm_part(found[3] or "")) if found else None


def _rpm_part(text: str) -> Key:
    signs: dict[str, Key] = {"~": (0,), "^": (2,)}
    runs = re.findall(r"[~^]|\d+|[A-Za-z]+", text)
    return (*(signs.get(run) or ((4, int(run)) if run.isdigit() else (3, run)) for run in runs), (1,))


def _generic(text: str) -> Key | None:
    plain = text.split(" (")[0].split("+")[0].strip()
    if not _GENERIC.match(plain):
        return None
    made: list[tuple[int, int, str]] = []
    for token in _TOKENS.findall(plain.lower().lstrip("v")):
        if token.isdigit():
            made.append((3, int(token), ""))
            continue
        while made and made[-1] == (3, 0, ""):  # 1.0 and 1.0.0 are one version, so 1.0rc and 1.0.0rc are too
            made.pop()
        made.append((0, _EARLY.index(token), "") if token in _EARLY and made else (2, 0, token))
    while made and made[-1] == (3, 0, ""):
        made.pop()
    return (*made, (1, 0, ""))


_SCHEMES: dict[str, Callable[[str], Key | None]] = {
    "fortios": _fortios,
    "asa": _asa,
    "panos": _panos,
    "citrix": _citrix,
    "pulse": _pulse,
    "sonicos": _sonicos,
    "ios": _ios,
    "semver": _semver,
    "zoom": _zoom,
    "zyxel": _zyxel,
    "dpkg": _dpkg,
    "rpm": _rpm,
    "generic": _generic,
}

SCHEMES = tuple(_SCHEMES)


def key(scheme: str, version: str) -> Key | None:
    """The key of a version in a scheme, None when the text is no version of it. Raises KeyError for an unknown scheme."""
    text = version.strip()
    parse = _SCHEMES[scheme]
    if not text or len(text) > MAX_CHARACTERS or re.search(rf"\d{{{_DIGITS + 1}}}", text) or not text.isascii():
        return None
    return parse(text)


def compare(scheme: str, left: str, right: str) -> int | None:
    """-1, 0 or 1 as ``left`` is older than, as old as, or younger than ``right``; None when one is no version."""
    a, b = key(scheme, left), key(scheme, right)
    if a is None or b is None:
        return None
    return (a > b) - (a < b)


@dataclass(frozen=True, slots=True)
class Range:
    """Versions from ``first`` (empty: the very first) to ``last``, which is within unless ``excluded`` (empty: all later)."""

    first: str = ""
    last: str = ""
    excluded: bool = False

    def holds(self, scheme: str, version: str) -> bool | None:
        """Whether the version is in the range; None when it, or a bound, is no version of the scheme."""
        lower = compare(scheme, version, self.first) if self.first else 1
        upper = compare(scheme, version, self.last) if self.last else -1
        if lower is None or upper is None:
            return None
        return lower >= 0 and (upper < 0 or (upper == 0 and not self.excluded))


def affected(scheme: str, version: str, ranges: Iterable[Range]) -> Range | None:
    """The first range that holds the version, None when none does."""
    return next((found for found in ranges if found.holds(scheme, version)), None)
