"""A synthetic capture of an imaging network: scanners that send series of CT slices to an archive by C-STORE.

    python benchmarks/imaging_capture.py OUT.pcap BYTES

Associations and data sets are valid DICOM (PS3.5, PS3.7, PS3.8; implicit VR little endian, slices of 512 x 512 x 16 bits,
PDUs of 16 KiB); each travels in segments of 1,460 bytes with an acknowledgement for every second one. Four
scanners send at a time; every further minute repeats them with other addresses and identifiers of connections.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np

_CT, _IMPLICIT, _VERIFIED = b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.1.2", b"1.2.840.10008.3.1.1.1"
_SLICES, _SCANNERS, _SEGMENT, _PDU = 16, 4, 1_460, 16_384
_ARCHIVE_PORT = 11_112
_BASE = 1_700_000_000


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def _associate(kind: int, accepted: bool, called: bytes, calling: bytes) -> bytes:
    syntaxes = _item(0x40, _IMPLICIT) if accepted else _item(0x30, _CT) + _item(0x40, _IMPLICIT)
    context = _item(0x21 if accepted else 0x20, b"\x01\0\0\0" + syntaxes)
    user = _item(0x50, _item(0x51, struct.pack(">I", _PDU)) + _item(0x52, b"1.2.826.0.1.3680043.9.3811.0"))
    body = struct.pack(">HH16s16s32x", 1, 0, called.ljust(16), calling.ljust(16)) + _item(0x10, _VERIFIED) + context + user
    return struct.pack(">BBI", kind, 0, len(body)) + body


def _element(group: int, element: int, value: bytes) -> bytes:
    value += b"\0" * (len(value) & 1)
    return struct.pack("<HHI", group, element, len(value)) + value


def _command(fields: list[tuple[int, bytes]]) -> bytes:
    body = b"".join(_element(0, element, value) for element, value in fields)
    return _element(0, 0, struct.pack("<I", len(body))) + body


def _data(message: bytes, command: bool) -> bytes:
    """A message part as P-DATA-TF PDUs of one fragment each."""
    parts: list[bytes] = []
    room = _PDU - 6
    for at in range(0, len(message), room):
        piece = message[at : at + room]
        last = at + room >= len(message)
        header = struct.pack(">BBIIBB", 4, 0, len(piece) + 6, len(piece) + 2, 1, (1 if command else 0) | (2 if last else 0))
        parts.append(header + piece)
    return b"".join(parts)


def _store(number: int, scanner: int) -> tuple[bytes, bytes]:
    """A C-STORE request with its slice, and the response."""
    series = b"1.2.826.0.1.3680043.9.3811.7.%d" % scanner
    instance = series + b".%d" % number
    short = struct.Struct("<H").pack
    request = _command(
        [(2, _CT), (0x100, short(1)), (0x110, short(number)), (0x700, short(0)), (0x800, short(0)), (0x1000, instance)]
    )
    response = _command(
        [(2, _CT), (0x100, short(0x8001)), (0x120, short(number)), (0x800, short(0x101)), (0x900, short(0)), (0x1000, instance)]
    )
    pixels = np.random.default_rng(number).integers(0, 4096, 512 * 512, np.uint16).tobytes()
    slice_ = b"".join(
        [
            _element(0x08, 0x16, _CT), _element(0x08, 0x18, instance), _element(0x08, 0x20, b"20240101"),
            _element(0x08, 0x60, b"CT"), _element(0x08, 0x70, b"ACME"), _element(0x10, 0x10, b"DOE^JANE"),
            _element(0x10, 0x20, b"4711"), _element(0x20, 0x0D, series + b".1"), _element(0x20, 0x0E, series),
            _element(0x28, 0x02, short(1)), _element(0x28, 0x10, short(512)), _element(0x28, 0x11, short(512)),
            _element(0x28, 0x100, short(16)), _element(0x7FE0, 0x10, pixels),
        ]
    )  # fmt: skip
    return _data(request, True) + _data(slice_, False), _data(response, True)


class _Talk:
    """One association as Ethernet frames: (µs, frame)."""

    def __init__(self, scanner: int) -> None:
        self.client, self.server = bytes((10, 20, 0, 10 + scanner)), bytes((10, 20, 0, 200))
        self.port = 40_000 + scanner
        self.sent = [1, 1]
        self.at = 1_000 * scanner
        self.frames: list[tuple[int, bytes]] = []

    def segment(self, up: bool, flags: int, body: bytes = b"", *, syn: int = 0) -> None:
        """One TCP segment; ``syn``: what its sequence number takes without payload."""
        a, b = (self.client, self.server) if up else (self.server, self.client)
        ports = (self.port, _ARCHIVE_PORT) if up else (_ARCHIVE_PORT, self.port)
        mine, other = self.sent[0 if up else 1], self.sent[1 if up else 0]
        tcp = struct.pack(">HHIIBBHHH", *ports, mine, other if flags & 16 else 0, 0x50, flags, 65_535, 0, 0)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(body), 0, 0x4000, 64, 6, 0) + a + b
        ethernet = b"\x02\0\0\0\0" + b[3:] + b"\x02\0\0\0\0" + a[3:] + b"\x08\0"
        self.frames.append((self.at, ethernet + ip + tcp + body))
        self.sent[0 if up else 1] += len(body) + syn
        self.at += 12

    def send(self, up: bool, message: bytes) -> None:
        """A message in segments, acknowledged by the other end."""
        for number, at in enumerate(range(0, len(message), _SEGMENT)):
            self.segment(up, 0x18 if at + _SEGMENT >= len(message) else 0x10, message[at : at + _SEGMENT])
            if number & 1 or at + _SEGMENT >= len(message):
                self.segment(not up, 0x10)


def _association(scanner: int) -> list[tuple[int, bytes]]:
    talk = _Talk(scanner)
    talk.segment(True, 0x02, syn=1)
    talk.segment(False, 0x12, syn=1)
    talk.segment(True, 0x10)
    talk.send(True, _associate(1, False, b"ARCHIVE", b"CT%d" % scanner))
    talk.send(False, _associate(2, True, b"ARCHIVE", b"CT%d" % scanner))
    for number in range(1, _SLICES + 1):
        request, response = _store(number, scanner)
        talk.send(True, request)
        talk.send(False, response)
    talk.send(True, b"\x05\0\0\0\0\4\0\0\0\0")
    talk.send(False, b"\x06\0\0\0\0\4\0\0\0\0")
    talk.segment(True, 0x11, syn=1)
    talk.segment(False, 0x11, syn=1)
    talk.segment(True, 0x10)
    return talk.frames


def write(out: Path, size: int) -> int:
    """Write a capture of at least ``size`` bytes; gives the number of packets."""
    frames = sorted((frame for scanner in range(_SCANNERS) for frame in _association(scanner)), key=lambda item: item[0])
    parts = [struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(f), len(f)) + f for at, f in frames]
    starts = np.concatenate(([0], np.cumsum([len(part) for part in parts])[:-1]))
    records = np.frombuffer(b"".join(parts), np.uint8)
    seconds_at = starts[:, None] + np.arange(4)
    # The second and third octet of both addresses: of the IP header, 16 + 14 bytes into a record.
    vary = (starts[:, None] + 30 + np.array([13, 14, 17, 18])).reshape(-1)
    written = replica = 0
    with out.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        while written < size:
            copy = records.copy()
            copy[vary] ^= np.tile(np.array([replica & 255, replica >> 8] * 2, np.uint8), len(starts))
            seconds = copy[seconds_at].view("<u4")[:, 0] + _BASE + replica * 60
            copy[seconds_at] = seconds.astype("<u4").view(np.uint8).reshape(-1, 4)
            file.write(copy.tobytes())
            written += len(copy)
            replica += 1
    return len(frames) * replica


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(float(sys.argv[2]))), "packets")
