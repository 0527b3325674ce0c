"""Reader of Outlook data files (.pst, .ost; MS-PST), where the user installed libpff's Python binding; see decision 0041.

Without it the file is recognised, and the report says that it was not read and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span

if TYPE_CHECKING:
    from wardround.mail.message import Message
    from wardround.mail.properties import Bag
    from wardround.readers.base import Reader

PST = "outlook_data_file"

#: Folders, messages, recipients and attachments that are read; bytes of an attachment that are.
_FOLDERS = 20_000
_MESSAGES = 5_000_000
_RECIPIENTS = 1_000
_ATTACHMENTS = 400
_DATA = 40 << 20

_CLASS = 0x001A
_NUMBERS = {0x0002: 2, 0x0003: 4, 0x000B: 1, 0x0014: 8, 0x0040: 8}

#: What the binding raises on damaged files.
_FAULTS = (OSError, ValueError, RuntimeError, TypeError, MemoryError, OverflowError)


class PstReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "pst"

    def sniff(self, head: bytes) -> str | None:
        """The magic numbers of the file and of its client (MS-PST, 2.2.2.6)."""
        return PST if head.startswith(b"!BDN") and head[8:10] in (b"SM", b"SO") else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: folders are reached from the root."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the messages of every folder; ``record`` counts them in the order of the folders."""
        from wardround.readers.mail.desk import Desk

        try:
            library: Any = import_module("pypff")
        except ImportError as error:
            raise ReaderError(
                "outlook_data_file",
                "a mailbox of Outlook was not assessed: install the package libpff-python (LGPL) beside wardround, or export "
                "the mailbox as .msg, .eml or mbox (the program readpst makes mbox files)",
            ) from error
        desk = Desk(sink, source.path)
        try:
            with source.local() as path:
                file = library.file()
                try:
                    file.open(str(path))
                    root = file.get_root_folder()
                except _FAULTS as error:
                    raise ReaderError("damaged_data_file", f"the mailbox cannot be opened: {str(error)[:200]}") from error
                _folders(root, desk, sink)
        finally:
            desk.close()


def _folders(root: Any, desk: Any, sink: Sink) -> None:
    """Every message below a folder that is mail."""
    waiting = [(root, "")]
    record = others = folders = 0
    while waiting:
        folder, path = waiting.pop()
        folders += 1
        if folders > _FOLDERS or record > _MESSAGES:
            sink.diagnose("too_many_members", "The mailbox has more folders or messages than are read.", record)
            break
        below = [(child, f"{path}/{_name(child)}") for child in _items(folder, "sub_folder", _FOLDERS, sink)]
        waiting += reversed(below)
        for item in _items(folder, "sub_message", _MESSAGES, sink):
            record += 1
            try:
                message = _message(item, path.lstrip("/"))
            except _FAULTS:
                sink.diagnose("bad_record", "A message of the mailbox is damaged and was not read.", record)
                continue
            if message is None:
                others += 1
            else:
                desk.message(message, record)
    if others:
        sink.diagnose("ignored_kind", f"{others} items of the mailbox are no mail (appointments, contacts, tasks).")


def _items(parent: Any, kind: str, most: int, sink: Sink) -> Iterator[Any]:
    """The things of one kind in a folder; those that cannot be reached are diagnosed."""
    try:
        count = getattr(parent, f"get_number_of_{kind}s")()
    except _FAULTS:
        sink.diagnose("bad_record", "A folder of the mailbox is damaged and was not read.")
        return
    for index in range(min(count, most)):
        try:
            yield getattr(parent, f"get_{kind}")(index)
        except _FAULTS:
            sink.diagnose("bad_record", "An item of the mailbox is damaged and was not read.")


def _name(folder: Any) -> str:
    try:
        return str(folder.get_name() or "")[:200]
    except _FAULTS:
        return ""


def _message(item: Any, folder: str) -> Message | None:
    """The message of an item, None when it is something else."""
    from dataclasses import replace

    from wardround.mail.parse import MESSAGES, Budget
    from wardround.mail.properties import DATA, built

    bags = _bags(item, 1)
    kind = bags[0].text(_CLASS).upper() if bags else ""
    if not bags or not kind.startswith(("IPM.NOTE", "REPORT.", "IPM.SCHEDULE.MEETING")):
        return None
    recipients = _bags(item.recipients, _RECIPIENTS) if item.recipients is not None else []
    attachments: list[tuple[Bag, Message | None]] = []
    size = sum(len(value) for bag in bags for _, value in bag.values.values() if isinstance(value, bytes))
    for index in range(min(item.get_number_of_attachments(), _ATTACHMENTS)):
        attached = item.get_attachment(index)
        bag = next(iter(_bags(attached, 1)), None)
        if bag is None:
            continue
        if not bag.data(DATA) and attached.get_size():
            bag.values[DATA] = (0x0102, attached.read_buffer(min(attached.get_size(), _DATA)))
        size += len(bag.data(DATA))
        attachments.append((bag, None))
    return replace(built(bags[0], recipients, attachments, size, "1", Budget(), MESSAGES - 1), folder=folder)


def _bags(item: Any, most: int) -> list[Bag]:
    """The properties of an item, one bag for each of its sets."""
    from wardround.mail.properties import Bag

    found = []
    for index in range(min(item.get_number_of_record_sets(), most)):
        bag = Bag()
        records = item.get_record_set(index)
        for place in range(min(records.get_number_of_entries(), 5_000)):
            entry = records.get_entry(place)
            identifier, kind = entry.get_entry_type(), entry.get_value_type()
            if identifier is None or kind is None or identifier >= 0x8000 or identifier in bag.values:
                continue
            data = entry.get_data() or b""
            if (length := _NUMBERS.get(kind)) is not None:
                bag.values[identifier] = (kind, int.from_bytes(data[:length], "little"))
            else:
                bag.values[identifier] = (kind, data[:_DATA])
        found.append(bag)
    return found


READER: Reader = PstReader()
