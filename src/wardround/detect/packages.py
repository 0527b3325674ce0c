"""Packages as their ecosystems name them: package URLs (purl-spec), the ecosystems of OSV, and lists of a distribution.

A package of a Linux distribution belongs to one of its releases: a correction for Debian 12 says nothing of Debian 11. Where
the release is not known, nothing is claimed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from wardround.detect.versions import Range

#: Longer text is no package URL.
_LONGEST = 1_024

#: Ecosystems of OSV (https://ossf.github.io/osv-schema/#affectedpackage-field) and what their package URLs begin with.
_ECOSYSTEMS = {
    "pypi": "pypi", "npm": "npm", "maven": "maven", "go": "golang", "nuget": "nuget", "rubygems": "gem", "crates.io": "cargo",
    "packagist": "composer", "hex": "hex", "pub": "pub", "debian": "deb/debian", "ubuntu": "deb/ubuntu", "alpine": "apk/alpine",
    "red hat": "rpm/redhat", "rocky linux": "rpm/rocky-linux", "almalinux": "rpm/almalinux", "suse": "rpm/suse",
    "opensuse": "rpm/opensuse",
}  # fmt: skip

#: How versions count, by type; all others in numbers and words.
_SCHEMES = {
    "deb": "dpkg",
    "rpm": "rpm",
    "npm": "semver",
    "cargo": "semver",
    "golang": "semver",
    "hex": "semver",
    "pub": "semver",
}

#: Types whose packages belong to a release of a distribution.
_DISTRIBUTIONS = ("deb", "apk", "rpm")

#: What the versions that a distribution makes say of it and its release.
_DEBIAN = re.compile(r"[+~]deb(\d{1,2})u\d")
_UBUNTU = re.compile(r"ubuntu[\d.]*?[.~](\d\d\.\d\d)(?:\.|$)")
_ENTERPRISE = re.compile(r"\.el(\d{1,2})(?:[._]|$)")
_ENTERPRISE_NAMES = ("redhat", "rocky-linux", "almalinux")


@dataclass(frozen=True, slots=True)
class Package:
    """A package: its URL without version (``deb/debian/openssl``), and the release it is for, empty where there is none."""

    url: str
    release: str = ""

    @property
    def scheme(self) -> str:
        """How its versions are counted."""
        return _SCHEMES.get(self.url.partition("/")[0], "generic")

    def is_of(self, other: Package) -> bool:
        """Whether this installed package is the one that a list speaks of, as far as releases go."""
        if self.url != other.url:
            return False
        if self.url.partition("/")[0] not in _DISTRIBUTIONS or not other.release:
            return True
        mine, told = (re.findall(r"\d+", release) for release in (self.release, other.release))
        return bool(told) and mine[: len(told)] == told

    def holds(self, range_: Range, version: str) -> bool:
        """Whether a version is in the range, as the ecosystem counts."""
        found = range_.holds(self.scheme, version)
        if found is None and self.scheme == "semver":
            found = range_.holds("generic", version)
        return bool(found)


def of_url(url: str | None) -> list[Package]:
    """The package of a package URL, and the source package it was built from where the URL tells it; none when it is no URL."""
    if not url or not url.startswith("pkg:") or len(url) > _LONGEST:
        return []
    path, _, rest = url[4:].partition("?")
    qualifiers = dict(part.split("=", 1) for part in rest.partition("#")[0].lower().split("&") if "=" in part)
    path = path.partition("#")[0].strip("/")
    slash, at = path.rfind("/"), path.rfind("@")
    bare = _normal(unquote(path[:at] if at > slash else path))
    if "/" not in bare:
        return []
    release = unquote(qualifiers.get("distro", "")).rpartition("-")[2]
    upstream = unquote(qualifiers.get("upstream", "")).partition("@")[0]
    names = [bare, *([f"{bare.rpartition('/')[0]}/{upstream}"] if upstream else [])]
    return [Package(name, release) for name in dict.fromkeys(names)]


def of_ecosystem(ecosystem: str | None, name: str | None) -> list[Package]:
    """The package of a name in an ecosystem as OSV writes it (``Debian:12``); none in an ecosystem without package URLs."""
    kind, _, release = (ecosystem or "").partition(":")
    beginning = _ECOSYSTEMS.get(kind.lower().strip())
    if not beginning or not name or len(name) > _LONGEST:
        return []
    return [Package(_normal(f"{beginning}/{name.replace(':', '/')}"), _release(beginning, release))]


def of_listing(name: str, version: str | None, release: str = "") -> list[Package]:
    """What a package in a list of a distribution (``dpkg -l``, ``rpm -qa``) is, told by its version; else by ``release``.

    ``release`` is what :func:`release_of` says of the other versions in the same list.
    """
    found = release_of(version) or release
    kind, _, number = found.partition(" ")
    names = _ENTERPRISE_NAMES if kind == "rpm" else (kind.rpartition("/")[2],) if kind else ()
    return [Package(f"{kind.partition('/')[0]}/{owner}/{name.lower()}", number) for owner in names]


def release_of(version: str | None) -> str:
    """The distribution and release that a version names (``deb/debian 12``, ``rpm 8``), empty when it names none."""
    text = version or ""
    if found := _DEBIAN.search(text):
        return f"deb/debian {found[1]}"
    if found := _UBUNTU.search(text):
        return f"deb/ubuntu {found[1]}"
    return f"rpm {found[1]}" if (found := _ENTERPRISE.search(text)) else ""


def _release(beginning: str, release: str) -> str:
    """The release in OSV's words: ``12``, ``22.04:LTS``, ``v3.18``; Red Hat writes a CPE name (``…enterprise_linux:8::x``)."""
    if beginning == "rpm/redhat":
        found = re.search(r":(\d{1,2})(?:::|$|\.)", f":{release}")
        return found[1] if found else "unknown"
    return (release.partition(":")[2] if release.startswith("Pro:") else release).partition(":")[0]


def _normal(url: str) -> str:
    """In lower case; names of Python packages with hyphens, as PEP 503 has it."""
    lowered = url.lower().rstrip("/")
    return re.sub(r"[-_.]+", "-", lowered) if lowered.startswith("pypi/") else lowered
