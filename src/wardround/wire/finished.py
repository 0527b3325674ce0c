"""Finished flows to rows: table conn, the connections that parsers see, and what was odd about them."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from wardround.wire import names
from wardround.wire.connection import Connection
from wardround.wire.decode import TUNNELS
from wardround.wire.endpoints import CLOSED, ESTABLISHED, INACTIVE, PARTIAL, RESET, SYN_ACK, SYN_SENT, WEIRDS

_PROTO = {names.TCP: "tcp", names.UDP: "udp", names.ICMP: "icmp", names.ICMP6: "icmp"}

#: Service names of connections that carry tunnels.
_CARRIED = {kind: name.rpartition("::")[2].lower() for kind, name in enumerate(TUNNELS)}

_CONN_TYPES: dict[str, pa.DataType] = {
    "ts": pa.int64(),
    "ts_zone": pa.string(),
    "record": pa.int64(),
    "uid": pa.string(),
    "id.orig_h": pa.string(),
    "id.orig_p": pa.int32(),
    "id.resp_h": pa.string(),
    "id.resp_p": pa.int32(),
    "proto": pa.string(),
    "service": pa.string(),
    "application": pa.string(),
    "community_id": pa.string(),
    "duration": pa.float64(),
    "orig_bytes": pa.int64(),
    "resp_bytes": pa.int64(),
    "conn_state": pa.string(),
    "missed_bytes": pa.int64(),
    "history": pa.string(),
    "orig_pkts": pa.int64(),
    "orig_ip_bytes": pa.int64(),
    "resp_pkts": pa.int64(),
    "resp_ip_bytes": pa.int64(),
    "tunnel_parents": pa.list_(pa.string()),
    "ip_proto": pa.int64(),
    "orig_l2_addr": pa.string(),
    "resp_l2_addr": pa.string(),
    "vlan": pa.int64(),
    "inner_vlan": pa.int64(),
}

_OPEN = re.compile(r"\^?S[^HAFGIQ]*R")


def conn_state(orig: int, resp: int, quiet: bool, history: str) -> str:
    """Zeek's conn_state of a TCP connection from the states of its ends; ``quiet``: neither end sent payload."""
    orig_silent, resp_silent = orig in (INACTIVE, PARTIAL), resp in (INACTIVE, PARTIAL)
    if resp == RESET:
        if orig in (SYN_SENT, SYN_ACK) or (orig == RESET and quiet):
            return "REJ"
        return "RSTRH" if orig_silent else "RSTR"
    if orig == RESET:
        if resp_silent:
            return "RSTOS0" if _OPEN.match(history) else "OTH"
        return "RSTO"
    if orig == CLOSED and resp == CLOSED:
        return "SF"
    if orig == CLOSED:
        return "SH" if resp_silent else "S2"
    if resp == CLOSED:
        return "SHR" if orig_silent else "S3"
    if orig == SYN_SENT and resp == INACTIVE:
        return "S0"
    return "S1" if orig == ESTABLISHED and resp == ESTABLISHED else "OTH"


def connection_of(flow: NDArray[Any]) -> Connection:
    """The connection of a flow, still without its payload."""
    return Connection(
        names.uid(int(flow["uid"])),
        int(flow["first_ts"]),
        int(flow["frame"]),
        _PROTO.get(int(flow["protocol"]), "unknown_transport"),
        names.address(int(flow["orig_high"]), int(flow["orig_low"])),
        int(flow["orig_port"]),
        names.address(int(flow["resp_high"]), int(flow["resp_low"])),
        int(flow["resp_port"]),
    )


def conn_row(connection: Connection, flow: NDArray[Any], ends: NDArray[Any], history_bytes: NDArray[Any]) -> dict[str, Any]:
    """The row of table conn of a finished flow; ``ends`` are those of originator and responder."""
    protocol = int(flow["protocol"])
    history = history_bytes[: int(flow["history_size"])].tobytes().decode("ascii")
    sent, received = int(ends[0]["bytes"]), int(ends[1]["bytes"])
    if connection.proto == "tcp":
        state = conn_state(int(ends[0]["state"]), int(ends[1]["state"]), sent == 0 and received == 0, history)
    elif connection.proto == "udp":
        state = ("SF" if received >= 0 else "S0") if sent >= 0 else ("SHR" if received >= 0 else "OTH")
    else:
        state = "OTH"
    services = list(connection.services)
    if flow["carried"]:
        services.append(_CARRIED[int(flow["carried"])])
    duration = int(flow["last_ts"]) - int(flow["first_ts"])
    timed = duration > 0
    parents = [names.uid(int(flow[name])) for name in ("parent_a", "parent_b") if flow[name]]
    return {
        "ts": connection.ts,
        "ts_zone": "utc",
        "record": connection.record,
        **connection.identity,
        "proto": connection.proto,
        "service": ",".join(services) or None,
        "application": ",".join(sorted(connection.applications)) or None,
        "community_id": names.community_id(
            protocol,
            (int(flow["orig_high"]), int(flow["orig_low"])),
            (int(flow["resp_high"]), int(flow["resp_low"])),
            connection.orig_p,
            connection.resp_p,
        ),
        "duration": duration / 1e9 if timed else None,
        "orig_bytes": max(sent, 0) if timed else None,
        "resp_bytes": max(received, 0) if timed else None,
        "conn_state": state,
        "missed_bytes": int(ends[0]["missed"]) + int(ends[1]["missed"]),
        "history": history or None,
        "orig_pkts": int(ends[0]["packets"]),
        "orig_ip_bytes": int(ends[0]["ip_bytes"]),
        "resp_pkts": int(ends[1]["packets"]),
        "resp_ip_bytes": int(ends[1]["ip_bytes"]),
        "tunnel_parents": parents or None,
        "ip_proto": protocol,
        "orig_l2_addr": names.mac(int(flow["orig_mac"])),
        "resp_l2_addr": names.mac(int(flow["resp_mac"])),
        "vlan": int(flow["vlan"]) if flow["vlan"] >= 0 else None,
        "inner_vlan": int(flow["inner_vlan"]) if flow["inner_vlan"] >= 0 else None,
    }


def conn_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of :func:`conn_row` as a batch of table conn."""
    schema = pa.schema(list(_CONN_TYPES.items()))
    return pa.table([pa.array([row[name] for row in rows], kind) for name, kind in _CONN_TYPES.items()], schema=schema)


def weirds_of(flow: NDArray[Any]) -> list[str]:
    """Zeek's names of what was odd about a flow."""
    bits = int(flow["weirds"])
    return [name for number, name in enumerate(WEIRDS) if bits >> number & 1] if bits else []
