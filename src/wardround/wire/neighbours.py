"""What hosts on one link tell each other: ARP, ICMP redirects, IPv6 neighbour discovery (RFC 826, 792, 4861, 8106)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wardround.wire import names
from wardround.wire.capture import Bytes, Records
from wardround.wire.decode import ICMP, ICMP6, NOT_IP, OK
from wardround.wire.streams import Payload

#: Where a row of a table goes.
AddRow = Callable[[str, dict[str, Any]], None]

_OPERATIONS = {1: "request", 2: "reply"}
_NEIGHBOUR_MESSAGES = {135: "solicitation", 136: "advertisement"}
_PREFERENCES = {0: "medium", 1: "high", 3: "low"}


def arp(data: Bytes, packets: Records) -> pa.Table | None:
    """The ARP messages (Ethernet and IPv4) among decoded rows as a batch of table arp, None without any."""
    asked = (packets["status"] == NOT_IP) & (packets["ether_type"] == 0x0806) & (packets["captured"] >= 28)
    if not asked.any():
        return None
    rows = packets[asked]
    message = data[rows["payload"][:, None] + np.arange(28)]
    plain = (message[:, :6] == np.array([0, 1, 8, 0, 6, 4], np.uint8)).all(axis=1)
    rows, message = rows[plain], message[plain]
    if not len(rows):
        return None
    operations = (message[:, 6].astype(np.int64) << 8) | message[:, 7]
    sender, target = _addresses(message[:, 14:18]), _addresses(message[:, 24:28])
    columns = {
        "ts": pa.array(np.ascontiguousarray(rows["ts"])),
        "ts_zone": pa.repeat(pa.scalar("utc"), len(rows)),
        "record": pa.array(np.ascontiguousarray(rows["frame"])),
        "mac_src": pa.array(names.macs(rows["src_mac"]), pa.string()),
        "mac_dst": pa.array(names.macs(rows["dst_mac"]), pa.string()),
        "vlan": pa.array(rows["vlan"].astype(np.int64), mask=rows["vlan"] < 0),
        "operation": pa.array([_OPERATIONS.get(number, str(number)) for number in operations.tolist()], pa.string()),
        "sender_mac": pa.array(_macs(message[:, 8:14]), pa.string()),
        "sender_addr": pa.array(sender, pa.string()),
        "target_mac": pa.array(_macs(message[:, 18:24]), pa.string()),
        "target_addr": pa.array(target, pa.string()),
        "gratuitous": pa.array([a == b for a, b in zip(sender, target, strict=True)]),
    }
    return pa.table(list(columns.values()), names=list(columns))


def _addresses(parts: NDArray[np.uint8]) -> list[str]:
    return [f"{a}.{b}.{c}.{d}" for a, b, c, d in parts.tolist()]


def _macs(parts: NDArray[np.uint8]) -> list[str]:
    return [bytes(part).hex(":") for part in parts.tolist()]


def icmp(payload: Payload, packets: Records, add: AddRow) -> None:
    """Rows for the redirects, router advertisements and neighbour messages among decoded rows."""
    kinds = packets["src_port"]
    four = (packets["protocol"] == ICMP) & (kinds == 5)
    six = (packets["protocol"] == ICMP6) & (kinds >= 134) & (kinds <= 137)
    for row in np.nonzero((packets["status"] == OK) & (four | six))[0].tolist():
        packet = packets[row]
        captured = int(packet["captured"])
        body = _message(payload, packet, captured)
        base = {
            "ts": int(packet["ts"]),
            "ts_zone": "utc",
            "record": int(packet["frame"]),
            "mac_src": names.mac(int(packet["src_mac"])),
        }
        source = names.address(int(packet["src_high"]), int(packet["src_low"]))
        if int(packet["src_port"]) == 134:
            if len(body) >= 16:
                add("router_advertisement", base | {"router": source} | _advertisement(body))
            continue
        if int(packet["src_port"]) in _NEIGHBOUR_MESSAGES:
            if len(body) >= 24:
                add("arp", base | _neighbour(packet, source, body))
            continue
        gateway, destination = (body[4:8], body[24:28]) if int(packet["src_port"]) == 5 else (body[8:24], body[24:40])
        if len(destination) in (4, 16) and len(gateway) == len(destination):
            receiver = names.address(int(packet["dst_high"]), int(packet["dst_low"]))
            told = {"sender": source, "receiver": receiver, "gateway": names.from_packed(gateway)}
            told |= {"destination": names.from_packed(destination)}
            add("icmp_redirect", base | told | {"code": int(packet["dst_port"])})


def _neighbour(packet: Records, source: str, body: bytes) -> dict[str, Any]:
    """A neighbour solicitation or advertisement (RFC 4861, 4.3 and 4.4) from its ICMP header on, in the words of ARP."""
    asked = int(packet["src_port"]) == 135
    about = names.from_packed(body[8:24])
    receiver = names.address(int(packet["dst_high"]), int(packet["dst_low"]))
    stated = None
    at = 24
    while at + 8 <= len(body) and body[at + 1]:
        if body[at] == (1 if asked else 2):
            stated = body[at + 2 : at + 8].hex(":")
        at += 8 * body[at + 1]
    return {
        "mac_dst": names.mac(int(packet["dst_mac"])),
        "vlan": int(packet["vlan"]) if packet["vlan"] >= 0 else None,
        "operation": _NEIGHBOUR_MESSAGES[int(packet["src_port"])],
        "sender_mac": stated or names.mac(int(packet["src_mac"])),
        "sender_addr": source if asked else about,
        "target_addr": about if asked else receiver,
        "gratuitous": not asked and not body[4] & 0x40,
    }


def _message(payload: Payload, packet: Records, captured: int) -> bytes:
    """An ICMP message with its header of eight bytes, which stands before the payload."""
    start = int(packet["payload"])
    return payload.read(start - 8 if start >= 0 else start + 8, captured + 8)


def _advertisement(body: bytes) -> dict[str, Any]:
    """A router advertisement from its ICMP header on."""
    flags = body[5]
    found: dict[str, Any] = {
        "hop_limit": body[4],
        "managed": bool(flags & 0x80),
        "other": bool(flags & 0x40),
        "preference": _PREFERENCES.get(flags >> 3 & 3, "medium"),
        "router_lifetime": float(int.from_bytes(body[6:8], "big")),
        "prefixes": [],
        "dns_servers": [],
        "dns_search": [],
    }
    at = 16
    while at + 2 <= len(body) and body[at + 1]:
        kind, option = body[at], body[at : at + 8 * body[at + 1]]
        if kind == 1 and len(option) >= 8:
            found["router_mac"] = option[2:8].hex(":")
        elif kind == 3 and len(option) >= 32:
            found["prefixes"].append(f"{names.from_packed(option[16:32])}/{option[2]}")
        elif kind == 5 and len(option) >= 8:
            found["mtu"] = int.from_bytes(option[4:8], "big")
        elif kind == 25:
            starts = range(8, len(option) - 15, 16)
            found["dns_servers"] += [names.from_packed(option[start : start + 16]) for start in starts]
        elif kind == 31:
            found["dns_search"] += _domains(option[8:])
        at += len(option)
    return found


def _domains(data: bytes) -> list[str]:
    """Domain names one after the other, uncompressed, padded with zeros."""
    found: list[str] = []
    labels: list[str] = []
    at = 0
    while at < len(data):
        size = data[at]
        if size:
            labels.append(data[at + 1 : at + 1 + size].decode("ascii", "backslashreplace"))
        elif labels:
            found.append(".".join(labels))
            labels = []
        at += 1 + size
    return found
