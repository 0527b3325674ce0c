"""Packet captures (pcap, pcapng and snoop): mapped into memory and read by :mod:`wardround.wire`."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span

_MAGIC = (
    b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d",
    b"\x34\xcd\xb2\xa1", b"\xa1\xb2\xcd\x34",
)  # fmt: skip
_SNOOP = b"snoop\0\0\0\0\0\0\2"

#: Captures larger than this are read as two shards: each decodes all packets and keeps half of the connections.
_SHARD_BYTES = 64 << 20

_SHARDS = 2

#: Pages this far behind the walk are given back, so that a large capture does not fill the memory.
_BEHIND = 16 << 20


class CaptureReader:
    """pcap, pcapng and snoop files into network tables."""

    name = "capture"

    def sniff(self, head: bytes) -> str | None:
        """The format, pcap, pcapng or snoop, by its magic number."""
        if head[:4] in _MAGIC and len(head) >= 24:
            return "pcap"
        if head.startswith(_SNOOP) and len(head) >= 16:
            return "snoop"
        ordered = head[8:12] in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a")
        return "pcapng" if head[:4] == b"\x0a\x0d\x0d\x0a" and ordered else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span, or two shards of the connections; the bounds of a shard only tell how much work it is."""
        size = source.size
        if size is None or size <= _SHARD_BYTES:
            yield Span()
            return
        for shard in range(_SHARDS):
            yield Span(size * shard // _SHARDS, size * (shard + 1) // _SHARDS, carry=bytes((shard, _SHARDS)))

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the capture; raises ReaderError when it cannot be opened or is not one."""
        import numpy as np

        from wardround.wire.engine import Engine

        shard, shards = span.carry or (0, 1)
        with source.local() as path:
            try:
                with path.open("rb") as file:
                    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except (OSError, ValueError) as error:
                raise ReaderError("unreadable", str(error)) from error

            def walked(offset: int) -> None:
                # From the start each time: pages come back when payload is read after the walk has passed it.
                behind = (offset - _BEHIND) // mmap.PAGESIZE * mmap.PAGESIZE
                if behind > 0:
                    mapped.madvise(mmap.MADV_DONTNEED, 0, behind)

            Engine(np.frombuffer(mapped, np.uint8), sink, shard=shard, shards=shards).run(walked)


READER = CaptureReader()
