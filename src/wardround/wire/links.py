"""Link headers of a capture: what layer follows, and where. Kernels that :mod:`wardround.wire.decode` calls for every frame.

Sources: https://www.tcpdump.org/linktypes.html (with the pages it refers to: NFLOG, PKTAP, PPI), pflog(4), enc(4).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from wardround.wire.capture import Bytes, Number

#: The layers that decoding moves between.
L_ETHERNET, L_ETHER_TYPE, L_IPV4, L_IPV6, L_MPLS, L_PPP, L_DONE, L_WIFI = 0, 1, 2, 3, 4, 5, 6, 7

#: Link types whose header says what link type follows: PKTAP of macOS, PPI of wireless tools.
_PKTAP, _PPI = 258, 192

#: Attributes of a packet that Linux's netfilter logs, and the one that is the packet.
_MAX_ATTRIBUTES, _NFULA_PAYLOAD = 32, 9


@njit(boundscheck=True, cache=True, nogil=True)
def u16(data: Bytes, at: Number) -> Number:
    """A big-endian number of two bytes."""
    return (np.int64(data[at]) << 8) | np.int64(data[at + 1])


@njit(boundscheck=True, cache=True, nogil=True)
def u32(data: Bytes, at: Number) -> Number:
    """A big-endian number of four bytes."""
    return (u16(data, at) << 16) | u16(data, at + 2)


@njit(boundscheck=True, cache=True, nogil=True)
def _u32_little(data: Bytes, at: Number) -> Number:
    low = np.int64(data[at]) | np.int64(data[at + 1]) << 8
    return low | np.int64(data[at + 2]) << 16 | np.int64(data[at + 3]) << 24


@njit(boundscheck=True, cache=True, nogil=True)
def _ip(data: Bytes, at: Number, end: Number) -> tuple[Number, Number, Number]:
    """IP of the version that its first octet says; done when there is none."""
    if at >= end:
        return L_DONE, at, 0
    return (L_IPV6 if data[at] >> 4 == 6 else L_IPV4), at, 0


@njit(boundscheck=True, cache=True, nogil=True)
def _logged(data: Bytes, at: Number, end: Number) -> tuple[Number, Number, Number]:
    """NFLOG: attributes in the byte order of the host that captured, which the small number of a kind tells."""
    at += 4
    for _ in range(_MAX_ATTRIBUTES):
        if at + 4 > end:
            break
        if data[at + 3] == 0:
            size, kind = np.int64(data[at]) | np.int64(data[at + 1]) << 8, np.int64(data[at + 2])
        else:
            size, kind = u16(data, at), np.int64(data[at + 3])
        if size < 4:
            break
        if kind == _NFULA_PAYLOAD:
            return _ip(data, at + 4, end)
        at += (size + 3) // 4 * 4
    return L_DONE, at, 0


@njit(boundscheck=True, cache=True, nogil=True)
def _rare_layer(data: Bytes, at: Number, end: Number, link: Number) -> tuple[Number, Number, Number]:
    """Links of routers, firewalls and of hosts' own taps; gives the same as :func:`first_layer`."""
    if link == 104 or link == 205:  # Cisco's HDLC, and with a direction before it
        at += link == 205
        if at + 4 <= end:
            return (L_PPP, at + 2, 0) if data[at] == 0xFF else (L_ETHER_TYPE, at + 4, u16(data, at + 2))
    elif link == 109:  # what IPsec of the BSDs has decrypted
        return _ip(data, at + 12, end)
    elif link == 117:  # the BSDs' packet filter: a header that says its own length, without its padding
        if at < end:
            return _ip(data, at + (np.int64(data[at]) + 3) // 4 * 4, end)
    elif link == 166:  # pppd: a direction in place of the address
        return L_PPP, at + 2, 0
    elif link == 204:  # PPP behind a direction
        if at + 3 <= end:
            return L_PPP, at + (3 if data[at + 1] == 0xFF and data[at + 2] == 3 else 1), 0
    elif link == 219:
        return L_MPLS, at, 0
    elif link == 239:
        return _logged(data, at, end)
    else:
        return L_DONE, at, 1
    return L_DONE, at, 0


@njit(boundscheck=True, cache=True, nogil=True)
def first_layer(data: Bytes, at: Number, end: Number, link: Number) -> tuple[Number, Number, Number]:
    """The layer after the link header, where it begins, and its EtherType (0 when the layer itself says).

    Where there is none, ``L_DONE``, and in place of the EtherType 1 for a link type that is not read, 0 for one cut short.
    """
    if link in (_PKTAP, _PPI):
        if at + 12 > end:
            return L_DONE, at, 0
        if link == _PKTAP:
            size, link = _u32_little(data, at), _u32_little(data, at + 8)
        else:
            size, link = np.int64(data[at + 2]) | np.int64(data[at + 3]) << 8, _u32_little(data, at + 4)
        at += size
    if link == 1:
        return L_ETHERNET, at, 0
    if link == 101 or link == 12 or link == 14 or link == 228 or link == 229:
        return _ip(data, at, end)
    if link == 0 or link == 108:  # BSD loopback: the address family in either byte order
        if at + 4 <= end:
            family = max(data[at], data[at + 3])
            return (L_IPV4 if family == 2 else L_IPV6), at + 4, 0
    elif link == 113:
        if at + 16 <= end:
            return L_ETHER_TYPE, at + 16, u16(data, at + 14)
    elif link == 276:
        if at + 20 <= end:
            return L_ETHER_TYPE, at + 20, u16(data, at)
    elif link == 9 or link == 50:
        if at + 4 <= end and data[at] == 0xFF and data[at + 1] == 3:
            return L_PPP, at + 2, 0
        return L_PPP, at, 0
    elif link == 51:
        return L_ETHER_TYPE, at, 0x8864
    elif link == 105:
        return L_WIFI, at, 0
    elif link == 127:  # radiotap, its length in little-endian order
        if at + 4 <= end:
            return L_WIFI, at + np.int64(data[at + 2]) + (np.int64(data[at + 3]) << 8), 0
    else:
        return _rare_layer(data, at, end, link)
    return L_DONE, at, 0
