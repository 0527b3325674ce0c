"""Reader of single messages (RFC 5322): .eml files, the files of a Maildir, messages in a gateway's quarantine export."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span

if TYPE_CHECKING:
    from wardround.readers.mail.desk import Desk

EML = "eml"

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")

#: Headers that only mail has, and those that other texts have too.
_SURE = frozenset(
    b"received return-path message-id mime-version delivered-to dkim-signature x-mailer authentication-results".split()
    + b"received-spf x-received arc-seal reply-to in-reply-to list-id x-originating-ip list-unsubscribe".split()
)
_USUAL = frozenset(b"from to subject date cc bcc sender references content-type content-transfer-encoding".split())


class EmlReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "eml"

    def sniff(self, head: bytes) -> str | None:
        """Header fields from the first line on, among them such as only mail has."""
        return EML if looks_like_mail(head) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One message, one span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the message."""
        from wardround.readers.mail.desk import Desk

        desk = Desk(sink, source.path)
        try:
            _read(source, sink, desk)
        finally:
            desk.close()

    def read_many(self, sources: Iterator[Source], sink: Sink) -> None:
        """Read many messages, each a piece of evidence: rows are collected over all of them and carry their evidence id.

        A folder of messages has thousands of files, and to hand on the rows of each takes longer than to read it.
        Whoever hands out ``sources`` takes diagnostics for the one it gave last. ReaderError goes on with the next.
        """
        from wardround.readers.mail.desk import Desk

        desk = Desk(sink, "")
        try:
            for source in sources:
                desk.turn(source)
                try:
                    _read(source, sink, desk)
                except ReaderError as error:
                    sink.diagnose(error.code, str(error), error.offset, recovered=False)
        finally:
            desk.close()


def _read(source: Source, sink: Sink, desk: Desk) -> None:
    from wardround.readers.mail.desk import MESSAGE_BYTES

    with source.open() as stream:
        data = stream.read(MESSAGE_BYTES + 1)
    if len(data) > MESSAGE_BYTES:
        sink.diagnose("message_too_long", f"Only the first {MESSAGE_BYTES >> 20} MiB of the message were read.")
        data = data[:MESSAGE_BYTES]
    desk.take(data, 1)


def looks_like_mail(head: bytes) -> bool:
    """Whether bytes begin with the header of a message: two known fields, at least one that only mail has, or four usual."""
    sure: set[bytes] = set()
    usual: set[bytes] = set()
    strange = 0
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if b"\n" not in start[:2_000]:
        start = start.replace(b"\r", b"\n")
    for number, line in enumerate(start.split(b"\n", 400)[:400]):
        if not line.strip():
            break
        if line[:1] in b" \t" and number:
            continue
        match = _FIELD.match(line)
        if match is None:
            strange += 1
            if number == 0 or strange > 3:
                return False
            continue
        name = match.group(1).lower()
        if name in _SURE:
            sure.add(name)
        elif name in _USUAL:
            usual.add(name)
    return (len(sure) >= 1 and len(sure) + len(usual) >= 2) or len(usual) >= 3


READER = EmlReader()
