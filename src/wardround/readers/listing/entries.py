"""Rows of ``file_sample`` from listings: names, sizes and times. What is in the files was not seen."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches
from wardround.readers.delimited import encoding_of
from wardround.readers.share.walk import named

if TYPE_CHECKING:
    from wardround.readers.base import Sink, Source

#: A longer line is cut: no path is as long.
LINE_CHARACTERS = 32 * 1024

#: How much of the head tells the encoding, and how much of it is looked at to recognise a listing.
HEAD_BYTES = 64 * 1024
SEEN_BYTES = 8 * 1024

_SEPARATORS = re.compile(r"[\\/]+")
#: Signs that only a console of Western Europe writes like this: é and no-break spaces between groups of digits.
_CONSOLE = re.compile(rb"R\x82pertoire|\d\xff\d{3}")


class Entries:
    """Takes the files of one listing; call :meth:`close` at the end."""

    def __init__(self, source: Source, sink: Sink) -> None:
        self._share = source.path
        self._sink = sink
        self._batches = Batches(sink)
        self.files = 0

    def add(
        self,
        path: str,
        size: int | None,
        ts: tuple[int | None, str],
        record: int,
        changed: int | None = None,
        folder: str | None = None,
    ) -> None:
        """A file by its path, or by its name and the folder it is in; separators of either kind."""
        parts = [part for part in _SEPARATORS.split(path if folder is None else f"{folder}/{path}") if part not in ("", ".")]
        if not parts:
            return
        row = named(self._share, "/".join(parts[:-1]), parts[-1])
        del row["_last"]
        self.files += 1
        self._batches.add(
            "file_sample",
            ts=ts[0],
            ts_zone=ts[1],
            record=record,
            size=size if size is None or 0 <= size < 2**62 else None,
            changed=changed,
            examined=False,
            **row,
        )

    def close(self) -> None:
        """Hand on what is left, and say what a listing does not tell."""
        self._batches.close()
        if self.files:
            self._sink.diagnose(
                "content_not_seen",
                f"A listing of {self.files} files was read; what is in them was not seen, so that only names can be judged.",
            )


def lines(source: Source) -> Iterator[tuple[int, str]]:
    """The lines of a listing with their numbers, without line ends; UTF-8, UTF-16, a console's code page or Windows-1252."""
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    with source.open() as raw, io.TextIOWrapper(raw, encoding(head), errors="replace", newline=None) as text:
        number = 0
        while line := text.readline(LINE_CHARACTERS):
            number += 1
            whole = line
            while not whole.endswith("\n") and (whole := text.readline(LINE_CHARACTERS)):
                pass
            yield number, line.rstrip("\r\n").replace("\0", "")


def encoding(head: bytes) -> str:
    """The encoding by the first bytes."""
    found = encoding_of(head)
    return "cp850" if found == "cp1252" and _CONSOLE.search(head) else found


def head_text(head: bytes) -> str:
    """The beginning of a listing as text with plain line ends, empty when it is none."""
    if head[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and b"\0" in head[:512]:
        return ""
    return head[:SEEN_BYTES].decode(encoding(head[:SEEN_BYTES]), "replace").replace("\r\n", "\n").lstrip("\ufeff")


def json_size(value: object) -> int | None:
    """A size as JSON gives it; None when it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def whole_number(text: str) -> int | None:
    """A size in digits with whatever stands between their groups; None when it has no digits or is no size."""
    digits = re.sub(r"[^0-9]", "", text)
    return int(digits) if 0 < len(digits) < 19 else None
