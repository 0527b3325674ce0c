"""Reader of what the tool checkdmarc found out about domains (its JSON output) into ``mail_policy``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches

if TYPE_CHECKING:
    from wardround.readers.base import Reader

CHECKDMARC = "checkdmarc"

_BYTES = 64 << 20
_DOMAINS = 100_000
_PROBLEMS = 50

_HEAD = re.compile(rb'^\s*(?:\[\s*)?\{\s*"domain"\s*:\s*"')
_KINDS = (("spf", "spf"), ("dmarc", "dmarc"), ("mta_sts", "mta_sts"), ("smtp_tls_reporting", "tls_rpt"), ("bimi", "bimi"))


class CheckdmarcReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "checkdmarc"

    def sniff(self, head: bytes) -> str | None:
        """An object, or a list of them, that begins with a domain and has its results."""
        if not _HEAD.match(head[:4_096].removeprefix(b"\xef\xbb\xbf")):
            return None
        return CHECKDMARC if b'"base_domain"' in head and (b'"spf"' in head or b'"dmarc"' in head or b'"mx"' in head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a document cannot be cut."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the results of every domain; ``record`` is its place in the list."""
        import orjson

        with source.open() as stream:
            data = stream.read(_BYTES + 1)
        if len(data) > _BYTES:
            raise ReaderError("document_too_large", f"the document is larger than {_BYTES >> 20} MiB")
        try:
            document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf").strip())
        except orjson.JSONDecodeError as error:
            raise ReaderError("not_json", "the document is not valid JSON") from error
        domains = document if isinstance(document, list) else [document]
        if len(domains) > _DOMAINS:
            sink.diagnose("many_records", f"Only {_DOMAINS} domains are read.")
        batches = Batches(sink)
        try:
            for record, item in enumerate(domains[:_DOMAINS], 1):
                if isinstance(item, dict) and isinstance(item.get("domain"), str):
                    _domain(item, record, batches)
                else:
                    sink.diagnose("bad_record", "A result names no domain and was not read.", record)
        finally:
            batches.close()


def _domain(item: dict[str, Any], record: int, batches: Batches) -> None:
    domain = item["domain"].lower().rstrip(".")[:253]
    shared = {"ts_zone": "none", "record": record, "source": "checkdmarc", "domain": domain}
    for key, kind in _KINDS:
        result = item.get(key)
        if not isinstance(result, dict):
            continue
        value = result.get("record") if isinstance(result.get("record"), str) else None
        columns: dict[str, Any] = {"value": value, "problems": _problems(result)}
        columns["valid"] = result["valid"] if value is not None and isinstance(result.get("valid"), bool) else None
        if kind == "spf":
            columns |= _spf(result, value, domain)
        elif kind == "dmarc":
            columns |= _dmarc(result, value, domain)
        batches.add("mail_policy", **shared, kind=kind, **columns)
    exchangers = item.get("mx")
    hosts = exchangers.get("hosts") if isinstance(exchangers, dict) else None
    for host in hosts[:_PROBLEMS] if isinstance(hosts, list) else []:
        if isinstance(host, dict) and isinstance(host.get("hostname"), str):
            preference = host.get("preference")
            value = f"{preference} {host['hostname']}" if isinstance(preference, int) else host["hostname"]
            batches.add("mail_policy", **shared, kind="mx", value=value)


def _problems(result: dict[str, Any]) -> list[str]:
    listed = result.get("warnings")
    found = [text[:500] for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
    if isinstance(result.get("error"), str):
        found.insert(0, result["error"][:500])
    return found[:_PROBLEMS]


def _spf(result: dict[str, Any], value: str | None, domain: str) -> dict[str, Any]:
    from wardround.mail.records import published

    own = published(domain, value) if value else None
    parsed = result.get("parsed")
    last = parsed.get("all") if isinstance(parsed, dict) else None
    lookups = result.get("dns_lookups")
    return {
        "policy": last.lower() if isinstance(last, str) else own.policy if own else None,
        "lookups": lookups if isinstance(lookups, int) and not isinstance(lookups, bool) and 0 <= lookups < 2**31 else None,
    }


def _dmarc(result: dict[str, Any], value: str | None, domain: str) -> dict[str, Any]:
    from wardround.mail.records import published

    own = published(f"_dmarc.{domain}", value) if value else None
    if own is None:
        return {}
    return {"policy": own.policy, "subdomain_policy": own.subdomain_policy, "percent": own.percent}


READER: Reader = CheckdmarcReader()
