"""Configurations of DICOM archives in text: dcmqrscp of DCMTK, ``dicom.ini`` of Conquest, LDIF of dcm4chee."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers.base import Sink
from wardround.readers.device_config.configuration import (
    DEFAULT_SECRET,
    SECRET,
    ConfigurationReader,
    Device,
    Item,
    Lines,
    head_lines,
    hidden,
    is_secret,
    setting,
)

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_TABLE = re.compile(r"\s*(HostTable|VendorTable|AETable)\s+(BEGIN|END)\b")
_ASSIGNED = re.compile(r"\s*([A-Za-z]\w{1,40})\s*=\s*(.*?)\s*$")
_ARCHIVE = re.compile(r"\s*(\S{1,64})\s+(\S+)\s+(RW|R|W)\s+(\([^)]*\))\s+(.*?)\s*$")
_INI_SECTION = re.compile(r"\s*\[(\w{1,64})\]")
_LDIF = re.compile(r"([A-Za-z][\w;.-]{0,63})(::?)\s?(.*)$")

#: Names of settings by which a dicom.ini of Conquest is known.
_CONQUEST = frozenset(("micropacs", "myacrnema", "magdevice0", "kfactorfile", "sopclasslist", "acrnemamap", "packetheader"))


def _recognise(head: bytes) -> str | None:
    lines = head_lines(head)
    tables = {found[1] for line in lines if (found := _TABLE.match(line))}
    if "AETable" in tables and any(_ASSIGNED.match(line) or line.strip().startswith("#") for line in lines):
        return "dcmtk"
    sections = sum(bool(_INI_SECTION.match(line)) for line in lines)
    names = {found[1].lower() for line in lines if (found := _ASSIGNED.match(line))}
    if sections and len(names & _CONQUEST) >= 2:
        return "conquest"
    dicom = any(line.lower().startswith("dn:") and "dicomdevicename=" in line.lower() for line in lines)
    return "dcm4chee" if dicom else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    if device.vendor == "dcmtk":
        return _dcmtk(stream, sink)
    if device.vendor == "conquest":
        return _conquest(stream, device, sink)
    return _ldif(stream, device, sink)


def _dcmtk(stream: BinaryIO, sink: Sink) -> Iterator[Item]:
    """``dcmqrscp.cfg``: settings, and tables of hosts, vendors and archives (title, directory, access, quota, peers)."""
    table = ""
    for number, line in Lines(stream, sink):
        text = line.split("#", 1)[0]
        if found := _TABLE.match(text):
            table = found[1] if found[2] == "BEGIN" else ""
        elif table == "AETable" and (archive := _ARCHIVE.match(text)):
            block = f"AETable / {archive[1]}"
            yield Item(block, "directory", archive[2], number)
            yield Item(block, "access", archive[3], number)
            yield Item(block, "quota", archive[4], number)
            yield Item(block, "peers", archive[5], number)
        elif assigned := _ASSIGNED.match(text):
            yield setting(table, assigned[1], assigned[2].strip('"'), number)
        elif text.strip():
            sink.diagnose("not_a_setting", "A line is no setting; it was left out.", number)


def _conquest(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    section = ""
    for number, line in Lines(stream, sink):
        text = line.split("#", 1)[0]
        if found := _INI_SECTION.match(text):
            section = found[1]
        elif assigned := _ASSIGNED.match(text):
            key, value = assigned[1], assigned[2]
            if key.lower() == "myacrnema":
                device.name = value
            if is_secret(key) and value.lower() == "conquest":  # what its installer writes
                yield Item(section, key, DEFAULT_SECRET, number)
            else:
                yield setting(section, key, value, number)
        elif text.strip():
            sink.diagnose("not_a_setting", "A line is no setting; it was left out.", number)


def _ldif(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    """LDIF (RFC 2849): entries of ``attribute: value``; values in base64 (``::``) are not decoded but told as such."""
    block = ""
    for number, line in Lines(stream, sink):
        if not line.strip() or line.startswith(("#", " ")):
            continue
        found = _LDIF.match(line)
        if found is None:
            sink.diagnose("not_a_setting", "A line is no attribute; it was left out.", number)
            continue
        key, encoded, value = found[1], found[2] == "::", found[3]
        if key.lower() == "dn":
            block = value
        elif key == "dicomDeviceName" and not device.name:
            device.name = value
        if key.lower() == "userpassword":
            yield Item(block, key, SECRET, number)
        else:
            shown = "(base64)" if encoded else hidden(value) if is_secret(key) else value
            yield Item(block, key, shown, number)


READER: Reader = ConfigurationReader("archive_config", _recognise, _parse)
