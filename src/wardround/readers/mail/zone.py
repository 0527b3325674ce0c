"""Reader of DNS zones (RFC 1035, 5: zone files, exports, the output of a zone transfer) into ``mail_policy``.

Only what domains say about their mail is read. Where a zone has no SPF or DMARC record for its own name, or for a name
that receives mail, that is a row without a value: a zone says what does not exist, which a single answer cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches

if TYPE_CHECKING:
    from wardround.readers.base import Reader

ZONE = "dns_zone"

#: Bytes of a line, bytes of one record over several lines, records that are read.
_LINE = 64 << 10
_RECORD = 64 << 10
_RECORDS = 5_000_000
_NAMES = 100_000

_TYPES = (
    "SOA|NS|A|AAAA|MX|TXT|SPF|CNAME|DNAME|PTR|SRV|CAA|TLSA|NAPTR|SSHFP|DS|DNSKEY|RRSIG|NSEC3?|NSEC3PARAM|HINFO|LOC|SVCB|HTTPS|"
    "CDS|CDNSKEY|URI|TYPE\\d+"
)
_SNIFF = re.compile(rf"^(\S*)[ \t]+(?:\d+\w?[ \t]+)?(?:IN[ \t]+)?(?:\d+\w?[ \t]+)?({_TYPES})[ \t]".encode(), re.IGNORECASE)
_CLASS = re.compile(rb"[ \t]IN[ \t]", re.IGNORECASE)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(;.*)|([()])|((?:[^\s"();\\]|\\.)+)', re.DOTALL)
_KNOWN = re.compile(rf"^(?:{_TYPES})$", re.IGNORECASE)
_TTL = re.compile(r"^\d+(?:[smhdwSMHDW]\d*)*$")


@dataclass(slots=True)
class Record:
    """A resource record: owner without final dot in lower case, type in capitals, its words, and the line it begins at."""

    owner: str
    kind: str
    words: list[str]
    line: int


class ZoneReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "zone"

    def sniff(self, head: bytes) -> str | None:
        """``$ORIGIN`` or ``$TTL`` and a record, or lines that are all records of class IN with a SOA among them."""
        lines = [line for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:200] if line.strip()]
        if len(head) > 32_000 and lines:
            lines.pop()
        lines = [line for line in lines if not line.lstrip().startswith(b";")]
        if not lines:
            return None
        records = [match for line in lines if (match := _SNIFF.match(line)) is not None]
        if lines[0].upper().startswith((b"$ORIGIN ", b"$TTL ", b"$ORIGIN\t", b"$TTL\t")):
            return ZONE if records else None
        authority = any(match.group(2).upper() == b"SOA" for match in records[:3])
        if authority and _SNIFF.match(lines[0]):
            return ZONE
        plain = sum(1 for line in lines if _SNIFF.match(line) and _CLASS.search(line))
        return ZONE if plain >= 3 and plain >= 0.9 * len(lines) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: names carry over from line to line."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the zone."""
        batches = Batches(sink)
        try:
            with source.open() as stream:
                _read(stream, batches)
        finally:
            batches.close()


@dataclass(slots=True)
class _Seen:
    """Names that a zone is about, and which of them have records."""

    apex: dict[str, int] = field(default_factory=dict)
    receiving: dict[str, int] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    others: int = 0


class _Silent:
    """A sink for a reading that only looks for keys: what is wrong with the zone is told when it is read."""

    def write(self, table: str, rows: object) -> None:
        """Take nothing."""

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Tell nothing."""


def dkim_keys(source: Source) -> dict[str, str]:
    """The DKIM records of a zone by owner name, for checking signatures; raises ReaderError."""
    found: dict[str, str] = {}
    with source.open() as stream:
        for record in records(stream, _Silent()):
            if record.kind == "TXT" and "._domainkey." in record.owner and len(found) < _NAMES:
                found.setdefault(record.owner, "".join(record.words)[:8_000])
    return found


def _read(stream: BinaryIO, batches: Batches) -> None:
    from wardround.mail.records import Published, published

    seen = _Seen()
    for record in records(stream, batches.sink):
        found: Published | None = None
        if record.kind in ("TXT", "SPF"):
            found = published(record.owner, "".join(record.words))
        elif record.kind == "MX" and len(record.words) >= 2:
            host = record.words[1].rstrip(".").lower()
            found = Published(record.owner, "mx", " ".join(record.words[:2]))
            if host and len(seen.receiving) < _NAMES:
                seen.receiving.setdefault(record.owner, record.line)
        elif record.kind == "SOA":
            seen.apex.setdefault(record.owner, record.line)
        elif record.kind == "CNAME":
            seen.aliases.add(record.owner)
        if found is None:
            seen.others += 1
            continue
        if (found.domain, found.kind) in seen.known and found.kind in ("spf", "dmarc"):
            found.problems.append("more than one record: receivers ignore them all")
        seen.known.add((found.domain, found.kind))
        batches.add("mail_policy", ts_zone="none", record=record.line, source="zone", **found.columns())
    for domain, line in {**seen.receiving, **seen.apex}.items():
        for kind, owner in (("spf", domain), ("dmarc", f"_dmarc.{domain}")):
            if (domain, kind) not in seen.known and owner not in seen.aliases:
                missing = Published(domain, kind, None)
                batches.add("mail_policy", ts_zone="none", record=line, source="zone", **missing.columns())
    if seen.others:
        batches.sink.diagnose("ignored_kind", f"{seen.others} records that say nothing about mail were not kept.")


def records(stream: BinaryIO, sink: Sink) -> Iterator[Record]:
    """The records of a zone; lines that are none are diagnosed."""
    origin, owner = "", ""
    words: list[tuple[str, bool]] = []
    depth = size = count = 0
    begin, blank = 1, False
    for number, raw in enumerate(_lines(stream, sink), 1):
        text = raw.decode("utf-8", "replace")
        if not depth:
            words, size, begin, blank = [], 0, number, text[:1] in (" ", "\t")
        for match in _WORD.finditer(text):
            if match.group(2):
                break
            if match.group(3):
                depth = depth + 1 if match.group(3) == "(" else max(0, depth - 1)
                continue
            quoted = match.group(1) is not None
            words.append((_unescaped(match.group(1) if quoted else match.group(4)), quoted))
            size += len(match.group())
        if size > _RECORD:
            sink.diagnose("record_too_long", f"A record is longer than {_RECORD} bytes and was not read.", begin)
            words, depth, size = [], 0, 0
            continue
        if depth or not words:
            continue
        if words[0][0].startswith("$") and not blank:
            if words[0][0].upper() == "$ORIGIN" and len(words) > 1:
                origin = _absolute(words[1][0], origin)
            elif words[0][0].upper() == "$INCLUDE":
                sink.diagnose("not_included", "The zone includes another file, which was not looked for.", begin)
            continue
        plain = [word for word, _ in words]
        if not blank:
            owner = _absolute(plain.pop(0), origin)
        while plain and not _KNOWN.match(plain[0]) and (_TTL.match(plain[0]) or plain[0].upper() in ("IN", "CH", "HS")):
            plain.pop(0)
        if not plain or not _KNOWN.match(plain[0]):
            sink.diagnose("bad_record", "The line is not a record of a zone.", begin)
            continue
        kind = plain.pop(0).upper()
        if kind == "SOA" and not origin:
            origin = owner
        count += 1
        if count > _RECORDS:
            sink.diagnose("too_many_records", f"More than {_RECORDS} records; the rest was not read.", begin)
            return
        yield Record(owner, kind, plain, begin)


def _lines(stream: BinaryIO, sink: Sink) -> Iterator[bytes]:
    """Lines, the long ones cut."""
    while line := stream.readline(_LINE):
        if len(line) == _LINE and not line.endswith(b"\n"):
            sink.diagnose("line_too_long", f"A line is longer than {_LINE} bytes; the rest of it was not read.")
            while (rest := stream.readline(_LINE)) and not rest.endswith(b"\n"):
                pass
        yield line


def _absolute(name: str, origin: str) -> str:
    lowered = name.lower()
    if lowered == "@":
        return origin
    if lowered.endswith(".") or not origin:
        return lowered.rstrip(".")
    # Some exports leave the final dot out of names that are complete.
    return lowered if lowered == origin or lowered.endswith(f".{origin}") else f"{lowered}.{origin}"


def _unescaped(word: str) -> str:
    if "\\" not in word:
        return word
    return re.sub(r"\\(\d{3}|.)", lambda m: chr(int(m.group(1))) if len(m.group(1)) == 3 else m.group(1), word)


READER: Reader = ZoneReader()
