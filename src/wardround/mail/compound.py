"""Compound files (MS-CFB), the file system in a file of Outlook's .msg and of old Office documents; with limits.

No declared number is believed: chains of sectors end when they lead outside the file or come back to where they were.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

#: Entries of the directory that are read, and how deep storages stand in one another.
_ENTRIES = 65_536
_DEPTH = 40

_ENTRY = 128
_MINI_CUTOFF = 4_096
_FREE = 0xFFFF_FFFA  # this and above: no sector
_NONE = 0xFFFF_FFFF


class CompoundError(ValueError):
    """The bytes are no compound file, or too damaged to be one."""


@dataclass(slots=True)
class Node:
    """A stream (``stream``) or storage: its name, size in bytes, and the nodes in it by name."""

    name: str
    stream: bool
    size: int
    start: int
    children: dict[str, Node] = field(default_factory=dict)


class Compound:
    """A compound file in memory; ``root`` is the outermost storage. Raises CompoundError when it cannot be one."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 512 or not data.startswith(MAGIC):
            raise CompoundError("no compound file")
        self._data = data
        shift = int.from_bytes(data[30:32], "little")
        if shift not in (9, 12):
            raise CompoundError("sectors of an impossible size")
        self._sector = 1 << shift
        self._count = -(-(len(data) - self._sector) // self._sector)
        first_directory, _, _, first_mini, _, first_more, _ = struct.unpack_from("<7I", data, 48)
        self._fat = self._allocation(first_more)
        mini_fat = self._chained(first_mini, len(data))
        self._mini_fat = np.frombuffer(mini_fat[: len(mini_fat) // 4 * 4], "<u4")  # a file cut short may end within a number
        self.root, self._nodes = self._directory(self._chained(first_directory, _ENTRIES * _ENTRY))
        self._mini = self._chained(self.root.start, self.root.size)

    def _at(self, sector: int) -> int:
        return (sector + 1) * self._sector

    def _allocation(self, more: int) -> NDArray[np.uint32]:
        """The file allocation table, from its sectors as the header and its continuation list them."""
        listed = list(struct.unpack_from("<109I", self._data, 76))
        seen: set[int] = set()
        per_sector = self._sector // 4
        while more < _FREE and more not in seen and self._at(more) + self._sector <= len(self._data):
            seen.add(more)
            entries = struct.unpack_from(f"<{per_sector}I", self._data, self._at(more))
            listed += entries[:-1]
            more = entries[-1]
            if len(listed) > self._count:
                break
        table = bytearray()
        for sector in dict.fromkeys(listed):
            if sector < _FREE and self._at(sector) < len(self._data):
                table += self._data[self._at(sector) : self._at(sector) + self._sector].ljust(self._sector, b"\xff")
        return np.frombuffer(bytes(table), "<u4")

    def _chained(self, start: int, size: int) -> bytes:
        """At most ``size`` bytes of the chain of sectors that begins at ``start``."""
        pieces: list[bytes] = []
        left, steps, sector = size, 0, start
        while sector < _FREE and left > 0 and steps <= self._count:
            at = self._at(sector)
            if at >= len(self._data):
                break
            pieces.append(self._data[at : at + min(self._sector, left)])
            left -= self._sector
            steps += 1
            sector = int(self._fat[sector]) if sector < len(self._fat) else _NONE
        return b"".join(pieces)

    def _directory(self, data: bytes) -> tuple[Node, list[Node]]:
        count = min(len(data) // _ENTRY, _ENTRIES)
        if not count:
            raise CompoundError("no directory")
        nodes: list[Node] = []
        links: list[tuple[int, int, int]] = []
        for index in range(count):
            entry = data[index * _ENTRY : (index + 1) * _ENTRY]
            length = min(struct.unpack_from("<H", entry, 64)[0], 64)
            name = entry[: max(0, length - 2)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<IQ", entry, 116)
            size = size & 0xFFFF_FFFF if self._sector == 512 else size
            nodes.append(Node(name, entry[66] == 2, min(size, len(self._data)), start))
            links.append(struct.unpack_from("<3I", entry, 68))
        self._link(nodes, links)
        return nodes[0], nodes

    def _link(self, nodes: list[Node], links: list[tuple[int, int, int]]) -> None:
        """Hang every node under its storage: siblings form a tree, of which each node is taken once."""
        taken = {0}
        waiting = [(0, links[0][2], 0)]
        while waiting:
            parent, index, depth = waiting.pop()
            if index >= len(nodes) or index in taken or depth > _DEPTH:
                continue
            taken.add(index)
            node = nodes[index]
            nodes[parent].children.setdefault(node.name, node)
            left, right, child = links[index]
            waiting += [(parent, left, depth), (parent, right, depth)]
            if not node.stream:
                waiting.append((index, child, depth + 1))

    def read(self, node: Node, most: int) -> bytes:
        """At most ``most`` bytes of a stream."""
        size = min(node.size, most)
        if node.size >= _MINI_CUTOFF:
            return self._chained(node.start, size)
        pieces: list[bytes] = []
        sector, left, steps = node.start, size, 0
        while sector < _FREE and left > 0 and steps <= 64:
            pieces.append(self._mini[sector * 64 : sector * 64 + min(64, left)])
            left -= 64
            steps += 1
            sector = int(self._mini_fat[sector]) if sector < len(self._mini_fat) else _NONE
        return b"".join(pieces)

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Every stream with its path (names between slashes)."""
        waiting = [("", self.root)]
        while waiting:
            path, node = waiting.pop()
            for name, child in node.children.items():
                if child.stream:
                    yield f"{path}{name}", child
                else:
                    waiting.append((f"{path}{name}/", child))
