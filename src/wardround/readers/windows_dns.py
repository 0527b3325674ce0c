"""Reader of the debug log of Windows' DNS server into ``dns``: who asked for which name.

Source: Microsoft, *DNS logging and diagnostics*. A row is a question that the server received; its answers, and what it asks of
others, are left out. Times are the server's clock, in its own notation of dates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches
from wardround.readers.delimited import Clock
from wardround.readers.plain_lines import PlainLines, TakeLine

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_LINE = re.compile(
    r"(?P<when>\d{1,4}[./-]\d{1,2}[./-]\d{1,4} \d{1,2}:\d\d:\d\d(?: [AP]M)?) +[0-9A-Fa-f]{1,8} PACKET +[0-9A-Fa-f]{8,16} "
    r"(?P<proto>UDP|TCP) (?P<way>Rcv|Snd) (?P<client>[0-9A-Fa-f.:]+) +(?P<id>[0-9A-Fa-f]{1,4}) "
    r"(?P<answer>[ R]) (?P<kind>[QNU?]) \[(?P<flags>[^\]]{1,40})\] +(?P<type>\S+) +(?P<name>\S+)"
)
_PACKET = re.compile(
    rb"(?m)^\d{1,4}[./-]\d{1,2}[./-]\d{1,4} \d{1,2}:\d\d:\d\d(?: [AP]M)? +[0-9A-Fa-f]{1,8} PACKET +[0-9A-Fa-f]{8,16} "
    rb"(?:UDP|TCP) (?:Rcv|Snd) "
)
_LABEL = re.compile(r"\((\d{1,3})\)")


def _taker(batches: Batches) -> TakeLine:
    clock = Clock()

    def take(line: str, number: int) -> bool:
        found = _LINE.match(line)
        if found is None or found["way"] != "Rcv" or found["answer"] == "R" or found["kind"] != "Q":
            return True  # headings, details of packets, other events of the server
        ts, zone = clock.instant(found["when"])
        batches.add(
            "dns", ts=ts, ts_zone=zone, record=number, proto=found["proto"].lower(), trans_id=int(found["id"], 16),
            query=_LABEL.sub(".", found["name"][:300]).strip("."), qtype_name=found["type"], **{
                "id.orig_h": found["client"], "id.resp_p": 53,
            },
        )  # fmt: skip
        return True

    return take


READER: Reader = PlainLines("windows_dns", lambda head: _PACKET.search(head) is not None, _taker)
