"""Reader of software inventories into ``software``: tables of any tool, and lists of winget, wmic, dpkg, apt and rpm.

A table is recognised by its header: columns for a program and its version, in English or French (SCCM, Intune, Wazuh,
``Export-Csv``, GLPI, OCS …). Comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252. Other columns are not kept.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TextIO

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.delimited import encoding_of, plain

if TYPE_CHECKING:
    from wardround.readers.base import Reader

TABLE = "software_table"
WINGET = "winget_list"
FIXED = "software_columns"
DPKG = "dpkg_list"
STATUS = "dpkg_status"
PACKAGES = "package_list"

#: A longer field or line is no name of a program.
_FIELD = 64 * 1024

_HEAD_LINES = 40

#: Operating systems remembered, so that each is told once.
_MOST_SYSTEMS = 100_000

#: What a column may be called: lower case, letters and digits only, without accents.
_HOST = """
computername computer devicename device hostname host machine machinename resourcename netbiosname netbiosname0 name0 node
pscomputername agentname agent endpoint endpointname asset assetname serveur server nomdelordinateur nomordinateur ordinateur
nomdelappareil appareil nomdeposte nomduposte poste nommachine nomdelamachine nomdhote hote nomdupc pc systemname
"""
_NAME = """
displayname displayname0 softwarename software applicationname application appname productname productname0 product
packagename package programname programme program logiciel nomdulogiciel nomlogiciel nomdelapplication nomdeproduit
nomduproduit produit paquet nomdupaquet normalizedname softwaretitle title titre name nom nomcomplet
"""
_VERSION = """
version version0 displayversion displayversion0 softwareversion applicationversion appversion productversion productversion0
packageversion installedversion versionduproduit versiondulogiciel versionlogiciel versioninstallee versiondelapplication
normalizedversion applicationshortversion
"""
_VENDOR = """
publisher publisher0 vendor manufacturer editeur fabricant fournisseur companyname company applicationpublisher packagevendor
softwarevendor normalizedpublisher author editeurdulogiciel
"""
_SYSTEM = "operatingsystem os osname systemedexploitation nomdusysteme operatingsystemname caption"
_SYSTEM_VERSION = (
    "osversion operatingsystemversion versiondusysteme versionos versiondusystemedexploitation versiondelos osbuild"
)
_COLUMNS = {
    name: kind
    for kind, names in {
        "host": _HOST, "name": _NAME, "version": _VERSION, "vendor": _VENDOR, "os": _SYSTEM, "os_version": _SYSTEM_VERSION,
    }.items()
    for name in names.split()
}  # fmt: skip

_DPKG_LINE = re.compile(r"[uihrp][nicURHTWt](?:[R ]) +(\S+) +(\S+) +(\S+)? *")
_DPKG_HEAD = re.compile(r"(Desired=Unknown/Install|Souhait=inconnu/Install)")
_QUERY_LINE = re.compile(r"([a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?)\t([0-9A-Za-z.:~+-]*\d[0-9A-Za-z.:~+-]*)$")
_RPM_LINE = re.compile(r"([\w+.-]+)-([\w.+~^]+-[\w.+~^]+)\.(x86_64|noarch|i[36]86|aarch64|ppc64le|s390x)$")
_APT_LINE = re.compile(
    r"([a-z0-9][a-z0-9+.-]+)/\S+ ([0-9A-Za-z.:~+-]*\d[0-9A-Za-z.:~+-]*) \S+ \[[^\]]*\b(?:installed|installé)\b[^\]]*\]$"
)
_RULE = re.compile(r"-+( +-+)+ *$")
_WINGET_HEAD = re.compile(r"(Name|Nom) +(Id|ID) +Version( +(Available|Disponible))?( +Source)? *$")


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the columns of a table are separated, and what each of them holds."""

    delimiter: str
    columns: tuple[str, ...]


class InventoryReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "inventory"

    def sniff(self, head: bytes) -> str | None:
        """By the header of the table, or by the shape of nearly all lines."""
        lines = _head(head)
        if any(_DPKG_HEAD.search(line) for line in lines[:5]):
            return DPKG
        if any(_WINGET_HEAD.match(line) for line in lines[:20]):
            return WINGET
        if any(_starts(line) and ("  " in line or _RULE.match(below)) for line, below in itertools.pairwise(lines[:6])):
            return FIXED
        if lines and lines[0].startswith("Package: ") and any(line.startswith("Status: ") for line in lines):
            return STATUS
        if next(filter(None, map(_layout, lines[:5])), None):
            return TABLE
        full = [line for line in lines if line.strip()][:-1]
        shapes = (_QUERY_LINE, _RPM_LINE)
        if len(full) >= 5 and (any(all(map(shape.match, full)) for shape in shapes) or all(map(_APT_LINE.match, full[1:]))):
            return PACKAGES
        return DPKG if len(full) >= 5 and all(_DPKG_LINE.match(line) for line in full) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: rows need the header."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all programs."""
        with source.open() as stream:
            head = stream.read(_FIELD)
        kind = self.sniff(head)
        batches = Batches(sink)
        otherwise = PurePosixPath(source.path.replace("!", "/").replace("\\", "/")).name
        with source.open() as raw, io.TextIOWrapper(raw, encoding_of(head), errors="replace", newline="") as stream:
            known = {TABLE: _of_table, WINGET: _of_winget, FIXED: _of_columns, STATUS: _of_status}
            programs = known.get(kind or "", _of_packages)
            for host, name, version, vendor, type_, record in programs(stream, sink):
                batches.add(
                    "software",
                    ts_zone="none",
                    record=record,
                    host=host or otherwise,
                    software_type=type_,
                    name=name,
                    version=version,
                    unparsed_version=" ".join(filter(None, (name, version))),
                    vendor=vendor,
                    source="inventory",
                )
        batches.close()


_Program = tuple[str, str, str, str, str, int]


def _head(head: bytes) -> list[str]:
    text = head.decode(encoding_of(head), "replace")
    if "\0" in text[:1024]:
        return []
    return [line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.replace("\r\n", "\n").split("\n")[: _HEAD_LINES + 1]]


def _layout(line: str) -> _Layout | None:
    """The layout that a header line tells; None when it is not the header of an inventory."""
    for delimiter in (";", "\t", ",", "|"):
        cells = next(csv.reader([line[:_FIELD]], delimiter=delimiter), [])
        kinds = [_COLUMNS.get(plain(cell), "") for cell in cells]
        program = "name" in kinds and "version" in kinds
        system = "host" in kinds and "os" in kinds and "os_version" in kinds
        if len(cells) > 1 and ((program and ("host" in kinds or "vendor" in kinds or len(cells) <= 4)) or system):
            return _Layout(delimiter, tuple(kinds))
    return None


def _of_table(stream: TextIO, sink: Sink) -> Iterator[_Program]:
    layout: _Layout | None = None
    lines = _lines(stream, sink)
    number = 0
    for line in lines:
        number += 1
        if (layout := _layout(line)) is not None:
            break
    if layout is None:
        return
    rows = csv.reader(lines, delimiter=layout.delimiter)
    told: set[tuple[str, str, str]] = set()
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            sink.diagnose("bad_row", f"A row could not be read: {error}.", number + rows.line_num)
            continue
        record = number + rows.line_num
        if not any(cell.strip() for cell in row):
            continue
        values = dict(reversed([(kind, cell.strip()) for kind, cell in zip(layout.columns, row, strict=False) if kind]))
        if len(row) < len(layout.columns):
            sink.diagnose("short_row", "A row has fewer cells than the header.", record)
        host = values.get("host", "")
        if values.get("name"):
            yield host, values["name"], values.get("version", ""), values.get("vendor", ""), "application", record
        system = (host, values.get("os", ""), values.get("os_version", ""))
        if all(system) and system not in told and len(told) < _MOST_SYSTEMS:
            told.add(system)  # tables of programs repeat it in every row
            yield *system, "", "os", record


def _lines(stream: TextIO, sink: Sink) -> Iterator[str]:
    number = 0
    while line := stream.readline(_FIELD):
        number += 1
        if "\0" in line:
            line = line.replace("\0", "")
        if len(line) == _FIELD and not line.endswith("\n"):
            sink.diagnose("line_too_long", f"A line is longer than {_FIELD} characters; its end was not read.", number)
            while (more := stream.readline(_FIELD)) and not more.endswith("\n"):
                pass
            line += "\n"
        yield line


def _of_winget(stream: TextIO, sink: Sink) -> Iterator[_Program]:
    """Columns of fixed width, told by the header; the client may have written its progress before it."""
    starts: list[int] = []
    for number, raw in enumerate(_lines(stream, sink), 1):
        line = raw.rstrip("\r\n").rsplit("\r", 1)[-1]
        if _WINGET_HEAD.match(line):
            starts = [found.start() for found in re.finditer(r"\S+", line)]
        elif starts and line.strip("- ") and len(line) > starts[2]:
            cells = [line[a:b].strip() for a, b in zip(starts, [*starts[1:], len(line)], strict=True)]
            yield "", cells[0], cells[2].lstrip("<> "), "", "application", number


def _starts(line: str) -> list[tuple[int, str]]:
    """Where columns of fixed width begin and what they hold (``wmic product get``, ``Format-Table``); empty: none."""
    words = list(re.finditer(r"\S+", line[:_FIELD])) if "\t" not in line else []
    if not 2 <= len(words) <= 12:
        return []
    found = [(word.start(), _COLUMNS.get(plain(word[0]), "")) for word in words]
    kinds = [kind for _, kind in found]
    return found if "name" in kinds and "version" in kinds and kinds.count("") <= len(kinds) // 2 else []


def _of_columns(stream: TextIO, sink: Sink) -> Iterator[_Program]:
    """Columns of fixed width under a header that names them."""
    starts: list[tuple[int, str]] = []
    for number, raw in enumerate(_lines(stream, sink), 1):
        line = raw.rstrip("\r\n")
        if not starts:
            starts = _starts(line)
        elif line.strip("- "):
            bounds = [at for at, _ in starts[1:]] + [len(line)]
            cells = [(kind, line[at:end].strip()) for (at, kind), end in zip(starts, bounds, strict=True)]
            values = dict(reversed(cells))
            if values.get("name"):
                yield (
                    values.get("host", ""),
                    values["name"],
                    values.get("version", ""),
                    values.get("vendor", ""),
                    "application",
                    number,
                )


def _of_status(stream: TextIO, sink: Sink) -> Iterator[_Program]:
    """The list of packages that dpkg keeps: paragraphs of fields (deb-src-control(5)); removed packages are left out."""
    fields: dict[str, str] = {}
    first = 0
    for number, raw in enumerate(_lines(stream, sink), 1):
        name, separator, value = raw.rstrip("\r\n").partition(":")
        if separator and name in ("Package", "Version", "Status"):
            first = first or number
            fields[name] = value.strip()
        elif not raw.strip():
            yield from _paragraph(fields, first)
            fields, first = {}, 0
    yield from _paragraph(fields, first)


def _paragraph(fields: dict[str, str], record: int) -> Iterator[_Program]:
    if fields.get("Package") and fields.get("Version") and fields.get("Status", "").endswith(" installed"):
        yield "", fields["Package"], fields["Version"], "", "package", record


def _of_packages(stream: TextIO, sink: Sink) -> Iterator[_Program]:
    for number, raw in enumerate(_lines(stream, sink), 1):
        line = raw.rstrip("\r\n")
        found = _DPKG_LINE.match(line) or _QUERY_LINE.match(line) or _RPM_LINE.match(line) or _APT_LINE.match(line)
        if found and line[:1] + line[1:2] not in ("rc", "un", "pn"):
            yield "", found[1].partition(":")[0], found[2], "", "package", number


READER: Reader = InventoryReader()
