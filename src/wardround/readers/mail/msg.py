"""Reader of messages that Outlook saved (.msg, MS-OXMSG)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span

if TYPE_CHECKING:
    from wardround.readers.base import Reader

MSG = "outlook_msg"
COMPOUND = "compound_file"

#: A larger file is not read: attachments that servers let through are smaller.
_BYTES = 128 << 20

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKS = tuple(name.encode("utf-16-le") for name in ("__properties_version1.0", "__substg1.0_", "__nameid_version1.0"))


class MsgReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "msg"

    def sniff(self, head: bytes) -> str | None:
        """A compound file, in which names of properties of messages stand, or whose names stand further on."""
        if not head.startswith(_MAGIC) or len(head) < 512:
            return None
        if any(mark in head for mark in _MARKS):
            return MSG
        directory = (int.from_bytes(head[48:52], "little") + 1) << min(12, int.from_bytes(head[30:32], "little"))
        return COMPOUND if len(head) <= directory < _BYTES else None

    def split(self, source: Source) -> Iterator[Span]:
        """One message, one span."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the message."""
        from wardround.mail import outlook
        from wardround.mail.compound import CompoundError
        from wardround.readers.mail.desk import Desk

        with source.open() as stream:
            data = stream.read(_BYTES + 1)
        if len(data) > _BYTES:
            raise ReaderError("message_too_long", f"the file is larger than {_BYTES >> 20} MiB and was not read")
        try:
            message = outlook.message(data)
            if message is None:
                raise ReaderError("not_a_message", "an Office document or another compound file, no message; it was not read")
        except CompoundError as error:
            raise ReaderError("damaged_compound_file", f"the file cannot be read: {error}") from error
        desk = Desk(sink, source.path)
        try:
            desk.message(message, 1)
        finally:
            desk.close()


READER: Reader = MsgReader()
