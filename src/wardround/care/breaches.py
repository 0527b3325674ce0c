"""Reads exports of the breach portal of the HHS Office for Civil Rights: breaches of 500 or more people, since 2009.

The portal (https://ocrportal.hhs.gov/ocr/breach/breach_report.jsf) has two lists, breaches under investigation and the
archive, with the same nine columns; both are read, from any snapshot, as CSV or inside a zip or gzip file. Columns are found
by their names, whatever their order. The list is a record of the US government.
"""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from wardround.errors import UserError

#: A snapshot has about 4 MB; far more is not one, and a cell of it has at most some thousand characters.
MAX_BYTES = 256 << 20
_MAX_CELL = 1 << 20
_MAX_MEMBERS = 20

#: Our name of a column, and how its header begins once it is in lower case and its signs are spaces.
_COLUMNS = {
    "name": ("name of covered entity",),
    "individuals": ("individuals affected",),
    "submitted": ("breach submission date",),
    "types": ("type of breach",),
    "locations": ("location of breached information",),
    "associate": ("business associate present", "business associate involved"),
    "narrative": ("web description", "summary"),
    "state": ("state",),
}
_REQUIRED = ("name", "individuals", "submitted", "types", "locations")
_DATES = ("%m/%d/%Y", "%Y-%m-%d", "%m/%d/%y")
_NUMBER = re.compile(r"\d{1,12}(\.0+)?")


@dataclass(frozen=True, slots=True)
class Breach:
    """A reported breach. ``individuals`` is None where the list gives no number; types and locations are sets of values."""

    name: str
    state: str
    individuals: int | None
    submitted: datetime.date
    types: tuple[str, ...]
    locations: tuple[str, ...]
    associate: bool
    narrative: str


@dataclass(frozen=True, slots=True)
class Export:
    """The breaches of one or more files.

    ``unreadable`` rows lack a day and were left out; ``repeated`` rows stand in a file twice, word for word, and are kept as
    the list has them; ``shared`` rows stand in two files and are counted once.
    """

    files: tuple[str, ...]
    breaches: tuple[Breach, ...]
    unreadable: int
    repeated: int
    shared: int


def read(paths: Sequence[Path]) -> Export:
    """Read the files together; raises UserError when one of them is not such an export."""
    kept: list[Breach] = []
    seen: set[Breach] = set()
    files: list[str] = []
    unreadable = repeated = shared = 0
    for path in paths:
        for shown, text in _texts(path):
            breaches, lost = _rows(shown, text)
            own: set[Breach] = set()
            for breach in breaches:
                repeated += breach in own
                if breach in seen:
                    shared += 1
                else:
                    kept.append(breach)
                own.add(breach)
            seen |= own
            unreadable += lost
            files.append(shown)
    kept.sort(key=lambda breach: breach.submitted)
    if not kept:
        shown = ", ".join(map(str, paths))
        raise UserError(f"{shown}: no breach in it", f"{shown}\u00a0: aucune fuite n’y figure")
    return Export(tuple(files), tuple(kept), unreadable, repeated, shared)


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """The CSV texts of a file: itself, or what a zip or gzip file holds."""
    try:
        data = _bounded(path, path.open("rb"))
        if data.startswith(b"PK\x03\x04"):
            yield from _members(path, data)
        elif data.startswith(b"\x1f\x8b"):
            yield path.name, _decoded(_bounded(path, cast("IO[bytes]", gzip.GzipFile(fileobj=io.BytesIO(data)))))
        else:
            yield path.name, _decoded(data)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise UserError(
            f"{path}: cannot be unpacked: {error}", f"{path}\u00a0: ne peut pas être décompressé\u00a0: {error}"
        ) from error
    except OSError as error:
        raise UserError.of_file(path, error) from error


def _members(path: Path, data: bytes) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        if not names or len(names) > _MAX_MEMBERS:
            raise UserError(
                f"{path}: holds {len(names)} CSV files; an export is one or two",
                f"{path}\u00a0: contient {len(names)} fichiers CSV\u202f; un export en a un ou deux",
            )
        for name in names:
            yield f"{path.name}!{name}", _decoded(_bounded(path, archive.open(name)))


def _bounded(path: Path, file: IO[bytes]) -> bytes:
    """Everything in the file, which is closed; raises UserError when that is more than an export can be."""
    with file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UserError(
            f"{path}: larger than a breach export can be ({MAX_BYTES >> 20} MiB)",
            f"{path}\u00a0: plus grand qu’un export de fuites ne peut l’être ({MAX_BYTES >> 20}\u00a0Mio)",
        )
    return data


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _rows(shown: str, text: str) -> tuple[list[Breach], int]:
    """The breaches of a text, and how many rows could not be read."""
    head = text[:4096].splitlines()
    header = next((line for line in head if "covered entity" in _plain(line)), "")
    delimiter = max(",;\t", key=header.count)
    csv.field_size_limit(_MAX_CELL)
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    columns: dict[str, int] = {}
    breaches: list[Breach] = []
    lost = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            lost += 1
            continue
        if not columns:
            columns = _header(cells)
        elif any(cells):
            breach = _breach(cells, columns)
            if breach:
                breaches.append(breach)
            else:
                lost += 1
    if not columns:
        raise UserError(
            f"{shown}: not an export of the breach portal: it needs the columns Name of Covered Entity, Individuals Affected, "
            "Breach Submission Date, Type of Breach and Location of Breached Information",
            f"{shown}\u00a0: ce n’est pas un export du portail des fuites\u00a0: il y faut les colonnes Name of Covered "
            "Entity, Individuals Affected, Breach Submission Date, Type of Breach et Location of Breached Information",
        )
    return breaches, lost


def _header(cells: Sequence[str]) -> dict[str, int]:
    """Where each column stands, when this row is the header; else nothing."""
    names = [_plain(cell) for cell in cells]
    places = {
        column: next((place for place, name in enumerate(names) if name.startswith(starts)), -1)
        for column, starts in _COLUMNS.items()
    }
    return places if all(places[column] >= 0 for column in _REQUIRED) else {}


def _breach(cells: Sequence[str], columns: dict[str, int]) -> Breach | None:
    row = {column: cells[place].strip() if 0 <= place < len(cells) else "" for column, place in columns.items()}
    submitted = _day(row["submitted"])
    if submitted is None:
        return None
    number = row["individuals"].replace(",", "").replace(" ", "")
    return Breach(
        name=row["name"],
        state=row["state"],
        individuals=int(number.partition(".")[0]) if _NUMBER.fullmatch(number) else None,
        submitted=submitted,
        types=_values(row["types"]),
        locations=_values(row["locations"]),
        associate=row["associate"].casefold().startswith("y"),
        narrative=row["narrative"],
    )


def _day(text: str) -> datetime.date | None:
    for form in _DATES:
        try:
            return datetime.datetime.strptime(text[:10], form).replace(tzinfo=datetime.UTC).date()
        except ValueError:
            continue
    return None


def _values(cell: str) -> tuple[str, ...]:
    """The values of a cell that holds several, in the spelling of today (older snapshots write E-mail)."""
    values = (value.strip() for value in cell.split(","))
    return tuple(dict.fromkeys("Email" if value.casefold() == "e-mail" else value for value in values if value))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z]+", " ", text.casefold()).split())
