"""Names of DICOM: operations, classes of status, SOP classes and keywords of attributes."""

from __future__ import annotations

from functools import lru_cache

#: Command Field of requests (PS3.7 annex E.1); the answer has the highest bit set as well.
OPERATIONS = {
    0x0001: "C-STORE",
    0x0010: "C-GET",
    0x0020: "C-FIND",
    0x0021: "C-MOVE",
    0x0030: "C-ECHO",
    0x0100: "N-EVENT-REPORT",
    0x0110: "N-GET",
    0x0120: "N-SET",
    0x0130: "N-ACTION",
    0x0140: "N-CREATE",
    0x0150: "N-DELETE",
}

#: Statuses outside the ranges that are warnings (PS3.7 annex C).
_WARNINGS = {0x0001, 0x0107, 0x0116}

#: UIDs that make what is asked for by C-FIND a worklist: Modality Worklist, and Unified Procedure Steps (UPS).
_WORKLISTS = {"1.2.840.10008.5.1.4.31", "1.2.840.10008.5.1.4.34.6.3", "1.2.840.10008.5.1.4.34.4.3"}

_LEVELS = {"PATIENT", "STUDY", "SERIES", "IMAGE", "FRAME"}


def status_class(status: int | None, pending: bool) -> str:
    """The class of the final status of an operation; ``pending``: answers came, but no final one."""
    if status is None:
        return "pending" if pending else "unanswered"
    if status == 0:
        return "success"
    if status == 0xFE00:
        return "cancel"
    if status in (0xFF00, 0xFF01):
        return "pending"
    return "warning" if status in _WARNINGS or status >> 12 == 0xB else "failure"


def level(asked: str, sop_class: str | None) -> str | None:
    """The level of a query or retrieval: as asked, told by the worklist's SOP class, None where it is none."""
    if sop_class in _WORKLISTS:
        return "WORKLIST"
    return asked.upper() if asked.upper() in _LEVELS else None


# pydicom takes half a second to load, and only evidence that speaks DICOM has to wait for it: it is imported where it is used.


@lru_cache(4_096)
def uid_name(number: str | None) -> str | None:
    """The name of a UID of the standard, None for others."""
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    name = UID(number, validation_mode=IGNORE).name if number else None
    return name if name != number else None


@lru_cache(16_384)
def keyword(tag: int) -> str:
    """The keyword of an attribute; of a private or unknown one its tag as eight hexadecimal digits."""
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag) or f"{tag:08X}"


@lru_cache(4_096)
def tag_of(name: str) -> int | None:
    """The tag of an attribute given by its keyword or its eight hexadecimal digits, None where it is neither."""
    from pydicom.datadict import tag_for_keyword

    found = tag_for_keyword(name)
    if found is None and len(name) == 8 and all(digit in "0123456789abcdefABCDEF" for digit in name):
        found = int(name, 16)
    return found
