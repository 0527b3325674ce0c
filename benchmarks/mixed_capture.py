"""A large mixed capture from the shared corpora: every Ethernet frame with IP in it, many times, each with its own hosts.

    python benchmarks/mixed_capture.py CORPORA OUT.pcap BYTES

Frames of all captures are shuffled into one minute of traffic; every further minute repeats them with other addresses.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wardround.errors import ReaderError
from wardround.wire import capture
from wardround.wire.decode import MAX_TUNNELS, PACKET, decode

_MINUTE = 60


def _frames(file: Path) -> tuple[list[bytes], list[int], list[int], list[int]]:
    """Frames of a capture, their times from its first (ns), offsets of their IP headers, and IP versions."""
    data = np.fromfile(file, np.uint8)
    frames: list[bytes] = []
    times: list[int] = []
    headers: list[int] = []
    versions: list[int] = []
    for block in capture.blocks(data):
        if not isinstance(block, capture.Block):
            break
        packets = np.zeros(len(block.places) * (MAX_TUNNELS + 1) + 8, PACKET)
        _, rows = decode(data, block.places, block.first, packets, 0, 1)
        outer = packets[:rows][packets["parent"][:rows] < 0]
        for place, packet in zip(block.places, outer, strict=True):
            if place["link"] != 1 or packet["version"] == 0:
                continue
            start = int(place["offset"])
            frames.append(data[start : start + int(place["captured"])].tobytes())
            times.append(int(place["ts"]))
            headers.append(int(packet["ip_offset"]) - start)
            versions.append(int(packet["version"]))
    first = min(times, default=0)
    return frames, [(ts - first) % (_MINUTE * 10**9) for ts in times], headers, versions


def template(corpora: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], int]:
    """One minute of traffic as pcap records: the bytes, where records begin, which bytes to vary, number of frames."""
    collected: list[tuple[int, bytes, int, int]] = []
    for file in sorted([*corpora.glob("captures/pcap/*.pcap*"), *corpora.glob("zeek/traces/**/*.pcap*")]):
        try:
            collected += zip(*_reordered(_frames(file)), strict=True)
        except ReaderError:
            continue
    collected.sort(key=lambda item: item[0])
    parts: list[bytes] = []
    starts: list[int] = []
    vary: list[int] = []
    at = 0
    for ts, frame, header, version in collected:
        length = len(frame)
        seconds, rest = divmod(ts, 10**9)
        parts.append(b"".join(n.to_bytes(4, "little") for n in (seconds, rest // 1000, length, length)) + frame)
        starts.append(at)
        ip = at + 16 + header
        vary += [ip + 13, ip + 14, ip + 17, ip + 18] if version == 4 else [ip + 13, ip + 14, ip + 29, ip + 30]
        at += 16 + length
    return np.frombuffer(b"".join(parts), np.uint8), np.array(starts), np.array(vary), len(starts)


def _reordered(
    found: tuple[list[bytes], list[int], list[int], list[int]],
) -> tuple[list[int], list[bytes], list[int], list[int]]:
    return found[1], found[0], found[2], found[3]


def write(corpora: Path, out: Path, size: int) -> int:
    """Write a capture of at least ``size`` bytes; gives the number of packets."""
    records, starts, vary, count = template(corpora)
    base = 1_700_000_000
    with out.open("wb") as file:
        file.write(bytes.fromhex("d4c3b2a1020004000000000000000000") + (262144).to_bytes(4, "little") + b"\x01\0\0\0")
        replica = written = 0
        while written < size:
            copy = records.copy()
            keys = np.tile(np.array([replica & 255, replica >> 8] * 2, np.uint8), len(vary) // 4)
            copy[vary] ^= keys
            seconds = copy[starts[:, None] + np.arange(4)].copy().view("<u4")[:, 0] + base + replica * _MINUTE
            copy[starts[:, None] + np.arange(4)] = seconds.astype("<u4").view(np.uint8).reshape(-1, 4)
            file.write(copy.tobytes())
            written += len(copy)
            replica += 1
    return count * replica


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), Path(sys.argv[2]), int(float(sys.argv[3]))), "packets")
