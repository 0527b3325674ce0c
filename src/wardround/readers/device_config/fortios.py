"""Configurations of FortiOS: ``config`` … ``edit`` … ``set`` … ``next`` … ``end`` (Fortinet's CLI reference).

The block is the path of ``config`` and ``edit``; texts over several lines (certificates, messages) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers.base import Sink
from wardround.readers.device_config.configuration import (
    WITHIN,
    ConfigurationReader,
    Device,
    Item,
    Lines,
    head_lines,
    hidden,
    setting,
    words,
)

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_DEPTH = 32
_VERSION = re.compile(r"#config-version=([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+)[-:]")
_SHOWN_VERSION = re.compile(r"# ?Version: (\S+) v(\d+\.\d+\.\d+)")
#: Blocks where ``name`` or ``key`` is the secret itself.
_SECRETS = {("system snmp community", "name"): True, ("user", "key"): True, ("wireless-controller vap", "key"): True}


def _recognise(head: bytes) -> str | None:
    lines = head_lines(head)
    if any(_VERSION.match(line) for line in lines[:400]):
        return "fortios"
    opened = sum(line.startswith("config ") for line in lines)
    closed = sum(line.strip() in ("end", "next") for line in lines)
    sets = sum(line.startswith("    ") and line.lstrip().startswith(("set ", "edit ", "unset ")) for line in lines)
    return "fortios" if opened and closed and sets >= 2 and sets * 3 >= len([line for line in lines if line.strip()]) else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    path: list[str] = []
    inside_text = False
    for number, raw in Lines(stream, sink):
        text = raw.strip()
        if inside_text:
            inside_text = not _odd_quotes(text)
            continue
        if text.startswith("#"):
            _learn(text, device)
            continue
        command, _, rest = text.partition(" ")
        if command in ("config", "edit") and rest and len(path) < _DEPTH:
            path.append(" ".join(words(rest)))
            if command == "edit":
                yield Item(WITHIN.join(path[:-1]), "edit", path[-1], number)
        elif command in ("end", "next"):
            if path:
                path.pop()
        elif command in ("set", "unset", "append", "select") and rest:
            key, _, value = rest.partition(" ")
            inside_text = _odd_quotes(value)
            block = WITHIN.join(path)
            item = _setting(block, key, "unset" if command == "unset" else "" if inside_text else value, number)
            if block == "system global" and key == "hostname":
                device.name = item.value
            yield item


def _setting(block: str, key: str, value: str, number: int) -> Item:
    parts = words(value)
    named = any(block.startswith(name) and key == secret for name, secret in _SECRETS)
    if parts[:1] == ["ENC"] or named:
        return Item(block, key, hidden(" ".join(parts)), number)
    return setting(block, key, ", ".join(parts) if any(" " in part for part in parts[1:]) else " ".join(parts), number)


def _odd_quotes(text: str) -> bool:
    """Whether a quoted text begins or ends here without its other end."""
    return (text.count('"') - text.count('\\"')) % 2 == 1


def _learn(text: str, device: Device) -> None:
    if found := _VERSION.match(text) or _SHOWN_VERSION.match(text):
        device.model, device.version = found[1], found[2]
    elif found := re.match(r"# ?Hostname: (\S+)", text):
        device.name = found[1]


READER: Reader = ConfigurationReader("fortios_config", _recognise, _parse)
