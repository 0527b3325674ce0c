"""The PDUs of a DICOM association (PS3.8, section 9.3) walked by their lengths, without putting the stream together.

A kernel follows the references into the capture from header to header; what lies between is never touched. Bulk data
sets come out as a few pieces each: their beginning in the pieces in which it was sent, all that follows summed up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wardround.wire.capture import Bytes, Number, Records
from wardround.wire.connection import Stream
from wardround.wire.streams import arrays

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)

#: Stands among the pieces where bytes were missing or made no sense, so that what was begun cannot be finished.
LOST = 0

#: Bits of the message control header (PS3.8, annex E.2).
COMMAND, LAST = 1, 2

#: So many first bytes of a data set are given piece by piece, so that they can be read.
HEAD_BYTES = 32_768

#: A PDU that claims to be longer is none.
_LONGEST = 1 << 31
_LONGEST_ASSOCIATE = 1 << 20

_PIECE = np.dtype(
    [
        ("start", np.int64),  # offset in the stream of the body of the PDU, or of the fragment in a PDV
        ("length", np.int64),  # bytes there
        ("size", np.int64),  # the same with those of the fragments that follow, as far as the stream has them
        ("ts", np.int64),  # when the header came, ns UTC
        ("frame", np.int64),
        ("end_ts", np.int64),  # when the last byte came
        ("kind", np.uint8),
        ("context", np.uint8),
        ("flags", np.uint8),
    ]
)

#: Places in the state of a walk.
_POSITION, _INDEX, _PDU_END, _DONE, _STATE = 0, 1, 2, 3, 4

_BUFFER = 1_024
_HEADER = 12


class Piece(NamedTuple):
    """A PDU, or for P-DATA-TF a fragment of a message with those that follow it; times in ns UTC."""

    start: int
    length: int
    size: int
    ts: int
    frame: int
    end_ts: int
    kind: int
    context: int
    flags: int


@njit(boundscheck=True, cache=True, nogil=True)
def _peek(data: Bytes, own: Bytes, segments: Records, index: Number, position: Number, out: Bytes) -> Number:
    """Copy the bytes at a position of the stream, from segment ``index`` on, as far as they are there; gives how many."""
    got = 0
    while got < len(out) and index < len(segments):
        skip = position + got - (segments[index].at - 1)
        if skip < 0:
            break
        take = min(len(out) - got, segments[index].length - skip)
        offset = segments[index].offset
        for k in range(take):
            out[got + k] = data[offset + skip + k] if offset >= 0 else own[-1 - offset + skip + k]
        got += max(take, 0)
        index += 1
    return got


@njit(boundscheck=True, cache=True, nogil=True)
def _u32(head: Bytes, at: Number) -> Number:
    return np.int64(head[at]) << 24 | np.int64(head[at + 1]) << 16 | np.int64(head[at + 2]) << 8 | np.int64(head[at + 3])


@njit(boundscheck=True, cache=True, nogil=True)
def _begins(head: Bytes, got: Number, aligned: bool) -> bool:
    """Whether a PDU begins with these bytes, beyond doubt; ``aligned``: a segment begins here, which speaks for it."""
    kind, length, good = head[0], _u32(head, 2), False
    if got < 10 or kind < 1 or kind > 7 or head[1] != 0:
        return good
    if kind == P_DATA:
        first = _u32(head, 6)
        fits = got == _HEADER and 2 <= first <= length - 4 and length <= _LONGEST
        good = fits and head[10] & 1 == 1 and head[11] <= 3 and (first + 4 == length or (aligned and length < 1 << 28))
    elif kind <= ASSOCIATE_AC:
        fits = 68 <= length <= _LONGEST_ASSOCIATE
        good = aligned and fits and head[6] == 0 and head[7] & 1 == 1 and head[8] == 0 and head[9] == 0
    else:
        good = aligned and length == 4 and head[6] == 0
    return good


@njit(boundscheck=True, cache=True, nogil=True)
def _search(data: Bytes, own: Bytes, segments: Records, index: Number, position: Number, head: Bytes) -> tuple[Number, Number]:
    """The next place at ``position`` or later where a PDU begins: (segment, position); past the last segment if none."""
    while index < len(segments):
        begin = segments[index].at - 1
        offset = segments[index].offset
        for skip in range(max(0, position - begin), segments[index].length):
            byte = data[offset + skip] if offset >= 0 else own[-1 - offset + skip]
            if byte == P_DATA or (skip == 0 and 1 <= byte <= 7):
                got = _peek(data, own, segments, index, begin + skip, head)
                if _begins(head, got, skip == 0):
                    return index, begin + skip
        index += 1
    return index, position


@njit(boundscheck=True, cache=True, nogil=True)
def _holding(segments: Records, index: Number, position: Number) -> Number:
    """The first segment from ``index`` on that ends behind a position."""
    while index < len(segments) and segments[index].at - 1 + segments[index].length <= position:
        index += 1
    return index


@njit(boundscheck=True, cache=True, nogil=True)
def _ended(segments: Records, index: Number, end: Number) -> Number:
    """When the byte before position ``end`` came; where it is missing, when the last one before it did."""
    while index + 1 < len(segments) and segments[index + 1].at - 1 < end:
        index += 1
    return segments[min(index, len(segments) - 1)].ts


@njit(boundscheck=True, cache=True, nogil=True)
def _put(
    pieces: Records, count: Number, segments: Records, index: Number, start: Number, length: Number, size: Number, kind: Number
) -> None:
    piece = pieces[count]
    piece.start, piece.length, piece.size, piece.kind = start, length, size, kind
    piece.ts, piece.frame = segments[index].ts, segments[index].frame
    piece.end_ts = _ended(segments, index, start + size)
    piece.context = piece.flags = 0


@njit(boundscheck=True, cache=True, nogil=True)
def _fragment(
    pieces: Records, count: Number, segments: Records, index: Number, head: Bytes, begun: NDArray[np.int64], start: Number,
    end: Number,
) -> Number:  # fmt: skip
    """Note the fragment that begins at ``start``, after ``head``, in a stream up to ``end``; gives the number of pieces.

    ``begun`` has for each context the bytes of its data set so far, and the piece that takes up further ones.
    """
    context, flags = head[4], head[5]
    length = _u32(head, 0) - 2
    size = max(0, min(length, end - start))
    if flags & COMMAND == 0:
        into = begun[1, context]
        begun[0, context] += length
        if flags & LAST:
            begun[0, context], begun[1, context] = 0, -1
        elif into >= 0:
            pieces[into].size += size
            pieces[into].end_ts = _ended(segments, index, start + size)
            return count
        elif begun[0, context] > HEAD_BYTES:
            begun[1, context] = count
    _put(pieces, count, segments, index, start, length, size, P_DATA)
    pieces[count].context, pieces[count].flags = context, flags
    return count + 1


@njit(boundscheck=True, cache=True, nogil=True)
def _walk(
    data: Bytes, own: Bytes, segments: Records, state: NDArray[np.int64], begun: NDArray[np.int64], pieces: Records
) -> Number:
    """Go on with a walk until it is over or ``pieces`` are full; gives their number."""
    position, index, pdu_end = state[_POSITION], state[_INDEX], state[_PDU_END]
    end = segments[len(segments) - 1].at - 1 + segments[len(segments) - 1].length
    head = np.zeros(_HEADER, np.uint8)
    begun[1, :] = -1
    count = 0
    while count + 2 <= len(pieces):
        index = _holding(segments, index, position)
        if position >= end or index >= len(segments):
            state[_DONE] = 1
            break
        if position < pdu_end:
            got = _peek(data, own, segments, index, position, head[:6])
            length = _u32(head, 0)
            if got == 6 and 2 <= length <= pdu_end - position - 4:
                count = _fragment(pieces, count, segments, index, head, begun, position + 6, end)
                position += 4 + length
                continue
            position = pdu_end  # the header of the PDV is missing or wrong, but where the PDU ends is known
        else:
            got = _peek(data, own, segments, index, position, head)
            if position == 0 and not _begins(head, got, True):
                got = 0
            length = _u32(head, 2)
            kind = head[0]
            if got >= 6 and (kind == P_DATA and 6 <= length <= _LONGEST):
                pdu_end = position + 6 + length
                position += 6
                continue
            short = length <= (_LONGEST_ASSOCIATE if kind <= ASSOCIATE_AC else 64)
            if got >= 6 and 1 <= kind <= ABORT and kind != P_DATA and short:
                _put(pieces, count, segments, index, position + 6, length, max(0, min(length, end - position - 6)), kind)
                position += 6 + length
                count += 1
                continue
            _put(pieces, count, segments, index, position, 0, 0, LOST)
            count += 1
            begun[0, :] = 0
            begun[1, :] = -1
            index, position = _search(data, own, segments, index, position + 1, head)
            continue
        _put(pieces, count, segments, index, position, 0, 0, LOST)
        count += 1
        begun[0, :] = 0
        begun[1, :] = -1
    state[_POSITION], state[_INDEX], state[_PDU_END] = position, index, pdu_end
    return count


def walk(stream: Stream) -> Iterator[Piece]:
    """The PDUs and fragments of one direction in order. Gaps are bridged where lengths allow it, else told as ``LOST``."""
    data, own, segments = arrays(stream)
    if not len(segments):
        return
    state = np.zeros(_STATE, np.int64)
    begun = np.zeros((2, 256), np.int64)
    pieces = np.zeros(_BUFFER, _PIECE)
    while not state[_DONE]:
        count = int(_walk(data, own, segments, state, begun, pieces))
        yield from map(Piece._make, pieces[:count].tolist())
