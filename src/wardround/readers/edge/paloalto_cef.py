"""What PAN-OS writes when its server profile is set to the Common Event Format, as the columns of its lists.

Source: Palo Alto Networks, *Common Event Format Configuration Guide* (``|$subtype|$type|``; ``in`` holds what was sent and
``out`` what was received, ``cat`` the threat or the event, ``cs2`` the category of the site).
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_pairs import Pairs

TYPES = pa.array(["TRAFFIC", "THREAT", "SYSTEM", "CONFIG"])

#: Where a list of PAN-OS holds what a key of CEF says: of every type, and of one.
_EVERY = {2: "deviceExternalId"}
_FLOW = {
    7: "src",
    8: "dst",
    9: "sourceTranslatedAddress",
    10: "destinationTranslatedAddress",
    11: "cs1",
    12: "suser",
    14: "app",
    16: "cs4",
    17: "cs5",
    22: "cn1",
    24: "spt",
    25: "dpt",
    27: "destinationTranslatedPort",
    29: "proto",
    30: "act",
}
_PLACES = {
    "TRAFFIC": _FLOW | {32: "in", 33: "out", 36: "cn3", 52: "dvchost"},
    "THREAT": _FLOW | {31: "request", 32: "cat", 33: "cs2", 59: "dvchost"},
    "SYSTEM": {8: "cat", 9: "fname", 14: "msg", 22: "dvchost"},
    "CONFIG": {7: "shost", 9: "act", 10: "duser", 11: "destinationServiceName", 13: "msg"},
}
KEYS = tuple({key for places in (_EVERY, *_PLACES.values()) for key in places.values()})
_WIDTH = 64


def values_of(kind: str, pairs: Pairs, subtype: pa.Array) -> list[pa.Array]:
    """The columns of a list of that type; the head of the message says type and subtype."""
    values = [pairs.no] * _WIDTH
    for place, key in (_EVERY | _PLACES[kind]).items():
        values[place] = pairs.get(key)
    values[3], values[4] = pa.repeat(pa.scalar(kind), len(pairs)), subtype
    if kind in ("TRAFFIC", "THREAT"):
        values[12] = pc.replace_substring_regex(values[12], r"\\{2,}", r"\\")
    return values
