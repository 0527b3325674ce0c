"""What a protocol parser sees of the wire: a connection, its two streams or its datagrams, and where rows go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


class Malformed(Exception):  # noqa: N818 - it names a state of the evidence, not an error of ours
    """Raised inside a parser when bytes are not what the protocol allows; ``name`` is Zeek's name for it where there is one."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(name, detail)
        self.name = name
        self.detail = detail


class Chunk(NamedTuple):
    """Consecutive bytes of one direction: where they begin in the stream, when and in which frame they came."""

    offset: int
    ts: int
    record: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of one direction that the capture does not hold."""

    offset: int
    length: int


@dataclass(slots=True)
class Stream:
    """One direction of a TCP connection in order; retransmissions and overlaps are already resolved."""

    pieces: list[Chunk | Gap] = field(default_factory=list)

    def head(self, limit: int = 65536) -> bytes:
        """The bytes from the beginning to the first gap, at most ``limit``."""
        return self.read(0, limit)

    def read(self, start: int, limit: int) -> bytes:
        """Consecutive bytes from offset ``start``, at most ``limit``; stops at a gap, empty when there are none."""
        parts: list[bytes] = []
        wanted = limit
        for piece in self.pieces:
            if isinstance(piece, Gap):
                if piece.offset + piece.length > start:
                    break
                continue
            end = piece.offset + len(piece.data)
            if end <= start:
                continue
            skip = max(0, start - piece.offset)
            part = piece.data[skip : skip + wanted]
            parts.append(part)
            wanted -= len(part)
            if wanted <= 0:
                break
            start = end
        return b"".join(parts)

    @property
    def length(self) -> int:
        """Bytes of the stream, gaps included."""
        if not self.pieces:
            return 0
        last = self.pieces[-1]
        return last.offset + (last.length if isinstance(last, Gap) else len(last.data))

    def chunk_at(self, offset: int) -> Chunk | None:
        """The chunk that holds the byte at ``offset``, None inside a gap or past the end."""
        for piece in self.pieces:
            if isinstance(piece, Chunk) and piece.offset <= offset < piece.offset + len(piece.data):
                return piece
        return None

    def arrival(self, offset: int) -> tuple[int, int] | None:
        """When and in which frame the byte at ``offset`` came; None inside a gap or past the end."""
        chunk = self.chunk_at(offset)
        return None if chunk is None else (chunk.ts, chunk.record)

    def data_after(self, offset: int) -> int | None:
        """Where the first chunk begins that begins at ``offset`` or later: what follows a gap; None when nothing does."""
        return next((piece.offset for piece in self.pieces if isinstance(piece, Chunk) and piece.offset >= offset), None)

    def from_offset(self, start: int) -> Stream:
        """The rest of the stream from ``start`` on, its offsets counted from there (for a protocol inside another)."""
        rest: list[Chunk | Gap] = []
        for piece in self.pieces:
            size = piece.length if isinstance(piece, Gap) else len(piece.data)
            skip = max(0, start - piece.offset)
            if skip >= size:
                continue
            if isinstance(piece, Gap):
                rest.append(Gap(piece.offset + skip - start, size - skip))
            else:
                rest.append(Chunk(piece.offset + skip - start, piece.ts, piece.record, piece.data[skip:]))
        return Stream(rest)


class Datagram(NamedTuple):
    """The payload of one UDP packet. ``length`` is what was on the wire; less may have been captured."""

    ts: int
    from_orig: bool
    data: bytes
    record: int
    length: int


@dataclass(slots=True)
class Connection:
    """A connection with what a parser needs of it. ``services`` and ``applications`` grow as parsers recognise them.

    ``orig_h`` and ``resp_h`` are addresses as text; ``ts`` is the time of the first packet (ns UTC), ``record`` its frame.
    """

    uid: str
    ts: int
    record: int
    proto: str
    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int
    orig: Stream = field(default_factory=Stream)
    resp: Stream = field(default_factory=Stream)
    datagrams: Sequence[Datagram] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    applications: set[str] = field(default_factory=set)

    @property
    def identity(self) -> dict[str, Any]:
        """The columns that tie a row to its connection."""
        return {
            "uid": self.uid,
            "id.orig_h": self.orig_h,
            "id.orig_p": self.orig_p,
            "id.resp_h": self.resp_h,
            "id.resp_p": self.resp_p,
        }

    def confirm(self, service: str) -> None:
        """Note that the connection really speaks ``service`` (Zeek's name for it)."""
        if service not in self.services:
            self.services.append(service)

    def events(self) -> Iterator[tuple[bool, Chunk]]:
        """The chunks of both directions in order of time: (from the originator, chunk)."""
        both = [(True, p) for p in self.orig.pieces if isinstance(p, Chunk)]
        both += [(False, p) for p in self.resp.pieces if isinstance(p, Chunk)]
        yield from sorted(both, key=lambda item: (item[1].ts, item[1].record))


class Rows(Protocol):
    """Where parsers put what they read."""

    def add(self, table: str, connection: Connection, ts: int, record: int, **columns: Any) -> None:
        """Add a row of ``table``. Columns that Zeek names with a dot are given in a dictionary: ``**{"id.x": 1}``."""

    def row(self, table: str, row: dict[str, Any]) -> None:
        """Add a row of ``table`` that belongs to no connection, as it is."""

    def weird(self, connection: Connection | None, name: str, detail: str = "", *, ts: int = 0, record: int = -1) -> None:
        """Count a malformed thing under Zeek's name for it; rate-limited."""

    def kept(self, name: str, make: Callable[[Rows], Any]) -> Any:
        """What a parser keeps across the connections of a capture: made on first use, its ``close()`` called at the end."""


class Parser(Protocol):
    """A protocol parser module: ``wire/protocols/<name>.py``."""

    #: Zeek's name of the service.
    SERVICE: str

    def sniff(self, connection: Connection) -> bool:
        """Whether the first bytes of the connection (any port) are of this protocol. Cheap, and never raises."""

    def parse(self, connection: Connection, rows: Rows) -> None:
        """Read the whole connection into rows and ``connection.confirm`` the service; raises Malformed and nothing else."""
