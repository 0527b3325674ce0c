"""Pieces that arrive damaged or unknown, as some always do: the round must say so and go on."""

from __future__ import annotations

import struct
import zlib

from demo.generate.chance import Chance

_EVTX_HEADER_BLOCK = 4096


def interrupted_evtx() -> bytes:
    """The Security log of an X-ray room's console whose copy stopped in the first chunk: a true header, then little."""
    head = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, 0, 1, 128, 1, 3, _EVTX_HEADER_BLOCK, 1)
    head += bytes(76) + struct.pack("<I", 1)
    head += struct.pack("<I", zlib.crc32(head[:120]))
    chance = Chance("interrupted evtx")
    rest = bytes(chance.whole(0, 255) for _ in range(900))
    return head.ljust(_EVTX_HEADER_BLOCK, b"\0") + b"ElfChnk\0" + struct.pack("<QQQQII", 1, 40, 1, 40, 128, 9000) + rest


def interrupted_lines(text: str, share: float) -> str:
    """The beginning of a text file whose copy was interrupted, in the middle of a line."""
    return text[: int(len(text) * share)].rstrip("\n")[:-7]


def service_dump() -> bytes:
    """The binary dump of a modality's service software, in a format that only its manufacturer knows."""
    chance = Chance("service dump")
    return b"\x8dSVCDUMP\x01\x00" + bytes(chance.whole(0, 255) for _ in range(6000))
