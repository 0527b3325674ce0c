"""Reports that came by mail: DMARC aggregate and TLS reports attached to a message, compressed or not."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from wardround.errors import ReaderError
from wardround.mail.message import Message, Part
from wardround.readers.batches import Batches
from wardround.readers.mail import dmarc, tls_report

#: A report is not larger, decompressed; and members of an archive that are looked at.
_BYTES = 32 << 20
_MEMBERS = 4

_KINDS = ("gzip", "zip", "xml", "json")


def read_enclosed(message: Message, record: int, batches: Batches) -> None:
    """Read the reports attached to a message; what is none is left alone."""
    for part in message.leaves:
        if part.kind not in _KINDS or part.truncated or not _likely(part):
            continue
        for data in _opened(part):
            head = data[:65_536]
            try:
                if dmarc.READER.sniff(head):
                    dmarc.read_report(io.BytesIO(data), batches, record)
                elif tls_report.READER.sniff(head):
                    tls_report.read_report(data, batches, record)
            except ReaderError as error:
                batches.sink.diagnose(error.code, f"A report attached to a message cannot be read: {error}", record)


def _likely(part: Part) -> bool:
    """Whether a part may be a report; most attachments are not, and need not be opened."""
    if part.declared in ("text/html", "text/plain") or part.size > _BYTES:
        return False
    name = part.filename.lower()
    told = any(word in name for word in ("!", "report", "dmarc", ".xml.gz", ".json.gz"))
    return told or "tlsrpt" in part.declared


def _opened(part: Part) -> Iterator[bytes]:
    if part.kind in ("xml", "json"):
        yield part.data
    elif part.kind == "gzip":
        try:
            yield zlib.decompressobj(31).decompress(part.data, _BYTES)
        except zlib.error:
            return
    else:
        try:
            with zipfile.ZipFile(io.BytesIO(part.data)) as archive:
                for member in archive.infolist()[:_MEMBERS]:
                    if member.flag_bits & 1 or member.is_dir():
                        continue
                    with archive.open(member) as stream:
                        yield stream.read(_BYTES)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
            return
