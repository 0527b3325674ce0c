"""Reader of vulnerabilities in the OSV schema (https://ossf.github.io/osv-schema/), one to a document or several in a list."""

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

OSV = "osv_json"

_ID = re.compile(rb'"id"\s*:\s*"[A-Z][A-Za-z]{1,15}-[\w.:-]{1,60}"')
_MODIFIED = re.compile(rb'"modified"\s*:\s*"\d{4}-')
_AFFECTED = re.compile(rb'"(affected|aliases|schema_version)"\s*:')
_MOST_RANGES = 500


class OsvReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "osv"

    def sniff(self, head: bytes) -> str | None:
        """An object, or a list of them, with ``id``, ``modified`` and what is affected."""
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            return None
        return OSV if _ID.search(head) and _MODIFIED.search(head) and _AFFECTED.search(head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the vulnerabilities."""
        with source.open() as stream:
            found = whole(stream)
        found = found if isinstance(found, list) else mapping(found).get("vulns") or [found]
        feed = Feed("osv", sink)
        feed.title = "Open Source Vulnerabilities"
        for number, entry in enumerate(mappings(found), 1):
            modified = iso_instant(entry.get("modified"))
            if modified is not None and (feed.date is None or modified > feed.date):
                feed.date = modified
            if not entry.get("withdrawn") and text(entry.get("id")):
                feed.entries += 1
                _write(entry, number, feed)
        feed.close()


def _write(entry: dict[str, Any], number: int, feed: Feed) -> None:
    names = [text(entry.get("id")), *texts(entry.get("aliases"))]
    score, severity = worst_score(entry.get("database_specific"))
    common: dict[str, Any] = {
        "cve": next((name for name in names if name.startswith("CVE-")), names[0]),
        "title": text(entry.get("summary")),
        "score": score,
        "severity": severity or text(mapping(entry.get("database_specific")).get("severity")).lower(),
        "status": "affected",
    }
    published = iso_instant(entry.get("published"))
    count = 0
    for affected in mappings(entry.get("affected")):
        package = mapping(affected.get("package"))
        for versions in _ranges(affected):
            if (count := count + 1) > _MOST_RANGES:
                return
            feed.vulnerability(
                number,
                published,
                versions,
                vendor=text(package.get("ecosystem")),
                product=text(package.get("name")),
                purl=text(package.get("purl")),
                **common,
            )


def _ranges(affected: dict[str, Any]) -> Iterator[Versions]:
    """Ranges from ``introduced`` to ``fixed`` or ``last_affected``; commits are not versions."""
    found = False
    for range_ in mappings(affected.get("ranges")):
        if text(range_.get("type")) == "GIT":
            continue
        first: str | None = None
        is_open = False
        for event in mappings(range_.get("events")):
            if begin := text(event.get("introduced")):
                first, is_open = None if begin == "0" else begin, True
            elif is_open and (end := text(event.get("fixed")) or text(event.get("last_affected"))):
                found = True
                yield Versions(first, end, last_excluded="fixed" in event)
                is_open = False
        if is_open:
            found = True
            yield Versions(first)
    if not found:
        yield from (Versions(v, v) for v in texts(affected.get("versions")))


READER: Reader = OsvReader()
