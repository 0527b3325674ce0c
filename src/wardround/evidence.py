"""The evidence: walk what was given, take archives apart, open what is compressed; everything bounded.

Not for reading formats: that is the readers' part. Every file here was written by an attacker: names inside archives are
only ever shown, never used as paths; sizes they declare are not believed; ratios, counts and depths have limits.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, cast

from wardround.errors import ReaderError, UserError
from wardround.model import Diagnostic
from wardround.readers.base import SNIFF_BYTES

_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"))
_BLOCK = 1 << 20

#: How evidence from standard input is called.
STANDARD_INPUT = "stdin"


@dataclass(frozen=True, slots=True)
class Limits:
    """How far archives and compressed files are followed."""

    depth: int = 4
    members: int = 200_000
    #: Decompressed to compressed, once more than ``ratio_from`` bytes came out (gzip's own ceiling is about 1,030).
    ratio: int = 250
    ratio_from: int = 64 << 20
    #: Bytes that archive members may take on disk while the round runs.
    scratch: int = 64 << 30


DEFAULT_LIMITS = Limits()

_Opener = Callable[[], IO[bytes]]

_DECODER_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)


class _Decompressed(io.RawIOBase):
    """A decompressing stream that stops at the limit ratio and turns every decoder error into ReaderError."""

    def __init__(self, file: Path, layers: tuple[str, ...], limits: Limits) -> None:
        self._raw = file.open("rb")
        self._limits = limits
        self._given = 0
        self._errors: tuple[type[Exception], ...] = _DECODER_ERRORS
        if "zstd" in layers:
            import zstandard

            self._errors = (*_DECODER_ERRORS, zstandard.ZstdError)
        inner: BinaryIO = self._raw
        for layer in layers:
            inner = _decoder(layer, inner)
        self._inner = cast("io.BufferedReader", inner)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        try:
            data = self._inner.read1(len(view))  # no more than is there: what comes before damage is not lost with it
        except ReaderError:
            raise
        except self._errors as error:
            raise ReaderError("damaged_compression", f"the compressed data ends or breaks: {error}", self._given) from error
        self._given += len(data)
        if self._given > self._limits.ratio_from and self._given > self._limits.ratio * max(1, self._raw.tell()):
            raise ReaderError("decompression_bomb", f"more than {self._limits.ratio} times its size comes out", self._given)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        with suppress(*_DECODER_ERRORS):
            self._inner.close()
        self._raw.close()
        super().close()


def _blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """What a stream holds, in pieces of at most ``size``; what comes before an error is given before it is raised."""
    read = cast("io.BufferedReader", stream).read1
    while block := read(size):
        yield block


def _decoder(layer: str, stream: BinaryIO) -> BinaryIO:
    if layer == "gzip":
        return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    if layer == "bzip2":
        return cast("BinaryIO", bz2.BZ2File(stream))
    if layer == "xz":
        return cast("BinaryIO", lzma.LZMAFile(stream))
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=128 << 20)
    return cast("BinaryIO", decompressor.stream_reader(stream, read_across_frames=True))


@dataclass(frozen=True, slots=True)
class FileSource:
    """A piece of evidence in a real file, with the compression layers to take off; see readers.base.Source."""

    evidence_id: str
    path: str
    file: Path
    layers: tuple[str, ...] = ()
    limits: Limits = DEFAULT_LIMITS
    stored_bytes: int = 0

    @property
    def size(self) -> int | None:
        """Size of what :meth:`open` gives, None behind compression."""
        return None if self.layers else self.stored_bytes

    def open(self) -> BinaryIO:
        """Open for reading, decompressed; raises ReaderError when the file is gone or its compression is damaged."""
        try:
            if not self.layers:
                return self.file.open("rb")
            return cast("BinaryIO", io.BufferedReader(_Decompressed(self.file, self.layers, self.limits), _BLOCK))
        except OSError as error:
            raise ReaderError("unreadable", str(error.strerror or error)) from error

    def local(self) -> AbstractContextManager[Path]:
        """A real file with the decompressed bytes.

        Where the compression breaks off, the file holds what came before, and ReaderError is raised when it is given back.
        """
        return self._local()

    @contextmanager
    def _local(self) -> Iterator[Path]:
        if not self.layers:
            yield self.file
            return
        with tempfile.NamedTemporaryFile(prefix="wardround-") as spool:
            damage: ReaderError | None = None
            with self.open() as stream:
                try:
                    for block in _blocks(stream, _BLOCK):
                        spool.write(block)
                except ReaderError as error:
                    if error.code != "damaged_compression" or not spool.tell():
                        raise
                    damage = error
            spool.flush()
            yield Path(spool.name)
            if damage is not None:
                raise damage

    def head(self) -> bytes:
        """The first bytes, as readers sniff them; raises ReaderError."""
        head = bytearray()
        with self.open() as stream:
            try:
                for block in _blocks(stream, SNIFF_BYTES):
                    head += block
                    if len(head) >= SNIFF_BYTES:
                        break
            except ReaderError:
                if not head:
                    raise
            except OSError as error:
                raise ReaderError("unreadable", str(error.strerror or error)) from error
        return bytes(head[:SNIFF_BYTES])

    def sha256(self) -> str:
        """SHA-256 of the stored bytes in hexadecimal, empty when the file cannot be read any more."""
        try:
            with self.file.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return ""


@dataclass(slots=True)
class Folder:
    """The DICOM files of one directory: names, sizes in bytes and the numbers of their evidence ids.

    An archive has millions of them; they are not kept as an object each, and are opened where they are read.
    """

    path: str
    names: list[str] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    numbers: array[int] = field(default_factory=lambda: array("q"))

    def part(self, start: int, end: int) -> Folder:
        """The files from ``start`` to ``end``."""
        return Folder(self.path, self.names[start:end], self.sizes[start:end], self.numbers[start:end])

    def sources(self) -> Iterator[FileSource]:
        """The files, one after another."""
        for name, size, number in zip(self.names, self.sizes, self.numbers, strict=True):
            path = f"{self.path}{os.sep}{name}"
            yield FileSource(f"e{number}", path, Path(path), (), DEFAULT_LIMITS, size)


@dataclass(slots=True)
class Found:
    """What a walk found: ``sources`` in order, ``containers`` (archive kind by evidence id), ``diagnostics``.

    DICOM files within directories are in ``folders``, not among the sources.
    """

    sources: list[FileSource] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    containers: dict[str, str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    #: Directories that were declared as shares: evidence ids. Their sources are the directories.
    shares: set[str] = field(default_factory=set)


class Walk:
    """One walk over evidence; archive members are laid out in ``scratch``, which the caller removes."""

    def __init__(self, scratch: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self._scratch = scratch
        self._limits = replace(limits, scratch=min(limits.scratch, shutil.disk_usage(scratch).free // 2))
        self._found = Found()
        self._laid_out = 0
        self._members = 0
        self._taken = 0

    def run(self, paths: list[str], stdin: BinaryIO | None = None, shares: Iterable[str] = ()) -> Found:
        """Walk files and directories (``-`` is ``stdin``), in order of path; raises UserError for a path that is not there.

        ``shares`` are directories of which the files are looked at from outside (docs/decisions/0032-file-shares.md).
        """
        for text in sorted(dict.fromkeys(paths)):
            if text == "-":
                self._take_stdin(stdin)
                continue
            path = Path(text)
            if not path.exists():
                raise UserError(f"{text}: no such file or directory", f"{text}\u00a0: fichier ou dossier introuvable")
            if path.is_dir():
                self._directory(path)
            else:
                self._file(path)
        for text in sorted(dict.fromkeys(shares)):
            self._share(text)
        return self._found

    def _share(self, text: str) -> None:
        path = Path(text)
        if not path.is_dir():
            raise UserError(f"--share {text}: no such directory", f"--share {text}\u00a0: dossier introuvable")
        self._taken += 1
        evidence_id = f"e{self._taken}"
        self._found.sources.append(FileSource(evidence_id, text, path, (), self._limits, 0))
        self._found.shares.add(evidence_id)

    def _take_stdin(self, stdin: BinaryIO | None) -> None:
        if stdin is None:
            raise UserError("-: standard input is not available", "-\u00a0: l’entrée standard n’est pas disponible")
        target = self._scratch / "stdin"
        with target.open("wb") as out:
            while block := stdin.read(_BLOCK):
                self._laid_out += len(block)
                if self._laid_out > self._limits.scratch:
                    raise UserError(
                        "-: more than may be laid out on disk; give it as a file",
                        "-\u00a0: plus que ce qui peut être déposé sur le disque\u202f; donnez-le comme fichier",
                    )
                out.write(block)
        self._add(STANDARD_INPUT, target, 0)

    def _directory(self, directory: Path) -> None:
        # os.walk because Path.walk needs Python 3.12; links to directories may lead in circles and are not followed.
        for folder, names, files in os.walk(directory, onerror=self._unreadable):
            names.sort()
            for name in names:
                if (Path(folder) / name).is_symlink():
                    self._note("", str(Path(folder) / name), "link_not_followed", "a link to a directory; it was not followed")
            dicom = Folder(folder)
            for name in sorted(files):
                path = f"{folder.rstrip(os.sep)}{os.sep}{name}"
                size = _dicom_size(path)
                if size < 0:
                    self._file(Path(path))
                    continue
                self._taken += 1
                dicom.names.append(name)
                dicom.sizes.append(size)
                dicom.numbers.append(self._taken)
            if dicom.names:
                self._found.folders.append(dicom)

    def _unreadable(self, error: OSError) -> None:
        self._note("", str(error.filename), "unreadable", str(error.strerror or error))

    def _file(self, path: Path) -> None:
        try:
            mode = path.stat().st_mode
        except OSError as error:
            self._note("", str(path), "unreadable", str(error.strerror or error))
            return
        if not stat.S_ISREG(mode):
            self._note("", str(path), "not_a_file", "a device, pipe or socket is not evidence; it was not opened")
            return
        self._add(str(path), path, 0)

    def _add(self, shown: str, file: Path, depth: int) -> None:
        """Take one file: peel compression, open archives, else keep it as a source."""
        self._taken += 1
        evidence_id = f"e{self._taken}"
        source = FileSource(evidence_id, shown, file, (), self._limits, file.stat().st_size)
        self._found.sources.append(source)
        position = len(self._found.sources) - 1
        try:
            head = source.head()
            if is_dicom(head):  # whatever its first bytes pretend to be
                return
            while (layer := _layer(head)) and len(source.layers) < self._limits.depth:
                source = FileSource(evidence_id, shown, file, (*source.layers, layer), self._limits, source.stored_bytes)
                head = source.head()
        except ReaderError as error:
            self._note(evidence_id, shown, error.code, str(error), error.offset)
            return
        finally:
            self._found.sources[position] = source
        archive = "zip" if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) else "tar" if head[257:262] == b"ustar" else ""
        if not archive:
            return
        self._found.containers[evidence_id] = archive
        if depth >= self._limits.depth:
            self._note(evidence_id, shown, "too_deep", f"not opened: more than {self._limits.depth} archives within archives")
            return
        try:
            (self._zip if archive == "zip" else self._tar)(source, depth)
        except ReaderError as error:
            self._note(evidence_id, shown, error.code, str(error), error.offset)

    def _zip(self, source: FileSource, depth: int) -> None:
        with source.local() as file:
            try:
                archive = zipfile.ZipFile(file)
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise ReaderError("damaged_archive", f"the archive cannot be opened: {error}") from error
            with archive:
                for member in archive.infolist():
                    if member.is_dir():
                        continue
                    shown = f"{source.path}!{member.filename}"
                    if member.flag_bits & 1:
                        self._note(source.evidence_id, shown, "encrypted_member", "encrypted; it was not read")
                        continue
                    opener = partial(_zip_member, archive, member)
                    self._lay_out(source, shown, depth, opener, member.compress_size, _zip_time(member))

    def _tar(self, source: FileSource, depth: int) -> None:
        with source.open() as stream:
            try:
                with tarfile.open(fileobj=stream, mode="r|") as archive:
                    for member in archive:
                        if not member.isfile():
                            continue
                        shown = f"{source.path}!{member.name}"
                        opener = partial(_tar_member, archive, member)
                        self._lay_out(source, shown, depth, opener, member.size, float(member.mtime))
            except (tarfile.TarError, *_DECODER_ERRORS) as error:
                raise ReaderError("damaged_archive", f"the archive breaks off: {error}") from error

    def _lay_out(
        self, container: FileSource, shown: str, depth: int, opener: _Opener, compressed: int, modified: float
    ) -> None:
        """Copy one archive member into the scratch directory under a number, and take it from there."""
        self._members += 1
        if self._members > self._limits.members:
            raise ReaderError("too_many_members", f"more than {self._limits.members} members; the rest was not read")
        target = self._scratch / f"m{self._members}"
        written = 0
        try:
            with opener() as stream, target.open("wb") as out:
                while block := stream.read(_BLOCK):
                    written += len(block)
                    self._laid_out += len(block)
                    if written > self._limits.ratio_from and written > self._limits.ratio * max(1, compressed):
                        raise ReaderError("decompression_bomb", f"more than {self._limits.ratio} times its size comes out")
                    if self._laid_out > self._limits.scratch:
                        raise ReaderError("archive_too_large", "the archive holds more than may be laid out on disk")
                    out.write(block)
        except ReaderError as error:
            if error.code == "archive_too_large":
                target.unlink()
                raise
            self._note(container.evidence_id, shown, error.code, str(error), written)
            if error.code == "decompression_bomb" or not target.exists():
                target.unlink(missing_ok=True)
                return
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, *_DECODER_ERRORS) as error:
            self._note(container.evidence_id, shown, "damaged_member", f"the member breaks off: {error}", written)
            if not target.exists():  # it could not even be opened
                return
        with suppress(OSError, OverflowError, ValueError):
            os.utime(target, (modified, modified))
        self._add(shown, target, depth + 1)

    def _note(self, evidence_id: str, shown: str, code: str, message: str, offset: int = -1) -> None:
        self._found.diagnostics.append(Diagnostic(evidence_id, shown, offset, code, message, recovered=False))


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins so is a DICOM file (PS3.10, 7.1); its first 128 bytes may be anything."""
    return head[128:132] == b"DICM"


def _dicom_size(path: str) -> int:
    """Size of a DICOM file, -1 for everything else. Called for every file of an archive: no Path, no stream."""
    try:
        state = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(state.st_mode) or state.st_size < 132:
            return -1
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return state.st_size if os.pread(descriptor, 4, 128) == b"DICM" else -1
        finally:
            os.close(descriptor)
    except OSError:
        return -1


def _layer(head: bytes) -> str:
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "")


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    return archive.open(member)


def _zip_time(member: zipfile.ZipInfo) -> float:
    """When the archive says that the member was modified, its local time taken for UTC; 0 when it says nonsense."""
    try:
        return datetime(*member.date_time, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise ReaderError("damaged_member", "the member has no content")
    return stream
