"""What kind of content a file begins with, by its first bytes: to tell a file that was overwritten by an encrypted one.

Compressed formats look as random as encrypted ones (JPEG 2000 pixels too), but they begin with a mark of their own. What has no
mark and is as even as chance is ``random``.
"""

from __future__ import annotations

from collections import Counter

#: Bytes of the beginning that are looked at, and the fewest that say anything about evenness.
LOOKED_AT, _LEAST = 4_096, 512

#: Chi-square over 256 values has the mean 255 and the deviation 22.6 for random bytes; text and headers reach thousands.
_EVEN = 400.0

_MARKS = (
    (b"%PDF", "pdf"), (b"PK\x03\x04", "zip"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG", "png"), (b"GIF8", "gif"), (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"\xff\x4f\xff\x51", "jpeg2000"),
    (b"\0\0\0\x0cjP  ", "jpeg2000"), (b"\x1f\x8b", "gzip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!", "rar"), (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"MZ", "program"), (b"\x7fELF", "program"),
    (b"SQLite format 3", "sqlite"), (b"!BDN", "pst"),
    (b"conectix", "disk"), (b"vhdxfile", "disk"), (b"KDMV", "disk"), (b"QFI\xfb", "disk"), (b"{\\rtf", "rtf"),
    (b"RIFF", "riff"), (b"OggS", "ogg"), (b"ID3", "mp3"), (b"LUKS\xba\xbe", "disk"), (b"MSCF", "cab"),
    (b"\x30\x26\xb2\x75", "asf"), (b"\x01\x0f\0\0", "mdf"), (b"\0\1\0\0Standard ", "access"),
)  # fmt: skip


def kind(head: bytes) -> str:
    """``dicom``, ``pdf``, ``zip`` … by a mark, ``text``, ``random``, or ``other``; LOOKED_AT bytes are enough."""
    head = head[:LOOKED_AT]
    if head[128:132] == b"DICM":
        return "dicom"
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head[4:8] == b"ftyp":
        return "mp4"
    if len(head) < _LEAST:
        return "other"
    counts = Counter(head)
    if sum(counts[value] for value in range(0x20, 0x7F)) + counts[9] + counts[10] + counts[13] > 0.9 * len(head):
        return "text"
    expected = len(head) / 256
    even = sum(count * count for count in counts.values()) / expected - len(head)
    return "random" if even < _EVEN else "other"
