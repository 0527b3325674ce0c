"""What the packets of a TCP connection say about its two ends: a kernel with Zeek's meaning of states and history.

Sequence numbers are kept relative to the SYN, which is 0, in 64 bits; the first byte of data is 1, also where no SYN was
seen. Data is never copied here: a segment says where in the capture its bytes are. Segments are chained in order, with
what the capture lacks left out between them; those that came too early wait in a second chain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wardround.wire.capture import Number, Records
from wardround.wire.segments import SEGMENT_LIMIT, insert_sorted, take_segment

#: ``state`` of an end. SYN_ACK: the originator itself sent SYN and ACK.
INACTIVE, SYN_SENT, SYN_ACK, PARTIAL, ESTABLISHED, CLOSED, RESET = 0, 1, 2, 3, 4, 5, 6

FIN, SYN, RST, ACK, URG = 1, 2, 4, 16, 32

END = np.dtype(
    [
        ("packets", np.int64),
        ("ip_bytes", np.int64),
        ("bytes", np.int64),  # payload of datagrams, -1 when none came
        ("last", np.int64),  # one past the highest sequence number sent
        ("acked", np.int64),  # the highest sequence number that the other end acknowledged
        ("fin_seq", np.int64),
        ("history_syn", np.int64),  # sequence numbers of the last SYN, FIN and RST in the history
        ("history_fin", np.int64),
        ("history_rst", np.int64),
        ("delivered", np.int64),  # one past the last byte in order
        ("trimmed", np.int64),
        ("missed", np.int64),  # bytes that were acknowledged but not captured
        ("gaps", np.int64),
        ("pending_end", np.int64),
        ("start", np.uint32),  # sequence number of the SYN
        ("fins", np.int32),
        ("again", np.int32),  # how often payload was sent again, and the count that adds a letter to the history
        ("again_limit", np.int32),
        ("zero", np.int32),  # the same for zero windows
        ("zero_limit", np.int32),
        ("gap_limit", np.int64),
        ("head", np.int32),  # segments in order
        ("tail", np.int32),
        ("pending", np.int32),  # segments that came too early, by sequence number
        ("pending_count", np.int32),
        ("segments", np.int32),
        ("state", np.uint8),
        ("previous", np.uint8),
        ("closed", np.uint8),
        ("deferred", np.uint8),
        ("eof", np.uint8),
        ("seen", np.uint8),
        ("window_scale", np.uint8),
        ("cut", np.uint8),  # whether payload was captured only in part, or given up
    ]
)

#: Letters that the history takes once per end, by their bit in ``marks``.
_M_SYN, _M_FIN, _M_RST, _M_DATA, _M_ACK, _M_MULTI, _M_BOTH = 1, 2, 4, 8, 16, 32, 64

#: Zeek's names of what is odd about TCP connections, by bit of ``weirds``.
WEIRDS = (
    "SYN_seq_jump",
    "SYN_inside_connection",
    "TCP_seq_underflow_or_misorder",
    "TCP_ack_underflow_or_misorder",
    "connection_originator_SYN_ack",
    "bad_SYN_ack",
    "simultaneous_open",
    "unsolicited_SYN_response",
    "spontaneous_FIN",
    "spontaneous_RST",
    "repeated_SYN_with_ack",
    "repeated_SYN_reply_wo_ack",
    "inappropriate_FIN",
    "data_before_established",
    "SYN_after_partial",
    "SYN_after_close",
    "FIN_advanced_last_seq",
    "SYN_after_reset",
    "FIN_after_reset",
    "data_after_reset",
    "TCP_christmas",
    "baroque_SYN",
    "SYN_with_data",
    "possible_split_routing",
    "active_connection_reuse",
    "premature_connection_reuse",
    "truncated_tcp_payload",
)
(
    _SEQ_JUMP, _SYN_INSIDE, _SEQ_UNDERFLOW, _ACK_UNDERFLOW, _ORIG_SYN_ACK, _BAD_SYN_ACK, _SIMULTANEOUS, _UNSOLICITED,
    _SPONTANEOUS_FIN, _SPONTANEOUS_RST, _REPEATED_SYN_ACK, _REPEATED_SYN, _INAPPROPRIATE_FIN, _EARLY_DATA, _AFTER_PARTIAL,
    _SYN_AFTER_CLOSE, _FIN_ADVANCED, _SYN_AFTER_RESET, _FIN_AFTER_RESET, _DATA_AFTER_RESET, _CHRISTMAS, _BAROQUE,
    _SYN_DATA, _SPLIT_ROUTING, _ACTIVE_REUSE, _EARLY_REUSE, _TRUNCATED,
) = range(len(WEIRDS))  # fmt: skip

#: A SYN or RST whose sequence number jumps further than this is not believed.
_JUMP = 1 << 20

#: Waiting data above a hole that nobody acknowledges is given up beyond this many bytes, or this many segments.
_HOLE_BYTES, _HOLE_SEGMENTS = 16_384, 2_048

_SECOND = 1_000_000_000


@njit(boundscheck=True, cache=True, nogil=True)
def weird(flow: Any, number: Number) -> None:
    """Note one of :data:`WEIRDS` on the connection."""
    flow.weirds |= np.uint64(1) << np.uint64(number)


@njit(boundscheck=True, cache=True, nogil=True)
def letter(flow: Any, history: NDArray[np.uint8], code: Number, is_orig: bool) -> None:
    """Add a letter to the history, small for the responder."""
    if flow.history_size < len(history):
        history[flow.history_size] = code if is_orig else code + 32
        flow.history_size += 1


@njit(boundscheck=True, cache=True, nogil=True)
def letter_once(flow: Any, history: NDArray[np.uint8], mark: Number, code: Number, is_orig: bool) -> bool:
    """Add a letter unless this end has it already; says whether it had."""
    bit = mark if is_orig else mark << 8
    if flow.marks & bit:
        return True
    flow.marks |= bit
    letter(flow, history, code, is_orig)
    return False


@njit(boundscheck=True, cache=True, nogil=True)
def _relative(end: Any, sequence: Number, near: Number) -> Number:
    """The 64-bit relative number closest to ``near`` that a 32-bit sequence number stands for."""
    delta = (np.int64(sequence) - np.int64(end.start) - near) & 0xFFFFFFFF
    return near + (delta - 0x100000000 if delta >= 0x80000000 else delta)


@njit(boundscheck=True, cache=True, nogil=True)
def _set_state(end: Any, state: Number) -> None:
    if state != end.state:
        end.previous = end.state
        end.state = state


@njit(boundscheck=True, cache=True, nogil=True)
def size(end: Any, peer: Any) -> Number:
    """Payload bytes that an end sent, by sequence numbers."""
    if end.previous == SYN_SENT and end.state == RESET and peer.state == INACTIVE and end.acked > 1:
        return 0
    total = max(end.last, end.acked)
    if total > 0:
        total -= 1
    if end.fins > 0 and total > 0:
        total -= 1
    return max(total, 0)


@njit(boundscheck=True, cache=True, nogil=True)
def _begin(end: Any, sequence: Number) -> None:
    """Number the stream from ``sequence`` (that of the SYN, seen or not)."""
    end.start = np.uint32(sequence & 0xFFFFFFFF)
    end.acked = 0


@njit(boundscheck=True, cache=True, nogil=True)
def _start(flow: Any, end: Any, peer: Any, packet: Any, length: Number) -> None:
    syn = (packet.flags & SYN) != 0
    if end.state == INACTIVE:
        _begin(end, np.int64(packet.seq) - (0 if syn else 1))
        end.last = length if syn else 1
    elif not syn:
        return
    elif end.state == SYN_SENT or end.state == SYN_ACK:
        if packet.seq != end.start:
            weird(flow, _SEQ_JUMP)
            _begin(end, np.int64(packet.seq))
            end.last = length
    elif end.state == ESTABLISHED or end.state == PARTIAL:
        if size(end, peer) > 0:
            weird(flow, _SYN_INSIDE)
        if packet.seq != end.start:
            weird(flow, _SEQ_JUMP)
        _begin(end, np.int64(packet.seq))
        end.last = length
    elif end.state == RESET and end.previous == INACTIVE:
        _begin(end, np.int64(packet.seq))
        end.last = length


@njit(boundscheck=True, cache=True, nogil=True)
def _note(flow: Any, history: NDArray[np.uint8], end: Any, packet: Any, relative: Number, is_orig: bool) -> None:
    """The letters of the history that the flags of a packet stand for."""
    flags = packet.flags
    controls = (1 if flags & SYN else 0) + (1 if flags & FIN else 0) + (1 if flags & RST else 0)
    if controls > 1:
        if flags & FIN and flags & RST:
            letter_once(flow, history, _M_BOTH, 73, is_orig)  # I
        else:
            letter_once(flow, history, _M_MULTI, 81, is_orig)  # Q
    elif flags & SYN:
        code = 72 if flags & ACK else 83  # H, S
        if letter_once(flow, history, _M_SYN, code, is_orig) and relative != end.history_syn:
            letter(flow, history, code, is_orig)
        end.history_syn = relative
    elif flags & FIN:
        at = relative + packet.length
        if letter_once(flow, history, _M_FIN, 70, is_orig) and at != end.history_fin:
            letter(flow, history, 70, is_orig)
        end.history_fin = at
    elif flags & RST:
        if letter_once(flow, history, _M_RST, 82, is_orig) and relative != end.history_rst:
            letter(flow, history, 82, is_orig)
        end.history_rst = relative
    elif packet.length:
        letter_once(flow, history, _M_DATA, 68, is_orig)  # D
    elif flags & ACK:
        letter_once(flow, history, _M_ACK, 65, is_orig)  # A


@njit(boundscheck=True, cache=True, nogil=True)
def _gap(flow: Any, history: NDArray[np.uint8], end: Any, peer: Any, length: Number, is_orig: bool) -> None:
    """Bytes that were acknowledged but never seen; counted where the connection is cleanly established or closing."""
    clean = (end.state == ESTABLISHED or (end.state == CLOSED and end.previous == ESTABLISHED)) and (
        peer.state == ESTABLISHED or (peer.state == CLOSED and peer.previous == ESTABLISHED)
    )
    if not clean:
        return
    end.missed += length
    end.gaps += 1
    if end.gaps == end.gap_limit:
        end.gap_limit *= 10
        letter(flow, history, 71, is_orig)  # G


@njit(boundscheck=True, cache=True, nogil=True)
def _deliver(end: Any, segments: Records, index: Number) -> None:
    """Put a segment at the end of those in order, without the bytes that are there already."""
    segment = segments[index]
    known = end.delivered - segment.at
    if known > 0:
        segment.at += known
        segment.offset += known if segment.offset >= 0 else -known
        segment.length = max(0, segment.length - known)
        segment.wire = max(0, segment.wire - known)
    segment.next = -1
    if end.tail < 0:
        end.head = index
    else:
        segments[end.tail].next = index
    end.tail = index
    end.delivered = max(end.delivered, segment.at + segment.wire)


@njit(boundscheck=True, cache=True, nogil=True)
def _deliver_pending(end: Any, segments: Records) -> None:
    while end.pending >= 0 and segments[end.pending].at <= end.delivered:
        index = end.pending
        end.pending = segments[index].next
        end.pending_count -= 1
        _deliver(end, segments, index)


@njit(boundscheck=True, cache=True, nogil=True)
def flush_pending(end: Any, segments: Records) -> None:
    """Give up waiting: what came too early follows what is in order, with holes between."""
    while end.pending >= 0:
        end.delivered = max(end.delivered, segments[end.pending].at)
        _deliver_pending(end, segments)


@njit(boundscheck=True, cache=True, nogil=True)
def _acknowledged(
    flow: Any, history: NDArray[np.uint8], end: Any, peer: Any, segments: Records, upto: Number, is_orig: bool
) -> None:
    """The other end has everything before ``upto``: what is not here by now is missing. ``is_orig`` is about ``end``."""
    if end.fins > 0 and upto >= end.fin_seq:
        upto = end.fin_seq - 1
    if upto <= end.trimmed:
        return
    end.trimmed = upto
    if end.state == ESTABLISHED and peer.state == ESTABLISHED:
        flow.acks += 1
        if upto > end.delivered:
            flow.ack_gaps += 1
    if upto <= end.delivered or (upto <= 2 and flow.partial):
        return
    while end.pending >= 0 and segments[end.pending].at < upto:
        hole = segments[end.pending].at - end.delivered
        if hole > 0:
            _gap(flow, history, end, peer, hole, is_orig)
            end.delivered += hole
        _deliver_pending(end, segments)
    if upto > end.delivered:
        _gap(flow, history, end, peer, upto - end.delivered, is_orig)
        end.delivered = upto


@njit(boundscheck=True, cache=True, nogil=True)
def _payload(flow: Any, end: Any, segments: Records, counters: NDArray[np.int64], packet: Any, at: Number) -> None:
    """Take the payload of a packet that begins at relative number ``at``."""
    if end.cut & 2:
        return
    if packet.captured < packet.length:
        weird(flow, _TRUNCATED)
        end.cut |= 1
        if packet.captured <= 0:
            return
    if at + packet.length <= end.delivered:
        return
    if flow.unwanted or end.segments >= SEGMENT_LIMIT:
        if not flow.unwanted:
            end.cut |= 4
        if at <= end.delivered:
            end.delivered = at + packet.length
        return
    index = take_segment(segments, counters)
    if index < 0:
        end.cut |= 4
        return
    segment = segments[index]
    segment.at, segment.offset = at, packet.payload
    segment.length, segment.wire = packet.captured, packet.captured
    segment.ts, segment.frame = packet.ts, packet.frame
    end.segments += 1
    if at <= end.delivered:
        _deliver(end, segments, index)
        _deliver_pending(end, segments)
        return
    end.pending = insert_sorted(segments, end.pending, index)
    end.pending_count += 1
    end.pending_end = max(end.pending_end, at + packet.length)
    waiting = end.pending_end - end.delivered
    if (end.acked <= 1 and waiting > _HOLE_BYTES) or end.pending_count > _HOLE_SEGMENTS:
        flush_pending(end, segments)


@njit(boundscheck=True, cache=True, nogil=True)
def _data_pending(end: Any, peer: Any) -> bool:
    if end.last < end.delivered:
        return False
    if end.delivered != end.last - 1 and end.delivered != end.last:
        return True
    return bool(end.state != RESET and peer.pending >= 0)


@njit(boundscheck=True, cache=True, nogil=True)
def _close(flow: Any, end: Any, peer: Any) -> None:
    """An end has closed: once both have, or there is no other, the connection is over in a few seconds."""
    if _data_pending(end, peer):
        end.deferred = 1
        return
    end.deferred = 0
    if end.closed:
        return
    end.closed = 1
    if (end.state == RESET or peer.closed or peer.state == INACTIVE) and flow.delete_at == 0:
        flow.delete_at = flow.last_ts + 5 * _SECOND


@njit(boundscheck=True, cache=True, nogil=True)
def _check_eof(flow: Any, end: Any, peer: Any) -> None:
    if not end.eof and (end.fins > 0 or end.state == CLOSED or end.state == RESET) and not _data_pending(end, peer):
        end.eof = 1
        if end.deferred:
            _close(flow, end, peer)


@njit(boundscheck=True, cache=True, nogil=True)
def _from_inactive(flow: Any, end: Any, peer: Any, packet: Any, is_orig: bool) -> bool:
    """First packet of an end; gives whether the end closes with it."""
    flags = packet.flags
    close = False
    if flags & SYN:
        if is_orig:
            if flags & ACK:
                weird(flow, _ORIG_SYN_ACK)
            _set_state(end, SYN_ACK if flags & ACK else SYN_SENT)
            flow.attempt_at = packet.ts + 5 * _SECOND
        else:
            if flags & ACK:
                near = _relative(peer, packet.ack, peer.last)
                if peer.state != INACTIVE and peer.state != PARTIAL and not 0 <= near <= peer.last:
                    weird(flow, _BAD_SYN_ACK)
            else:
                weird(flow, _SIMULTANEOUS)
            if peer.state == SYN_SENT:
                _set_state(peer, ESTABLISHED)
            elif peer.state == INACTIVE:
                weird(flow, _UNSOLICITED)
            _set_state(end, ESTABLISHED)
    if flags & FIN:
        _set_state(end, CLOSED)
        close = True
        if peer.state != PARTIAL and not flags & SYN:
            weird(flow, _SPONTANEOUS_FIN)
    if flags & RST:
        _set_state(end, RESET)
        close = True
        if peer.state == INACTIVE:
            weird(flow, _SPONTANEOUS_RST)
    if end.state == INACTIVE:
        if not is_orig and packet.length == 0 and peer.state == SYN_SENT:
            pass  # some acknowledge a SYN before they answer it
        elif flags & ACK and peer.state == ESTABLISHED:
            _set_state(end, ESTABLISHED)
            flow.partial = 0
            end.seen = 1
        else:
            _set_state(end, PARTIAL)
    return close


@njit(boundscheck=True, cache=True, nogil=True)
def _advance(flow: Any, end: Any, peer: Any, packet: Any, further: Number, is_orig: bool) -> bool:
    """Move the state of the end that sent a packet; gives whether it closes with it."""
    flags = packet.flags
    close = False
    if end.state == INACTIVE:
        return bool(_from_inactive(flow, end, peer, packet, is_orig))
    if end.state == SYN_SENT or end.state == SYN_ACK:
        if flags & SYN and is_orig and flags & ACK and not flags & (FIN | RST) and end.state != SYN_ACK:
            weird(flow, _REPEATED_SYN_ACK)
        if flags & SYN and not is_orig and not flags & ACK and end.state != SYN_SENT:
            weird(flow, _REPEATED_SYN)
        if flags & FIN:
            if peer.state == INACTIVE or peer.state == SYN_SENT:
                weird(flow, _INAPPROPRIATE_FIN)
            _set_state(end, CLOSED)
            close = True
        if flags & RST:
            _set_state(end, RESET)
            close = True
        elif packet.length > 0:
            weird(flow, _EARLY_DATA)
    elif end.state == ESTABLISHED or end.state == PARTIAL:
        if flags & SYN and end.state == PARTIAL and peer.state == INACTIVE and not flags & ACK:
            weird(flow, _AFTER_PARTIAL)
            _set_state(end, SYN_SENT)
        if flags & FIN and not flags & RST:
            _set_state(end, CLOSED)
            if peer.state == RESET and peer.previous == CLOSED:
                _set_state(peer, CLOSED)
            close = True
        if flags & RST:
            _set_state(end, RESET)
            close = True
    elif end.state == CLOSED:
        if flags & SYN:
            weird(flow, _SYN_AFTER_CLOSE)
        if flags & FIN and further > 0:
            weird(flow, _FIN_ADVANCED)
        if flags & RST and peer.state != CLOSED:
            _set_state(end, RESET)
            close = not end.closed
    else:
        if flags & SYN:
            weird(flow, _SYN_AFTER_RESET)
        if flags & FIN:
            weird(flow, _FIN_AFTER_RESET)
        if packet.length > 0 and not flags & RST:
            weird(flow, _DATA_AFTER_RESET)
    return close


@njit(boundscheck=True, cache=True, nogil=True)
def _windows(flow: Any, history: NDArray[np.uint8], end: Any, peer: Any, packet: Any, is_orig: bool) -> None:
    """Zero windows, and the weirds and scale of a SYN."""
    flags = packet.flags
    if packet.window == 0 and not flags & RST and peer.state != CLOSED and end.state != RESET:
        end.zero += 1
        if end.zero == end.zero_limit:
            end.zero_limit *= 10
            letter(flow, history, 87, is_orig)  # W
    if flags & SYN:
        if flags & RST:
            weird(flow, _CHRISTMAS)
        if flags & URG:
            weird(flow, _BAROQUE)
        if packet.length > 0:
            weird(flow, _SYN_DATA)


@njit(boundscheck=True, cache=True, nogil=True)
def _ack(flow: Any, end: Any, peer: Any, packet: Any) -> Number:
    """Take the acknowledgement of a packet; gives its relative number in the stream of the peer."""
    if peer.state == INACTIVE:
        if not packet.flags & (SYN | FIN | RST) and (end.state in (SYN_SENT, SYN_ACK, ESTABLISHED)):
            weird(flow, _SPLIT_ROUTING)
        _begin(peer, np.int64(packet.ack) - 1)
        peer.last = 0
        return 1
    relative = _relative(peer, packet.ack, peer.acked)
    if relative < 0:
        weird(flow, _ACK_UNDERFLOW)
        return 0
    if not packet.flags & RST and not (packet.ack == 0 and relative - peer.acked > _JUMP):
        peer.acked = max(peer.acked, relative)
    return relative


@njit(boundscheck=True, cache=True, nogil=True)
def _extend(flow: Any, history: NDArray[np.uint8], end: Any, packet: Any, stop: Number, is_orig: bool) -> Number:
    """Take the sequence number one past a segment; gives how far it goes beyond the highest before."""
    further = stop - end.last
    flags = packet.flags
    if flags & (SYN | RST) and abs(further) > _JUMP:
        return further
    if flags & FIN and end.last == 1:
        end.last = stop
    elif end.state == RESET:
        return further
    elif further > 0:
        end.last = stop
    elif packet.length > 0:
        end.again += 1
        if end.again == end.again_limit:
            end.again_limit *= 10
            letter(flow, history, 84, is_orig)  # T
    return further


@njit(boundscheck=True, cache=True, nogil=True)
def tcp_packet(
    flow: Any,
    history: NDArray[np.uint8],
    end: Any,
    peer: Any,
    segments: Records,
    counters: NDArray[np.int64],
    packet: Any,
    is_orig: bool,
) -> None:
    """Account for one packet that ``end`` sent to ``peer``."""
    flags = packet.flags
    if is_orig and not end.seen:
        flow.partial = not flags & SYN or (flags & ACK) != 0
    elif not is_orig and not end.seen and not flow.partial:
        flow.partial = not flags & SYN
    length = (1 if flags & SYN else 0) + (1 if flags & FIN else 0) + (0 if flags & RST else np.int64(packet.length))
    _start(flow, end, peer, packet, length)
    relative = _relative(end, packet.seq, end.last)
    below = relative < 0
    if below and not flags & RST:
        weird(flow, _SEQ_UNDERFLOW)
    _note(flow, history, end, packet, relative, is_orig)
    _windows(flow, history, end, peer, packet, is_orig)
    if not end.closed or not peer.closed:
        flow.last_ts = packet.ts
    if flags & FIN:
        end.fins += 1
        end.fin_seq = relative + length
    acknowledged = _ack(flow, end, peer, packet) if flags & ACK else 0
    further = _extend(flow, history, end, packet, relative + length, is_orig)
    close = _advance(flow, end, peer, packet, further, is_orig)
    if flags & ACK:
        _acknowledged(flow, history, peer, end, segments, acknowledged, not is_orig)
        _check_eof(flow, peer, end)
    end.seen = 1
    if packet.length > 0 and not flags & RST and not below:
        _payload(flow, end, segments, counters, packet, relative + (1 if flags & SYN else 0))
    _check_eof(flow, end, peer)
    if close:
        _close(flow, end, peer)


@njit(boundscheck=True, cache=True, nogil=True)
def is_reuse(flow: Any, orig: Any, resp: Any, packet: Any) -> bool:
    """Whether a packet on known addresses and ports opens another connection."""
    flags = packet.flags
    if not flags & SYN:
        return False
    end = orig
    if flags & ACK:
        if orig.state != INACTIVE:
            return False
        end = resp
    if not (orig.closed or resp.closed):
        if packet.seq == end.start:
            return False
        weird(flow, _SEQ_JUMP if end.state == SYN_SENT else _ACTIVE_REUSE)
    elif orig.state != RESET and resp.state != RESET and not (orig.closed and resp.closed):
        weird(flow, _ACTIVE_REUSE)
    elif orig.state != RESET and resp.state != RESET and packet.ts - flow.last_ts < 5 * _SECOND:
        weird(flow, _EARLY_REUSE)
    return True
