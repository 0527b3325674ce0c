"""Reader of a file share or mounted backup (``examine --share DIR``) into ``file_sample`` and ``share_folder``.

Every file is listed; the first block of each is examined, in folders of more than EXAMINED_IN_FOLDER files of one in ten
beyond them, which ``share_folder`` and a diagnostic state. Nothing is written, links are not followed, other kinds of
files are not opened. A directory is given as a source whose file is the directory.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wardround.errors import ReaderError
from wardround.readers.base import SPAN_BYTES, Sink, Source, Span

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: So many files of a folder are all examined; of those beyond them one in SAMPLED.
EXAMINED_IN_FOLDER = 100_000
SAMPLED = 10

#: Files taken together: a block each is in memory.
CHUNK_FILES = 2_000

#: Texts of this size may be notes.
NOTE_BYTES = 48 * 1024
_NOTE_ENDINGS = frozenset(("txt", "html", "htm", "hta", "rtf", "md"))
_NOTE_KINDS = frozenset(("text", "html", "rtf"))

#: The walk is shared between workers in so many spans, once so many folders are known.
SPANS = 16
FOLDERS_WANTED = 64
FOLDERS_LOOKED_INTO = 512
LEVELS_LOOKED_INTO = 6

#: Folders within folders that are followed.
MOST_DEPTH = 128

_ALONE, _BELOW = b"-", b"+"


@dataclass(slots=True)
class _Found:
    """One regular file: name, size in bytes, times in ns UTC, inode."""

    name: str
    size: int
    modified: int
    changed: int
    inode: int


@dataclass(slots=True)
class _Columns:
    """Rows of ``file_sample`` by column."""

    values: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, row: dict[str, Any]) -> None:
        for name, value in row.items():
            self.values.setdefault(name, []).append(value)


class ShareReader:
    """Reader of a directory; see :class:`wardround.readers.base.Reader`. It recognises no bytes: a share is declared."""

    name = "file_share"

    def sniff(self, head: bytes) -> str | None:
        """Nothing: a directory has no bytes."""
        return None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of about equally many folders; ``carry`` names them, each with whether what lies below it belongs to it."""
        with source.local() as root:
            folders = _portions(str(root))
        for place in range(min(SPANS, len(folders))):
            # A span of a directory has no size of its own: one makes a unit of work.
            yield Span(0, SPAN_BYTES, place + 1, b"\0".join(folders[place::SPANS]))

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Walk the folders of a span."""
        with source.local() as root:
            if not root.is_dir():
                raise ReaderError("unreadable", "the share is not a directory any more")
            walk = _Walk(source.path, str(root), sink)
            for portion in span.carry.split(b"\0"):
                walk.folder(os.fsdecode(portion[1:]), below=portion[:1] == _BELOW)
            walk.close()


READER: Reader = ShareReader()


def _portions(root: str) -> list[bytes]:
    """The tree as parts: folders alone at the top, whole branches below."""
    alone: list[str] = []
    level = [""]
    for _ in range(LEVELS_LOOKED_INTO):
        if not level or len(level) >= FOLDERS_WANTED or len(alone) >= FOLDERS_LOOKED_INTO:
            break
        below: list[str] = []
        for folder in level:
            # A folder that cannot be listed is among those that are walked, and is told then.
            with suppress(OSError), os.scandir(_join(root, folder)) as entries:
                below += [_join(folder, entry.name) for entry in entries if entry.is_dir(follow_symlinks=False)]
        alone += level
        level = sorted(below)
    return [_ALONE + os.fsencode(folder) for folder in alone] + [_BELOW + os.fsencode(folder) for folder in level]


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name


class _Walk:
    """Walks folders of one share and writes rows."""

    def __init__(self, share: str, root: str, sink: Sink) -> None:
        self._share, self._root, self._sink = share, root, sink
        self._folders: list[dict[str, Any]] = []

    def folder(self, folder: str, *, below: bool) -> None:
        """One folder and, if wanted, everything below it; a stack, because trees may be deep."""
        waiting = [(folder, folder.count("/"))]
        while waiting:
            current, depth = waiting.pop()
            inner = self._one(current)
            if not below:
                return
            if depth >= MOST_DEPTH:
                if inner:
                    self._sink.diagnose("share_too_deep", f"Folders more than {MOST_DEPTH} deep were not looked into.")
                continue
            waiting += [(_join(current, name), depth + 1) for name in sorted(inner, reverse=True)]

    def close(self) -> None:
        """Write the rows of folders."""
        self._write_folders()

    def _one(self, folder: str) -> list[str]:
        from wardround.readers.share.names import shown_folder

        path = f"{self._root}/{folder}" if folder else self._root
        row = dict.fromkeys(("files", "examined", "bytes", "links", "unreadable"), 0)
        inner: list[str] = []
        try:
            with os.scandir(path) as entries:
                while chunk := list(islice(entries, CHUNK_FILES)):
                    files = self._regular(chunk, inner, row)
                    self._files(folder, path, files, row)
        except OSError as error:
            self._sink.diagnose("unreadable", f"A folder could not be listed: {error.strerror}.", recovered=False)
            row["unreadable"] += 1
        if row["files"] > row["examined"] + row["unreadable"]:
            told = f"A folder holds {row['files']} files; the content of {row['examined']} of them was examined."
            self._sink.diagnose("share_sampled", told)
        if any(row.values()):
            self._folders.append({"share": self._share, "folder": shown_folder(folder), **row})
        if len(self._folders) >= 16_384:
            self._write_folders()
        return inner

    @staticmethod
    def _regular(chunk: list[os.DirEntry[str]], inner: list[str], row: dict[str, int]) -> list[_Found]:
        """The regular files among entries, in order of name; folders go to ``inner``."""
        files = []
        for entry in chunk:
            try:
                if entry.is_dir(follow_symlinks=False):
                    inner.append(entry.name)
                    continue
                state = entry.stat(follow_symlinks=False)
            except OSError:
                row["unreadable"] += 1
                continue
            if not stat.S_ISREG(state.st_mode):
                row["links"] += 1
                continue
            files.append(_Found(entry.name, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino))
        files.sort(key=lambda found: found.name)
        return files

    def _files(self, folder: str, path: str, files: list[_Found], row: dict[str, int]) -> None:
        """Rows for files of one folder."""
        from wardround.readers.share.content import BLOCK, statistics

        if not files:
            return
        columns = _Columns()
        blocks: list[bytes] = []
        for found in files:
            row["files"] += 1
            row["bytes"] += found.size
            block: bytes | None = None
            if row["files"] <= EXAMINED_IN_FOLDER or row["files"] % SAMPLED == 0:
                block = _first(f"{path}/{found.name}", BLOCK)
                row["unreadable" if block is None else "examined"] += 1
            blocks.append(block or b"")
            columns.add(self._row(folder, path, found, block))
        entropy, chi_square = statistics(blocks)
        self._write(columns, entropy.tolist(), chi_square.tolist())

    def _row(self, folder: str, path: str, found: _Found, block: bytes | None) -> dict[str, Any]:
        from wardround.readers.share.content import kind_of

        kind = kind_of(block) if block is not None else None
        row = named(self._share, folder, found.name)
        note = None
        if kind in _NOTE_KINDS and 0 < found.size <= NOTE_BYTES and row["_last"] in (None, *_NOTE_ENDINGS):
            note = _note(f"{path}/{found.name}", kind or "")
        return {
            **row,
            "ts": found.modified,
            "changed": found.changed,
            "record": found.inode,
            "size": found.size,
            "examined": block is not None,
            "magic": kind,
            "note": note,
        }

    def _write(self, columns: _Columns, entropy: list[float], chi_square: list[float]) -> None:
        import pyarrow as pa

        from wardround import schema
        from wardround.readers.share.content import corrected, state_of

        values = columns.values
        values.pop("_last")
        values["entropy"] = [None if math.isnan(value) else round(value, 3) for value in entropy]
        values["chi_square"] = [None if math.isnan(value) else round(value, 1) for value in chi_square]
        seen = zip(values["promised"], values["magic"], values["chi_square"], strict=True)
        values["magic"] = [corrected(promised, magic, chi) for promised, magic, chi in seen]
        judged = zip(values["promised"], values["magic"], values["chi_square"], strict=True)
        values["state"] = [state_of(promised, magic, chi) if magic is not None else None for promised, magic, chi in judged]
        count = len(values["name"])
        values["ts_zone"] = ["utc"] * count
        declared = schema.tables()["file_sample"].arrow()
        fields = [item for item in declared if item.name in values]
        arrays = [pa.array(values[item.name], item.type) for item in fields]
        self._sink.write("file_sample", pa.table(arrays, schema=pa.schema(fields)))

    def _write_folders(self) -> None:
        import pyarrow as pa

        from wardround import schema

        rows, self._folders = self._folders, []
        if rows:
            fields = [item for item in schema.tables()["share_folder"].arrow() if item.name in rows[0]]
            arrays = [pa.array([row[item.name] for row in rows], item.type) for item in fields]
            self._sink.write("share_folder", pa.table(arrays, schema=pa.schema(fields)))


def named(share: str, folder: str, name: str) -> dict[str, Any]:
    """The columns that a name gives, with ``_last``: the last ending as it stands."""
    from wardround.readers.share import names

    folder, name = (text.encode("utf-8", "replace").decode() for text in (folder, name))
    ending = names.ending_of(name)
    extension = ending.extension
    return {
        "share": share.encode("utf-8", "replace").decode(),
        "folder": names.shown_folder(folder),
        "name": names.shown_name(ending),
        "shape": names.shape_of(ending.stem),
        "extension": extension,
        "appended": ending.appended,
        "ending": names.shown_ending(ending),
        # Behind an ordinary ending (.gz, .bak, .gpg) the kind that the one before names is not promised any more.
        "promised": None if ending.appended in names.ORDINARY else names.PROMISED.get(extension or ""),
        "canary": names.is_canary(folder, name) or None,
        "_last": ending.last,
    }


def _first(path: str, size: int) -> bytes | None:
    """The first bytes of a regular file, None when it cannot be read. Called for every file: no Path, no stream."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            return os.pread(descriptor, size, 0)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return None


def _note(path: str, kind: str) -> list[str] | None:
    """The classes of ransom wording of a short text, None when it has none."""
    from wardround.readers.share.wording import classes_of, text_of

    return classes_of(text_of(_first(path, NOTE_BYTES) or b"", kind)) or None


def is_share(path: Path) -> bool:
    """Whether a path can be walked as a share."""
    return path.is_dir()
