"""Configurations of PAN-OS: the XML of a running or saved configuration, and the ``set`` commands of the CLI.

Both give the same blocks, without the levels that every configuration has (devices, vsys).
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
from wardround.readers.device_config.tree import settings
from wardround.readers.xml_events import head_text, root_name

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_SET = re.compile(
    r"set (deviceconfig|network|rulebase|zone|shared|mgt-config|vsys|address|service|import|global-protect|profiles) ?"
)
_LEVELS = re.compile(r"^(devices / localhost\.localdomain( / |$)|vsys / vsys\d+( / |$)|vsys vsys\d+ )")
_XML_VERSION = re.compile(r'<config [^>]*?\b(?:detail-)?version="(\d[\w.-]*)"')
_DETAIL_VERSION = re.compile(r'<config [^>]*?\bdetail-version="(\d[\w.-]*)"')
_SECRETS = frozenset(
    {"phash", "private-key", "public-key", "key", "bind-password", "authpwd", "privpwd", "snmp-community-string"}
)


def _recognise(head: bytes) -> str | None:
    if root_name(head) == "config":
        text = head_text(head)
        known = sum(f"<{name}" in text for name in ("mgt-config", "devices", "deviceconfig", "shared", "localhost.localdomain"))
        return "panos" if known >= 2 or 'entry name="localhost.localdomain"' in text else None
    lines = [line for line in head_lines(head) if line.strip()]
    sets = sum(bool(_SET.match(line)) for line in lines)
    return "panos" if sets >= 3 and sets * 2 > len(lines) else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    head = stream.read(4096)
    stream.seek(0)
    items = _of_xml(stream, device, sink, head) if root_name(head) == "config" else _of_commands(stream, sink)
    for item in items:
        block = item.block
        while level := _LEVELS.match(block):
            block = block[level.end() :]
        if block == "deviceconfig / system" and item.key == "hostname":
            device.name = item.value
        elif block == "deviceconfig / system" and item.key == "sw-version":
            device.version = item.value
        yield Item(block, item.key, hidden(item.value) if item.key in _SECRETS else item.value, item.line)


def _of_xml(stream: BinaryIO, device: Device, sink: Sink, head: bytes) -> Iterator[Item]:
    text = head_text(head)
    if found := _DETAIL_VERSION.search(text) or _XML_VERSION.search(text):
        device.version = found[1]
    yield from settings(stream, sink)


def _of_commands(stream: BinaryIO, sink: Sink) -> Iterator[Item]:
    for number, line in Lines(stream, sink):
        text = line.strip()
        if not text.startswith("set "):
            if text and not text.startswith("#"):
                sink.diagnose("not_a_setting", "A line is not a set command; it was left out.", number)
            continue
        head, bracket, members = text[4:].partition(" [ ")
        parts = words(head)
        if bracket:
            yield setting(WITHIN.join(parts[:-1]), parts[-1], " ".join(words(members.rstrip(" ]"))), number)
        elif len(parts) > 1:
            yield setting(WITHIN.join(parts[:-2]), parts[-2], parts[-1], number)


READER: Reader = ConfigurationReader("panos_config", _recognise, _parse)
