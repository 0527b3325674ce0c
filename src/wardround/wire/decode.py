"""Link, network and transport headers of a block of packets into columns: one kernel, one row per IP packet.

A packet in a tunnel has a row of its own, which says in ``parent`` which row carries it.

What the kernel cannot finish it says in ``status``: fragments go to reassembly, everything odd becomes a weird row.
Sources: IEEE 802.3/802.1Q/802.1ad, RFC 791, 8200, 9293, 768, 792, 4443, 9260, 2784, 4213, 7348, 8926, 4380, 2516, 3032,
and 3GPP TS 29.281.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from wardround.wire.capture import Bytes, Number, Records
from wardround.wire.links import (
    L_DONE,
    L_ETHER_TYPE,
    L_ETHERNET,
    L_IPV4,
    L_IPV6,
    L_MPLS,
    L_PPP,
    L_WIFI,
    first_layer,
    u16,
    u32,
)
from wardround.wire.shards import is_elsewhere

PACKET = np.dtype(
    [
        ("ts", np.int64),  # ns since 1970 UTC
        ("frame", np.int64),  # frame number, from 1
        ("src_high", np.uint64),  # addresses as 128 bits; IPv4 stands in the low 32 of ::ffff:0:0/96
        ("src_low", np.uint64),
        ("dst_high", np.uint64),
        ("dst_low", np.uint64),
        ("payload", np.int64),  # offset of the transport payload (of the network payload for other protocols)
        ("length", np.int32),  # its length as the headers say
        ("captured", np.int32),  # how much of it was captured
        ("ip_bytes", np.int32),  # length of the IP packet as its header says
        ("ip_offset", np.int64),  # offset of the IP header
        ("seq", np.uint32),
        ("ack", np.uint32),
        ("window", np.uint16),
        ("src_port", np.uint16),  # ICMP: type
        ("dst_port", np.uint16),  # ICMP: code
        ("vlan", np.int32),  # outermost 802.1Q tag, -1 without
        ("inner_vlan", np.int32),
        ("src_mac", np.uint64),
        ("dst_mac", np.uint64),
        ("protocol", np.uint8),  # IP protocol number of the transport
        ("flags", np.uint8),  # TCP flags
        ("version", np.uint8),  # 4, 6, or 0 when the frame holds no IP
        ("ttl", np.uint8),
        ("tunnel", np.uint8),  # kind of the tunnel that carries the packet, see TUNNELS
        ("status", np.uint8),  # see the constants below
        ("ether_type", np.uint16),
        ("parent", np.int32),  # row of the packet that carries this one, -1 outside tunnels
        ("window_scale", np.int8),  # the window scale option of a SYN, -1 without
    ]
)

#: ``status`` of a packet. CARRIER: nothing but a packet within (GRE, IP in IP), so not a connection of its own.
OK, FRAGMENT, NOT_IP, TRUNCATED_HEADER, BAD_IP, BAD_TRANSPORT, UNKNOWN_LINK, CARRIER = 0, 1, 2, 3, 4, 5, 6, 7

#: ``tunnel`` kinds, with Zeek's names for table tunnel.
TUNNELS = (
    "",
    "Tunnel::IP",
    "Tunnel::GRE",
    "Tunnel::VXLAN",
    "Tunnel::GENEVE",
    "Tunnel::GTPv1",
    "Tunnel::TEREDO",
    "Tunnel::AYIYA",
    "Tunnel::CAPWAP",
)
IP_IN_IP, GRE, VXLAN, GENEVE, GTP, TEREDO, AYIYA, CAPWAP = 1, 2, 3, 4, 5, 6, 7, 8

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132

_MAPPED = np.uint64(0xFFFF00000000)
#: Headers within headers are followed this deep, tunnels included.
MAX_LAYERS = 24

#: Tunnels within tunnels are followed this deep, so a frame has at most one row more than this.
MAX_TUNNELS = 4


@njit(boundscheck=True, cache=True, nogil=True)
def _u64(data: Bytes, at: Number) -> Number:
    return (np.uint64(u32(data, at)) << np.uint64(32)) | np.uint64(u32(data, at + 4))


@njit(boundscheck=True, cache=True, nogil=True)
def _mac(data: Bytes, at: Number) -> Number:
    return (np.uint64(u16(data, at)) << np.uint64(32)) | np.uint64(u32(data, at + 2))


@njit(boundscheck=True, cache=True, nogil=True)
def decode(
    data: Bytes, places: Records, first: Number, packets: Records, shard: Number, shards: Number
) -> tuple[Number, Number]:
    """Decode the packets at ``places`` (capture.PACKET_PLACE) of ``data`` into rows of ``packets`` (PACKET, zeroed).

    ``first`` is the frame number of the first packet. Gives how many places were decoded, and into how many rows: it
    stops when fewer rows are left than one frame may need. Never reads outside a packet's captured bytes. Of several
    ``shards``, frames that are sure to fall to another one than ``shard`` get no row (0 and 1: all get theirs).
    """
    row = 0
    for index in range(len(places)):
        if row + MAX_TUNNELS + 1 > len(packets):
            return index, row
        place = places[index]
        start = place.offset
        if shards > 1 and is_elsewhere(data, start, start + place.captured, place.link, shard, shards):
            continue
        packet = packets[row]
        packet.ts = place.ts
        packet.frame = first + index
        packet.parent = -1
        row = _decode_one(data, start, start + place.captured, place.length - place.captured, place.link, packets, row)
    return len(places), row


@njit(boundscheck=True, cache=True, nogil=True)
def _decode_one(data: Bytes, at: Number, end: Number, cut: Number, link: Number, packets: Records, row: Number) -> Number:
    """Follow the layers of one frame into rows from ``row`` on; gives the row after them.

    ``end`` is where its captured bytes end, ``cut`` how many are missing after that.
    """
    first = row
    packet = packets[row]
    packet.vlan, packet.inner_vlan, packet.window_scale = -1, -1, -1
    layer, at, ether_type = first_layer(data, at, end, link)
    if layer == L_DONE:
        packet.status = UNKNOWN_LINK if ether_type else TRUNCATED_HEADER
    for _ in range(MAX_LAYERS):
        if layer == L_ETHERNET:
            if at + 14 > end:
                packet.status = TRUNCATED_HEADER
                return row + 1
            packet.dst_mac, packet.src_mac = _mac(data, at), _mac(data, at + 6)
            ether_type = u16(data, at + 12)
            at += 14
            layer = L_ETHER_TYPE
        elif layer == L_ETHER_TYPE:
            layer, at, ether_type = _after_ether_type(data, at, end, ether_type, packet)
        elif layer == L_MPLS:
            layer, at = _after_mpls(data, at, end, packet)
        elif layer == L_PPP:
            layer, at = _after_ppp(data, at, end, packet)
        elif layer == L_WIFI:
            layer, at, ether_type = _after_wifi(data, at, end, packet)
        elif layer in (L_IPV4, L_IPV6):
            protocol, at, end, cut = _ipv4(data, at, end, cut, packet) if layer == L_IPV4 else _ipv6(data, at, end, cut, packet)
            if protocol < 0:
                return row + 1
            layer, at, ether_type, tunnel = _after_ip(data, at, end, cut, protocol, packet)
            if tunnel and row - first < MAX_TUNNELS:
                packets[row + 1].ts, packets[row + 1].frame = packet.ts, packet.frame
                packets[row + 1].parent, packets[row + 1].tunnel = row, tunnel
                row += 1
                packet = packets[row]
                packet.vlan, packet.inner_vlan, packet.window_scale = -1, -1, -1
            elif tunnel:
                return row + 1
        else:
            return row + 1
    packet.status = BAD_IP
    return row + 1


@njit(boundscheck=True, cache=True, nogil=True)
def _after_ether_type(data: Bytes, at: Number, end: Number, ether_type: Number, packet: Any) -> tuple[Number, Number, Number]:
    packet.ether_type = ether_type
    if ether_type == 0x0800:
        return L_IPV4, at, 0
    if ether_type == 0x86DD:
        return L_IPV6, at, 0
    if ether_type == 0x8100 or ether_type == 0x88A8 or ether_type == 0x9100:
        if at + 4 > end:
            packet.status = TRUNCATED_HEADER
            return L_DONE, at, 0
        tag = u16(data, at) & 0xFFF
        if packet.vlan < 0:
            packet.vlan = tag
        else:
            packet.inner_vlan = tag
        return L_ETHER_TYPE, at + 4, u16(data, at + 2)
    if ether_type == 0x8847 or ether_type == 0x8848:
        return L_MPLS, at, 0
    if ether_type == 0x8864:
        return L_PPP, at + 6, 0
    if ether_type == 0x8903:  # Cisco FabricPath: a tag of two bytes before the frame that it carries
        return L_ETHERNET, at + 2, 0
    # An IEEE 802.3 length stands for LLC, with SNAP holding an EtherType.
    if ether_type <= 1500 and at + 8 <= end and data[at] == 0xAA and data[at + 1] == 0xAA and data[at + 2] == 3:
        return L_ETHER_TYPE, at + 8, u16(data, at + 6)
    packet.status = NOT_IP
    packet.payload = at
    packet.captured = end - at
    return L_DONE, at, 0


@njit(boundscheck=True, cache=True, nogil=True)
def _is_frame(data: Bytes, at: Number, end: Number) -> bool:
    """Whether an Ethernet frame of IP, ARP or a VLAN can begin there."""
    return bool(at + 14 <= end and u16(data, at + 12) in (0x0800, 0x86DD, 0x8100, 0x0806))


@njit(boundscheck=True, cache=True, nogil=True)
def _after_mpls(data: Bytes, at: Number, end: Number, packet: Any) -> tuple[Number, Number]:
    while at + 4 <= end:
        bottom = data[at + 2] & 1
        at += 4
        if bottom:
            if at < end and data[at] >> 4 == 4:
                return L_IPV4, at
            if at < end and data[at] >> 4 == 6:
                return L_IPV6, at
            # A pseudowire: with a control word before Ethernet (RFC 4385), or where a frame is plainly there, without.
            plain = _is_frame(data, at, end)
            if at + 4 <= end and data[at] >> 4 == 0 and (not plain or _is_frame(data, at + 4, end)):
                return L_ETHERNET, at + 4
            if plain:
                return L_ETHERNET, at
            break
    packet.status = NOT_IP
    return L_DONE, at


@njit(boundscheck=True, cache=True, nogil=True)
def _after_ppp(data: Bytes, at: Number, end: Number, packet: Any) -> tuple[Number, Number]:
    if at + 2 <= end:
        if data[at] & 1:  # the protocol field compressed to one byte
            kind, size = np.int64(data[at]), 1
        else:
            kind, size = u16(data, at), 2
        if kind == 0x0021:
            return L_IPV4, at + size
        if kind == 0x0057:
            return L_IPV6, at + size
        if kind == 0x0281 or kind == 0x0283:
            return L_MPLS, at + size
    packet.status = NOT_IP
    return L_DONE, at


@njit(boundscheck=True, cache=True, nogil=True)
def _after_wifi(data: Bytes, at: Number, end: Number, packet: Any) -> tuple[Number, Number, Number]:
    """IEEE 802.11 data frames that are not encrypted; of an aggregate (A-MSDU) the first frame."""
    packet.status = NOT_IP
    if at + 24 > end:
        packet.status = TRUNCATED_HEADER
        return L_DONE, at, 0
    kind, flags = data[at], data[at + 1]
    if packet.tunnel == CAPWAP and kind & 0x0F != 0x08 and flags & 0x0F == 0x08:
        kind, flags = flags, kind  # some access points send the two bytes of frame control in the other order
    if (kind & 0x0C) != 0x08 or kind & 0x40 or flags & 0x40:  # not data, no data, or protected
        return L_DONE, at, 0
    packet.dst_mac, packet.src_mac = _mac(data, at + 4), _mac(data, at + 10)
    start = at + 24 + (6 if flags & 3 == 3 else 0)
    if kind & 0x80:
        if start + 2 > end:
            return L_DONE, at, 0
        aggregate = data[start] & 0x80
        start += 2 + (4 if flags & 0x80 else 0) + (14 if aggregate else 0)
    if start + 8 > end or data[start] != 0xAA or data[start + 1] != 0xAA:
        return L_DONE, at, 0
    packet.status = OK
    return L_ETHER_TYPE, start + 8, u16(data, start + 6)


@njit(boundscheck=True, cache=True, nogil=True)
def _ipv4(data: Bytes, at: Number, end: Number, cut: Number, packet: Any) -> tuple[Number, Number, Number, Number]:
    """IPv4 header: the protocol (-1 to stop), where its data begins, where the packet's captured bytes end, what is cut."""
    if at + 20 > end:
        packet.status = TRUNCATED_HEADER
        return -1, at, end, cut
    header = np.int64(data[at] & 15) * 4
    total = u16(data, at + 2)
    if total == 0:  # segmentation offload leaves the length to the hardware
        total = end - at + cut
    if data[at] >> 4 != 4 or header < 20 or total < header:
        packet.status = BAD_IP
        return -1, at, end, cut
    if at + header > end:
        packet.status = TRUNCATED_HEADER
        return -1, at, end, cut
    packet.version = 4
    packet.ip_offset = at
    packet.ip_bytes = total
    packet.ttl = data[at + 8]
    packet.src_high, packet.src_low = np.uint64(0), _MAPPED | np.uint64(u32(data, at + 12))
    packet.dst_high, packet.dst_low = np.uint64(0), _MAPPED | np.uint64(u32(data, at + 16))
    packet.protocol = data[at + 9]
    fragment = u16(data, at + 6) & 0x3FFF
    stop = min(end, at + total)
    cut = at + total - stop
    packet.payload = at + header
    packet.length = total - header
    packet.captured = stop - (at + header)
    if fragment:
        packet.status = FRAGMENT
        return -1, at, stop, cut
    return np.int64(data[at + 9]), at + header, stop, cut


@njit(boundscheck=True, cache=True, nogil=True)
def _ipv6(data: Bytes, at: Number, end: Number, cut: Number, packet: Any) -> tuple[Number, Number, Number, Number]:
    """IPv6 header with its extension headers; gives the same as :func:`_ipv4`."""
    if at + 40 > end:
        packet.status = TRUNCATED_HEADER
        return -1, at, end, cut
    if data[at] >> 4 != 6:
        packet.status = BAD_IP
        return -1, at, end, cut
    total = 40 + u16(data, at + 4)
    if total == 40 and end - at + cut > 40 and data[at + 6] == TCP:  # segmentation offload
        total = end - at + cut
    packet.version = 6
    packet.ip_offset = at
    packet.ip_bytes = total
    packet.ttl = data[at + 7]
    packet.src_high, packet.src_low = _u64(data, at + 8), _u64(data, at + 16)
    packet.dst_high, packet.dst_low = _u64(data, at + 24), _u64(data, at + 32)
    stop = min(end, at + total)
    missing = at + total - stop
    following = np.int64(data[at + 6])
    position = at + 40
    for _ in range(MAX_LAYERS):
        packet.protocol = following
        packet.payload = position
        packet.length = at + total - position
        packet.captured = max(0, stop - position)
        if following == 0 or following == 43 or following == 60 or following == 135:
            if position + 8 > stop:
                packet.status = TRUNCATED_HEADER
                return -1, at, stop, missing
            following, position = np.int64(data[position]), position + 8 + 8 * np.int64(data[position + 1])
        elif following == 51:  # authentication header
            if position + 8 > stop:
                packet.status = TRUNCATED_HEADER
                return -1, at, stop, missing
            following, position = np.int64(data[position]), position + 8 + 4 * np.int64(data[position + 1])
        elif following == 44:
            if position + 8 > stop:
                packet.status = TRUNCATED_HEADER
                return -1, at, stop, missing
            if u16(data, position + 2) & 0xFFF9:
                packet.status = FRAGMENT
                return -1, position, stop, missing
            following, position = np.int64(data[position]), position + 8
        else:
            if position > stop:
                packet.status = TRUNCATED_HEADER
                return -1, at, stop, missing
            return following, position, stop, missing
    packet.status = BAD_IP
    return -1, at, stop, missing


@njit(boundscheck=True, cache=True, nogil=True)
def _after_ip(
    data: Bytes, at: Number, end: Number, cut: Number, protocol: Number, packet: Any
) -> tuple[Number, Number, Number, Number]:
    """The transport header, or the way into a tunnel: layer, where it begins, its EtherType, kind of tunnel."""
    if protocol == TCP:
        _tcp(data, at, end, packet)
    elif protocol == UDP:
        return _udp(data, at, end, packet)
    elif protocol in (ICMP, ICMP6, SCTP):
        if at + 8 > end:
            packet.status = TRUNCATED_HEADER
        elif protocol == SCTP:
            packet.src_port, packet.dst_port = u16(data, at), u16(data, at + 2)
        else:
            packet.src_port, packet.dst_port = np.int64(data[at]), np.int64(data[at + 1])
            packet.payload, packet.length, packet.captured = at + 8, packet.length - 8, packet.captured - 8
    elif protocol == 4:
        packet.status = CARRIER
        return L_IPV4, at, 0, IP_IN_IP
    elif protocol == 41:
        packet.status = CARRIER
        return L_IPV6, at, 0, IP_IN_IP
    elif protocol == 47:
        layer, start, kind, tunnel = _gre(data, at, end, packet)
        if tunnel:
            packet.status = CARRIER
        return layer, start, kind, tunnel
    return L_DONE, at, 0, 0


@njit(boundscheck=True, cache=True, nogil=True)
def _tcp(data: Bytes, at: Number, end: Number, packet: Any) -> None:
    if at + 20 > end:
        packet.status = TRUNCATED_HEADER
        return
    header = np.int64(data[at + 12] >> 4) * 4
    packet.src_port, packet.dst_port = u16(data, at), u16(data, at + 2)
    packet.seq, packet.ack = u32(data, at + 4), u32(data, at + 8)
    packet.flags = data[at + 13]
    packet.window = u16(data, at + 14)
    if header < 20 or header > packet.length:
        packet.status = BAD_TRANSPORT
        return
    packet.payload = at + header
    packet.length -= header
    packet.captured = max(0, end - (at + header))
    if packet.flags in (2, 16, 18) and 2 <= packet.length <= 6 and _is_padding(data, packet.payload, packet.captured):
        packet.length, packet.captured = 0, 0
    if packet.flags & 2:
        packet.window_scale = _window_scale(data, at + 20, min(end, at + header))


@njit(boundscheck=True, cache=True, nogil=True)
def _is_padding(data: Bytes, at: Number, size: Number) -> bool:
    """Whether a bare SYN or acknowledgement carries only the zeros that fill a short frame, which some middleboxes count."""
    for index in range(at, at + size):
        if data[index]:
            return False
    return bool(size > 0)


@njit(boundscheck=True, cache=True, nogil=True)
def _window_scale(data: Bytes, at: Number, end: Number) -> Number:
    """The window scale among the options of a SYN, -1 without (RFC 7323 caps it at 14)."""
    for _ in range(40):
        if at >= end or data[at] == 0:
            break
        if data[at] == 1:
            at += 1
            continue
        if at + 1 >= end or data[at + 1] < 2 or at + data[at + 1] > end:
            break
        if data[at] == 3 and data[at + 1] >= 3:
            return min(np.int64(data[at + 2]), 14)
        at += np.int64(data[at + 1])
    return -1


@njit(boundscheck=True, cache=True, nogil=True)
def _udp(data: Bytes, at: Number, end: Number, packet: Any) -> tuple[Number, Number, Number, Number]:
    if at + 8 > end:
        packet.status = TRUNCATED_HEADER
        return L_DONE, at, 0, 0
    packet.src_port, packet.dst_port = u16(data, at), u16(data, at + 2)
    length = u16(data, at + 4)
    if 8 <= length <= packet.length:
        packet.length = length - 8
    else:
        packet.length -= 8
    packet.payload = at + 8
    packet.captured = max(0, min(end - (at + 8), np.int64(packet.length)))
    return _udp_tunnel(data, at + 8, min(end, at + 8 + np.int64(packet.captured)), packet)


@njit(boundscheck=True, cache=True, nogil=True)
def _udp_tunnel(data: Bytes, at: Number, end: Number, packet: Any) -> tuple[Number, Number, Number, Number]:
    """Tunnels over UDP, by port and by a header that holds together."""
    source, target = packet.src_port, packet.dst_port
    if target == 4789 and at + 8 + 14 <= end and data[at] & 8:
        return L_ETHERNET, at + 8, 0, VXLAN
    # Linux sends VXLAN to 8472 where it is not told a port: there the header must be what RFC 7348 allows.
    if target == 8472 and at + 8 + 14 <= end and u32(data, at) == 0x08000000 and data[at + 7] == 0:
        return L_ETHERNET, at + 8, 0, VXLAN
    if target == 6081 and at + 8 <= end and data[at] >> 6 == 0:
        start = at + 8 + 4 * np.int64(data[at] & 63)
        if start < end:
            kind = u16(data, at + 2)
            return (L_ETHERNET if kind == 0x6558 else L_ETHER_TYPE), start, kind, GENEVE
    if (target == 5247 or source == 5247) and at + 8 <= end and data[at] == 0 and not data[at + 3] & 0x80:
        start = at + 4 * np.int64(data[at + 1] >> 3)  # an access point and its controller (RFC 5415, section 4.3)
        if at + 8 <= start < end:
            return (L_WIFI if data[at + 2] & 1 else L_ETHERNET), start, 0, CAPWAP
    if target == 4754 and at + 4 <= end:
        return _gre(data, at, end, packet)
    if (target == 2152 or source == 2152) and at + 12 <= end and data[at] >> 4 == 3 and data[at + 1] == 0xFF:
        start = _gtp_start(data, at, end)
        if 0 <= start < end and (data[start] >> 4 == 4 or data[start] >> 4 == 6):
            return (L_IPV4 if data[start] >> 4 == 4 else L_IPV6), start, 0, GTP
    return _teredo(data, at, end, source == 3544 or target == 3544)


@njit(boundscheck=True, cache=True, nogil=True)
def _teredo(data: Bytes, at: Number, end: Number, expected: bool) -> tuple[Number, Number, Number, Number]:
    """Teredo (RFC 4380): on its port, and elsewhere where an IPv6 packet of its prefix fills the datagram exactly."""
    start = at
    if expected and start + 4 <= end and u16(data, start) == 1:  # authentication encapsulation
        start += 13 + np.int64(data[start + 2]) + np.int64(data[start + 3])
    if start + 8 <= end and u16(data, start) == 0:  # origin indication
        start += 8
    if start + 40 <= end and data[start] >> 4 == 6 and start + 40 + u16(data, start + 4) <= end:
        exact = start + 40 + u16(data, start + 4) == end
        prefixed = u32(data, start + 8) == 0x20010000 or u32(data, start + 24) == 0x20010000
        if expected or (exact and prefixed):
            return L_IPV6, start, 0, TEREDO
    return L_DONE, at, 0, 0


@njit(boundscheck=True, cache=True, nogil=True)
def _gtp_start(data: Bytes, at: Number, end: Number) -> Number:
    """Where the packet inside a GTP-U message begins, -1 when the header does not hold together."""
    start = at + 8
    if data[at] & 7:
        following = data[at + 11]
        start += 4
        for _ in range(MAX_LAYERS):
            if following == 0 or not data[at] & 4:
                break
            if start >= end or data[start] == 0:
                return -1
            size = 4 * np.int64(data[start])
            if start + size > end:
                return -1
            following = data[start + size - 1]
            start += size
    return start


@njit(boundscheck=True, cache=True, nogil=True)
def _gre(data: Bytes, at: Number, end: Number, packet: Any) -> tuple[Number, Number, Number, Number]:
    if at + 4 > end:
        packet.status = TRUNCATED_HEADER
        return L_DONE, at, 0, 0
    flags, kind = u16(data, at), u16(data, at + 2)
    version = flags & 7
    start = at + 4
    if flags & 0xC000:
        start += 4
    if flags & 0x2000:
        start += 4
    if flags & 0x1000:
        start += 4
    if version == 1:  # PPTP (RFC 2637): key is there, an acknowledgement may be
        if flags & 0x0080:
            start += 4
        if kind == 0x880B and start < end:
            if start + 2 <= end and data[start] == 0xFF and data[start + 1] == 3:
                start += 2
            return L_PPP, start, 0, GRE
        return L_DONE, at, 0, 0
    if start >= end or version > 1:
        return L_DONE, at, 0, 0
    if kind == 0x6558:
        return L_ETHERNET, start, 0, GRE
    if 0x8200 <= kind <= 0x82FF:  # frames of wireless access points (Aruba)
        return L_WIFI, start, 0, GRE
    if kind == 0x88BE:  # ERSPAN type I has no header of its own, type II has eight bytes
        return L_ETHERNET, start + (8 if flags & 0x1000 else 0), 0, GRE
    if kind == 0x22EB:  # ERSPAN type III: twelve bytes, and eight more with the O bit
        if start + 12 <= end:
            return L_ETHERNET, start + (20 if data[start + 11] & 1 else 12), 0, GRE
        return L_DONE, at, 0, 0
    return L_ETHER_TYPE, start, kind, GRE
