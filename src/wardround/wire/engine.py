"""A capture to tables: walk, decode, assign to flows, and hand finished flows to the protocol parsers.

Memory is bounded by :class:`Limits`; where a limit bites, a diagnostic says so and reading goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wardround.wire import capture, neighbours, protocols
from wardround.wire.candidates import Table
from wardround.wire.capture import BLOCK_PACKETS, Bytes, Records
from wardround.wire.decode import (
    BAD_IP,
    BAD_TRANSPORT,
    MAX_TUNNELS,
    OK,
    PACKET,
    TRUNCATED_HEADER,
    TUNNELS,
    UNKNOWN_LINK,
    decode,
)
from wardround.wire.finished import Finished
from wardround.wire.flows import ICMP_PAIRS, SERVER_PORTS, Tables, assign, evict, release, sweep
from wardround.wire.fragments import Fragments
from wardround.wire.names import ESP, TCP
from wardround.wire.reassembled import Reassembled
from wardround.wire.rows import Collector, Sink
from wardround.wire.segments import FINISHED, FLOW_TOP, FLOWS_LIVE, SEGMENTS_LIVE
from wardround.wire.streams import MappedDatagrams, MappedStream, Payload, gather

#: Called with the offset before which the capture has been walked, so that its pages may go.
OnWalked = Callable[[int], None]


#: Zeek's names of headers that could not be read, and how many of each are shown for a block of packets.
_HEADER_WEIRDS = {TRUNCATED_HEADER: "truncated_header", BAD_IP: "bad_IP_header", BAD_TRANSPORT: "bad_TCP_header_len"}
HEADER_WEIRDS_SHOWN = 100

#: Pages that payload was read from are given back after so many connections.
PARSED_AT_A_TIME = 128

#: ... or after so many bytes of them. Where one is read the system has the pages around it at hand too (fault-around), which
#: for packets that lie apart is what counts.
PARSED_BYTES = 32 << 20
_BYTES_AROUND = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is held at a time: connections, and references to payload of connections that are not over yet."""

    flows: int = 1 << 17
    segments: int = 3 << 19


@dataclass(slots=True)
class Counts:
    """What is told about a capture as a whole."""

    packets: int = 0
    cut: int = 0
    unknown_link: int = 0
    evicted: int = 0
    given_up: int = 0
    acks: int = 0
    ack_gaps: int = 0
    first_ts: int = 0
    last_ts: int = 0


def _odd(rows: Collector, shard: int, name: str, ts: int, frame: int) -> None:
    """Note something odd about a packet that belongs to no connection; the first shard speaks for all."""
    if shard == 0:
        rows.weird(None, name, ts=ts, record=frame)


class Engine:
    """Reads one capture, or one of several equal shards of its connections, into tables."""

    def __init__(self, data: Bytes, sink: Sink, *, shard: int = 0, shards: int = 1, limits: Limits | None = None) -> None:
        self._data = data
        self._rows = Collector(sink)
        self._sink = sink
        self._shard, self._shards = shard, shards
        limits = limits or Limits()
        self._tables = Tables(limits.flows, limits.segments)
        self._reassembled = Reassembled()
        self._payload = Payload(data, self._reassembled)
        self._packets = np.zeros(BLOCK_PACKETS * 2 + MAX_TUNNELS + 1, PACKET)
        self._row_flow = np.zeros(len(self._packets), np.int32)
        # No method of this object: that would be a cycle, and its large arrays would wait for the collector.
        self._odd = partial(_odd, self._rows, shard)
        self._fragments = Fragments(data, self._reassembled, self._odd)
        self._counts = Counts()
        self._candidates = Table(protocols.parsers())
        self._since_sweep = 0
        self._on_walked: OnWalked | None = None
        self._walked = 0

    @property
    def packets(self) -> int:
        """Frames read so far."""
        return self._counts.packets

    def run(self, on_walked: OnWalked | None = None) -> None:
        """Read the whole capture; raises ReaderError when the data is not one."""
        self._on_walked = on_walked
        for item in capture.blocks(self._data):
            if isinstance(item, capture.Damage):
                if self._shard == 0:
                    self._sink.diagnose(item.code, item.message, item.offset)
                continue
            self._walked = int(item.places["offset"][-1])
            self._block(item)
            self._give_back()
        self._sweep(-1)
        self._tell()
        self._rows.close()

    def _give_back(self) -> None:
        """Let pages of the capture go; those that payload is read from come back by themselves."""
        if self._on_walked is not None:
            self._on_walked(self._walked)

    def _block(self, block: capture.Block) -> None:
        done = 0
        while done < len(block.places):
            taken, rows = decode(self._data, block.places[done:], block.first + done, self._packets, self._shard, self._shards)
            packets = self._packets[:rows]
            self._fragments.join(packets)
            self._look(packets, block.places[done : done + int(taken)])
            self._assign(packets)
            packets.view(np.uint8)[:] = 0
            done += int(taken)
        self._since_sweep += len(block.places)
        if self._since_sweep >= BLOCK_PACKETS * 4:
            self._sweep(int(block.places["ts"][-1]))
            self._since_sweep = 0

    def _look(self, packets: NDArray[Any], places: Records) -> None:
        """Count what is told about the capture as a whole."""
        counts = self._counts
        if not counts.packets:
            counts.first_ts = int(places["ts"][0])
        counts.last_ts = int(places["ts"][-1])
        counts.packets += len(places)
        whole = packets["status"] == OK
        counts.cut += int(np.count_nonzero(whole & (packets["captured"] < packets["length"])))
        counts.unknown_link += int(np.count_nonzero(packets["status"] == UNKNOWN_LINK))
        if self._shard:
            return
        for status, name in _HEADER_WEIRDS.items():
            for row in np.nonzero(packets["status"] == status)[0][:HEADER_WEIRDS_SHOWN].tolist():
                self._odd(name, int(packets["ts"][row]), int(packets["frame"][row]))
        messages = neighbours.arp(self._data, packets)
        if messages is not None:
            self._sink.write("arp", messages)
        neighbours.icmp(self._payload, packets, self._rows.row)

    def _assign(self, packets: NDArray[Any]) -> None:
        position = 0
        while True:
            position = assign(
                packets, position, len(packets), self._row_flow, self._tables.arrays, self._shard, self._shards,
                SERVER_PORTS, ICMP_PAIRS,
            )  # fmt: skip
            self._emit()
            if position >= len(packets):
                break
            if self._tables.counters[FLOWS_LIVE] + 16 > len(self._tables.flows):
                self._make_room(int(packets["ts"][position]))
        if self._tables.counters[SEGMENTS_LIVE] * 8 > len(self._tables.segments) * 7:
            self._make_room(self._counts.last_ts)

    def _make_room(self, now: int) -> None:
        """Finish what is over; if that does not give room, the quarter of the flows that was quiet the longest."""
        self._sweep(now)
        counters = self._tables.counters
        if (
            counters[FLOWS_LIVE] * 4 > len(self._tables.flows) * 3
            or counters[SEGMENTS_LIVE] * 4 > len(self._tables.segments) * 3
        ):
            flows = self._tables.flows[: counters[FLOW_TOP]]
            seen = flows["seen_ts"][flows["used"] == 1]
            older = int(np.partition(seen, len(seen) // 4)[len(seen) // 4])
            before = -1
            while before != counters[FLOWS_LIVE]:
                before = int(counters[FLOWS_LIVE])
                flows_, ends, _, segments, heads, _, finished_ = self._tables.arrays
                evict(older, flows_, ends, segments, heads, counters, finished_)
                self._emit()

    def _sweep(self, now: int) -> None:
        flows, ends, _, segments, heads, counters, finished_ = self._tables.arrays
        start = 0
        while start < counters[FLOW_TOP]:
            start = sweep(now, start, flows, ends, segments, heads, counters, finished_)
            self._emit()

    def _emit(self) -> None:
        """Turn finished flows into rows and free them."""
        flows, ends, histories, segments, _, counters, numbers = self._tables.arrays
        count = int(counters[FINISHED])
        if not count:
            return
        order = numbers[:count][np.lexsort((flows["frame"][numbers[:count]], flows["first_ts"][numbers[:count]]))]
        batch = Finished(flows[order], ends[order], histories[order])
        self._tally(batch)
        self._tell_of_tunnels(batch)
        for index in np.nonzero(batch.flows["weirds"])[0].tolist():
            connection = batch.connection(index)
            for name in batch.weirds(index):
                self._rows.weird(connection, name)
        self._parse(batch, segments)
        self._sink.write("conn", batch.conn())
        release(count, flows, ends, segments, counters, numbers)

    def _parse(self, batch: Finished, segments: Records) -> None:
        """Hand the connections that carried payload to the parsers that could know them, a part of the batch at a time."""
        found, starts = gather(segments, batch.ends.reshape(-1))
        touched = (batch.ends["bytes"] + batch.ends["segments"].astype(np.int64) * _BYTES_AROUND).sum(axis=1).tolist()
        for begin in range(0, len(touched), PARSED_AT_A_TIME):
            end = min(begin + PARSED_AT_A_TIME, len(touched))
            bounds = starts[2 * begin : 2 * end + 1]
            candidates = self._candidates.of(self._data, batch.flows[begin:end], found, bounds)
            parsed = 0
            for index in np.nonzero(candidates)[0].tolist():
                self._parse_one(batch, begin + index, found, bounds[2 * index : 2 * index + 3].tolist(), int(candidates[index]))
                parsed += touched[begin + index]
                if parsed > PARSED_BYTES:
                    self._give_back()
                    parsed = 0
            self._give_back()

    def _parse_one(self, batch: Finished, index: int, found: Records, bounds: list[int], candidates: int) -> None:
        """Hand one connection to the parsers among ``candidates``; ``bounds`` are those of its two ends among ``found``."""
        first, second, end = bounds
        if batch.protocols[index] == TCP:
            streams = (MappedStream(self._payload, found[first:second]), MappedStream(self._payload, found[second:end]))
            connection = batch.connection(index, *streams)
        else:
            datagrams = MappedDatagrams(self._payload, found[first:end], second - first)
            connection = batch.connection(index, datagrams=datagrams)
        try:
            protocols.parse(connection, self._rows, self._candidates.chosen(candidates))
        except Exception as error:  # noqa: BLE001 - the boundary: a defect of one parser must not end the capture
            self._sink.diagnose("parser_defect", f"frame {connection.record}: {type(error).__name__}: {error}")
        batch.learned(index, connection)

    def _tally(self, batch: Finished) -> None:
        self._counts.acks += int(batch.flows["acks"].sum())
        self._counts.ack_gaps += int(batch.flows["ack_gaps"].sum())
        self._counts.evicted += int(batch.flows["evicted"].sum())
        self._counts.given_up += int(np.count_nonzero(((batch.ends["cut"] & 4) > 0).any(axis=1)))

    def _tell_of_tunnels(self, batch: Finished) -> None:
        for index in np.nonzero(batch.flows["carried"])[0].tolist():
            connection, flow = batch.connection(index), batch.flows[index]
            kind = TUNNELS[int(flow["carried"])]
            for action, ts in (("Tunnel::DISCOVER", connection.ts), ("Tunnel::CLOSE", int(flow["seen_ts"]))):
                self._rows.add("tunnel", connection, ts, connection.record, tunnel_type=kind, action=action)
        for index in np.nonzero(batch.flows["protocol"] == ESP)[0].tolist():
            connection = batch.connection(index)
            where = (connection, connection.ts, connection.record)
            self._rows.add("vpn_tunnel", *where, proto="esp", kind="ipsec", version="ESP", established=True)

    def _tell(self) -> None:
        """Diagnostics about the capture as a whole, and how much of it was lost."""
        counts = self._counts
        if self._shard == 0:
            if counts.cut:
                self._sink.diagnose("cut_packets", f"{counts.cut} of {counts.packets} packets were captured only in part")
            if counts.unknown_link:
                self._sink.diagnose("unknown_link", f"{counts.unknown_link} packets of a link type that is not read")
            if self._fragments.dropped:
                message = f"{self._fragments.dropped} fragments could not be put together within bounds, or were cut"
                self._sink.diagnose("fragments_dropped", message)
        if counts.evicted:
            self._sink.diagnose("evicted", f"{counts.evicted} connections were ended early to stay within memory")
        if self._reassembled.lost:
            message = f"{self._reassembled.lost} pieces put together from fragments were asked for after they had to go"
            self._sink.diagnose("fragments_dropped", message)
        if counts.given_up:
            self._sink.diagnose("payload_given_up", f"{counts.given_up} connections were too long to be parsed to their end")
        if counts.acks:
            lost = 100.0 * counts.ack_gaps / counts.acks
            self._rows.row(
                "capture_loss",
                {
                    "ts": counts.last_ts,
                    "ts_zone": "utc",
                    "record": counts.packets,
                    "ts_delta": max(0, counts.last_ts - counts.first_ts) / 1e9,
                    "gaps": counts.ack_gaps,
                    "acks": counts.acks,
                    "percent_lost": lost,
                },
            )
            if lost >= 1.0:
                self._sink.diagnose("packets_lost", f"about {lost:.1f} % of what was sent is not in the capture")
