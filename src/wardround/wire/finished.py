"""Finished flows to rows: table conn by the column, and the connections that parsers see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.wire import names
from wardround.wire.capture import Records
from wardround.wire.connection import Connection, Datagram, Stream
from wardround.wire.decode import TUNNELS
from wardround.wire.endpoints import CLOSED, ESTABLISHED, INACTIVE, PARTIAL, RESET, SYN_ACK, SYN_SENT, WEIRDS

_PROTO = np.full(256, "unknown_transport", object)
_PROTO[[names.TCP, names.UDP, names.ICMP, names.ICMP6]] = ("tcp", "udp", "icmp", "icmp")

#: The streams of a connection that has none.
_NOTHING = Stream()

#: Service names of connections that carry tunnels.
_CARRIED = tuple(name.rpartition("::")[2].lower() for name in TUNNELS)

_RESET_ATTEMPT = re.compile(r"\^?S[^HAFGIQ]*R")
_STATES = np.array(["REJ", "RSTRH", "RSTR", "OTH", "RSTO", "SF", "SH", "S2", "SHR", "S3", "S0", "S1", "RSTOS0"], object)


def _tcp_states(orig: NDArray[np.uint8], resp: NDArray[np.uint8], quiet: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Zeek's conn_state as positions in ``_STATES``; ``quiet``: neither end sent payload."""
    orig_silent = (orig == INACTIVE) | (orig == PARTIAL)
    resp_silent = (resp == INACTIVE) | (resp == PARTIAL)
    rejected = (orig == SYN_SENT) | (orig == SYN_ACK) | ((orig == RESET) & quiet)
    return np.select(
        [
            (resp == RESET) & rejected,
            (resp == RESET) & orig_silent,
            resp == RESET,
            (orig == RESET) & resp_silent,
            orig == RESET,
            (orig == CLOSED) & (resp == CLOSED),
            (orig == CLOSED) & resp_silent,
            orig == CLOSED,
            (resp == CLOSED) & orig_silent,
            resp == CLOSED,
            (orig == SYN_SENT) & (resp == INACTIVE),
            (orig == ESTABLISHED) & (resp == ESTABLISHED),
        ],
        range(12),
        3,
    )


class Finished:
    """A batch of flows that are over, and their columns: ``flows`` (FLOW), ``ends`` (END, two each), ``histories``."""

    def __init__(self, flows: Records, ends: Records, histories: NDArray[np.uint8]) -> None:
        self.flows, self.ends = flows, ends
        self.uids = names.uids(flows["uid"])
        self.histories = names.text(histories, flows["history_size"])
        self.orig = names.addresses(flows["orig_high"], flows["orig_low"])
        self.resp = names.addresses(flows["resp_high"], flows["resp_low"])
        self.protocols: list[int] = flows["protocol"].tolist()
        self.proto = _PROTO[flows["protocol"]]
        self._ends = list(zip(self.orig, flows["orig_port"].tolist(), self.resp, flows["resp_port"].tolist(), strict=True))
        head = (self.uids.to_pylist(), flows["first_ts"].tolist(), flows["frame"].tolist(), self.proto.tolist())
        self._heads = list(zip(*head, strict=True))
        self.services: list[str | None] = [None] * len(flows)
        self.applications: list[str | None] = [None] * len(flows)
        for index in np.nonzero(flows["carried"])[0].tolist():
            self.services[index] = _CARRIED[int(flows["carried"][index])]
        for index in np.nonzero(flows["protocol"] == names.ESP)[0].tolist():
            self.services[index] = "esp"

    def connection(
        self, index: int, orig: Stream = _NOTHING, resp: Stream = _NOTHING, datagrams: Sequence[Datagram] = ()
    ) -> Connection:
        """The connection of a flow, with its payload where that is given."""
        orig_h, orig_p, resp_h, resp_p = self._ends[index]
        uid, ts, frame, proto = self._heads[index]
        return Connection(uid, ts, frame, proto, orig_h, orig_p, resp_h, resp_p, orig, resp, datagrams)

    def learned(self, index: int, connection: Connection) -> None:
        """Take what parsers found out about a connection."""
        if not connection.services and not connection.applications:
            return
        own = self.services[index]
        services = [*connection.services, own] if own else connection.services
        self.services[index] = ",".join(services) or None
        self.applications[index] = ",".join(sorted(connection.applications)) or None

    def weirds(self, index: int) -> list[str]:
        """Zeek's names of what was odd about a flow."""
        bits = int(self.flows["weirds"][index])
        return [name for number, name in enumerate(WEIRDS) if bits >> number & 1]

    def _states(self) -> NDArray[Any]:
        flows, ends = self.flows, self.ends
        sent, received = ends["bytes"][:, 0], ends["bytes"][:, 1]
        tcp = _tcp_states(ends["state"][:, 0], ends["state"][:, 1], (sent <= 0) & (received <= 0))
        udp = np.select([(sent >= 0) & (received >= 0), sent >= 0, received >= 0], [5, 10, 8], 3)
        states = _STATES[np.where(flows["protocol"] == names.TCP, tcp, np.where(flows["protocol"] == names.UDP, udp, 3))]
        aborted = (flows["protocol"] == names.TCP) & (ends["state"][:, 0] == RESET) & (states == "OTH")
        for index in np.nonzero(aborted)[0].tolist():
            if _RESET_ATTEMPT.match(self.histories[index].as_py() or ""):
                states[index] = "RSTOS0"
        return states

    def _parents(self) -> list[list[str] | None]:
        first, second = self.flows["parent_a"].tolist(), self.flows["parent_b"].tolist()
        return [[names.uid(n) for n in pair if n] if pair[0] else None for pair in zip(first, second, strict=True)]

    def conn(self) -> pa.Table:
        """The batch as rows of table conn; flows that only carry others have none."""
        flows, ends = self.flows, self.ends
        duration = flows["last_ts"] - flows["first_ts"]
        untimed = duration <= 0
        columns = {
            "ts": flows["first_ts"],
            "ts_zone": pa.repeat(pa.scalar("utc"), len(flows)),
            "record": flows["frame"],
            "uid": self.uids,
            "id.orig_h": pa.array(self.orig, pa.string()),
            "id.orig_p": flows["orig_port"].astype(np.int32),
            "id.resp_h": pa.array(self.resp, pa.string()),
            "id.resp_p": flows["resp_port"].astype(np.int32),
            "proto": pa.array(self.proto, pa.string()),
            "service": pa.array(self.services, pa.string()),
            "application": pa.array(self.applications, pa.string()),
            "community_id": names.community_ids(flows),
            "duration": pa.array(duration / 1e9, mask=untimed),
            "orig_bytes": pa.array(np.maximum(ends["bytes"][:, 0], 0), mask=untimed),
            "resp_bytes": pa.array(np.maximum(ends["bytes"][:, 1], 0), mask=untimed),
            "conn_state": pa.array(self._states(), pa.string()),
            "missed_bytes": ends["missed"].sum(axis=1),
            "history": self.histories,
            "orig_pkts": ends["packets"][:, 0],
            "orig_ip_bytes": ends["ip_bytes"][:, 0],
            "resp_pkts": ends["packets"][:, 1],
            "resp_ip_bytes": ends["ip_bytes"][:, 1],
            "tunnel_parents": pa.array(self._parents(), pa.list_(pa.string())),
            "ip_proto": flows["protocol"].astype(np.int64),
            "orig_l2_addr": pa.array(names.macs(flows["orig_mac"]), pa.string()),
            "resp_l2_addr": pa.array(names.macs(flows["resp_mac"]), pa.string()),
            "vlan": pa.array(flows["vlan"].astype(np.int64), mask=flows["vlan"] < 0),
            "inner_vlan": pa.array(flows["inner_vlan"].astype(np.int64), mask=flows["inner_vlan"] < 0),
        }
        arrays = [pa.array(np.ascontiguousarray(c)) if isinstance(c, np.ndarray) else c for c in columns.values()]
        table = pa.table(arrays, names=list(columns))
        return table.filter(pa.array(flows["carrier"] == 0)) if flows["carrier"].any() else table
