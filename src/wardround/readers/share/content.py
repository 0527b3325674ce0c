"""What the first block of a file is by its bytes, and how random it looks.

Encrypted bytes cannot be told from compressed ones by their statistics (a JPEG 2000 image has as much entropy): they say
only whether a block whose kind is *not* recognised may be encrypted. The kind comes first.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How much of a file is looked at: what a file system reads anyway.
BLOCK = 4096

#: More than this is not unpacked of a block, to see whether it can be.
_INFLATED = 1 << 16

#: Fewer bytes say nothing about how random they are.
LEAST = 1024

#: The mean of chi-square over 255 degrees of freedom is 255 and its standard deviation 22.6: random bytes pass 6 of them in
#: one of some hundred million blocks.
MOST_CHI_SQUARE = 390.0

#: Bytes at the beginning, and what they say.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jpeg2000"),
    (b"\xffO\xffQ", "jpeg2000"),
    (b"8BPS", "photoshop"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"MSCF", "cab"),
    (b"{\\rtf", "rtf"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"SQLite format 3\0", "sqlite"),
    (b"\0\x01\0\0Standard ", "access"),
    (b"\x01\x0f\0\0\0\0\0\0", "mssql"),
    (b"TAPE", "mssql_backup"),
    (b"!BDN", "outlook"),
    (b"KDMV", "vmdk"),
    (b"COWD", "vmdk"),
    (b"# Disk DescriptorFile", "vmdk"),
    (b"vhdxfile", "vhdx"),
    (b"conectix", "vhd"),
    (b"QFI\xfb", "qcow2"),
    (b"LUKS\xba\xbe", "encrypted_disk"),
    (b"\xeb\x58\x90-FVE-FS-", "encrypted_disk"),
    (b"age-encryption.org/", "encrypted_file"),
    (b"Salted__", "encrypted_file"),
    (b"-----BEGIN PGP", "encrypted_file"),
    (b"\x03\xd9\xa2\x9a", "password_store"),
    (b"RIFF", "riff"),
    (b"ID3", "mp3"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\0\0\x01\xba", "mpeg"),
    (b"\0\0\x01\xb3", "mpeg"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"ElfFile\0", "evtx"),
    (b"regf", "registry"),
    (b"\xd4\xc3\xb2\xa1", "capture"),
    (b"\x0a\x0d\x0d\x0a", "capture"),
)
_BY_FIRST: dict[int, tuple[tuple[bytes, str], ...]] = {}
for _magic, _kind in _MAGIC:
    _BY_FIRST[_magic[0]] = (*_BY_FIRST.get(_magic[0], ()), (_magic, _kind))

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes((*range(9), *range(14, 27), *range(28, 32)))
_TEXT = bytes(range(32, 127)) + b"\t\n\r\f\x1b"
_GROUPS = frozenset((0x0002, 0x0004, 0x0008))
_VR = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)


def kind_of(block: bytes) -> str:
    """The kind of a file from its first block: a word of column ``magic``."""
    if not block:
        return "empty"
    if block[128:132] == b"DICM":
        return "dicom"
    for magic, kind in _BY_FIRST.get(block[0], ()):
        if block.startswith(magic):
            return kind
    if block[0] == 0xFF and block[1:2] in (b"\xfb", b"\xf3", b"\xf2") and block[2:3] not in (b"", b"\xff"):
        return "mp3"
    if block[4:8] == b"ftyp":
        return "mp4"
    if block[257:262] == b"ustar":
        return "tar"
    if block[:2] == b"BM" and len(block) > 26 and block[6:10] == b"\0\0\0\0":
        return "bmp"
    if _is_data_set(block):
        return "dicom_data_set"
    if not block.strip(b"\0"):
        return "zero"
    if _is_text(block):
        return _text_kind(block)
    # Bare, or behind its length in eight bytes, as Orthanc stores compressed images.
    return "zlib" if _inflates(block) or (block[4:8] == b"\0\0\0\0" and _inflates(block[8:])) else "unknown"


def _inflates(block: bytes) -> bool:
    """Whether a zlib stream begins here (RFC 1950): its two bytes occur by chance, what follows would then not unpack."""
    if block[:1] != b"\x78" or block[1:2] not in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
        return False
    try:
        zlib.decompressobj().decompress(block, _INFLATED)
    except zlib.error:
        return False
    return True


def _is_data_set(block: bytes) -> bool:
    """Whether the block begins like a DICOM data set without a header (PS3.5, 7.1): two plausible elements in order."""
    group, element = int.from_bytes(block[0:2], "little"), int.from_bytes(block[2:4], "little")
    if len(block) < 16 or group not in _GROUPS or element > 0x0100:
        return False
    if block[4:6] in _VR:
        return True
    length = int.from_bytes(block[4:8], "little")
    place = 8 + length
    return (
        length < 256
        and place + 4 <= len(block)
        and int.from_bytes(block[place : place + 2], "little") in (group, 0x0008, 0x0010)
    )


def _is_text(block: bytes) -> bool:
    if block.startswith(_MARKS):
        return True
    strange = len(block.translate(None, _TEXT))
    if strange == 0:
        return True
    if block[1::2].count(0) * 10 > 9 * (len(block) // 2) or block[::2].count(0) * 10 > 9 * (len(block) // 2):
        return len(block.translate(None, _TEXT + b"\0")) * 20 < len(block)  # UTF-16 without a mark
    try:
        block.decode()
    except UnicodeDecodeError as error:
        if error.start < len(block) - 4:
            return strange * 5 < len(block) and not _controls(block)
    return not _controls(block)


def _controls(block: bytes) -> bool:
    return (
        len(block) - len(block.translate(None, bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32))))
        > len(block) // 100
    )


def _text_kind(block: bytes) -> str:
    start = block.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    if start.startswith(b"<?xml"):
        return "xml"
    return "text"


#: What may stand behind a promise: everything else is another kind.
FITS: dict[str, frozenset[str]] = {
    "dicom": frozenset(("dicom", "dicom_data_set", "gzip", "zip", "zlib", "zstd", "jpeg", "jpeg2000")),
    "pdf": frozenset(("pdf",)),
    "office": frozenset(("zip", "ole", "access", "rtf", "html", "xml", "text")),
    "image": frozenset(("jpeg", "png", "gif", "bmp", "tiff", "jpeg2000", "photoshop", "riff", "mp4")),
    "text": frozenset(("text", "xml", "html", "rtf")),
    "archive": frozenset(("zip", "7z", "rar", "gzip", "bzip2", "xz", "zstd", "tar", "cab")),
    "database": frozenset(("mssql", "mssql_backup", "sqlite", "outlook", "ole", "access", "text", "zip", "gzip", "zero")),
    "disk": frozenset(("vmdk", "vhdx", "vhd", "qcow2", "zero", "tar", "text")),
    "video": frozenset(("mp4", "riff", "asf", "matroska", "mpeg")),
    "audio": frozenset(("mp3", "riff", "asf", "mp4", "flac", "ogg")),
    "program": frozenset(("program", "ole", "zip")),
}

#: Promises that the first block of an intact file always keeps; of the others (a raw disk, a compressed backup) it need not.
_KEPT = frozenset(("dicom", "pdf", "office", "image", "text", "archive", "program"))


#: Kinds of which the first block never looks random: two bytes that agree by chance are not enough to be one.
_NEVER_RANDOM = frozenset(("program", "text", "xml", "html", "bmp", "mp3"))


def corrected(promised: str | None, magic: str | None, chi_square: float | None) -> str | None:
    """The kind, unknown where it rests on two bytes of a block that looks random and nothing promised it."""
    if (
        magic in _NEVER_RANDOM
        and chi_square is not None
        and chi_square < MOST_CHI_SQUARE
        and magic not in FITS.get(promised or "", ())
    ):
        return "unknown"
    return magic


def state_of(promised: str | None, magic: str, chi_square: float | None) -> str | None:
    """Whether a file is what its ending promises: fits, lost, other; None where nothing is promised or there is too little."""
    if promised is None or magic == "empty":
        return None
    if magic in FITS[promised]:
        return "fits"
    if magic == "unknown" and promised in _KEPT and chi_square is not None and chi_square < MOST_CHI_SQUARE:
        return "lost"
    return "other"


def statistics(blocks: list[bytes]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shannon entropy in bits per byte and Pearson's chi-square of each block; NaN for blocks shorter than LEAST."""
    import numpy as np

    counts = np.zeros((len(blocks), 256), np.float64)
    for place, block in enumerate(blocks):
        if len(block) >= LEAST:
            counts[place] = np.bincount(np.frombuffer(block, np.uint8), minlength=256)
    total = counts.sum(axis=1)
    total[total == 0] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        share = counts / total[:, None]
        entropy = -np.nansum(np.where(share > 0, share * np.log2(share), 0.0), axis=1)
        expected = (total / 256)[:, None]
        chi_square = ((counts - expected) ** 2 / expected).sum(axis=1)
    entropy[np.isnan(total)] = np.nan
    return np.abs(entropy), chi_square
