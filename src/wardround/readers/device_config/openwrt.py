"""Configurations of OpenWrt: UCI as ``uci export`` and the files of ``/etc/config`` have it, and as ``uci show`` prints it."""

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

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_CONFIG = re.compile(r"""config +['"]?([\w-]+)['"]?(?: +['"]?([^'"]*)['"]?)? *$""")
_OPTION = re.compile(r"""\s+(option|list) +['"]?([\w-]+)['"]? +(.*?) *$""")
_SHOWN = re.compile(r"([\w-]+)\.(@?[\w-]+(?:\[-?\d+\])?)(?:\.([\w-]+))?=(.*)$")
_SECRETS = frozenset({"key", "key1", "key2", "key3", "key4", "private_key", "preshared_key", "sae_password"})


def _recognise(head: bytes) -> str | None:
    lines = [line for line in head_lines(head) if line.strip() and not line.lstrip().startswith("#")]
    if lines and lines[0].startswith("package ") and any(_CONFIG.match(line) for line in lines):
        return "openwrt"
    blocks, options = sum(bool(_CONFIG.match(line)) for line in lines), sum(bool(_OPTION.match(line)) for line in lines)
    if blocks and options and blocks + options >= 0.9 * len(lines):
        return "openwrt"
    shown = sum(bool(_SHOWN.match(line)) for line in lines)
    named = any(re.match(r"(network|firewall|system|dhcp|wireless)\.@?[\w-]+(\[\d+\])?[.=]", line) for line in lines)
    return "openwrt" if named and shown >= 3 and shown >= 0.9 * len(lines) else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    package, block = "", ""
    counts: dict[tuple[str, str], int] = {}
    for number, line in Lines(stream, sink):
        text = line.split(" #")[0] if line.startswith("package") else line
        if text.startswith("package "):
            package = text[8:].strip().strip("'\"")
        elif found := _CONFIG.match(text):
            count = counts[package, found[1]] = counts.get((package, found[1]), 0) + 1
            block = WITHIN.join([part for part in (package, found[1], found[2] or str(count)) if part])
            yield Item(WITHIN.join([part for part in (package, found[1]) if part]), "section", found[2] or str(count), number)
        elif found := _OPTION.match(text):
            yield _setting(block, found[2], found[3].strip("'\""), number, device)
        elif found := _SHOWN.match(text):
            if found[3]:
                yield _setting(f"{found[1]}{WITHIN}{found[2].lstrip('@')}", found[3], _shown(found[4]), number, device)
        elif text.strip() and not text.lstrip().startswith("#"):
            sink.diagnose("not_a_setting", "A line is no setting; it was left out.", number)


def _shown(value: str) -> str:
    """``'a' 'b'`` as a list of words."""
    return " ".join(value.replace("' '", "\n").strip().strip("'").split("\n"))


def _setting(block: str, key: str, value: str, number: int, device: Device) -> Item:
    if key == "hostname" and block.startswith(("system", "config")):
        device.name = value
    return Item(block, key, hidden(value), number) if key in _SECRETS else setting(block, key, value, number)


READER: Reader = ConfigurationReader("openwrt_config", _recognise, _parse)
