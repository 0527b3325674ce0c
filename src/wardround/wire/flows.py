"""Packets to connections: one kernel over decoded blocks, a hash table in arrays, Zeek's timeouts and directions.

Everything is bounded: flows and segments live in arrays of fixed size. When one is full the kernel stops and says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wardround.wire.capture import Number, Records
from wardround.wire.decode import CARRIER, ICMP, ICMP6, OK, TCP, UDP
from wardround.wire.endpoints import (
    END,
    ESTABLISHED,
    INACTIVE,
    RESET,
    SYN_ACK,
    SYN_SENT,
    flush_pending,
    is_reuse,
    letter,
    letter_once,
    size,
    tcp_packet,
)
from wardround.wire.segments import (
    COUNTERS,
    FINISHED,
    FLOW_FREE,
    FLOW_TOP,
    FLOWS_LIVE,
    SEGMENT,
    SEGMENT_FREE,
    release_chain,
    take_segment,
)
from wardround.wire.shards import hash_ends, mix

FLOW = np.dtype(
    [
        ("orig_high", np.uint64),
        ("orig_low", np.uint64),
        ("resp_high", np.uint64),
        ("resp_low", np.uint64),
        ("hash", np.uint64),
        ("uid", np.uint64),
        ("parent_a", np.uint64),  # uids of the tunnels that carried it, 0 without
        ("parent_b", np.uint64),
        ("weirds", np.uint64),  # see endpoints.WEIRDS
        ("first_ts", np.int64),
        ("last_ts", np.int64),  # as Zeek counts the duration
        ("seen_ts", np.int64),
        ("attempt_at", np.int64),  # when an unanswered attempt is over, 0 when there is none
        ("delete_at", np.int64),  # when a closed connection is over, 0 while it is open
        ("frame", np.int64),
        ("acks", np.int64),  # acknowledgements that moved on, and those of them for bytes that the capture lacks
        ("ack_gaps", np.int64),
        ("orig_mac", np.uint64),
        ("resp_mac", np.uint64),
        ("vlan", np.int32),
        ("inner_vlan", np.int32),
        ("next", np.int32),  # in the chain of the hash table, or of free flows
        ("orig_port", np.uint16),
        ("resp_port", np.uint16),
        ("marks", np.uint32),
        ("protocol", np.uint8),
        ("one_way", np.uint8),
        ("history_size", np.uint8),
        ("partial", np.uint8),
        ("unwanted", np.uint8),  # whether no parser wants its payload
        ("carrier", np.uint8),  # only carries packets (GRE, IP in IP): not a connection
        ("carried", np.uint8),  # kind of the tunnel that it carries, 0 for none
        ("evicted", np.uint8),
        ("used", np.uint8),
    ]
)

#: Letters kept of a history.
HISTORY = 60

_SECOND = 1_000_000_000

#: Datagrams kept per direction for parsers; what follows is counted only.
DATAGRAM_LIMIT = 20_000

_PORTS = np.zeros((2, 65536), np.bool_)
#: Ports on which servers listen, for guessing who opened a connection whose beginning was not captured.
_PORTS[0, [
    21, 22, 25, 53, 79, 80, 81, 88, 102, 104, 110, 111, 135, 139, 143, 389, 443, 445, 502, 514, 563, 585, 587, 614, 631,
    636, 989, 990, 992, 993, 995, 1080, 1434, 1883, 2049, 2575, 2761, 2762, 2811, 3128, 3268, 3306, 3389, 5060, 5222, 5223,
    5269, 5432, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 11112, 20000,
]] = True  # fmt: skip
_PORTS[1, [
    53, 67, 68, 69, 88, 111, 123, 137, 161, 162, 389, 443, 514, 784, 1812, 2049, 2123, 2152, 3389, 3544, 4011, 4789,
    5060, 5072, 5353, 5355, 6081, 20000, 34962, 34963, 34964,
]] = True  # fmt: skip
SERVER_PORTS = _PORTS

#: ICMP and ICMPv6 types that answer each other.
_PAIRS = np.full((2, 256), -1, np.int64)
for _first, _second in ((8, 0), (13, 14), (15, 16), (17, 18), (10, 9)):
    _PAIRS[0, _first], _PAIRS[0, _second] = _second, _first
for _first, _second in ((128, 129), (130, 131), (133, 134), (135, 136), (139, 140), (144, 145), (146, 147)):
    _PAIRS[1, _first], _PAIRS[1, _second] = _second, _first
ICMP_PAIRS = _PAIRS


class Tables:
    """The arrays that the kernel works on: at most ``flows`` connections and ``segments`` references at a time."""

    def __init__(self, flows: int, segments: int) -> None:
        self.flows = np.zeros(flows, FLOW)
        self.ends = np.zeros((flows, 2), END)
        self.histories = np.zeros((flows, HISTORY), np.uint8)
        self.segments = np.zeros(segments, SEGMENT)
        self.heads = np.full(1 << max(8, (flows - 1).bit_length()), -1, np.int32)
        self.counters = np.zeros(COUNTERS, np.int64)
        self.counters[SEGMENT_FREE] = self.counters[FLOW_FREE] = -1
        self.finished = np.zeros(min(flows, 16_384) + 8, np.int32)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The arrays in the order in which kernels take them."""
        return self.flows, self.ends, self.histories, self.segments, self.heads, self.counters, self.finished


@njit(boundscheck=True, cache=True, nogil=True)
def _hash(packet: Any, first_port: Number, second_port: Number) -> Any:
    """The same for both directions."""
    return hash_ends(
        packet.src_high, packet.src_low, np.int64(first_port), packet.dst_high, packet.dst_low, np.int64(second_port),
        np.int64(packet.protocol),
    )  # fmt: skip


@njit(boundscheck=True, cache=True, nogil=True)
def _ports(packet: Any, pairs: NDArray[np.int64]) -> tuple[Number, Number, bool]:
    """What stands for ports in the key of a packet, and whether nothing can answer it."""
    if packet.status == CARRIER:
        return 0, 0, False
    if packet.protocol == ICMP or packet.protocol == ICMP6:
        kind = np.int64(packet.src_port) & 255
        answer = pairs[0 if packet.protocol == ICMP else 1, kind]
        return kind, (answer if answer >= 0 else np.int64(packet.dst_port)), answer < 0
    if packet.protocol == TCP or packet.protocol == UDP:
        return np.int64(packet.src_port), np.int64(packet.dst_port), False
    return 0, 0, False


@njit(boundscheck=True, cache=True, nogil=True)
def _direction(flow: Any, packet: Any, source: Number, target: Number) -> Number:
    """1 when a packet goes the way of the originator, 2 the other way, 0 when it belongs elsewhere."""
    if flow.protocol != packet.protocol:
        return 0
    if (
        flow.orig_low == packet.src_low
        and flow.resp_low == packet.dst_low
        and flow.orig_port == source
        and flow.resp_port == target
        and flow.orig_high == packet.src_high
        and flow.resp_high == packet.dst_high
    ):
        return 1
    if (
        flow.orig_low == packet.dst_low
        and flow.resp_low == packet.src_low
        and flow.orig_port == target
        and flow.resp_port == source
        and flow.orig_high == packet.dst_high
        and flow.resp_high == packet.src_high
        and not flow.one_way
    ):
        return 2
    return 0


@njit(boundscheck=True, cache=True, nogil=True)
def _long_lived(port: Number) -> bool:
    """Sessions of people at a keyboard may rest for an hour."""
    return bool(port == 21 or port == 22 or port == 23 or port == 513)


@njit(boundscheck=True, cache=True, nogil=True)
def _expired(flow: Any, orig: Any, resp: Any, now: Number) -> bool:
    if flow.protocol != TCP:
        if flow.carrier:
            return bool(now - flow.seen_ts > 86_400 * _SECOND)
        return bool(now - flow.last_ts > 60 * _SECOND)
    if flow.delete_at and now > flow.delete_at:
        return True
    if flow.attempt_at and now > flow.attempt_at and resp.state == INACTIVE and orig.state in (SYN_SENT, SYN_ACK):
        return True
    if (
        (orig.closed or resp.closed)
        and now - flow.last_ts > 5 * _SECOND
        and (
            (orig.closed and resp.closed)
            or orig.state == RESET
            or resp.state == RESET
            or orig.state == INACTIVE
            or resp.state == INACTIVE
        )
    ):
        # The timer that looks at this comes round every six seconds from five seconds after the first packet on.
        turn = (max(flow.last_ts - flow.first_ts, 0) // (6 * _SECOND) + 1) * 6 * _SECOND + 5 * _SECOND
        return bool(now > flow.first_ts + turn)
    open_ = orig.state >= ESTABLISHED or resp.state >= ESTABLISHED or orig.state == 3 or resp.state == 3
    rest = 3600 if _long_lived(flow.resp_port) else (300 if open_ else 60)
    return bool(now - flow.last_ts > rest * _SECOND)


@njit(boundscheck=True, cache=True, nogil=True)
def finish(
    index: Number,
    flows: Records,
    ends: Records,
    segments: Records,
    heads: NDArray[np.int32],
    counters: NDArray[np.int64],
    finished: NDArray[np.int32],
) -> None:
    """Take a flow out of the hash table and note it as finished."""
    flow = flows[index]
    bucket = flow.hash & np.uint64(len(heads) - 1)
    if heads[bucket] == index:
        heads[bucket] = flow.next
    else:
        at = heads[bucket]
        while at >= 0:
            if flows[at].next == index:
                flows[at].next = flow.next
                break
            at = flows[at].next
    flow.next = -1
    flow.used = 2
    if flow.protocol == TCP:
        flush_pending(ends[index, 0], segments)
        flush_pending(ends[index, 1], segments)
        ends[index, 0].bytes = size(ends[index, 0], ends[index, 1])
        ends[index, 1].bytes = size(ends[index, 1], ends[index, 0])
    finished[counters[FINISHED]] = index
    counters[FINISHED] += 1


@njit(boundscheck=True, cache=True, nogil=True)
def release(
    count: Number, flows: Records, ends: Records, segments: Records, counters: NDArray[np.int64],
    finished: NDArray[np.int32],
) -> None:  # fmt: skip
    """Make the first ``count`` finished flows and their segments free."""
    for position in range(count):
        index = finished[position]
        release_chain(segments, counters, ends[index, 0].head)
        release_chain(segments, counters, ends[index, 1].head)
        flows[index].used = 0
        flows[index].next = counters[FLOW_FREE]
        counters[FLOW_FREE] = index
        counters[FLOWS_LIVE] -= 1
    counters[FINISHED] = 0


@njit(boundscheck=True, cache=True, nogil=True)
def sweep(
    now: Number,
    start: Number,
    flows: Records,
    ends: Records,
    segments: Records,
    heads: NDArray[np.int32],
    counters: NDArray[np.int64],
    finished: NDArray[np.int32],
) -> Number:
    """Finish flows from ``start`` on whose time is over at ``now`` (-1: all); gives where it stopped, the end when done."""
    for index in range(start, counters[FLOW_TOP]):
        if counters[FINISHED] >= len(finished):
            return index
        if flows[index].used == 1 and (now < 0 or _expired(flows[index], ends[index, 0], ends[index, 1], now)):
            finish(index, flows, ends, segments, heads, counters, finished)
    return counters[FLOW_TOP]


@njit(boundscheck=True, cache=True, nogil=True)
def evict(
    older: Number,
    flows: Records,
    ends: Records,
    segments: Records,
    heads: NDArray[np.int32],
    counters: NDArray[np.int64],
    finished: NDArray[np.int32],
) -> None:
    """Finish flows that were not seen since ``older``, to make room."""
    for index in range(counters[FLOW_TOP]):
        if counters[FINISHED] >= len(finished):
            return
        if flows[index].used == 1 and flows[index].seen_ts <= older:
            flows[index].evicted = 1
            finish(index, flows, ends, segments, heads, counters, finished)


@njit(boundscheck=True, cache=True, nogil=True)
def _fresh_end(end: Any) -> None:
    end.packets, end.ip_bytes, end.bytes = 0, 0, -1
    end.last, end.acked, end.fin_seq = 0, 0, 0
    end.history_syn, end.history_fin, end.history_rst = 0, 0, 0
    end.delivered, end.trimmed, end.missed, end.gaps, end.pending_end = 1, 1, 0, 0, 0
    end.start, end.fins, end.again, end.again_limit, end.zero, end.zero_limit, end.gap_limit = 0, 0, 0, 1, 0, 1, 1
    end.head, end.tail, end.pending, end.pending_count, end.segments = -1, -1, -1, 0, 0
    end.state, end.previous, end.closed, end.deferred, end.eof, end.seen = 0, 0, 0, 0, 0, 0
    end.window_scale, end.cut = 0, 0


@njit(boundscheck=True, cache=True, nogil=True)
def _flips(packet: Any, source: Number, target: Number, ports: NDArray[np.bool_]) -> bool:
    """Whether the first packet seen more likely came from the responder."""
    if packet.status == CARRIER:
        return False
    if packet.protocol == UDP:
        return bool(ports[1, source] and not ports[1, target])
    if packet.protocol != TCP or (packet.flags & 18) == 2:
        return False
    if not ports[0, source]:
        return False
    return not ports[0, target] or (not packet.flags & 2 and source < target)


@njit(boundscheck=True, cache=True, nogil=True)
def _create(
    tables: Any, packet: Any, keyed: Any, source: Number, target: Number, one_way: bool, ports: NDArray[np.bool_]
) -> Number:
    """A new flow for a packet, -1 when there is no room."""
    flows, ends, histories, _, heads, counters, _ = tables
    index = counters[FLOW_FREE]
    if index >= 0:
        counters[FLOW_FREE] = flows[index].next
    elif counters[FLOW_TOP] < len(flows):
        index = counters[FLOW_TOP]
        counters[FLOW_TOP] += 1
    else:
        return -1
    counters[FLOWS_LIVE] += 1
    flow = flows[index]
    flow.protocol, flow.one_way, flow.used, flow.evicted, flow.unwanted = packet.protocol, one_way, 1, 0, 0
    flow.carrier, flow.carried, flow.partial, flow.history_size, flow.marks = packet.status == CARRIER, 0, 0, 0, 0
    flow.weirds, flow.parent_a, flow.parent_b, flow.acks, flow.ack_gaps = 0, 0, 0, 0, 0
    flow.first_ts, flow.last_ts, flow.seen_ts, flow.frame = packet.ts, packet.ts, packet.ts, packet.frame
    flow.attempt_at, flow.delete_at = 0, 0
    flow.vlan, flow.inner_vlan = packet.vlan, packet.inner_vlan
    _fresh_end(ends[index, 0])
    _fresh_end(ends[index, 1])
    if not one_way and _flips(packet, source, target, ports):
        flow.orig_high, flow.orig_low, flow.resp_high, flow.resp_low = (
            packet.dst_high, packet.dst_low, packet.src_high, packet.src_low,
        )  # fmt: skip
        flow.orig_port, flow.resp_port = target, source
        flow.orig_mac, flow.resp_mac = packet.dst_mac, packet.src_mac
        letter(flow, histories[index], 94, True)  # ^
    else:
        flow.orig_high, flow.orig_low, flow.resp_high, flow.resp_low = (
            packet.src_high, packet.src_low, packet.dst_high, packet.dst_low,
        )  # fmt: skip
        flow.orig_port, flow.resp_port = source, target
        flow.orig_mac, flow.resp_mac = packet.src_mac, packet.dst_mac
    flow.hash = keyed
    flow.uid = mix(keyed ^ mix(np.uint64(packet.ts) ^ (np.uint64(packet.frame) << np.uint64(40)))) | np.uint64(1)
    bucket = keyed & np.uint64(len(heads) - 1)
    flow.next = heads[bucket]
    heads[bucket] = index
    return index


@njit(boundscheck=True, cache=True, nogil=True)
def _find(tables: Any, packet: Any, keyed: Any, source: Number, target: Number, one_way: bool) -> tuple[Number, bool]:
    """The flow of a packet and whether the originator sent it; a flow whose time is over is finished (-1)."""
    flows, ends, _, segments, heads, counters, finished = tables
    index = heads[keyed & np.uint64(len(heads) - 1)]
    while index >= 0:
        flow = flows[index]
        way = _direction(flow, packet, source, target) if flow.hash == keyed else 0
        if way and flow.one_way == one_way and flow.carrier == (packet.status == CARRIER):
            over = _expired(flow, ends[index, 0], ends[index, 1], packet.ts) or (
                packet.protocol == TCP and is_reuse(flow, ends[index, 0], ends[index, 1], packet)
            )
            if not over:
                return index, way == 1
            finish(index, flows, ends, segments, heads, counters, finished)
            return -1, True
        index = flow.next
    return -1, True


@njit(boundscheck=True, cache=True, nogil=True)
def _datagram(tables: Any, index: Number, side: Number, packet: Any) -> None:
    """Account for a packet of any protocol but TCP, and keep where the payload of UDP is."""
    flows, ends, histories, segments, _, counters, _ = tables
    flow, end = flows[index], ends[index, side]
    flow.last_ts = packet.ts
    if packet.protocol == UDP or packet.protocol == ICMP or packet.protocol == ICMP6:
        end.bytes = max(end.bytes, 0) + max(np.int64(packet.length), 0)
    if packet.protocol != UDP:
        return
    letter_once(flow, histories[index], 8, 68, side == 0)  # D
    if flow.unwanted or flow.carried or packet.captured <= 0:
        return
    if end.segments >= DATAGRAM_LIMIT:
        end.cut |= 4
        return
    place = take_segment(segments, counters)
    if place < 0:
        end.cut |= 4
        return
    segment = segments[place]
    segment.at, segment.offset, segment.ts, segment.frame = end.segments, packet.payload, packet.ts, packet.frame
    segment.length, segment.wire = packet.captured, packet.length
    end.segments += 1
    if end.tail < 0:
        end.head = place
    else:
        segments[end.tail].next = place
    end.tail = place


@njit(boundscheck=True, cache=True, nogil=True)
def _shard_of(packets: Records, row: Number, rows: Number, shards: Number, pairs: NDArray[np.int64]) -> Number:
    """Which shard takes a frame whose first row is ``row``: by connection, tunnels by the hosts at their ends."""
    packet = packets[row]
    if row + 1 < rows and packets[row + 1].parent == row:
        return _hash(packet, 0, 0) % np.uint64(shards)
    source, target, _ = _ports(packet, pairs)
    if packet.protocol == UDP and (packet.src_port in (67, 68) or packet.dst_port in (67, 68)):
        # A transaction of DHCP is spread over connections, broadcast and not: all of them in one place.
        return np.uint64(0)
    return _hash(packet, source, target) % np.uint64(shards)


@njit(boundscheck=True, cache=True, nogil=True)
def assign(
    packets: Records,
    start: Number,
    rows: Number,
    row_flow: NDArray[np.int32],
    tables: Any,
    shard: Number,
    shards: Number,
    ports: NDArray[np.bool_],
    pairs: NDArray[np.int64],
) -> Number:
    """Give decoded rows from ``start`` to their flows; stops where room is short and gives that row, else ``rows``.

    ``row_flow`` takes the flow of every row, -1 where it has none here. ``tables`` are the arrays of :class:`Tables`.
    """
    flows, ends, histories, segments, _, counters, finished = tables
    here = True
    for row in range(start, rows):
        packet = packets[row]
        if packet.parent < 0:
            here = shards == 1 or _shard_of(packets, row, rows, shards, pairs) == shard
            full = counters[FLOW_FREE] < 0 and counters[FLOW_TOP] + 8 > len(flows)
            if counters[FINISHED] + 8 > len(finished) or full:
                return row
        row_flow[row] = -1
        if not here or (packet.status != OK and packet.status != CARRIER) or packet.version == 0:
            continue
        source, target, one_way = _ports(packet, pairs)
        keyed = _hash(packet, source, target)
        index, is_orig = _find(tables, packet, keyed, source, target, one_way)
        if index < 0:
            index = _create(tables, packet, keyed, source, target, one_way, ports)
            if index < 0:
                continue
            is_orig = flows[index].orig_port == source and flows[index].orig_low == packet.src_low
            is_orig = is_orig and flows[index].orig_high == packet.src_high
            if flows[index].history_size:
                is_orig = False
        row_flow[row] = index
        flow = flows[index]
        flow.seen_ts = packet.ts
        side = 0 if is_orig else 1
        ends[index, side].packets += 1
        ends[index, side].ip_bytes += packet.ip_bytes
        if packet.parent >= 0 and row_flow[packet.parent] >= 0:
            above = flows[row_flow[packet.parent]]
            above.carried = packet.tunnel
            if flow.parent_a == 0:
                flow.parent_a = above.uid
            elif flow.parent_a != above.uid:
                flow.parent_b = above.uid
        if packet.protocol == TCP and packet.status == OK:
            tcp_packet(flow, histories[index], ends[index, side], ends[index, 1 - side], segments, counters, packet, is_orig)
        elif packet.status == OK:
            _datagram(tables, index, side, packet)
    return rows
