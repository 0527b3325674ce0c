"""Conversations for tests of protocol parsers: made of turns, or read from a capture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wardround.wire.connection import Chunk, Connection, Gap, Malformed, Rows, Stream
from wardround.wire.protocols import by_name

SECOND = 1_000_000_000


class Kept:
    """Rows in memory."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.weirds: list[str] = []
        self.across: dict[str, Any] = {}

    def add(self, table: str, connection: Connection, ts: int, record: int, **columns: Any) -> None:
        """Keep a row."""
        self.tables.setdefault(table, []).append({"ts": ts, "record": record, "uid": connection.uid, **columns})

    def row(self, table: str, row: dict[str, Any]) -> None:
        """Keep a row as it is."""
        self.tables.setdefault(table, []).append(row)

    def weird(self, connection: Connection | None, name: str, detail: str = "", *, ts: int = 0, record: int = -1) -> None:
        """Keep the name of a weird."""
        self.weirds.append(name)

    def kept(self, name: str, make: Callable[[Rows], Any]) -> Any:
        """What a parser keeps across connections."""
        if name not in self.across:
            self.across[name] = make(self)
        return self.across[name]

    def close(self) -> None:
        """The end of the capture."""
        for kept in self.across.values():
            kept.close()


def conversation(turns: Sequence[tuple[str, bytes | int]], port: int = 80, resp_h: str = "10.0.0.2") -> Connection:
    """A connection from turns: ``>`` client, ``<`` server, bytes or the length of a gap; a second between turns."""
    pieces: dict[str, list[Chunk | Gap]] = {">": [], "<": []}
    at = {">": 0, "<": 0}
    for number, (side, data) in enumerate(turns):
        if isinstance(data, int):
            pieces[side].append(Gap(at[side], data))
            at[side] += data
        elif data:
            pieces[side].append(Chunk(at[side], (number + 1) * SECOND, number + 1, data))
            at[side] += len(data)
    orig, resp = Stream(pieces[">"]), Stream(pieces["<"])
    return Connection("Ctest", SECOND, 1, "tcp", "10.0.0.1", 40_000, resp_h, port, orig, resp)


def read(name: str, turns: Sequence[tuple[str, bytes | int]], **where: Any) -> tuple[Connection, Kept]:
    """Sniff and parse a conversation with the parser of that name."""
    connection, kept = conversation(turns, **where), Kept()
    parser = by_name(name)
    assert parser.sniff(connection), "not recognised"
    parser.parse(connection, kept)
    return connection, kept


def survives(name: str, client: bytes, server: bytes, cuts: Sequence[int] = ()) -> Kept:
    """Parse bytes that need not make sense, in pieces with a gap after each: nothing but Malformed may come of it."""
    turns: list[tuple[str, bytes | int]] = []
    for side, data in ((">", client), ("<", server)):
        begin = 0
        for cut in sorted(cuts):
            turns += [(side, data[begin:cut]), (side, 3)]
            begin = max(begin, cut)
        turns.append((side, data[begin:]))
    connection, kept = conversation([(s, d) for s, d in turns if d]), Kept()
    parser = by_name(name)
    parser.sniff(connection)
    try:
        parser.parse(connection, kept)
    except Malformed as problem:
        kept.weirds.append(problem.name)
    return kept
