"""What all readers of configurations share: lines within limits, settings, secrets, and the rows they become."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches

#: A configuration of more settings than this is read up to here; the largest firewalls have some tens of thousands.
MAX_ITEMS = 200_000

#: A longer line is cut: no setting is as long, except certificates.
LINE_BYTES = 64 * 1024

#: Stands where a secret was, and where one was that the manufacturer gave to every device.
SECRET = "(secret)"  # noqa: S105
DEFAULT_SECRET = "(default secret)"  # noqa: S105

#: Between the parts of a block's path.
WITHIN = " / "

_WELL_KNOWN = frozenset({"public", "private", "admin", "password", "cisco", "snmp", "community"})

#: Names of settings whose value is a secret, whatever the format calls the rest.
_SECRET_NAME = re.compile(
    r"(?i)(^|[-_. ])(pass(word|wd|phrase|code)?s?|passwd|pwd|secrets?|psk|psksecret|pre-?shared-?key|private-?key|privkey|prv"
    r"|community|shared-?key|auth-?key|authkey|api-?keys?|token|otp[-_]?seed|md5-?key|sha-?key|key-?string|wep-?key|wpa-?key"
    r"|hash|bindpw|credentials?)$|(password|passwd|secret|-psk|preshared|pre-shared-key|private-key|-hash|passphrase|auth-pwd"
    r"|priv-pwd|bindpw)"
)
_NOT_SECRET = re.compile(
    r"(?i)(expire|expiration|policy|length|encryption|history|age|lifetime|complexity|recovery|min|max|change|prompt)"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One setting: the block it stands in, its name and value, and its line."""

    block: str
    key: str
    value: str
    line: int


@dataclass(slots=True)
class Device:
    """Whose configuration it is, as far as it tells; parsers fill it in on the way. ``saved`` is when (ns)."""

    vendor: str
    name: str = ""
    model: str = ""
    version: str = ""
    saved: int | None = None


@dataclass(slots=True)
class Lines:
    """The lines of a text with their numbers from 1, decoded, within LINE_BYTES."""

    stream: BinaryIO
    sink: Sink
    number: int = 0
    _encoding: str = field(default="", init=False)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        first = self.stream.readline(LINE_BYTES)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            yield from self._wide(first)
            return
        raw = first.removeprefix(codecs.BOM_UTF8)
        while raw:
            self.number += 1
            if len(raw) >= LINE_BYTES and not raw.endswith(b"\n"):
                self._skip_rest()
            yield self.number, _text(raw)
            raw = self.stream.readline(LINE_BYTES)

    def _skip_rest(self) -> None:
        self.sink.diagnose("line_too_long", f"A line is longer than {LINE_BYTES} bytes; its end was not read.", self.number)
        while (more := self.stream.readline(LINE_BYTES)) and not more.endswith(b"\n"):
            pass

    def _wide(self, first: bytes) -> Iterator[tuple[int, str]]:
        """UTF-16: decoded piece by piece, cut at line ends."""
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        rest = decoder.decode(first)
        while True:
            piece = self.stream.read(LINE_BYTES)
            rest += decoder.decode(piece, final=not piece)
            lines = rest.split("\n")
            rest = lines.pop()[:LINE_BYTES]
            for line in lines:
                self.number += 1
                yield self.number, line.rstrip("\r")
            if not piece:
                break
        if rest:
            self.number += 1
            yield self.number, rest


def _text(raw: bytes) -> str:
    line = raw.rstrip(b"\r\n")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


Parser = Callable[[BinaryIO, Device, Sink], Iterable[Item]]


class ConfigurationReader:
    """A reader of one format: how it is recognised, and how it is taken apart.

    ``recognise`` looks at the head and gives the vendor (which is the name of the format too), None when it is not its own.
    """

    def __init__(self, name: str, recognise: Callable[[bytes], str | None], parse: Parser) -> None:
        self.name = name
        self._recognise = recognise
        self._parse = parse

    def sniff(self, head: bytes) -> str | None:
        """The vendor when the text is a configuration of this format."""
        vendor = self._recognise(head)
        return f"{vendor}_config" if vendor else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a setting means nothing without the blocks around it."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read all settings, then write them under the name of the device that they turned out to be of."""
        with source.open() as stream:
            head = stream.read(LINE_BYTES)
        device = Device(self._recognise(head) or self.name)
        items: list[Item] = []
        with source.open() as stream:
            for item in self._parse(stream, device, sink):
                if len(items) >= MAX_ITEMS:
                    sink.diagnose("too_many_settings", f"More than {MAX_ITEMS} settings; the rest was not read.", item.line)
                    break
                items.append(item)
        _write(items, device, source.path, sink)


def _write(items: list[Item], device: Device, path: str, sink: Sink) -> None:
    batches = Batches(sink)
    name = device.name or PurePosixPath(path.replace("!", "/").replace("\\", "/")).name
    for item in items:
        batches.add(
            "device_config_item",
            ts_zone="none",
            saved=device.saved,
            record=item.line,
            device=name,
            vendor=device.vendor,
            model=device.model,
            version=device.version,
            block=item.block,
            key=item.key,
            value=item.value,
        )
    batches.close()


def is_secret(name: str) -> bool:
    """Whether a setting of that name holds a secret."""
    return bool(_SECRET_NAME.search(name)) and not _NOT_SECRET.search(name)


def hidden(value: str) -> str:
    """What stands in the place of a secret; empty stays empty."""
    bare = value.strip().strip("\"'")
    if not bare:
        return ""
    return DEFAULT_SECRET if bare.lower() in _WELL_KNOWN else SECRET


def setting(block: str, key: str, value: str, line: int) -> Item:
    """A setting whose value is hidden when its name says that it is a secret."""
    return Item(block, key, hidden(value) if is_secret(key) else value, line)


def words(text: str) -> list[str]:
    """The words of a line; what stands in double quotes is one, without the quotes. An open quote ends with the line."""
    found: list[str] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        if text[place] == '"':
            end = _closing(text, place + 1)
            found.append(text[place + 1 : end].replace('\\"', '"'))
            place = end + 1
            continue
        end = place
        while end < len(text) and not text[end].isspace():
            end += 1
        found.append(text[place:end])
        place = end
    return found


def _closing(text: str, place: int) -> int:
    """Where the quote that opened before ``place`` closes; the end of the text when it does not."""
    while place < len(text) and text[place] != '"':
        place += 2 if text[place] == "\\" else 1
    return min(place, len(text))


def head_lines(head: bytes) -> list[str]:
    """The first lines of a text, for recognising it; none when it holds bytes that no configuration has."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace").splitlines()[:2000]
    if b"\0" in head[:1024]:
        return []
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1").splitlines()[:2000]
