"""Reader of the audit log of Windows' DHCP server (``DhcpSrvLog-*.log``) into ``dhcp``: which address a machine was given.

Source: Microsoft, *DHCP server: analyzing audit logs*. A row is a lease that was granted (10) or renewed (11); other numbers,
which the log explains at its beginning, are left out. Times are the server's clock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches
from wardround.readers.instants import written_instant
from wardround.readers.plain_lines import PlainLines, TakeLine

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: In whatever language: a title, the meanings of numbers, and a header with the first four columns.
_BEGINS = re.compile(
    rb"(?s)[^\n]{0,200}DHCP[^\n]{0,200}\n.{0,8000}?\nID[^,\n]{0,20},[^,\n]{1,20},[^,\n]{1,20},[^,\n]{1,40},[^,\n]{0,40}IP"
)
_LINE = re.compile(r"(\d{1,5}),(\d\d/\d\d/\d\d),(\d\d:\d\d:\d\d),([^,]{0,200}),([0-9A-Fa-f.:]*),([^,]{0,255}),([0-9A-Fa-f]*),")
#: A new lease, and one that was renewed.
_LEASES = frozenset({"10", "11"})


def _taker(batches: Batches) -> TakeLine:
    begun = False

    def take(line: str, number: int) -> bool:
        nonlocal begun
        header = line.startswith("ID") and line.count(",") > 4
        begun = begun or header
        found = _LINE.match(line)
        if found is None:
            return header or not begun
        if found[1] not in _LEASES:
            return True
        ts = written_instant(f"{found[2]} {found[3]}", "%m/%d/%y %H:%M:%S")
        octets = re.findall("..", found[7].lower())
        batches.add(
            "dhcp", ts=ts, ts_zone="assumed" if ts is not None else "none", record=number, assigned_addr=found[5],
            host_name=found[6].strip(), mac=":".join(octets) if len(octets) == 6 else "",
        )  # fmt: skip
        return True

    return take


READER: Reader = PlainLines(
    "windows_dhcp", lambda head: _BEGINS.match(head.replace(b"\r", b"")[:9000].lstrip()) is not None, _taker
)
