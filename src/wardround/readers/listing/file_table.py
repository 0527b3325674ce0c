"""Reader of tables of files: Get-ChildItem with Export-Csv, Everything's lists, TreeSize and the like; English or French.

Recognised by the header: a whole path, or a name and a folder; a size; and a time of the last change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers import delimited
from wardround.readers.base import Sink, Source, Span
from wardround.readers.edr import values
from wardround.readers.listing.entries import Entries, whole_number

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_NAMES = {
    "path": "fullname fullpath filename filepath path chemin chemincomplet nomcomplet",
    "name": "name nom basename",
    "folder": "directory directoryname folder parentfolder dossier repertoire parentpath",
    "size": "length size sizebytes taille tailleoctets filesize",
    "ts": "lastwritetimeutc lastwritetime datemodified modified lastmodified modificationtime lastchange datedemodification "
    "modifiele derniermodification mtime",
    "kind": "psiscontainer attributes attributs type mode",
}
_COLUMNS = {name: kind for kind, names in _NAMES.items() for name in names.split()}

#: Columns of tables that tell more of files than a listing does: they have readers of their own.
_OTHERS = frozenset(
    (
        "sha256",
        "md5",
        "threat",
        "threatname",
        "user",
        "username",
        "computer",
        "hostname",
        "action",
        "severity",
        "url",
        "publisher",
        "version",
    )
)

#: Times of Windows count 100 ns since 1601.
_EPOCH = 116_444_736_000_000_000


def layout(names: delimited.Columns) -> delimited.Columns | None:
    """What the columns of a table of files are, None for other tables."""
    kinds = tuple(_COLUMNS.get(name, "") for name in names)
    known = set(kinds)
    if not {"size", "ts"} <= known or not ("path" in known or {"name", "folder"} <= known) or _OTHERS & set(names):
        return None
    return kinds


class FileTableReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "file_table"

    def sniff(self, head: bytes) -> str | None:
        """By the header."""
        return self.name if delimited.sniffs(head, layout) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: rows need the header."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all files into ``file_sample``."""
        entries, clock = Entries(source, sink), delimited.Clock()
        for row in delimited.rows(source, layout, sink):
            get = row.values.get
            path, name, kind = get("path") or "", get("name") or "", (get("kind") or "").casefold()
            if kind in ("true", "vrai", "folder", "dossier", "16") or kind.startswith(("d-", "d--")) or "directory" in kind:
                continue
            whole = path if "\\" in path or "/" in path else f"{get('folder') or ''}/{path or name}"
            entries.add(whole, whole_number(get("size") or ""), _moment(get("ts"), clock), row.line)
        entries.close()


def _moment(text: str | None, clock: delimited.Clock) -> tuple[int | None, str]:
    if text and text.isascii() and text.isdigit() and len(text) == 18:
        return (int(text) - _EPOCH) * 100, "utc"
    return values.moment(text, clock)


READER: Reader = FileTableReader()
