"""Tables of text with a header (CSV, semicolons, tabs), as consoles export them: encodings, delimiters, names of columns."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from wardround.readers.base import Sink, Source

#: A longer line is cut; no cell that we keep is as long.
LINE_CHARACTERS = 64 * 1024

#: Lines at the beginning among which the header may stand: PowerShell writes its type first, reports a title.
HEAD_LINES = 8

Columns = tuple[str, ...]
#: From the plain names of a header to what its columns are ('' for those that are not kept); None when it is another table.
Layout = Callable[[Columns], Columns | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what is kept of it, by the words of the layout, and its line."""

    values: Mapping[str, str]
    line: int


def encoding_of(head: bytes) -> str:
    """UTF-8, UTF-16 or Windows-1252, by the first bytes."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[1:2] == b"\0":
        return "utf-16-le"
    try:
        head[:-4].decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start > len(head) - 16 else "cp1252"
    return "utf-8-sig"


def plain(cell: str) -> str:
    """The name of a column in lower case, without accents, blanks and signs."""
    decomposed = unicodedata.normalize("NFKD", cell.strip().lower())
    return "".join(c for c in decomposed if c.isascii() and c.isalnum())


def header_of(line: str, layout: Layout) -> tuple[str, Columns] | None:
    """The delimiter and the columns that a line tells, None when it is no header of that layout."""
    for delimiter in (",", ";", "\t", "|"):
        cells = next(csv.reader([line[:LINE_CHARACTERS]], delimiter=delimiter), [])
        if len(cells) > 2 and (found := layout(tuple(plain(cell) for cell in cells))) is not None:
            return delimiter, found
    return None


def sniffs(head: bytes, layout: Layout) -> bool:
    """Whether one of the first lines is the header of that layout."""
    text = head[:LINE_CHARACTERS].decode(encoding_of(head), "replace")
    if "\0" in text[:512]:
        return False
    return any(header_of(line, layout) for line in text.splitlines()[:HEAD_LINES])


def rows(source: Source, layout: Layout, sink: Sink) -> Iterator[Row]:
    """The rows of a table; those that cannot be read are diagnosed."""
    with source.open() as stream:
        head = stream.read(LINE_CHARACTERS)
    with source.open() as raw, io.TextIOWrapper(raw, encoding_of(head), errors="replace", newline="") as text:
        lines = _lines(text, sink)
        header, number = None, 0
        for line in lines:
            number += 1
            if (header := header_of(line, layout)) is not None or number > HEAD_LINES:
                break
        if header is None:
            return
        table = csv.reader(lines, delimiter=header[0])
        while True:
            try:
                cells = next(table)
            except StopIteration:
                return
            except csv.Error as error:
                sink.diagnose("bad_row", f"A row could not be read: {error}.", number + table.line_num)
                continue
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) < len(header[1]):
                sink.diagnose("short_row", "A row has fewer cells than the header.", number + table.line_num)
            named = [(name, cell.strip()) for name, cell in zip(header[1], cells, strict=False) if name]
            yield Row(dict(reversed(named)), number + table.line_num)


def _lines(stream: TextIO, sink: Sink) -> Iterator[str]:
    number = 0
    while line := stream.readline(LINE_CHARACTERS):
        number += 1
        if len(line) == LINE_CHARACTERS and not line.endswith("\n"):
            sink.diagnose("line_too_long", f"A line is longer than {LINE_CHARACTERS} characters; its end was not read.", number)
            while (more := stream.readline(LINE_CHARACTERS)) and not more.endswith("\n"):
                pass
            line += "\n"
        yield line.replace("\0", "")


_DATE = re.compile(
    r"(\d{1,4})[./-](\d{1,2}|[A-Za-zéû]{3,5})\.?[./-](\d{2,4}),?[ T]+"
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp])?\.?(?:[Mm]\.?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: place for place, name in enumerate(_MONTH_NAMES.split(), 1)} | {
    "fev": 2, "avr": 4, "mai": 5, "jui": 6, "aou": 8,
}  # fmt: skip


@dataclass(slots=True)
class Clock:
    """Reads dates as consoles write them; whether the day or the month stands first is learned from those that leave no doubt.

    Until one leaves no doubt, the month stands first where the hour has AM or PM, else the day.
    """

    day_first: bool | None = None

    def instant(self, text: str) -> tuple[int | None, str]:
        """Nanoseconds UTC and how the zone was known; None and ``none`` when the text is no date."""
        found = _DATE.match(text.strip()[:64])
        if found is None:
            return None, "none"
        first, second, third, hour, minute, second_, fraction, half, zone = found.groups()
        date = self._date(first, second, third, half)
        if date is None:
            return None, "none"
        hours = int(hour) % 12 + (12 if half in ("p", "P") else 0) if half else int(hour)
        try:
            moment = datetime(*date, hours, int(minute), int(second_ or 0), tzinfo=UTC)
        except ValueError:
            return None, "none"
        if not 1970 < moment.year < 2261:
            return None, "none"
        nanos = int(moment.timestamp()) * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))
        if zone and zone[0] in "+-":
            minutes = int(zone[1:3]) * 60 + int(zone[-2:])
            nanos -= (minutes if zone[0] == "+" else -minutes) * 60_000_000_000
        return nanos, "stated" if zone else "assumed"

    def _date(self, first: str, second: str, third: str, half: str | None) -> tuple[int, int, int] | None:
        if len(first) == 4:
            return (int(first), int(second), int(third)) if second.isdigit() else None
        if not second.isdigit():
            decomposed = unicodedata.normalize("NFKD", second.lower()).encode("ascii", "ignore").decode()[:3]
            month = _MONTHS.get(decomposed)
            if decomposed == "jui" and second.lower().startswith("juil"):
                month = 7
            return (_year(third), month, int(first)) if month else None
        if int(first) > 12 or int(second) > 12:
            self.day_first = int(first) > 12
        day_first = self.day_first if self.day_first is not None else half is None
        day, month = (int(first), int(second)) if day_first else (int(second), int(first))
        return _year(third), month, day


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


_SIZE = re.compile(r"([0-9][0-9., \u00a0\u202f]*)\s*([KMGTPkmgtp]?)(i?)[BbOo]?")


def count_of_bytes(text: str) -> int | None:
    """A number of bytes as written: digits, or with a unit of 1,024 (KB, MiB, Go …); None when it is none."""
    found = _SIZE.fullmatch(text.strip()[:40])
    if found is None:
        return None
    digits = re.sub(r"[ \u00a0\u202f]", "", found[1]).strip(".,")
    if found[2]:
        whole, _, part = digits.replace(",", ".").rpartition(".")
        number = float(f"{whole.replace('.', '') or part}.{part if whole else 0}")
    else:
        number = float(re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).replace(",", ".") or "0") if _is_number(digits) else -1.0
    scaled = number * 1024 ** " kmgtp".index(found[2].lower() or " ")
    return int(scaled) if 0 <= scaled < 2**62 else None


def _is_number(digits: str) -> bool:
    return re.fullmatch(r"\d+(?:[.,]\d{3})*(?:[.,]\d+)?", digits) is not None
