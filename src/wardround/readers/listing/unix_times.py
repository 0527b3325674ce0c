"""Modes and times as ls and find write them."""

from __future__ import annotations

import re

from wardround.readers.delimited import Clock
from wardround.readers.instants import iso_instant

#: Kind and rights of a file.
MODE = r"[-bcdlpsD][-rwxsStT]{9}"

#: A time: long, ISO, or short with a year or a time of the day. One group.
TIME = (
    r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?: [+-]\d{4})?"
    r"|[^\W\d_]{3,5}\.? {1,2}\d{1,2} {1,2}(?:\d\d:\d\d|\d{4})"
    r"|\d{1,2} {1,2}[^\W\d_]{3,5}\.? {1,2}(?:\d\d:\d\d|\d{4}))"
)
_SHORT = re.compile(r"(?:([^\W\d_]{3,5})\.? {1,2}(\d{1,2})|(\d{1,2}) {1,2}([^\W\d_]{3,5})\.?) {1,2}(\d{4})")


def moment(text: str) -> tuple[int | None, str]:
    """A time in ns UTC and how its zone was known; None where the year is not written."""
    if text[:4].isdigit():
        date, _, zone = text.replace("T", " ").partition(" +") if " +" in text else text.replace("T", " ").partition(" -")
        sign = "+" if " +" in text else "-"
        found = iso_instant(f"{date.replace(' ', 'T')}{sign + zone if zone else ''}")
        return (found, "stated" if zone else "assumed") if found is not None else (None, "none")
    short = _SHORT.fullmatch(text)
    if short is None:
        return None, "none"
    month, day = short[1] or short[4], short[2] or short[3]
    return Clock().instant(f"{day}-{month}-{short[5]} 00:00")
