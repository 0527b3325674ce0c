"""Reader of CVE records in JSON 5 (https://github.com/CVEProject/cve-schema), one record to a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers.base import Sink, Source, Span
from wardround.readers.instants import iso_instant
from wardround.readers.json_members import mapping, mappings, text, texts, whole
from wardround.readers.knowledge.feed import Feed, Versions, worst_score

if TYPE_CHECKING:
    from wardround.readers.base import Reader

CVE = "cve_json"

_HEAD = re.compile(rb'"dataType"\s*:\s*"CVE_RECORD"|"cveMetadata"\s*:\s*\{')
_MOST_RANGES = 500


class CveReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "cve"

    def sniff(self, head: bytes) -> str | None:
        """An object that says that it is a CVE record."""
        return CVE if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _HEAD.search(head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the record."""
        with source.open() as stream:
            record = mapping(whole(stream))
        feed = Feed("cve", sink)
        metadata = mapping(record.get("cveMetadata"))
        feed.title, feed.version = text(metadata.get("cveId")), text(record.get("dataVersion"))
        feed.date = iso_instant(metadata.get("dateUpdated")) or iso_instant(metadata.get("datePublished"))
        if text(metadata.get("state")) != "REJECTED" and feed.title:
            feed.entries = 1
            _write(record, metadata, feed)
        feed.close()


def _write(record: dict[str, Any], metadata: dict[str, Any], feed: Feed) -> None:
    containers = mapping(record.get("containers"))
    parts = [mapping(containers.get("cna")), *mappings(containers.get("adp"))]
    score, severity = worst_score([part.get("metrics") for part in parts])
    exploited = "cisa.gov/known-exploited" in str(containers.get("adp"))[:100_000].lower()
    common: dict[str, Any] = {
        "cve": text(metadata.get("cveId")),
        "title": text(parts[0].get("title")),
        "score": score,
        "severity": severity,
        "known_exploited": True if exploited else None,
    }
    published = iso_instant(metadata.get("datePublished"))
    count = 0
    for part in parts:
        for affected in mappings(part.get("affected")):
            for status, versions in _ranges(affected):
                if (count := count + 1) > _MOST_RANGES:
                    return
                cpe = next(iter(texts(affected.get("cpes"))), "")
                product = text(affected.get("product")) or text(affected.get("packageName"))
                about = {"vendor": text(affected.get("vendor")), "product": product, "cpe": cpe, "status": status}
                feed.vulnerability(1, published, versions, **about, **common)
    if not count:
        feed.vulnerability(1, published, status="affected", **common)


def _ranges(affected: dict[str, Any]) -> Iterator[tuple[str, Versions]]:
    """The ranges of a product with their status; without any, all versions have the status by default."""
    ranges = mappings(affected.get("versions"))
    for item in ranges:
        status = {"affected": "affected", "unaffected": "not_affected"}.get(text(item.get("status")), "under_investigation")
        first = text(item.get("version"))
        first = "" if first in ("0", "*", "unspecified", "n/a") else first
        if end := text(item.get("lessThan")):
            yield status, Versions(first or None, None if end == "*" else end, last_excluded=True)
        elif end := text(item.get("lessThanOrEqual")):
            yield status, Versions(first or None, None if end == "*" else end)
        else:
            yield status, Versions(first or None, first or None)
    if not ranges and text(affected.get("defaultStatus")) == "affected":
        yield "affected", Versions()


READER: Reader = CveReader()
