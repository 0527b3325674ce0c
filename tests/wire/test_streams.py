"""Streams in the capture: read as streams of pieces are, whatever order they are asked in."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.wire.connection import Chunk, Gap, Stream
from wardround.wire.reassembled import Reassembled
from wardround.wire.segments import SEGMENT
from wardround.wire.streams import MappedDatagrams, MappedStream, Payload

#: Pieces: how many bytes are missing before each, and how many it has.
_PIECES = st.lists(st.tuples(st.sampled_from([0, 0, 0, 0, 5]), st.integers(1, 40)), max_size=60)


def _streams(pieces: list[tuple[int, int]]) -> tuple[Stream, MappedStream]:
    data = np.arange(4_096, dtype=np.uint32).astype(np.uint8)
    segments = np.zeros(len(pieces), SEGMENT)
    plain: list[Chunk | Gap] = []
    at = offset = 0
    for number, (missing, size) in enumerate(pieces):
        if missing:
            plain.append(Gap(at, missing))
        at += missing
        segments[number] = (at + 1, offset, 1_000 + number, number, size, size, -1)
        plain.append(Chunk(at, 1_000 + number, number, data[offset : offset + size].tobytes()))
        at, offset = at + size, offset + size
    return Stream(plain), MappedStream(Payload(data, Reassembled()), segments)


@given(_PIECES, st.lists(st.tuples(st.integers(0, 2_600), st.sampled_from([0, 1, 5, 64, 512, 4_096])), max_size=12))
@settings(max_examples=150)
def test_reads_as_a_stream_of_pieces(pieces: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    plain, mapped = _streams(pieces)
    assert mapped.length == plain.length
    for start, limit in asked:
        # a plain stream gives what follows a gap in front of which it is asked, a mapped one nothing
        inside = plain.chunk_at(start) is not None
        assert mapped.read(start, limit) == (plain.read(start, limit) if inside and limit else b"")
        assert mapped.arrival(start) == plain.arrival(start)
        assert mapped.chunk_at(start) == plain.chunk_at(start)
        assert mapped.data_after(start) == plain.data_after(start)
    assert mapped.pieces == plain.pieces


@given(st.lists(st.booleans(), min_size=1, max_size=700), st.data())
@settings(max_examples=40)
def test_datagrams_come_in_the_order_of_the_capture(sides: list[bool], data: st.DataObject) -> None:
    payload = np.arange(len(sides), dtype=np.uint32).astype(np.uint8)
    order = [number for side in (True, False) for number, of_orig in enumerate(sides) if of_orig is side]
    segments = np.zeros(len(sides), SEGMENT)
    for place, number in enumerate(order):
        segments[place] = (place, number, 10 * number, number, 1, 1, -1)
    datagrams = MappedDatagrams(Payload(payload, Reassembled()), segments, sum(sides))
    place = data.draw(st.integers(0, len(sides) - 1))
    assert datagrams[place].record == place
    assert [datagram.record for datagram in datagrams[:16]] == list(range(len(sides)))[:16]
    seen = list(datagrams)
    assert [(d.record, d.ts, d.from_orig) for d in seen] == [(n, 10 * n, side) for n, side in enumerate(sides)]
    assert [d.data for d in seen] == [bytes([n & 255]) for n in range(len(sides))]
    assert datagrams[-1] == seen[-1]
    assert datagrams[10:40:3] == seen[10:40:3]
