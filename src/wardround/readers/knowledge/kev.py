"""Reader of CISA's catalogue of Known Exploited Vulnerabilities, JSON or CSV, into ``feed`` and ``vulnerability``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from wardround.readers.base import Sink, Source, Span
from wardround.readers.instants import iso_instant
from wardround.readers.json_members import mapping, members, text
from wardround.readers.knowledge.feed import Feed

if TYPE_CHECKING:
    from wardround.readers.base import Reader

JSON = "kev_json"
CSV = "kev_csv"

_JSON_HEAD = re.compile(rb'"(cveID|catalogVersion)"\s*:')
_CSV_HEAD = re.compile(rb'(\xef\xbb\xbf)?"?cveID"?,"?vendorProject"?,"?product"?,')


class KevReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "kev"

    def sniff(self, head: bytes) -> str | None:
        """JSON with the keys of the catalogue, or its header in CSV."""
        if _CSV_HEAD.match(head):
            return CSV
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
        known = start.startswith(b"{") and b'"vulnerabilities"' in head and len(set(_JSON_HEAD.findall(head))) == 2
        return JSON if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the catalogue."""
        feed = Feed("kev", sink)
        with source.open() as stream:
            is_csv = bool(_CSV_HEAD.match(stream.read(256)))
        with source.open() as stream:
            try:
                if is_csv:
                    _read_csv(stream, feed)
                else:
                    _read_json(stream, feed)
            finally:
                feed.close()


def _read_json(stream: BinaryIO, feed: Feed) -> None:
    wanted = ("title", "catalogVersion", "dateReleased", "vulnerabilities")
    for member, value in feed.values(members(stream, feed.batches.sink), wanted):
        if member.key == "title":
            feed.title = text(value)
        elif member.key == "catalogVersion":
            feed.version = text(value)
        elif member.key == "dateReleased":
            feed.date = iso_instant(value)
        else:
            _entry(mapping(value), member.index, feed)


def _read_csv(stream: BinaryIO, feed: Feed) -> None:
    feed.title = "Known Exploited Vulnerabilities"
    rows = csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline=""))
    while True:
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error as error:
            feed.batches.sink.diagnose("bad_row", f"A row could not be read: {error}.", rows.line_num)
            continue
        _entry(row, rows.line_num, feed)
        added = iso_instant(row.get("dateAdded"))
        if added is not None and (feed.date is None or added > feed.date):
            feed.date = added  # the CSV does not say its own date: it is at least as young as its youngest entry


def _entry(entry: dict[str, Any], record: int, feed: Feed) -> None:
    if not text(entry.get("cveID")):
        feed.batches.sink.diagnose("bad_entry", "An entry has no cveID.", record)
        return
    feed.entries += 1
    feed.vulnerability(
        record,
        iso_instant(entry.get("dateAdded")),
        cve=text(entry.get("cveID")),
        title=text(entry.get("vulnerabilityName")),
        vendor=text(entry.get("vendorProject")),
        product=text(entry.get("product")),
        status="affected",
        known_exploited=True,
        ransomware=text(entry.get("knownRansomwareCampaignUse")).lower() == "known",
    )


READER: Reader = KevReader()
