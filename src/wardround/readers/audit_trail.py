"""Reader of audit trails of imaging systems into ``audit_event``.

XML messages (DICOM PS3.15 A.5, IHE ATNA, RFC 3881) in files or behind syslog headers (RFC 3164, RFC 5424, octet counts of
RFC 5425), and FHIR AuditEvents in JSON.
``record`` is the line on which a message begins, or its place in a Bundle or list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span
from wardround.readers.lines import blocks, spans

if TYPE_CHECKING:
    from wardround.readers.batches import Batches

#: A JSON document that is not lines is read as a whole up to this size.
DOCUMENT_BYTES = 64 * 1024 * 1024

_CHUNK = 1 << 20
_SNIFFED_LINES = 20

_BEGIN = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,31}:)?AuditMessage[\s>]")
_END = re.compile(rb"</(?:[A-Za-z_][\w.-]{0,31}:)?AuditMessage\s{0,8}>")

#: A line of syslog: a priority, perhaps behind an octet count, or a time.
_LINE = re.compile(rb"(?:\d{1,7} )?<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")

#: Host in a header: after the time of RFC 5424, or of RFC 3164.
_HOST = re.compile(
    rb"(?:<\d{1,3}>\d{1,2} \S{1,64} (\S{1,255}) )|(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\S{1,255}) )"
    rb"|(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S{0,32} (\S{1,255}) )"
)
_HEADER_BYTES = 512

_FHIR = re.compile(rb'"resourceType"\s{0,16}:\s{0,16}"AuditEvent"')


class _AuditTrail:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "audit_trail"

    def sniff(self, head: bytes) -> str | None:
        """An audit message as root, lines of syslog that all hold one, or JSON with an AuditEvent."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if start[:1] in (b"{", b"["):
            return "audit_fhir" if _FHIR.search(start) and b'"recorded"' in start else None
        if not _BEGIN.search(head):
            return None
        if start.startswith(b"<?xml") or _BEGIN.match(start):
            return "audit_xml"
        lines = [line for line in head.split(b"\n", _SNIFFED_LINES)[:_SNIFFED_LINES] if _LINE.match(line.lstrip())]
        if not lines:
            return None
        whole = lines[:-1] if len(lines) > 1 else lines  # the last one may be cut
        return "audit_syslog" if all(_BEGIN.search(line) or b"<?xml" in line for line in whole) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Cut at line ends; a message belongs to the span in which it begins. A JSON document is one span."""
        with source.open() as stream:
            head = stream.read(1 << 16)
        if self.sniff(head) == "audit_fhir" and not _are_json_lines(head):
            return iter((Span(),))
        return spans(source, lambda _: b"")

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span."""
        from wardround.readers.batches import Batches

        batches = Batches(sink)
        with source.open() as stream:
            head = stream.read(1 << 16)
        with source.open() as stream:
            if self.sniff(head) == "audit_fhir" or (span.start and head.lstrip()[:1] == b"{"):
                _read_fhir(stream, span, sink, batches, lines=_are_json_lines(head))
            else:
                _read_xml(stream, span, sink, batches)
        batches.close()


READER = _AuditTrail()


def take_out(data: bytes, first_line: int, sink: Sink) -> bytes:
    """Read the audit messages in a block of log lines, and give the block with blank lines in their place.

    For logs in which they stand among others. What identifies a patient must not go on as the text of a log line.
    """
    from wardround.readers.batches import Batches

    batches = Batches(sink)
    kept: list[bytes] = []
    position = 0
    while (begin := _BEGIN.search(data, position)) is not None:
        end = _END.search(data, begin.end())
        stop = end.end() if end else len(data)
        line = data.rfind(b"\n", 0, begin.start()) + 1
        line = max(line, position)
        after = data.find(b"\n", stop)
        after = len(data) if after < 0 else after
        kept.append(data[position:line])
        number = first_line + data.count(b"\n", 0, begin.start())
        _add(data[begin.start() : stop], data[line : begin.start()], number, sink, batches)
        kept.append(b"\n" * data.count(b"\n", line, after))
        position = after
    batches.close()
    kept.append(data[position:])
    return b"".join(kept)


def _add(message: bytes, header: bytes, number: int, sink: Sink, batches: Batches) -> None:
    from wardround.readers.audit_xml import parse_audit_xml

    row = parse_audit_xml(message)
    if row is None:
        sink.diagnose("audit_message_broken", "An audit message is cut off, too long or not readable; it was left out.", number)
        return
    batches.add("audit_event", record=number, host=_host(header), **row)


def _host(header: bytes) -> str | None:
    found = _HOST.search(header[-_HEADER_BYTES:])
    host = next((group for group in found.groups() if group), b"-") if found else b"-"
    return None if host == b"-" else host.decode("utf-8", "replace")


def _read_xml(stream: BinaryIO, span: Span, sink: Sink, batches: Batches) -> None:
    """Read the messages that begin within the span, and tell of lines that hold none."""
    from wardround.readers.audit_xml import MESSAGE_BYTES

    if span.start:
        stream.seek(span.start)
    limit = span.end - span.start if span.end >= 0 else -1
    text, at, gone, line = b"", 0, 0, span.first_record
    ended = False

    def passed(upto: int, *, told: bool) -> None:
        nonlocal at, line
        if told:
            _other_lines(text[at:upto], line, sink)
        line += text.count(b"\n", at, upto)
        at = upto

    while True:
        begin = _BEGIN.search(text, at)
        if begin is not None and 0 <= limit <= gone + begin.start():
            return
        end = _END.search(text, begin.end()) if begin else None
        if begin is not None and end is not None:
            start = max(at, text.rfind(b"\n", at, begin.start()) + 1)
            passed(start, told=True)
            number = line + text.count(b"\n", at, begin.start())
            _add(text[begin.start() : end.end()], text[start : begin.start()], number, sink, batches)
            passed(end.end(), told=False)
        elif begin is not None and (len(text) - begin.start() > MESSAGE_BYTES or ended):
            passed(begin.start(), told=True)
            sink.diagnose("audit_message_broken", "An audit message does not end; it was left out.", line)
            passed(begin.end(), told=False)
        elif ended or (begin is None and 0 <= limit <= gone + len(text)):
            passed(len(text), told=True)
            return
        else:
            if begin is None and len(text) - at > _HEADER_BYTES:  # what comes next may be a header of this line
                passed(text.rfind(b"\n", at, len(text) - _HEADER_BYTES) + 1 or len(text) - _HEADER_BYTES, told=True)
            more = stream.read(_CHUNK)
            ended = not more
            text, gone, at = text[at:] + more, gone + at, 0


def _other_lines(text: bytes, line: int, sink: Sink) -> None:
    """Tell of log lines between audit messages; prologues, comments and blank lines are nothing to tell."""
    for place, part in enumerate(text.split(b"\n")):
        if _LINE.match(part.strip()) and b"<?xml" not in part:
            sink.diagnose("not_an_audit_message", "A line of the log holds no audit message; it was left out.", line + place)


def _are_json_lines(head: bytes) -> bool:
    """Whether the first line is a whole resource."""
    import orjson

    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)
    if len(first) < 2 or not first[1].strip().startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(first[0]), dict)
    except orjson.JSONDecodeError:
        return False


def _read_fhir(stream: BinaryIO, span: Span, sink: Sink, batches: Batches, *, lines: bool) -> None:
    import orjson

    from wardround.readers.audit_fhir import audit_events, row_of

    if lines:
        for block in blocks(stream, span, sink):
            for place, line in enumerate(block.data.split(b"\n")):
                if not line.strip():
                    continue
                number = block.first_line + place
                try:
                    resource: Any = orjson.loads(line)
                except orjson.JSONDecodeError:
                    sink.diagnose("json_broken", "A line is not readable JSON; it was left out.", number)
                    continue
                for event in audit_events(resource):
                    batches.add("audit_event", record=number, **row_of(event))
        return
    data = stream.read(DOCUMENT_BYTES + 1)
    if len(data) > DOCUMENT_BYTES:
        raise ReaderError("too_large", f"a JSON document of more than {DOCUMENT_BYTES} bytes; give it as one resource per line")
    try:
        resource = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise ReaderError("json_broken", "the document is not readable JSON", error.pos) from error
    for number, event in enumerate(audit_events(resource), 1):
        batches.add("audit_event", record=number, **row_of(event))
