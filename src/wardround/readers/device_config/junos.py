"""Configurations of Junos: with braces, and as ``set`` commands."""

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

_DEPTH = 64
_TOP = re.compile(r"(system|interfaces|routing-options|protocols|security|policy-options|chassis|firewall|snmp|vlans|groups)\b")
_SECRET_WORDS = frozenset(
    {
        "encrypted-password",
        "plain-text-password",
        "ascii-text",
        "hexadecimal",
        "secret",
        "authentication-key",
        "simple-password",
    }
)


def _recognise(head: bytes) -> str | None:
    lines = [line for line in head_lines(head) if line.strip() and not line.lstrip().startswith(("#", "/*"))]
    braces = sum(line.rstrip().endswith(("{", ";", "}")) for line in lines)
    if lines and braces >= 0.8 * len(lines) and any(_TOP.match(line) and line.rstrip().endswith("{") for line in lines):
        return "junos"
    sets = sum(line.startswith("set ") and bool(_TOP.match(line[4:])) for line in lines)
    junos = any(
        line.startswith(("set version ", "set system host-name", "set system services", "set system login")) for line in lines
    )
    return "junos" if junos and sets >= 3 and sets >= 0.7 * len(lines) else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    path: list[str] = []
    for number, line in Lines(stream, sink):
        text = line.split("##")[0].strip()
        if not text or text.startswith(("#", "/*", "*")):
            continue
        if text.startswith("set "):
            yield _setting("", words(text[4:]), number, device)
        elif text.endswith("{"):
            if len(path) < _DEPTH:
                path.append(_block(path, text[:-1].strip().removeprefix("inactive: ")[:200]))
        elif text.startswith("}"):
            if path:
                path.pop()
        else:
            yield _setting(WITHIN.join(path), words(text.rstrip(";")), number, device)


def _block(path: list[str], name: str) -> str:
    """The name of a block; that of an SNMP community is a secret."""
    first, _, rest = name.partition(" ")
    return f"{first} {hidden(rest)}" if first == "community" and "snmp" in path else name


def _setting(block: str, parts: list[str], number: int, device: Device) -> Item:
    """The words of a statement: the last is the value, those before the name; in a ``set`` the rest is the block."""
    made = list(parts)
    for place in range(1, len(parts)):
        before = parts[place - 1]
        if before in _SECRET_WORDS or (before == "community" and "snmp" in (block[:4], parts[0])):
            made[place] = hidden(parts[place])
    if not block:
        block = WITHIN.join(made[:-2] if len(made) > 2 else [])
        made = made[-2:]
    if made[:1] == ["host-name"] and block.startswith("system"):
        device.name = made[-1]
    elif made[:1] == ["version"] and not block:
        device.version = made[-1]
    if len(made) > 2 and made[1].startswith("["):
        return setting(block, made[0], " ".join(made[1:]).strip("[] "), number)
    return setting(block, " ".join(made[:-1]) if len(made) > 1 else " ".join(made), made[-1] if len(made) > 1 else "", number)


READER: Reader = ConfigurationReader("junos_config", _recognise, _parse)
