"""Reader of the log of Windows' own firewall (``pfirewall.log``) into ``firewall_event``.

Source: Microsoft, *Interpreting the Windows Firewall log*. Columns are those of its ``#Fields`` line. Times are the computer's
clock, unless the log says UTC.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches, whole
from wardround.readers.instants import written_instant
from wardround.readers.plain_lines import PlainLines, TakeLine

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_BEGINS = re.compile(rb"#Version: [^\n]{1,20}\n#Software: Microsoft Windows Firewall")
_ACTIONS = {"drop": "drop", "allow": "accept", "open": "accept", "open-inbound": "accept", "close": "close"}
_FIELDS = ["date", "time", "action", "protocol", "src-ip", "dst-ip", "src-port", "dst-port", "size"]


def _taker(batches: Batches) -> TakeLine:
    fields, zone = _FIELDS, "assumed"

    def take(line: str, number: int) -> bool:
        nonlocal fields, zone
        if line.startswith("#"):
            name, _, value = line[1:].partition(":")
            if name == "Fields":
                fields = value.split()
            elif name == "Time Format" and value.strip().upper() in ("UTC", "GMT"):
                zone = "utc"
            return True
        row = dict(zip(fields, line.split(), strict=False))
        action = _ACTIONS.get(row.get("action", "").lower())
        if action is None:
            return row.get("action", "").upper() == "INFO-EVENTS-LOST"
        ts = written_instant(f"{row.get('date')} {row.get('time')}", "%Y-%m-%d %H:%M:%S")
        batches.add(
            "firewall_event", ts=ts, ts_zone=zone if ts is not None else "none", record=number, vendor="windows", action=action,
            proto=row.get("protocol", "").lower(),
            source=_known(row.get("src-ip")), source_port=whole(row.get("src-port"), 65_535),
            destination=_known(row.get("dst-ip")), destination_port=whole(row.get("dst-port"), 65_535),
        )  # fmt: skip
        return True

    return take


def _known(text: str | None) -> str | None:
    return text if text and text != "-" else None


READER: Reader = PlainLines("windows_firewall", lambda head: _BEGINS.match(head.replace(b"\r", b"")[:200]) is not None, _taker)
