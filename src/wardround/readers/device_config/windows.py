"""Settings of Windows: registry exports (``.reg``, versions 4 and 5) and what ``netsh`` prints or dumps.

Of a registry export only the keys that bear on remote access, names, file sharing and encryption are kept: an export of a
whole hive has millions of values. Numbers are decimal; binary values are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers.base import Sink
from wardround.readers.device_config.configuration import ConfigurationReader, Device, Item, Lines, head_lines, hidden, setting

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_KEYS = re.compile(
    r"(?i)(terminal ser(ver|vices)|lanman(server|workstation)|control\\lsa|schannel|portproxy|tcpip6?\\parameters|dnscache"
    r"|dnsclient|internet settings|firewallpolicy|policies\\system$|winlogon|(tight|ultra|real|tiger)?vnc|ftpsvc|w32time"
    r"|snmp\\parameters|termservice|wcmsvc|netbt\\parameters|windows nt\\currentversion$|computername$)"
)
_SECRET_NAMES = re.compile(r"(?i)(password|passwd|pwd|secret|defaultuserpassword|validcommunities|community|controlpassword)")
_VALUE = re.compile(r'(@|"(?:[^"\\]|\\.)*")=(.*)$')
_COMMAND = re.compile(r"(?i)\s*(add|set) (v[46]tov[46]|dnsserver|dns|address|allowedprogram|portopening|rule)\b(.*)")
_PAIR = re.compile(r"^([^:|]{2,60}?)\s*:\s{2,}(.*)$")
_PROXY = re.compile(r"^([\w.:*]+)\s{2,}(\d{1,5})\s{2,}([\w.:]+)\s{2,}(\d{1,5})\s*$")

#: Bytes of a text in hexadecimal that are turned into one.
_HEX_CHARACTERS = 16_384


def _recognise(head: bytes) -> str | None:
    lines = [line for line in head_lines(head) if line.strip()]
    first = lines[0].lstrip("\ufeff").strip() if lines else ""
    if first in ("Windows Registry Editor Version 5.00", "REGEDIT4"):
        return "windows_registry"
    if any(re.match(r"(?i)\s*pushd interface", line) for line in lines[:60]) and any(_COMMAND.match(line) for line in lines):
        return "windows_netsh"
    if any(_PROXY.match(line) for line in lines) and any(set(line.strip()) <= {"-", " "} for line in lines[:12]):
        return "windows_netsh"
    rules = sum(bool(re.match(r"(?i)(rule name|nom de la règle|nom de la r.{1,3}gle)\s*:", line)) for line in lines)
    return "windows_netsh" if rules and any(line.startswith("-----") for line in lines) else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    yield from _registry(stream, device, sink) if device.vendor == "windows_registry" else _netsh(stream, sink)


def _registry(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    key, wanted = "", False
    for number, text in _joined(stream, sink):
        if text.startswith("[") and text.endswith("]"):
            key = text[1:-1]
            wanted = bool(_KEYS.search(key)) and not key.startswith("-")
        elif wanted and (found := _VALUE.match(text)):
            name = found[1].strip('"').replace('\\"', '"').replace("\\\\", "\\")
            value = _value(found[2])
            if value is None:
                continue
            if name.lower() == "computername":
                device.name = value
            yield (
                Item(key, name, hidden(value), number)
                if _SECRET_NAMES.search(name + key.rpartition("\\")[2])
                else setting(key, name, value, number)
            )


def _joined(stream: BinaryIO, sink: Sink) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a backslash at the end continues a value, which is cut where it gets too long."""
    text, first = "", 0
    for number, line in Lines(stream, sink):
        first = first or number
        if line.endswith("\\") and line.lstrip()[:1] != "[":
            if len(text) < _HEX_CHARACTERS:
                text += line[:-1].strip()
            continue
        yield first, (text + line.strip()).lstrip("\ufeff")
        text, first = "", 0


def _value(written: str) -> str | None:
    """A value as text: numbers in decimal, texts as they are, lists with blanks; None for bytes without a meaning of text."""
    kind, _, data = written.partition(":")
    if written.startswith('"'):
        return written.strip('"').replace('\\"', '"').replace("\\\\", "\\")
    if kind == "dword":
        return str(int(data, 16)) if re.fullmatch(r"[0-9a-fA-F]{1,8}", data) else None
    if kind in ("hex(2)", "hex(7)", "hex(b)"):
        digits = data[:_HEX_CHARACTERS].replace(",", "").replace(" ", "")
        if re.fullmatch(r"([0-9a-fA-F]{2})+", digits):
            raw = bytes.fromhex(digits)
            if kind == "hex(b)":
                return str(int.from_bytes(raw[:8], "little"))
            return raw.decode("utf-16-le", "replace").replace("\0", " ").strip()
    return None


def _netsh(stream: BinaryIO, sink: Sink) -> Iterator[Item]:
    block = ""
    for number, line in Lines(stream, sink):
        if found := _COMMAND.match(line):
            yield setting("netsh", f"{found[1].lower()} {found[2].lower()}", found[3].strip(), number)
        elif found := _PROXY.match(line):
            yield Item("interface portproxy", f"{found[1]}:{found[2]}", f"{found[3]}:{found[4]}", number)
        elif found := _PAIR.match(line.rstrip()):
            if re.match(r"(?i)(rule name|nom de la r)", found[1]):
                block = f"advfirewall rule {found[2].strip()}"[:200]
            yield setting(block, found[1].strip(), found[2].strip(), number)


READER: Reader = ConfigurationReader("windows_config", _recognise, _parse)
