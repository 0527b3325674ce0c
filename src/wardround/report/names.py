"""Names that other tools know, as the exports recognise them: flaws, techniques, domain names; and times as they read them."""

from __future__ import annotations

import re

#: The number of a flaw (CVE Record Format 5), an ATT&CK technique, a domain name (RFC 1123, with the underscore of RFC 8552).
CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
DOMAIN = re.compile(r"(?=.{4,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]", re.ASCII)


def microseconds(iso: str) -> str:
    """A time of the document, which ends with Z, to the microsecond and with its zone as numbers."""
    return f"{iso.removesuffix('Z')[:26]}+00:00"
