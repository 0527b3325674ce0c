"""Reader of SMTP TLS reports (RFC 8460, JSON) into ``tls_report``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.instants import iso_instant

if TYPE_CHECKING:
    from wardround.readers.base import Reader

TLS_REPORT = "tls_report"

#: A report is not larger; policies and failures kept of one.
_BYTES = 32 << 20
_POLICIES = 10_000
_FAILURES = 10_000

_HEAD = re.compile(rb"^\s*\{")


class TlsReportReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "tls_report"

    def sniff(self, head: bytes) -> str | None:
        """An object with ``policies``, and ``policy-type`` or the organization that reports."""
        if not _HEAD.match(head) or b'"policies"' not in head:
            return None
        return TLS_REPORT if b'"policy-type"' in head or b'"organization-name"' in head else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a document cannot be cut."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the report."""
        with source.open() as stream:
            data = stream.read(_BYTES + 1)
        batches = Batches(sink)
        try:
            read_report(data, batches, 1)
        finally:
            batches.close()


def read_report(data: bytes, batches: Batches, record: int) -> None:
    """Read a report; raises ReaderError when it is none."""
    import orjson

    if len(data) > _BYTES:
        raise ReaderError("document_too_large", f"the report is larger than {_BYTES >> 20} MiB")
    try:
        report = orjson.loads(data.removeprefix(b"\xef\xbb\xbf").strip())
    except orjson.JSONDecodeError as error:
        raise ReaderError("not_json", "the report is not valid JSON") from error
    if not isinstance(report, dict) or not isinstance(report.get("policies"), list):
        raise ReaderError("not_a_report", "the document has no list of policies")
    dates = _mapping(report.get("date-range"))
    end = iso_instant(dates.get("end-datetime"))
    shared = {
        "ts": end,
        "ts_zone": "stated" if end is not None else "none",
        "record": record,
        "reporter": _text(report.get("organization-name")) or _text(report.get("contact-info")),
        "report_id": _text(report.get("report-id")),
        "begin": iso_instant(dates.get("start-datetime")),
        "end": end,
    }
    policies = report["policies"]
    if len(policies) > _POLICIES:
        batches.sink.diagnose("many_records", f"Only {_POLICIES} policies are read of one report.")
    for item in policies[:_POLICIES]:
        _policy(_mapping(item), shared, batches)


def _policy(item: dict[str, Any], shared: dict[str, Any], batches: Batches) -> None:
    policy, summary = _mapping(item.get("policy")), _mapping(item.get("summary"))
    columns = shared | {
        "policy_type": _text(policy.get("policy-type")).lower(),
        "domain": _text(policy.get("policy-domain")).lower().rstrip("."),
        "successes": _count(summary.get("total-successful-session-count")),
        "failures": _count(summary.get("total-failure-session-count")),
    }
    details = item.get("failure-details")
    failures = [_mapping(detail) for detail in details[:_FAILURES]] if isinstance(details, list) else []
    for failure in failures or [{}]:
        batches.add(
            "tls_report",
            **columns,
            failure=_text(failure.get("result-type")).lower(),
            failed_sessions=_count(failure.get("failed-session-count")),
            sending_address=_text(failure.get("sending-mta-ip"))[:45],
            receiving_host=_text(failure.get("receiving-mx-hostname")).lower(),
            receiving_address=_text(failure.get("receiving-ip"))[:45],
            reason=_text(failure.get("failure-reason-code")) or _text(failure.get("additional-information")),
        )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value[:1_000] if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


READER: Reader = TlsReportReader()
