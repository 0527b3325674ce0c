"""Connections of datagrams, and messages in BER, for tests of protocol parsers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from tests.wire.protocols.talk import SECOND, Kept

from wardround import schema
from wardround.wire.connection import Connection, Datagram, Malformed
from wardround.wire.protocols import by_name


def exchange(
    turns: Sequence[tuple[str, bytes]], orig: tuple[str, int], resp: tuple[str, int], uid: str = "Ctest"
) -> Connection:
    """A UDP connection from turns: ``>`` client, ``<`` server; a second between turns."""
    datagrams = [Datagram((i + 1) * SECOND, side == ">", data, i + 1, len(data)) for i, (side, data) in enumerate(turns)]
    return Connection(uid, SECOND, 1, "udp", orig[0], orig[1], resp[0], resp[1], datagrams=datagrams)


def read(
    name: str, turns: Sequence[tuple[str, bytes]], port: int, orig: tuple[str, int] = ("10.0.0.1", 40_000)
) -> tuple[Connection, Kept]:
    """Sniff and parse an exchange with a server at ``port`` of 10.0.0.2."""
    connection, kept = exchange(turns, orig, ("10.0.0.2", port)), Kept()
    parser = by_name(name)
    assert parser.sniff(connection), "not recognised"
    parser.parse(connection, kept)
    kept.close()
    fits(kept)
    return connection, kept


def survives(name: str, turns: Sequence[tuple[str, bytes]], port: int) -> None:
    """Parse datagrams that need not make sense: nothing but Malformed may come of it, and rows fit their tables."""
    connection, kept = exchange(turns, ("10.0.0.1", 40_000), ("10.0.0.2", port)), Kept()
    parser = by_name(name)
    parser.sniff(connection)
    try:
        parser.parse(connection, kept)
    except Malformed as problem:
        kept.weirds.append(problem.name)
    kept.close()
    fits(kept)


def fits(kept: Kept) -> None:
    """Every value has the type that the schema declares for its column."""
    for table, rows in kept.tables.items():
        declared = schema.tables()[table].arrow()
        for row in rows:
            for column, value in row.items():
                assert column in declared.names, f"{table} has no column {column}"
                pa.array([value], declared.field(column).type)


def ber(tag: int, *contents: bytes | int | str) -> bytes:
    """A value in BER: numbers become the bytes of a number, texts UTF-8."""
    body = b"".join(_bytes(content) for content in contents)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes(4, "big")
    return bytes((tag, 0x84)) + size + body


def _bytes(content: bytes | int | str) -> bytes:
    if isinstance(content, int):
        return content.to_bytes(content.bit_length() // 8 + 1, "big", signed=True)
    return content.encode() if isinstance(content, str) else content


def row(kept: Kept, table: str, index: int = 0) -> dict[str, Any]:
    """One row of a table."""
    return kept.tables[table][index]
