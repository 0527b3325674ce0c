"""Configurations of pfSense and OPNsense: ``config.xml``, which both keep in the same shape (m0n0wall's)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from wardround.readers.base import Sink
from wardround.readers.device_config.configuration import ConfigurationReader, Device, Item, hidden
from wardround.readers.device_config.tree import settings
from wardround.readers.xml_events import root_name

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Leaves that are secrets here although their names do not say so.
_NAMES = """
rocommunity rwcommunity authorizedkeys tls crt prv csr privkey ldap_bindpw radius_secret key
accountkey passwordfld authpass x509key
"""
_SECRETS = frozenset(_NAMES.split())


def _recognise(head: bytes) -> str | None:
    root = root_name(head)
    return root if root in ("pfsense", "opnsense") else None


def _parse(stream: BinaryIO, device: Device, sink: Sink) -> Iterator[Item]:
    for item in settings(stream, sink, skip=lambda name: name in ("descr", "rrddata", "packagegui")):
        if (item.block, item.key) == ("system", "hostname"):
            device.name = item.value
        elif (item.block, item.key) == ("revision", "time") and item.value.replace(".", "", 1).isdecimal():
            whole = int(item.value.partition(".")[0] or 0)
            if whole < 9_000_000_000:
                device.saved = whole * 1_000_000_000
        yield Item(item.block, item.key, hidden(item.value), item.line) if item.key in _SECRETS else item


READER: Reader = ConfigurationReader("sense_config", _recognise, _parse)
