"""Real protocol stacks on the loopback interface, recorded without any privilege: a TCP proxy that keeps what passes.

What was said becomes packets again: handshake, segments, acknowledgements, and the end as each side closed.
"""

from __future__ import annotations

import ipaddress
import selectors
import socket
import struct
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

_FIN, _SYN, _RST, _PSH, _ACK = 1, 2, 4, 8, 16
_READ = 65_536

#: What a connection that nobody closes is given to end, in seconds.
_PATIENCE = 30.0


@dataclass(slots=True)
class Turn:
    """What one side sent at a time (ns); no bytes: it closed; ``reset``: it broke off."""

    ts: int
    up: bool
    data: bytes
    reset: bool = False


@dataclass(slots=True)
class Conversation:
    """One connection: who with whom, and what was said; the addresses may be replaced by those of a made-up network."""

    client: tuple[str, int]
    server: tuple[str, int]
    turns: list[Turn] = field(default_factory=list)


class Recorder:
    """A proxy on 127.0.0.1 in front of a server there; every connection through it is kept in ``conversations``."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.conversations: list[Conversation] = []

    @property
    def port(self) -> int:
        """Where clients connect to."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Recorder:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._accepting.join(_PATIENCE)
        for thread in self._threads:
            thread.join(_PATIENCE)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                client.close()
                continue
            conversation = Conversation(client.getpeername(), server.getpeername())
            self.conversations.append(conversation)
            thread = threading.Thread(target=self._carry, args=(client, server, conversation), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _carry(self, client: socket.socket, server: socket.socket, conversation: Conversation) -> None:
        others = {client.fileno(): server, server.fileno(): client}
        with selectors.DefaultSelector() as selector, client, server:
            for end in (client, server):
                end.settimeout(_PATIENCE)
                selector.register(end, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(_PATIENCE)
                if not ready:
                    return
                for key, _ in ready:
                    up = key.fd == client.fileno()
                    if not _pass_on(client if up else server, others[key.fd], up, conversation):
                        selector.unregister(key.fd)


def _pass_on(source: socket.socket, target: socket.socket, up: bool, conversation: Conversation) -> bool:
    """Hand on what a side sent and keep it; False when it has ended."""
    try:
        data = source.recv(_READ)
    except OSError:
        conversation.turns.append(Turn(time.time_ns(), up, b"", reset=True))
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        return False
    conversation.turns.append(Turn(time.time_ns(), up, data))
    with suppress(OSError):
        if data:
            target.sendall(data)
        else:
            target.shutdown(socket.SHUT_WR)
    return bool(data)


def packets(
    conversation: Conversation, *, size: Callable[[], int] | None = None, first: tuple[int, int] = (1_000, 900_000)
) -> Iterator[tuple[int, bytes]]:
    """A conversation as Ethernet frames with their times (ns). ``size`` gives the payload of the next segment, else 1460."""
    ends = (conversation.client, conversation.server)
    sequence = {True: first[0], False: first[1]}
    clock = (conversation.turns[0].ts if conversation.turns else time.time_ns()) - 1_000_000
    number = 0

    def frame(ts: int, up: bool, flags: int, data: bytes = b"") -> tuple[int, bytes]:
        nonlocal number, clock
        number += 1
        # What was read at once becomes many packets, and an answer may have been there before the last of them.
        clock = ts = max(clock + 100, ts)
        source, target = ends if up else ends[::-1]
        numbers = sequence[up], sequence[not up] if flags & _ACK else 0
        made = ts, _frame(source, target, numbers, flags, data, number)
        sequence[up] += len(data) + (1 if flags & (_SYN | _FIN) else 0)
        return made

    for up, flags in ((True, _SYN), (False, _SYN | _ACK), (True, _ACK)):
        yield frame(clock + 100_000, up, flags)
    for turn in conversation.turns:
        if not turn.data:
            yield frame(turn.ts, turn.up, _RST if turn.reset else _FIN | _ACK)
            if turn.reset:
                return
            yield frame(turn.ts, not turn.up, _ACK)
            continue
        at = count = 0
        while at < len(turn.data):
            part = turn.data[at : at + (max(1, size()) if size else 1_460)]
            at += len(part)
            count += 1
            # A few zeros without PSH could be what fills a short Ethernet frame; no stack sends them so.
            yield frame(turn.ts, turn.up, _ACK | (_PSH if at >= len(turn.data) or len(part) < 8 else 0), part)
            if count % 2 == 0 or at >= len(turn.data):
                yield frame(turn.ts, not turn.up, _ACK)


def capture(frames: Iterable[tuple[int, bytes]]) -> bytes:
    """A pcap file with nanoseconds of frames, which are put in order of time."""
    parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1)]
    for ts, data in sorted(frames, key=lambda item: item[0]):
        parts.append(struct.pack("<IIII", ts // 10**9, ts % 10**9, len(data), len(data)) + data)
    return b"".join(parts)


def _frame(
    source: tuple[str, int], target: tuple[str, int], numbers: tuple[int, int], flags: int, data: bytes, identification: int
) -> bytes:
    """An Ethernet frame with an IPv4 packet with a TCP segment, checksums right."""
    addresses = ipaddress.IPv4Address(source[0]).packed, ipaddress.IPv4Address(target[0]).packed
    header = struct.pack("!HHIIBBH", source[1], target[1], *(n & 0xFFFFFFFF for n in numbers), 5 << 4, flags, 64_240)
    pseudo = b"".join(addresses) + struct.pack("!BBH", 0, 6, 20 + len(data))
    segment = header + struct.pack("!HH", _checksum(pseudo + header + b"\0\0\0\0" + data), 0) + data
    packet = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(segment), identification & 0xFFFF, 0x4000, 64, 6)
    packet += struct.pack("!H", _checksum(packet + b"\0\0" + b"".join(addresses))) + b"".join(addresses)
    hardware = [b"\x02\0" + address for address in addresses]
    return hardware[1] + hardware[0] + b"\x08\0" + packet + segment


def _checksum(data: bytes) -> int:
    words = array("H", data + b"\0" * (len(data) % 2))
    words.byteswap()
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
