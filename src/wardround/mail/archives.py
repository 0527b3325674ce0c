"""What stands in an archive that came along, as far as its directory tells: names of members, and whether it is encrypted.

Nothing is unpacked but the directory of a 7z archive, which is itself compressed, and that within a limit. Why this is not
left to libraries: docs/decisions/0042-directories-of-archives.md. Sources:
PKWARE APPNOTE 6.3 (4.3.12, 4.3.16, 4.4.4), RAR 5.0 archive format and its predecessor as UnRAR documents it, 7zFormat.txt of
the LZMA SDK.
"""

from __future__ import annotations

import io
import lzma
import struct
from dataclasses import dataclass

#: Names of members that are kept, characters of each, and members that are looked at.
MEMBERS = 50
NAME_CHARACTERS = 255
_LOOKED_AT = 2_000

#: Bytes of a 7z directory, as stored and unpacked.
_DIRECTORY_BYTES = 1 << 20

#: Containers whose directory is read; office documents are zip archives too, and their members say nothing to people.
KINDS = frozenset(["zip", "jar", "apk", "rar", "7z"])
_OFFICE = frozenset(["docx", "xlsx", "pptx", "opendocument"])

_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_AES = b"\x06\xf1\x07\x01"


@dataclass(frozen=True, slots=True)
class Listing:
    """Names of the first members, and whether a member or the directory is encrypted; None where nothing tells.

    ``damaged`` says that the directory could be read only in part, or not at all.
    """

    encrypted: bool | None = None
    members: tuple[str, ...] = ()
    damaged: bool = False


class _DamagedError(Exception):
    """The directory cannot be read further."""


def listing(kind: str, data: bytes) -> Listing:
    """The directory of an archive or the encryption of a document, by its ``kind`` (:mod:`wardround.mail.kinds`).

    Damaged ones tell what was read up to the damage; other kinds give an empty listing.
    """
    if kind in KINDS or kind in _OFFICE:
        found, damaged = _Found(), False
        try:
            if kind == "7z":
                _seven(data, found)
            elif kind == "rar":
                _rar(data, found)
            else:
                _zip(data, found)
        except (_DamagedError, struct.error, lzma.LZMAError, EOFError, ValueError, OverflowError):
            damaged = not found.encrypted  # an encrypted directory is not damaged
        return Listing(found.encrypted, tuple(found.members) if kind in KINDS else (), damaged)
    if kind == "ole":
        return Listing(_ENCRYPTED_PACKAGE in data)
    if kind == "pdf":
        return Listing(b"/Encrypt" in data[-65_536:] or b"/Encrypt" in data[:4_096])
    return Listing()


class _Found:
    """What a directory told so far."""

    def __init__(self) -> None:
        self.encrypted: bool | None = None
        self.members: list[str] = []

    def member(self, name: str, *, encrypted: bool) -> None:
        self.encrypted = bool(self.encrypted) or encrypted
        if len(self.members) < MEMBERS and name and not name.endswith("/"):
            self.members.append(name[:NAME_CHARACTERS])


def _zip(data: bytes, found: _Found) -> None:
    """The central directory; the headers before the members where that is missing."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    at = -1
    if 0 <= end <= len(data) - 22:
        size, start = struct.unpack_from("<II", data, end + 12)
        for place in (start, end - size):  # bytes put before an archive shift the stated place
            if 0 <= place < end and data[place : place + 4] == b"PK\x01\x02":
                at = place
                break
    if at < 0:
        _zip_without_directory(data, found)
        return
    for _ in range(_LOOKED_AT):
        if data[at : at + 4] != b"PK\x01\x02":
            return
        (flags,) = struct.unpack_from("<H", data, at + 8)
        name, extra, comment = struct.unpack_from("<HHH", data, at + 28)
        found.member(_zip_name(data[at + 46 : at + 46 + name], flags), encrypted=bool(flags & 1))
        at += 46 + name + extra + comment


def _zip_without_directory(data: bytes, found: _Found) -> None:
    at = 0
    for _ in range(_LOOKED_AT):
        if data[at : at + 4] != b"PK\x03\x04":
            return
        (flags,) = struct.unpack_from("<H", data, at + 6)
        (packed,) = struct.unpack_from("<I", data, at + 18)
        name, extra = struct.unpack_from("<HH", data, at + 26)
        found.member(_zip_name(data[at + 30 : at + 30 + name], flags), encrypted=bool(flags & 1))
        if flags & 8:  # the size stands behind the member: the next header has to be looked for
            at = data.find(b"PK\x03\x04", at + 30 + name + extra)
            if at < 0:
                return
        else:
            at += 30 + name + extra + packed


def _zip_name(raw: bytes, flags: int) -> str:
    return raw.decode("utf-8" if flags & 0x800 else "cp437", "replace")


def _rar(data: bytes, found: _Found) -> None:
    if data.startswith(b"Rar!\x1a\x07\x01\x00"):
        _rar5(data, found)
    elif data.startswith(b"Rar!\x1a\x07\x00"):
        _rar4(data, found)


def _rar5(data: bytes, found: _Found) -> None:
    """Blocks: checksum, size, type, flags. Type 4 encrypts every header that follows, a record 1 of a file its data."""
    at = 8
    for _ in range(_LOOKED_AT):
        size, start = _variable(data, at + 4)
        kind, place = _variable(data, start)
        flags, place = _variable(data, place)
        extra, place = _variable(data, place) if flags & 1 else (0, place)
        packed, place = _variable(data, place) if flags & 2 else (0, place)
        end = start + size
        if kind == 4:
            found.encrypted = True
            return
        if kind == 5 or end > len(data):
            return
        if kind == 2:
            found.member(_rar5_name(data[place:end]), encrypted=_rar5_encrypted(data[max(place, end - extra) : end]))
        at = end + packed


def _rar5_name(field: bytes) -> str:
    flags, at = _variable(field, 0)
    for _ in range(2):  # unpacked size, attributes
        _, at = _variable(field, at)
    at += (4 if flags & 2 else 0) + (4 if flags & 4 else 0)
    for _ in range(2):  # compression, host
        _, at = _variable(field, at)
    length, at = _variable(field, at)
    return field[at : at + min(length, 4 * NAME_CHARACTERS)].decode("utf-8", "replace")


def _rar5_encrypted(extra: bytes) -> bool:
    at = 0
    while at < len(extra):
        size, start = _variable(extra, at)
        kind, _ = _variable(extra, start)
        if kind == 1:
            return True
        at = start + size
    return False


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """A number of RAR 5 (seven bits a byte, the lowest first) and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise _DamagedError
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
    raise _DamagedError


def _rar4(data: bytes, found: _Found) -> None:
    """Blocks: checksum, type, flags, size. 0x80 of the archive's header encrypts the headers, 4 of a file's its data."""
    at = 7
    for _ in range(_LOOKED_AT):
        _, kind, flags, size = struct.unpack_from("<HBHH", data, at)
        if size < 7 or kind == 0x7B:
            return
        packed = 0
        if kind == 0x73 and flags & 0x80:
            found.encrypted = True
            return
        if kind == 0x74:
            (packed,) = struct.unpack_from("<I", data, at + 7)
            (length,) = struct.unpack_from("<H", data, at + 26)
            name = data[at + (40 if flags & 0x100 else 32) :][:length].partition(b"\0")[0]
            found.member(name.decode("utf-8", "replace").replace("\\", "/"), encrypted=bool(flags & 4))
        elif flags & 0x8000:
            (packed,) = struct.unpack_from("<I", data, at + 7)
        at += size + packed


def _seven(data: bytes, found: _Found) -> None:
    """The directory at the end, unpacked where it is packed by LZMA; one that is encrypted says so in its coders."""
    offset, size = struct.unpack_from("<QQ", data, 12)
    start = 32 + offset
    if size > _DIRECTORY_BYTES or start + size > len(data):
        raise _DamagedError
    directory = data[start : start + size]
    for _ in range(4):  # a directory may be packed again
        reader = io.BytesIO(directory)
        first = reader.read(1)
        if first == b"\x01":
            found.encrypted = False
            _seven_header(reader, found)
            return
        if first != b"\x17":
            raise _DamagedError
        directory = _seven_unpacked(data, reader, found)


def _seven_unpacked(data: bytes, reader: io.BytesIO, found: _Found) -> bytes:
    streams = _streams(reader)
    if any(method == _AES for method, _ in streams.coders):
        found.encrypted = True
        raise _DamagedError
    if len(streams.coders) != 1 or not streams.packed or not streams.unpacked:
        raise _DamagedError
    method, properties = streams.coders[0]
    if streams.unpacked[0] > _DIRECTORY_BYTES or streams.packed[0] > _DIRECTORY_BYTES:
        raise _DamagedError
    raw = data[32 + streams.position :][: streams.packed[0]]
    if method == b"\x00":
        return raw
    if method != b"\x03\x01\x01" or len(properties) != 5:
        raise _DamagedError
    lc, rest = properties[0] % 9, properties[0] // 9
    choice = {
        "id": lzma.FILTER_LZMA1,
        "lc": lc,
        "lp": rest % 5,
        "pb": rest // 5,
        "dict_size": min(max(4_096, int.from_bytes(properties[1:], "little")), _DIRECTORY_BYTES),
    }
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[choice]).decompress(raw, streams.unpacked[0])


@dataclass(slots=True)
class _Streams:
    """Where packed streams begin, their sizes, the coders (method, properties) of all folders, and unpacked sizes."""

    position: int
    packed: list[int]
    coders: list[tuple[bytes, bytes]]
    unpacked: list[int]


def _seven_header(reader: io.BytesIO, found: _Found) -> None:
    encrypted = False
    kind = _id(reader)
    while kind not in (5, 0):  # files, end
        if kind == 4:
            encrypted = any(method == _AES for method, _ in _streams(reader).coders)
            found.encrypted = encrypted
        else:
            raise _DamagedError
        kind = _id(reader)
    if kind == 0:
        return
    _number(reader)  # of files
    while (kind := _id(reader)) != 0:
        size = _number(reader)
        if kind == 0x11:
            names = reader.read(min(size, _DIRECTORY_BYTES))[1:].decode("utf-16-le", "replace").split("\0")
            for name in names[:_LOOKED_AT]:
                found.member(name, encrypted=encrypted)
            return
        reader.seek(size, io.SEEK_CUR)


def _streams(reader: io.BytesIO) -> _Streams:
    """PackInfo, UnpackInfo, SubStreamsInfo."""
    streams = _Streams(0, [], [], [])
    kind = _id(reader)
    if kind == 6:
        streams.position = _number(reader)
        count = _bounded(_number(reader))
        while (inner := _id(reader)) != 0:
            if inner == 9:
                streams.packed = [_number(reader) for _ in range(count)]
            elif inner == 0x0A:
                _digests(reader, count)
            else:
                raise _DamagedError
        kind = _id(reader)
    if kind == 7:
        if _id(reader) != 0x0B:
            raise _DamagedError
        folders = _bounded(_number(reader))
        if reader.read(1) != b"\x00":
            raise _DamagedError
        outputs = sum(_folder(reader, streams) for _ in range(folders))
        if _id(reader) != 0x0C:
            raise _DamagedError
        streams.unpacked = [_number(reader) for _ in range(_bounded(outputs))]
        while (inner := _id(reader)) != 0:
            if inner != 0x0A:
                raise _DamagedError
            _digests(reader, folders)
        kind = _id(reader)
    if kind == 8:
        _substreams(reader, folders if streams.coders else 0)
        kind = _id(reader)
    if kind != 0:
        raise _DamagedError
    return streams


def _substreams(reader: io.BytesIO, folders: int) -> None:
    """Passed over: numbers of streams, sizes, digests."""
    counts = [1] * folders
    kind = _id(reader)
    if kind == 0x0D:
        counts = [_bounded(_number(reader)) for _ in range(folders)]
        kind = _id(reader)
    if kind == 9:
        for count in counts:
            for _ in range(max(0, count - 1)):
                _number(reader)
        kind = _id(reader)
    if kind == 0x0A:
        # Of how many streams, only other digests tell: the end of the section is looked for.
        _past_digests(reader, sum(counts))
        kind = _id(reader)
    if kind != 0:
        raise _DamagedError


def _past_digests(reader: io.BytesIO, most: int) -> None:
    """Passes over digests of at most ``most`` streams: the files (5) follow the ends of this section and of the streams."""
    start = reader.tell()
    if reader.read(1) == b"\x01":
        for count in range(most, -1, -1):
            reader.seek(start + 1 + 4 * count)
            if reader.read(3) == b"\x00\x00\x05":
                reader.seek(start + 1 + 4 * count)
                return
    raise _DamagedError


def _folder(reader: io.BytesIO, streams: _Streams) -> int:
    """Reads one folder; gives the number of its outputs."""
    coders = _number(reader)
    if not 1 <= coders <= 32:
        raise _DamagedError
    inputs = outputs = 0
    for _ in range(coders):
        flags = reader.read(1)[0] if reader.tell() < len(reader.getbuffer()) else -1
        if flags < 0 or flags & 0x80:
            raise _DamagedError
        method = reader.read(flags & 0x0F)
        taken, given = (_bounded(_number(reader)), _bounded(_number(reader))) if flags & 0x10 else (1, 1)
        properties = reader.read(_bounded(_number(reader))) if flags & 0x20 else b""
        streams.coders.append((method, properties))
        inputs, outputs = inputs + taken, outputs + given
    bonds = outputs - 1
    for _ in range(2 * bonds):
        _number(reader)
    packed = inputs - bonds
    if packed > 1:
        for _ in range(_bounded(packed)):
            _number(reader)
    return outputs


def _digests(reader: io.BytesIO, count: int) -> None:
    """Passes over checksums of ``count`` streams."""
    if reader.read(1) == b"\x01":
        reader.seek(4 * count, io.SEEK_CUR)
        return
    present = reader.read((count + 7) // 8)
    reader.seek(4 * sum(byte.bit_count() for byte in present), io.SEEK_CUR)


def _bounded(number: int) -> int:
    if not 0 <= number <= 1 << 16:
        raise _DamagedError
    return number


def _id(reader: io.BytesIO) -> int:
    return _number(reader)


def _number(reader: io.BytesIO) -> int:
    """A number of 7z: the leading ones of the first byte tell how many bytes follow."""
    first = reader.read(1)
    if not first:
        raise _DamagedError
    mask, value = 0x80, 0
    for place in range(8):
        if not first[0] & mask:
            return value | (first[0] & (mask - 1)) << (8 * place)
        further = reader.read(1)
        if not further:
            raise _DamagedError
        value |= further[0] << (8 * place)
        mask >>= 1
    return value
