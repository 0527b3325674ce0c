"""Outlook's .msg: a message as a compound file of MAPI properties (MS-OXMSG)."""

from __future__ import annotations

import struct

from wardround.mail.compound import Compound, Node
from wardround.mail.message import Message
from wardround.mail.parse import MESSAGE_BYTES, MESSAGES, Budget
from wardround.mail.properties import BINARY, STRING8, TIME, UNICODE, Bag, built

_STREAM = "__substg1.0_"
_PROPERTIES = "__properties_version1.0"
_RECIPIENT = "__recip_version1.0_#"
_ATTACHMENT = "__attach_version1.0_#"
_EMBEDDED = "__substg1.0_3701000D"

#: Recipients and attachments that are read; bytes of a property that are.
_RECIPIENTS = 1_000
_ATTACHMENTS = 400

#: Fixed-size types that are numbers: 16 and 32 bits, boolean, 64 bits, time.
_NUMBERS = {0x0002: 2, 0x0003: 4, 0x000B: 2, 0x0014: 8, TIME: 8}


def message(data: bytes, messages: int = MESSAGES) -> Message | None:
    """The message in a .msg file, None when it holds none; raises CompoundError when it is damaged beyond reading.

    ``messages`` may be nested in it.
    """
    compound = Compound(data)
    return _message(compound, None, len(data), "1", Budget(), messages, 32) if is_message(compound) else None


def is_message(compound: Compound) -> bool:
    """Whether a compound file is a message, not a document."""
    return _PROPERTIES in compound.root.children


def _message(compound: Compound, node: Node | None, size: int, path: str, budget: Budget, depth: int, header: int) -> Message:
    storage = node or compound.root
    bag = _bag(compound, storage, header)
    recipients = [_bag(compound, child, 8) for child in _named(storage, _RECIPIENT, _RECIPIENTS)]
    attachments: list[tuple[Bag, Message | None]] = []
    for number, child in enumerate(_named(storage, _ATTACHMENT, _ATTACHMENTS), 1):
        embedded = child.children.get(_EMBEDDED)
        within = None
        if embedded is not None and not embedded.stream and depth > 0 and _PROPERTIES in embedded.children:
            within = _message(compound, embedded, _size(embedded), f"{path}.{number}.1", budget, depth - 1, 24)
        attachments.append((_bag(compound, child, 8), within))
    return built(bag, recipients, attachments, size, path, budget, depth - 1)


def _named(storage: Node, start: str, most: int) -> list[Node]:
    found = [(name, child) for name, child in storage.children.items() if name.startswith(start) and not child.stream]
    return [child for _, child in sorted(found, key=lambda item: item[0])[:most]]


def _size(storage: Node) -> int:
    waiting, size = [storage], 0
    while waiting:
        node = waiting.pop()
        size += node.size if node.stream else 0
        waiting += node.children.values()
    return size


def _bag(compound: Compound, storage: Node, header: int) -> Bag:
    """The properties of a storage: those of fixed size from one stream, the others from a stream each."""
    bag = Bag()
    listed = storage.children.get(_PROPERTIES)
    if listed is not None and listed.stream:
        data = compound.read(listed, 1 << 20)
        for at in range(header, len(data) - 15, 16):
            kind, identifier = struct.unpack_from("<HH", data, at)
            if (length := _NUMBERS.get(kind)) is not None:
                bag.values[identifier] = (kind, int.from_bytes(data[at + 8 : at + 8 + length], "little"))
    for name, child in storage.children.items():
        if not child.stream or not name.startswith(_STREAM) or len(name) != len(_STREAM) + 8:
            continue
        try:
            tag = int(name[len(_STREAM) :], 16)
        except ValueError:
            continue
        identifier, kind = tag >> 16, tag & 0xFFFF
        if kind in (STRING8, UNICODE, BINARY):
            bag.values[identifier] = (kind, compound.read(child, MESSAGE_BYTES))
    return bag
