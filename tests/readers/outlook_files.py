"""Writes compound files, Outlook messages and winmail.dat for the tests (MS-CFB, MS-OXMSG, MS-OXTNEF)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SECTOR, MINI = 512, 64
END, FREE, FAT_SECTOR, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF

Tree = dict[str, "bytes | Tree"]


@dataclass
class _Writer:
    sectors: list[bytes] = field(default_factory=list)
    fat: list[int] = field(default_factory=list)
    mini: bytearray = field(default_factory=bytearray)
    mini_fat: list[int] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)

    def chain(self, data: bytes) -> int:
        """Put data into sectors; the number of the first."""
        if not data:
            return END
        first = len(self.sectors)
        pieces = [data[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(data), SECTOR)]
        self.sectors += pieces
        self.fat += [*range(first + 1, first + len(pieces)), END]
        return first

    def small(self, data: bytes) -> int:
        first = len(self.mini) // MINI
        count = -(-len(data) // MINI)
        self.mini += data.ljust(count * MINI, b"\0")
        self.mini_fat += [*range(first + 1, first + count), END] if count else []
        return first if count else END

    def entry(self, name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
        encoded = name.encode("utf-16-le")
        head = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2, kind, 1)
        return head + struct.pack("<III", NONE, right, child) + bytes(36) + struct.pack("<IQ", start, size)

    def add(self, tree: Tree) -> int:
        """Add the members of a storage; the number of the first."""
        names = list(tree)
        first = len(self.entries)
        self.entries += [b""] * len(names)
        for place, name in enumerate(names):
            value = tree[name]
            right = first + place + 1 if place + 1 < len(names) else NONE
            if isinstance(value, bytes):
                start = self.chain(value) if len(value) >= 4096 else self.small(value)
                self.entries[first + place] = self.entry(name, 2, right, NONE, start, len(value))
            else:
                child = self.add(value)
                self.entries[first + place] = self.entry(name, 1, right, child, 0, 0)
        return first if names else NONE


def compound(tree: Tree) -> bytes:
    """A compound file with these storages (dictionaries) and streams (bytes)."""
    writer = _Writer(entries=[b""])
    child = writer.add(tree)
    mini_size = len(writer.mini)
    mini_start = writer.chain(bytes(writer.mini))
    writer.entries[0] = writer.entry("Root Entry", 5, NONE, child, mini_start, mini_size)
    directory = writer.chain(b"".join(writer.entries).ljust(-(-len(writer.entries) // 4) * SECTOR, b"\0"))
    mini_fat = writer.chain(struct.pack(f"<{len(writer.mini_fat)}I", *writer.mini_fat)) if writer.mini_fat else END
    count = 1
    while (len(writer.fat) + count) * 4 > count * SECTOR:
        count += 1
    first = len(writer.sectors)
    table = writer.fat + [FAT_SECTOR] * count
    table += [FREE] * (count * SECTOR // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack("<IIIIIIIII", count, directory, 0, 4096, mini_fat, 1, END, 0, first)
    header += b"".join(struct.pack("<I", first + n if n < count else FREE) for n in range(1, 109))
    return header + b"".join(writer.sectors) + struct.pack(f"<{len(table)}I", *table)


def stored(properties: dict[int, str | bytes | int], header: int) -> Tree:
    """The streams of a storage of properties: texts as Unicode, bytes as binary, numbers of 32 bits or times."""
    tree: Tree = {}
    fixed = bytes(header)
    for identifier, value in properties.items():
        if isinstance(value, int):
            kind = 0x0040 if value >= 1 << 32 else 0x0003
            fixed += struct.pack("<HHIQ", kind, identifier, 6, value)
        elif isinstance(value, str):
            tree[f"__substg1.0_{identifier:04X}001F"] = value.encode("utf-16-le")
        else:
            tree[f"__substg1.0_{identifier:04X}0102"] = value
    tree["__properties_version1.0"] = fixed
    return tree


def message(
    properties: dict[int, str | bytes | int],
    recipients: list[dict[int, str | bytes | int]],
    attachments: list[dict[int, str | bytes | int] | Tree],
    header: int = 32,
) -> Tree:
    """The tree of a message; an attachment is properties, or the tree of a message."""
    tree = stored(properties, header)
    if header == 32:  # the outermost message names the named properties, of which it has none
        tree["__nameid_version1.0"] = {f"__substg1.0_000{n}0102": b"" for n in (2, 3, 4)}
    for number, recipient in enumerate(recipients):
        tree[f"__recip_version1.0_#{number:08X}"] = stored(recipient, 8)
    for number, item in enumerate(attachments):
        name = f"__attach_version1.0_#{number:08X}"
        if "__properties_version1.0" in item:
            inner: Tree = {str(key): value for key, value in item.items() if not isinstance(value, (int, str))}
            tree[name] = stored({0x3705: 5, 0x3001: "forwarded"}, 8) | {"__substg1.0_3701000D": inner}
        else:
            tree[name] = stored({k: v for k, v in item.items() if isinstance(k, int) and not isinstance(v, dict)}, 8)
    return tree


def _mapi(properties: dict[int, str | bytes | int]) -> bytes:
    """Properties as TNEF encodes them."""
    out = struct.pack("<I", len(properties))
    for identifier, value in properties.items():
        if isinstance(value, int):
            out += struct.pack("<HHI", 0x0003, identifier, value)
            continue
        kind = 0x001F if isinstance(value, str) else 0x0102
        data = value.encode("utf-16-le") + b"\0\0" if isinstance(value, str) else value
        out += struct.pack("<HHII", kind, identifier, 1, len(data)) + data + bytes(-len(data) % 4)
    return out


def tnef(properties: dict[int, str | bytes | int], attachments: list[tuple[str, bytes, dict[int, str | bytes | int]]]) -> bytes:
    """A winmail.dat: properties of the message, and per attachment its short name, data and properties."""

    def attribute(level: int, identifier: int, data: bytes) -> bytes:
        return struct.pack("<BII", level, identifier, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    out = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00089006, struct.pack("<I", 0x00010000))
    out += attribute(1, 0x00069007, struct.pack("<II", 1252, 0)) + attribute(1, 0x00069003, _mapi(properties))
    for name, data, more in attachments:
        out += attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x0006800F, data)
        out += attribute(2, 0x00018010, name.encode("cp1252") + b"\0") + attribute(2, 0x00069005, _mapi(more))
    return out
