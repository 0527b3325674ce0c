"""Reader of the National Vulnerability Database as its API 2.0 (and the feeds of that shape) gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers.base import Sink, Source, Span
from wardround.readers.instants import iso_instant
from wardround.readers.json_members import mapping, mappings, members, text
from wardround.readers.knowledge.feed import Feed, Versions, worst_score

if TYPE_CHECKING:
    from wardround.readers.base import Reader

NVD = "nvd_json"

_HEAD = re.compile(rb'"format"\s*:\s*"NVD_CVE"|"vulnerabilities"\s*:\s*\[\s*\{\s*"cve"\s*:\s*\{')

#: Parts of a CPE 2.3 name, and where vendor, product and version stand (NISTIR 7695).
_CPE_PART = re.compile(r"(?<!\\):")
_CPE_PARTS = 13

#: Ranges kept of one vulnerability; those of Linux distributions run into thousands.
_MOST_RANGES = 500


class NvdReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "nvd"

    def sniff(self, head: bytes) -> str | None:
        """An answer of the API: its ``format``, or ``vulnerabilities`` of objects with ``cve``."""
        return NVD if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _HEAD.search(head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the vulnerabilities one by one."""
        feed = Feed("nvd", sink)
        with source.open() as stream:
            try:
                wanted = ("version", "timestamp", "vulnerabilities")
                for member, value in feed.values(members(stream, sink), wanted):
                    if member.key == "version":
                        feed.version = text(value)
                    elif member.key == "timestamp":
                        feed.date = iso_instant(value)
                    else:
                        _entry(mapping(mapping(value).get("cve")), member.index, feed)
            finally:
                feed.close()


def _entry(cve: dict[str, Any], record: int, feed: Feed) -> None:
    if not text(cve.get("id")):
        feed.batches.sink.diagnose("bad_entry", "An entry has no id.", record)
        return
    feed.entries += 1
    score, severity = worst_score(cve.get("metrics"))
    english = next((text(d.get("value")) for d in mappings(cve.get("descriptions")) if d.get("lang") == "en"), "")
    common: dict[str, Any] = {
        "cve": text(cve.get("id")),
        "title": text(cve.get("cisaVulnerabilityName")) or english[:300],
        "score": score,
        "severity": severity,
        "known_exploited": True if cve.get("cisaExploitAdd") else None,
        "status": "affected",
    }
    published = iso_instant(cve.get("published"))
    count = 0
    for configuration in mappings(cve.get("configurations")):
        for node in mappings(configuration.get("nodes")):
            for match in mappings(node.get("cpeMatch")):
                if match.get("vulnerable") is True and count < _MOST_RANGES:
                    count += 1
                    vendor, product, versions = of_cpe(match)
                    feed.vulnerability(
                        record, published, versions, vendor=vendor, product=product, cpe=text(match.get("criteria")), **common
                    )
    if not count:
        feed.vulnerability(record, published, **common)


def of_cpe(match: dict[str, Any]) -> tuple[str, str, Versions]:
    """Vendor, product and versions of a CPE match: its bounds, else the version within the name, else all."""
    parts = [part.replace("\\", "") for part in _CPE_PART.split(text(match.get("criteria")))]
    parts += ["*"] * (_CPE_PARTS - len(parts))
    vendor, product, version, update = parts[3], parts[4], parts[5], parts[6]
    first = text(match.get("versionStartIncluding")) or text(match.get("versionStartExcluding")) or None
    if end := text(match.get("versionEndExcluding")):
        return vendor, product, Versions(first, end, last_excluded=True)
    if end := text(match.get("versionEndIncluding")):
        return vendor, product, Versions(first, end)
    if first is None and version not in ("*", "-", ""):
        exact = version if update in ("*", "-", "") else f"{version}-{update}"
        return vendor, product, Versions(exact, exact)
    return vendor, product, Versions(first)


READER: Reader = NvdReader()
