"""Reader of Cisco Umbrella's DNS logs (CSV, as it puts them into a bucket) into ``dns``: who asked for which name.

Source: Cisco, *Umbrella: DNS log formats*: time (UTC), identity, identities, internal and external address, action, type, code
of the response, domain, categories …; a header stands before them from version 6 on where that was chosen.
"""

# Patterns are easier to compare when each stands on one line.

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches
from wardround.readers.instants import iso_instant
from wardround.readers.plain_lines import PlainLines, TakeLine

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_CELL = r"\"[^\"\n]{0,2000}\","
_ROW = re.compile(
    r"\"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\"," + 2 * _CELL + r"\"([0-9A-Fa-f.:]{0,45})\",\"([0-9A-Fa-f.:]{0,45})\","
    r"\"(?:Allowed|Blocked|Proxied)\",\"(\d{1,5})(?: \((\w{1,12})\))?\",\"(\w{0,20})\",\"([^\"\n]{0,255})\","
)
_HEADER = re.compile(
    r"\"?Timestamp\"?,\"?(?:Policy Identity|Most Granular Identity)\b.{0,200}\bInternal IP\b.{0,200}\bDomain\b", re.IGNORECASE
)


def _begins(head: bytes) -> bool:
    lines = head[:8192].decode("utf-8", "replace").splitlines()[:2]
    return any(_ROW.match(line) for line in lines) and (_ROW.match(lines[0]) is not None or _HEADER.match(lines[0]) is not None)


def _taker(batches: Batches) -> TakeLine:
    def take(line: str, number: int) -> bool:
        found = _ROW.match(line)
        if found is None:
            return _HEADER.match(line) is not None
        ts = iso_instant(found[1].replace(" ", "T"))
        batches.add(
            "dns",
            ts=ts,
            ts_zone="none" if ts is None else "utc",
            record=number,
            query=found[7].rstrip("."),
            qtype=int(found[4]),
            qtype_name=found[5] or "",
            rcode_name=found[6],
            **{"id.orig_h": found[2] or found[3]},
        )
        return True

    return take


READER: Reader = PlainLines("umbrella_dns", _begins, _taker)
