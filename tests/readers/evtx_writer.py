"""Small but genuine .evtx files for tests: chunks with checksums, records in binary XML without templates.

Written from the format documentation of libevtx. Values are all of the string type.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

CHUNK_BYTES = 65536
HEADER_BYTES = 4096
_FILETIME_2020 = 132_223_104_000_000_000  # 2020-01-01T00:00:00Z in units of 100 ns since 1601


@dataclass(frozen=True)
class Element:
    """An XML element with attributes and either children or text."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: tuple[Element, ...] = ()
    text: str | None = None


def event(number: int, event_id: int, **data: str | None) -> Element:
    """A Security event with EventData of these names."""
    system = (
        Element("Provider", {"Name": "Microsoft-Windows-Security-Auditing"}),
        Element("EventID", text=str(event_id)),
        Element("TimeCreated", {"SystemTime": f"2020-01-01T00:00:{number % 60:02}.1234567Z"}),
        Element("EventRecordID", text=str(number)),
        Element("Channel", text="Security"),
        Element("Computer", text="ct1.hospital.example"),
    )
    values = tuple(Element("Data", {"Name": name}, text=value) for name, value in data.items())
    return Element("Event", {}, (Element("System", children=system), Element("EventData", children=values)))


class Chunk:
    """Records of one chunk."""

    def __init__(self, first: int = 1) -> None:
        self.first = first
        self.records: list[int] = []
        self._bytes = bytearray(512)

    def add(self, element: Element) -> None:
        """Append a record whose content is the element."""
        start = len(self._bytes)
        self.records.append(start)
        number = self.first + len(self.records) - 1
        self._bytes += struct.pack("<4sIQQ", b"**\0\0", 0, number, _FILETIME_2020 + number * 10_000_000)
        self._bytes += b"\x0f\x01\x01\x00"
        self._element(element)
        self._bytes += b"\0"
        self._bytes += bytes(-(len(self._bytes) + 4 - start) % 8)
        size = len(self._bytes) + 4 - start
        struct.pack_into("<I", self._bytes, start + 4, size)
        self._bytes += struct.pack("<I", size)

    def _name(self, name: str) -> None:
        self._bytes += struct.pack("<I", len(self._bytes) + 4)
        checksum = 0
        for character in name:
            checksum = (checksum * 65599 + ord(character)) & 0xFFFFFFFF
        self._bytes += struct.pack("<IHH", 0, checksum & 0xFFFF, len(name)) + name.encode("utf-16-le") + b"\0\0"

    def _text(self, text: str) -> None:
        encoded = text.encode("utf-16-le")
        self._bytes += struct.pack("<BBH", 0x05, 0x01, len(encoded) // 2) + encoded

    def _element(self, element: Element) -> None:
        self._bytes += struct.pack("<BI", 0x41 if element.attributes else 0x01, 0)
        size_at = len(self._bytes) - 4
        self._name(element.name)
        if element.attributes:
            list_at = len(self._bytes)
            self._bytes += bytes(4)
            for index, (name, value) in enumerate(element.attributes.items()):
                self._bytes.append(0x46 if index + 1 < len(element.attributes) else 0x06)
                self._name(name)
                self._text(value)
            struct.pack_into("<I", self._bytes, list_at, len(self._bytes) - list_at - 4)
        if element.text is None and not element.children:
            self._bytes.append(0x03)
        else:
            self._bytes.append(0x02)
            if element.text is not None:
                self._text(element.text)
            for child in element.children:
                self._element(child)
            self._bytes.append(0x04)
        struct.pack_into("<I", self._bytes, size_at, len(self._bytes) - size_at - 4)

    def build(self) -> bytes:
        """The 64 KiB of the chunk."""
        data = bytearray(self._bytes)
        end = len(data)
        last = self.first + len(self.records) - 1
        tail = self.records[-1] if self.records else 512
        struct.pack_into("<8sQQQQIII", data, 0, b"ElfChnk\0", self.first, last, self.first, last, 128, tail, end)
        struct.pack_into("<I", data, 52, zlib.crc32(data[512:end]))
        struct.pack_into("<I", data, 124, zlib.crc32(data[128:512], zlib.crc32(data[:120])))
        return bytes(data) + bytes(CHUNK_BYTES - end)


def file_header(chunks: int) -> bytes:
    """The 4096 bytes before the chunks."""
    header = bytearray(HEADER_BYTES)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, max(chunks - 1, 0), 1, 128, 1, 3, HEADER_BYTES, chunks)
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    return bytes(header)


def log(*chunks: bytes) -> bytes:
    """A file of these chunks."""
    return file_header(len(chunks)) + b"".join(chunks)
