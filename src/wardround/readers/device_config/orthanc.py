"""Configurations of the Orthanc archive (JSON with comments), and of devices of dcm4che and dcm4chee exported as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from wardround.errors import ReaderError
from wardround.readers.base import Sink
from wardround.readers.device_config.configuration import (
    DEFAULT_SECRET,
    SECRET,
    WITHIN,
    ConfigurationReader,
    Device,
    Item,
    setting,
)
from wardround.readers.device_config.json_settings import DOCUMENT_BYTES, Leaf, leaves, without_comments

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_ORTHANC = frozenset(
    ("DicomAet", "DicomPort", "HttpPort", "StorageDirectory", "IndexDirectory", "RemoteAccessAllowed", "AuthenticationEnabled",
     "RegisteredUsers", "DicomModalities", "OrthancPeers", "DicomServerEnabled", "DicomCheckCalledAet", "DicomAlwaysAllowFind",
     "DicomAlwaysAllowStore", "DicomTlsEnabled", "StorageCompression")
)  # fmt: skip
_NAMES = re.compile(r'"(\w{1,64})"\s{0,16}:')

#: Users and passwords that stand in documentation and images of Orthanc.
_WELL_KNOWN = frozenset(("alicepassword", "orthanc", "demo", "admin", "password", "changeme", "change-me", "orthancpassword"))

#: Servers written as an array: address, user, password.
_PEERS = frozenset(("OrthancPeers", "Servers"))

_CREDENTIALS = re.compile(r"(://)[^/@\s:]{1,256}:[^/@\s]{1,256}@")


def _recognise(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    bare = without_comments(text).lstrip()
    if not bare.startswith(("{", "[")):
        return None
    names = set(_NAMES.findall(bare))
    if len(names & _ORTHANC) >= 2:
        return "orthanc"
    return "dcm4chee" if "dicomDeviceName" in names and names & {"dicomNetworkConnection", "dicomNetworkAE"} else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    data = stream.read(DOCUMENT_BYTES + 1)
    if len(data) > DOCUMENT_BYTES:
        raise ReaderError("too_large", f"a configuration of more than {DOCUMENT_BYTES} bytes")
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    for leaf in leaves(text, sink):
        key = leaf.path[-1]
        if key in ("DicomAet", "dicomDeviceName") and len(leaf.path) <= 2:
            device.name = leaf.value
        elif key == "dicomSoftwareVersion" and not device.version:
            device.version = leaf.value
        yield _item(leaf)


def _item(leaf: Leaf) -> Item:
    block, key, value = WITHIN.join(leaf.path[:-1]), leaf.path[-1], leaf.value
    around = leaf.path[:-1]
    password = bool(around) and (around[-1] == "RegisteredUsers" or (key == "2" and bool(_PEERS & set(around))))
    if password and value:
        weak = value.lower() in _WELL_KNOWN or value.lower() == key.lower()
        return Item(block, key, DEFAULT_SECRET if weak else SECRET, leaf.line)
    shown = _CREDENTIALS.sub(rf"\1{SECRET}@", value)
    found = setting(block, key, shown, leaf.line)
    return found if value not in ("true", "false", "null") else Item(block, key, value, leaf.line)


READER: Reader = ConfigurationReader("archive_json_config", _recognise, _parse)
