"""Reports that came by mail: DMARC aggregate and TLS reports attached to a message, compressed or not."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

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
        if part.kind not in _KINDS or not _likely(part):
            continue
        try:
            if part.truncated:
                raise ReaderError("too_large", f"it is larger than the {_BYTES} bytes that are kept")
            for data in _opened(part):
                head = data[:65_536]
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
    """What a part holds, unpacked; raises ReaderError when it cannot be unpacked, or holds more than is looked at."""
    try:
        if part.kind == "gzip":
            yield _bounded(gzip.GzipFile(fileobj=io.BytesIO(part.data)))
        elif part.kind == "zip":
            yield from _members(part.data)
        else:
            yield part.data
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError) as error:
        raise ReaderError("archive_damaged", f"it cannot be unpacked ({type(error).__name__})") from error


def _members(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = [member for member in archive.infolist() if not member.is_dir()]
        for member in files[:_MEMBERS]:
            with archive.open(member) as stream:  # an encrypted one raises RuntimeError
                yield _bounded(stream)
        if len(files) > _MEMBERS:
            raise ReaderError("too_many_members", f"it holds {len(files)} files, of which {_MEMBERS} were looked at")


def _bounded(stream: IO[bytes] | gzip.GzipFile) -> bytes:
    data = stream.read(_BYTES + 1)
    if len(data) > _BYTES:
        raise ReaderError("too_large", f"it unpacks to more than {_BYTES} bytes")
    return data
