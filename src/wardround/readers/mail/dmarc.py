"""Reader of DMARC aggregate reports (RFC 7489, 7.2 and appendix C), XML, into ``dmarc_report``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.xml_events import Element, elements, head_text, root_name

if TYPE_CHECKING:
    from wardround.readers.base import Reader

DMARC = "dmarc_aggregate"

#: Records kept of one report, and results of one record.
_RECORDS = 200_000
_RESULTS = 20

_LAST_SECOND = 9_223_372_036


@dataclass(slots=True)
class _Record:
    line: int
    values: dict[str, str] = field(default_factory=dict)
    signatures: list[dict[str, str]] = field(default_factory=list)
    spf: list[dict[str, str]] = field(default_factory=list)
    reasons: list[dict[str, str]] = field(default_factory=list)


class DmarcReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "dmarc"

    def sniff(self, head: bytes) -> str | None:
        """A document whose root is ``feedback``, with what a report begins with."""
        if b"feedback" not in head and b"f\x00e\x00e\x00d\x00" not in head:
            return None
        if root_name(head) != "feedback":
            return None
        text = head_text(head)
        return DMARC if "report_metadata" in text or "policy_published" in text else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a document cannot be cut."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the report, record by record."""
        batches = Batches(sink)
        try:
            with source.open() as stream:
                read_report(stream, batches)
        finally:
            batches.close()


def read_report(stream: BinaryIO, batches: Batches, record: int | None = None) -> None:
    """Read a report; ``record`` stands for the line where that would tell nobody anything. Raises ReaderError."""
    head: dict[str, str] = {}
    current: _Record | None = None
    records = 0
    for element in elements(stream, batches.sink):
        path = element.path[1:]
        if path[:1] == ("record",):
            if element.start and len(path) == 1:
                current = _Record(record if record is not None else element.line)
                records += 1
            elif current is not None:
                _of_record(current, element, path[1:])
                if not element.start and len(path) == 1:
                    if records > _RECORDS:
                        batches.sink.diagnose("many_records", f"Only {_RECORDS} records are read of one report.", element.line)
                        return
                    batches.add("dmarc_report", **_row(head, current))
                    current = None
        elif not element.start:
            head.setdefault("/".join(path[-2:]), element.text[:400])
    if current is not None:  # cut short within a record
        batches.add("dmarc_report", **_row(head, current))


def _of_record(record: _Record, element: Element, path: tuple[str, ...]) -> None:
    if path[:1] == ("auth_results",) and len(path) >= 2:
        _result(record.signatures if path[1] == "dkim" else record.spf, element, path[2:])
    elif path[:3] == ("row", "policy_evaluated", "reason"):
        _result(record.reasons, element, path[3:])
    elif not element.start and path:
        record.values.setdefault("/".join(path), element.text[:400])


def _result(results: list[dict[str, str]], element: Element, path: tuple[str, ...]) -> None:
    if element.start and not path:
        if len(results) < _RESULTS:
            results.append({})
    elif not element.start and path and results:
        results[-1].setdefault(path[0], element.text[:400])


def _row(head: dict[str, str], record: _Record) -> dict[str, Any]:
    """The columns of one record."""
    end = _seconds(head.get("date_range/end"))
    values = record.values
    spf = record.spf[0] if record.spf else {}
    return {
        "ts": end,
        "ts_zone": "utc" if end is not None else "none",
        "record": record.line,
        "reporter": head.get("report_metadata/org_name") or head.get("report_metadata/email"),
        "report_id": head.get("report_metadata/report_id"),
        "begin": _seconds(head.get("date_range/begin")),
        "end": end,
        "domain": _domain(head.get("policy_published/domain")),
        "policy": _word(head.get("policy_published/p")),
        "subdomain_policy": _word(head.get("policy_published/sp")) or _word(head.get("policy_published/p")),
        "percent": whole(head.get("policy_published/pct"), 100),
        "dkim_alignment": _word(head.get("policy_published/adkim")),
        "spf_alignment": _word(head.get("policy_published/aspf")),
        "source": values.get("row/source_ip", "")[:45],
        "messages": whole(values.get("row/count"), 2**53),
        "disposition": _word(values.get("row/policy_evaluated/disposition")),
        "dkim": _word(values.get("row/policy_evaluated/dkim")),
        "spf": _word(values.get("row/policy_evaluated/spf")),
        "reasons": [": ".join(text for text in (r.get("type"), r.get("comment")) if text) for r in record.reasons],
        "header_from": _domain(values.get("identifiers/header_from")),
        "envelope_from": _domain(values.get("identifiers/envelope_from")),
        "envelope_to": _domain(values.get("identifiers/envelope_to")),
        "dkim_domains": [s.get("domain", "").lower() for s in record.signatures],
        "dkim_results": [s.get("result", "").lower() for s in record.signatures],
        "dkim_selectors": [s.get("selector", "") for s in record.signatures],
        "spf_domain": _domain(spf.get("domain")),
        "spf_result": _word(spf.get("result")),
    }


def _seconds(text: str | None) -> int | None:
    """Seconds since 1970, also with a fraction, in nanoseconds."""
    number = whole((text or "").strip().partition(".")[0], _LAST_SECOND)
    return number * 1_000_000_000 if number is not None else None


def _domain(text: str | None) -> str:
    return (text or "").strip().rstrip(".").lower()


def _word(text: str | None) -> str:
    return (text or "").strip().lower()[:40]


READER: Reader = DmarcReader()
