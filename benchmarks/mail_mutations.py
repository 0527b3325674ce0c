"""Hostile mail: every message of the corpora, damaged and reassembled at random, must be read and judged without harm.

    python benchmarks/mail_mutations.py [--mutations 100000] [--seed 1] [--jobs 2] [--first 0] [--only TEXT]

Each mutation is read by the reader that knows its bytes (as a message where none does), judged and made into rows, in a
process whose memory is limited. What counts as a failure: an exception other than ReaderError, a judge that failed, a
reading that takes longer than SLOW seconds of processor time, a process that dies. Mutations are numbered and derived from
the seed, so that a failure can be looked at again: it is printed with its number and name. Exits 1 on a failure.
"""

from __future__ import annotations

import argparse
import base64
import io
import random
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

from corpora import corpora
from mutating import Counts, Memory, limited, run

from wardround import readers
from wardround.errors import ReaderError
from wardround.readers.base import Reader
from wardround.readers.mail import eml

#: Larger messages are cut: what is looked for does not need their length.
PIECE = 256 << 10

#: Messages that a process takes at a time.
_STRETCH = 40

#: What headers and bodies are made worse with.
_WORSE = (
    b"=?utf-8?B?" + b"4oKs" * 600 + b"?=", b"=?utf-7?q?+AGE-" + b"+" * 200 + b"?=", b"=?" * 500, b"<" * 3_000, b"(" * 3_000,
    b'"' * 999, b"a@" * 999, b"," * 3_000, b"\\" * 999, b"\xff\xfe\x00", b"\x00" * 64, b"; x*0*=''" * 200, b"\n\t" * 500,
    b"\xe2\x80\xae", b"\xf0\x9d\x92\x9c" * 50, b"<!--" * 999, b"<a href=" * 999, b"<script>" * 500, b"&#" * 999, b"&amp" * 999,
    b"%" * 999, b"http://" * 500, b"//@" * 500, b"\x1b]0;x\x07", b"=cmd|' /C calc'!A0",
    b"From x@y.z Mon Mar  2 08:00:00 2026\n",
    b"--" + b"-" * 900, b"=3D" * 900, b"= \n" * 900, b"0." * 900, b"1" * 4_000, b"fe80::" * 300, b"A" * 20_000,
)  # fmt: skip

_HEADERS = (
    b"From", b"To", b"Reply-To", b"Subject", b"Date", b"Received", b"Content-Type", b"Content-Disposition", b"References",
    b"Content-Transfer-Encoding", b"Authentication-Results", b"ARC-Authentication-Results", b"Received-SPF", b"Message-ID",
    b"DKIM-Signature", b"Return-Path", b"List-Unsubscribe", b"X-Originating-IP",
)  # fmt: skip


class _Quiet:
    """A sink that keeps only failures of the judge."""

    def __init__(self) -> None:
        self.defects: list[str] = []

    def write(self, table: str, rows: Any) -> None:
        """Drop rows, once they have proven to be a table."""
        rows.validate(full=True)

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Keep what went wrong by our fault."""
        if code.endswith("_defect"):
            self.defects.append(message)


def messages(directory: Path) -> list[Path]:
    """Every piece of mail of the corpora, and reports about mail."""
    found: list[Path] = []
    for part in (
        "mail",
        "evidence/mail_phish",
        "evidence/mail_auth",
        "evidence/mail_ham",
        "evidence/mail_spam",
        "evidence/dmarc_reports",
    ):
        found += [path for path in sorted((directory / part).rglob("*")) if path.is_file() and path.suffix != ".md"]
    return found


def _bombs() -> list[bytes]:
    """Attachments that expand: compressed data, pictures of enormous size, documents within documents."""
    zeros = bytes(8 << 20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"r{number}!.xml", zeros)
    nested = buffer.getvalue()
    for _ in range(3):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("in!.zip", nested)
        nested = outer.getvalue()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(zeros)) + chunk(b"IEND", b"")
    gif = (
        b"GIF89a"
        + struct.pack("<HH", 65_535, 65_535)
        + b"\xf7\x00\x00"
        + bytes(768)
        + b",\x00\x00\x00\x00\xff\xff\xff\xff\x00\x08"
    )
    pdf = b"%PDF-1.7\n1 0 obj\n<< /Length 9 /Filter [/FlateDecode /FlateDecode] >>\nstream\n" + zlib.compress(
        zlib.compress(zeros)
    )
    rtf = struct.pack("<II4sI", 0, 0xFFFFFFFF, b"LZFu", 0) + (b"\xff" + b"\x00\x0f" * 8) * 4_000
    return [buffer.getvalue(), nested, picture, gif, pdf + b"\nendstream\nendobj\n", rtf, zlib.compress(zeros, wbits=31)]


_BOMBS = _bombs()
_NAMES = (b"a!b.zip", b"r!.xml.gz", b"x.png", b"x.gif", b"x.pdf", b"winmail.dat", b"x.html", b"x.svg", b"x.docm", b"x.iso")


def mutate(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """A message damaged or made worse; ``other`` is another one, of which pieces are taken."""
    changed = bytearray(data[:PIECE])
    kind = chance.random()
    if kind < 0.1:
        return bytes(changed[: chance.randrange(len(changed) + 1)])
    if kind < 0.3:
        return _worse_header(changed, chance)
    if kind < 0.4:
        return _enclosed(changed, chance)
    if kind < 0.5:  # a piece of another message in the middle
        at, start = chance.randrange(len(changed) + 1), chance.randrange(len(other) + 1)
        changed[at:at] = other[start : start + chance.randrange(20_000)]
        return bytes(changed)
    if kind < 0.6:  # something heavy anywhere
        at = chance.randrange(len(changed) + 1)
        changed[at:at] = chance.choice(_WORSE) * chance.choice((1, 1, 3, 20))
        return bytes(changed)
    for _ in range(chance.choice((1, 2, 4, 8, 32, 200))):
        if not changed:
            break
        at = min(chance.randrange(len(changed)), chance.randrange(len(changed)))
        if kind < 0.75:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind < 0.85:
            changed[at] = chance.choice(b'\x00\xff\n\r:;="<>()\\,@% \t')
        elif kind < 0.93:
            del changed[at : at + chance.randrange(1, 200)]
        else:
            size = chance.randrange(1, 200)
            changed[at:at] = changed[at : at + size] * chance.choice((1, 2, 10))
    return bytes(changed)


def _worse_header(changed: bytearray, chance: random.Random) -> bytes:
    """Headers added on top, or values made worse."""
    added = bytearray()
    for _ in range(chance.choice((1, 1, 2, 5, 200))):
        value = bytearray(chance.choice(_WORSE))
        if chance.random() < 0.3:
            value += chance.randbytes(chance.randrange(60))
        added += chance.choice(_HEADERS) + b": " + bytes(value).replace(b"\n", b"\n ") + b"\n"
        if len(added) > PIECE:
            break
    return bytes(added + changed)


def _enclosed(changed: bytearray, chance: random.Random) -> bytes:
    """The message as one part of another, beside something that expands, or nested many times."""
    if chance.random() < 0.3:
        data = bytes(changed[:20_000])
        for depth in range(chance.randrange(1, 60)):
            mark = b"m%d" % (depth if chance.random() < 0.7 else 1)
            data = (
                b'Content-Type: multipart/mixed; boundary="'
                + mark
                + b'"\n\n--'
                + mark
                + b"\n"
                + data
                + b"\n--"
                + mark
                + b"--\n"
            )
        return b"From: a@b.example\nSubject: x\n" + data
    bomb, name = chance.choice(_BOMBS), chance.choice(_NAMES)
    head = (
        b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="
    )
    part = head + name + b"\n\n" + base64.encodebytes(bomb)
    body = b"--b\n" + part + b"--b\nContent-Type: message/rfc822\n\n" + bytes(changed) + b"\n--b--\n"
    return b"From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + body


def attempt(data: bytes) -> list[str]:
    """Read a piece of mail; what went wrong."""
    sink = _Quiet()
    try:
        known = readers.identify(data[:65_536])
        reader: Reader = (
            known[1] if known is not None and type(known[1]).__module__.startswith("wardround.readers.mail.") else eml.READER
        )
        source = Memory(data)
        for span in reader.split(source):
            reader.read(source, span, sink)
    except ReaderError:
        pass
    except Exception as error:  # noqa: BLE001 - any other is what this looks for
        return [f"{type(error).__name__}: {error}"]
    return sink.defects


def _stretch(paths: list[Path], others: list[Path], seed: int, first: int, count: int) -> Counts:
    """Mutations ``first`` to ``first + count`` of each of some messages."""
    contents = [path.read_bytes() for path in others]
    attempt(paths[0].read_bytes())
    with limited() as counts:
        for path in paths:
            data = path.read_bytes()
            for number in range(first, first + count):
                name = f"{path.name} {number}"
                chance = random.Random(f"{seed} {name}")
                counts.attempt(name, mutate(data, chance.choice(contents), chance), attempt)
    return counts


def main() -> int:
    """Mutate, read, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutation of every message")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="messages whose name contains this")
    chosen = parser.parse_args()
    paths = [path for path in messages(corpora()) if chosen.only in path.name]
    random.Random(chosen.seed).shuffle(paths)
    paths = paths[: chosen.mutations]
    each = -(-chosen.mutations // max(1, len(paths)))
    stretches = [paths[at : at + _STRETCH] for at in range(0, len(paths), _STRETCH)]
    work = [
        (
            f"{stretch[0].name} to {stretch[-1].name} from {chosen.first}, {each} mutations each",
            (stretch, paths[:_STRETCH], chosen.seed, chosen.first, each),
        )
        for stretch in stretches
    ]
    return run(chosen.jobs, 8, _stretch, work, f"{len(paths)} messages")


if __name__ == "__main__":
    sys.exit(main())
