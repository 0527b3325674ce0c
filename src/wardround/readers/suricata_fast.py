"""Reader of the one-line alerts of Suricata (``fast.log``) and Snort (``alert_fast``) into ``suricata_alert``.

Source: Suricata user guide, "Line based alerts log"; Snort users manual, "alert_fast". A line says less than EVE: who opened
the connection is taken to be who sent the packet. Times are those of the sensor's clock, without a zone.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches, whole
from wardround.readers.instants import written_instant
from wardround.readers.plain_lines import PlainLines, TakeLine

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_LINE = re.compile(
    r"(?P<month>\d\d)/(?P<day>\d\d)(?:/(?P<year>\d{2}|\d{4}))?-(?P<clock>\d\d:\d\d:\d\d)\.(?P<fraction>\d{1,9})\s+"
    r"(?:\[(?P<verdict>\w{1,12})\]\s+)?\[\*\*\]\s+\[(?P<gid>\d+):(?P<sid>\d+):(?P<rev>\d+)\]\s+(?P<said>.*?)\[\*\*\]\s*"
    r"(?:\[Classification: (?P<category>[^\]]*)\]\s*)?(?:\[Priority: (?P<priority>\d{1,3})\]\s*)?(?:\[AppID: [^\]]*\]\s*)?"
    r"\{(?P<proto>[^}]{1,40})\}\s+(?P<source>\S+)\s+->\s+(?P<target>\S+)\s*$"
)
_BEGINS = re.compile(rb"\s*\d\d/\d\d(?:/\d{2,4})?-\d\d:\d\d:\d\d\.\d{1,9}\s+(?:\[\w{1,12}\]\s+)?\[\*\*\]\s+\[\d+:\d+:\d+\]")
_LARGEST = (1 << 32) - 1
_DAY = 86_400 * 1_000_000_000


def _taker(batches: Batches) -> TakeLine:
    now = time.gmtime(time.time() + 86_400).tm_year
    guessed = False

    def take(line: str, number: int) -> bool:
        nonlocal guessed
        found = _LINE.match(line)
        if found is None:
            return False
        if not found["year"] and not guessed:
            guessed = True
            told = "Times name no year; the latest year that does not lie in the future was taken."
            batches.sink.diagnose("year_assumed", told, number)
        ts = _instant(found, now)
        source, source_port = _end(found["source"])
        target, target_port = _end(found["target"])
        batches.add(
            "suricata_alert", ts=ts, ts_zone="assumed" if ts is not None else "none", record=number,
            action="blocked" if (found["verdict"] or "").lower() in ("drop", "reject", "block") else "allowed",
            gid=whole(found["gid"], _LARGEST), signature_id=whole(found["sid"], _LARGEST), rev=whole(found["rev"], _LARGEST),
            signature=found["said"].strip(), category=found["category"] or "", severity=whole(found["priority"], 255),
            proto=found["proto"].lower(), **{
                "id.orig_h": source, "id.orig_p": source_port, "id.resp_h": target, "id.resp_p": target_port,
            },
        )  # fmt: skip
        return True

    return take


def _instant(found: re.Match[str], now: int) -> int | None:
    """When, in ns as if the clock were UTC; a year that is not told is the latest that does not lie in the future."""
    year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0) if found["year"] else now
    for guess in (year,) if found["year"] else range(year, year - 5, -1):  # of a leap day, four back
        written = f"{guess:04d}/{found['month']}/{found['day']} {found['clock']}"
        ts = written_instant(written, "%Y/%m/%d %H:%M:%S")
        if ts is not None and (found["year"] or ts <= time.time_ns() + _DAY):
            return ts + int(found["fraction"].ljust(9, "0"))
    return None


def _end(text: str) -> tuple[str, int | None]:
    """Address and port; of an address in version 6 the port stands behind its last colon, where there is one at all."""
    address, _, port = text.rpartition(":")
    if not address or (":" in address and address.count(":") < 2):
        return text, None
    return address.strip("[]"), whole(port, 65_535)


READER: Reader = PlainLines("suricata_fast", lambda head: _BEGINS.match(head) is not None, _taker)
