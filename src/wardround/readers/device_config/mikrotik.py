"""Configurations of MikroTik RouterOS: what ``/export`` writes (compact, verbose or one command a line).

An ``add`` is a block of its own, numbered within its section from 1; a ``set`` goes by what it is said of.
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
)
from wardround.readers.instants import written_instant

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_SECTION = re.compile(
    r"/(interface|ip|ipv6|system|routing|tool|user|snmp|ppp|queue|certificate|caps-man|disk|port|radius|file|mpls)\b"
)
_VERSION = re.compile(r"#\s+(?:version: |.*by RouterOS )(\d+\.[\w.]+)")
_SAVED = re.compile(r"# (\d{4}-\d\d-\d\d|[a-z]{3}/\d\d/\d{4}) (\d\d:\d\d:\d\d) by RouterOS")
_VERBS = ("add", "set", "remove", "enable", "disable", "print")

#: Lines joined by a backslash, at most.
_MOST_JOINED = 256


def _recognise(head: bytes) -> str | None:
    lines = head_lines(head)
    if any("by RouterOS " in line for line in lines[:5] if line.startswith("#")):
        return "mikrotik"
    sections = [line for line in lines if _SECTION.match(line)]
    commands = sum(line.startswith(("add ", "set ")) or " set " in line or " add " in line for line in lines)
    return "mikrotik" if sections and commands and lines and not any(line.startswith("<") for line in lines[:3]) else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    section = ""
    counts: dict[str, int] = {}
    for number, text in _joined(stream, sink):
        if text.startswith("#"):
            _learn(text, device)
            continue
        if text.startswith("/"):
            section, text = _section(text)
        parts = _words(text)
        if not parts:
            continue
        verb = parts[0] if parts[0] in _VERBS else ""
        arguments = parts[1:] if verb else parts
        named = [part for part in arguments if "=" not in part or part.startswith("[")]
        if verb == "add":
            counts[section] = counts.get(section, 0) + 1
            block = f"{section}{WITHIN}{counts[section]}"
        else:
            block = WITHIN.join([section, *named[:1]])
        if verb in ("remove", "enable", "disable"):
            yield Item(block, verb, " ".join(named), number)
        for part in arguments:
            key, equals, value = part.partition("=")
            if equals and not part.startswith("["):
                item = _setting(section, block, key, value.strip('"'), number)
                if (section, key) == ("/system identity", "name"):
                    device.name = item.value
                yield item


def _setting(section: str, block: str, key: str, value: str, number: int) -> Item:
    if (section == "/snmp community" and key == "name") or (key == "key" and "security" in section):
        return Item(block, key, hidden(value), number)
    return setting(block, key, value, number)


def _joined(stream: BinaryIO, sink: Sink) -> Iterator[tuple[int, str]]:
    """Commands with the number of their first line: a backslash at the end continues a line."""
    text, first, count = "", 0, 0
    for number, line in Lines(stream, sink):
        count += 1
        first = first or number
        if line.endswith("\\") and count < _MOST_JOINED and not line.startswith("#"):
            text += line[:-1].lstrip() if text else line[:-1]
            continue
        yield first, (text + line.lstrip() if text else line).strip()
        text, first, count = "", 0, 0
    if text:
        yield first, text.strip()


def _section(text: str) -> tuple[str, str]:
    """The path a line begins with, and the command that follows it."""
    parts = text.split()
    end = next((place for place, part in enumerate(parts) if part in _VERBS or "=" in part or part.startswith("[")), len(parts))
    return " ".join(parts[:end])[:200], text.split(maxsplit=end)[end] if end < len(parts) else ""


def _words(text: str) -> list[str]:
    """Words of a command: ``key="text with blanks"`` and ``[ find … ]`` are one word each."""
    return [found.strip() for found in re.findall(r'\[[^\]]*\]?|[^\s="\[]+=(?:"(?:[^"\\]|\\.)*"?|[^\s"]*)|[^\s]+', text)]


def _learn(text: str, device: Device) -> None:
    if found := _VERSION.match(text):
        device.version = found[1]
    if found := _SAVED.match(text):
        pattern = "%Y-%m-%d %H:%M:%S" if found[1][0].isdigit() else "%b/%d/%Y %H:%M:%S"
        device.saved = written_instant(f"{found[1].title() if '/' in found[1] else found[1]} {found[2]}", pattern)
    if found := re.match(r"#\s+(?:model ?= ?|board-name: )(\S+)", text):
        device.model = found[1]


READER: Reader = ConfigurationReader("mikrotik_config", _recognise, _parse)
